// SPDX-License-Identifier: MIT
/*
 * A request or a response as every codec delivers it, whatever the version on the wire. All spans
 * point into the bytes that the codec was given, or to what lives for ever.
 */
#ifndef CANDOR_WIRE_MESSAGE_H
#define CANDOR_WIRE_MESSAGE_H

#include "base/arena.h"
#include "base/limits.h"
#include "registry/field.h"
#include "registry/method.h"
#include "registry/outcome.h"

#include <assert.h>

enum {
    MESSAGE_FIELDS = 256,   // hard bound on field lines; limits.fields is at most this
    MESSAGE_FIELDS_FEW = 16 // of those, without memory of the arena: as many as browsers send
};

enum { FIELD_NAME_BITS = 22 }; // a field section is at most 1 MiB (server/config/config.def)

/* Packed, as every exchange has room for some. */
struct field_line {
    const char *name, *value; // value without whitespace around it
    uint32_t value_length;
    uint32_t name_length : FIELD_NAME_BITS, id : 32 - FIELD_NAME_BITS; // id: enum field
};
static_assert(FIELD_COUNT <= 1 << (32 - FIELD_NAME_BITS), "id");

static inline struct span field_line_name(const struct field_line *l)
{
    return (struct span){l->name, l->name_length};
}

static inline struct span field_line_value(const struct field_line *l)
{
    return (struct span){l->value, l->value_length};
}

enum target_form { // RFC 9112 §3.2
    TARGET_NONE,
    TARGET_ORIGIN,
    TARGET_ABSOLUTE,
    TARGET_AUTHORITY,
    TARGET_ASTERISK,
};

enum framing { // of the content
    FRAMING_NONE,
    FRAMING_LENGTH,
    FRAMING_OPEN,  // its length is known at its end
    FRAMING_CLOSE, // of a response: it ends with the connection, RFC 9112 §6.3
};

/* What the codec found wrong, and where: the first finding stands. */
struct violation {
    enum outcome outcome; // OUTCOME_NONE: nothing
    uint64_t offset;      // bytes from the first byte of the message
};

/* RFC 9110 §7.1 */
struct request_target {
    struct span text; // as sent, also where it is malformed
    enum target_form form;
    struct span scheme; // of an absolute target; else empty
    struct span host;   // without the port, an IPv6 literal with its brackets; from the target if
                        // it is absolute or an authority, else from Host
    uint16_t port;      // 0 when none was given
    struct span path;   // still encoded; "/" where an absolute target has none; empty for "*"
    struct span query;  // without "?"; has_query tells an empty one from none
    bool has_query;
};

/* Of a request: method, target, may_be_open and the expectations. Of a response: status and reason.
 * What is of the other kind is not set. */
struct message {
    union {
        struct span method_name;
        struct span reason; // as sent, may be empty; it means nothing (RFC 9110 §15.1)
    };
    enum method method;
    uint16_t status;
    bool may_be_open;                     // the version lets content come whose length is not told
    bool expect_continue, expect_unknown; // RFC 9110 §10.1.1
    struct request_target target;
    enum framing framing;
    uint64_t content_length; // with FRAMING_LENGTH
    struct violation violation;
    bool in_use; // a codec has begun to read into it

    uint16_t field_count;
    uint16_t first[FIELD_COUNT]; // index + 1 into fields of the first line with that id; 0: absent
    uint16_t field_room;         // how many lines fields has room for
    struct field_line *fields;   // the few, or on the arena
    struct arena *arena;         // for more than a few lines; NULL: there are no more
    struct field_line few[MESSAGE_FIELDS_FEW];
};

/* Makes the message empty. Touches only what was in use, so a message must be all zeros but for its
 * arena before its first use, and what it has on the arena must still be there. */
void message_clear(struct message *m);

/* For the codec, before it reads: makes the message empty if it is not. */
static inline void message_begin(struct message *m)
{
    if (m->in_use || !m->fields)
        message_clear(m);
    m->in_use = true;
}

/* Makes room for another line behind field_count. False: there is no memory for it. */
bool message_grow(struct message *m);

/* The value of the first line with that id; {NULL, 0} when there is none. */
static inline struct span message_field(const struct message *m, enum field id)
{
    return m->first[id] ? field_line_value(&m->fields[m->first[id] - 1]) : (struct span){NULL, 0};
}

#endif
