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
    int root;
    const char *folder;
    struct arena arena; // names
    struct listing_entry *entries;
    size_t count, room;
    bool truncated;
};

/* What a symbolic link leads to, followed beneath the root like a request would. */
static bool stat_link(const struct reading *r, const char *name, struct stat *ret)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s%s", r->folder, name);
    bool ok;
    int fd;

    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    fd = snapshot_open(r->root, path, O_PATH);
    if (fd < 0)
        return false;
    ok = fstat(fd, ret) == 0;
    close(fd);
    return ok;
}

static bool entry_from_member(const struct reading *r, int folder, const char *name,
                              struct listing_entry *ret)
{
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (S_ISLNK(st.st_mode) && !stat_link(r, name, &st))
        return false;
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return false;
    ret->is_folder = S_ISDIR(st.st_mode);
    ret->size = (uint64_t)st.st_size;
    ret->modified = st.st_mtim.tv_sec;
    return true;
}

static bool reading_add(struct reading *r, const char *name, struct listing_entry entry)
{
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        struct listing_entry *more = reallocarray(r->entries, room, sizeof *more);

        if (!more)
            return false;
        r->entries = more;
        r->room = room;
    }
    entry.name = arena_copy(&r->arena, span_from_str(name));
    if (!entry.name.ptr)
        return false;
    r->entries[r->count++] = entry;
    return true;
}

static int read_members(DIR *dir, bool dotfiles, struct reading *r)
{
    const struct dirent *member;

    for (;;) {
        struct listing_entry entry = {0};
        const char *name;

        errno = 0;
        member = readdir(dir);
        if (!member)
            return -errno;
        name = member->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            (name[0] == '.' && (!dotfiles || stamp_name_is_reserved(span_from_str(name)))))
            continue;
        if (r->count >= LIMIT_LISTING_ENTRIES) {
            r->truncated = true;
            return 0;
        }
        if (entry_from_member(r, dirfd(dir), name, &entry) && !reading_add(r, name, entry))
            return -ENOMEM;
    }
}

int listing_read(int root, const char *folder, struct span shown, bool has_parent, bool dotfiles,
                 enum listing_format format, struct buf *ret_body)
{
    static void (*const writers[LISTING_FORMATS])(struct buf *, const struct listing *) = {
        [LISTING_HTML] = listing_write_html,
        [LISTING_JSON] = listing_write_json,
        [LISTING_TEXT] = listing_write_text,
    };
    int fd = snapshot_open(root, folder, O_RDONLY | O_DIRECTORY);
    struct reading r = {.root = root, .folder = folder};
    struct listing listing;
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
    error = arena_init(&r.arena, 4096) < 0 ? -ENOMEM : read_members(dir, dotfiles, &r);
    closedir(dir);
    if (error == 0) {
        listing_sort(r.entries, r.count);
        listing = (struct listing){.path = shown,
                                   .entries = r.entries,
                                   .count = r.count,
                                   .truncated = r.truncated,
                                   .has_parent = has_parent};
        writers[format](ret_body, &listing);
        if (ret_body->failed) {
            buf_done(ret_body);
            error = -ENOMEM;
        }
    }
    free(r.entries);
    arena_done(&r.arena);
    return error;
}
