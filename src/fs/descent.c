// SPDX-License-Identifier: MIT
#include "fs/descent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP = 16,    // subfolders that a folder gets at a time, however full it is
    WAS_READ = -1 // in place of where to go on
};

struct descent_folder {
    char *name;         // owned
    size_t path_length; // of the folder that it is in
    int64_t at;
};

static int push(struct descent *d, const char *name, size_t path_length)
{
    size_t length = strlen(name);
    char *copy;

    if (d->count == d->capacity) {
        size_t capacity = d->capacity ? 2 * d->capacity : 64;
        struct descent_folder *grown = realloc(d->folders, capacity * sizeof *grown);

        if (!grown)
            return -ENOMEM;
        d->folders = grown;
        d->capacity = capacity;
    }
    copy = malloc(length + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, name, length + 1);
    d->folders[d->count++] = (struct descent_folder){copy, path_length, 0};
    d->memory += length + sizeof *d->folders;
    return 0;
}

static void pop(struct descent *d)
{
    struct descent_folder *f = &d->folders[--d->count];

    d->memory -= strlen(f->name) + sizeof *f;
    free(f->name);
}

int descent_begin_at(struct descent *d, const char *path)
{
    *d = (struct descent){0};
    return strlen(path) > LIMIT_TREE_PATH ? -ENAMETOOLONG : push(d, path, 0);
}

int descent_begin(struct descent *d)
{
    return descent_begin_at(d, "");
}

/* Until here it is the path of the folder that f is in, as all that came meanwhile was in that. */
static void set_path(struct descent *d, const struct descent_folder *f)
{
    size_t length = f->path_length;

    if (length)
        d->path[length++] = '/';
    memcpy(d->path + length, f->name, strlen(f->name) + 1);
}

enum descent_event descent_next(struct descent *d)
{
    struct descent_folder *f;

    if (d->first) { // what was at hand was read
        f = &d->folders[d->at_hand];
        f->at = d->is_paused ? d->at : WAS_READ;
        d->first = 0;
    }
    if (!d->count)
        return DESCENT_END;
    f = &d->folders[d->count - 1];
    set_path(d, f);
    if (f->at == WAS_READ) {
        pop(d);
        return DESCENT_LEAVE;
    }
    d->at = f->at;
    d->at_hand = d->count - 1;
    d->first = d->count;
    d->is_paused = false;
    return DESCENT_READ;
}

int descent_add(struct descent *d, const char *name)
{
    size_t length = strlen(d->path);

    if (length + 1 + strlen(name) > LIMIT_TREE_PATH)
        return -ENAMETOOLONG;
    return push(d, name, length);
}

bool descent_is_full(const struct descent *d)
{
    return d->memory > LIMIT_TREE_DESCENT && d->count - d->first >= STEP;
}

void descent_pause(struct descent *d, int64_t at)
{
    d->at = at;
    d->is_paused = true;
}

void descent_done(struct descent *d)
{
    while (d->count)
        pop(d);
    free(d->folders);
    *d = (struct descent){0};
}
