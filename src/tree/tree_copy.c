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
#include "tree/tree_copy.h"

#include "base/buf.h"
#include "fs/open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

static const struct tree_terms no_terms;
static const struct tree_amount nothing, folder_cost = {LIMIT_FOLDER_COST, 1};

/* Errors after which no other member would do better. */
static bool is_fatal(int error)
{
    switch (-error) {
    case ENOSPC:
    case EDQUOT:
    case -TREE_TOO_MANY:
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

/* Before it is made; then it counts as made. */
static int take_space(struct copy *c, int fd, struct tree_amount more)
{
    int error = c->moving ? 0 : tree_claim(c->tree, &c->claim, tree_amount_sum(c->made, more));

    return error ? error : tree_check_space(c->tree, fd, more);
}

int copy_file(struct copy *c, int from, const char *name, int to, const char *new_name)
{
    struct stat st;
    int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int out = -1;
    int error = in < 0 ? -errno : fstat(in, &st) < 0 ? -errno : 0;

    if (error == 0 && !S_ISREG(st.st_mode))
        error = -ENXIO; // it was one a moment ago
    if (error == 0 && !fs_size_tells(in, &st))
        error = -EIO; // a copy as long as that would not be one
    if (error == 0)
        error = take_space(c, to, (struct tree_amount){(uint64_t)st.st_size, 1});
    if (error == 0) {
        out = openat(to, new_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        error = out < 0 ? -errno : 0;
    }
    if (error == 0) {
        (void)flock(out, LOCK_SH | LOCK_NB); // it may be a temporary: see make_temporary()
        error = tree_copy_bytes(c->hurry, in, 0, out, 0, (uint64_t)st.st_size);
        if (error == 0)
            error = finish_copy(c, out, &st);
        if (error)
            unlinkat(to, new_name, 0);
        else
            c->made = tree_amount_sum(c->made, (struct tree_amount){(uint64_t)st.st_size, 1});
    }
    if (out >= 0)
        close(out);
    if (in >= 0)
        close(in);
    return error;
}

int copy_link(struct copy *c, int from, const char *name, int to, const char *new_name)
{
    char *text = calloc(1, LIMIT_TREE_PATH + 2); // ended, whatever is read
    ssize_t n = text ? readlinkat(from, name, text, LIMIT_TREE_PATH + 1) : -1;
    int error = !text ? -ENOMEM : n < 0 ? -errno : n > LIMIT_TREE_PATH ? -ENAMETOOLONG : 0;

    if (error == 0)
        error = take_space(c, to, (struct tree_amount){0, 1});
    if (error == 0)
        error = symlinkat(text, to, new_name) < 0 ? -errno : 0;
    if (error == 0)
        c->made.members++;
    free(text);
    return error;
}

static int tell_failure(const struct copy *c, const char *folder, const char *name, int error)
{
    struct buf path = {0};
    int result = -ECANCELED;

    if (is_fatal(error))
        return error;
    if (!c->how || !c->how->failed)
        return -ECANCELED;
    // A member whose path is too long is told by its folder.
    if (strlen(folder) + 1 + strlen(name) > LIMIT_TREE_PATH)
        buf_add(&path, span_from_str(folder));
    else
        buf_addf(&path, "%s%s%s", folder, *folder ? "/" : "", name);
    if (path.failed)
        result = -ENOMEM;
    else if (c->how->failed(c->how->context, buf_span(&path), -error) && !c->moving)
        result = 0;
    buf_done(&path);
    return result;
}

static int make_folder(struct copy *c, int to, const char *name)
{
    int error = take_space(c, to, folder_cost);

    if (error == 0 && mkdirat(to, name, 0700) < 0)
        error = -errno;
    if (error == 0)
        c->made = tree_amount_sum(c->made, folder_cost);
    return error;
}

/* An empty one. */
static void unmake_folder(struct copy *c, int to, const char *name)
{
    if (unlinkat(to, name, AT_REMOVEDIR) < 0)
        return;
    c->made.bytes -= folder_cost.bytes;
    c->made.members -= folder_cost.members;
}

/* Makes it, and remembers to fill it. */
static int copy_subfolder(struct copy *c, int to, const char *name)
{
    int error = make_folder(c, to, name);

    if (error)
        return error;
    error = descent_add(&c->folders, name);
    if (error)
        unmake_folder(c, to, name);
    return error;
}

static int copy_member(struct copy *c, int from, int to, const char *name)
{
    struct stat st;
    int error;

    if (hurry_is_on(c->hurry))
        return -EINTR;
    if (stamp_name_is_reserved(span_from_str(name)))
        return 0;
    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        error = errno == ENOENT ? 0 : -errno; // gone since it was listed
    else if (S_ISREG(st.st_mode))
        error = copy_file(c, from, name, to, name);
    else if (S_ISLNK(st.st_mode))
        error = copy_link(c, from, name, to, name);
    else if (S_ISDIR(st.st_mode))
        error = copy_subfolder(c, to, name);
    else
        error = 0; // pipes and devices are not resources
    return error ? tell_failure(c, c->folders.path, name, error) : 0;
}

static int copy_members(struct copy *c, int from, int to)
{
    struct descent *d = &c->folders;
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
    errno = 0;
    if (d->at)
        seekdir(dir, (long)d->at);
    while (error == 0 && !d->is_paused && (errno = 0, entry = readdir(dir))) {
        if (!name_is_dots(entry->d_name))
            error = copy_member(c, from, to, entry->d_name);
        if (descent_is_full(d))
            descent_pause(d, entry->d_off);
    }
    if (error == 0 && !d->is_paused && errno)
        error = -errno;
    closedir(dir);
    return error;
}

static int copy_folder(struct copy *c)
{
    const char *path = c->folders.path;
    int from = fs_open_straight(c->from, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    int to = from < 0 ? -1 : fs_open_straight(c->to, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    int error = from < 0 ? from : to < 0 ? to : 0;
    struct stat st;

    if (error) {
        if (from >= 0)
            close(from);
        if (!*path)
            return error;
        unmake_folder(c, c->to, path); // a collection that could not be read is not copied
        return tell_failure(c, "", path, error);
    }
    if (fstat(from, &st) < 0)
        error = -errno;
    if (error == 0 && !(c->how && c->how->shallow))
        error = copy_members(c, from, to);
    if (error == 0 && !c->folders.is_paused)
        error = finish_copy(c, to, &st);
    close(from);
    close(to);
    return error;
}

int copy_collection(struct copy *c, const struct tree_pair *pair, const char *temporary)
{
    enum descent_event event;
    struct stat st;
    int error;

    error = make_folder(c, pair->target.folder, temporary);
    if (error) {
        tree_unclaim(c->tree, &c->claim);
        return error;
    }
    c->from = fs_open(c->tree->root, pair->source.path, O_RDONLY | O_DIRECTORY);
    c->to = openat(pair->target.folder, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (c->from < 0)
        error = c->from;
    else if (c->to < 0 || fstat(c->from, &st) < 0)
        error = -errno;
    else if (st.st_dev != pair->from.seen.stamp.device || st.st_ino != pair->from.seen.stamp.inode)
        error = -ESTALE;
    else
        error = descent_begin(&c->folders);
    if (error == 0)
        (void)flock(c->to, LOCK_SH | LOCK_NB);
    while (error == 0 && (event = descent_next(&c->folders)) != DESCENT_END)
        if (event == DESCENT_READ)
            error = copy_folder(c);
    // Since Linux 5.8 it tells of whatever could not be written since c->to was opened.
    if (error == 0 && is_synced_later(c) && syncfs(c->to) < 0)
        error = -errno;
    descent_done(&c->folders);
    if (c->from >= 0)
        close(c->from);
    return error; // c->to keeps its lock until the copy has its place
}

void copy_account(struct copy *c, const struct tree_pair *pair, bool swapped)
{
    if (!c->moving) {
        c->tree->claimed.bytes -= c->claim.bytes;
        c->tree->claimed.members -= c->claim.members;
        c->claim = nothing;
    }
    tree_account(c->tree, c->made, swapped ? nothing : tree_amount_of(&pair->to));
    tree_tell_change(c->tree, &pair->target);
}

void copy_abandon(struct copy *c, const struct tree_pair *pair, const char *temporary)
{
    struct tree_amount uncounted = {0};

    tree_unclaim(c->tree, &c->claim);
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
        copy_account(c, pair, swapped);
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
    int error = stage_open(t, target, from->seen.stamp.size, tree_hurry(t, terms->hurry), &s);

    if (error)
        return error;
    s.may_replace = true;
    s.replaces = false; // it is like the source, not like what it replaces
    if (!from->link)
        s.mode = from->mode;
    error = tree_stage_copy_from(&s, source, terms->source, 0, from->seen.stamp.size, terms->hurry);
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
    int error;

    if (!terms)
        terms = &no_terms;
    c.hurry = tree_hurry(t, terms->hurry);
    error = tree_open_pair(t, source, target, false, c.hurry, &pair);
    if (error)
        return error;
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
