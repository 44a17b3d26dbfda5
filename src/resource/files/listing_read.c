// SPDX-License-Identifier: MIT
#include "resource/files/listing_read.h"

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

bool listing_found_add(struct listing_found *f, struct listing_entry entry)
{
    if (f->count == f->room) {
        size_t room = f->room ? f->room * 2 : 64;
        struct listing_entry *more = reallocarray(f->entries, room, sizeof *more);

        if (!more)
            return false;
        f->entries = more;
        f->room = room;
    }
    f->entries[f->count++] = entry;
    return true;
}

void listing_found_done(struct listing_found *f)
{
    free(f->entries);
    arena_done(&f->arena);
    *f = (struct listing_found){0};
}

/* Names lie side by side: they are most of what a long list takes of memory. */
static bool add_copy(struct listing_found *f, struct listing_entry entry)
{
    struct span name = entry.name;

    assert(name.len <= NAME_MAX);
    if (f->names_end - f->names < (ptrdiff_t)name.len) {
        f->names = arena_alloc(&f->arena, NAMES_ROOM);
        if (!f->names)
            return false;
        f->names_end = f->names + NAMES_ROOM;
    }
    memcpy(f->names, name.ptr, name.len);
    entry.name = span_of(f->names, name.len);
    f->names += name.len;
    return listing_found_add(f, entry);
}

static int read_members(DIR *dir, const struct listing_folder *folder,
                        const struct listing_look *look, struct listing_found *f)
{
    const struct dirent *member;

    for (;;) {
        struct listing_entry entry;
        bool is_link;
        int result;

        if (hurry_is_on(look->hurry))
            return -EINTR;
        errno = 0;
        member = readdir(dir);
        if (!member)
            return -errno;
        if (listing_hides(member->d_name, look->dotfiles))
            continue;
        if (f->count >= LIMIT_LISTING_ENTRIES) {
            f->truncated = true;
            return 0;
        }
        result = listing_member(folder, member->d_name, &entry, &is_link);
        if (result < 0)
            return result;
        if (result > 0 && !add_copy(f, entry))
            return -ENOMEM;
    }
}

int listing_read(const struct root *root, const char *folder, const struct listing_look *look,
                 struct listing_found *ret_found)
{
    int fd = fs_open(root, folder, O_RDONLY | O_DIRECTORY);
    const struct listing_folder at = {.root = root, .path = folder, .fd = fd};
    struct listing_found f = {0};
    DIR *dir;
    int error;

    *ret_found = f;
    if (fd < 0)
        return fd;
    dir = fdopendir(fd);
    if (!dir) {
        error = -errno;
        close(fd);
        return error;
    }
    error = arena_init(&f.arena, 4096) < 0 ? -ENOMEM : read_members(dir, &at, look, &f);
    closedir(dir);
    if (error) {
        listing_found_done(&f);
        return error;
    }
    listing_sort(f.entries, f.count);
    *ret_found = f;
    return 0;
}
