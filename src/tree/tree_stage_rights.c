// SPDX-License-Identifier: MIT
/*
 * Whose new content is: that of the owner of what it replaces.
 */
#include "tree/tree_parts.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* Whether it is of the owner's making, and moves with the content. */
static bool is_attribute_kept(const char *name)
{
    return strncmp(name, "user.", 5) == 0 || strcmp(name, "system.posix_acl_access") == 0;
}

/* One attribute; what the file system does not take is left out. */
static int keep_attribute(int to, const char *path, const char *name)
{
    ssize_t size = lgetxattr(path, name, NULL, 0);
    char *value;
    int error = 0;

    if (size < 0)
        return 0; // gone meanwhile
    value = malloc((size_t)size + 1);
    if (!value)
        return -ENOMEM;
    size = lgetxattr(path, name, value, (size_t)size);
    if (size >= 0 && fsetxattr(to, name, value, (size_t)size, 0) < 0 &&
        (errno == ENOSPC || errno == EDQUOT))
        error = -errno;
    free(value);
    return error;
}

/* Extended attributes and access rights of what is replaced. Usually there are none: one call. */
static int keep_attributes(const struct stage *s)
{
    char path[sizeof "/proc/self/fd//" + 3 * sizeof(int) + NAME_MAX];
    ssize_t size;
    char *names;
    int error = 0;

    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", s->place.folder, s->place.leaf);
    size = llistxattr(path, NULL, 0);
    if (size <= 0)
        return 0;
    names = malloc((size_t)size + 1);
    if (!names)
        return -ENOMEM;
    size = llistxattr(path, names, (size_t)size);
    names[size < 0 ? 0 : size] = '\0';
    for (const char *name = names; error == 0 && name < names + size; name += strlen(name) + 1)
        if (is_attribute_kept(name))
            error = keep_attribute(s->fd, path, name);
    free(names);
    return error;
}

/*
 * A server that is not root keeps the group where it is in it, and the owner where that is itself.
 * Usually the file is right as it was made.
 */
static int keep_owner(const struct stage *s)
{
    struct stat st;

    if (fstat(s->fd, &st) < 0)
        return -errno;
    if ((st.st_uid == s->owner && st.st_gid == s->owner_group) ||
        fchown(s->fd, s->owner, s->owner_group) == 0)
        return 0;
    if (errno != EPERM || (fchown(s->fd, (uid_t)-1, s->owner_group) < 0 && errno != EPERM))
        return -errno;
    return 0;
}

/* Who may do what with the new content: whoever might with the old. */
int stage_set_rights(const struct stage *s)
{
    int error = s->replaces ? keep_owner(s) : 0;

    if (error)
        return error;
    if (fchmod(s->fd, s->mode) < 0)
        return -errno;
    return s->replaces ? keep_attributes(s) : 0;
}
