// SPDX-License-Identifier: MIT
#include "resource/gateway/forward.h"

#include "http/parameter.h"
#include "resource/gateway/forward_fields.h"
#include "resource/gateway/forward_target.h"
#include "resource/gateway/passing.h"
#include "wire/h1_request.h"

enum { AROUND = 256 }; // bytes of a head beside what is counted one by one

struct span forward_upgrade(struct exchange *x)
{
    const struct message *m = &x->request;
    struct span rest = m->first[FIELD_upgrade] ? exchange_field(x, FIELD_upgrade) : SPAN("");
    struct span member;
    struct buf b;

    if (!rest.len || !x->request.may_be_open ||
        !passing_is_named(m, field_table[FIELD_upgrade].name))
        return SPAN("");
    b = buf_in(arena_alloc(&x->arena, 2 * rest.len), 2 * rest.len);
    while (list_take(&rest, &member)) {
        if (span_eq_nocase(member, SPAN("h2c")))
            continue;
        buf_add(&b, b.len ? SPAN(", ") : SPAN(""));
        buf_add(&b, member);
    }
    return b.failed ? (struct span){NULL, 0} : buf_span(&b);
}

static void add_field(struct field_sink *sink, struct span name, struct span value)
{
    h1_add_request_field(sink->out, name, value);
}

static void add_known(struct field_sink *sink, enum field id, struct span value)
{
    h1_add_known_field(sink->out, id, value);
}

static void add_line(struct field_sink *sink, const struct field_line *line)
{
    h1_add_field_line(sink->out, line);
}

/* What is of the connection to the upstream, and frames the content. */
static void add_own_lines(struct passage *p, struct buf *out)
{
    const struct message *m = &p->x->request;
    bool takes_trailers = passing_has_member(m, FIELD_te, SPAN("trailers"));

    if (m->framing == FRAMING_LENGTH)
        h1_add_length(out, m->content_length);
    else if (m->framing == FRAMING_OPEN)
        buf_add(out, SPAN(H1_CHUNKED));
    if (p->waits_to_send)
        buf_add(out, SPAN("Expect: 100-continue\r\n"));
    if (takes_trailers)
        buf_add(out, SPAN("TE: trailers\r\n"));
    if (p->upgrade.len)
        h1_add_known_field(out, FIELD_upgrade, p->upgrade);
    if (p->upgrade.len || takes_trailers)
        buf_add(out, !p->upgrade.len   ? SPAN("Connection: TE\r\n")
                     : !takes_trailers ? SPAN("Connection: upgrade\r\n")
                                       : SPAN("Connection: upgrade, TE\r\n"));
}

struct span forward_head(struct passage *p, const struct upstream_address *address)
{
    struct exchange *x = p->x;
    const struct gateway_options *o = p->gateway->options;
    size_t target_room = forward_target_room(x, o, address->base), count, room;
    size_t authority_room = x->request.target.host.len + o->host.len + address->authority.len + 8;
    struct buf target = buf_in(arena_alloc(&x->arena, target_room), target_room);
    struct buf authority = buf_in(arena_alloc(&x->arena, authority_room), authority_room);
    struct buf out;
    struct field_sink sink = {
        .add = add_field, .add_known = add_known, .add_line = add_line, .out = &out};

    room = forward_fields_room(p, &count) + target_room + authority_room + p->upgrade.len +
           x->request.method_name.len + AROUND;
    room += count * (sizeof ": \r\n" - 1);
    out = buf_in(arena_alloc(&x->arena, room), room);
    forward_target(&target, x, o, address->base);
    forward_authority(&authority, x, o, address);
    if (target.failed || authority.failed ||
        !h1_add_request_line(&out, x->request.method_name, buf_span(&target)))
        return (struct span){NULL, 0};
    h1_add_known_field(&out, FIELD_host, buf_span(&authority));
    forward_fields(p, &sink);
    add_own_lines(p, &out);
    buf_add(&out, SPAN(H1_SECTION_END));
    return out.failed ? (struct span){NULL, 0} : buf_span(&out);
}
