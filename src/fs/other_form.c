// SPDX-License-Identifier: MIT
#include "fs/other_form.h"

#include "base/limits.h"
#include "base/span.h"
#include "base/utf8.h"
#include "fs/open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <utf8proc.h>

/* Puts text behind the first bytes of a path. */
static bool append(char *path, size_t length, struct span text)
{
    if (length + text.len >= PATH_MAX)
        return false;
    if (text.len)
        memcpy(path + length, text.ptr, text.len);
    path[length + text.len] = '\0';
    return true;
}

/* 1: something is there; 0: nothing that can be reached is; or a negated errno. */
static int look(const struct root *root, const char *path, bool *ret_lacks_name)
{
    int fd = fs_open(root, path, O_PATH | O_NOFOLLOW);

    *ret_lacks_name = fd == -ENOENT;
    if (fd >= 0)
        close(fd);
    if (fd < 0 && !fs_error_is_absence(-fd) && fd != -EACCES && fd != -EPERM)
        return fd;
    return fd >= 0;
}

/* Whether the name in that form, behind the first bytes of the path, is another one and there. */
static int try_form(const struct root *root, char *path, size_t length, struct span name,
                    utf8proc_option_t form)
{
    utf8proc_uint8_t *text = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)name.ptr,
                                      (utf8proc_ssize_t)name.len, &text, UTF8PROC_STABLE | form);
    struct span other = span_of((const char *)text, n > 0 ? (size_t)n : 0);
    bool unused;
    int result = n == UTF8PROC_ERROR_NOMEM ? -ENOMEM : 0;

    if (n > 0 && !span_eq(other, name) && append(path, length, other))
        result = look(root, path, &unused);
    free(text);
    return result;
}

/* Replaces a name that is not there, behind the first bytes of the path. */
static int replace(const struct root *root, char *path, size_t length, struct span name)
{
    char composed[PATH_MAX];
    int is_composed = try_form(root, path, length, name, UTF8PROC_COMPOSE), is_decomposed;

    if (is_composed < 0)
        return is_composed;
    memcpy(composed, path, strlen(path) + 1);
    is_decomposed = try_form(root, path, length, name, UTF8PROC_DECOMPOSE);
    if (is_decomposed < 0 || (is_decomposed && is_composed))
        return is_decomposed < 0 ? is_decomposed : 0; // of both nobody can tell which is meant
    if (is_composed)
        memcpy(path, composed, strlen(composed) + 1);
    return is_composed || is_decomposed;
}

int fs_other_form(const struct root *root, const char *path, char ret_path[PATH_MAX])
{
    struct span rest = span_from_str(path);
    size_t length = 0;
    int found = 0;

    if (utf8_is_ascii(rest) || rest.len >= PATH_MAX)
        return 0;
    while (rest.len) {
        struct span name = span_first(rest, span_find(rest, '/')), after;
        bool lacks_name, replaced;
        int result;

        after = span_from(rest, name.len);
        if (!append(ret_path, length, name))
            return 0;
        result = look(root, ret_path, &lacks_name);
        replaced = result == 0 && lacks_name && !utf8_is_ascii(name);
        if (replaced)
            result = replace(root, ret_path, length, name);
        if (result < 0)
            return result;
        if (result == 0) // what comes behind is not there
            return found && append(ret_path, length, rest);
        found |= replaced;
        length = strlen(ret_path);
        if (after.len && !append(ret_path, length++, SPAN("/")))
            return 0;
        rest = span_from(after, 1);
    }
    return found;
}
