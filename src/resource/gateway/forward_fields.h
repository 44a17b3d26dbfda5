// SPDX-License-Identifier: MIT
/*
 * The fields of a request that is passed on, in whatever way the upstream is spoken to: those that
 * pass, those that the rules of the route add, and what this server says of where the request comes
 * from: Via (RFC 9110 §7.6.3), Forwarded (RFC 7239), X-Forwarded-*, traceparent (W3C Trace
 * Context).
 */
#ifndef CANDOR_RESOURCE_GATEWAY_FORWARD_FIELDS_H
#define CANDOR_RESOURCE_GATEWAY_FORWARD_FIELDS_H

#include "resource/gateway/gateway.h"

/* Whoever takes the fields, one after the other. The spans live until they return. */
struct field_sink {
    void (*add)(struct field_sink *sink, struct span name, struct span value);
    /* One that is in the table of fields, and does not frame the message. */
    void (*add_known)(struct field_sink *sink, enum field id, struct span value);
    /* One of the request as it is: its codec has found it sound. */
    void (*add_line)(struct field_sink *sink, const struct field_line *line);
    struct buf *out;
};

/* Bytes of all names and values that forward_fields adds, and at most how many there are. */
size_t forward_fields_room(const struct passage *p, size_t *ret_count);

void forward_fields(const struct passage *p, struct field_sink *sink);

/* Those of the request's trailers that pass, taken out of their list: an application that takes
 * trailers for header fields must not believe in them what it would not in those. */
struct response_field *forward_trailers(const struct passage *p, struct response_field *trailers);

/* Whether the request has been here before: its Via names this route. */
bool forward_loops(const struct passage *p);

#endif
