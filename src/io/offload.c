// SPDX-License-Identifier: MIT
#include "io/offload.h"

#include "base/error.h"
#include "base/limits.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* What waits in a lane for one client. All zeros: it never had any. */
struct queue {
    struct list works;
    struct list turn; // in its lane, while there are any
};

struct offload {
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct list lanes[LANE_COUNT]; // queues that are not empty, the next one first
    struct queue queues[LANE_COUNT][LIMIT_CLIENTS];
    unsigned running[LANE_COUNT], most[LANE_COUNT];
    uint64_t submitted;
    bool stopping;
    struct hurry hurry;
    unsigned threads;
    pthread_t thread[];
};

static void work_arrived(struct loop_message *m)
{
    struct work *w = container_of(m, struct work, message);

    loop_let_go(w->loop);
    w->done(w);
}

/* The work of a lane that is to begin next; NULL: none waits. */
static struct work *lane_first(const struct list *lane)
{
    if (list_empty(lane))
        return NULL;
    return list_entry(list_entry(lane->next, struct queue, turn)->works.next, struct work, waiting);
}

static void add_work(struct offload *o, struct work *w)
{
    struct queue *q = &o->queues[w->lane][w->client];

    if (!q->works.next) {
        list_init(&q->works);
        list_init(&q->turn);
    }
    if (list_empty(&q->works))
        list_add_tail(&o->lanes[w->lane], &q->turn);
    list_add_tail(&q->works, &w->waiting);
}

static void remove_work(struct offload *o, struct work *w)
{
    struct queue *q = &o->queues[w->lane][w->client];

    list_remove(&w->waiting);
    if (list_empty(&q->works))
        list_remove(&q->turn);
}

/* It begins, and its client has had its turn. */
static void take_work(struct offload *o, struct work *w)
{
    struct queue *q = &o->queues[w->lane][w->client];

    remove_work(o, w);
    if (!list_empty(&q->works)) {
        list_remove(&q->turn);
        list_add_tail(&o->lanes[w->lane], &q->turn);
    }
}

/* With the lock: whether a thread may begin with a work of that lane. */
static bool has_turn(const struct offload *o, enum work_lane lane)
{
    unsigned slow = o->running[LANE_LONG] + o->running[LANE_BODY];

    return lane == LANE_QUICK ||
           (o->running[lane] < o->most[lane] && (o->threads == 1 || slow + 1 < o->threads));
}

/* With the lock: the work that is to begin next; NULL: none may begin now. */
static struct work *next_work(const struct offload *o)
{
    struct work *next = NULL;

    for (int i = 0; i < LANE_COUNT; i++) {
        struct work *w = lane_first(&o->lanes[i]);

        if (w && has_turn(o, (enum work_lane)i) && (!next || w->number < next->number))
            next = w;
    }
    return next;
}

/* The next work for a thread; NULL at the end of the pool. */
static struct work *offload_next(struct offload *o)
{
    struct work *w;

    pthread_mutex_lock(&o->lock);
    while (!(w = next_work(o)) && !o->stopping)
        pthread_cond_wait(&o->wanted, &o->lock);
    if (w) {
        take_work(o, w);
        o->running[w->lane] += w->lane != LANE_QUICK;
        // A turn that came free in another lane is for a thread that did not find it.
        if (next_work(o))
            pthread_cond_signal(&o->wanted);
    }
    pthread_mutex_unlock(&o->lock);
    return w;
}

static void offload_ran(struct offload *o, enum work_lane lane)
{
    pthread_mutex_lock(&o->lock);
    o->running[lane]--;
    pthread_mutex_unlock(&o->lock);
}

static void *offload_thread(void *argument)
{
    struct offload *o = argument;
    struct work *w;

    while ((w = offload_next(o))) {
        enum work_lane lane = w->lane;

        w->run(w);
        w->message = (struct loop_message){.on_arrival = work_arrived};
        loop_post(w->loop, &w->message);
        if (lane != LANE_QUICK)
            offload_ran(o, lane); // and this thread looks for the next one itself
    }
    return NULL;
}

int offload_open(unsigned threads, unsigned long_threads, struct offload **ret_pool)
{
    struct offload *o = calloc(1, sizeof *o + threads * sizeof o->thread[0]);
    sigset_t all, before;

    if (!o)
        return -CANDOR_E_MEMORY;
    for (int i = 0; i < LANE_COUNT; i++)
        list_init(&o->lanes[i]);
    o->most[LANE_LONG] = long_threads;
    o->most[LANE_BODY] = LIMIT_POOL_THREADS_BODY;
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->wanted, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&o->lock);
    while (o->threads < threads &&
           pthread_create(&o->thread[o->threads], NULL, offload_thread, o) == 0)
        o->threads++;
    pthread_mutex_unlock(&o->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (o->threads == 0) {
        offload_free(o);
        return -CANDOR_E_SYSTEM;
    }
    *ret_pool = o;
    return 0;
}

void offload_free(struct offload *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->stopping = true;
    pthread_cond_broadcast(&o->wanted);
    pthread_mutex_unlock(&o->lock);
    for (unsigned i = 0; i < o->threads; i++)
        pthread_join(o->thread[i], NULL);
    pthread_cond_destroy(&o->wanted);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

void offload_submit(struct offload *o, struct loop *l, struct work *w)
{
    loop_hold(l);
    w->loop = l;
    pthread_mutex_lock(&o->lock);
    w->number = o->submitted++;
    add_work(o, w);
    pthread_cond_signal(&o->wanted);
    pthread_mutex_unlock(&o->lock);
}

bool offload_cancel(struct offload *o, struct work *w)
{
    bool waits;

    pthread_mutex_lock(&o->lock);
    waits = !list_empty(&w->waiting);
    if (waits)
        remove_work(o, w);
    pthread_mutex_unlock(&o->lock);
    if (waits)
        loop_let_go(w->loop);
    return waits;
}

struct hurry *offload_hurry(struct offload *o)
{
    return &o->hurry;
}
