// SPDX-License-Identifier: MIT
/*
 * Durable, atomic changes to the files beneath a root. One struct tree a route, shared by all
 * threads; every function here blocks and is for the pool. No HTTP.
 *
 * Paths are decoded and relative to the root, without a slash at either end; "" is the root.
 * Nothing outside of the root is ever reached. A symbolic link beneath it that leads to something
 * beneath it stands for that thing: tree_locate() tells the paths of both, and all that lists or
 * changes takes those, through no link. Given the path of the link itself, what removes, renames
 * or replaces by copying or moving does so with the link, and content is not written.
 *
 * Results are 0 or a negated errno. tree_result.def tells what those mean, everywhere, that have a
 * meaning of their own, and what they are for a request.
 */
#ifndef CANDOR_TREE_TREE_H
#define CANDOR_TREE_TREE_H

#include "base/arena.h"
#include "base/hurry.h"
#include "base/span.h"
#include "fs/root.h"
#include "fs/stamp.h"

#include <errno.h>

struct tree;
struct stage;
struct stage_group;

#define TREE_LENGTH_UNKNOWN UINT64_MAX
#define TREE_NOW INT64_MIN
#define TREE_NOT_DURABLE (-ENOTRECOVERABLE) // see tree_result.def
#define TREE_TOO_MANY (-EXFULL)             // likewise

struct tree_options {
    uint64_t quota;            // bytes beneath the root, see tree_usage; 0: no limit
    uint64_t max_members;      // files, folders and links beneath it; 0: no limit
    uint64_t reserve;          // bytes that stay free on the disk
    unsigned umask;            // permission bits that new files and folders lack
    bool dotfiles;             // whether names that begin with a dot may be used
    const struct hurry *hurry; // the program's; NULL: there never is one
};

enum tree_kind { TREE_ABSENT, TREE_FILE, TREE_COLLECTION, TREE_OTHER };

enum tree_name {
    TREE_NAME_OK,
    TREE_NAME_TOO_LONG,
    TREE_NAME_NUL,
    TREE_NAME_MALFORMED, // an empty segment, "." or ".."
    TREE_NAME_RESERVED,  // that of a temporary
    TREE_NAME_DOT,       // begins with a dot, which the options do not allow
    TREE_NAME_REFUSED    // the file system cannot hold such a name
};

/* What is at a path. Two states of a collection are the same while it is the same folder. */
struct tree_seen {
    enum tree_kind kind;
    struct file_stamp stamp; // not present when absent
};

struct tree_look {
    enum tree_name name; // not TREE_NAME_OK: the rest says "absent"
    struct tree_seen here;
    enum tree_kind parent; // of the root: TREE_COLLECTION
    bool is_link;          // what is here is reached by the name's being a link
};

/*
 * Under which terms a change is made; a zeroed struct, or NULL, has none. `check` and `done` run
 * with the tree's mutex held: check before the change (a negative result forbids it and is
 * returned), done after it. Neither may block or call back into the tree.
 */
struct tree_terms {
    const struct tree_seen *target; // what was seen there; NULL: whatever is there now
    const struct tree_seen *source; // and of what is copied or moved
    bool must_not_exist;            // the target
    bool at_once;                   // a move that would have to copy is refused: -EXDEV
    int (*check)(void *context);
    void (*done)(void *context);
    void *context;
    const struct hurry *hurry; // NULL: that of the tree's options, to which this one leads, too
    int *ret_file; // of a stage: where its descriptor goes, for the caller to close; NULL: nowhere
};

struct tree_result {
    struct tree_seen now; // the target after the change: its tag is what GET will tell; absent when
                          // it was changed and then could not be looked at
    bool created;         // nothing was there before
};

/* Whether a change was made, for good or not. */
static inline bool tree_is_changed(int result)
{
    return result == 0 || result == TREE_NOT_DURABLE;
}

/* Whether there was no room: quota, members or disk. There may be some later. */
static inline bool tree_is_full(int result)
{
    return result == -ENOSPC || result == -EDQUOT || result == TREE_TOO_MANY;
}

/* It takes a reference of the root. */
int tree_open(struct root *root, const struct tree_options *options, struct tree **ret_tree);
/* When no operation or stage is left. Accepts NULL. */
void tree_free(struct tree *t);

enum tree_name tree_check_path(const struct tree *t, struct span path);
/*
 * What is at a path that was located before; nothing, where there is a link on the way now. Fails
 * only for what is neither absence nor a name: -EACCES, -EIO, ...
 */
int tree_look(struct tree *t, struct span path, struct tree_look *ret_look);

/*
 * The paths of one thing; without links all are the same. What is kept for a path (locks,
 * properties, intents, uploads) is kept for one without links: `thing` where it is about what is
 * there, `name` where it is about the name.
 */
struct tree_names {
    struct span asked; // as it was asked for
    struct span name;  // through no link, but it may be one: what is removed, renamed, made
    struct span thing; // and where that leads: what is read and written
};

enum { TREE_NAMES = 3 };

/*
 * What is at a path that a client has named, following links, and where that is; where nothing is,
 * what is there by names in another Unicode form (fs/other_form.h). `names` is what an
 * earlier look found, or all zero; what is not in `path` is kept on the arena. Fails as
 * tree_look(), with -ENOMEM, and with -EAGAIN: the links change all the time.
 */
int tree_locate(struct tree *t, struct span path, struct arena *arena, struct tree_look *ret_look,
                struct tree_names *names);
/*
 * The same for the loop's thread: it neither waits nor fails. False: it takes tree_locate() to know
 * (fs/peek.h), as it always does where links are on the way, or for another Unicode form.
 */
bool tree_locate_at_once(const struct tree *t, struct span path, struct tree_look *ret_look,
                         struct tree_names *ret_names);
/* The paths of a member of a folder that was located before; fails as tree_locate(). */
int tree_locate_member(struct tree *t, struct span path, struct arena *arena,
                       struct tree_names *ret_names);
/* Those that differ, the thing first: how many. */
size_t tree_names_list(const struct tree_names *names, struct span ret_paths[TREE_NAMES]);

/* Whether b is what a was: same file and content, same folder, or both absent. */
bool tree_seen_eq(const struct tree_seen *a, const struct tree_seen *b);

/* A member of a folder, or one path, as it is told: no file is opened for that. */
struct tree_member {
    struct span name; // of a member, ended by NUL; valid until the folder is read on
    struct tree_seen seen;
    int64_t created; // seconds since 1970; TREE_NOW: the file system does not know
    bool is_link;
    int64_t next; // where its folder is read on after it
    int error;    // 0, or the negated errno for which it cannot be told more than its name
};

/* As tree_look(), with the time of creation. -ENOENT and so on when nothing is there. */
int tree_look_closely(struct tree *t, struct span path, struct tree_member *ret_member);

/* What tells a file from one that has its name, or its inode's number, later. */
struct tree_identity {
    uint64_t inode;  // 0: nothing is there
    int64_t born_ns; // since 1970; 0: the file system does not know
};

/* Fails only for what is not absence. */
int tree_identify(struct tree *t, struct span path, struct tree_identity *ret_identity);

struct tree_list;
/* A folder whose members are to be told. The path must outlive it. */
int tree_list_open(struct tree *t, struct span path, struct tree_list **ret_folder);
/*
 * Its next members, in the order of the file system; *ret_count is 0 at the end. What a client
 * could not get (hidden, temporary, outside of the root, neither file nor folder, gone already) is
 * left out. One call takes no longer than so many looks, or one batch of names: who reads on looks
 * to the hurry in between.
 */
int tree_list_read(struct tree_list *f, struct tree_member *members, size_t room,
                   size_t *ret_count);
/* Accepts NULL. */
void tree_list_close(struct tree_list *f);
/* Before the first reading: it begins after a member that had that as its next. */
int tree_list_go_on(struct tree_list *f, int64_t next);

/* A negated errno, or 1 to end the visit. The member is in `folder`, a path of the tree. */
typedef int (*tree_visit)(void *context, struct span folder, const struct tree_member *member);
/*
 * Visits the members of a folder; `deep`: and all that is below them, but for what links lead to.
 * What visit returned; -EINTR in a hurry. It takes memory for the depth, not for the width.
 */
int tree_list_below(struct tree *t, struct span path, bool deep, const struct hurry *hurry,
                    tree_visit visit, void *context);

/* The mutex, for what belongs to the tree elsewhere: locks. Held for microseconds only. */
void tree_lock(struct tree *t);
void tree_unlock(struct tree *t);

/*
 * New content for `path`, in a temporary beside it until the commit. With a length it is refused
 * here if there is no room for all of it; but room is only taken as content comes. A stage is used
 * by one thread at a time.
 */
int tree_stage_begin(struct tree *t, struct span path, uint64_t length, struct stage **ret_stage);
/*
 * At the end of what is there. After tree_is_full() what was written stays, and more may be
 * tried; after any other failure only tree_stage_free() is useful.
 */
int tree_stage_write(struct stage *s, struct span data);
/*
 * Appends part of a file of the tree, without moving bytes where the file system can share them.
 * -ESTALE when it is not, or does not stay, what was seen (NULL: no matter); -ERANGE when it is
 * too short. The hurry is as in the terms.
 */
int tree_stage_copy_from(struct stage *s, struct span source, const struct tree_seen *seen,
                         uint64_t offset, uint64_t length, const struct hurry *hurry);
/* Appends part of what another stage holds. */
int tree_stage_copy_stage(struct stage *s, const struct stage *from, uint64_t offset,
                          uint64_t length, const struct hurry *hurry);
/* Appends so many zeros, for which there must be room; fails as tree_stage_write(). */
int tree_stage_skip(struct stage *s, uint64_t length);
/* What was written, from an offset on; -EIO when it is not all there. */
int tree_stage_read(const struct stage *s, uint64_t offset, size_t length, char *to);
/* Nanoseconds since 1970; without this it is the time of tree_stage_sync(). */
void tree_stage_set_times(struct stage *s, int64_t modified_ns);
uint64_t tree_stage_length(const struct stage *s);
/* Forgets what was written beyond a length. */
void tree_stage_cut(struct stage *s, uint64_t length);
/* -ESTALE when the path leads to another folder than at the beginning: it can't be committed. */
int tree_stage_check(const struct stage *s);
/* Whether it was begun for that path. */
bool tree_stage_is_for(const struct stage *s, struct span path);
/* Makes the content durable. */
int tree_stage_sync(struct stage *s);
/*
 * Makes it visible, durably. May be tried again after -ESTALE, with other terms. A stage that was
 * committed is only good for tree_stage_free().
 */
int tree_stage_commit(struct stage *s, const struct tree_terms *terms,
                      struct tree_result *ret_result);
/*
 * Many stages for one folder, that of the path: however many, they hold two descriptors, and one
 * each until it is finished. They are for tree_stage_commit_new() and must go before their group.
 */
int tree_group_begin(struct tree *t, struct span path, struct stage_group **ret_group);
/* Of unknown length. */
int tree_group_stage(struct stage_group *g, struct span path, struct stage **ret_stage);
/* Makes the content durable, and closes it: nothing more can be written, or read. */
int tree_stage_finish(struct stage *s);
/* Accepts NULL. */
void tree_group_free(struct stage_group *g);
/*
 * Makes several stages visible, durably, with names in one folder, none of which may be there: all
 * of them, or (but for a crash in between) none. On failure *ret_at is the one that it was about;
 * after -EEXIST that may be renamed, and all tried again. The result is that of the first.
 */
int tree_stage_commit_new(struct stage *const *stages, size_t count, const struct tree_terms *terms,
                          size_t *ret_at, struct tree_result *ret_result);
/* Gives its part of the quota to others, such as the stage that takes its place; a commit asks. */
void tree_stage_unclaim(struct stage *s);
/* Another name in the same folder, before the commit. -EINVAL for another folder. */
int tree_stage_rename(struct stage *s, struct span path);
/* Removes the temporary unless it was committed. Accepts NULL. */
void tree_stage_free(struct stage *s);

/* All of it in one go, for content in memory. modified_ns may be TREE_NOW. */
int tree_put(struct tree *t, struct span path, struct span content, int64_t modified_ns,
             const struct tree_terms *terms, struct tree_result *ret_result);

int tree_mkdir(struct tree *t, struct span path, const struct tree_terms *terms,
               struct tree_result *ret_result);
/*
 * Sets the time of the last modification, in nanoseconds since 1970. TREE_NOW: leaves it, and only
 * asks the terms.
 */
int tree_touch(struct tree *t, struct span path, int64_t modified_ns,
               const struct tree_terms *terms);
/* A collection goes at once and whole; its space is freed before this returns, or, where the
 * program is to end, at the next start. Its hurry is the program's, whatever the terms say: it has
 * gone, and only the program's end is a reason to leave its space taken. */
int tree_delete(struct tree *t, struct span path, const struct tree_terms *terms);
struct tree_copying {
    bool shallow; // a collection without its members
    /*
     * A member, by its path below the source, could not be copied. True: go on without it. False
     * or NULL: give up, with nothing changed; the result is then -ECANCELED.
     */
    bool (*failed)(void *context, struct span member, int error);
    void *context;
};

/*
 * terms->must_not_exist: no overwriting. On another file system beneath the root it is a copy and
 * a removal; no member may be left out then: copying->failed (NULL: nobody) is told the first that
 * cannot be copied, and whatever it answers, the result is -ECANCELED.
 */
int tree_move(struct tree *t, struct span source, struct span target,
              const struct tree_copying *copying, const struct tree_terms *terms,
              struct tree_result *ret_result);

int tree_copy(struct tree *t, struct span source, struct span target,
              const struct tree_copying *copying, const struct tree_terms *terms,
              struct tree_result *ret_result);

/*
 * Removes the temporaries that a crash has left, of this user only and none that a living process
 * holds; with a quota or a bound on members it counts as well. Once, at start; others may work
 * meanwhile.
 */
int tree_sweep(struct tree *t, size_t *ret_removed);

/* RFC 4331. */
struct tree_usage {
    uint64_t used;      // content, and LIMIT_FOLDER_COST for each folder below; 0 without a quota
    uint64_t available; // what may still be written: by quota, disk and reserve
};

/* With a quota or a bound on members, the first call of any function that needs it counts; the
 * others wait for that. The sweep at start counts as well, and then none of them does. */
int tree_usage(struct tree *t, struct tree_usage *ret_usage);

#endif
