// SPDX-License-Identifier: MIT
/*
 * The target of a request that is passed on: the path that the client wrote, without what the route
 * takes off and with what it puts before. Dot segments are resolved as they were when the route was
 * chosen, so that the upstream sees a path that means the same and cannot be led out of the prefix.
 * Empty segments, which that took no notice of, stay within the path: some applications have
 * addresses or names with "//" in their paths, and signatures over them.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_FORWARD_TARGET_H
#define CANDOR_RESOURCE_GATEWAY_FORWARD_TARGET_H

#include "resource/gateway/gateway.h"

/* Whether the path has dot segments for whoever takes an encoded slash or a backslash for a slash,
 * or
 * "..;" for "..": such a one would be led out of the route and its prefix. */
bool forward_may_climb(const struct exchange *x);

/* Bytes that forward_target adds, at most. */
size_t forward_target_room(const struct exchange *x, const struct gateway_options *o,
                           struct span base);

/* Adds path and query, as in origin-form (RFC 9112 §3.2.1). */
void forward_target(struct buf *out, const struct exchange *x, const struct gateway_options *o,
                    struct span base);

/* Adds the host with its port, of a request that goes to that upstream. */
void forward_authority(struct buf *out, const struct exchange *x, const struct gateway_options *o,
                       const struct upstream_address *address);

/* What the client named as the host, with its port; empty where it named none. */
void forward_received_host(struct buf *out, const struct exchange *x);

#endif
