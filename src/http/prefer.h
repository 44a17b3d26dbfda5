// SPDX-License-Identifier: MIT
/*
 * The Prefer field (RFC 7240; depth-noroot: RFC 8144 §3). Preferences are no demands: unknown ones
 * and those that break the syntax are passed over, and of several with one name the first counts.
 */
#ifndef CANDOR_HTTP_PREFER_H
#define CANDOR_HTTP_PREFER_H

#include "base/span.h"

enum prefer_return { PREFER_RETURN_ANY, PREFER_RETURN_MINIMAL, PREFER_RETURN_REPRESENTATION };
enum prefer_handling { PREFER_HANDLING_ANY, PREFER_HANDLING_STRICT, PREFER_HANDLING_LENIENT };

/* All zero: nothing is preferred. */
struct preferences {
    enum prefer_return returning;  // §4.2
    enum prefer_handling handling; // §4.4
    bool respond_async;            // §4.1
    bool depth_noroot;             // leave the resource itself out of a PROPFIND's answer
    bool has_wait;                 // §4.3
    uint32_t wait;                 // seconds; larger numbers are UINT32_MAX
};

/* Reads the whole value; several field lines are joined with commas first. ptr NULL: absent. */
struct preferences prefer_parse(struct span value);

#endif
