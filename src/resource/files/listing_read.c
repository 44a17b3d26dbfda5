// SPDX-License-Identifier: MIT
#include "resource/files/listing_read.h"

#include "base/hash.h"
#include "base/limits.h"
#include "resource/files/snapshot.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { NAMES_ROOM = 16 * 1024 };

bool listing_hides(const char *name, bool dotfiles)
{
    if (name[0] != '.')
        return false;
    return !dotfiles || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
           stamp_name_is_reserved(span_from_str(name));
}

int listing_open(const struct listing_folder *folder, const char *name, int flags)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s%s", folder->path, name);

    if (length < 0 || (size_t)length >= sizeof path)
        return -ENAMETOOLONG;
    return fs_open(folder->root, path, flags);
}

/* 0: it is nothing that a client could get; else a failure. */
static int told_error(int error)
{
    return fs_error_is_absence(-error) || error == -EACCES || error == -EPERM ? 0 : error;
}

int listing_member(const struct listing_folder *folder, const char *name,
                   struct listing_entry *ret_entry, bool *ret_is_link)
{
    struct stat st;
    bool is_link;

    if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return told_error(-errno);
    is_link = S_ISLNK(st.st_mode);
    if (is_link) { // followed beneath the root like a request would
        int fd = listing_open(folder, name, O_PATH);
        int error;

        if (fd < 0)
            return told_error(fd);
        error = fstat(fd, &st) < 0 ? -errno : 0;
        close(fd);
        if (error)
            return told_error(error);
    }
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return 0;
    *ret_is_link = is_link;
    *ret_entry = (struct listing_entry){.name = span_from_str(name),
                                        .is_folder = S_ISDIR(st.st_mode),
                                        .size = (uint64_t)st.st_size,
                                        .modified = st.st_mtim.tv_sec};
    return 1;
}

int listing_found_add(struct listing_found *f, struct listing_entry entry)
{
    int error;

    if (f->count == f->room) {
        size_t room = f->room ? f->room * 2 : 64;
        struct listing_entry *more = reallocarray(f->entries, room, sizeof *more);

        if (!more)
            return -ENOMEM;
        f->entries = more;
        f->room = room;
    }
    f->memory.budget = &budget_memory;
    error = budget_set(&f->memory, f->room * sizeof *f->entries + arena_extra(&f->arena));
    if (error)
        return error;
    f->entries[f->count++] = entry;
    f->names_length += entry.name.len;
    return 0;
}

void listing_found_count(struct listing_found *f, const struct listing_entry *entry)
{
    const uint64_t numbers[] = {entry->name.len, entry->is_folder,
                                entry->is_folder ? 0 : entry->size, (uint64_t)entry->modified};
    uint64_t hash = hash_add(HASH_BEGIN, span_of((const char *)numbers, sizeof numbers));

    f->hash += hash_add(hash, entry->name);
    listing_totals_add(&f->totals, entry);
}

void listing_found_done(struct listing_found *f)
{
    (void)budget_set(&f->memory, 0);
    free(f->entries);
    arena_done(&f->arena);
    *f = (struct listing_found){0};
}

/* Names lie side by side: they are most of what a long list takes of memory. */
static int add_copy(struct listing_found *f, struct listing_entry entry)
{
    struct span name = entry.name;

    assert(name.len <= NAME_MAX);
    if (f->names_end - f->names < (ptrdiff_t)name.len) {
        f->names = arena_alloc(&f->arena, NAMES_ROOM);
        if (!f->names)
            return -ENOMEM;
        f->names_end = f->names + NAMES_ROOM;
    }
    memcpy(f->names, name.ptr, name.len);
    entry.name = span_of(f->names, name.len);
    f->names += name.len;
    return listing_found_add(f, entry);
}

/* An entry by itself, to compare others with. */
struct mark {
    struct listing_entry entry;
    char name[NAME_MAX];
};

static void set_mark(struct mark *m, const struct listing_entry *entry)
{
    m->entry = *entry;
    memcpy(m->name, entry->name.ptr, entry->name.len);
    m->entry.name.ptr = m->name;
}

/* A reading of a folder, of which the first of those entries are kept that come behind a mark. */
struct reading {
    const struct listing_look *look;
    struct listing_folder folder;
    struct listing_found *found;
    bool is_first; // nothing comes before: all are counted
    bool is_full;  // nothing behind the last mark is kept
    struct mark behind, last;
};

/* Keeps the first half. */
static int make_room(struct reading *r)
{
    struct listing_found *f = r->found, half = {.totals = f->totals,
                                                .hash = f->hash,
                                                .memory.client = f->memory.client};
    int error;

    listing_sort(f->entries, f->count);
    if (arena_init(&half.arena, NAMES_ROOM) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < f->count / 2; i++) {
        error = add_copy(&half, f->entries[i]);
        if (error) {
            listing_found_done(&half);
            return error;
        }
    }
    listing_found_done(f);
    half.follows = r->is_full = true;
    *f = half;
    set_mark(&r->last, &f->entries[f->count - 1]);
    return 0;
}

static bool is_wanted(const struct reading *r, const struct listing_entry *entry)
{
    return (r->is_first || listing_compare(entry, &r->behind.entry) > 0) &&
           (!r->is_full || listing_compare(entry, &r->last.entry) < 0);
}

static int read_member(struct reading *r, const struct dirent *member)
{
    struct listing_entry entry = {.name = span_from_str(member->d_name),
                                  .is_folder = member->d_type == DT_DIR};
    struct listing_found *f = r->found;
    bool is_link;
    int result;

    if (!r->is_first && (member->d_type == DT_DIR || member->d_type == DT_REG) &&
        !is_wanted(r, &entry))
        return 0;
    result = listing_member(&r->folder, member->d_name, &entry, &is_link);
    if (result <= 0)
        return result;
    if (r->is_first)
        listing_found_count(f, &entry);
    if (!is_wanted(r, &entry))
        return 0;
    result = add_copy(f, entry);
    if (result)
        return result;
    return f->names_length + f->count * sizeof entry > LIMIT_LISTING_MEMORY ? make_room(r) : 0;
}

static int read_members(struct reading *r, DIR *dir)
{
    const struct dirent *member;
    size_t visited = 0;
    int error = 0;

    while (error == 0) {
        if (hurry_is_on(r->look->hurry))
            return -EINTR;
        errno = 0;
        member = readdir(dir);
        if (!member)
            return -errno;
        if (listing_hides(member->d_name, r->look->dotfiles))
            continue;
        if (r->look->most && visited == r->look->most)
            return -EFBIG;
        if (visited++ == LIMIT_LISTING_ENTRIES) {
            r->found->truncated = true;
            return 0;
        }
        error = read_member(r, member);
    }
    return error;
}

static int read_folder(struct reading *r)
{
    int fd = fs_open(r->folder.root, r->folder.path, O_RDONLY | O_DIRECTORY), error;
    DIR *dir;

    if (fd < 0)
        return fd;
    dir = fdopendir(fd);
    if (!dir) {
        error = -errno;
        close(fd);
        return error;
    }
    r->folder.fd = fd;
    error = arena_init(&r->found->arena, 4096) < 0 ? -ENOMEM : read_members(r, dir);
    closedir(dir);
    if (error)
        listing_found_done(r->found);
    else
        listing_sort(r->found->entries, r->found->count);
    return error;
}

int listing_read(const struct root *root, const char *folder, const struct listing_look *look,
                 struct listing_found *ret_found)
{
    struct reading r = {.look = look,
                        .folder = {.root = root, .path = folder},
                        .found = ret_found,
                        .is_first = true};

    *ret_found = (struct listing_found){.memory.client = look->client};
    return read_folder(&r);
}

int listing_read_on(const struct root *root, const char *folder, const struct listing_look *look,
                    struct listing_found *f)
{
    struct reading r = {.look = look, .folder = {.root = root, .path = folder}, .found = f};
    const struct listing_found before = {.truncated = f->truncated,
                                         .totals = f->totals,
                                         .hash = f->hash,
                                         .memory.client = look->client};

    set_mark(&r.behind, &f->entries[f->count - 1]);
    listing_found_done(f);
    *f = before;
    return read_folder(&r);
}
