// SPDX-License-Identifier: MIT
/*
 * One request and its response, on one arena. The session that carries it fills in the request
 * and sends the response; the graph decides the outcome; a resource supplies facts and the body.
 * Nothing here knows the version of HTTP on the wire, nor what a session is.
 */
#ifndef CANDOR_GRAPH_EXCHANGE_H
#define CANDOR_GRAPH_EXCHANGE_H

#include "base/arena.h"
#include "base/hurry.h"
#include "graph/fact.h"
#include "http/precondition.h"
#include "http/range.h"
#include "http/upload_fields.h"
#include "wire/field_block.h"
#include "wire/message.h"
#include "wire/uri.h"

struct client;
struct relay;
struct resource;
struct trailing;
struct wire_fault;

/* Which parts of it are asked for. */
struct range_set {
    struct range *list; // on the arena
    size_t count;
    enum range_result result;
};

/* The representation that the resource selected, or why there is none. */
struct representation {
    bool exists, readable, lacks_slash, acceptable;
    bool lacks_form;              // it is there, but not as what the query asks for
    bool has_ranges;              // range requests make sense
    struct validators validators; // http/precondition.h
    uint64_t length;              // bytes
    struct span content_type;
    struct range_set ranges; // FACT_ranges
};

/* What is at the target of a method that authors, and around it. */
struct target_state {
    bool is_collection;      // what is there
    bool named_as_folder;    // with a slash at its end, and not the root
    bool name_possible;      // the file system can hold the name
    const char *name_hidden; // why whatever had it would not be there for clients; NULL: it would
    bool parent_exists;      // as a collection
    bool lists_unlisted;     // a PROPFIND of members, where folders are not listed
    bool depth_unbounded;    // a PROPFIND that goes deeper than is permitted
};

/* The unfinished upload that the target names: docs/uploads.md. */
struct upload_facts {
    bool named;           // by path and query; known with FACT_ROUTE
    bool finishes;        // this is its last piece: the conditions below count, not the request's
    bool into_collection; // and makes a member of the target, as a POST opened it
    bool has_length;      // that was told when it was opened
    bool is_complete;     // it is the file by now, and can only be asked for
    uint64_t offset, length;
    struct span address; // of one that this request has opened, as a reference, to be told before
                         // its content comes (104); ptr NULL: none
    struct span if_match, if_none_match, if_unmodified_since; // of the request that opened it
};

/* Where COPY and MOVE lead. */
struct destination_state {
    bool exists, parent_exists;
    bool is_collection;   // what is there
    bool named_as_folder; // with a slash at its end
    bool overlaps;        // the source: the same, within it, or around it
};

/* What the content is, by the fields that come with it. */
struct content_kind {
    bool type_refused;           // the method does not take content of that type
    bool is_coded;               // it has a coding
    uint64_t length;             // of it; of chunks, as it is expected; CONTENT_LENGTH_UNKNOWN
    struct upload_fields upload; // what they say of an upload
};
#define CONTENT_LENGTH_UNKNOWN UINT64_MAX

/* The preconditions that count: those of the request, or of the one that opened the upload which it
 * completes. ptr is NULL where there is none. */
struct conditions {
    struct span if_match, if_none_match, if_unmodified_since;
    struct span if_modified_since, if_range; // of what is read
};

/* What If and the locks say. */
struct lock_state {
    bool if_malformed, if_holds;
    size_t if_fault;  // the byte of If where it is malformed
    bool token_known; // of UNLOCK's Lock-Token, or of the lock to be refreshed
    bool blocked;     // something that would change is locked, and no token for it was submitted
    bool conflicting; // another lock does not permit the one asked for
};

/* What the method did. */
struct effect {
    bool partly;     // not on every member
    bool created;    // at the target or the destination
    bool from_form;  // files of a form were stored
    bool has_result; // to be told in the content
    bool untold;     // properties were changed, and the client wants to hear of failures alone
    bool unfinished; // the content is kept, and waits for more
};

/* A piece of a response's body. */
struct piece {
    enum piece_kind {
        PIECE_BYTES, // bytes: valid until the next piece is asked for
        PIECE_FILE,  // length bytes of file from offset
        PIECE_WAIT,  // one is on its way: host->resume_body(x) follows, never before next returned
        PIECE_END,   // the body is complete
        PIECE_FAILED // it cannot be completed: the message must end visibly broken
    } kind;
    struct span bytes;
    int file;
    uint64_t offset, length;
};

/* A field line to be sent, in a list on the arena. */
struct response_field {
    struct response_field *next;
    struct span name, value;
    bool is_sound; // a codec has read it: nothing in it has to be looked at before it is sent
};

struct response {
    uint16_t status;                 // where another server's, or made up; 0: that of the outcome
    bool is_tunnel;                  // see resource_ops.take; next gives bytes of it
    bool has_date;                   // among the fields, with a Server of its own if it has one
    const struct wire_fault *fault;  // how the message is broken on purpose; NULL: it is not
    struct response_field *trailers; // sent where length is not known, read at PIECE_END
    const struct field_block *block; // ready-made fields, of which those from block_first on are
    size_t block_first;              // sent; or NULL
    struct response_field *fields;   // further ones, in order
    struct response_field **fields_end;
    bool failed;      // a field or the body could not be made, for want of memory
    bool has_length;  // length is known: else the end is told by framing
    uint64_t length;  // of the body, also when it is not sent (HEAD)
    struct span body; // the whole body, when next is NULL
    void (*next)(struct exchange *x, struct piece *ret_piece); // or the pull for the next piece
    void *source;                                              // private to next
};

/* A field of the request's trailer section, on the arena: all its lines joined by ", ". */
struct trailer {
    struct trailer *next;
    enum field id;
    bool in_line; // the last one may go on
    size_t length, room;
    char *value;
};

enum {
    TRAIL_LENGTH = 128, // at least the number of nodes
    TRAIL_FACT = 0x8000 // an entry that is a fact which could not be had; else node << 1 | answer
};

/* What an exchange waits for, while a fact is being established. */
enum waits { WAITS_NOT, WAITS_FOR_RUN, WAITS_FOR_EVENT, WAITS_FOR_PAUSE };

/* What the carrier of exchanges (a session) does for them. Nothing of it calls back before it has
 * returned. */
struct exchange_host {
    const struct fact_step *steps; // [FACT_COUNT], of the facts that it knows
    /* Calls graph_run(x) in a thread of the pool; resume follows. */
    void (*run)(struct exchange *x, bool is_long);
    /* resume follows after so many nanoseconds. */
    void (*pause)(struct exchange *x, int64_t nanoseconds);
    /* Whether a path of the same host, decoded, leads to the resource that x leads to. */
    bool (*leads_here)(const struct exchange *x, struct span path);
    /* The resource has taken the piece of content that it kept (see resource_ops.take). */
    void (*taken)(struct exchange *x);
    /*
     * Content beyond what came with the head is wanted (a client that waits for a word, 100, gets
     * it): it goes to take as it comes, also while the response goes out, and ended follows. Not
     * where all of it has come (content.ended).
     */
    void (*read)(struct exchange *x);
    /* Sends an interim response (RFC 9110 §15.2) to a client that knows them; the fields are
     * copied. Not after the outcome is decided. False: there are too many, or no memory. */
    bool (*interim)(struct exchange *x, unsigned status, const struct response_field *fields);
    /* What a step waited for is there (STEP_WAIT): the walk goes on. */
    void (*resume)(struct exchange *x);
    /* A piece of the response's body is there: next is asked again. */
    void (*resume_body)(struct exchange *x);
};

/* What of the request is the host's to know. */
struct arrival {
    struct span head; // as received, for TRACE
    int64_t time;     // seconds since 1970, of this request
    uint64_t id;
    const struct client *client; // graph/client.h
    unsigned client_number;      // below LIMIT_CLIENTS, where clients share memory and threads
    const char *version;         // of HTTP, as in Via: "1.1"
};

/* Where the request leads. */
struct routing {
    bool over_capacity; // there are too many: it is told so
    bool host_known;
    bool host_doubtful;        // it may be that of a page which has its name lead to this machine
    struct resource *resource; // not owned; NULL: no route
    struct resource *guard;    // that authors and knows the locks, while its reader is the resource
                               // here and answers; NULL: no reader does
    void *resource_state;      // the resource's own, given back by its release
    void *guard_state;         // the guard's own, on the arena
    method_set allowed;
    method_set withheld; // of those that the resource has: not with this query
};

/* The content of the request. */
struct exchange_content {
    struct content_kind kind;
    uint64_t limit;            // bytes
    uint64_t taken;            // bytes that the resource has taken before the piece at hand
    bool ended;                // all of it has come
    struct trailer *trailers;  // that count (FIELD_FLAG_TRAILER)
    struct trailing *trailing; // where the resource answers by itself: those that may be passed on
                               // (graph/trailing.h); NULL: none
};

/* Why a fact could not be had, and more of what was found in this very request. */
struct failure {
    enum outcome cause;   // the first; OUTCOME_NONE: none
    uint64_t offset;      // of the byte that is at fault
    struct span detail;   // a sentence; or empty
    int system_error;     // errno behind the cause, for the log alone; or 0
    uint32_t retry_after; // seconds; 0: what the status stands for
};

/* Whether there is reason to give up. */
struct urgency {
    bool hurried;       // set by the host, at any time: it waits no more than it must
    bool cancelled;     // set by graph_cancel: nobody waits for the answer any more
    struct hurry hurry; // for the steps that run long: as of the whole program, or when cancelled
};

/* Where the walk is, and what it waits for. Private to the walker, but for the trail. */
struct walk {
    uint32_t known; // FACT_BIT of each fact
    uint16_t at;    // node
    uint16_t trail_length;
    enum waits waits;
    bool runs_long;                        // the step, which may read it
    uint8_t step_fact;                     // that is being established
    const struct fact_step *step;          // by this
    unsigned looks;                        // again, because what was seen had changed
    int64_t stale_since, in_the_way_since; // monotonic ns; 0: never
    enum outcome way_cause; // set by a step before STEP_PAUSE: what it is when that takes too long
    uint16_t trail[TRAIL_LENGTH]; // not zeroed: what is beyond its length is nothing
};

struct exchange {
    struct arena arena;
    const struct exchange_host *host;
    void *carrier; // the call
    struct message request;

    struct arrival arrival; // from here on zeroed for each request
    struct uri_path path;
    struct routing routing;
    struct exchange_content content;
    struct conditions conditions;
    struct representation representation;
    struct target_state target;
    struct upload_facts upload;
    struct destination_state destination;
    struct lock_state locks;
    struct effect effect;
    struct relay *relay; // graph/relay.h; NULL: nothing is passed on
    struct failure failure;
    struct urgency urgency;
    enum outcome outcome;
    struct response response;
    struct walk walk; // up to its trail
};

/* Makes it ready for the next request; keeps arena, host and carrier. */
void exchange_reset(struct exchange *x);

/*
 * What the query of the target means where things can be changed: it names an upload, or something
 * that can only be read (RFC 3986 §3.4), and `allowed` is narrowed to that.
 */
void exchange_heed_query(struct exchange *x);

/* The status of the response. */
static inline int exchange_status(const struct exchange *x)
{
    return x->response.status ? x->response.status : outcome_table[x->outcome].status;
}

/*
 * Records why a fact cannot be had: the walk ends with that outcome. The first cause wins. offset:
 * of the byte of the request that is at fault, 0 for none. format (NULL: nothing) says more, of
 * this very request, in a whole sentence. Without memory for that the response has failed.
 */
__attribute__((format(printf, 4, 5))) void exchange_fail(struct exchange *x, enum outcome cause,
                                                         uint64_t offset, const char *format, ...);

/* Says more, in a whole sentence, of an outcome that a question decided. Without memory for that
 * the response has failed. */
__attribute__((format(printf, 2, 3))) void exchange_describe(struct exchange *x, const char *format,
                                                             ...);

/* Whether the cause became the outcome and is of a certain byte of the request. */
static inline bool exchange_has_offset(const struct exchange *x)
{
    return x->failure.cause != OUTCOME_NONE && x->failure.cause == x->outcome &&
           (x->failure.offset || x->failure.cause == x->request.violation.outcome);
}

/*
 * All values of a list field in one, joined by ", "; ptr is NULL when the field is absent. Where
 * there is no memory for that the exchange fails, and the span is empty: for steps, not questions.
 */
struct span exchange_field(struct exchange *x, enum field id);

/*
 * The next piece of the value of a trailer field; an empty one completes it (h1_read_content). Kept
 * are those fields alone whose definition lets them count (FIELD_FLAG_TRAILER, RFC 9110 §6.5.1);
 * all others are ignored. False: out of memory.
 */
bool exchange_add_trailer(struct exchange *x, enum field id, struct span piece);

/* Its value; ptr is NULL when it did not come. */
struct span exchange_trailer(const struct exchange *x, enum field id);

/* Adds a field to the response; name and value must live as long as the exchange. Without memory
 * the response has failed, and so it has where the value is one that could not be made (ptr NULL).
 */
void exchange_add_field(struct exchange *x, struct span name, struct span value);
/* One that a codec has read into a message that lives as long as x. */
void exchange_add_line(struct exchange *x, const struct field_line *line);
/* Adds a field whose value is printed into the arena. */
__attribute__((format(printf, 3, 4))) void exchange_add_fieldf(struct exchange *x, struct span name,
                                                               const char *format, ...);

/* Adds a field whose value is the address of a decoded path. It takes 3 bytes of the arena for each
 * byte of that. */
void exchange_add_path(struct exchange *x, struct span name, struct span path);

/*
 * Adds a field whose value leads to the folder that the target names, with its slash at the end,
 * and where that is wished for with the target's query: "folder/?query", "./" where the slash is
 * there. It is relative to the client's own address (RFC 3986 §5.2), so that it is right as well
 * where a proxy has taken something off the front. Memory: as exchange_add_path, and the query.
 */
void exchange_add_folder(struct exchange *x, struct span name, bool with_query);

/* The whole body, which b holds, and its type; b is done with. */
void exchange_set_body(struct exchange *x, struct buf *b, struct span type);

#endif
