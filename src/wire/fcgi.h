// SPDX-License-Identifier: MIT
/*
 * FastCGI 1.0 (the FastCGI Specification, 29 April 1996), the web server's side: what asks a
 * responder, and the stream of records that answers. One request at a time on a connection, with
 * the id FCGI_ID. Bytes only; numbers of the form "§" are the specification's.
 */
#ifndef CANDOR_WIRE_FCGI_H
#define CANDOR_WIRE_FCGI_H

#include "base/buf.h"
#include "wire/message.h"

enum {
    FCGI_ID = 1,
    FCGI_HEADER = 8,           // bytes before the content of each record
    FCGI_CONTENT_MOST = 65535, // bytes of content that a record has room for
};

/* Whole records: behind the last piece of the request's content; to give up the request (§5.4). */
#define FCGI_STDIN_END "\1\5\0\1\0\0\0\0"
#define FCGI_ABORT "\1\2\0\1\0\0\0\0"

/* Begins a request to a responder (§5.1). keep: the application leaves the connection open. */
void fcgi_add_begin(struct buf *b, bool keep);

/* The stream of parameters (§5.2): begun behind fcgi_add_begin, then each parameter, then its end.
 * It divides itself into records, and not within a parameter where a record can hold it: PHP takes
 * no other (a longer one it never takes). Names and values may hold every byte. */
struct fcgi_params {
    struct buf *b;
    size_t record; // private: where in b the record that is open begins
};

void fcgi_params_begin(struct fcgi_params *p, struct buf *b);
/* False, and nothing is added: the name or the value is longer than the form can tell (2 GiB). */
bool fcgi_params_add(struct fcgi_params *p, struct span name, struct span value);
void fcgi_params_end(struct fcgi_params *p);

/* The header before a piece of the request's content of `length` bytes (§5.3), which is not 0. */
void fcgi_stdin_header(char out[FCGI_HEADER], uint16_t length);

enum fcgi_event {
    FCGI_MORE,   // everything was consumed; more bytes are needed
    FCGI_STDOUT, // *ret_data is the next piece of the CGI response; call again with the rest
    FCGI_STDERR, // *ret_data is the next piece of what the application complains of; as above
    FCGI_END,    // the answer is complete; app_status and protocol_status tell how
    FCGI_BAD,    // violation tells; nothing behind it may be read
};

enum { // protocol_status (§5.5)
    FCGI_REQUEST_COMPLETE,
    FCGI_CANT_MPX_CONN,
    FCGI_OVERLOADED,
    FCGI_UNKNOWN_ROLE,
};

/* The answer to one request. All zeros before the first byte. */
struct fcgi_reader {
    uint8_t state;       // private
    uint8_t type;        // private: of the record that is being read
    uint8_t have;        // private: bytes of its header or of its body
    uint8_t padding;     // private: bytes left
    uint16_t left;       // private: bytes of content left
    char bytes[8];       // private: of a header, or of the body that ends the request
    uint64_t offset;     // bytes consumed so far
    uint32_t app_status; // with FCGI_END: the exit status of the application
    uint8_t protocol_status;
    struct violation violation; // its offset is into the stream of records
};

/*
 * Takes bytes off the front of *in. An empty record, which ends a stream, is told by no event:
 * FCGI_END does.
 * A record of another version, request or type than may come is OUTCOME_upstream_malformed, and so
 * is an end of the request of another length than it has.
 */
enum fcgi_event fcgi_read(struct fcgi_reader *r, struct span *in, struct span *ret_data);

#endif
