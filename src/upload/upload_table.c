// SPDX-License-Identifier: MIT
#include "upload/upload_table.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/list.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

struct upload_table {
    pthread_mutex_t mutex; // guards all below, and what changes of an upload
    struct list uploads;
    struct list complete; // struct complete, in the order of their end
    atomic_size_t count, complete_count;
};

/* An upload that is complete. */
struct complete {
    struct list link;
    char id[UPLOAD_ID];
    uint64_t length;
    int64_t since;
    size_t folder_length;
    char folder[];
};

struct upload {
    struct list link;
    char id[UPLOAD_ID];
    struct upload_opening opening; // its spans point into text
    struct stage *stage;           // NULL: it is gone
    uint64_t offset;
    uint64_t claim; // the number of the one that is valid
    int64_t since;  // when it was last written to
    unsigned claims;
    struct list waiters; // struct upload_waiting
    bool entered;
    char text[];
};

int upload_table_new(struct upload_table **ret_table)
{
    struct upload_table *t = calloc(1, sizeof *t);

    if (!t)
        return -CANDOR_E_MEMORY;
    pthread_mutex_init(&t->mutex, NULL);
    list_init(&t->uploads);
    list_init(&t->complete);
    *ret_table = t;
    return 0;
}

/* With the mutex: the waiters look again. */
static void wake(struct upload *u)
{
    struct list *link;

    while ((link = list_pop(&u->waiters))) {
        struct upload_waiting *w = list_entry(link, struct upload_waiting, link);

        loop_post(w->loop, &w->message);
    }
}

/* With the mutex: out of the table. The stage, which is to be freed without the mutex. */
static struct stage *unlink_upload(struct upload_table *t, struct upload *u)
{
    struct stage *stage = u->stage;

    assert(!u->entered);
    u->stage = NULL;
    list_remove(&u->link);
    atomic_fetch_sub(&t->count, 1);
    wake(u);
    if (!u->claims)
        free(u);
    return stage;
}

/* With the mutex. */
static void forget_complete(struct upload_table *t, struct complete *c)
{
    list_remove(&c->link);
    atomic_fetch_sub(&t->complete_count, 1);
    free(c);
}

void upload_table_free(struct upload_table *t)
{
    if (!t)
        return;
    while (!list_empty(&t->complete))
        forget_complete(t, list_entry(t->complete.next, struct complete, link));
    while (!list_empty(&t->uploads))
        tree_stage_free(unlink_upload(t, list_entry(t->uploads.next, struct upload, link)));
    pthread_mutex_destroy(&t->mutex);
    free(t);
}

static bool print_id(char out[UPLOAD_ID])
{
    unsigned char bytes[UPLOAD_ID / 2];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return false;
    ascii_write_hex(bytes, sizeof bytes, out);
    return true;
}

static struct span keep(char **at, struct span s)
{
    struct span kept = {NULL, 0};

    if (s.ptr)
        kept = span_of(*at, s.len);
    if (s.len)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return kept;
}

static int64_t silence(const struct upload *u, int64_t now)
{
    return now - u->since;
}

/*
 * With the mutex: the upload that makes room for another one. Nothing is lost with one that is
 * empty; of the others, the one that was silent for so long that nobody seems to be at work on it.
 */
static struct upload *find_dispensable(struct upload_table *t, int64_t now)
{
    struct upload *best = NULL;

    list_for_each (link, &t->uploads) {
        struct upload *u = list_entry(link, struct upload, link);

        if (u->entered || (u->offset && silence(u, now) < LIMIT_UPLOAD_QUIET / 1000))
            continue;
        if (!best || (best->offset != 0) > (u->offset != 0) ||
            ((best->offset != 0) == (u->offset != 0) && silence(u, now) > silence(best, now)))
            best = u;
    }
    return best;
}

/* Uploads are in the order of their opening, so that of two equal silences the older one goes. */
static int add(struct upload_table *t, struct upload *u, int64_t now)
{
    struct stage *stage = NULL;
    struct upload *other;
    int error = 0;

    pthread_mutex_lock(&t->mutex);
    if (atomic_load(&t->count) >= LIMIT_UPLOADS) {
        other = find_dispensable(t, now);
        if (other)
            stage = unlink_upload(t, other);
        else
            error = -EUSERS;
    }
    if (error == 0) {
        list_add_tail(&t->uploads, &u->link);
        atomic_fetch_add(&t->count, 1);
    }
    pthread_mutex_unlock(&t->mutex);
    tree_stage_free(stage);
    return error;
}

int upload_open(struct upload_table *t, const struct upload_opening *opening, struct stage *stage,
                int64_t now, struct upload_claim *ret_claim)
{
    const struct upload_opening *o = opening;
    size_t length = o->path.len + o->name.len + o->folder.len + o->if_match.len +
                    o->if_none_match.len + o->if_unmodified_since.len;
    struct upload *u = calloc(1, sizeof *u + length + 1);
    char *at;
    int error;

    if (!u)
        return -ENOMEM;
    if (!print_id(u->id)) {
        free(u);
        return -EIO;
    }
    at = u->text;
    u->opening = *o;
    u->opening.path = keep(&at, o->path);
    u->opening.name = keep(&at, o->name);
    u->opening.folder = keep(&at, o->folder);
    u->opening.if_match = keep(&at, o->if_match);
    u->opening.if_none_match = keep(&at, o->if_none_match);
    u->opening.if_unmodified_since = keep(&at, o->if_unmodified_since);
    u->stage = stage;
    u->offset = tree_stage_length(stage);
    u->since = now;
    u->claim = u->claims = 1;
    list_init(&u->waiters);
    error = add(t, u, now);
    if (error) {
        free(u);
        return error;
    }
    *ret_claim = (struct upload_claim){u, 1};
    return 0;
}

/* Names are compared in a time that doesn't tell how much of them was right. */
static bool is_id(const char own[UPLOAD_ID], struct span id)
{
    unsigned differs = 0;

    if (id.len != UPLOAD_ID)
        return false;
    for (size_t i = 0; i < UPLOAD_ID; i++)
        differs |= (unsigned)(own[i] ^ id.ptr[i]);
    return differs == 0;
}

bool upload_claim(struct upload_table *t, struct span id, struct span folder,
                  struct upload_claim *ret_claim)
{
    struct upload *found = NULL;

    pthread_mutex_lock(&t->mutex);
    list_for_each (link, &t->uploads) {
        struct upload *u = list_entry(link, struct upload, link);

        if (is_id(u->id, id) && span_eq(u->opening.folder, folder))
            found = u;
    }
    if (found) {
        *ret_claim = (struct upload_claim){found, ++found->claim};
        found->claims++;
        wake(found); // their claims are void now
    }
    pthread_mutex_unlock(&t->mutex);
    return found;
}

/* With the mutex. */
static enum upload_state state_of(const struct upload_claim *c)
{
    const struct upload *u = c->upload;

    return !u->stage ? UPLOAD_GONE : u->claim != c->number ? UPLOAD_TAKEN_OVER : UPLOAD_MINE;
}

bool upload_wait(struct upload_table *t, const struct upload_claim *c, struct loop *loop,
                 struct upload_waiting *waiting, enum upload_state *ret_state)
{
    struct upload *u = c->upload;
    enum upload_state state;
    bool wait;

    pthread_mutex_lock(&t->mutex);
    state = state_of(c);
    wait = state == UPLOAD_MINE && u->entered;
    if (wait) {
        waiting->loop = loop;
        list_add_tail(&u->waiters, &waiting->link);
    }
    pthread_mutex_unlock(&t->mutex);
    if (!wait)
        *ret_state = state;
    return wait;
}

bool upload_wait_cancel(struct upload_table *t, struct upload_waiting *waiting)
{
    bool waits;

    pthread_mutex_lock(&t->mutex);
    waits = waiting->link.next && !list_empty(&waiting->link);
    if (waits)
        list_remove(&waiting->link);
    pthread_mutex_unlock(&t->mutex);
    return waits;
}

void upload_drop(struct upload_table *t, struct upload_claim *c)
{
    struct upload *u = c->upload;

    if (!u)
        return;
    c->upload = NULL;
    pthread_mutex_lock(&t->mutex);
    if (--u->claims == 0 && !u->stage)
        free(u);
    pthread_mutex_unlock(&t->mutex);
}

const struct upload_opening *upload_opening(const struct upload_claim *c)
{
    return &c->upload->opening;
}

struct span upload_id(const struct upload_claim *c)
{
    return span_of(c->upload->id, UPLOAD_ID);
}

uint64_t upload_offset(struct upload_table *t, const struct upload_claim *c)
{
    uint64_t offset;

    pthread_mutex_lock(&t->mutex);
    offset = c->upload->offset;
    pthread_mutex_unlock(&t->mutex);
    return offset;
}

struct stage *upload_enter(struct upload_table *t, const struct upload_claim *c,
                           enum upload_state *ret_state)
{
    struct upload *u = c->upload;
    struct stage *stage = NULL;

    pthread_mutex_lock(&t->mutex);
    *ret_state = state_of(c);
    if (*ret_state == UPLOAD_MINE) {
        assert(!u->entered);
        u->entered = true;
        stage = u->stage;
    }
    pthread_mutex_unlock(&t->mutex);
    return stage;
}

void upload_leave(struct upload_table *t, const struct upload_claim *c, int64_t now)
{
    struct upload *u = c->upload;

    pthread_mutex_lock(&t->mutex);
    u->entered = false;
    u->offset = tree_stage_length(u->stage);
    u->since = now;
    wake(u);
    pthread_mutex_unlock(&t->mutex);
}

void upload_remove(struct upload_table *t, const struct upload_claim *c)
{
    struct upload *u = c->upload;
    struct stage *stage;

    pthread_mutex_lock(&t->mutex);
    assert(u->entered);
    u->entered = false;
    stage = unlink_upload(t, u);
    pthread_mutex_unlock(&t->mutex);
    tree_stage_free(stage);
}

/* Of the upload as it is now; NULL: no memory. */
static struct complete *complete_new(const struct upload *u, int64_t now)
{
    struct span folder = u->opening.folder;
    struct complete *c = malloc(sizeof *c + folder.len + 1);

    if (!c)
        return NULL;
    memcpy(c->id, u->id, sizeof c->id);
    c->length = tree_stage_length(u->stage);
    c->since = now;
    c->folder_length = folder.len;
    if (folder.len)
        memcpy(c->folder, folder.ptr, folder.len);
    return c;
}

void upload_remove_complete(struct upload_table *t, const struct upload_claim *c, int64_t now)
{
    struct complete *complete = complete_new(c->upload, now);

    if (complete) {
        pthread_mutex_lock(&t->mutex);
        if (atomic_load(&t->complete_count) >= LIMIT_UPLOADS)
            forget_complete(t, list_entry(t->complete.next, struct complete, link));
        list_add_tail(&t->complete, &complete->link);
        atomic_fetch_add(&t->complete_count, 1);
        pthread_mutex_unlock(&t->mutex);
    }
    upload_remove(t, c);
}

bool upload_was_complete(struct upload_table *t, struct span id, struct span folder,
                         uint64_t *ret_length)
{
    bool found = false;

    pthread_mutex_lock(&t->mutex);
    list_for_each (link, &t->complete) {
        const struct complete *c = list_entry(link, struct complete, link);

        if (is_id(c->id, id) && span_eq(span_of(c->folder, c->folder_length), folder)) {
            *ret_length = c->length;
            found = true;
        }
    }
    pthread_mutex_unlock(&t->mutex);
    return found;
}

int64_t upload_age(uint64_t offset)
{
    return (offset ? LIMIT_UPLOAD_AGE : LIMIT_UPLOAD_AGE_EMPTY) / 1000;
}

/* With the mutex. */
static struct upload *find_silent(struct upload_table *t, int64_t now)
{
    list_for_each (link, &t->uploads) {
        struct upload *u = list_entry(link, struct upload, link);

        if (!u->entered && silence(u, now) >= upload_age(u->offset))
            return u;
    }
    return NULL;
}

static void expire_complete(struct upload_table *t, int64_t now)
{
    struct complete *c;

    pthread_mutex_lock(&t->mutex);
    while (!list_empty(&t->complete)) {
        c = list_entry(t->complete.next, struct complete, link);
        if (now - c->since < LIMIT_UPLOAD_KNOWN / 1000)
            break;
        forget_complete(t, c);
    }
    pthread_mutex_unlock(&t->mutex);
}

size_t upload_table_expire(struct upload_table *t, int64_t now)
{
    expire_complete(t, now);
    for (size_t removed = 0;; removed++) {
        struct stage *stage = NULL;
        struct upload *u;

        pthread_mutex_lock(&t->mutex);
        u = find_silent(t, now);
        if (u)
            stage = unlink_upload(t, u);
        pthread_mutex_unlock(&t->mutex);
        if (!stage)
            return removed;
        tree_stage_free(stage);
    }
}

bool upload_table_is_empty(const struct upload_table *t)
{
    return atomic_load(&t->count) == 0 && atomic_load(&t->complete_count) == 0;
}
