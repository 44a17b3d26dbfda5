// SPDX-License-Identifier: MIT
#include "fs/walk.h"

#include "base/limits.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct walk {
    const struct root *root;
    int folder;       // what is done leads to; the root's own where that is empty
    char *done;       // from the root, without links; where it has left the root, from "/"
    size_t length;    // of done, which is no string
    struct span left; // in rest
    size_t asked;     // bytes of left that are of the path itself, not of a link
    int links;
    bool straight, outside;
    char rest[PATH_MAX];
};

/* To a folder that is opened already, or to the root's own. */
static void move_to(struct walk *w, int folder)
{
    if (w->folder != w->root->fd)
        close(w->folder);
    w->folder = folder;
}

static int enter(struct walk *w, struct span name)
{
    size_t slash = w->outside || w->length ? 1 : 0;

    if (w->length + slash + name.len >= PATH_MAX)
        return -ENAMETOOLONG;
    if (slash)
        w->done[w->length++] = '/';
    memcpy(w->done + w->length, name.ptr, name.len);
    w->length += name.len;
    return 0;
}

static void leave(struct walk *w)
{
    while (w->length && w->done[--w->length] != '/')
        ;
}

/* Outside of the root: whether that is behind us. */
static void look_for_root(struct walk *w)
{
    for (int i = 0; i < ROOT_NAMES && w->outside; i++) {
        if (!w->root->names[i].ptr || !span_eq(w->root->names[i], span_of(w->done, w->length)))
            continue;
        w->outside = false;
        w->length = 0;
    }
}

static int step_outside(struct walk *w, struct span name)
{
    int error = 0;

    if (span_eq(name, SPAN("..")))
        leave(w);
    else
        error = enter(w, name);
    look_for_root(w);
    return error;
}

/* The folder of what is done, from the root on: ".." might lead anywhere from where others have
 * moved the folder to. */
static int open_again(struct walk *w)
{
    struct span way = span_of(w->done, w->length);
    char name[NAME_MAX + 1];

    move_to(w, w->root->fd);
    while (way.len) {
        struct span next = span_take_until(&way, '/');
        int fd;

        memcpy(name, next.ptr, next.len); // it was opened before: it is no longer than that
        name[next.len] = '\0';
        fd = openat(w->folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return errno == ENOENT || errno == ENOTDIR ? -EAGAIN : -errno;
        move_to(w, fd);
    }
    return 0;
}

static int step_up(struct walk *w)
{
    struct span real = w->root->names[0];

    if (w->length) {
        leave(w);
        return open_again(w);
    }
    if (!real.ptr)
        return -EXDEV;
    memcpy(w->done, real.ptr, real.len);
    w->length = real.len;
    w->outside = true;
    leave(w);
    look_for_root(w);
    return 0;
}

/* A link of that text takes the place of its name. */
static int step_through(struct walk *w, struct span text)
{
    if (w->straight || ++w->links > LIMIT_TREE_LINKS)
        return -ELOOP;
    if (text.len + w->left.len >= sizeof w->rest)
        return -ENAMETOOLONG;
    if (w->left.len)
        memmove(w->rest + text.len, w->left.ptr, w->left.len);
    memcpy(w->rest, text.ptr, text.len);
    w->left = span_of(w->rest, text.len + w->left.len);
    if (!span_starts(w->left, SPAN("/")))
        return 0;
    move_to(w, w->root->fd);
    w->length = 0;
    w->outside = true;
    look_for_root(w);
    return 0;
}

/* `error` where the name is no link. */
static int follow_link(struct walk *w, const char *name, int error)
{
    char text[PATH_MAX];
    ssize_t n = readlinkat(w->folder, name, text, sizeof text);

    if (n < 0)
        return errno == EINVAL ? error : -errno;
    return n == sizeof text ? -ENAMETOOLONG : step_through(w, span_of(text, (size_t)n));
}

static int step_down(struct walk *w, const char *name)
{
    int fd = openat(w->folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOTDIR ? follow_link(w, name, -ENOTDIR) : -errno;
    move_to(w, fd);
    return enter(w, span_from_str(name));
}

/* The next name; its slash and what is behind that are left. Empty: there is none. */
static struct span take_name(struct walk *w)
{
    struct span name;

    do {
        while (span_starts(w->left, SPAN("/")))
            w->left = span_from(w->left, 1);
        name = span_first(w->left, span_find(w->left, '/'));
        w->left = span_from(w->left, name.len);
    } while (span_eq(name, SPAN(".")));
    return name;
}

static bool is_last(const struct walk *w)
{
    struct span left = w->left;

    while (span_starts(left, SPAN("/")))
        left = span_from(left, 1);
    return left.len == 0;
}

/*
 * As far as there is a name beneath the root that is the last one, which is then in `name` and not
 * entered; empty: it all led to the folder that is open.
 */
static int go_on(struct walk *w, char name[NAME_MAX + 1])
{
    for (;;) {
        struct span next = take_name(w);
        bool is_asked = w->left.len < w->asked;
        int error;

        name[0] = '\0';
        if (next.len == 0)
            return w->outside ? -EXDEV : 0;
        // A link comes back by its own text; else whoever asks could try what the root is called.
        if (is_asked && (w->outside || (w->length == 0 && span_eq(next, SPAN("..")))))
            return -EXDEV;
        if (is_asked)
            w->asked = w->left.len;
        if (next.len > NAME_MAX)
            return -ENAMETOOLONG;
        memcpy(name, next.ptr, next.len);
        name[next.len] = '\0';
        if (w->outside)
            error = step_outside(w, next);
        else if (span_eq(next, SPAN("..")))
            error = step_up(w);
        else if (is_last(w))
            return 0;
        else
            error = step_down(w, name);
        if (error)
            return error;
    }
}

/* 0: it is a link, which is followed now. */
static int open_last(struct walk *w, const char *name, int flags)
{
    struct stat st;
    int fd, error;

    flags |= O_CLOEXEC | (w->left.len ? O_DIRECTORY : 0);
    if (!name[0])
        return (fd = openat(w->folder, ".", flags)) < 0 ? -errno : fd;
    fd = openat(w->folder, name, flags | O_NOFOLLOW);
    error = fd < 0 ? -errno : 0;
    if (flags & O_NOFOLLOW && !w->left.len)
        return error ? error : fd;
    if (error == -ELOOP || error == -ENOTDIR)
        return follow_link(w, name, error);
    if (error || !(flags & O_PATH) || flags & O_DIRECTORY)
        return error ? error : fd;
    error = fstat(fd, &st) < 0 ? -errno : 0;
    if (error == 0 && !S_ISLNK(st.st_mode))
        return fd;
    close(fd);
    return error ? error : follow_link(w, name, -EAGAIN);
}

static int begin(struct walk *w, const struct root *root, const char *path, char *done)
{
    size_t length = strlen(path);

    w->root = root;
    w->folder = root->fd;
    w->done = done;
    w->length = 0;
    w->links = 0;
    w->straight = w->outside = false;
    if (length >= sizeof w->rest)
        return -ENAMETOOLONG;
    memcpy(w->rest, path, length);
    w->left = span_of(w->rest, length);
    w->asked = length;
    return path[0] == '/' ? -EXDEV : 0;
}

int walk_open(const struct root *root, const char *path, int flags, bool straight)
{
    char name[NAME_MAX + 1], done[PATH_MAX];
    struct walk w;
    int result = begin(&w, root, path, done);

    w.straight = straight;
    while (result == 0) {
        result = go_on(&w, name);
        if (result == 0)
            result = open_last(&w, name, flags);
    }
    move_to(&w, root->fd);
    return result;
}

int walk_follow(const struct root *root, const char *path, bool through, char ret_path[PATH_MAX],
                size_t *ret_length)
{
    enum { IS_NO_LINK = 1 };
    char name[NAME_MAX + 1];
    struct walk w;
    int result = begin(&w, root, path, ret_path);

    while (result == 0) {
        result = go_on(&w, name);
        if (result == 0 && name[0] && through)
            result = follow_link(&w, name, IS_NO_LINK);
        else if (result == 0)
            result = IS_NO_LINK;
    }
    if (result == -ENOENT && name[0] && !w.outside && is_last(&w))
        result = IS_NO_LINK;
    if (result == IS_NO_LINK)
        result = name[0] ? enter(&w, span_from_str(name)) : 0;
    move_to(&w, root->fd);
    if (result == 0)
        *ret_length = w.length;
    return result;
}
