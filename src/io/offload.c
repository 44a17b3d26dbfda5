// SPDX-License-Identifier: MIT
#include "io/offload.h"

#include "base/error.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct lane {
    struct work *first, **end;
};

struct offload {
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct lane lanes[2]; // for what is not long, and for what is
    uint64_t submitted;
    unsigned long_running, long_threads;
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

/* With the lock: the lane whose first work is the next one; NULL: none may begin now. */
static struct lane *next_lane(struct offload *o)
{
    struct lane *quick = &o->lanes[false], *lengthy = &o->lanes[true];

    if (!lengthy->first || o->long_running >= o->long_threads)
        return quick->first ? quick : NULL;
    return quick->first && quick->first->number < lengthy->first->number ? quick : lengthy;
}

/* The next work for a thread; NULL at the end of the pool. */
static struct work *offload_next(struct offload *o)
{
    struct work *w = NULL;
    struct lane *lane;

    pthread_mutex_lock(&o->lock);
    while (!(lane = next_lane(o)) && !o->stopping)
        pthread_cond_wait(&o->wanted, &o->lock);
    if (lane) {
        w = lane->first;
        lane->first = w->next;
        if (!lane->first)
            lane->end = &lane->first;
        o->long_running += w->is_long;
    }
    pthread_mutex_unlock(&o->lock);
    return w;
}

static void offload_ran_long(struct offload *o)
{
    pthread_mutex_lock(&o->lock);
    o->long_running--;
    pthread_mutex_unlock(&o->lock);
}

static void *offload_thread(void *argument)
{
    struct offload *o = argument;
    struct work *w;

    while ((w = offload_next(o))) {
        bool was_long = w->is_long;

        w->run(w);
        w->message = (struct loop_message){.on_arrival = work_arrived};
        loop_post(w->loop, &w->message);
        if (was_long)
            offload_ran_long(o); // and this thread looks for the next one itself
    }
    return NULL;
}

int offload_open(unsigned threads, unsigned long_threads, struct offload **ret_pool)
{
    struct offload *o = calloc(1, sizeof *o + threads * sizeof o->thread[0]);
    sigset_t all, before;

    if (!o)
        return -CANDOR_E_MEMORY;
    for (int i = 0; i < 2; i++)
        o->lanes[i].end = &o->lanes[i].first;
    o->long_threads = long_threads;
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->wanted, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (o->threads < threads &&
           pthread_create(&o->thread[o->threads], NULL, offload_thread, o) == 0)
        o->threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_mutex_lock(&o->lock);
    if (o->long_threads >= o->threads) // not all of the threads could be had
        o->long_threads = o->threads > 1 ? o->threads - 1 : 1;
    pthread_mutex_unlock(&o->lock);
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
    struct lane *lane = &o->lanes[w->is_long];

    loop_hold(l);
    w->loop = l;
    w->next = NULL;
    pthread_mutex_lock(&o->lock);
    w->number = o->submitted++;
    *lane->end = w;
    lane->end = &w->next;
    pthread_cond_signal(&o->wanted);
    pthread_mutex_unlock(&o->lock);
}

struct hurry *offload_hurry(struct offload *o)
{
    return &o->hurry;
}
