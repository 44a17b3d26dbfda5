// SPDX-License-Identifier: MIT
/*
 * What the parts of tree.h share.
 */
#ifndef CANDOR_TREE_TREE_PARTS_H
#define CANDOR_TREE_TREE_PARTS_H

#include "base/limits.h"
#include "fs/descent.h"
#include "fs/open.h"
#include "tree/tree.h"

#include <pthread.h>
#include <stdatomic.h>

/*
 * A collection that somebody needs to stay as it is for longer than the mutex can be held, and
 * whether it did. On the stack of who watches.
 */
struct tree_watch {
    struct tree_watch *next;
    struct tree_seen folder;
    bool changed; // something in it, at whatever depth, by this tree
};

/* What something takes of the tree's room. */
struct tree_amount {
    uint64_t bytes;   // of the quota: content, and LIMIT_FOLDER_COST for each folder
    uint64_t members; // files, folders and links
};

enum tree_counting { TREE_UNCOUNTED, TREE_BEING_COUNTED, TREE_COUNTED };

struct tree {
    struct root *root;
    struct tree_options options;
    uint32_t writer;              // random; the first half of this tree's temporaries' names
    atomic_uint_least32_t serial; // the second half
    pthread_mutex_t mutex;        // guards all below, and every change of a name
    pthread_cond_t counted;
    enum tree_counting counting;
    struct tree_amount used;    // when counted
    struct tree_amount claimed; // by stages and copies that have no name yet
    struct tree_watch *watches;
};

enum { TEMPORARY_NAME = sizeof TEMPORARY_PREFIX - 1 + TEMPORARY_DIGITS + 1 };

/* A path with its folder open. */
struct place {
    int folder;
    uint64_t device, inode; // the folder's
    size_t length;          // of path
    const char *leaf;       // in path
    char path[LIMIT_TREE_PATH + 1];
    char parent[LIMIT_TREE_PATH + 1];
};

/* What is at a place: what it stands for, and the name's own nature. */
struct found {
    struct tree_seen seen;
    uint64_t device, inode; // of the name itself, where it is a link
    unsigned mode;          // permission bits
    uid_t owner;
    gid_t owner_group;
    bool link;
    bool folder; // really, not a link to one
};

/* For what whoever changes something would have it given up. */
static inline const struct hurry *tree_hurry(const struct tree *t, const struct hurry *hurry)
{
    return hurry ? hurry : t->options.hurry;
}

/* The path of a path's folder; its length. */
size_t tree_write_parent(struct span path, char ret_parent[LIMIT_TREE_PATH + 1]);
/*
 * As tree_check_path(), for where tree_locate() has led: what clients may name by dots is no matter
 * there, as the operator made the link. 0, -ENAMETOOLONG or -EINVAL.
 */
int tree_check_way(struct span path);
struct tree_seen tree_seen_from_stat(const struct stat *st);

void tree_watch_begin(struct tree *t, struct tree_watch *w, const struct tree_seen *folder);
void tree_watch_end(struct tree *t, struct tree_watch *w);
/* With the mutex: something was changed there; NULL: somewhere. */
void tree_tell_change(struct tree *t, const struct place *p);

/*
 * Opens a path's folder. -EBUSY for the root, -ESTALE where a link is on the way. The place is
 * closed with place_done().
 */
int place_open(const struct tree *t, struct span path, struct place *ret_place);
void place_done(struct place *p);
/* -ESTALE when the path leads to another folder now, or by way of a link; -ROOT_EXCHANGED and
 * -ROOT_GONE when that is so of the root itself. */
int place_check(const struct tree *t, const struct place *p);
int place_look(const struct tree *t, const struct place *p, struct found *ret_found);
/* With the mutex: what is there now, and whether the terms allow to change it. */
int place_agree(const struct tree *t, const struct place *p, const struct tree_terms *terms,
                struct found *ret_found);
/* Whether the place's folder is that folder, or beneath it. 1, 0 or an error. */
int place_is_within(const struct tree *t, const struct place *p, const struct tree_seen *folder);
/*
 * With the mutex: gives the temporary the place's name. *ret_swapped: the temporary's name now
 * has what was there before.
 */
int place_publish(const struct place *p, const char *temporary, bool is_folder,
                  const struct found *old, bool *ret_swapped);
/* renameat2() where the name must be free; where that is unknown, renameat() after a look. */
int tree_rename_to_free(int from, const char *name, int to, const char *new_name);
/* With the mutex: renames what is there to a temporary's name, in its folder. */
int place_hide(struct tree *t, const struct place *p, char ret_hidden[TEMPORARY_NAME]);

/* A name that no other temporary has. */
void tree_name_temporary(struct tree *t, char ret_name[TEMPORARY_NAME]);
bool tree_name_is_temporary(struct span name);

/* Makes a change durable that is seen already; else TREE_NOT_DURABLE. */
int tree_sync_folder(int folder);
/* Keeps a large file's blocks until the descriptor is closed, outside of the mutex. Or -1. */
int tree_hold(const struct place *p, const struct found *old);

/* "." and "..", which are no members of a folder. */
static inline bool name_is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* A walk over everything beneath the root. */
struct tree_walk {
    struct tree *tree;
    /* A reserved name was met. True: it was removed. NULL: they are left alone. */
    bool (*reserved)(const struct tree_walk *w, int folder, const char *name,
                     const struct stat *st);
    struct tree_amount amount; // out: all but reserved names
    size_t removed;            // out: reserved names
    struct descent folders;
};

/* -EINTR in a hurry. */
int tree_walk(struct tree_walk *w, const struct hurry *hurry);
/*
 * Whether the caller is to count, with tree_walk(), and to end it with tree_count_end(). `wait`:
 * for who counts already.
 */
bool tree_count_begin(struct tree *t, bool wait);
/* What a walk has come to, or its error; then the next one that needs it counts. */
void tree_count_end(struct tree *t, const struct tree_amount *amount, int error);
/* With a quota or a bound on members: counts if nobody has, or waits for who does. -EINTR in a
 * hurry. */
int tree_need_count(struct tree *t, const struct hurry *hurry);
/* What is at a place takes, without what is beneath it. */
struct tree_amount tree_amount_of(const struct found *found);
struct tree_amount tree_amount_sum(struct tree_amount a, struct tree_amount b);
/* Raises *claim to what is wanted, or lowers it. -EDQUOT and TREE_TOO_MANY leave it as it is. */
int tree_claim(struct tree *t, struct tree_amount *claim, struct tree_amount wanted);
/* Gives it back. */
void tree_unclaim(struct tree *t, struct tree_amount *claim);
/* Whether there is room for so much more just now: 0, -EDQUOT or TREE_TOO_MANY. */
int tree_check_quota(struct tree *t, struct tree_amount more);
/* With the mutex: likewise, for what comes in the place of what goes and has that claim. */
int tree_settle(const struct tree *t, struct tree_amount claim, struct tree_amount come,
                struct tree_amount gone);
/* Whether so much more leaves the reserve on the file system of fd. */
int tree_check_space(const struct tree *t, int fd, struct tree_amount more);
/* With the mutex: what came and went. */
void tree_account(struct tree *t, struct tree_amount come, struct tree_amount gone);

/*
 * Removes a name and all beneath it, on one file system, following nothing; adds what it freed.
 * When the program is to end it may leave some of it, for the sweep.
 */
int tree_remove(struct tree *t, int folder, const char *name, struct tree_amount *freed);
/* tree_remove() of rubbish, which the sweep would find again, and its quota. */
void tree_discard(struct tree *t, int folder, const char *name);

/*
 * Copies bytes between files, from `offset` to `at`. -EIO when the source ends early; -EINTR in a
 * hurry.
 */
int tree_copy_bytes(const struct hurry *hurry, int from, uint64_t offset, int to, uint64_t at,
                    uint64_t length);

struct stage_group {
    struct tree *tree;
    struct place place; // of some member; its folder is that of all
    int fd;             // the hidden folder with the temporaries; its lock tells that we live
    char name[TEMPORARY_NAME];
};

struct stage {
    struct tree *tree;
    struct stage_group *group; // NULL: none
    struct place place;
    int fd;                             // -1: finished
    char temporary[2 * TEMPORARY_NAME]; // empty when it is not there any more
    uint64_t length, covered;           // written; and for how much space was asked
    uint64_t expected;                  // how much there is to be; or TREE_LENGTH_UNKNOWN
    uint64_t old_size;                  // what the target's replacement frees
    struct tree_amount claim;
    int64_t modified_ns;
    unsigned mode;
    bool is_new;   // nothing was there: it is one member more
    bool replaces; // a file, whose owner and attributes it keeps as far as may be
    uid_t owner;
    gid_t owner_group;
    bool allocated, synced;
    bool is_sparse;   // what is copied takes less than its length, and so is the copy to
    bool may_replace; // a folder, or a link itself
};

int stage_open(struct tree *t, struct span path, uint64_t length, const struct hurry *hurry,
               struct stage *s);
void stage_done(struct stage *s);

/* What so much content asks of the tree's room, with what it replaces taken off. */
struct tree_amount stage_amount(const struct stage *s, uint64_t length);
/* Whether there is room for all that is to come; takes that of its name alone. */
int stage_foresee(struct stage *s, uint64_t length);
/* Takes room for content up to that length, and some more. */
int stage_cover(struct stage *s, uint64_t length);
/* Owner, mode and attributes. */
int stage_set_rights(const struct stage *s);

#endif
