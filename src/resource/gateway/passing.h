// SPDX-License-Identifier: MIT
/*
 * Which fields pass through, in both directions: RFC 9110 §7.6.1. And the rules of a route for
 * them.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_PASSING_H
#define CANDOR_RESOURCE_GATEWAY_PASSING_H

#include "resource/gateway/gateway.h"

/* Whether Connection names the field, so that it is of that connection alone. */
bool passing_is_named(const struct message *m, struct span name);

/* Whether a list field of the message has that member, without regard to case. */
bool passing_has_member(const struct message *m, enum field id, struct span member);

/*
 * Whether a field passes. Those that tell where a message ends, Expect and Upgrade do not: they are
 * written anew where they belong.
 */
bool passing_field(const struct message *m, const struct field_line *line);

/* Whether the rules replace or remove all fields of that name. */
bool passing_drops(const struct field_rules *rules, struct span name);

/* What the rules leave of trailers, which are taken out of their list. */
struct response_field *passing_trailers(struct response_field *first,
                                        const struct field_rules *rules);

/* Adds to the response what passes of an answer, by the rules. */
void passing_response(struct exchange *x, const struct message *answer,
                      const struct field_rules *rules);

/* What passes of an interim answer, as a list on the arena; false: no memory. */
bool passing_interim(struct exchange *x, const struct message *answer,
                     struct response_field **ret_fields);

#endif
