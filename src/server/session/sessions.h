// SPDX-License-Identifier: MIT
/*
 * All the sessions of one worker, and what they share: its loop, its resources, the pool of calls,
 * the access log.
 */
#ifndef CANDOR_SERVER_SESSION_SESSIONS_H
#define CANDOR_SERVER_SESSION_SESSIONS_H

#include "graph/resource.h"
#include "http/date.h"
#include "io/offload.h"
#include "resource/files/media_type_map.h"
#include "server/config/config.h"
#include "server/session/access_log.h"
#include "wire/h1.h"

struct call;
struct session;

struct sessions {
    const struct config *config;
    const struct media_type_map *types;
    struct loop *loop;
    struct offload *pool;
    struct resource **resources; // by the number of their route; owned by the worker
    method_set methods;          // that some route can answer
    struct h1_limits h1_limits;

    struct list all; // struct session.link
    unsigned count;
    size_t most;   // connections; those beyond it are told so
    bool stopping; // set by the worker
    /* One has ended, and is not counted any more. */
    void (*on_ended)(struct sessions *s);

    struct call *calls_free; // for reuse, last in first out
    unsigned calls_free_count;
    uint64_t next_id;
    int64_t date_second; // that date_line is of, until the loop's clock is at date_until
    int64_t date_until;
    char date_line[sizeof "Date: " - 1 + DATE_LENGTH + 2 + sizeof "Server: candor\r\n" - 1];

    struct access_log log;
};

/* What is given must outlive it. -CANDOR_E_SYSTEM without random numbers. */
int sessions_init(struct sessions *s, const struct config *config,
                  const struct media_type_map *types, struct loop *loop, struct offload *pool,
                  struct log_writer *log_writer);
/* When none is left. */
void sessions_done(struct sessions *s);

/* The worker stops: each session hears of it (session_ops.stop, hurry). */
void sessions_stop(struct sessions *s);
void sessions_hurry(struct sessions *s);

/* A call that nothing is known of yet; NULL without memory. */
struct call *sessions_take_call(struct sessions *s);
void sessions_give_back_call(struct sessions *s, struct call *k);

/* "Date: ...\r\nServer: candor\r\n" of this second; *ret_time is that second since 1970. */
struct span sessions_date_line(struct sessions *s, int64_t *ret_time);

#endif
