// SPDX-License-Identifier: MIT
/*
 * What the files of this folder share: an exchange that authors, and its steps.
 */
#ifndef CANDOR_RESOURCE_DAV_DAV_PARTS_H
#define CANDOR_RESOURCE_DAV_DAV_PARTS_H

#include "lock/lock_facts.h"
#include "lock/lock_journal.h"
#include "resource/dav/answer_cache.h"
#include "resource/dav/dav.h"
#include "resource/dav/rows.h"
#include "resource/dav/upload_table.h"
#include "resource/dav/xml/dav_request.h"
#include "resource/dav/xml/multistatus_write.h"
#include "resource/files/digest_hash.h"
#include "resource/files/media_type_map.h"
#include "tree/tree.h"

struct dav_share {
    const struct files_options *options;
    struct tree *tree;
    _Atomic uint64_t changes;
    struct lock_table *locks; // guarded by the tree's mutex
    struct lock_journal journal;
    struct upload_table *uploads;
    const struct media_type_map *types;
    const struct hurry *hurry;
    struct rows *rows; // who changes dead properties, and names with such
};

struct dav {
    struct resource resource;
    struct dav_share *share;
    struct loop *loop;
    struct offload *pool;
    struct answer_cache *answers;
    size_t telling_memory;     // of answers to PROPFIND that are being sent
    size_t xml_memory;         // of content that is XML
    struct timer expiry_timer; // uploads that were silent too long
    struct work expiry;
};

/* A member that the method could not be performed on. */
struct failed_member {
    struct failed_member *next;
    int error; // errno, positive
    bool is_folder;
    size_t length;
    char path[]; // below the source
};

struct failures {
    struct failed_member *first;
    size_t count;
    bool gave_up; // for their sake, with nothing changed
};

/* What the request is about. Paths are relative to the root, without slashes at the ends; a client
 * is told names.asked. */
struct target {
    struct tree_names names;
    struct span path;      // of these, what is changed or told
    struct tree_look look; // what is there
    bool located;          // while a reader answers: names and look are those of its resource
};

/* Where COPY and MOVE lead. */
struct destination_place {
    struct tree_names names;
    struct span path; // of these, what is made or replaced
    struct tree_look look;
    bool crosses; // MOVE: to another file system, so that it is a copy
};

/* A part of the representation: where it goes, and between which other parts it is staged. */
struct content_part {
    uint64_t first, end;
    uint64_t staged_before; // bytes of the stage before the content
    bool is_between;        // what is before and behind it is of `between`
    struct tree_seen between;
};

/* Content on its way into the tree. */
struct content {
    struct work work;    // of the piece that is being taken
    struct span whole;   // all of it, when it came in one piece
    struct stage *stage; // else where it goes
    struct span piece;   // that is being written
    uint64_t staged;     // bytes of content in pieces that were written
    struct content_part part;
    struct posting *posting; // POST: what becomes of its content
};

/* What the client says that the content is, and what it is. */
struct content_digests {
    struct digest_hash *hash; // of the content, where the client sent digests
    struct digests of_content;
    struct digests of_whole; // of the representation, of which this is a part
    bool are_read, are_checked;
    bool all_computed; // whatever digest of the content may still come, it is being computed
};

/* The upload that the target names, or that the request opened. */
struct upload_part {
    struct upload_claim claim;
    bool is_spoilt; // it is not what its digest says, and nobody knows since when
    struct upload_waiting waiting;
};

/* What locks say of the request, and the lock that it asks for. */
struct locking {
    struct lock_facts facts;
    struct lock_verdict verdict;
    bool token_known, conflicting; // as in struct lock_state
    struct span blocking;          // the root of the lock that is in the way
    bool blocking_is_folder;
    struct lock lock; // granted or refreshed
    char token[LOCK_TOKEN_SIZE];
    bool inserted;             // it is in the table, and waits for the journal
    bool conflict_below;       // it is refused for a lock on a member
    struct lock_gone *expired; // for the journal, with the new lock
    struct lock_gone *gone;    // for the journal, with what they were on
};

/* Content that is XML. */
struct xml_content {
    struct xml_reader *reader;
    size_t memory;   // of this exchange, in that of the resource
    bool understood; // one of:
    struct dav_lockinfo lockinfo;
    struct dav_propfind propfind;
    struct dav_proppatch proppatch;
};

/* What is to be told of what was done. */
struct answer_parts {
    char etag[STAMP_ETAG_OPAQUE + 1]; // of the target
    int written;                      // what was stored, where it is to be told; -1: it isn't
    bool written_whole;               // all of it
    bool has_result;                  // in the content
    struct span properties;           // PROPPATCH; ptr NULL: there is nothing to tell
    struct telling *telling;          // PROPFIND: what is being told
    struct answer_terms terms;        // of what is remembered of that, or will be
    struct answer *kept;              // owned reference
    bool is_reserved;                 // there is room set aside
};

/* What an exchange that authors holds; on its arena, until its release. */
struct authoring {
    struct exchange *x;
    struct dav *dav;
    struct span mount;  // the route's path, which ends with a slash
    bool in_the_way;    // others were in the way of the step: it is to be made again
    int error;          // of the last step: 0, or a negated errno
    enum outcome cause; // of the last step, where an errno does not tell
    struct target target;
    struct destination_place destination;
    struct content content;
    struct content_digests digests;
    struct upload_part upload;
    struct locking locking;
    struct xml_content xml;
    struct failures failures;
    struct tree_result result;
    struct answer_parts answer;
};

/* The tree's terms for a change of the target, as the questions saw it. */
struct tree_terms terms_of(struct authoring *a);

/* The outcome for a negated errno; none: what was seen is no longer so. */
enum outcome authoring_outcome(int error);
/* How a step goes on that has failed: with the cause, or, where only what was seen has changed,
 * with another look. */
enum step authoring_end_failed(struct authoring *a);
/* The same for a step that cannot be made again, as it had content that is gone: there always is a
 * cause. */
void authoring_set_final_cause(struct authoring *a);

/* The step fails with an outcome that no errno tells; returns what a->error is to be. */
int authoring_fail(struct authoring *a, enum outcome cause);

/* The terms for a new member of the target, which must not be there yet. */
struct tree_terms terms_of_member(struct authoring *a);

/* dav_look.c: facts. */
enum step target_begin(struct authoring *a);
void target_run(struct authoring *a);
enum step target_end(struct authoring *a);
/* A look has failed (a->error): the cause. */
void look_fail(struct authoring *a);
enum step destination_begin(struct authoring *a);
void destination_run(struct authoring *a);
enum step destination_end(struct authoring *a);
/* Whether Depth is infinity, as it is when it is absent: RFC 4918 §9.1, §9.6.1, §9.8.3. */
bool authoring_is_deep(const struct exchange *x);

/* dav_write.c: content on its way into the tree, and its commit. */
bool write_takes_type(const struct exchange *x);
/* Whether the content is a part of the representation: PATCH, or PUT with Content-Range. */
bool write_is_partial(const struct exchange *x);
/* Whether so much of the representation stays that copying it takes long. */
bool write_copies_much(const struct authoring *a);
/* FACT_place: refuses what has no room or no place before its content is asked for. */
enum step place_begin(struct authoring *a);
void place_run(struct authoring *a);
enum step place_end(struct authoring *a);
bool write_take(struct authoring *a, struct span data);
void write_commit(struct authoring *a);
/* -EIO unless each byte of the content that has come is there to be committed. */
int write_check_staged(const struct authoring *a);
/* Of a stage that was begun for that path, or for what it led to then; the error. */
int write_commit_stage(struct authoring *a, struct stage *s, struct span path,
                       const struct tree_terms *terms);
/* Gives up what was staged and not committed. */
void write_discard(struct authoring *a);

/* dav_digest.c: the digests that the client sent (RFC 9530), and what computes the same. */
int digests_read(struct authoring *a);
void digests_add(struct authoring *a, struct span content);
/* All has come, trailers too. What could not be computed until now is read again: the content is
 * what is staged from `first` on; a stage is not needed when it is empty. */
int digests_check(struct authoring *a, const struct stage *stage, uint64_t first);
/* Whether the next takes long. */
bool digests_reread_much(const struct authoring *a);
/* The same for all that is staged: those of the whole, and earlier ones (NULL: none) of it. */
int digests_check_whole(struct authoring *a, const struct stage *stage,
                        const struct digests *earlier);

/* dav_post.c: the same for POST. */
void post_piece(struct authoring *a);
void post_commit(struct authoring *a);
/* Whether the content says that it is a form, before any of it was looked at. */
bool post_sends_form(const struct exchange *x);
/* What a page's form sends without files is nothing to be stored. */
bool post_takes_type(const struct exchange *x);
bool post_is_form(const struct authoring *a);
/* Whether the files came from a page that is to be shown again, rather than be told of them. */
bool post_shows_page(const struct authoring *a);
bool post_made_several(const struct authoring *a);
/* As JSON, in the order of the form: what each file was to be called, is called, and where it is.
 */
void post_write_result(struct buf *b, const struct authoring *a, struct span folder);
/* Of the first member that was made. */
struct span post_member_name(const struct authoring *a);
void post_free(struct posting *p);

/* dav_written.c: the representation that was stored, in the answer. */
bool written_is_wanted(struct exchange *x);
/* By its path, whose last segment tells the type. */
void written_respond(struct authoring *a, struct span path);
/* A preference that has shaped the answer: RFC 7240 §3. */
void preference_applied(struct exchange *x, struct span preference);

/* dav_upload.c: content that comes in pieces. */
bool upload_is_opening(const struct exchange *x);
/* Upload-Length, or TREE_LENGTH_UNKNOWN. */
uint64_t upload_stated_length(const struct exchange *x);
bool upload_takes_type(const struct exchange *x);
/* FACT_upload: afterwards the target is the file that the upload will be. */
enum step upload_begin(struct authoring *a);
void upload_claim_run(struct authoring *a);
enum step upload_end(struct authoring *a);
/* Whether the content goes to an upload. */
bool upload_is_concerned(const struct authoring *a);
void upload_piece(struct authoring *a);
void upload_commit(struct authoring *a);
/* At the end: whether the upload can't be completed any more, and is to be removed. */
bool upload_is_lost(const struct authoring *a);
void upload_respond(struct exchange *x);
/* Looks for silent uploads now and then. */
void upload_watch_begin(struct dav *d);
void upload_watch_end(struct dav *d);

/* dav_change.c: the other effects, for the pool. */
void change_delete(struct authoring *a);
void change_mkcol(struct authoring *a);
void change_copy(struct authoring *a);
void change_move(struct authoring *a);
void change_forget_failed(struct authoring *a);

/* dav_xml.c: content that is XML, read in the loop's thread as it comes. */
bool xml_is_content_of(enum method method);
bool xml_takes_type(const struct exchange *x);
bool xml_take(struct authoring *a, struct span data);
/* All has come: fills in what it asks for, or sets the cause. */
void xml_understand(struct authoring *a);
void xml_discard(struct authoring *a);

/* dav_lock.c: FACT_locks, FACT_meaning, LOCK and UNLOCK. */
enum step locks_begin(struct authoring *a);
void locks_run(struct authoring *a);
enum step locks_end(struct authoring *a);
enum step meaning_begin(struct authoring *a);
/* Makes a change one that no lock forbids, and locks end with what they were on. */
void locks_add_terms(struct authoring *a, struct tree_terms *terms);
/* After such a change, in the pool: the journal forgets the locks that ended. */
void locks_forget(struct authoring *a);
void change_lock(struct authoring *a);
void change_unlock(struct authoring *a);
/* Adds what it knows to the response; nothing where the outcome is not about locks. */
void locks_respond(struct exchange *x);

/* dav_rows.c: dead properties follow their resource through DELETE, MOVE and COPY. For the pool. */
struct rows_following {
    struct rows_claim claim;
    struct store_intent intent;
    bool follows;  // there are rows that may have to follow
    bool recorded; // the intent is in the store
};
/* rows_claim, which the step has to begin with: it is made again while others are in the way. */
int rows_await(struct authoring *a, struct rows_claim *claim, bool patient);
/* Before the change. A negated errno, and then there is nothing to end. */
int rows_begin(struct authoring *a, struct rows_following *f, enum store_intent_kind kind);
/* After it, whether anything changed (a->error) or not. shallow: a copy without members. */
void rows_end(struct authoring *a, struct rows_following *f, bool shallow);
/* At start: what a crash has left between the two. */
int rows_recover(struct dav_share *share);

/* dav_proppatch.c, for the pool. */
void change_properties(struct authoring *a);

/*
 * dav_propfind.c. In the loop's thread, before it begins: whether the answer is remembered, and
 * then there is nothing to begin.
 */
bool propfind_recall(struct authoring *a);
/* For the pool: begins to tell. */
void propfind_begin(struct authoring *a);
/* In the loop's thread, after that: keeps the answer when it is whole, and accounts for it. */
void propfind_settle(struct authoring *a);
/* In the loop's thread: fills in the response. */
void propfind_respond(struct authoring *a);
void propfind_discard(struct authoring *a);

/* An error element as the response's content, about a path of the tree (ptr NULL: none). */
void respond_condition(struct exchange *x, enum dav_condition condition, struct span path,
                       bool is_folder);

/* dav_respond.c */
void authoring_respond(struct exchange *x);

#endif
