// SPDX-License-Identifier: MIT
#include "io/offload.h"

#include "base/error.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct offload {
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct list lanes[2]; // works that wait: those that are not long, and those that are
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

/* The first work of a lane; NULL: none waits. */
static struct work *lane_first(const struct list *lane)
{
    return list_empty(lane) ? NULL : list_entry(lane->next, struct work, waiting);
}

/* With the lock: the work that is to begin next; NULL: none may begin now. */
static struct work *next_work(const struct offload *o)
{
    struct work *quick = lane_first(&o->lanes[false]), *lengthy = lane_first(&o->lanes[true]);

    if (!lengthy || o->long_running >= o->long_threads)
        return quick;
    return quick && quick->number < lengthy->number ? quick : lengthy;
}

/* The next work for a thread; NULL at the end of the pool. */
static struct work *offload_next(struct offload *o)
{
    struct work *w;

    pthread_mutex_lock(&o->lock);
    while (!(w = next_work(o)) && !o->stopping)
        pthread_cond_wait(&o->wanted, &o->lock);
    if (w) {
        list_remove(&w->waiting);
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
        list_init(&o->lanes[i]);
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
    loop_hold(l);
    w->loop = l;
    pthread_mutex_lock(&o->lock);
    w->number = o->submitted++;
    list_add_tail(&o->lanes[w->is_long], &w->waiting);
    pthread_cond_signal(&o->wanted);
    pthread_mutex_unlock(&o->lock);
}

bool offload_cancel(struct offload *o, struct work *w)
{
    bool waits;

    pthread_mutex_lock(&o->lock);
    waits = !list_empty(&w->waiting);
    if (waits)
        list_remove(&w->waiting);
    pthread_mutex_unlock(&o->lock);
    if (waits)
        loop_let_go(w->loop);
    return waits;
}

struct hurry *offload_hurry(struct offload *o)
{
    return &o->hurry;
}
