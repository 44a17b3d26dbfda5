// SPDX-License-Identifier: MIT
#include "resource/dav/rows.h"

#include "base/limits.h"
#include "base/path.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct rows {
    pthread_mutex_t mutex;
    pthread_cond_t released;
    struct rows_claim *claims;
};

int rows_new(struct rows **ret_rows)
{
    struct rows *r = calloc(1, sizeof *r);
    pthread_condattr_t monotonic;

    if (!r)
        return -ENOMEM;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->released, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret_rows = r;
    return 0;
}

void rows_free(struct rows *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->mutex);
    pthread_cond_destroy(&r->released);
    free(r);
}

/* Whether the one disturbs the other. Two that set properties never do: the store orders them. */
static bool disturbs(const struct rows_claim *a, const struct rows_claim *b)
{
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            if (!a->paths[i].ptr || !b->paths[j].ptr)
                continue;
            if ((a->renames && path_is_within(a->paths[i], b->paths[j])) ||
                (b->renames && path_is_within(b->paths[j], a->paths[i])))
                return true;
        }
    }
    return false;
}

/* 1: somebody who will soon have done is in the way; -EAGAIN: somebody who may not. */
static int must_wait(const struct rows *r, const struct rows_claim *claim, bool patient)
{
    int result = 0;

    for (const struct rows_claim *c = r->claims; c; c = c->next) {
        if ((!patient && c->renames && claim->renames) || !disturbs(c, claim))
            continue;
        if (c->is_long && !claim->is_long)
            return -EAGAIN;
        result = 1;
    }
    return result;
}

int rows_claim(struct rows *r, struct rows_claim *claim, bool patient)
{
    struct timespec until;
    int error;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LIMIT_ROWS_WAIT / 1000;
    pthread_mutex_lock(&r->mutex);
    while ((error = must_wait(r, claim, patient)) > 0) {
        error = -pthread_cond_timedwait(&r->released, &r->mutex, &until);
        if (error)
            break;
    }
    if (error == 0) {
        claim->next = r->claims;
        r->claims = claim;
    }
    pthread_mutex_unlock(&r->mutex);
    return error;
}

void rows_release(struct rows *r, struct rows_claim *claim)
{
    struct rows_claim **at = &r->claims;

    pthread_mutex_lock(&r->mutex);
    while (*at != claim)
        at = &(*at)->next;
    *at = claim->next;
    pthread_cond_broadcast(&r->released);
    pthread_mutex_unlock(&r->mutex);
}
