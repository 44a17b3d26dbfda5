// SPDX-License-Identifier: MIT
#include "resource/files/search.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "fs/descent.h"
#include "resource/files/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

#define NOT_UTF8 0x110000u // beyond all characters
enum { NOT_UTF8_MARK = 0xfe };

/* Takes one character off the front of *s. A byte that is not UTF-8 is beyond all characters. */
static uint32_t take_folded(struct span *s)
{
    const unsigned char *p = (const unsigned char *)s->ptr;
    size_t n = utf8_length(*s);
    uint32_t c;

    switch (n) {
    case 0:
        c = NOT_UTF8 + p[0];
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

enum {
    FOLDED = 2 * 255 + UTF8_MOST
}; // bytes of what is longest when folded: a name, or a word, of 255

/* The text in one form for all cases of its letters; the bytes that are not UTF-8 are marked, so
 * that they are found as what they are alone. What has no room is left out. */
static struct span fold_text(struct span text, char room[FOLDED])
{
    size_t n = 0;

    while (text.len && FOLDED - n >= UTF8_MOST) {
        uint32_t c = take_folded(&text);

        if (c >= NOT_UTF8) {
            room[n++] = (char)NOT_UTF8_MARK;
            room[n++] = (char)(c - NOT_UTF8);
        } else {
            n += utf8_write(c, room + n);
        }
    }
    return span_of(room, n);
}

static bool contains(struct span name, struct span folded_word)
{
    char room[FOLDED];
    struct span folded = fold_text(name, room);

    return folded_word.len && memmem(folded.ptr, folded.len, folded_word.ptr, folded_word.len);
}

bool search_matches(struct span name, struct span word)
{
    char room[FOLDED];

    return contains(name, fold_text(word, room));
}

/* A folder that is still to be looked into; its path is relative to the root, "" or "a/". */
struct pending {
    struct pending *next;
    size_t length;
    char path[]; // with a NUL
};

struct searching {
    const struct root *root;
    size_t prefix; // bytes of a path that name the folder searched
    const struct listing_look *look;
    struct span word;               // folded
    struct pending *first, **last;  // nearest first, as long as there is memory for them
    size_t memory;                  // of those
    struct descent within;          // the one at hand: subfolders for which there is none
    char path[2 * LIMIT_TREE_PATH]; // of the folder that is being read, with "/" behind it
    size_t visited;
    struct listing_found found;
};

/* False: it does not fit among those that wait. */
static bool add_pending(struct searching *s, struct span folder, struct span name)
{
    size_t length = folder.len + name.len + (name.len > 0);
    struct pending *p;

    if (s->memory + length > LIMIT_SEARCH_PENDING)
        return false;
    p = malloc(sizeof *p + length + 1);
    if (!p)
        return false;
    p->next = NULL;
    p->length = length;
    if (folder.len)
        memcpy(p->path, folder.ptr, folder.len);
    memcpy(p->path + folder.len, name.ptr, name.len);
    if (name.len)
        p->path[length - 1] = '/';
    p->path[length] = '\0';
    s->memory += sizeof *p + length + 1;
    *s->last = p;
    s->last = &p->next;
    return true;
}

static struct pending *take_pending(struct searching *s)
{
    struct pending *p = s->first;

    if (!p)
        return NULL;
    s->first = p->next;
    if (!s->first)
        s->last = &s->first;
    s->memory -= sizeof *p + p->length + 1;
    return p;
}

static int add_found(struct searching *s, struct listing_entry entry)
{
    struct span folder = span_from(span_from_str(s->path), s->prefix);
    char *path = arena_alloc(&s->found.arena, folder.len + entry.name.len);

    if (!path)
        return -ENOMEM;
    if (folder.len)
        memcpy(path, folder.ptr, folder.len);
    memcpy(path + folder.len, entry.name.ptr, entry.name.len);
    entry.name = span_of(path, folder.len + entry.name.len);
    listing_found_count(&s->found, &entry);
    return listing_found_add(&s->found, entry);
}

static int add_subfolder(struct searching *s, const char *name)
{
    int error;

    if (add_pending(s, span_from_str(s->path), span_from_str(name)))
        return 0;
    error = descent_add(&s->within, name);
    return error == -ENAMETOOLONG ? 0 : error; // nobody can ask for it
}

static int look_at(struct searching *s, const struct listing_folder *folder,
                   const struct dirent *member)
{
    bool matches = contains(span_from_str(member->d_name), s->word), is_link = false;
    struct listing_entry entry;
    int error;

    if (!matches && member->d_type != DT_DIR && member->d_type != DT_UNKNOWN)
        return 0;
    if (!matches && member->d_type == DT_DIR)
        return add_subfolder(s, member->d_name);
    error = listing_member(folder, member->d_name, &entry, &is_link);
    if (error <= 0)
        return error;
    error = matches ? add_found(s, entry) : 0;
    // A link could lead in circles.
    if (error == 0 && entry.is_folder && !is_link)
        error = add_subfolder(s, member->d_name);
    return error;
}

/* 0 when the search goes on; 1 at a limit. */
static int look_at_all(struct searching *s, DIR *dir)
{
    const struct listing_folder folder = {.root = s->root, .path = s->path, .fd = dirfd(dir)};
    const struct dirent *member;
    int result = 0;

    if (s->within.at)
        seekdir(dir, (long)s->within.at);
    while (result == 0 && !s->within.is_paused) {
        errno = 0;
        member = readdir(dir);
        if (!member)
            return -errno;
        if (listing_hides(member->d_name, s->look->dotfiles))
            continue;
        if (hurry_is_on(s->look->hurry))
            return -EINTR;
        if (s->found.count == LIMIT_SEARCH_RESULTS || s->visited++ == LIMIT_SEARCH_VISITED) {
            s->found.truncated = true;
            return 1;
        }
        result = look_at(s, &folder, member);
        if (descent_is_full(&s->within))
            descent_pause(&s->within, member->d_off);
    }
    return result;
}

/* Looks into the folder of the path. */
static int look_into(struct searching *s, bool is_first)
{
    int fd = fs_open(s->root, s->path, O_RDONLY | O_DIRECTORY | (is_first ? 0 : O_NOFOLLOW));
    DIR *dir;
    int result;

    if (fd < 0) // others were removed meanwhile, or may not be read
        return is_first || !(fs_error_is_absence(-fd) || fd == -EACCES || fd == -EPERM) ? fd : 0;
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return -ENOMEM;
    }
    result = look_at_all(s, dir);
    closedir(dir);
    return result;
}

/* The folder, and those of its subfolders that could not wait. */
static int search_within(struct searching *s, const struct pending *p, bool is_first)
{
    int result = descent_begin(&s->within);
    enum descent_event event;

    while (result == 0 && (event = descent_next(&s->within)) != DESCENT_END) {
        const char *below = s->within.path;

        if (event != DESCENT_READ || snprintf(s->path, sizeof s->path, "%s%s%s", p->path, below,
                                              *below ? "/" : "") >= (int)sizeof s->path)
            continue;
        result = look_into(s, is_first);
        is_first = false;
    }
    descent_done(&s->within);
    return result;
}

static int search_all(struct searching *s, const char *folder)
{
    struct pending *p;
    bool is_first = true;
    int result = add_pending(s, span_from_str(folder), SPAN("")) ? 0 : -ENOMEM;

    while (result == 0 && (p = take_pending(s))) {
        result = search_within(s, p, is_first);
        is_first = false;
        free(p);
    }
    while ((p = take_pending(s)))
        free(p);
    return result < 0 ? result : 0;
}

int search_read(const struct root *root, const char *folder, const struct listing_look *look,
                struct span word, struct listing_found *ret_found)
{
    struct searching *s = calloc(1, sizeof *s);
    char room[FOLDED];
    int error;

    *ret_found = (struct listing_found){0};
    if (!s)
        return -ENOMEM;
    s->root = root;
    s->prefix = strlen(folder);
    s->look = look;
    s->word = fold_text(word, room);
    s->last = &s->first;
    s->found.memory.client = look->client;
    error = arena_init(&s->found.arena, 4096) < 0 ? -ENOMEM : 0;
    if (error == 0 && word.len && word.len <= LIMIT_SEARCH_WORD)
        error = search_all(s, folder);
    if (error)
        listing_found_done(&s->found);
    *ret_found = s->found;
    free(s);
    return error;
}
