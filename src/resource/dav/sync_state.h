// SPDX-License-Identifier: MIT
/*
 * What is known of a folder's members for DAV:sync-collection (RFC 6578): how each was when
 * somebody last asked, and in which order that was noticed. It is compared with what is there at
 * each report, so that changes which were made past the server are noticed as well.
 *
 * Each change has a position of its own; positions only grow, also across a restart. A base is the
 * last position of a report that found something, and a token names one: what has a greater
 * position is what its holder does not know. No I/O here.
 */
#ifndef CANDOR_RESOURCE_DAV_SYNC_STATE_H
#define CANDOR_RESOURCE_DAV_SYNC_STATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "fs/stamp.h"

enum sync_flags {     // of a member; they are kept
    SYNC_GONE = 1,    // it was there
    SYNC_FOLDER = 2,  // or a link to one
    SYNC_IS_LINK = 4, // its name is one
};

struct sync_member {
    struct span path; // below the folder
    uint64_t position;
    uint8_t flags;
    char tag[STAMP_ETAG_OPAQUE]; // differs where it has changed
};

struct sync_state {
    uint64_t identity; // of this memory, by chance
    uint64_t version;  // the last base; 0: nothing is known yet
    uint64_t bases[LIMIT_SYNC_TOKENS];
    size_t base_count;           // oldest first
    struct sync_member *members; // by path
    size_t count;
};

/* What a client knows. An answer that was cut has told the members up to `at`. */
struct sync_token {
    uint64_t identity, base;
    uint64_t at;   // changes after this are not known
    uint64_t gone; // nor what has gone after this
};

/* -CANDOR_E_SYNTAX: nothing that sync_state_write wrote; -CANDOR_E_MEMORY. Paths are in the text.
 */
int sync_state_read(struct arena *arena, struct span text, struct sync_state *ret_state);
/* buf.failed: no memory. */
void sync_state_write(struct buf *b, const struct sync_state *state);

/*
 * Compares with what was found (which is put in order), notes what has changed, and keeps what
 * LIMIT_SYNC_TOKENS and LIMIT_SYNC_STATE permit, the oldest tokens going first. now: microseconds
 * since 1970. *ret_changed: it is to be kept, and the version is another. -CANDOR_E_MEMORY, or
 * -CANDOR_E_LIMIT where it is too large without any token but the last.
 */
int sync_state_update(struct sync_state *state, struct sync_member *found, size_t count,
                      uint64_t now, struct arena *arena, bool *ret_changed);

/* The token of who knows all of it. */
struct sync_token sync_state_token(const struct sync_state *state);
/* Whether what its holder does not know can be told. */
bool sync_state_knows(const struct sync_state *state, const struct sync_token *token);

struct sync_changes {
    const struct sync_member **members; // in the order of their positions
    size_t count;
    bool cut;                // there are more
    struct sync_token token; // of who knows these, too
};

/* At most `most` (above 0) of what is not known; token NULL: of all that is there.
 * -CANDOR_E_MEMORY. */
int sync_state_changes(const struct sync_state *state, const struct sync_token *token, size_t most,
                       struct arena *arena, struct sync_changes *ret_changes);

/* As a URI (RFC 6578 §4, RFC 2397), and back: false where it is none of these. */
void sync_token_write(struct buf *b, const struct sync_token *token);
bool sync_token_read(struct span text, struct sync_token *ret_token);

#endif
