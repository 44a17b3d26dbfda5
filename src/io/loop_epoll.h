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
    READY_A_ROUND = 64,     // completions between two events
    STEPS_A_ROUND = 8,      // of one stream; what comes behind them lets others go first
    LATER_A_ROUND = 500000, // ns for streams that have had theirs
    ACCEPTS_A_ROUND = 64,
    BUFFER_SMALL = 2048 - 16 - sizeof(struct loop_buffer), // with what malloc needs: half a page
    BUFFERS_KEPT = 64,        // free buffers kept for the next receive, large ones
    BUFFERS_KEPT_SMALL = 256, // and small ones
    BUFFER_VAST = 256 * 1024, // bytes: the fewer system calls, the less a stream costs
    BUFFERS_VAST = 16,        // lent at a time, and kept
};

enum buffer_class { BUFFERS_SMALL, BUFFERS_LARGE, BUFFERS_FOR_MUCH, BUFFER_CLASSES };

struct loop {
    int epoll_fd;
    bool stopping;
    unsigned holds;
    int64_t now;
    struct list ready; // streams
    struct list later; // streams that have had their steps of this round
    struct list calls;
    uint16_t round;
    struct buffer_pool {
        struct loop_buffer *first;
        unsigned count, most;
        unsigned lent; // of the vast ones
        uint32_t size;
    } buffers[BUFFER_CLASSES];
    struct epoll_event events[EVENTS_A_ROUND];
    int event_at, event_count;
    struct wheel wheel;

    struct source inbox_source;
    int inbox_fd;
    pthread_mutex_t inbox_lock;
    struct loop_message *inbox, **inbox_end;
};

/* An empty buffer; NULL when out of memory. Of those for much there are few, and a large one comes
 * in the place of one. */
struct loop_buffer *loop_buffer_take(struct loop *l, enum buffer_class class);
/* Moves what is in a small buffer to a large one. False: it is large, or there is no memory. */
bool loop_buffer_grow(struct loop *l, struct loop_buffer **b);

/* The events of this round that are still to come for s will not be delivered. */
void loop_forget(struct loop *l, const struct source *s);

/* Does what a stream in the ready queue waits for, and tells its completions. */
void stream_run_ready(struct stream *s);

#endif
