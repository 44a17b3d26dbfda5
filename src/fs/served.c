// SPDX-License-Identifier: MIT
#include "fs/served.h"

#include "base/clock.h"
#include "base/limits.h"
#include "fs/open.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct served {
    char *path;
    served_tell *tell;
    void *context;
    pthread_mutex_t mutex; // guards the next two, and looking
    struct root *root;     // the last one that there was
    int error;             // 0, or the errno for which there is none now
    atomic_bool here;
    _Atomic int64_t looked; // monotonic ns: what is known was true then
    _Atomic uint64_t changes;
};

static const int64_t never = INT64_MIN / 2;

/* Absolute, as one that is relative to a folder which goes would never lead to the next one. */
static char *make_absolute(const char *path)
{
    char here[PATH_MAX];
    char *text;

    if (path[0] == '/' || !getcwd(here, sizeof here) || here[0] != '/')
        return strdup(path);
    return asprintf(&text, "%s/%s", here, path) < 0 ? NULL : text;
}

int served_open(const char *path, served_tell *tell, void *context, struct served **ret_served)
{
    struct served *s = calloc(1, sizeof *s);
    int error = -ENOMEM;

    if (!s)
        return -ENOMEM;
    pthread_mutex_init(&s->mutex, NULL);
    s->tell = tell;
    s->context = context;
    s->path = make_absolute(path);
    if (s->path)
        error = root_open(s->path, &s->root);
    if (error) {
        served_free(s);
        return error;
    }
    atomic_init(&s->here, true);
    atomic_init(&s->looked, clock_monotonic());
    *ret_served = s;
    return 0;
}

void served_free(struct served *s)
{
    if (!s)
        return;
    root_unref(s->root);
    pthread_mutex_destroy(&s->mutex);
    free(s->path);
    free(s);
}

/* With the mutex. */
static void turn(struct served *s, enum served_event event, int error)
{
    s->error = error;
    atomic_store(&s->here, error == 0);
    atomic_fetch_add(&s->changes, 1);
    if (s->tell)
        s->tell(s->context, s->path, event, error);
}

static bool is_same(const struct root *a, const struct root *b)
{
    return a->device == b->device && a->inode == b->inode && a->mount == b->mount;
}

/* With the mutex: the path leads elsewhere than to the folder of before, or did not lead there. */
static int look_closely(struct served *s)
{
    struct root *root = NULL;
    int error = root_open(s->path, &root);

    if (error && fs_error_is_shortage(-error))
        return error; // who comes next has another try
    if (error) {
        if (!s->error)
            turn(s, SERVED_GONE, -error);
    } else if (is_same(root, s->root)) {
        if (s->error)
            turn(s, SERVED_BACK, 0);
        root_unref(root);
    } else {
        root_unref(s->root);
        s->root = root;
        turn(s, s->error ? SERVED_BACK : SERVED_EXCHANGED, 0);
    }
    return 0;
}

/* With the mutex. */
static int look(struct served *s, int64_t now)
{
    int error = s->error ? -ROOT_GONE : root_check(s->root);

    if (error == -ROOT_GONE || error == -ROOT_EXCHANGED)
        error = look_closely(s);
    if (error == 0)
        atomic_store(&s->looked, now);
    return error;
}

int served_root(struct served *s, int64_t now, struct root **ret_root)
{
    int error = 0;

    pthread_mutex_lock(&s->mutex);
    if (now - atomic_load(&s->looked) >= LIMIT_ROOT_LOOK * CLOCK_MS)
        error = look(s, now);
    if (error == 0 && s->error)
        error = -ROOT_GONE;
    if (error == 0)
        *ret_root = root_ref(s->root);
    pthread_mutex_unlock(&s->mutex);
    return error;
}

struct root *served_root_at_once(struct served *s, int64_t now)
{
    struct root *root = NULL;

    if (pthread_mutex_trylock(&s->mutex) != 0) // somebody looks
        return NULL;
    if (!s->error && now - atomic_load(&s->looked) < LIMIT_ROOT_LOOK * CLOCK_MS)
        root = root_ref(s->root);
    pthread_mutex_unlock(&s->mutex);
    return root;
}

void served_distrust(struct served *s)
{
    atomic_store(&s->looked, never);
}

bool served_holds(const struct served *s, int64_t now)
{
    return atomic_load_explicit(&s->here, memory_order_relaxed) &&
           now - atomic_load_explicit(&s->looked, memory_order_relaxed) <
               LIMIT_FILES_FRESH * CLOCK_MS;
}

_Atomic uint64_t *served_changes(struct served *s)
{
    return &s->changes;
}
