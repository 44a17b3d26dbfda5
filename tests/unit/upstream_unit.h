// SPDX-License-Identifier: MIT
/*
 * What tests of upstreams share: listening sockets on loopback, and a pool in a loop that runs
 * until a wish is fulfilled.
 */
#ifndef CANDOR_TESTS_UPSTREAM_UNIT_H
#define CANDOR_TESTS_UPSTREAM_UNIT_H

#include "loop_unit.h"

#include "upstream/parts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

enum { UPSTREAMS = 4, PATIENCE = 20 };

struct upstreams {
    struct upstream_target targets[UPSTREAMS];
    char texts[UPSTREAMS][128];
    struct upstream_options o;
};

static inline int listen_on(const char *address, int backlog, uint16_t *ret_port)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    socklen_t len = sizeof to;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &len), 0);
    *ret_port = ntohs(to.sin_port);
    return fd;
}

/* Another target, with weight 1. */
static inline void add_target(struct upstreams *u, const char *text)
{
    struct upstream_target *t = &u->targets[u->o.count];
    const char *why;
    size_t at;

    snprintf(u->texts[u->o.count], sizeof u->texts[0], "%s", text);
    if (!upstream_address_parse(span_from_str(u->texts[u->o.count]), &t->address, &why, &at))
        fail_msg("%s: %s", text, why);
    t->weight = 1;
    u->o.targets = u->targets;
    u->o.count++;
}

static inline void add_port(struct upstreams *u, const char *host, uint16_t port)
{
    char text[100];

    snprintf(text, sizeof text, "http://%s:%u", host, (unsigned)port);
    add_target(u, text);
}

/* As a configuration that says nothing. */
static inline struct upstreams upstreams_new(void)
{
    struct upstreams u = {.o = {.connect_timeout = 2000, .keep_timeout = 60000}};

    u.o.queue.length = 100;
    u.o.queue.timeout = 5000;
    u.o.retry_budget.percent = 20;
    u.o.retry_budget.least = 3;
    u.o.health.failures = 3;
    return u;
}

/* A loop with a pool of a set. */
struct place {
    struct loop *loop;
    struct upstream_pool *pool;
    struct timer guard;
};

static inline void guard_fired(struct timer *t)
{
    (void)t;
    fail_msg("nothing came for %d seconds", PATIENCE);
}

static inline void place_open(struct place *p, struct upstream_set *s)
{
    assert_int_equal(loop_open(16384, &p->loop), 0);
    assert_int_equal(upstream_pool_open(p->loop, s, &p->pool), 0);
    timer_init(&p->guard, guard_fired);
}

static inline void place_close(struct place *p)
{
    upstream_pool_close(p->pool);
    timer_stop(&p->guard);
    loop_free(p->loop);
}

static inline void place_run(struct place *p)
{
    timer_set(p->loop, &p->guard, clock_monotonic() + PATIENCE * CLOCK_SECOND);
    assert_int_equal(loop_run(p->loop), 0);
    timer_stop(&p->guard);
}

struct asked {
    struct upstream_wish wish;
    struct place *place;
    unsigned done;
    unsigned order; // among all that were done
    bool is_asking;
    bool runs_on; // the loop is not stopped
};

static unsigned asked_done;

static inline void asked_on_done(struct upstream_wish *w)
{
    struct asked *a = container_of(w, struct asked, wish);

    assert_false(a->is_asking);
    a->done++;
    a->order = ++asked_done;
    if (!a->runs_on)
        loop_stop(a->place->loop);
}

static inline void ask(struct place *p, struct asked *a)
{
    a->place = p;
    a->wish.done = asked_on_done;
    a->is_asking = true;
    upstream_ask(p->pool, &a->wish);
    a->is_asking = false;
    assert_int_equal(a->done, 0);
}

/* Asks and runs until it is done. */
static inline struct asked ask_and_run(struct place *p, struct asked with)
{
    static struct asked a;

    a = with;
    ask(p, &a);
    place_run(p);
    assert_int_equal(a.done, 1);
    return a;
}

/* Asks for a connection, which has to come. */
static inline struct upstream_connection *get(struct place *p)
{
    struct asked a = ask_and_run(p, (struct asked){0});

    if (!a.wish.connection)
        fail_msg("cause %d, error %d", (int)a.wish.cause, a.wish.system_error);
    assert_int_equal(a.wish.cause, OUTCOME_NONE);
    return a.wish.connection;
}

/* Runs until the loop has nothing to do for a moment in which what was sent on loopback arrives:
 * a byte that goes round by the loop is there later than what was sent before it. */
static inline int wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&p, 1, PATIENCE * 1000), 1);
    return fd;
}

#endif
