// SPDX-License-Identifier: MIT
#include "resource/files/listing_read.h"

#include "base/arena.h"
#include "base/limits.h"
#include "resource/files/snapshot.h"
#include "resource/page/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

const struct span listing_types[LISTING_FORMATS] = {
    [LISTING_HTML] = SPAN_INIT("text/html; charset=utf-8"),
    [LISTING_JSON] = SPAN_INIT("application/json"),
    [LISTING_TEXT] = SPAN_INIT("text/plain; charset=utf-8"),
};

struct reading {
    struct arena arena; // names
    struct listing_entry *entries;
    size_t count, room;
    bool truncated;
};

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
    return snapshot_open(folder->root, path, flags);
}

bool listing_member(const struct listing_folder *folder, const char *name,
                    struct listing_entry *ret_entry, bool *ret_is_link)
{
    struct stat st;
    bool is_link;

    if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    is_link = S_ISLNK(st.st_mode);
    if (is_link) { // followed beneath the root like a request would
        int fd = listing_open(folder, name, O_PATH);
        bool ok;

        if (fd < 0)
            return false;
        ok = fstat(fd, &st) == 0;
        close(fd);
        if (!ok)
            return false;
    }
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return false;
    *ret_is_link = is_link;
    *ret_entry = (struct listing_entry){.name = span_from_str(name),
                                        .is_folder = S_ISDIR(st.st_mode),
                                        .size = (uint64_t)st.st_size,
                                        .modified = st.st_mtim.tv_sec};
    return true;
}

int listing_write(const struct listing *listing, enum listing_format format, struct buf *ret_body)
{
    static void (*const writers[LISTING_FORMATS])(struct buf *, const struct listing *) = {
        [LISTING_HTML] = listing_write_html,
        [LISTING_JSON] = listing_write_json,
        [LISTING_TEXT] = listing_write_text,
    };

    *ret_body = (struct buf){0};
    writers[format](ret_body, listing);
    if (!ret_body->failed)
        return 0;
    buf_done(ret_body);
    return -ENOMEM;
}

static bool reading_add(struct reading *r, struct listing_entry entry)
{
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        struct listing_entry *more = reallocarray(r->entries, room, sizeof *more);

        if (!more)
            return false;
        r->entries = more;
        r->room = room;
    }
    entry.name = arena_copy(&r->arena, entry.name);
    if (!entry.name.ptr)
        return false;
    r->entries[r->count++] = entry;
    return true;
}

static int read_members(DIR *dir, const struct listing_folder *folder,
                        const struct listing_view *view, struct reading *r)
{
    const struct dirent *member;

    for (;;) {
        struct listing_entry entry;
        bool is_link;

        if (hurry_is_on(view->hurry))
            return -EINTR;
        errno = 0;
        member = readdir(dir);
        if (!member)
            return -errno;
        if (listing_hides(member->d_name, view->dotfiles))
            continue;
        if (r->count >= LIMIT_LISTING_ENTRIES) {
            r->truncated = true;
            return 0;
        }
        if (listing_member(folder, member->d_name, &entry, &is_link) && !reading_add(r, entry))
            return -ENOMEM;
    }
}

int listing_read(int root, const char *folder, const struct listing_view *view,
                 struct buf *ret_body)
{
    int fd = snapshot_open(root, folder, O_RDONLY | O_DIRECTORY);
    const struct listing_folder at = {.root = root, .path = folder, .fd = fd};
    struct reading r = {0};
    DIR *dir;
    int error;

    *ret_body = (struct buf){0};
    if (fd < 0)
        return fd;
    dir = fdopendir(fd);
    if (!dir) {
        error = -errno;
        close(fd);
        return error;
    }
    error = arena_init(&r.arena, 4096) < 0 ? -ENOMEM : read_members(dir, &at, view, &r);
    closedir(dir);
    if (error == 0) {
        const struct listing listing = {.path = view->shown,
                                        .entries = r.entries,
                                        .count = r.count,
                                        .truncated = r.truncated,
                                        .has_parent = view->has_parent,
                                        .writable = view->writable,
                                        .has_archives = view->has_archives,
                                        .has_search = view->has_search};

        listing_sort(r.entries, r.count);
        error = listing_write(&listing, view->format, ret_body);
    }
    free(r.entries);
    arena_done(&r.arena);
    return error;
}
