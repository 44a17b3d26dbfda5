// SPDX-License-Identifier: MIT
#include "upstream/balance.h"
#include "upstream/health.h"
#include "upstream/probe.h"
#include "upstream/set.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"

#include <assert.h>

/* Connections that are kept. */

static void close_connection(struct upstream_pool *p, struct upstream_connection *c, bool reset)
{
    unsigned target = c->target;

    connection_close(&p->connections, c, reset);
    set_release(p->set, target);
}

/* Other workers look at the count where one's connections may stand in the way of another's. */
static void count_kept(struct upstream_pool *p, unsigned target, bool more)
{
    _Atomic uint32_t *count = &p->own[target].kept_count;
    uint32_t n = atomic_load_explicit(count, memory_order_relaxed);

    atomic_store_explicit(count, more ? n + 1 : n - 1,
                          p->set->o.max_connections ? memory_order_seq_cst : memory_order_relaxed);
}

/* Takes it out of those that are kept. */
static void unkeep(struct upstream_pool *p, struct upstream_connection *c)
{
    list_remove(&c->link);
    count_kept(p, c->target, false);
}

/* Whatever comes over a connection that is kept: its end, or what nobody asked for. */
static void on_stray(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct upstream_connection *c = container_of(s, struct upstream_connection, stream);

    (void)result;
    loop_buffer_release(s->loop, b);
    unkeep(c->pool, c);
    close_connection(c->pool, c, false);
}

static void keep(struct upstream_pool *p, struct upstream_connection *c)
{
    int64_t now = loop_now(p->loop);

    list_add_head(&p->own[c->target].kept, &c->link);
    count_kept(p, c->target, true);
    c->reused = true;
    c->kept = now;
    stream_watch(&c->stream, NULL);
    stream_recv(&c->stream, NULL, on_stray);
    if (list_empty(&p->sweep.link))
        timer_set(p->loop, &p->sweep, now + (int64_t)p->set->o.keep_timeout * CLOCK_MS);
}

/* Whether its name still has the address that it leads to. */
static bool is_current(const struct upstream_pool *p, struct upstream_connection *c)
{
    const struct name *n = &p->own[c->target].name;

    if (c->generation == n->generation || p->set->targets[c->target].endpoint.len)
        return true;
    c->generation = n->generation;
    return name_has(n, &c->address);
}

/* The one that was used last, so that those that are too many grow old; NULL: there is none. */
static struct upstream_connection *take_kept(struct upstream_pool *p, unsigned target)
{
    struct list *kept = &p->own[target].kept;

    while (!list_empty(kept)) {
        struct upstream_connection *c = list_entry(kept->next, struct upstream_connection, link);

        unkeep(p, c);
        stream_recv_cancel(&c->stream);
        if (stream_is_quiet(&c->stream) && is_current(p, c))
            return c;
        close_connection(p, c, false);
    }
    return NULL;
}

static bool close_oldest(struct upstream_pool *p, unsigned target)
{
    struct list *kept = &p->own[target].kept;
    struct upstream_connection *c = list_entry(kept->prev, struct upstream_connection, link);

    if (list_empty(kept))
        return false;
    unkeep(p, c);
    close_connection(p, c, false);
    return true;
}

static void on_sweep(struct timer *timer)
{
    struct upstream_pool *p = container_of(timer, struct upstream_pool, sweep);
    int64_t now = loop_now(p->loop), time = (int64_t)p->set->o.keep_timeout * CLOCK_MS;
    int64_t next = INT64_MAX;

    for (unsigned t = 0; t < p->set->o.count; t++) {
        const struct list *kept = &p->own[t].kept;

        while (!list_empty(kept) &&
               list_entry(kept->prev, struct upstream_connection, link)->kept + time <= now)
            close_oldest(p, t);
        if (!list_empty(kept)) {
            int64_t due = list_entry(kept->prev, struct upstream_connection, link)->kept + time;

            next = due < next ? due : next;
        }
    }
    if (next < INT64_MAX)
        timer_set(p->loop, timer, next);
}

/* Wishes: how they end. */

static void on_call(struct loop_call *c)
{
    struct upstream_wish *w = container_of(c, struct upstream_wish, call);

    w->done(w);
}

static void fail(struct upstream_wish *w, enum outcome cause, uint32_t retry_after)
{
    w->cause = cause;
    w->retry_after = retry_after;
    w->phase = PHASE_QUEUE;
    loop_call(w->pool->loop, &w->call);
}

static void lend(struct upstream_wish *w, struct upstream_connection *c)
{
    c->pool = w->pool;
    c->target = (unsigned)w->target;
    w->connection = c;
}

static void on_dialed(struct dial *d)
{
    struct upstream_wish *w = d->owner;
    struct upstream_pool *p = w->pool;
    unsigned target = (unsigned)w->target;

    w->dial = NULL;
    w->cause = d->cause;
    w->system_error = d->system_error;
    w->phase = d->phase;
    w->resolved = d->resolved;
    w->connected = d->connected;
    if (d->connection) {
        lend(w, d->connection);
    } else {
        atomic_fetch_sub_explicit(&p->set->shared[target].in_flight, 1, memory_order_relaxed);
        set_release(p->set, target);
        if (w->cause != OUTCOME_upstream_own_fault)
            upstream_report(p, target, false);
        else if (w->is_trial)
            health_disclaim(p->set, target);
    }
    free(d);
    w->done(w);
}

static void dial(struct upstream_pool *p, struct upstream_wish *w)
{
    const struct target *t = &p->set->targets[w->target];
    struct dial *d = calloc(1, sizeof *d);

    if (!d) {
        atomic_fetch_sub_explicit(&p->set->shared[w->target].in_flight, 1, memory_order_relaxed);
        set_release(p->set, (unsigned)w->target);
        if (w->is_trial)
            health_disclaim(p->set, (unsigned)w->target);
        fail(w, OUTCOME_upstream_own_fault, 0);
        return;
    }
    d->connections = &p->connections;
    d->endpoint = &t->endpoint;
    d->name = t->endpoint.len ? NULL : &p->own[w->target].name;
    d->port = t->address.port;
    d->timeout = p->set->o.connect_timeout;
    d->done = on_dialed;
    d->owner = w;
    w->dial = d;
    dial_begin(d);
}

/* Wishes: which target serves them. */

/* Whether a request to it could go out now. */
static bool is_open(const struct upstream_pool *p, unsigned target)
{
    return set_has_room(p->set, target) || !list_empty(&p->own[target].kept);
}

static uint64_t open_ones(const struct upstream_pool *p, uint64_t targets)
{
    uint64_t open = 0;

    if (p->set->o.max_connections == 0)
        return targets;
    for (uint64_t left = targets; left; left &= left - 1) {
        unsigned t = (unsigned)__builtin_ctzll(left);

        if (is_open(p, t))
            open |= target_bit(t);
    }
    return open;
}

/* Room for a new connection, if need be of one that was kept. */
static bool make_room(struct upstream_pool *p, unsigned target)
{
    do
        if (set_reserve(p->set, target))
            return true;
    while (close_oldest(p, target));
    return false;
}

/* The wish goes to a target that was chosen for it. False: others took what there was. */
static bool go_to(struct upstream_pool *p, struct upstream_wish *w, unsigned target)
{
    struct upstream_connection *c;

    if (!health_claim(p->set, target, loop_now(p->loop), &w->is_trial))
        return false;
    if (!p->set->targets[target].endpoint.len)
        name_refresh(&p->own[target].name);
    // A trial is one of the upstream as it is now, not of a connection from before it failed.
    c = w->fresh || w->is_trial ? NULL : take_kept(p, target);
    if (!c && !make_room(p, target)) {
        if (w->is_trial)
            health_disclaim(p->set, target);
        return false;
    }
    w->target = (int)target;
    atomic_fetch_add_explicit(&p->set->shared[target].in_flight, 1, memory_order_relaxed);
    if (c) {
        lend(w, c);
        w->phase = PHASE_SEND;
        loop_call(p->loop, &w->call);
    } else {
        dial(p, w);
    }
    return true;
}

/*
 * True: `done` will come. False: it has to wait, for the targets in *ret_full; those that are
 * barred are for others, who came before.
 */
static bool try_wish(struct upstream_pool *p, struct upstream_wish *w, uint64_t barred,
                     uint64_t *ret_full)
{
    struct upstream_set *s = p->set;

    for (;;) {
        int64_t now = loop_now(p->loop);
        uint64_t targets = health_targets(s, now), open;

        if (!targets) {
            fail(w, OUTCOME_upstream_unavailable,
                 retry_after_of(health_wait(s, now), pool_random(p)));
            return true;
        }
        if (targets & ~w->avoid)
            targets &= ~w->avoid;
        if (s->o.balance == BALANCE_HASH)
            targets = target_bit(balance_choose(p, targets, w->hash));
        open = open_ones(p, targets & ~barred);
        if (!open) {
            *ret_full = targets;
            return false;
        }
        if (go_to(p, w, balance_choose(p, open, w->hash)))
            return true;
    }
}

/* The queue. */

static void note_oldest(struct upstream_pool *p)
{
    if (!list_empty(&p->queue))
        atomic_store(&p->oldest, list_entry(p->queue.next, struct upstream_wish, link)->asked);
}

/* The targets that it waits for; none: it waits no more. */
static void set_wants(struct upstream_pool *p, struct upstream_wish *w, uint64_t targets)
{
    for (uint64_t left = w->wants & ~targets; left; left &= left - 1)
        p->own[__builtin_ctzll(left)].waiting--;
    for (uint64_t left = targets & ~w->wants; left; left &= left - 1)
        p->own[__builtin_ctzll(left)].waiting++;
    w->wants = targets;
}

/* Those that somebody in this worker waits for. */
static uint64_t waited_for(const struct upstream_pool *p)
{
    uint64_t targets = 0;

    if (!list_empty(&p->queue))
        for (unsigned t = 0; t < p->set->o.count; t++)
            if (p->own[t].waiting)
                targets |= target_bit(t);
    return targets;
}

static void dequeue(struct upstream_pool *p, struct upstream_wish *w)
{
    list_remove(&w->link);
    timer_stop(&w->timer);
    w->is_queued = false;
    w->queued = loop_now(p->loop) - w->asked;
    set_wants(p, w, 0);
    atomic_fetch_sub(&p->waiting, 1);
    atomic_fetch_sub(&p->set->waiting, 1);
    note_oldest(p);
}

static void on_queue_timeout(struct timer *t)
{
    struct upstream_wish *w = container_of(t, struct upstream_wish, timer);
    struct upstream_pool *p = w->pool;

    dequeue(p, w);
    w->cause = OUTCOME_upstream_queue_timeout;
    w->retry_after = set_drained_after(p->set, loop_now(p->loop), pool_random(p));
    w->phase = PHASE_QUEUE;
    w->done(w);
}

static void enqueue(struct upstream_pool *p, struct upstream_wish *w, uint64_t full)
{
    struct upstream_set *s = p->set;
    int64_t now = loop_now(p->loop);

    if (atomic_fetch_add(&s->waiting, 1) >= s->o.queue.length) {
        atomic_fetch_sub(&s->waiting, 1);
        fail(w, OUTCOME_upstream_busy, set_drained_after(s, now, pool_random(p)));
        return;
    }
    set_wants(p, w, full);
    w->is_queued = true;
    list_add_tail(&p->queue, &w->link);
    note_oldest(p);
    atomic_fetch_add(&p->waiting, 1);
    timer_set(p->loop, &w->timer, now + (int64_t)s->o.queue.timeout * CLOCK_MS);
    // Room that came about between the look and the queue's being longer was told to nobody.
    loop_call(p->loop, &p->serve);
    set_ask_for_room(s, p, full);
}

/* In the order in which they came; who waits for some targets is passed by those for others. */
static void serve(struct loop_call *c)
{
    struct upstream_pool *p = container_of(c, struct upstream_pool, serve);
    uint64_t barred = 0, full;
    struct list *next;

    for (struct list *at = p->queue.next; at != &p->queue; at = next) {
        struct upstream_wish *w = list_entry(at, struct upstream_wish, link);

        next = at->next;
        if (!(w->wants & ~barred))
            continue;
        if (try_wish(p, w, barred, &full)) {
            dequeue(p, w);
        } else {
            set_wants(p, w, full);
            barred |= full;
        }
    }
}

static void on_message(struct loop_message *m)
{
    struct upstream_pool *p = container_of(m, struct upstream_pool, message);
    uint64_t asked = atomic_exchange(&p->asked, 0);
    bool is_prober;

    pthread_mutex_lock(&p->set->lock);
    is_prober = p->set->prober == p;
    pthread_mutex_unlock(&p->set->lock);
    if (is_prober && !p->probes)
        probes_begin(p);
    if (atomic_load(&p->set->waiting) > atomic_load(&p->waiting))
        for (; asked; asked &= asked - 1)
            close_oldest(p, (unsigned)__builtin_ctzll(asked));
    if (!list_empty(&p->queue))
        loop_call(p->loop, &p->serve);
}

/* What is in pool.h. */

int upstream_pool_open(struct loop *l, struct upstream_set *s, struct upstream_pool **ret_pool)
{
    struct upstream_pool *p = calloc(1, sizeof *p);
    struct hash_key random;
    bool is_prober;

    if (!p)
        return -CANDOR_E_MEMORY;
    if (hash_key_make(&random) < 0) {
        free(p);
        return -CANDOR_E_SYSTEM;
    }
    p->loop = l;
    p->set = s;
    p->random = random.word[0] | 1;
    p->message.on_arrival = on_message;
    list_init(&p->queue);
    loop_call_init(&p->serve, serve);
    timer_init(&p->sweep, on_sweep);
    connections_init(&p->connections, l);
    names_init(&p->names, l, s->o.resolver.servers.len ? s->o.resolver.servers.ptr : NULL,
               s->o.resolver.timeout);
    for (unsigned t = 0; t < s->o.count; t++) {
        list_init(&p->own[t].kept);
        name_init(&p->own[t].name, &p->names, s->targets[t].name);
    }
    pthread_mutex_lock(&s->lock);
    list_add_tail(&s->pools, &p->link);
    is_prober = s->o.health.path.len && !s->prober;
    if (is_prober)
        s->prober = p;
    pthread_mutex_unlock(&s->lock);
    if (is_prober)
        probes_begin(p);
    *ret_pool = p;
    return 0;
}

/* No other worker knows of it any more; where it ran the checks, another one does now. */
static void leave_set(struct upstream_pool *p)
{
    struct upstream_set *s = p->set;

    pthread_mutex_lock(&s->lock);
    list_remove(&p->link);
    if (s->prober == p) {
        s->prober =
            list_empty(&s->pools) ? NULL : list_entry(s->pools.next, struct upstream_pool, link);
        if (s->prober)
            loop_post(s->prober->loop, &s->prober->message);
    }
    pthread_mutex_unlock(&s->lock);
}

void upstream_pool_close(struct upstream_pool *p)
{
    if (!p)
        return;
    assert(list_empty(&p->queue));
    leave_set(p);
    loop_take_back(p->loop, &p->message);
    loop_call_cancel(&p->serve);
    timer_stop(&p->sweep);
    probes_end(p);
    for (unsigned t = 0; t < p->set->o.count; t++) {
        while (close_oldest(p, t))
            continue;
        name_done(&p->own[t].name);
    }
    names_done(&p->names);
    connections_done(&p->connections);
    free(p);
}

void upstream_ask(struct upstream_pool *p, struct upstream_wish *w)
{
    uint64_t full;

    *w = (struct upstream_wish){
        .hash = w->hash,
        .avoid = w->avoid,
        .fresh = w->fresh,
        .done = w->done,
        .target = -1,
        .pool = p,
        .asked = loop_now(p->loop),
    };
    list_init(&w->link);
    timer_init(&w->timer, on_queue_timeout);
    loop_call_init(&w->call, on_call);
    if (!try_wish(p, w, waited_for(p), &full))
        enqueue(p, w, full);
}

void upstream_withdraw(struct upstream_wish *w)
{
    struct upstream_pool *p = w->pool;
    struct upstream_connection *c = w->connection;

    if (w->is_queued) {
        dequeue(p, w);
        return;
    }
    if (!w->dial && list_empty(&w->call.link))
        return; // it was done
    loop_call_cancel(&w->call);
    if (w->dial) {
        dial_cancel(w->dial);
        free(w->dial);
        w->dial = NULL;
        atomic_fetch_sub_explicit(&p->set->shared[w->target].in_flight, 1, memory_order_relaxed);
        set_release(p->set, (unsigned)w->target);
    } else if (c) {
        w->connection = NULL;
        upstream_give_back(c, RETURN_KEEP);
    }
    if (w->is_trial)
        health_disclaim(p->set, (unsigned)w->target);
}

void upstream_give_back(struct upstream_connection *c, enum upstream_return how)
{
    struct upstream_pool *p = c->pool;
    struct upstream_set *s = p->set;
    unsigned target = c->target;

    atomic_fetch_sub_explicit(&s->shared[target].in_flight, 1, memory_order_relaxed);
    if (s->o.max_connections)
        window_add(&s->window, loop_now(p->loop), COUNT_SERVED);
    if (how != RETURN_KEEP || s->o.keep_timeout == 0 || !stream_is_quiet(&c->stream) ||
        !is_current(p, c) ||
        atomic_load_explicit(&p->own[target].kept_count, memory_order_relaxed) >=
            LIMIT_UPSTREAM_KEPT) {
        close_connection(p, c, how == RETURN_RESET);
    } else {
        keep(p, c);
        if (s->o.max_connections && !set_has_room(s, target) && set_others_wait(s, p))
            close_oldest(p, target);
    }
    if (!list_empty(&p->queue))
        loop_call(p->loop, &p->serve);
}

void upstream_report(struct upstream_pool *p, unsigned target, bool success)
{
    if (health_report(p->set, target, success, loop_now(p->loop), pool_random(p)))
        set_wake(p->set);
}

void upstream_count_request(struct upstream_pool *p)
{
    window_add(&p->set->window, loop_now(p->loop), COUNT_REQUESTS);
}

bool upstream_may_retry(struct upstream_pool *p)
{
    const struct upstream_options *o = &p->set->o;

    return window_may_retry(&p->set->window, loop_now(p->loop), o->retry_budget.percent,
                            o->retry_budget.least);
}

struct span upstream_phase_name(enum upstream_phase phase)
{
    static const struct span names[] = {
        [PHASE_QUEUE] = SPAN_INIT("queue"),     [PHASE_RESOLVE] = SPAN_INIT("resolve"),
        [PHASE_CONNECT] = SPAN_INIT("connect"), [PHASE_SEND] = SPAN_INIT("send"),
        [PHASE_WAIT] = SPAN_INIT("wait"),       [PHASE_HEAD] = SPAN_INIT("head"),
        [PHASE_BODY] = SPAN_INIT("body"),
    };

    return names[phase];
}

struct span upstream_name(const struct upstream_pool *p, unsigned target)
{
    return p->set->targets[target].address.text;
}

const struct upstream_address *upstream_address_of(const struct upstream_pool *p, unsigned target)
{
    return &p->set->targets[target].address;
}
