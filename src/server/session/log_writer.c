// SPDX-License-Identifier: MIT
#include "server/session/log_writer.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/oplog.h"
#include "base/unwaiting.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOK_MS = 100, // how often a writer whose reader has stalled looks whether to give up
    PAUSE_MS = 1,  // between two tries at least
};

/* Lines, or the wish to open the file again. */
struct batch {
    struct list link;
    struct buf lines;
    bool reopens;
};

struct log_writer {
    const struct config *config;
    pthread_t thread;
    pthread_mutex_t lock; // guards the rest of this group
    pthread_cond_t given;
    struct list waiting;
    size_t waiting_bytes;
    uint64_t lost; // lines, since it was last told
    bool ends;
    int64_t gives_up; // monotonic: when what is left is lost, once it ends

    // The thread's own.
    int fd;
    int out;       // of the same, but without waiting
    bool failed;   // told once
    bool cut_line; // the last thing that went out was a part of a line
};

static int open_file(const struct config *config)
{
    if (config->access_log == ACCESS_LOG_STDERR)
        return STDERR_FILENO;
    return open(config->access_log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

static void close_file(struct log_writer *w)
{
    if (w->out != w->fd)
        close(w->out);
    if (w->fd > STDERR_FILENO)
        close(w->fd);
}

static void use_file(struct log_writer *w, int fd)
{
    close_file(w);
    w->fd = fd;
    w->out = unwaiting_open(fd);
}

static bool gives_up(struct log_writer *w)
{
    bool answer;

    pthread_mutex_lock(&w->lock);
    answer = w->ends && clock_monotonic() >= w->gives_up;
    pthread_mutex_unlock(&w->lock);
    return answer;
}

static void wait_for_reader(struct log_writer *w)
{
    struct pollfd ready = {.fd = w->out, .events = POLLOUT};

    // A terminal may say that it is ready and then take nothing.
    if (poll(&ready, 1, LOOK_MS) > 0)
        poll(NULL, 0, PAUSE_MS);
}

/* What goes out by one write: where others write to the same pipe, no more whole lines than it
 * takes without a part of theirs in between. */
static struct span next_write(const struct log_writer *w, struct span bytes)
{
    const char *end;

    if (w->fd != STDERR_FILENO || bytes.len <= PIPE_BUF)
        return bytes;
    end = memrchr(bytes.ptr, '\n', PIPE_BUF);
    if (!end)
        end = memchr(bytes.ptr, '\n', bytes.len);
    return end ? span_first(bytes, (size_t)(end - bytes.ptr) + 1) : bytes;
}

/* Waits for a reader as long as somebody still wants that. 0, or a negated errno. */
static int write_all(struct log_writer *w, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = unwaiting_write(w->out, next_write(w, bytes));

        if (n > 0) {
            w->cut_line = bytes.ptr[n - 1] != '\n';
            bytes = span_from(bytes, (size_t)n);
        } else if (n < 0 && errno == EAGAIN) {
            if (gives_up(w))
                return -ETIMEDOUT;
            wait_for_reader(w);
        } else if (n < 0 && errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

static void tell_lost(struct log_writer *w)
{
    uint64_t lost;

    pthread_mutex_lock(&w->lock);
    lost = w->lost;
    w->lost = 0;
    pthread_mutex_unlock(&w->lock);
    if (lost)
        oplog("access-log-lines-lost",
              "%llu lines of the access log are lost: they came faster than they were taken",
              (unsigned long long)lost);
}

static void write_lines(struct log_writer *w, const struct buf *lines)
{
    int error = w->cut_line ? write_all(w, SPAN("\n")) : 0;

    if (error == 0)
        error = write_all(w, buf_span(lines));
    if (error < 0 && !w->failed)
        oplog("access-log-failed",
              "the access log cannot be written (%s); lines are lost until it can",
              strerror(-error));
    w->failed = error < 0;
    if (error == 0)
        tell_lost(w);
}

static void reopen_file(struct log_writer *w)
{
    int fd;

    if (w->config->access_log != ACCESS_LOG_FILE)
        return;
    fd = open_file(w->config);
    if (fd >= 0)
        use_file(w, fd);
    else
        oplog("access-log-not-reopened", "%s cannot be opened (%s); the old file stays in use",
              w->config->access_log_file, strerror(errno));
}

/* NULL: it ends, and nothing is left. */
static struct batch *take(struct log_writer *w)
{
    struct list *link;

    pthread_mutex_lock(&w->lock);
    while (list_empty(&w->waiting) && !w->ends)
        pthread_cond_wait(&w->given, &w->lock);
    link = list_pop(&w->waiting);
    pthread_mutex_unlock(&w->lock);
    return link ? list_entry(link, struct batch, link) : NULL;
}

static void *writer_main(void *argument)
{
    struct log_writer *w = argument;
    struct batch *b;

    while ((b = take(w))) {
        if (b->reopens)
            reopen_file(w);
        else
            write_lines(w, &b->lines);
        pthread_mutex_lock(&w->lock);
        w->waiting_bytes -= b->lines.len;
        pthread_mutex_unlock(&w->lock);
        buf_done(&b->lines);
        free(b);
    }
    return NULL;
}

int log_writer_open(const struct config *config, struct log_writer **ret_writer)
{
    struct log_writer *w;
    int fd;

    *ret_writer = NULL;
    if (config->access_log == ACCESS_LOG_OFF)
        return 0;
    fd = open_file(config);
    if (fd < 0)
        return -CANDOR_E_SYSTEM;
    w = calloc(1, sizeof *w);
    if (!w) {
        errno = ENOMEM;
        goto failed;
    }
    w->config = config;
    w->fd = w->out = -1;
    use_file(w, fd);
    list_init(&w->waiting);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->given, NULL);
    errno = pthread_create(&w->thread, NULL, writer_main, w);
    if (errno != 0)
        goto failed;
    *ret_writer = w;
    return 0;

failed:
    if (w)
        close_file(w);
    else if (fd > STDERR_FILENO)
        close(fd);
    free(w);
    return -CANDOR_E_SYSTEM;
}

static uint64_t count_lines(struct span bytes)
{
    uint64_t count = 0;

    for (size_t i = 0; i < bytes.len; i++)
        count += bytes.ptr[i] == '\n';
    return count;
}

void log_writer_give(struct log_writer *w, struct buf *lines)
{
    struct batch *b = lines->len ? calloc(1, sizeof *b) : NULL;

    pthread_mutex_lock(&w->lock);
    if (b && w->waiting_bytes + lines->len <= LIMIT_LOG_WAITING) {
        b->lines = *lines;
        w->waiting_bytes += lines->len;
        list_add_tail(&w->waiting, &b->link);
        pthread_cond_signal(&w->given);
        *lines = (struct buf){0};
        b = NULL;
    } else {
        w->lost += count_lines(buf_span(lines));
    }
    pthread_mutex_unlock(&w->lock);
    buf_clear(lines);
    free(b);
}

void log_writer_reopen(struct log_writer *w)
{
    struct batch *b = calloc(1, sizeof *b);

    if (!b)
        return;
    b->reopens = true;
    pthread_mutex_lock(&w->lock);
    list_add_tail(&w->waiting, &b->link);
    pthread_cond_signal(&w->given);
    pthread_mutex_unlock(&w->lock);
}

void log_writer_close(struct log_writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->ends = true;
    w->gives_up = clock_monotonic() + LIMIT_STOP_LOG * CLOCK_MS;
    pthread_cond_signal(&w->given);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    tell_lost(w);
    close_file(w);
    pthread_cond_destroy(&w->given);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
