// SPDX-License-Identifier: MIT
#include "cli/secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
}

/* Byte by byte, so that what follows the line is left to whoever reads it. */
static ssize_t read_line(char memory[SECRET_ROOM])
{
    size_t length = 0;
    ssize_t n;

    while ((n = read(STDIN_FILENO, memory + length, 1)) == 1 && memory[length] != '\n')
        if (++length == SECRET_ROOM)
            return -1;
    if (n < 0 || (n == 0 && length == 0))
        return -1;
    if (length && memory[length - 1] == '\r')
        length--;
    return (ssize_t)length;
}

/* With the echo off; a signal puts it back before it does what it does. */
static ssize_t read_typed(const char *prompt, char memory[SECRET_ROOM], struct termios *was)
{
    struct sigaction action = {.sa_handler = on_signal}, before[SIGNALS];
    struct termios silent = *was;
    ssize_t n = -1;

    silent.c_lflag &= ~(tcflag_t)ECHO;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, &before[i]);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0) {
        fputs(prompt, stderr);
        n = read_line(memory);
        fputc('\n', stderr);
        tcsetattr(STDIN_FILENO, TCSANOW, was);
    }
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    if (caught)
        raise(caught);
    return n;
}

bool secret_read(const char *command, const char *prompt, char memory[SECRET_ROOM],
                 struct span *ret)
{
    struct termios was;
    ssize_t n =
        tcgetattr(STDIN_FILENO, &was) == 0 ? read_typed(prompt, memory, &was) : read_line(memory);

    if (n < 0) {
        fprintf(stderr, "%s: a line with the password is expected on standard input\n", command);
        return false;
    }
    *ret = span_of(memory, (size_t)n);
    return true;
}
