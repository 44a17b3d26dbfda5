// SPDX-License-Identifier: MIT
/*
 * What the files of the epoll loop share; nobody else includes it.
 */
#ifndef CANDOR_IO_LOOP_EPOLL_H
#define CANDOR_IO_LOOP_EPOLL_H

#include "io/timer.h"

#include <pthread.h>
#include <sys/epoll.h>

enum {
    EVENTS_A_ROUND = 256,
    READY_A_ROUND = 64, // completions between two events, so that no stream starves the others
    ACCEPTS_A_ROUND = 64,
    BUFFERS_KEPT = 64, // free buffers kept for the next receive
};

struct loop {
    int epoll_fd;
    bool stopping;
    unsigned holds;
    int64_t now;
    struct list ready;
    struct loop_buffer *buffers;
    unsigned buffers_free;
    uint32_t buffer_size;
    struct epoll_event events[EVENTS_A_ROUND];
    int event_at, event_count;
    struct wheel wheel;

    struct source inbox_source;
    int inbox_fd;
    pthread_mutex_t inbox_lock;
    struct loop_message *inbox, **inbox_end;
};

/* An empty buffer; NULL when out of memory. */
struct loop_buffer *loop_buffer_take(struct loop *l);

/* The events of this round that are still to come for s will not be delivered. */
void loop_forget(struct loop *l, const struct source *s);

/* Does what a stream in the ready queue waits for, and tells its completions. */
void stream_run_ready(struct stream *s);

#endif
