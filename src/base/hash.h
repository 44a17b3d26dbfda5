// SPDX-License-Identifier: MIT
/*
 * FNV-1a with 64 bits: tells contents apart that nobody chose to be alike. It withstands no attack,
 * so no table whose keys clients choose is built on it.
 */
#ifndef CANDOR_BASE_HASH_H
#define CANDOR_BASE_HASH_H

#include "base/span.h"

#include <stdint.h>

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/* The hash of what `hash` is of, with these bytes behind it. */
static inline uint64_t hash_add(uint64_t hash, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
