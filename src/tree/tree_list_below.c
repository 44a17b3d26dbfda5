// SPDX-License-Identifier: MIT
/*
 * All members of a folder, or all that is below it. It does not recurse, and enters no link, as
 * those could lead in circles.
 */
#include "fs/descent.h"
#include "fs/open.h"
#include "tree/tree.h"

#include <errno.h>
#include <stdlib.h>

enum { BATCH = 64 };

struct below {
    struct tree *tree;
    bool deep;
    tree_visit visit;
    void *context;
    struct descent folders;
};

static int visit_batch(struct below *b, const struct tree_member *members, size_t count)
{
    struct descent *d = &b->folders;
    int result = 0;

    for (size_t i = 0; i < count && result == 0 && !d->is_paused; i++) {
        const struct tree_member *m = &members[i];

        result = b->visit(b->context, span_from_str(d->path), m);
        if (result == 0 && b->deep && m->seen.kind == TREE_COLLECTION && !m->is_link && !m->error)
            result = descent_add(d, m->name.ptr);
        if (result == -ENAMETOOLONG)
            result = 0; // so deep that nobody can ask for it
        if (descent_is_full(d))
            descent_pause(d, m->next);
    }
    return result;
}

static int visit_folder(struct below *b, bool is_first, const struct hurry *hurry)
{
    struct tree_member members[BATCH];
    struct descent *d = &b->folders;
    struct tree_list *list;
    size_t count = 1;
    int result = tree_list_open(b->tree, span_from_str(d->path), &list);

    // Gone meanwhile, or not readable: it was visited itself.
    if (result && !is_first &&
        (fs_error_is_absence(-result) || result == -EACCES || result == -EPERM))
        return 0;
    if (result)
        return result;
    result = tree_list_go_on(list, d->at);
    while (result == 0 && count && !d->is_paused) {
        result = hurry_is_on(hurry) ? -EINTR : tree_list_read(list, members, BATCH, &count);
        if (result == 0)
            result = visit_batch(b, members, count);
    }
    tree_list_close(list);
    return result;
}

int tree_list_below(struct tree *t, struct span path, bool deep, const struct hurry *hurry,
                    tree_visit visit, void *context)
{
    struct below b = {.tree = t, .deep = deep, .visit = visit, .context = context};
    char *folder = span_to_str(path);
    int result = folder ? descent_begin_at(&b.folders, folder) : -ENOMEM;
    enum descent_event event;
    bool is_first = true;

    free(folder);
    while (result == 0 && (event = descent_next(&b.folders)) != DESCENT_END) {
        if (event == DESCENT_READ)
            result = visit_folder(&b, is_first, hurry);
        is_first = false;
    }
    descent_done(&b.folders);
    return result;
}
