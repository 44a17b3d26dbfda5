// SPDX-License-Identifier: MIT
/*
 * New content, growing beside its place. What is on disk meanwhile is said in tree_stage_commit.c.
 */
#include "fs/open.h"
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

static int make_temporary(struct stage *s)
{
    char *name = s->temporary;
    int error = -EEXIST;

    if (s->group) {
        memcpy(name, s->group->name, TEMPORARY_NAME - 1);
        name[TEMPORARY_NAME - 1] = '/';
        name += TEMPORARY_NAME;
    }
    for (int attempt = 0; attempt < 8 && error == -EEXIST; attempt++) {
        tree_name_temporary(s->tree, name);
        s->fd = openat(s->place.folder, s->temporary,
                       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        error = s->fd < 0 ? -errno : 0;
    }
    if (error)
        s->temporary[0] = '\0';
    else
        (void)flock(s->fd, LOCK_SH | LOCK_NB); // tells another process's sweep that we live
    return error;
}

static void clear(struct stage *s, struct tree *t, uint64_t length)
{
    s->tree = t;
    s->group = NULL;
    s->fd = -1;
    s->temporary[0] = '\0';
    s->length = s->covered = s->old_size = 0;
    s->claim = (struct tree_amount){0};
    s->expected = length;
    s->modified_ns = TREE_NOW;
    s->mode = 0666 & ~t->options.umask;
    s->allocated = s->synced = s->may_replace = s->replaces = s->is_sparse = false;
    s->is_new = true;
}

int stage_open(struct tree *t, struct span path, uint64_t length, const struct hurry *hurry,
               struct stage *s)
{
    struct found old;
    int error = tree_need_count(t, hurry);

    clear(s, t, length);
    if (error == 0)
        error = place_open(t, path, &s->place);
    if (error)
        return error;
    error = place_look(t, &s->place, &old);
    if (error == 0 && old.seen.kind == TREE_FILE && !old.link) {
        s->mode = old.mode;
        s->owner = old.owner;
        s->owner_group = old.owner_group;
        s->replaces = true;
        s->old_size = old.seen.stamp.size;
    }
    s->is_new = error == 0 && tree_amount_of(&old).members == 0;
    if (error == 0)
        error = stage_foresee(s, length);
    if (error == 0)
        error = make_temporary(s);
    if (error)
        stage_done(s);
    return error;
}

void stage_done(struct stage *s)
{
    tree_unclaim(s->tree, &s->claim);
    if (s->temporary[0])
        unlinkat(s->place.folder, s->temporary, 0);
    if (s->fd >= 0)
        close(s->fd);
    if (!s->group) // whose folder it is
        place_done(&s->place);
}

int tree_stage_begin(struct tree *t, struct span path, uint64_t length, struct stage **ret_stage)
{
    struct stage *s = malloc(sizeof *s);
    int error;

    if (!s)
        return -ENOMEM;
    error = stage_open(t, path, length, t->options.hurry, s);
    if (error) {
        free(s);
        return error;
    }
    *ret_stage = s;
    return 0;
}

void tree_stage_free(struct stage *s)
{
    if (!s)
        return;
    stage_done(s);
    free(s);
}

int tree_stage_write(struct stage *s, struct span data)
{
    int error = data.len > INT64_MAX - s->length ? -EFBIG : stage_cover(s, s->length + data.len);

    s->synced = false;
    while (error == 0 && data.len) {
        ssize_t n = pwrite(s->fd, data.ptr, data.len, (off_t)s->length);

        if (n < 0) {
            error = errno == EINTR ? 0 : -errno;
        } else {
            s->length += (uint64_t)n;
            data = span_from(data, (size_t)n);
        }
    }
    return error;
}

/* Some bytes have come, or an error before the last of them. */
static void took(struct stage *s, int error, uint64_t length)
{
    s->synced = false;
    if (error)
        s->allocated = true; // there may be something beyond its end
    else
        s->length += length;
}

int tree_stage_copy_from(struct stage *s, struct span source, const struct tree_seen *seen,
                         uint64_t offset, uint64_t length, const struct hurry *hurry)
{
    char path[LIMIT_TREE_PATH + 1];
    struct tree_seen now = {.kind = TREE_FILE};
    struct stat st;
    int fd, error;

    if (tree_check_way(source) < 0)
        return -EINVAL;
    memcpy(path, source.ptr, source.len);
    path[source.len] = '\0';
    fd = fs_open(s->tree->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fd == -EXDEV ? -ENOENT : fd;
    error = fstat(fd, &st) < 0 ? -errno : !S_ISREG(st.st_mode) ? -ENXIO : 0;
    if (error == 0) {
        now.stamp = stamp_from_stat(&st);
        if (seen && !tree_seen_eq(seen, &now))
            error = -ESTALE;
        else if (offset > now.stamp.size || length > now.stamp.size - offset)
            error = -ERANGE;
        else if (!fs_size_tells(fd, &st))
            error = -EIO; // a copy as long as that would not be one
        else if (hurry_is_on(tree_hurry(s->tree, hurry)))
            error = -EINTR; // setting blocks aside takes long in some file systems
        s->is_sparse = (uint64_t)st.st_blocks * 512 < now.stamp.size;
    }
    if (error == 0)
        error = stage_cover(s, s->length + length);
    if (error == 0)
        error = tree_copy_bytes(tree_hurry(s->tree, hurry), fd, offset, s->fd, s->length, length);
    if (error == 0 && seen && fstat(fd, &st) == 0) {
        now.stamp = stamp_from_stat(&st);
        /* Its name may have gone meanwhile, which changes ctime; the content is what matters. */
        if (now.stamp.size != seen->stamp.size || now.stamp.modified_ns != seen->stamp.modified_ns)
            error = -ESTALE;
    }
    close(fd);
    took(s, error, length);
    return error;
}

int tree_stage_copy_stage(struct stage *s, const struct stage *from, uint64_t offset,
                          uint64_t length, const struct hurry *hurry)
{
    int error =
        hurry_is_on(tree_hurry(s->tree, hurry)) ? -EINTR : stage_cover(s, s->length + length);

    if (error == 0)
        error =
            tree_copy_bytes(tree_hurry(s->tree, hurry), from->fd, offset, s->fd, s->length, length);
    took(s, error, length);
    return error;
}

int tree_stage_skip(struct stage *s, uint64_t length)
{
    int error = length > INT64_MAX - s->length ? -EFBIG : stage_cover(s, s->length + length);
    struct stat st;

    if (error == 0 && fstat(s->fd, &st) < 0)
        error = -errno;
    // What a copy that failed has left beyond the end is not zeros.
    if (error == 0 && (uint64_t)st.st_size > s->length && ftruncate(s->fd, (off_t)s->length) < 0)
        error = -errno;
    if (error == 0 && ftruncate(s->fd, (off_t)(s->length + length)) < 0)
        error = -errno;
    took(s, error, length);
    return error;
}

int tree_stage_read(const struct stage *s, uint64_t offset, size_t length, char *to)
{
    while (length) {
        ssize_t n = pread(s->fd, to, length, (off_t)offset);

        if (n == 0 || (n < 0 && errno != EINTR))
            return n < 0 ? -errno : -EIO;
        if (n < 0)
            continue;
        to += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return 0;
}

void tree_stage_set_times(struct stage *s, int64_t modified_ns)
{
    s->modified_ns = modified_ns;
    s->synced = false;
}

uint64_t tree_stage_length(const struct stage *s)
{
    return s->length;
}

void tree_stage_cut(struct stage *s, uint64_t length)
{
    if (length >= s->length)
        return;
    s->length = length;
    s->allocated = true; // there is something beyond its end
    s->synced = false;
}

int tree_stage_check(const struct stage *s)
{
    return place_check(s->tree, &s->place);
}

bool tree_stage_is_for(const struct stage *s, struct span path)
{
    return span_eq(span_of(s->place.path, s->place.length), path);
}

int tree_group_stage(struct stage_group *g, struct span path, struct stage **ret_stage)
{
    struct stage *s = malloc(sizeof *s);
    int error;

    if (!s)
        return -ENOMEM;
    clear(s, g->tree, TREE_LENGTH_UNKNOWN);
    s->group = g;
    s->place = g->place;
    s->place.leaf = s->place.path + (g->place.leaf - g->place.path);
    error = tree_stage_rename(s, path);
    if (error == 0)
        error = stage_foresee(s, TREE_LENGTH_UNKNOWN);
    if (error == 0)
        error = make_temporary(s);
    if (error) {
        tree_unclaim(s->tree, &s->claim);
        free(s);
        return error;
    }
    *ret_stage = s;
    return 0;
}

void tree_stage_unclaim(struct stage *s)
{
    tree_unclaim(s->tree, &s->claim);
    s->covered = 0;
}

int tree_stage_rename(struct stage *s, struct span path)
{
    size_t folder = (size_t)(s->place.leaf - s->place.path);

    if (tree_check_way(path) < 0)
        return -ENAMETOOLONG;
    if (path.len <= folder || !span_starts(path, span_of(s->place.path, folder)) ||
        memchr(path.ptr + folder, '/', path.len - folder))
        return -EINVAL;
    memcpy(s->place.path, path.ptr, path.len);
    s->place.path[path.len] = '\0';
    s->place.length = path.len;
    if (s->group)
        return 0;                             // it never was to replace anything
    s->mode = 0666 & ~s->tree->options.umask; // not that of what has the first name
    s->replaces = false;
    s->is_new = true;
    s->old_size = 0;
    s->synced = false;
    return 0;
}
