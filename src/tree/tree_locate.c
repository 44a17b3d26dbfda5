// SPDX-License-Identifier: MIT
/*
 * From a path that a client named to those that the thing itself has: links are followed as the
 * system would, beneath the root. Where there are none, which the first look tells, this costs
 * nothing. What the links say is only believed after a look at where it leads, without them, has
 * found the same thing.
 */
#include "base/path.h"
#include "base/utf8.h"
#include "fs/open.h"
#include "fs/other_form.h"
#include "fs/peek.h"
#include "fs/walk.h"
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>

enum { ATTEMPTS = 8 }; // while others change the same links

/* Texts that struct tree_names may point into. */
struct way {
    char name[PATH_MAX], thing[PATH_MAX];
};

/* Follows the links on the way to a path's last name, or (`through`) also that name if it is one.
 */
static int follow(const struct tree *t, struct span path, bool through, char ret_path[PATH_MAX],
                  size_t *ret_length)
{
    char asked[PATH_MAX];

    memcpy(asked, path.ptr, path.len);
    asked[path.len] = '\0';
    return walk_follow(t->root, asked, through, ret_path, ret_length);
}

static bool is_same(const struct tree_seen *a, const struct tree_seen *b)
{
    return a->kind == b->kind && a->stamp.device == b->stamp.device &&
           a->stamp.inode == b->stamp.inode;
}

static bool leads_on(const struct found *f)
{
    return f->link && f->seen.kind != TREE_OTHER;
}

/* -ESTALE: there is a link on the way. */
static int look_at(const struct tree *t, struct span path, struct found *ret_found)
{
    struct place p;
    struct stat st;
    int error;

    if (path.len == 0) {
        if (fstat(t->root->fd, &st) < 0)
            return -errno;
        *ret_found = (struct found){.seen = tree_seen_from_stat(&st), .folder = true};
        return 0;
    }
    error = place_open(t, path, &p);
    if (error)
        return error;
    error = place_look(t, &p, ret_found);
    place_done(&p);
    return error;
}

/* Whether both are in the same folder, the first by way of links: else -ESTALE. */
static int compare_folders(const struct tree *t, struct span path, struct span name)
{
    char parent[LIMIT_TREE_PATH + 1];
    struct place p;
    struct stat st;
    int error = place_open(t, name, &p);
    int fd;

    if (error)
        return error;
    tree_write_parent(path, parent);
    fd = fs_open(t->root, parent, O_PATH | O_DIRECTORY);
    if (fd < 0)
        error = fd;
    else if (fstat(fd, &st) < 0)
        error = -errno;
    else if (st.st_dev != p.device || st.st_ino != p.inode)
        error = -ESTALE;
    if (fd >= 0)
        close(fd);
    place_done(&p);
    return error;
}

/* A temporary is nobody's business, whatever leads there. */
static bool is_reserved(struct span path)
{
    return tree_check_way(path) == -EINVAL;
}

static int find_name(const struct tree *t, struct span path, struct way *way, struct span *ret_name,
                     struct found *ret_found)
{
    size_t length;
    int error = follow(t, path, false, way->name, &length);
    struct span name = span_of(way->name, length);

    if (error == 0 && is_reserved(name))
        error = -ENOENT;
    if (error == 0)
        error = compare_folders(t, path, name);
    if (error == 0)
        error = look_at(t, name, ret_found);
    if (error == 0)
        *ret_name = name;
    return error;
}

static int find_thing(const struct tree *t, struct span name, struct way *way,
                      struct span *ret_thing, struct found *found)
{
    struct found goal;
    size_t length;
    int error = follow(t, name, true, way->thing, &length);
    struct span thing = span_of(way->thing, length);

    if (error == 0 && is_reserved(thing)) {
        found->seen.kind = TREE_OTHER;
        return 0;
    }
    if (error == 0)
        error = look_at(t, thing, &goal);
    if (error && fs_error_is_absence(-error))
        error = -ESTALE; // it led somewhere just now
    if (error == 0 && (goal.link || !is_same(&goal.seen, &found->seen)))
        error = -ESTALE;
    if (error)
        return error;
    *found = goal;
    *ret_thing = thing;
    return 0;
}

static int find(const struct tree *t, struct span path, struct way *way,
                struct tree_names *ret_names, struct found *ret_found)
{
    struct tree_names names;
    int error = -ESTALE;

    for (int attempt = 0; attempt < ATTEMPTS && error == -ESTALE; attempt++) {
        names = (struct tree_names){path, path, path};
        error = look_at(t, path, ret_found);
        if (error == -ESTALE)
            error = find_name(t, path, way, &names.name, ret_found);
        names.thing = names.name;
        if (error == 0 && leads_on(ret_found))
            error = find_thing(t, names.name, way, &names.thing, ret_found);
    }
    if (error == 0)
        *ret_names = names;
    return error == -ESTALE ? -EAGAIN : error;
}

static enum tree_kind parent_kind(const struct tree *t, struct span path)
{
    char parent[LIMIT_TREE_PATH + 1];
    enum tree_kind kind = TREE_ABSENT;
    struct stat st;
    int fd;

    tree_write_parent(path, parent);
    fd = fs_open(t->root, parent, O_PATH);
    if (fd < 0)
        return TREE_ABSENT;
    if (fstat(fd, &st) == 0)
        kind = tree_seen_from_stat(&st).kind;
    close(fd);
    return kind;
}

/* How a look went that found `found`, or failed. */
static int tell(const struct tree *t, struct span path, int error, const struct found *found,
                struct tree_look *ret_look)
{
    struct tree_look look = {.name = TREE_NAME_OK};

    if (error == 0) {
        look.parent = TREE_COLLECTION;
        look.here = found->seen;
        look.is_link = leads_on(found);
    } else if (fs_error_is_absence(-error)) {
        look.parent = parent_kind(t, path);
    }
    if (error == -ENAMETOOLONG)
        look.name = TREE_NAME_TOO_LONG;
    else if (error == -EILSEQ || error == -EINVAL)
        look.name = TREE_NAME_REFUSED;
    else if (error && !fs_error_is_absence(-error))
        return error;
    *ret_look = look;
    return 0;
}

int tree_look(struct tree *t, struct span path, struct tree_look *ret_look)
{
    struct found found;
    int error = look_at(t, path, &found);

    return tell(t, path, error == -ESTALE ? -ENOENT : error, &found, ret_look);
}

/* A path on the arena, unless it is the one that was asked for, or known already. */
static int keep(struct span *path, struct span asked, struct span known, struct arena *arena)
{
    if (path->ptr == asked.ptr)
        return 0;
    *path = known.ptr && span_eq(*path, known) ? known
            : path->len                        ? arena_copy(arena, *path)
                                               : SPAN("");
    return path->ptr ? 0 : -ENOMEM;
}

static int locate(const struct tree *t, struct span path, struct arena *arena,
                  struct tree_look *ret_look, struct tree_names *names)
{
    struct tree_names now = {path, path, path};
    struct tree_look look;
    struct found found;
    struct way way;
    int error = find(t, path, &way, &now, &found);

    error = tell(t, path, error, &found, &look);
    if (error == 0)
        error = keep(&now.name, path, names->name, arena);
    if (error == 0 && now.thing.ptr == way.name)
        now.thing = now.name;
    else if (error == 0)
        error = keep(&now.thing, path, names->thing, arena);
    if (error)
        return error;
    *ret_look = look;
    *names = now;
    return 0;
}

/*
 * Where nothing was found: by the names that are there in another Unicode form, if any. before:
 * what an earlier look found.
 */
static int locate_other_form(const struct tree *t, struct span path,
                             const struct tree_names *before, struct arena *arena,
                             struct tree_look *ret_look, struct tree_names *ret_names)
{
    struct tree_names now = *before;
    char asked[LIMIT_TREE_PATH + 1], text[PATH_MAX];
    int error;

    memcpy(asked, path.ptr, path.len);
    asked[path.len] = '\0';
    error = fs_other_form(t->root, asked, text);
    if (error <= 0 || tree_check_path(t, span_from_str(text)) != TREE_NAME_OK)
        return error < 0 ? error : 0;
    error = locate(t, span_from_str(text), arena, ret_look, &now);
    if (error == 0 && now.thing.ptr == text)
        error = keep(&now.thing, path, before->thing, arena);
    if (error == 0 && now.name.ptr == text)
        error = keep(&now.name, path, before->name, arena);
    if (error)
        return error;
    *ret_names = (struct tree_names){path, now.name, now.thing};
    return 0;
}

int tree_locate(struct tree *t, struct span path, struct arena *arena, struct tree_look *ret_look,
                struct tree_names *names)
{
    enum tree_name name = tree_check_path(t, path);
    struct tree_names before = *names;
    int error;

    if (name != TREE_NAME_OK) {
        *ret_look = (struct tree_look){.name = name};
        *names = (struct tree_names){path, path, path};
        return 0;
    }
    error = locate(t, path, arena, ret_look, names);
    if (error == 0 && ret_look->here.kind == TREE_ABSENT && path.len)
        error = locate_other_form(t, path, &before, arena, ret_look, names);
    return error;
}

/* A path's folder: the root's own, or another for the caller to close. Only one that can be read is
 * opened by those who may wait (place_open). */
static int peek_folder(const struct tree *t, struct span path)
{
    char parent[LIMIT_TREE_PATH + 1];
    int fd = t->root->fd;

    if (tree_write_parent(path, parent))
        fd = peek_open(t->root, fd, parent, O_DIRECTORY);
    if (fd < 0 || faccessat(fd, "", R_OK, AT_EMPTY_PATH | AT_EACCESS) == 0)
        return fd;
    if (fd != t->root->fd)
        close(fd);
    return -EAGAIN;
}

/* What has the name in that folder, if anything. */
static int peek_leaf(const struct tree *t, int folder, struct span name, struct tree_seen *ret_seen)
{
    char leaf[NAME_MAX + 1]; // no name of a path that was checked is longer
    struct stat st;
    int fd, error;

    memcpy(leaf, name.ptr, name.len);
    leaf[name.len] = '\0';
    fd = peek_open(t->root, folder, leaf, O_NOFOLLOW);
    if (fd < 0)
        return fd;
    error = fstat(fd, &st) < 0 || S_ISLNK(st.st_mode) ? -EAGAIN : 0;
    close(fd);
    if (error == 0)
        *ret_seen = tree_seen_from_stat(&st);
    return error;
}

/* -ENOENT: nothing. -EAGAIN: who may wait is to look. */
static int peek_at(const struct tree *t, struct span path, struct tree_seen *ret_seen)
{
    struct stat st;
    int folder, error;

    if (!t->root->is_local)
        return -EAGAIN;
    if (path.len == 0) {
        if (fstat(t->root->fd, &st) < 0)
            return -EAGAIN;
        *ret_seen = tree_seen_from_stat(&st);
        return 0;
    }
    folder = peek_folder(t, path);
    if (folder < 0)
        return -EAGAIN;
    error = peek_leaf(t, folder, path_leaf(path), ret_seen);
    if (folder != t->root->fd)
        close(folder);
    return error == -ENOENT && !utf8_is_ascii(path) ? -EAGAIN : error; // it may have another form
}

bool tree_locate_at_once(const struct tree *t, struct span path, struct tree_look *ret_look,
                         struct tree_names *ret_names)
{
    struct tree_look look = {.name = tree_check_path(t, path)};

    if (look.name == TREE_NAME_OK) {
        if (peek_at(t, path, &look.here) == -EAGAIN)
            return false;
        look.parent = TREE_COLLECTION;
    }
    *ret_look = look;
    *ret_names = (struct tree_names){path, path, path};
    return true;
}

int tree_locate_member(struct tree *t, struct span path, struct arena *arena,
                       struct tree_names *ret_names)
{
    struct tree_names names = {0};
    struct tree_look look;
    int error = locate(t, path, arena, &look, &names);

    if (error == 0)
        *ret_names = names;
    return error;
}

size_t tree_names_list(const struct tree_names *names, struct span ret_paths[TREE_NAMES])
{
    size_t n = 0;

    ret_paths[n++] = names->thing;
    if (!span_eq(names->name, names->thing))
        ret_paths[n++] = names->name;
    if (!span_eq(names->asked, names->name) && !span_eq(names->asked, names->thing))
        ret_paths[n++] = names->asked;
    return n;
}
