// SPDX-License-Identifier: MIT
/*
 * What there is to tell of a call when it has ended. It is filled in once; the access log is a
 * reader of records. What it points to lives until the call is given back.
 */
#ifndef CANDOR_SERVER_SESSION_RECORD_H
#define CANDOR_SERVER_SESSION_RECORD_H

#include "graph/client.h"
#include "graph/exchange.h"

struct route;

/* How a call ended. */
enum ending {
    ENDING_COMPLETE,
    ENDING_CLIENT_GONE,
    ENDING_SEND_TIMEOUT,
    ENDING_BODY_FAILED,
    ENDING_FAULT // the response was broken on purpose, as it was asked for
};

/* What a call has come to, in order. */
enum moment {
    MOMENT_BEGUN,   // the first byte of its request was here
    MOMENT_READ,    // and then all of the head
    MOMENT_DECIDED, // the outcome
    MOMENT_ENDED,   // the answer is out, or will never be
    MOMENT_COUNT
};

struct record {
    uint64_t id;
    int64_t time;                  // of the end, ns since 1970
    int64_t moments[MOMENT_COUNT]; // monotonic ns; 0: it did not come to that
    const struct client *client;
    const struct route *route; // NULL: none was found
    struct span request_line;  // as far as it came
    struct span method, target, referer, user_agent;
    enum outcome outcome;
    int status;
    enum ending ending;
    bool has_offset;
    uint64_t offset;           // of the byte of the request that is at fault
    const struct relay *relay; // NULL: nothing was passed on
    int system_error;          // errno behind the outcome, or 0
    uint64_t bytes_in;         // of the request, its head included
    uint64_t bytes_out;        // of the response
    const uint16_t *trail;
    size_t trail_length;
};

/* A copy of all that it points to but client and route, in one piece of memory to be freed. NULL
 * without memory. */
struct record *record_keep(const struct record *r);

enum { REQUEST_ID_LENGTH = 16 };
void request_id_print(uint64_t id, char out[REQUEST_ID_LENGTH]);

/* What the records' readers call an ending; "" for a good one. */
struct span ending_name(enum ending ending);

#endif
