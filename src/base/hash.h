// SPDX-License-Identifier: MIT
/*
 * Two hashes of 64 bits. FNV-1a tells contents apart that nobody chose to be alike; it withstands
 * no attack. The keyed one is for tables whose keys clients choose.
 */
#ifndef CANDOR_BASE_HASH_H
#define CANDOR_BASE_HASH_H

#include "base/span.h"

#include <stdint.h>

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/* FNV-1a: the hash of what `hash` is of, with these bytes behind it. */
static inline uint64_t hash_add(uint64_t hash, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Random: a client cannot choose texts that collide. */
struct hash_key {
    uint64_t word[2];
};

/* 0, or -CANDOR_E_SYSTEM. */
int hash_key_make(struct hash_key *ret_key);

/* A multiplication whose halves are folded: every bit of the result hangs on every bit of both. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* A number that hangs on all three: the same for the same, and else as if it were thrown. */
static inline uint64_t hash_roll(uint64_t seed, uint64_t turn, uint64_t purpose)
{
    uint64_t hash = hash_fold(seed ^ UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xbf58476d1ce4e5b9));

    hash = hash_fold(hash ^ turn, UINT64_C(0x94d049bb133111eb));
    return hash_fold(hash ^ purpose, UINT64_C(0xd6e8feb86659fd93)) >> 8;
}

/* The hash of a text behind what `start` is the hash of; 0: of a text alone. */
static inline uint64_t hash_keyed(const struct hash_key *k, uint64_t start, struct span text)
{
    uint64_t hash = hash_fold(start ^ k->word[0], k->word[1]) ^ text.len;

    while (text.len) {
        uint64_t word = 0;
        size_t n = text.len < sizeof word ? text.len : sizeof word;

        memcpy(&word, text.ptr, n);
        hash = hash_fold(hash ^ word ^ k->word[0], k->word[1]);
        text = span_from(text, n);
    }
    return hash_fold(hash ^ k->word[0], k->word[1]);
}

#endif
