// SPDX-License-Identifier: MIT
#include "fs/stamp.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/hash.h"

struct file_stamp stamp_from_stat(const struct stat *st)
{
    return (struct file_stamp){
        .present = true,
        .device = st->st_dev,
        .inode = st->st_ino,
        .size = (uint64_t)st->st_size,
        .modified_ns = clock_join(st->st_mtim.tv_sec, st->st_mtim.tv_nsec),
        .changed_ns = clock_join(st->st_ctim.tv_sec, st->st_ctim.tv_nsec),
    };
}

bool stamp_eq(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->present == b->present &&
           (!a->present || (a->device == b->device && a->inode == b->inode && a->size == b->size &&
                            a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns));
}

int64_t stamp_last_modified(const struct file_stamp *stamp, int64_t now)
{
    bool was_set = stamp->modified_ns > stamp->changed_ns;
    int64_t modified = (was_set ? stamp->changed_ns : stamp->modified_ns) / CLOCK_SECOND;

    return modified < now ? modified : now;
}

/* Dates, in seconds since 1970, that are written in the place of one. */
static const struct {
    int64_t first, last;
} set_dates[] = {
    // 0 and 1 (images, Nix, Guix), 1980-01-01 (the first day of ZIP), 1980-02-01 (Java's builds)
    {INT64_MIN, 318384000},
    {456789000, 456789000}, // 1984-06-22T21:50:00Z: Yarn
    {499162500, 499162500}, // 1985-10-26T08:15:00Z: npm
    {946684800, 946684800}, // 2000-01-01T00:00:00Z: Bazel, and tar by the usual recipe
};

bool stamp_date_tells(const struct file_stamp *stamp)
{
    int64_t modified = stamp->modified_ns / CLOCK_SECOND;

    for (size_t i = 0; i < sizeof set_dates / sizeof *set_dates; i++)
        if (set_dates[i].first <= modified && modified <= set_dates[i].last)
            return false;
    return true;
}

/*
 * What the stamp and the coding say goes in as whole words: every step is reversible, so that two
 * stamps which differ in one of them always differ. The content follows.
 */
void stamp_etag(const struct file_stamp *stamp, unsigned coding, struct span content,
                char ret_opaque[STAMP_ETAG_OPAQUE + 1])
{
    const uint64_t parts[] = {stamp->device, stamp->inode,
                              stamp->size,   (uint64_t)stamp->modified_ns,
                              coding,        (uint64_t)stamp->changed_ns};
    uint64_t hash = HASH_BEGIN;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        hash = (hash ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    hash = hash_add(hash, content);
    ascii_write_hex_u64(hash, ret_opaque);
    ret_opaque[STAMP_ETAG_OPAQUE] = '\0';
}

bool stamp_name_is_reserved(struct span name)
{
    return span_starts(name, SPAN(TEMPORARY_PREFIX));
}
