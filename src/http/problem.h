// SPDX-License-Identifier: MIT
/*
 * Problem details (RFC 9457): an outcome told to the client, as JSON or as plain text. Status,
 * title and advice come from the outcome's row in the registry and cannot differ from it.
 */
#ifndef CANDOR_HTTP_PROBLEM_H
#define CANDOR_HTTP_PROBLEM_H

#include "base/buf.h"
#include "registry/outcome.h"

/*
 * The prefix of "type"; the outcome's token follows. An absolute URI, so that no base URI changes
 * it, and without a host, so that it is the same wherever Candor runs. It is a name to compare, not
 * an address: nothing is to be fetched there (RFC 9457 §3.1.1 allows that). Tokens never change
 * their meaning. The namespace "candor" is this project's own, not registered with IANA.
 */
#define PROBLEM_TYPE_PREFIX "urn:candor:outcome:"

/* The media types of what the two functions below write. */
#define PROBLEM_TYPE_JSON "application/problem+json"
#define PROBLEM_TYPE_TEXT "text/plain; charset=utf-8"

enum problem_value {
    PROBLEM_STRING,
    PROBLEM_NUMBER,
    PROBLEM_JSON, // text is a JSON value already, inserted as it is
};

/* An extension member (§3.2). name: three or more letters, digits and "_", a letter first, and none
 * of type, status, title, detail, instance and advice. */
struct problem_member {
    struct span name;
    enum problem_value kind;
    struct span text; // of PROBLEM_STRING and PROBLEM_JSON
    uint64_t number;  // of PROBLEM_NUMBER
};

/* All spans are borrowed. The texts may hold any bytes: they are escaped. */
struct problem {
    enum outcome outcome; // not OUTCOME_NONE
    int status;           // of the response; 0: that of the outcome
    struct span instance; // a URI reference that identifies this occurrence; empty: left out
    struct span detail;   // what happened this time, a sentence; empty: left out
    const struct problem_member *members;
    size_t member_count;
};

/* Writes the URI that identifies the outcome: PROBLEM_TYPE_PREFIX and its token. */
void problem_type_uri(struct buf *b, enum outcome outcome);

/*
 * Writes the problem as a JSON object and a line end: type, title, status, detail, instance,
 * advice (an extension: what the client can do), then the other members. An outcome without a title
 * of its own, or of a status that another server chose, has the status code's reason phrase.
 */
void problem_write_json(struct buf *b, const struct problem *p);

/* Writes the same for a person to read, with control characters as \xHH. */
void problem_write_text(struct buf *b, const struct problem *p);

#endif
