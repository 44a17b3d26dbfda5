// SPDX-License-Identifier: MIT
/*
 * Memory that clients made the server take goes back to the system when they have gone: what is
 * free between what is still in use, too, which the allocator would keep for good.
 */
#ifndef CANDOR_SERVER_MEMORY_H
#define CANDOR_SERVER_MEMORY_H

#include "base/limits.h"
#include "io/loop.h"
#include "io/offload.h"

/* What a connection takes at most, in bytes, as memory.def adds it up; with the limits that are the
 * default. */
enum {
    MEMORY_SESSION = 512,                                            // the connection itself
    MEMORY_SPARE = 4096,  // room in a buffer beyond the largest head
    MEMORY_BUFFER = LIMIT_REQUEST_LINE + LIMIT_FIELD_SECTION + MEMORY_SPARE, // that receives much
    MEMORY_KEPT = LIMIT_FIELD_SECTION + 16 * 1024, // of its fields, and of what is to be changed
};

/* Before any other thread is there; `workers` of them will be. */
void memory_prepare(unsigned workers);

/* What a worker gives back, in a thread of the pool; at most once a second. */
struct memory_return {
    struct loop *loop;
    struct offload *pool;
    struct timer timer;
    struct work work;
    size_t highest; // connections since it was done last
    bool is_due;
};

void memory_return_init(struct memory_return *r, struct loop *loop, struct offload *pool);
/* Whenever a connection came or went: so many are there now. */
void memory_return_note(struct memory_return *r, size_t connections);

#endif
