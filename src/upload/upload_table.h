// SPDX-License-Identifier: MIT
/*
 * The unfinished uploads of one tree (docs/uploads.md), shared by all workers: content that grows
 * piece by piece in a stage, and what was said when it was opened. In memory only: after a restart
 * there are none, and the tree's sweep has removed what they had staged.
 *
 * A request for an upload claims it; from then on earlier claims are void, so that of two clients
 * (most often one client, and its own connection that died) only the later one writes.
 * No thread waits for another one here: a waiter, as the upload is being written to just now, is
 * told by a message. What removes an upload blocks for its file, and is for the pool. Times
 * are seconds of any clock that doesn't go back.
 */
#ifndef CANDOR_UPLOAD_UPLOAD_TABLE_H
#define CANDOR_UPLOAD_UPLOAD_TABLE_H

#include "http/digest.h"
#include "http/upload_fields.h"
#include "io/loop.h"
#include "tree/tree.h"

struct upload_table;
struct upload;

/* What the request said that opened it. A condition whose ptr is NULL was not sent. */
struct upload_opening {
    struct span path;   // of the file to be, relative to the root, as the client named it; or of
                        // the collection that it is to be a member of, with a name
    struct span name;   // that the member should have; ptr NULL: there is none
    struct span folder; // that it was to be in, without links
    struct span if_match, if_none_match, if_unmodified_since;
    struct digests digests; // of the whole, as far as they were sent
    uint64_t length;        // or TREE_LENGTH_UNKNOWN
    int64_t modified_ns;    // or TREE_NOW
};

/* The right to write to an upload, until somebody else claims it. */
struct upload_claim {
    struct upload *upload; // NULL: none
    uint64_t number;
};

enum upload_state {
    UPLOAD_MINE,
    UPLOAD_TAKEN_OVER, // somebody has claimed it since
    UPLOAD_GONE        // complete, given up or forgotten
};

/* -CANDOR_E_MEMORY. */
int upload_table_new(struct upload_table **ret_table);
/* With all uploads; no claim is left. Accepts NULL. */
void upload_table_free(struct upload_table *t);

/*
 * Takes the stage on success. Where there are too many, one goes that nobody writes to: the empty
 * one, or else the one that was silent for longest. 0, -ENOMEM, -EIO (no randomness), or -EUSERS:
 * all of them are being written to.
 */
int upload_open(struct upload_table *t, const struct upload_opening *opening, struct stage *stage,
                int64_t now, struct upload_claim *ret_claim);
/*
 * Finds the upload of that name in that folder ("" or a path without links). False: there is none.
 * A writer goes on with what it writes just now: upload_wait() first. Every claim is dropped once.
 */
bool upload_claim(struct upload_table *t, struct span id, struct span folder,
                  struct upload_claim *ret_claim);

/* A waiter; all zeros at first, but for message.on_arrival. */
struct upload_waiting {
    struct loop_message message;
    struct loop *loop; // private from here
    struct list link;
};
/*
 * For the claim: before it is used, and again after each message. True: somebody is writing, and
 * the message will come to the loop when that is over or there is a later claim; until then claim
 * and waiting must stay. False: *ret_state is known, and if it is UPLOAD_MINE, nobody is writing.
 */
bool upload_wait(struct upload_table *t, const struct upload_claim *c, struct loop *loop,
                 struct upload_waiting *waiting, enum upload_state *ret_state);
/* True: the message will not come any more. False: it is on its way, or nobody waited. */
bool upload_wait_cancel(struct upload_table *t, struct upload_waiting *waiting);
/* Accepts a claim of nothing, and makes it one. */
void upload_drop(struct upload_table *t, struct upload_claim *c);

/* Constant while a claim is held. */
const struct upload_opening *upload_opening(const struct upload_claim *c);
struct span upload_id(const struct upload_claim *c);
/* How much is there; exact with a claim that is valid, or after upload_enter. */
uint64_t upload_offset(struct upload_table *t, const struct upload_claim *c);

/*
 * The stage for this thread alone; NULL unless *ret_state is UPLOAD_MINE. Then upload_leave() or
 * upload_remove() follows. Only for a claim that has waited, or that the upload was opened with.
 */
struct stage *upload_enter(struct upload_table *t, const struct upload_claim *c,
                           enum upload_state *ret_state);
/* Notes that something was written at that time. */
void upload_leave(struct upload_table *t, const struct upload_claim *c, int64_t now);
/* The upload is gone, with what it has staged. */
void upload_remove(struct upload_table *t, const struct upload_claim *c);
/* The upload is gone as well, but for some time it is known that it was complete; so a client that
 * lost the answer to its last piece need not send all again. Without memory it is not known. */
void upload_remove_complete(struct upload_table *t, const struct upload_claim *c, int64_t now);
/* Whether the upload of that name in that folder was, and how long. */
bool upload_was_complete(struct upload_table *t, struct span id, struct span folder,
                         uint64_t *ret_length);
/* How many seconds an upload may be silent when so much of it is there. */
int64_t upload_age(uint64_t offset);
/* Removes what was silent for longer, how many; and forgets what was complete for long. */
size_t upload_table_expire(struct upload_table *t, int64_t now);
bool upload_table_is_empty(const struct upload_table *t);

#endif
