// SPDX-License-Identifier: MIT
/*
 * All members of a folder, or all that is below it. It does not recurse, and enters no link, as
 * those could lead in circles.
 */
#include "fs/open.h"
#include "tree/path_list.h"
#include "tree/tree.h"

#include <errno.h>
#include <stdlib.h>

enum { BATCH = 64 };

struct below {
    struct tree *tree;
    bool deep;
    tree_visit visit;
    void *context;
    struct path_list folders;
};

static int visit_batch(struct below *b, const char *folder, const struct tree_member *members,
                       size_t count)
{
    int result = 0;

    for (size_t i = 0; i < count && result == 0; i++) {
        const struct tree_member *m = &members[i];

        result = b->visit(b->context, span_from_str(folder), m);
        if (result == 0 && b->deep && m->seen.kind == TREE_COLLECTION && !m->is_link && !m->error)
            result = path_list_add(&b->folders, folder, m->name.ptr);
        if (result == -ENAMETOOLONG)
            result = 0; // so deep that nobody can ask for it
    }
    return result;
}

static int visit_folder(struct below *b, const char *path, bool is_first, const struct hurry *hurry)
{
    struct tree_member members[BATCH];
    struct tree_list *list;
    size_t count = 1;
    int result = tree_list_open(b->tree, span_from_str(path), &list);

    // Gone meanwhile, or not readable: it was visited itself.
    if (result && !is_first &&
        (fs_error_is_absence(-result) || result == -EACCES || result == -EPERM))
        return 0;
    if (result)
        return result;
    while (result == 0 && count) {
        result = hurry_is_on(hurry) ? -EINTR : tree_list_read(list, members, BATCH, &count);
        if (result == 0)
            result = visit_batch(b, path, members, count);
    }
    tree_list_close(list);
    return result;
}

int tree_list_below(struct tree *t, struct span path, bool deep, const struct hurry *hurry,
                    tree_visit visit, void *context)
{
    struct below b = {.tree = t, .deep = deep, .visit = visit, .context = context};
    char *folder = span_to_str(path);
    int result = folder ? visit_folder(&b, folder, true, hurry) : -ENOMEM;

    while (result == 0 && b.folders.count) {
        free(folder);
        folder = b.folders.paths[--b.folders.count];
        result = visit_folder(&b, folder, false, hurry);
    }
    free(folder);
    path_list_done(&b.folders);
    return result;
}
