// SPDX-License-Identifier: MIT
/*
 * One request and its response, on one arena. The connection that carries it fills in the request
 * and sends the response; the graph decides the outcome; a resource supplies facts and the body.
 * Nothing here knows the version of HTTP on the wire, nor that there is a connection.
 */
#ifndef CANDOR_GRAPH_EXCHANGE_H
#define CANDOR_GRAPH_EXCHANGE_H

#include "base/arena.h"
#include "http/precondition.h"
#include "http/range.h"
#include "wire/message.h"
#include "wire/uri.h"

struct exchange;
struct resource;

/* What questions need to know. A fact is established once, maybe after a wait. */
enum fact {
    FACT_MESSAGE = 1 << 0,        // the wire's verdict on the message
    FACT_ROUTE = 1 << 1,          // the host and the resource behind the path
    FACT_UNWANTED = 1 << 2,       // content that nobody wants was read, or why not
    FACT_REPRESENTATION = 1 << 3, // what is there
    FACT_DESTINATION = 1 << 4,    // what Destination names, and what is there
    FACT_LOCKS = 1 << 5,          // what If says of the state, and which locks stand in the way
    FACT_PLACE = 1 << 6,          // there is room for the content, and a part has its place, or not
    FACT_CONTENT = 1 << 7,        // the content went to the resource, or why not
    FACT_MEANING = 1 << 8,        // what the content asks for, or that it asks nothing
    FACT_EFFECT = 1 << 9,         // the method was performed, or why not
    FACT_UPLOAD = 1 << 10,        // the upload that the target names, or that there is none
};

/* The representation that the resource selected, or why there is none. */
struct representation {
    bool exists, readable, lacks_slash, acceptable;
    bool lacks_form;              // it is there, but not as what the query asks for
    bool has_ranges;              // range requests make sense
    struct validators validators; // http/precondition.h
    uint64_t length;              // bytes
    struct span content_type;
};

/* What is at the target of a method that authors, and around it. */
struct target_state {
    bool is_collection;   // what is there
    bool named_as_folder; // with a slash at its end, and not the root
    bool name_possible;   // the file system can hold the name
    bool name_hidden;     // whatever had it would not be there for clients
    bool parent_exists;   // as a collection
    bool lists_unlisted;  // a PROPFIND of members, where folders are not listed
    bool depth_unbounded; // a PROPFIND that goes deeper than is permitted
};

/* The unfinished upload that the target names: docs/uploads.md. */
struct upload_facts {
    bool named;      // by path and query; known with FACT_ROUTE
    bool finishes;   // the conditions below count, rather than the request's
    bool has_length; // that was told when it was opened
    uint64_t offset, length;
    struct span if_match, if_none_match, if_unmodified_since; // of the request that opened it
};

/* Where COPY and MOVE lead. */
struct destination_state {
    bool exists, parent_exists;
    bool is_collection;   // what is there
    bool named_as_folder; // with a slash at its end
    bool overlaps;        // the source: the same, within it, or around it
};

/* What If and the locks say. */
struct lock_state {
    bool if_malformed, if_holds;
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
};

struct response {
    struct span block;             // ready-made field lines, each with its CRLF; or empty
    struct response_field *fields; // further ones, in order
    struct response_field **fields_end;
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

enum { TRAIL_LENGTH = 128 }; // at least the number of nodes

/* What the carrier of exchanges (the server) does for them. */
struct exchange_host {
    /* Establishes FACT_ROUTE, FACT_UNWANTED or FACT_CONTENT: true when it is known now, false:
     * resume follows. */
    bool (*establish)(struct exchange *x, enum fact fact);
    /* Whether a path of the same host, decoded, leads to the resource that x leads to. */
    bool (*leads_here)(const struct exchange *x, struct span path);
    /* The resource has taken the piece of content that it kept (see resource_ops.take). */
    void (*taken)(struct exchange *x);
    /* A fact has arrived: the walk goes on. */
    void (*resume)(struct exchange *x);
    /* A piece of the response's body is there: next is asked again. */
    void (*resume_body)(struct exchange *x);
};

struct exchange {
    struct arena arena;
    const struct exchange_host *host;
    void *carrier;             // the connection
    struct span request_bytes; // the head as received, for TRACE
    struct message request;

    uint32_t known;     // facts
    enum outcome cause; // the first cause that a fact found; OUTCOME_NONE: none
    uint64_t cause_offset;
    struct span detail; // a sentence on what was found in this very request; or empty
    int system_error;   // errno behind the cause, for the log alone; or 0
    bool over_capacity, host_known;
    bool host_doubtful; // it may be that of a page which has its name lead to this machine
    bool hurried; // set by the host, at any time: it is to end, and waits no more than it must
    struct uri_path path;
    struct resource *resource; // not owned; NULL: no route
    struct resource *guard;    // the same where it answers itself, though another one (its reader)
                               // was chosen for that: it knows the locks; NULL: none
    method_set allowed;
    method_set withheld; // of those that the resource has: not with this query
    uint64_t content_limit;
    struct trailer *trailers; // that count (FIELD_FLAG_TRAILER)
    uint64_t content_taken;   // bytes that the resource has taken before the piece at hand
    struct representation representation;
    struct target_state target;
    struct upload_facts upload;
    struct destination_state destination;
    struct lock_state locks;
    struct effect effect;
    bool stale; // set by the resource with FACT_PLACE or FACT_EFFECT: what was looked at has
                // changed; look again
    int64_t stale_since; // monotonic ns: when that was so first; 0: never
    void *held;          // the resource's own, given back by its release
    void *guard_held;    // the guard's own, on the arena
    struct range *ranges;
    size_t range_count;
    enum range_result range_result;

    enum outcome outcome;
    uint8_t at; // node
    uint8_t trail_length;
    uint8_t trail[TRAIL_LENGTH]; // node << 1 | answer

    int64_t time;    // seconds since 1970, of this request
    int64_t started; // monotonic nanoseconds
    uint64_t id;
    struct response response;
};

/* Makes it ready for the next request; keeps arena, host and carrier. */
void exchange_reset(struct exchange *x);

/*
 * What the query of the target means where things can be changed: it names an upload, or something
 * that can only be read (RFC 3986 §3.4), and `allowed` is narrowed to that.
 */
void exchange_heed_query(struct exchange *x);

/* Records why a fact could not be had; the first cause wins. */
void exchange_set_cause(struct exchange *x, enum outcome cause, uint64_t offset);

/* Says more of the cause, in a whole sentence; only what goes with that very outcome. */
__attribute__((format(printf, 2, 3))) void exchange_describef(struct exchange *x,
                                                              const char *format, ...);

/* Whether the cause became the outcome and is of a certain byte of the request. */
static inline bool exchange_has_offset(const struct exchange *x)
{
    return x->cause != OUTCOME_NONE && x->cause == x->outcome &&
           (x->cause_offset || x->cause == x->request.violation.outcome);
}

/* All values of a list field in one, joined by ", "; ptr is NULL when the field is absent. */
struct span exchange_field(struct exchange *x, enum field id);

/*
 * The next piece of the value of a trailer field; an empty one completes it (h1_read_content). Kept
 * are those fields alone whose definition lets them count (FIELD_FLAG_TRAILER, RFC 9110 §6.5.1);
 * all others are ignored. False: out of memory.
 */
bool exchange_add_trailer(struct exchange *x, enum field id, struct span piece);

/* Its value; ptr is NULL when it did not come. */
struct span exchange_trailer(const struct exchange *x, enum field id);

/* Adds a field to the response; name and value must live as long as the exchange. */
void exchange_add_field(struct exchange *x, struct span name, struct span value);
/* The same with a value printed into the arena. */
__attribute__((format(printf, 3, 4))) void exchange_add_fieldf(struct exchange *x, struct span name,
                                                               const char *format, ...);

#endif
