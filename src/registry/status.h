// SPDX-License-Identifier: MIT
/*
 * The status codes of IANA's registry (status.def): what RFC says of each, and its meaning in our
 * own words. And those seen in the wild that nobody registered (unregistered.def).
 */
#ifndef CANDOR_REGISTRY_STATUS_H
#define CANDOR_REGISTRY_STATUS_H

#include "base/span.h"

struct status_info {
    int code;
    struct span reason;  // "Not Found"
    const char *section; // "RFC 9110 §15.5.5"
    bool cacheable;      // heuristically cacheable by default, RFC 9110 §15.1
    bool retry;          // the same request may succeed later (idempotent methods only)
    bool content;        // false: the response has no content, RFC 9110 §6.4.1
    bool no_store;       // a cache must not store it
    bool repeats;        // must have STATUS_REPEATED_FIELDS as a 200 would have had them
    bool unused;         // registered, but no longer to be sent
    const char *must;    // fields that must accompany it, separated by ", "; "" for none
    const char *should;  // fields that should
    const char *may;     // fields that often do
    const char *meaning; // in plain English
};

/* The one that changes the protocol on the wire. */
enum { STATUS_SWITCHING_PROTOCOLS = 101 };

/* What 206 and 304 repeat of the 200 (RFC 9110 §15.3.7, §15.4.5). */
#define STATUS_REPEATED_FIELDS "Date, Cache-Control, ETag, Expires, Content-Location, Vary"

/* In ascending order of code; status_count rows. */
extern const struct status_info status_table[];
extern const size_t status_count;

/* NULL when IANA's registry has no such code. Constant time. */
const struct status_info *status_from_code(int code);

/* "HTTP/1.1 404 Not Found\r\n", ready for the wire; empty when the code is not in the table.
 * Constant time: it is on the way of every response. */
struct span status_line(int code);

enum { STATUS_LINE = sizeof "HTTP/1.1 999 \r\n" - 1 }; // of a status that nobody registered

/* As status_line, of any status of three digits: where it is not registered the line is written to
 * room, without a reason. */
struct span status_line_of_any(int code, char room[STATUS_LINE]);

/* A code that is in use without being registered: to be recognised, never to be sent. */
struct status_unregistered {
    int code;
    bool is_sent;        // by Candor
    const char *user;    // "nginx"
    const char *name;    // "Client Closed Request"
    const char *meaning; // in plain English
};

/* In ascending order of code, which may occur twice; status_unregistered_count rows. */
extern const struct status_unregistered status_unregistered_table[];
extern const size_t status_unregistered_count;

#endif
