// SPDX-License-Identifier: MIT
#include "cli/secret.h"

#include <poll.h>
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

/* One byte, as read(); signals that are blocked otherwise come while it waits, and end it. */
static ssize_t read_byte(char *to, const sigset_t *waiting)
{
    struct pollfd poll = {.fd = STDIN_FILENO, .events = POLLIN};

    if (waiting && ppoll(&poll, 1, NULL, waiting) < 0)
        return -1;
    return read(STDIN_FILENO, to, 1);
}

/* Byte by byte, so that what follows the line is left to whoever reads it. */
static ssize_t read_line(char memory[SECRET_ROOM], const sigset_t *waiting)
{
    size_t length = 0;
    ssize_t n;

    while ((n = read_byte(memory + length, waiting)) == 1 && memory[length] != '\n')
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
    sigset_t blocked, mask;
    ssize_t n = -1;

    silent.c_lflag &= ~(tcflag_t)ECHO;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&blocked, signals[i]);
    sigprocmask(SIG_BLOCK, &blocked, &mask); // so that none comes just before the wait
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, &before[i]);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0) {
        fputs(prompt, stderr);
        n = read_line(memory, &mask);
        fputc('\n', stderr);
        tcsetattr(STDIN_FILENO, TCSANOW, was);
    }
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (caught)
        raise(caught);
    return n;
}

bool secret_read(const char *command, const char *prompt, char memory[SECRET_ROOM],
                 struct span *ret)
{
    struct termios was;
    ssize_t n = tcgetattr(STDIN_FILENO, &was) == 0 ? read_typed(prompt, memory, &was)
                                                   : read_line(memory, NULL);

    if (n < 0) {
        fprintf(stderr, "%s: a line with the password is expected on standard input\n", command);
        return false;
    }
    *ret = span_of(memory, (size_t)n);
    return true;
}
