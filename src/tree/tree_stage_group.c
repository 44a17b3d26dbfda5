// SPDX-License-Identifier: MIT
/*
 * The hidden folder that many stages share, so that each needs a descriptor only while it grows.
 */
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

static int make_group_folder(struct stage_group *g)
{
    int error = -EEXIST;

    for (int attempt = 0; attempt < 8 && error == -EEXIST; attempt++) {
        tree_name_temporary(g->tree, g->name);
        error = mkdirat(g->place.folder, g->name, 0700) < 0 ? -errno : 0;
    }
    if (error)
        return error;
    g->fd = openat(g->place.folder, g->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (g->fd < 0) {
        error = -errno;
        unlinkat(g->place.folder, g->name, AT_REMOVEDIR);
        return error;
    }
    (void)flock(g->fd, LOCK_SH | LOCK_NB); // as for a temporary file
    return 0;
}

int tree_group_begin(struct tree *t, struct span path, struct stage_group **ret_group)
{
    struct stage_group *g = malloc(sizeof *g);
    int error = g ? tree_need_count(t, t->options.hurry) : -ENOMEM;

    if (error == 0)
        error = place_open(t, path, &g->place);
    if (error) {
        free(g);
        return error;
    }
    g->tree = t;
    error = make_group_folder(g);
    if (error) {
        place_done(&g->place);
        free(g);
        return error;
    }
    *ret_group = g;
    return 0;
}

void tree_group_free(struct stage_group *g)
{
    if (!g)
        return;
    unlinkat(g->place.folder, g->name, AT_REMOVEDIR);
    close(g->fd);
    place_done(&g->place);
    free(g);
}
