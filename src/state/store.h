// SPDX-License-Identifier: MIT
/*
 * What must outlive the process: dead properties, locks, intents (the notes that let a rename and
 * its rows happen both or not at all), and what synchronisers know. RFC 4918, RFC 6578.
 *
 * - Every function blocks: call it from the offload pool, never from a loop. All are thread-safe.
 * - Acknowledged is durable: when store_apply returns 0, its changes survive SIGKILL and the loss
 *   of power. Otherwise nothing of them is there (but see store_is_unsure). Calls that wait at the
 * same time share one flush of the disk, in the order in which they came.
 * - One process at a time: the locks in the memory of two would contradict each other, so a second
 *   store_open of the same store is refused while the first is open, in this process or another.
 * - Paths are relative to the tree's root, without a slash at either end; "" is the root. Any
 * octets but NUL. "a" is above "a/b" and not above "ab".
 * - Errors are negated rows of base/error.def: FULL no room on the disk, LIMIT a limit of
 *   base/limits.def, ABSENT and EXISTS what they say, SYNTAX not such a path, MEMORY, STORE
 * anything else that the backend could not do; store_describe_failure tells the operator more.
 * BUSY: another program holds it, which nothing here waits for; GONE: its file, or the log of it,
 * was removed or replaced: what is written would be lost, so nothing is, until it is there again.
 */
#ifndef CANDOR_STATE_STORE_H
#define CANDOR_STATE_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/span.h"

struct store;

/*
 * Opens the store at path, a file that is made with mode 0600 if it is absent; its folder must be
 * there. An older store is brought up to date; a newer one, and a file that is something else, are
 * refused and left as they are. On failure a sentence for the operator is added to `error`:
 * -CANDOR_E_BUSY another process has it, -CANDOR_E_STORE it cannot be used, -CANDOR_E_SYSTEM,
 * -CANDOR_E_FULL, -CANDOR_E_MEMORY.
 */
int store_open(const char *path, struct store **ret_store, struct buf *error);
/* No other call may be under way. Accepts NULL. */
void store_close(struct store *s);

/*
 * Of its disk it keeps a little room (LIMIT_STORE_RESERVE) for what is to make room itself. Use
 * gives that up: false: it had none, or could not. Keep takes it again, as soon as there is room.
 */
bool store_use_reserve(struct store *s);
void store_keep_reserve(struct store *s);

/* Who is told, from any thread, when the file is found to be gone, and when it is there again.
 * Before other threads have the store. */
void store_watch(struct store *s, void (*tell)(bool is_gone, const char *path));

/* Adds a sentence about the last failure of the backend to text; nothing when there was none. */
void store_describe_failure(struct store *s, struct buf *text);

/* ---- Trees */

/*
 * The number of the tree with this name, given to it when it is first asked for and kept for good.
 * The name is the real path of the tree's root: inode and device numbers do not survive a restore
 * from a backup, nor the device's number every restart.
 */
int store_tree(struct store *s, struct span name, uint32_t *ret_tree);

/*
 * Whether a path of the tree may have dead properties; answered from memory. True from before the
 * first store_apply that sets one begins its work, so a false answer holds for whoever keeps others
 * from starting such a call.
 */
bool store_tree_has_properties(struct store *s, uint32_t tree);

/* Whether a copy of the properties at and below a path, in the place of others, is within the
 * limits of the tree. 0, -CANDOR_E_LIMIT, or another negated error. */
int store_can_copy(struct store *s, uint32_t tree, struct span source, struct span destination);

/*
 * Whether the flush of the last commit failed: what it was to write is in the log, and may be found
 * there by the next start. From the next change on that is made it is not.
 */
bool store_is_unsure(const struct store *s);

/* Whether the path, or what is below it, has any. 0 or 1, or a negated error. */
int store_has_below(struct store *s, uint32_t tree, struct span path);

/* ---- Changes */

struct store_property {
    struct span namespace; // may be empty
    struct span name;
    struct span value; // octets as the caller writes them
};

struct store_lock {
    struct span token; // unique in the whole store
    struct span path;  // the lock's root
    bool infinite;     // depth infinity; otherwise 0
    bool shared;       // otherwise exclusive
    int64_t timeout;   // seconds, as granted
    // When it expires, twice, for the caller, who drops what has expired:
    int64_t expires;       // seconds since 1970
    int64_t boot_expires;  // seconds (clock_boot), while this is the boot:
    struct span boot;      // the boot's name, up to LIMIT_LOCK_OWNER bytes; may be empty
    struct span owner;     // XML, may be empty
    struct span principal; // empty: anonymous
};

/* The numbers are on disk. */
enum store_intent_kind {
    STORE_INTENT_MOVE = 1,
    STORE_INTENT_DELETE = 2,
    STORE_INTENT_COPY = 3,
};

/* How far the rows of an intent have come. The numbers are on disk. */
enum store_phase {
    STORE_BEGUN = 0,     // the names may have changed or not
    STORE_CLEARING = 1,  // they have; the rows that the destination had are being removed
    STORE_FOLLOWING = 2, // those are gone; the rows of the source follow, or go
};

/* What tells a file from another that has its name, or its inode's number, later. */
struct store_identity {
    uint64_t inode; // 0: nothing was there
    int64_t born;   // ns since 1970; 0: not known
};

/* What is about to happen in the file system, and what tells afterwards if it did. */
struct store_intent {
    uint64_t id; // from store_intent_id; 0: the store does not have it
    enum store_intent_kind kind;
    enum store_phase phase; // as it was read
    struct span source, destination;
    struct store_identity source_is, destination_is;
};

/* How far store_follow has come; the caller's to keep, all zeros at first. */
struct store_progress {
    enum store_phase phase;
    bool is_done;
    size_t length; // private: of the key from which on a copy goes on
    char from[LIMIT_STORE_PATH + 2];
};

/* What is known of a folder's members for synchronisation; the caller's octets. */
struct store_sync {
    struct span path;
    bool deep;        // of all that is below it
    uint64_t version; // not 0, below 2^63, and grows with time: the least one is forgotten first
    struct span state;
};

enum store_change_kind {
    STORE_PROPERTY_SET,      // path, property
    STORE_PROPERTY_REMOVE,   // path, property without its value; absent: success (RFC 4918 §14.23)
    STORE_PROPERTIES_DELETE, // path: its properties and those of everything below
    STORE_LOCK_INSERT,       // lock
    STORE_LOCK_REFRESH,      // lock: its token, timeout and expires count; -CANDOR_E_ABSENT
    STORE_LOCK_DELETE,       // lock: its token counts; absent: success
    STORE_LOCKS_DELETE,      // path, only_below: every lock with its root there or below
    STORE_INTENT_BEGIN,      // intent
    STORE_INTENT_FINISH,     // intent: its id counts; -CANDOR_E_ABSENT
    STORE_INTENT_FORGET,     // intent: its id counts; absent: success, and the store is sure again
    STORE_SYNC_SET,          // sync, sync_before; where there are too many others go
};

/* One change; the comments above tell which members count. */
struct store_change {
    enum store_change_kind kind;
    struct span path;
    bool only_below; // and not at the path itself
    struct store_property property;
    const struct store_lock *lock;
    const struct store_intent *intent;
    const struct store_sync *sync;
    uint64_t
        sync_before; // the version that is replaced, 0: none; another is there: -CANDOR_E_EXISTS
};

/*
 * Makes the changes, in order, in one transaction: all or none. On failure *failed (unless NULL) is
 * the index of the change that did not work, or n when it was none in particular.
 */
int store_apply(struct store *s, uint32_t tree, const struct store_change *changes, size_t n,
                size_t *failed);

/* What rows an intent has, and how they follow. */
struct store_following {
    const struct store_intent *intent;
    bool shallow; // of a copy: the rows of the path alone, not of what is below it
    // Of a copy: it is not to be finished, for rows of members that were not copied are to be
    // removed then; where all stops before that, none are to be there.
    bool is_partial;
    const struct store_change *first; // changes that come before, in the transaction
    size_t count;
};

/*
 * One transaction of those that let the rows of an intent follow its names: at most about
 * LIMIT_FOLLOWING_ROWS rows of LIMIT_FOLLOWING_SIZE. Those of the destination go, those of the
 * source are moved, copied or removed; in the last one the intent ends (*progress is done).
 * Between two, others use the store. After a failure the progress is what it was.
 * A copy that is too much for the tree: -CANDOR_E_LIMIT. To, above or below the source itself:
 * -CANDOR_E_OVERLAP.
 */
int store_follow(struct store *s, uint32_t tree, const struct store_following *following,
                 struct store_progress *progress);

/*
 * A result of the store as a negated errno, for who speaks of it with the tree's: -ENOSPC, -ENOMEM,
 * -ESTALE for what a change is about and is not there any more, -EAGAIN for one that another
 * program holds, -ENOLINK for one whose file is gone, else -EIO.
 */
int store_errno(int error);

/* An id that no unfinished intent has. */
uint64_t store_intent_id(struct store *s);

/* ---- Reading: what earlier calls of store_apply acknowledged is seen */

/* What is known of the folder; the state is copied to the arena. -CANDOR_E_ABSENT. */
int store_sync_get(struct store *s, uint32_t tree, struct span path, bool deep, struct arena *arena,
                   struct store_sync *ret_sync);

/*
 * Visitors get spans that are valid during their call only, must not call the store, and stop the
 * visit by returning something other than 0, which is then the result.
 */

/* The properties of n paths as they are at one moment, path by path, ordered by namespace and name;
 * index: which path. Without values every value is empty and is not read. */
int store_properties_visit(struct store *s, uint32_t tree, const struct span *paths, size_t n,
                           bool values,
                           int (*visit)(void *context, size_t index,
                                        const struct store_property *property),
                           void *context);

/* All locks of the tree, ordered by path. */
int store_locks_visit(struct store *s, uint32_t tree,
                      int (*visit)(void *context, const struct store_lock *lock), void *context);

/* The unfinished intents of the tree, oldest first. */
int store_intents_visit(struct store *s, uint32_t tree,
                        int (*visit)(void *context, const struct store_intent *intent),
                        void *context);

#endif
