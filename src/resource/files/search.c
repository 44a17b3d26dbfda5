// SPDX-License-Identifier: MIT
#include "resource/files/search.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "resource/files/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* The small letter for a capital of the alphabets in the Unicode blocks up to Cyrillic. */
static uint32_t fold(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
        (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
        return c + 32;
    if (c >= 0x400 && c <= 0x40f)
        return c + 80;
    // Pairs of a capital and its small letter, side by side.
    if ((c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) || (c >= 0x14a && c <= 0x177) ||
        (c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f))
        return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
        return c + (c & 1);
    return c;
}

/* Takes one character off the front of *s. A byte that is not UTF-8 is beyond all characters. */
static uint32_t take_folded(struct span *s)
{
    const unsigned char *p = (const unsigned char *)s->ptr;
    size_t n = utf8_length(*s);
    uint32_t c;

    switch (n) {
    case 0:
        c = 0x110000u + p[0];
        n = 1;
        break;
    case 1:
        c = p[0];
        break;
    case 2:
        c = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
        break;
    case 3:
        c = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
        break;
    default:
        c = (p[0] & 7u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
        break;
    }
    *s = span_from(*s, n);
    return fold(c);
}

static bool begins_with(struct span name, struct span word)
{
    while (word.len) {
        if (!name.len || take_folded(&name) != take_folded(&word))
            return false;
    }
    return true;
}

bool search_matches(struct span name, struct span word)
{
    if (!word.len)
        return false;
    for (; name.len; take_folded(&name))
        if (begins_with(name, word))
            return true;
    return false;
}

/* A folder that is still to be looked into; its path is relative to the root, "" or "a/". */
struct pending {
    struct pending *next;
    struct span path;
};

struct searching {
    const struct root *root;
    size_t prefix; // bytes of a path that name the folder searched
    struct pending *first, **last;
    size_t visited;
    struct listing_found found; // pending folders are of its arena, too
};

/* "folder" and "name" in one, with "/" behind a folder and a NUL behind all. */
static struct span join(struct searching *s, struct span folder, struct span name, bool is_folder)
{
    size_t length = folder.len + name.len + is_folder;
    char *path = arena_alloc(&s->found.arena, length + 1);

    if (!path)
        return span_of(NULL, 0);
    if (folder.len)
        memcpy(path, folder.ptr, folder.len);
    memcpy(path + folder.len, name.ptr, name.len);
    memcpy(path + folder.len + name.len, "/", 1);
    path[length] = '\0';
    return span_of(path, length);
}

static int add_pending(struct searching *s, struct span path)
{
    struct pending *p = arena_alloc(&s->found.arena, sizeof *p);

    if (!p || !path.ptr)
        return -ENOMEM;
    *p = (struct pending){.path = path};
    *s->last = p;
    s->last = &p->next;
    return 0;
}

static int add_found(struct searching *s, struct listing_entry entry, struct span path)
{
    entry.name = path;
    return path.ptr && listing_found_add(&s->found, entry) ? 0 : -ENOMEM;
}

static int look_at(struct searching *s, const struct listing_folder *folder, struct span path,
                   const char *name, struct span word)
{
    struct listing_entry entry;
    bool is_link;
    int error = listing_member(folder, name, &entry, &is_link);

    if (error <= 0)
        return error;
    error = 0;
    if (search_matches(entry.name, word))
        error = add_found(s, entry, join(s, span_from(path, s->prefix), entry.name, false));
    // A link could lead in circles.
    if (error == 0 && entry.is_folder && !is_link)
        error = add_pending(s, join(s, path, entry.name, true));
    return error;
}

/* Looks into one folder, whose descriptor it takes. 0 when the search goes on; 1 at a limit. */
static int look_into(struct searching *s, int fd, struct span path, const struct listing_look *look,
                     struct span word)
{
    const struct listing_folder folder = {.root = s->root, .path = path.ptr, .fd = fd};
    DIR *dir = fdopendir(fd);
    const struct dirent *member;
    int result = 0;

    if (!dir) {
        close(fd);
        return -ENOMEM;
    }
    while (result == 0) {
        errno = 0;
        member = readdir(dir);
        if (!member) {
            result = -errno;
            break;
        }
        if (listing_hides(member->d_name, look->dotfiles))
            continue;
        if (hurry_is_on(look->hurry)) {
            result = -EINTR;
        } else if (s->found.count == LIMIT_SEARCH_RESULTS || s->visited++ == LIMIT_SEARCH_VISITED) {
            s->found.truncated = true;
            result = 1;
        } else {
            result = look_at(s, &folder, path, member->d_name, word);
        }
    }
    closedir(dir);
    return result;
}

static int search_all(struct searching *s, const char *folder, const struct listing_look *look,
                      struct span word)
{
    int result = add_pending(s, span_from_str(folder));

    for (struct pending *p = s->first; p && result == 0; p = p->next) {
        int flags = O_RDONLY | O_DIRECTORY | (p == s->first ? 0 : O_NOFOLLOW);
        int fd = fs_open(s->root, p->path.ptr, flags);

        if (fd >= 0)
            result = look_into(s, fd, p->path, look, word);
        else if (p == s->first || !(fs_error_is_absence(-fd) || fd == -EACCES || fd == -EPERM))
            result = fd; // others were removed meanwhile, or may not be read
    }
    return result < 0 ? result : 0;
}

int search_read(const struct root *root, const char *folder, const struct listing_look *look,
                struct span word, struct listing_found *ret_found)
{
    struct searching s = {.root = root, .prefix = strlen(folder)};
    bool is_sound = word.len > 0 && word.len <= LIMIT_SEARCH_WORD;
    int error;

    *ret_found = s.found;
    s.last = &s.first;
    error = arena_init(&s.found.arena, 4096) < 0 ? -ENOMEM : 0;
    if (error == 0 && is_sound)
        error = search_all(&s, folder, look, word);
    if (error)
        listing_found_done(&s.found);
    *ret_found = s.found;
    return error;
}
