// SPDX-License-Identifier: MIT
/*
 * Copying. What is on disk if everything stops, step by step:
 *   the copy growing under a hidden name beside the target   the old state; the sweep removes it
 *   each file and folder of it fsynced                       the same
 *   renamed to the target, or exchanged with what is there   the new state, in one step; what was
 *                                                            there before is hidden rubbish now
 *   the target's folder fsynced                              the new state for good
 * So there is never a moment at which the target is neither the old nor the new one.
 */
#include "fs/open.h"
#include "tree/tree_change.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

static const struct tree_terms no_terms;

struct copy {
    struct tree *tree;
    const struct tree_copying *how;
    bool moving;   // keeps times, and needs no quota as the source will go
    int from, to;  // the two collections; -1
    size_t synced; // files and folders, each by itself
    uint64_t bytes, claim;
    struct path_list folders; // beneath both, to be filled
};

/* Errors after which no other member would do better. */
static bool is_fatal(int error)
{
    switch (-error) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EMLINK:
    case ECANCELED:
    case EINTR:
        return true;
    default:
        return false;
    }
}

static int copy_by_hand(const struct tree *t, int from, uint64_t offset, int to, uint64_t at,
                        uint64_t length)
{
    enum { PIECE = 64 * 1024 };
    char *piece = malloc(PIECE);
    int error = piece ? 0 : -ENOMEM;

    while (error == 0 && length) {
        if (hurry_is_on(t->options.hurry)) {
            error = -EINTR;
            break;
        }
        ssize_t n = pread(from, piece, length < PIECE ? length : PIECE, (off_t)offset);
        ssize_t done = 0;

        if (n <= 0) {
            error = n == 0 ? -EIO : errno == EINTR ? 0 : -errno;
            continue;
        }
        while (error == 0 && done < n) {
            ssize_t m = pwrite(to, piece + done, (size_t)(n - done), (off_t)at + done);

            if (m < 0)
                error = errno == EINTR ? 0 : -errno;
            else
                done += m;
        }
        offset += (uint64_t)n;
        at += (uint64_t)n;
        length -= (uint64_t)n;
    }
    free(piece);
    return error;
}

/* copy_file_range() shares blocks where the file system can, so this is a clone if possible. */
static int copy_data(const struct tree *t, int from, uint64_t offset, int to, uint64_t at,
                     uint64_t length)
{
    while (length && !hurry_is_on(t->options.hurry)) {
        off_t in = (off_t)offset, out = (off_t)at;
        size_t piece = length < LIMIT_TREE_COPY_STEP ? (size_t)length : LIMIT_TREE_COPY_STEP;
        ssize_t n = copy_file_range(from, &in, to, &out, piece, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
            return -errno;
        if (n <= 0) // not for such files, or the end: reading tells which
            return copy_by_hand(t, from, offset, to, at, length);
        offset += (uint64_t)n;
        at += (uint64_t)n;
        length -= (uint64_t)n;
    }
    return length ? -EINTR : 0;
}

/* Whether a file has a hole at an offset within it; how far that, or what is none, reaches. */
static bool is_hole(int fd, uint64_t offset, uint64_t *ret_length)
{
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);
    bool hole = data < 0 ? errno == ENXIO : (uint64_t)data > offset;
    off_t end = !hole      ? lseek(fd, (off_t)offset, SEEK_HOLE)
                : data < 0 ? lseek(fd, 0, SEEK_END)
                           : data;

    if (end < 0 || (uint64_t)end <= offset) { // the end, or a file system that does not tell
        *ret_length = UINT64_MAX;
        return false;
    }
    *ret_length = (uint64_t)end - offset;
    return hole;
}

/* Also where there was content, or room was set aside. False: the file system can't. */
static bool make_hole(int fd, uint64_t at, uint64_t length)
{
    struct stat st;

    if (fstat(fd, &st) < 0 ||
        ((uint64_t)st.st_size < at + length && ftruncate(fd, (off_t)(at + length)) < 0))
        return false;
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)length) == 0;
}

/* What takes no room in the source takes none in the copy. */
int tree_copy_bytes(const struct tree *t, int from, uint64_t offset, int to, uint64_t at,
                    uint64_t length)
{
    while (length) {
        uint64_t run;
        bool hole = is_hole(from, offset, &run);
        int error = 0;

        if (run > length)
            run = length;
        if (!hole || !make_hole(to, at, run))
            error = copy_data(t, from, offset, to, at, run);
        if (error)
            return error;
        offset += run;
        at += run;
        length -= run;
    }
    return 0;
}

/* Many are synced all at once, with their file system, when the copy is whole. */
static bool is_synced_later(const struct copy *c)
{
    return c->to >= 0 && c->synced >= LIMIT_TREE_SYNCED_EACH;
}

static int finish_copy(struct copy *c, int fd, const struct stat *source)
{
    struct timespec times[2] = {source->st_atim, source->st_mtim};
    unsigned mode = source->st_mode & 0777;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode)) // what is made in it goes on belonging to its group
        mode |= (source->st_mode | st.st_mode) & S_ISGID;
    if (c->moving && fchown(fd, source->st_uid, source->st_gid) < 0 && errno != EPERM)
        return -errno;
    if (fchmod(fd, mode) < 0 || (c->moving && futimens(fd, times) < 0))
        return -errno;
    if (is_synced_later(c))
        return 0;
    c->synced++;
    return fsync(fd) < 0 ? -errno : 0;
}

static int take_space(struct copy *c, int fd, uint64_t more)
{
    int error = c->moving ? 0 : tree_claim(c->tree, &c->claim, c->bytes + more);

    return error ? error : tree_check_space(c->tree, fd, more);
}

static int copy_file(struct copy *c, int from, const char *name, int to, const char *new_name)
{
    struct stat st;
    int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int out = -1;
    int error = in < 0 ? -errno : fstat(in, &st) < 0 ? -errno : 0;

    if (error == 0 && !S_ISREG(st.st_mode))
        error = -ENXIO; // it was one a moment ago
    if (error == 0)
        error = take_space(c, to, (uint64_t)st.st_size);
    if (error == 0) {
        out = openat(to, new_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        error = out < 0 ? -errno : 0;
    }
    if (error == 0) {
        (void)flock(out, LOCK_SH | LOCK_NB); // it may be a temporary: see make_temporary()
        error = tree_copy_bytes(c->tree, in, 0, out, 0, (uint64_t)st.st_size);
        if (error == 0)
            error = finish_copy(c, out, &st);
        if (error)
            unlinkat(to, new_name, 0);
        else
            c->bytes += (uint64_t)st.st_size;
    }
    if (out >= 0)
        close(out);
    if (in >= 0)
        close(in);
    return error;
}

/* A link is copied as it is: where it leads is looked at when somebody follows it. */
static int copy_link(int from, const char *name, int to, const char *new_name)
{
    char *text = calloc(1, LIMIT_TREE_PATH + 2); // ended, whatever is read
    ssize_t n = text ? readlinkat(from, name, text, LIMIT_TREE_PATH + 1) : -1;
    int error = !text ? -ENOMEM : n < 0 ? -errno : n > LIMIT_TREE_PATH ? -ENAMETOOLONG : 0;

    if (error == 0)
        error = symlinkat(text, to, new_name) < 0 ? -errno : 0;
    free(text);
    return error;
}

static int tell_failure(const struct copy *c, const char *folder, const char *name, int error)
{
    struct path_list one = {0};
    int result = -ECANCELED;

    if (is_fatal(error))
        return error;
    if (!c->how || !c->how->failed)
        return -ECANCELED;
    if (path_list_add(&one, folder, name) < 0 && path_list_add(&one, "", folder) < 0)
        return -ENOMEM; // a member whose path is too long is told by its folder
    if (c->how->failed(c->how->context, span_from_str(one.paths[0]), -error) && !c->moving)
        result = 0;
    path_list_done(&one);
    return result;
}

/* Makes it, and remembers to fill it. */
static int copy_subfolder(struct copy *c, const char *folder, int to, const char *name)
{
    int error = mkdirat(to, name, 0700) < 0 ? -errno : path_list_add(&c->folders, folder, name);

    if (error && error != -EEXIST)
        unlinkat(to, name, AT_REMOVEDIR);
    return error;
}

static int copy_member(struct copy *c, const char *folder, int from, int to, const char *name)
{
    struct stat st;
    int error;

    if (hurry_is_on(c->tree->options.hurry))
        return -EINTR;
    if (stamp_name_is_reserved(span_from_str(name)))
        return 0;
    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        error = errno == ENOENT ? 0 : -errno; // gone since it was listed
    else if (S_ISREG(st.st_mode))
        error = copy_file(c, from, name, to, name);
    else if (S_ISLNK(st.st_mode))
        error = copy_link(from, name, to, name);
    else if (S_ISDIR(st.st_mode))
        error = copy_subfolder(c, folder, to, name);
    else
        error = 0; // pipes and devices are not resources
    return error ? tell_failure(c, folder, name, error) : 0;
}

static int copy_members(struct copy *c, const char *path, int from, int to)
{
    int fd = fcntl(from, F_DUPFD_CLOEXEC, 0);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    int error = 0;

    if (!dir) {
        error = fd < 0 ? -errno : -ENOMEM;
        if (fd >= 0)
            close(fd);
        return error;
    }
    while (error == 0 && (errno = 0, entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            error = copy_member(c, path, from, to, entry->d_name);
    if (error == 0 && errno)
        error = -errno;
    closedir(dir);
    return error;
}

static int copy_folder(struct copy *c, const char *path)
{
    int from = fs_open(c->from, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    int to = from < 0 ? -1 : fs_open(c->to, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    int error = from < 0 ? from : to < 0 ? to : 0;
    struct stat st;

    if (error) {
        if (from >= 0)
            close(from);
        if (!*path)
            return error;
        unlinkat(c->to, path, AT_REMOVEDIR); // a collection that could not be read is not copied
        return tell_failure(c, "", path, error);
    }
    if (fstat(from, &st) < 0)
        error = -errno;
    if (error == 0 && !(c->how && c->how->shallow))
        error = copy_members(c, path, from, to);
    if (error == 0)
        error = finish_copy(c, to, &st);
    close(from);
    close(to);
    return error;
}

/* The whole collection, under the temporary's name in the target's folder. */
static int copy_collection(struct copy *c, const struct tree_pair *pair, const char *temporary)
{
    struct stat st;
    int error;

    if (mkdirat(pair->target.folder, temporary, 0700) < 0)
        return -errno;
    c->from = fs_open(c->tree->root, pair->source.path, O_RDONLY | O_DIRECTORY);
    c->to = openat(pair->target.folder, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (c->from < 0)
        error = c->from;
    else if (c->to < 0 || fstat(c->from, &st) < 0)
        error = -errno;
    else if (st.st_dev != pair->from.seen.stamp.device || st.st_ino != pair->from.seen.stamp.inode)
        error = -ESTALE;
    else
        error = path_list_add(&c->folders, "", "");
    if (error == 0)
        (void)flock(c->to, LOCK_SH | LOCK_NB);
    for (size_t i = 0; error == 0 && i < c->folders.count; i++)
        error = copy_folder(c, c->folders.paths[i]);
    // Since Linux 5.8 it tells of whatever could not be written since c->to was opened.
    if (error == 0 && is_synced_later(c) && syncfs(c->to) < 0)
        error = -errno;
    path_list_done(&c->folders);
    if (c->from >= 0)
        close(c->from);
    return error; // c->to keeps its lock until the copy has its place
}

/* With the mutex, when the copy has its place. */
static void account_copy(struct copy *c, const struct tree_pair *pair, bool swapped)
{
    const struct found *old = &pair->to;

    if (!c->moving) {
        c->tree->claimed -= c->claim;
        c->claim = 0;
    }
    tree_account(c->tree, c->bytes,
                 old->seen.kind == TREE_FILE && !old->link && !swapped ? old->seen.stamp.size : 0);
    tree_tell_change(c->tree, &pair->target);
}

static void copy_abandon(struct copy *c, const struct tree_pair *pair, const char *temporary)
{
    uint64_t uncounted = 0;

    (void)tree_claim(c->tree, &c->claim, 0);
    (void)tree_remove(c->tree, pair->target.folder, temporary, &uncounted);
}

static int publish_collection(struct copy *c, struct tree_pair *pair,
                              const struct tree_terms *terms, const char *temporary,
                              struct tree_result *ret_result)
{
    struct found now = {0};
    bool swapped = false;
    int error;

    tree_lock(c->tree);
    error = tree_agree_pair(c->tree, pair, terms);
    if (error == 0)
        error = place_publish(&pair->target, temporary, true, &pair->to, &swapped);
    if (error == 0) {
        account_copy(c, pair, swapped);
        (void)place_look(c->tree, &pair->target, &now);
        if (terms->done)
            terms->done(terms->context);
    }
    tree_unlock(c->tree);
    if (error) {
        copy_abandon(c, pair, temporary);
        return error;
    }
    *ret_result = (struct tree_result){now.seen, pair->to.seen.kind == TREE_ABSENT};
    error = tree_sync_folder(pair->target.folder);
    if (swapped)
        tree_discard(c->tree, pair->target.folder, temporary);
    return error;
}

/* One file goes through a stage, as a PUT of the same content would. */
static int copy_one_file(struct tree *t, struct span source, struct span target,
                         const struct found *from, const struct tree_terms *terms,
                         struct tree_result *ret_result)
{
    struct stage s;
    int error = stage_open(t, target, from->seen.stamp.size, &s);

    if (error)
        return error;
    s.may_replace = true;
    s.replaces = false; // it is like the source, not like what it replaces
    if (!from->link)
        s.mode = from->mode;
    error = tree_stage_copy_from(&s, source, terms->source, 0, from->seen.stamp.size);
    if (error == -ERANGE)
        error = -ESTALE;
    if (error == 0)
        error = tree_stage_commit(&s, terms, ret_result);
    stage_done(&s);
    return error;
}

int tree_copy(struct tree *t, struct span source, struct span target,
              const struct tree_copying *copying, const struct tree_terms *terms,
              struct tree_result *ret_result)
{
    struct copy c = {.tree = t, .how = copying, .from = -1, .to = -1};
    char temporary[TEMPORARY_NAME];
    struct tree_pair pair;
    int error = tree_open_pair(t, source, target, false, &pair);

    if (error)
        return error;
    if (!terms)
        terms = &no_terms;
    if (terms->must_not_exist && pair.to.seen.kind != TREE_ABSENT) {
        error = -EEXIST; // before the work, though it will be asked again
    } else if (pair.from.seen.kind == TREE_FILE) {
        error = copy_one_file(t, source, target, &pair.from, terms, ret_result);
    } else {
        tree_name_temporary(t, temporary);
        error = copy_collection(&c, &pair, temporary);
        if (error == 0)
            error = publish_collection(&c, &pair, terms, temporary, ret_result);
        else if (error != -EEXIST)
            copy_abandon(&c, &pair, temporary);
        if (c.to >= 0)
            close(c.to);
    }
    tree_close_pair(&pair);
    return error;
}

/* ---- Moving between file systems */

/* With the mutex: whether the source is what was copied. Else a change of it would be lost. */
static bool is_as_copied(const struct tree_watch *w, const struct found *before,
                         const struct found *now)
{
    return !w->changed && before->device == now->device && before->inode == now->inode &&
           (before->link || tree_seen_eq(&before->seen, &now->seen));
}

/* With the mutex: the old state is there again. */
static void take_back(const struct tree_pair *pair, const char *temporary, bool swapped)
{
    const struct place *p = &pair->target;

    if (swapped)
        (void)renameat2(p->folder, temporary, p->folder, p->leaf, RENAME_EXCHANGE);
    else
        (void)tree_rename_to_free(p->folder, p->leaf, p->folder, temporary);
}

/*
 * With the mutex: publishes the copy and takes the source out of view. What is replaced is always
 * exchanged, so that this can be undone when the source cannot go.
 */
static int move_copy_locked(struct copy *c, struct tree_pair *pair, const struct tree_terms *terms,
                            const char *temporary, const struct tree_watch *watch,
                            bool *ret_swapped, char hidden[TEMPORARY_NAME])
{
    const struct found before = pair->from;
    int error = tree_agree_pair(c->tree, pair, terms);

    if (error == 0 && !is_as_copied(watch, &before, &pair->from))
        error = -ESTALE;
    if (error == 0)
        error = place_publish(&pair->target, temporary, true, &pair->to, ret_swapped);
    if (error)
        return error;
    error = tree_hide_locked(c->tree, &pair->source, hidden);
    if (error) {
        take_back(pair, temporary, *ret_swapped);
        return error;
    }
    account_copy(c, pair, *ret_swapped);
    tree_tell_change(c->tree, &pair->source);
    if (terms->done)
        terms->done(terms->context);
    return 0;
}

/* The copy, in the target's folder. */
static int copy_source(struct copy *c, const struct tree_pair *pair, const char *temporary)
{
    const struct place *s = &pair->source;
    int to = pair->target.folder;

    if (faccessat(s->folder, ".", W_OK, AT_EACCESS) < 0)
        return -errno; // the source could not go, and all the copying would be for nothing
    return pair->from.folder ? copy_collection(c, pair, temporary)
           : pair->from.link ? copy_link(s->folder, s->leaf, to, temporary)
                             : copy_file(c, s->folder, s->leaf, to, temporary);
}

/*
 * As a copy; then the source is hidden and its folder fsynced, after the target's. A stop between
 * leaves both whole.
 */
int tree_move_across(struct tree *t, struct tree_pair *pair, const struct tree_copying *copying,
                     const struct tree_terms *terms, struct tree_result *ret_result)
{
    struct copy c = {.tree = t, .how = copying, .moving = true, .from = -1, .to = -1};
    char temporary[TEMPORARY_NAME], hidden[TEMPORARY_NAME];
    struct tree_watch watch;
    struct found now = {0};
    bool swapped = false;
    int error;

    tree_watch_begin(t, &watch, &pair->from.seen);
    tree_name_temporary(t, temporary);
    error = copy_source(&c, pair, temporary);
    if (error == 0) {
        tree_lock(t);
        error = move_copy_locked(&c, pair, terms, temporary, &watch, &swapped, hidden);
        (void)place_look(t, &pair->target, &now);
        tree_unlock(t);
    }
    tree_watch_end(t, &watch);
    if (c.to >= 0)
        close(c.to);
    if (error) {
        copy_abandon(&c, pair, temporary);
        return error;
    }
    *ret_result = (struct tree_result){now.seen, pair->to.seen.kind == TREE_ABSENT};
    error = tree_sync_folder(pair->target.folder);
    if (error == 0)
        error = tree_sync_folder(pair->source.folder);
    if (swapped)
        tree_discard(t, pair->target.folder, temporary);
    tree_discard(t, pair->source.folder, hidden);
    return error;
}
