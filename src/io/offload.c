// SPDX-License-Identifier: MIT
#include "io/offload.h"

#include "base/error.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct offload {
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct work *first, **end;
    bool stopping;
    unsigned threads;
    pthread_t thread[];
};

static void work_arrived(struct loop_message *m)
{
    struct work *w = container_of(m, struct work, message);

    loop_let_go(w->loop);
    w->done(w);
}

static struct work *offload_next(struct offload *o)
{
    struct work *w;

    pthread_mutex_lock(&o->lock);
    while (!o->first && !o->stopping)
        pthread_cond_wait(&o->wanted, &o->lock);
    w = o->first;
    if (w) {
        o->first = w->next;
        if (!o->first)
            o->end = &o->first;
    }
    pthread_mutex_unlock(&o->lock);
    return w;
}

static void *offload_thread(void *argument)
{
    struct offload *o = argument;
    struct work *w;

    while ((w = offload_next(o))) {
        w->run(w);
        w->message = (struct loop_message){.on_arrival = work_arrived};
        loop_post(w->loop, &w->message);
    }
    return NULL;
}

int offload_open(unsigned threads, struct offload **ret_pool)
{
    struct offload *o = calloc(1, sizeof *o + threads * sizeof o->thread[0]);
    sigset_t all, before;

    if (!o)
        return -CANDOR_E_MEMORY;
    o->end = &o->first;
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->wanted, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (o->threads < threads &&
           pthread_create(&o->thread[o->threads], NULL, offload_thread, o) == 0)
        o->threads++;
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
    w->next = NULL;
    pthread_mutex_lock(&o->lock);
    *o->end = w;
    o->end = &w->next;
    pthread_cond_signal(&o->wanted);
    pthread_mutex_unlock(&o->lock);
}
