// SPDX-License-Identifier: MIT
/*
 * A bump allocator for everything that lives as long as one exchange. arena_reset keeps the first
 * chunk, so a recycled arena serves ordinary requests without asking the system for memory.
 */
#ifndef CANDOR_BASE_ARENA_H
#define CANDOR_BASE_ARENA_H

#include "base/span.h"

struct arena_chunk;

struct arena {
    char *at, *end;             // free room in the current chunk
    struct arena_chunk *chunks; // newest first; the last one is kept by reset
    size_t most;                // bytes that a new chunk may have; SIZE_MAX: what the system gives
};

/* first: size of the first chunk in bytes. -CANDOR_E_MEMORY when it cannot be had. */
int arena_init(struct arena *a, size_t first);
void arena_reset(struct arena *a);
void arena_done(struct arena *a);

/* Bytes of all chunks but the first, which every arena has. */
size_t arena_extra(const struct arena *a);

/*
 * Makes sure that the next `size` bytes can be had, where each allocation counts with up to 15
 * bytes more than it asks for: so that what is to be told of a change cannot fail after it. False:
 * out of memory.
 */
bool arena_reserve(struct arena *a, size_t size);

/* Slow path of arena_alloc: a new chunk. */
void *arena_grow(struct arena *a, size_t size);

/* size bytes, aligned to 16, uninitialised; NULL when out of memory. Valid until reset or done. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
    size_t rounded = (size + 15) & ~(size_t)15;

    if ((size_t)(a->end - a->at) < rounded || rounded < size)
        return arena_grow(a, size);
    void *at = a->at;
    a->at += rounded;
    return at;
}

/* A copy of s in the arena; ptr is NULL when out of memory, or where it is so in s. */
struct span arena_copy(struct arena *a, struct span s);

#endif
