// SPDX-License-Identifier: MIT
/*
 * The tree itself: its mutex, the names that it takes, and those of its temporaries.
 */
#include "base/path.h"
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>

int tree_open(struct root *root, const struct tree_options *options, struct tree **ret_tree)
{
    struct tree *t = calloc(1, sizeof *t);

    if (!t)
        return -ENOMEM;
    t->options = *options;
    if (getrandom(&t->writer, sizeof t->writer, 0) != sizeof t->writer) {
        free(t);
        return -EIO;
    }
    t->root = root_ref(root);
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->counted, NULL);
    *ret_tree = t;
    return 0;
}

void tree_free(struct tree *t)
{
    if (!t)
        return;
    root_unref(t->root);
    pthread_mutex_destroy(&t->mutex);
    pthread_cond_destroy(&t->counted);
    free(t);
}

void tree_lock(struct tree *t)
{
    pthread_mutex_lock(&t->mutex);
}

void tree_unlock(struct tree *t)
{
    pthread_mutex_unlock(&t->mutex);
}

static enum tree_name check_path(struct span path, bool dotfiles)
{
    struct span rest = path;

    if (path.len == 0)
        return TREE_NAME_OK;
    if (path.len > LIMIT_TREE_PATH)
        return TREE_NAME_TOO_LONG;
    if (span_find(path, '\0') < path.len)
        return TREE_NAME_NUL;
    if (path.ptr[path.len - 1] == '/')
        return TREE_NAME_MALFORMED;
    while (rest.len) {
        struct span name = span_take_until(&rest, '/');

        if (name.len == 0 || span_eq(name, SPAN(".")) || span_eq(name, SPAN("..")))
            return TREE_NAME_MALFORMED;
        if (name.len > NAME_MAX)
            return TREE_NAME_TOO_LONG;
        if (stamp_name_is_reserved(name))
            return TREE_NAME_RESERVED;
        if (name.ptr[0] == '.' && !dotfiles)
            return TREE_NAME_DOT;
    }
    return TREE_NAME_OK;
}

enum tree_name tree_check_path(const struct tree *t, struct span path)
{
    return check_path(path, t->options.dotfiles);
}

int tree_check_way(struct span path)
{
    enum tree_name name = check_path(path, true);

    return name == TREE_NAME_OK ? 0 : name == TREE_NAME_TOO_LONG ? -ENAMETOOLONG : -EINVAL;
}

void tree_name_temporary(struct tree *t, char ret_name[TEMPORARY_NAME])
{
    snprintf(ret_name, TEMPORARY_NAME, TEMPORARY_PREFIX "%08lx%08lx", (unsigned long)t->writer,
             (unsigned long)atomic_fetch_add(&t->serial, 1) & 0xffffffffUL);
}

bool tree_name_is_temporary(struct span name)
{
    if (!stamp_name_is_reserved(name) || name.len != TEMPORARY_NAME - 1)
        return false;
    for (size_t i = name.len - TEMPORARY_DIGITS; i < name.len; i++)
        if (!memchr("0123456789abcdef", name.ptr[i], 16))
            return false;
    return true;
}

size_t tree_write_parent(struct span path, char ret_parent[LIMIT_TREE_PATH + 1])
{
    struct span parent = path_parent(path);

    if (parent.len)
        memcpy(ret_parent, parent.ptr, parent.len);
    ret_parent[parent.len] = '\0';
    return parent.len;
}

struct tree_seen tree_seen_from_stat(const struct stat *st)
{
    return (struct tree_seen){
        .kind = S_ISREG(st->st_mode)   ? TREE_FILE
                : S_ISDIR(st->st_mode) ? TREE_COLLECTION
                                       : TREE_OTHER,
        .stamp = stamp_from_stat(st),
    };
}

bool tree_seen_eq(const struct tree_seen *a, const struct tree_seen *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == TREE_FILE)
        return stamp_eq(&a->stamp, &b->stamp);
    return a->kind == TREE_ABSENT ||
           (a->stamp.device == b->stamp.device && a->stamp.inode == b->stamp.inode);
}
