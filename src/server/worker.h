// SPDX-License-Identifier: MIT
/*
 * A worker: one thread with a loop, listeners, connections, resources and an access log of its own.
 * Workers share the configuration, the media types and the pool, which never change.
 */
#ifndef CANDOR_SERVER_WORKER_H
#define CANDOR_SERVER_WORKER_H

#include "server/memory.h"
#include "server/resources.h"
#include "server/session/sessions.h"

#include <pthread.h>

struct worker;

struct worker_listener {
    struct listener listener;
    struct worker *worker;
};

struct worker {
    const struct config *config;
    struct kind_means means;
    const struct share *shares; // by the number of their route
    struct loop *loop;
    pthread_t thread;
    struct worker_listener *listeners; // config->listen_count of them
    struct resource **resources;       // by the number of their route
    struct sessions sessions;
    struct loop_message stop_message, reopen_message;
    struct timer resume_timer; // after the descriptors ran out
    struct timer stop_timer;   // when stopping has taken long enough
    size_t accepts;            // connections; more wait in the backlog
    struct memory_return memory;
    bool exhausted; // told; until a connection is accepted again

    bool failed; // its loop ended by itself
};

/* What all workers share; all of it outlives them. */
struct worker_means {
    const struct config *config;
    struct kind_means kinds;       // without a loop
    const struct share *shares;    // by the number of their route
    struct log_writer *log_writer; // or NULL
    size_t connections;            // of each worker, at most
    size_t connections_refused;    // beyond them, that are told so
};

/* sockets: listening, one for each of config->listen; owned by the worker from then on. Tells the
 * operator why it failed. */
int worker_open(struct worker *w, const struct worker_means *means, const int *sockets);
/* Runs the loop until worker_stop was asked for and everything is finished. */
void worker_run(struct worker *w);
void worker_done(struct worker *w);

/* From any thread: stop accepting, finish what runs. */
void worker_stop(struct worker *w);
/* From any thread: write out and reopen the access log. */
void worker_reopen_log(struct worker *w);

#endif
