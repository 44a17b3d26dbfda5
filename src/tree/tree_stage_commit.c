// SPDX-License-Identifier: MIT
/*
 * New content: written beside its place, then renamed into it.
 *
 * What is on disk if everything stops (SIGKILL, or power, after which only what was fsynced is
 * sure), step by step:
 *   temporary made, content arriving   the old state, and a temporary that the sweep removes
 *   temporary fsynced                  the same
 *   renamed                            the old state or the new one, each whole: rename(2) is one
 *                                      step of the file system's journal, and the content it
 *                                      points to is on disk already
 *   folder fsynced                     the new state; only now anybody is told
 */
#include "base/clock.h"
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>

static const struct tree_amount nothing;

/*
 * The time is set even when it is now: the system's own stamps may be milliseconds coarse, and a
 * strong entity tag must differ between two writes that are closer than that.
 */
int tree_stage_sync(struct stage *s)
{
    int64_t ns = s->modified_ns == TREE_NOW ? clock_realtime() : s->modified_ns;
    int64_t seconds = ns / CLOCK_SECOND - (ns % CLOCK_SECOND < 0);
    struct timespec times[2] = {
        {.tv_sec = seconds, .tv_nsec = ns - seconds * CLOCK_SECOND},
        {.tv_sec = seconds, .tv_nsec = ns - seconds * CLOCK_SECOND},
    };

    int error;

    if (s->synced)
        return 0;
    if (s->allocated && ftruncate(s->fd, (off_t)s->length) < 0) // what was not used goes back
        return -errno;
    error = stage_set_rights(s);
    if (error)
        return error;
    if (futimens(s->fd, times) < 0 || fsync(s->fd) < 0)
        return -errno;
    if (s->covered > s->length) { // what was claimed ahead is others' again
        s->covered = s->length;
        (void)tree_claim(s->tree, &s->claim, stage_amount(s, s->length));
    }
    s->synced = true;
    return 0;
}

/* With the mutex, when it has its place. */
static void account_stage(struct stage *s, struct tree_amount gone)
{
    struct tree *t = s->tree;

    t->claimed.bytes -= s->claim.bytes;
    t->claimed.members -= s->claim.members;
    s->claim = (struct tree_amount){0};
    tree_account(t, (struct tree_amount){s->length, 1}, gone);
    tree_tell_change(t, &s->place);
}

static int commit_locked(struct stage *s, const struct tree_terms *terms, struct found *ret_old,
                         bool *ret_swapped, int *ret_hold)
{
    struct found old;
    struct tree_amount gone;
    int error = place_agree(s->tree, &s->place, terms, &old);

    if (error)
        return error;
    if (old.link && !s->may_replace)
        return -ESTALE; // it has come since: what it leads to is what is written
    if (old.seen.kind == TREE_COLLECTION && !s->may_replace)
        return -EISDIR;
    gone = tree_amount_of(&old);
    error = tree_settle(s->tree, s->claim, (struct tree_amount){s->length, 1}, gone);
    if (error == 0 && terms->check)
        error = terms->check(terms->context);
    if (error)
        return error;
    *ret_hold = tree_hold(&s->place, &old);
    error = place_publish(&s->place, s->temporary, false, &old, ret_swapped);
    if (error)
        return error;
    account_stage(s, old.folder ? nothing : gone); // a folder is counted out as it is discarded
    if (terms->done)
        terms->done(terms->context);
    *ret_old = old;
    return 0;
}

/* With the mutex: what the stage is now, as renaming has changed its ctime. */
static struct tree_seen look_at_stage(const struct stage *s)
{
    struct tree_seen seen = {0};
    struct stat st;

    if ((s->fd >= 0 ? fstat(s->fd, &st)
                    : fstatat(s->place.folder, s->place.leaf, &st, AT_SYMLINK_NOFOLLOW)) == 0)
        seen = (struct tree_seen){TREE_FILE, stamp_from_stat(&st)};
    return seen;
}

static void give_file(struct stage *s, const struct tree_terms *terms)
{
    if (!terms || !terms->ret_file)
        return;
    *terms->ret_file = s->fd;
    s->fd = -1;
}

int tree_stage_commit(struct stage *s, const struct tree_terms *terms,
                      struct tree_result *ret_result)
{
    static const struct tree_terms none;
    struct tree_result result = {0};
    struct found old;
    bool swapped = false;
    int hold = -1;
    int error = tree_stage_sync(s);

    if (error)
        return error;
    tree_lock(s->tree);
    error = commit_locked(s, terms ? terms : &none, &old, &swapped, &hold);
    if (error == 0)
        result.now = look_at_stage(s);
    tree_unlock(s->tree);
    if (hold >= 0)
        close(hold);
    if (error)
        return error;
    result.created = old.seen.kind == TREE_ABSENT;
    *ret_result = result;
    error = tree_sync_folder(s->place.folder);
    if (swapped)
        tree_discard(s->tree, s->place.folder, s->temporary);
    s->temporary[0] = '\0';
    if (error == 0)
        give_file(s, terms);
    return error;
}

int tree_stage_finish(struct stage *s)
{
    int error = tree_stage_sync(s);

    if (error)
        return error;
    close(s->fd);
    s->fd = -1;
    return 0;
}

/* With the mutex: all names are free, and there is room for all of it. */
static int agree_on_new(struct stage *const *stages, size_t count, const struct tree_terms *terms,
                        size_t *ret_at)
{
    const struct tree_terms free_name = {.must_not_exist = true};
    struct tree_amount claim = {0}, come = {0};
    struct found old;
    int error = 0;

    for (size_t i = 0; i < count && error == 0; i++) {
        error = place_agree(stages[i]->tree, &stages[i]->place, &free_name, &old);
        *ret_at = i;
        claim = tree_amount_sum(claim, stages[i]->claim);
        come = tree_amount_sum(come, (struct tree_amount){stages[i]->length, 1});
    }
    if (error == 0)
        error = tree_settle(stages[0]->tree, claim, come, nothing);
    if (error == 0 && terms->check)
        error = terms->check(terms->context);
    return error;
}

/* With the mutex: the name is free again. Where the disk keeps it, it counts. */
static bool take_back(struct stage *s)
{
    const struct place *p = &s->place;

    if (tree_rename_to_free(p->folder, p->leaf, p->folder, s->temporary) == 0)
        return true;
    s->temporary[0] = '\0';
    account_stage(s, nothing);
    return false;
}

static int commit_new_locked(struct stage *const *stages, size_t count,
                             const struct tree_terms *terms, size_t *ret_at)
{
    size_t made = 0;
    int error = agree_on_new(stages, count, terms, ret_at);

    while (error == 0 && made < count) {
        const struct place *p = &stages[made]->place;

        error = tree_rename_to_free(p->folder, stages[made]->temporary, p->folder, p->leaf);
        *ret_at = made;
        made += error == 0;
    }
    if (error) {
        while (made)
            if (!take_back(stages[--made]))
                error = -EIO;
        return error;
    }
    for (size_t i = 0; i < count; i++)
        account_stage(stages[i], nothing);
    if (terms->done)
        terms->done(terms->context);
    return 0;
}

/*
 * All names change while nobody else changes any; a stop between two renames leaves those that were
 * made, each whole. After the fsync of the folder all are there for good.
 */
int tree_stage_commit_new(struct stage *const *stages, size_t count, const struct tree_terms *terms,
                          size_t *ret_at, struct tree_result *ret_result)
{
    static const struct tree_terms none;
    struct tree *t = stages[0]->tree;
    struct tree_result result = {.created = true};
    size_t at = 0;
    int error = 0;

    for (size_t i = 0; i < count && error == 0; i++) {
        error = tree_stage_sync(stages[i]);
        at = i;
    }
    if (error == 0) {
        tree_lock(t);
        error = commit_new_locked(stages, count, terms ? terms : &none, &at);
        if (error == 0)
            result.now = look_at_stage(stages[0]);
        tree_unlock(t);
    }
    if (error) {
        *ret_at = at;
        return error;
    }
    for (size_t i = 0; i < count; i++)
        stages[i]->temporary[0] = '\0';
    *ret_result = result;
    if (stages[0]->group) // who lists the folder after the answer finds it as it is to be
        unlinkat(stages[0]->place.folder, stages[0]->group->name, AT_REMOVEDIR);
    error = tree_sync_folder(stages[0]->place.folder);
    if (error == 0)
        give_file(stages[0], terms);
    return error;
}

int tree_put(struct tree *t, struct span path, struct span content, int64_t modified_ns,
             const struct tree_terms *terms, struct tree_result *ret_result)
{
    struct stage s;
    int error = stage_open(t, path, content.len, tree_hurry(t, terms ? terms->hurry : NULL), &s);

    if (error)
        return error;
    s.modified_ns = modified_ns;
    error = tree_stage_write(&s, content);
    if (error == 0)
        error = tree_stage_commit(&s, terms, ret_result);
    stage_done(&s);
    return error;
}
