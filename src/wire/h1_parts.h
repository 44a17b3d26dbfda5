// SPDX-License-Identifier: MIT
/*
 * What the files of the HTTP/1 codec share; nothing else includes it.
 */
#ifndef CANDOR_WIRE_H1_PARTS_H
#define CANDOR_WIRE_H1_PARTS_H

#include "wire/h1.h"

enum { H1_OK = 1 }; // beside H1_MORE and H1_BAD: this part is complete

/* Where the reading of a head has come to. */
struct h1_reader {
    struct message *m;
    struct h1_head *h;
    const char *base; // first byte of the request
    const char *at;   // next byte to read
    const char *end;  // behind the last byte that may be read
    bool form_wrong;  // the form of the target does not suit the method
    bool repeated;    // some known field came twice
};

struct authority {
    struct span host;
    uint16_t port;
    bool has_port; // with digits
};

/* Records the violation found at `at`; always H1_BAD. */
int h1_bad(struct h1_reader *r, enum outcome outcome, const char *at);

/* For a CR or LF at r->at where the line must not end: a bare one is its own violation, a proper
 * line end is `outcome`. H1_MORE while that cannot be told. */
int h1_bad_line_end(struct h1_reader *r, enum outcome outcome);

/* The request target at r->at, up to the byte behind it, which is not part of it. */
int h1_read_target(struct h1_reader *r);

/* uri-host [ ":" port ], RFC 3986 §3.2.2. False: *ret_bad is the byte that is wrong. */
bool h1_parse_authority(struct span s, struct authority *ret_authority, const char **ret_bad);

/* What concerns the whole field section; section_end is the empty line. H1_OK or H1_BAD. */
int h1_check_section(struct h1_reader *r, const char *section_end);

#endif
