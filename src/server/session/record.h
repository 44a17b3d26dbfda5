// SPDX-License-Identifier: MIT
/*
 * What there is to tell of a call when it has ended. It is filled in once; the access log is a
 * reader of records. What it points to lives until the call is given back.
 */
#ifndef CANDOR_SERVER_SESSION_RECORD_H
#define CANDOR_SERVER_SESSION_RECORD_H

#include "graph/exchange.h"
#include "server/config/listen.h"

struct route;

/* How a call ended. */
enum ending { ENDING_COMPLETE, ENDING_CLIENT_GONE, ENDING_SEND_TIMEOUT, ENDING_BODY_FAILED };

/* What a call has come to, in order. */
enum moment {
    MOMENT_BEGUN,   // the first byte of its request was here
    MOMENT_READ,    // and then all of the head
    MOMENT_DECIDED, // the outcome
    MOMENT_ENDED,   // the answer is out, or will never be
    MOMENT_COUNT
};

/* The client's end of a connection. */
struct client {
    uint16_t port;  // in host order
    uint8_t family; // AF_INET, AF_INET6 or AF_UNIX
    unsigned char address[16];
};

/* Once, at the start, for client_number: 0, or -CANDOR_E_SYSTEM. */
int client_numbers_prepare(void);
/* Where clients share memory and threads: from 1 to below LIMIT_CLIENTS. Of one address always the
 * same, and so of all that IPv6 gives to one network (64 bits), and of all on Unix sockets. */
unsigned client_number(const struct client *c);

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
    uint64_t offset;    // of the byte of the request that is at fault
    int system_error;   // errno behind the outcome, or 0
    uint64_t bytes_in;  // of the request, its head included
    uint64_t bytes_out; // of the response
    const uint16_t *trail;
    size_t trail_length;
};

enum { REQUEST_ID_LENGTH = 16 };
void request_id_print(uint64_t id, char out[REQUEST_ID_LENGTH]);

void client_from_address(struct client *c, const struct sockaddr *address);
/* The address as text, without port; returns its length. */
size_t client_print(const struct client *c, char out[LISTEN_TEXT]);

/* What the records' readers call an ending; "" for a good one. */
struct span ending_name(enum ending ending);

#endif
