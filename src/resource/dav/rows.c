// SPDX-License-Identifier: MIT
#include "resource/dav/rows.h"

#include "base/limits.h"
#include "base/path.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct rows {
    pthread_mutex_t mutex;
    struct rows_claim *claims, **last;
    uint64_t numbers;
    _Atomic unsigned moving, pending; // how many are following or pending, and how many of these
};

int rows_new(struct rows **ret_rows)
{
    struct rows *r = calloc(1, sizeof *r);

    if (!r)
        return -ENOMEM;
    r->last = &r->claims;
    pthread_mutex_init(&r->mutex, NULL);
    *ret_rows = r;
    return 0;
}

void rows_free(struct rows *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

enum reach {
    REACH_NONE,
    REACH_SET,   // the properties of the path alone
    REACH_READ,  // the rows of all that is below are needed as they are
    REACH_RENAME // all that is below becomes something else
};

static enum reach reach_of(const struct rows_claim *c, int i)
{
    if (!c->paths[i].ptr)
        return REACH_NONE;
    if (!c->renames)
        return REACH_SET;
    if (i == 0 || !c->copies)
        return REACH_RENAME;
    return c->state == ROWS_FOLLOWING || c->state == ROWS_PENDING ? REACH_READ : REACH_NONE;
}

static bool overlaps(struct span a, enum reach of_a, struct span b, enum reach of_b)
{
    return (of_a != REACH_SET && path_is_within(a, b)) ||
           (of_b != REACH_SET && path_is_within(b, a));
}

/* Whether the one disturbs the other. Two that set properties never do: the store orders them. */
static bool disturbs(const struct rows_claim *a, const struct rows_claim *b)
{
    bool pending = a->state == ROWS_PENDING || b->state == ROWS_PENDING;

    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            enum reach of_a = reach_of(a, i), of_b = reach_of(b, j);

            if (of_a && of_b && overlaps(a->paths[i], of_a, b->paths[j], of_b) &&
                (of_a == REACH_RENAME || of_b == REACH_RENAME || (pending && of_a != of_b)))
                return true;
        }
    }
    return false;
}

static bool is_in_the_way(const struct rows_claim *c, const struct rows_claim *of, bool patient)
{
    if (c == of || (c->state == ROWS_WAITING && c->number > of->number))
        return false;
    if (!patient && c->renames && of->renames && c->state != ROWS_PENDING)
        return false;
    return disturbs(c, of);
}

static void add(struct rows *r, struct rows_claim *claim)
{
    claim->next = NULL;
    *r->last = claim;
    r->last = &claim->next;
}

static void take_out(struct rows *r, struct rows_claim *claim)
{
    struct rows_claim **at = &r->claims;

    while (*at != claim)
        at = &(*at)->next;
    *at = claim->next;
    if (r->last == &claim->next)
        r->last = at;
}

/* With the mutex. */
static void change_state(struct rows *r, struct rows_claim *claim, enum rows_state state)
{
    bool moves = state == ROWS_FOLLOWING || state == ROWS_PENDING;
    bool moved = claim->state == ROWS_FOLLOWING || claim->state == ROWS_PENDING;

    r->moving += (unsigned)moves - (unsigned)moved;
    r->pending += (unsigned)(state == ROWS_PENDING) - (unsigned)(claim->state == ROWS_PENDING);
    claim->state = state;
}

int rows_claim(struct rows *r, struct rows_claim *claim, bool patient)
{
    bool is_free = true;

    pthread_mutex_lock(&r->mutex);
    if (claim->state == ROWS_UNCLAIMED)
        claim->number = ++r->numbers;
    for (const struct rows_claim *c = r->claims; c && is_free; c = c->next)
        is_free = !is_in_the_way(c, claim, patient);
    if (claim->state == ROWS_UNCLAIMED && (is_free || claim->renames))
        add(r, claim);
    if (is_free || claim->renames)
        change_state(r, claim, is_free ? ROWS_CLAIMED : ROWS_WAITING);
    pthread_mutex_unlock(&r->mutex);
    return is_free ? 0 : -EAGAIN;
}

void rows_release(struct rows *r, struct rows_claim *claim)
{
    pthread_mutex_lock(&r->mutex);
    if (claim->state != ROWS_UNCLAIMED)
        take_out(r, claim);
    change_state(r, claim, ROWS_UNCLAIMED);
    pthread_mutex_unlock(&r->mutex);
}

void rows_set_state(struct rows *r, struct rows_claim *claim, enum rows_state state)
{
    pthread_mutex_lock(&r->mutex);
    change_state(r, claim, state);
    pthread_mutex_unlock(&r->mutex);
}

void rows_add_pending(struct rows *r, struct rows_claim *claim)
{
    pthread_mutex_lock(&r->mutex);
    claim->number = ++r->numbers;
    add(r, claim);
    change_state(r, claim, ROWS_PENDING);
    pthread_mutex_unlock(&r->mutex);
}

bool rows_are_pending(const struct rows *r)
{
    return atomic_load(&r->pending) > 0;
}

bool rows_are_full(const struct rows *r)
{
    return atomic_load(&r->pending) >= LIMIT_ROWS_PENDING;
}

bool rows_are_moving(struct rows *r, struct span path)
{
    const struct rows_claim *c = NULL;

    if (!atomic_load(&r->moving))
        return false;
    pthread_mutex_lock(&r->mutex);
    for (c = r->claims; c; c = c->next) {
        if (c->state != ROWS_FOLLOWING && c->state != ROWS_PENDING)
            continue;
        if (path_is_within(c->paths[0], path) ||
            (c->paths[1].ptr && !c->copies && path_is_within(c->paths[1], path)))
            break;
    }
    pthread_mutex_unlock(&r->mutex);
    return c;
}

static bool concerns(const struct rows_claim *c, struct span path)
{
    for (int i = 0; i < 2 && path.ptr; i++)
        if (c->paths[i].ptr &&
            (path_is_within(c->paths[i], path) || path_is_within(path, c->paths[i])))
            return true;
    return !path.ptr;
}

int rows_take_pending(struct rows *r, struct span path, struct rows_claim **ret_claim)
{
    struct rows_claim *c;
    int result = 0;

    pthread_mutex_lock(&r->mutex);
    for (c = r->claims; c; c = c->next) {
        if (c->state != ROWS_PENDING || !concerns(c, path))
            continue;
        result = c->is_settling ? -EAGAIN : 1;
        if (result > 0)
            break;
    }
    if (c) {
        c->is_settling = true;
        *ret_claim = c;
    }
    pthread_mutex_unlock(&r->mutex);
    return result;
}

void rows_leave(struct rows *r, struct rows_claim *claim)
{
    pthread_mutex_lock(&r->mutex);
    claim->is_settling = false;
    take_out(r, claim);
    add(r, claim);
    pthread_mutex_unlock(&r->mutex);
}
