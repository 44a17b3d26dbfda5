// SPDX-License-Identifier: MIT
/*
 * The content of a request on its way: kept from its beginning as long as the route's buffer has
 * room, so that it can be sent again, and passed on piece by piece while the upstream takes it.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_OUTGOING_H
#define CANDOR_RESOURCE_GATEWAY_OUTGOING_H

#include "resource/gateway/gateway.h"

/* As resource_ops.take. */
bool outgoing_take(struct passage *p, struct span data);

/* Asks the client for more than came with the head, once. */
void outgoing_read(struct passage *p);

/* Passes on what can be, and asks for more. Whatever has the passage may have ended it then. */
void outgoing_pump(struct passage *p);

/* The fetch has taken what it kept. */
void outgoing_taken(struct passage *p);

/* The attempt is over: what it did not take is not sent by it any more. */
void outgoing_rewind(struct passage *p);

/* Whether all that has come of it can be sent again. */
static inline bool outgoing_is_whole(const struct passage *p)
{
    return p->keeps_all;
}

/* Whether all of it has come. */
static inline bool outgoing_has_ended(const struct passage *p)
{
    return p->content_ended || p->x->content.ended || p->x->request.framing == FRAMING_NONE;
}

#endif
