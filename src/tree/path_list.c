// SPDX-License-Identifier: MIT
#include "tree/path_list.h"

#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int path_list_add(struct path_list *l, const char *folder, const char *name)
{
    size_t a = strlen(folder), b = strlen(name);
    char *path;

    if (a + b + 1 > LIMIT_TREE_PATH)
        return -ENAMETOOLONG;
    if (l->count >= LIMIT_TREE_FOLDERS)
        return -EMLINK;
    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 64;
        char **grown = realloc(l->paths, capacity * sizeof *grown);

        if (!grown)
            return -ENOMEM;
        l->paths = grown;
        l->capacity = capacity;
    }
    path = malloc(a + b + 2);
    if (!path)
        return -ENOMEM;
    memcpy(path, folder, a);
    if (a)
        path[a++] = '/';
    memcpy(path + a, name, b + 1);
    l->paths[l->count++] = path;
    return 0;
}

void path_list_done(struct path_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->paths[i]);
    free(l->paths);
    *l = (struct path_list){0};
}
