// SPDX-License-Identifier: MIT
#include "base/arena.h"

#include "base/error.h"

#include <stdlib.h>

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; // of data
    _Alignas(16) char data[];
};

static struct arena_chunk *chunk_new(size_t size)
{
    struct arena_chunk *c;

    if (size > SIZE_MAX - sizeof *c)
        return NULL;
    c = malloc(sizeof *c + size);
    if (c) {
        c->next = NULL;
        c->size = size;
    }
    return c;
}

static void arena_use(struct arena *a, struct arena_chunk *c)
{
    a->at = c->data;
    a->end = c->data + c->size;
}

int arena_init(struct arena *a, size_t first)
{
    struct arena_chunk *c = chunk_new(first);

    *a = (struct arena){.most = SIZE_MAX};
    if (!c)
        return -CANDOR_E_MEMORY;
    a->chunks = c;
    arena_use(a, c);
    return 0;
}

/* A chunk of so many bytes, which is the current one. */
static bool add_chunk(struct arena *a, size_t size)
{
    struct arena_chunk *c = chunk_new(size);

    if (!c)
        return false;
    c->next = a->chunks;
    a->chunks = c;
    arena_use(a, c);
    return true;
}

void *arena_grow(struct arena *a, size_t size)
{
    size_t rounded = (size + 15) & ~(size_t)15;
    size_t usual = a->chunks ? a->chunks->size * 2 : 4096;

    if (rounded < size || rounded > a->most || !add_chunk(a, rounded > usual ? rounded : usual))
        return NULL;
    a->at += rounded;
    return a->chunks->data;
}

bool arena_reserve(struct arena *a, size_t size)
{
    return (size_t)(a->end - a->at) >= size || (size <= a->most && add_chunk(a, size));
}

size_t arena_extra(const struct arena *a)
{
    size_t size = 0;

    for (const struct arena_chunk *c = a->chunks; c && c->next; c = c->next)
        size += c->size;
    return size;
}

void arena_reset(struct arena *a)
{
    if (!a->chunks)
        return;
    while (a->chunks->next) {
        struct arena_chunk *c = a->chunks;

        a->chunks = c->next;
        free(c);
    }
    arena_use(a, a->chunks);
}

void arena_done(struct arena *a)
{
    arena_reset(a);
    free(a->chunks);
    *a = (struct arena){0};
}

struct span arena_copy(struct arena *a, struct span s)
{
    char *to;

    if (!s.len)
        return s.ptr ? SPAN("") : s;
    to = arena_alloc(a, s.len);
    if (!to)
        return (struct span){NULL, 0};
    memcpy(to, s.ptr, s.len);
    return (struct span){to, s.len};
}
