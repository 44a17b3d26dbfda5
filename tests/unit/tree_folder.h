// SPDX-License-Identifier: MIT
/*
 * A folder for one test, with a tree over it, and what tests of the tree ask of a folder.
 */
#ifndef CANDOR_TESTS_TREE_FOLDER_H
#define CANDOR_TESTS_TREE_FOLDER_H

#include "unit.h"

#include "tree/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct tree_folder {
    char path[64];
    int root;
    struct root *at; // the same, as the tree has it
    struct tree *tree;
};

static inline void tree_folder_reopen(struct tree_folder *f, struct tree_options options)
{
    tree_free(f->tree);
    root_unref(f->at);
    assert_int_equal(root_open(f->path, &f->at), 0);
    assert_int_equal(tree_open(f->at, &options, &f->tree), 0);
}

static inline struct tree_folder tree_folder_new(struct tree_options options)
{
    struct tree_folder f = {.path = "/tmp/candor-tree-XXXXXX"};

    assert_non_null(mkdtemp(f.path));
    f.root = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(f.root >= 0);
    tree_folder_reopen(&f, options);
    return f;
}

static inline int tree_folder_unlink(const char *path, const struct stat *st, int type,
                                     struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void tree_folder_free(struct tree_folder *f)
{
    tree_free(f->tree);
    root_unref(f->at);
    close(f->root);
    nftw(f->path, tree_folder_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int tree_folder_put(struct tree_folder *f, const char *path, const char *content)
{
    struct tree_result result;

    return tree_put(f->tree, span_from_str(path), span_from_str(content), TREE_NOW, NULL, &result);
}

static inline int tree_folder_mkdir(struct tree_folder *f, const char *path)
{
    struct tree_result result;

    return tree_mkdir(f->tree, span_from_str(path), NULL, &result);
}

/* The file's content, or "-" when there is none; valid until the next call. */
static inline const char *tree_folder_read(const struct tree_folder *f, const char *path)
{
    static char content[64 * 1024];
    int fd = openat(f->root, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, content, sizeof content - 1);

    if (fd >= 0)
        close(fd);
    if (n < 0)
        return "-";
    content[n] = '\0';
    return content;
}

/* Members of a folder, temporaries too; -1 when it is none. */
static inline int tree_folder_count(const struct tree_folder *f, const char *path)
{
    int fd = openat(f->root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int count = -2; // "." and ".."

    if (!dir)
        return -1;
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* The tree's operations with strings, and no terms but overwriting. */
static inline struct tree_look look(struct tree_folder *f, const char *path)
{
    struct tree_look l = {0};

    assert_int_equal(tree_look(f->tree, span_from_str(path), &l), 0);
    return l;
}

static inline int discard(struct tree_folder *f, const char *path)
{
    return tree_delete(f->tree, span_from_str(path), NULL);
}

static inline int move(struct tree_folder *f, const char *from, const char *to, bool overwrite)
{
    struct tree_terms terms = {.must_not_exist = !overwrite};
    struct tree_result result;

    return tree_move(f->tree, span_from_str(from), span_from_str(to), NULL, &terms, &result);
}

static inline int copy(struct tree_folder *f, const char *from, const char *to, bool overwrite)
{
    struct tree_terms terms = {.must_not_exist = !overwrite};
    struct tree_result result;

    return tree_copy(f->tree, span_from_str(from), span_from_str(to), NULL, &terms, &result);
}

#endif
