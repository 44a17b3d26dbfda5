// SPDX-License-Identifier: MIT
/*
 * The small fields of authoring: Depth, Overwrite, Timeout, Lock-Token, Destination (RFC 4918 §10)
 * and X-OC-Mtime. All are pure. A field value whose ptr is NULL is absent; whitespace around a
 * value doesn't matter. Spans point into the value.
 */
#ifndef CANDOR_HTTP_DAV_FIELDS_H
#define CANDOR_HTTP_DAV_FIELDS_H

#include "base/span.h"

/* §10.2. Which of them a method allows, and what absence means to it, is the caller's. */
enum depth { DEPTH_ABSENT, DEPTH_0, DEPTH_1, DEPTH_INFINITY, DEPTH_MALFORMED };
enum depth depth_parse(struct span value);

/* §10.6: absent means T. */
enum overwrite { OVERWRITE_T, OVERWRITE_F, OVERWRITE_MALFORMED };
enum overwrite overwrite_parse(struct span value);

struct timeout_bounds {
    uint32_t fallback;    // when the client asks for nothing that can be read
    uint32_t least, most; // all in seconds
};

/*
 * §10.7: the seconds of the first member that is "Second-N" or "Infinite" (which is the most), kept
 * within the bounds. There is no malformed: a server is free in what it grants, so members that
 * can't be read are passed over.
 */
uint32_t timeout_parse(struct span value, const struct timeout_bounds *bounds);

/* §10.5: the state token of Lock-Token, without "<>", which some clients leave out. False:
 * malformed or absent. */
bool lock_token_parse(struct span value, struct span *ret_token);

/*
 * §10.1: takes "<", what stands between, and ">" off the front of *rest. What stands between is not
 * empty and has no space, control or angle bracket. False: none is there; *rest is as it was.
 */
bool coded_url_take(struct span *rest, struct span *ret);

/* The length of the scheme at the front of s (RFC 3986 §3.1), which a ":" follows; 0: none. */
size_t uri_scheme_length(struct span s);

/* What Destination says. A path as it was sent: not decoded. */
struct destination {
    struct span scheme, authority; // ptr NULL both: only a path was sent
    struct span path;              // begins with "/"
    struct span query, fragment;   // without "?" and "#"; ptr NULL: absent
};

enum destination_result {
    DESTINATION_OK,
    DESTINATION_MALFORMED,     // not an absolute URI with an authority, nor an absolute path; or
                               // octets no URI has; or user information; or a broken escape
    DESTINATION_HAS_FRAGMENT,  // "#": never part of the name of a resource on a server
    DESTINATION_HAS_QUERY,     // "?"
    DESTINATION_ENCODED_NUL,   // "%00"
    DESTINATION_ENCODED_SLASH, // "%2F": decoded, it would name another resource
    DESTINATION_ABOVE_ROOT,    // ".." climbs above the root; also when it is written "%2e%2E"
};

/*
 * §10.3. *ret is written unless the result is malformed, so that a caller may look at the place
 * first; *ret_offset, the byte of value, is written unless the result is OK.
 * Where several faults are there, the first of the enumeration is told.
 */
enum destination_result destination_parse(struct span value, struct destination *ret,
                                          size_t *ret_offset);

/*
 * Whether two authorities (host, perhaps with ":port") are the same for their schemes: the case of
 * the host doesn't matter, and an absent or empty port is the scheme's own (http 80, https 443).
 */
bool authority_eq(struct span scheme_a, struct span a, struct span scheme_b, struct span b);

/*
 * Whether it is on the server that a request with that Host went to. Which scheme that came by the
 * server cannot know, as a proxy may have ended TLS before it: http and https are both its own, and
 * a Host without port has that of the destination's scheme.
 */
bool destination_is_here(const struct destination *d, struct span host);

/*
 * X-OC-Mtime, as ownCloud's clients and rclone send it: decimal seconds since 1970, perhaps
 * negative or with a fraction, which is dropped. False: not that, or not a time that nanoseconds
 * since 1970 can tell (the years 1678 to 2261). (The Win32 times
 * are dates as date_parse reads them.)
 */
bool oc_mtime_parse(struct span value, int64_t *ret_unix);

/*
 * X-Expected-Entity-Length, with which macOS tells the length of content that it sends in chunks.
 * False: it is not there, or no number of bytes that a file can have.
 */
bool expected_length_parse(struct span value, uint64_t *ret_length);

#endif
