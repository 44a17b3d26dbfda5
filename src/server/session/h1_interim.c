// SPDX-License-Identifier: MIT
/*
 * Interim responses (RFC 9110 §15.2): 100 and 104 of our own, and what a resource passes on. They
 * go out one after the other, and the response behind them.
 */
#include "server/session/h1_session.h"

#include "base/limits.h"
#include "graph/resource.h"
#include "registry/status.h"

struct h1_interim {
    struct h1_interim *next;
    size_t length;
    char text[];
};

static void send_next(struct h1_session *h);

static void on_sent(struct stream *s, ssize_t result)
{
    struct h1_session *h = container_of(s, struct h1_session, stream);
    struct h1_call *c = h1_call(h);

    (void)result; // who has left is noticed by what comes next
    h->call->bytes_out += stream_send_progress(s);
    h->send = H1_SEND_NOTHING;
    if (c->interims)
        send_next(h);
    else if (c->respond)
        c->respond(h);
}

static void send_next(struct h1_session *h)
{
    struct h1_call *c = h1_call(h);
    struct h1_interim *i = c->interims;

    c->interims = i->next;
    c->vector[0] = (struct iovec){i->text, i->length};
    h->send = H1_SEND_INTERIM;
    h1_send_vector(h, 1, 0, on_sent);
}

/* Behind those that wait. */
static bool add(struct h1_session *h, struct span line, struct span fields)
{
    struct h1_call *c = h1_call(h);
    size_t length = line.len + fields.len + 2;
    struct h1_interim *i = arena_alloc(&h->call->x.arena, sizeof *i + length), **at;

    if (!i)
        return false;
    i->next = NULL;
    i->length = length;
    memcpy(i->text, line.ptr, line.len);
    if (fields.len)
        memcpy(i->text + line.len, fields.ptr, fields.len);
    memcpy(i->text + length - 2, "\r\n", 2);
    for (at = &c->interims; *at; at = &(*at)->next)
        ;
    *at = i;
    if (h->send == H1_SEND_NOTHING)
        send_next(h);
    return true;
}

/* Who tries clients may want to see what they make of many. */
static unsigned most_of(const struct h1_session *h)
{
    const struct resource *r = h->call->x.routing.resource;

    return r && r->makes_up ? LIMIT_MOCK_INTERIM_COUNT : LIMIT_INTERIM;
}

bool h1_send_interim(struct h1_session *h, unsigned status, struct span fields)
{
    struct h1_call *c = h1_call(h);
    char room[STATUS_LINE];

    if (c->head.minor == 0) // RFC 9110 §15.2: such a client knows none of them
        return true;
    if (c->interim_count == most_of(h))
        return false;
    c->interim_count++;
    if (status == 100)
        c->invited = true;
    return add(h, status_line_of_any((int)status, room), fields);
}

/* draft-ietf-httpbis-resumable-upload §5. Without memory nothing is said: it is only a help. */
static void tell_address(struct h1_session *h)
{
    struct exchange *x = &h->call->x;
    const size_t around = 128;
    size_t room = x->upload.address.len + around;
    struct buf b = buf_in(arena_alloc(&x->arena, room), room);

    buf_addf(&b, "Upload-Draft-Interop-Version: %u\r\nLocation: %.*s\r\n",
             x->content.kind.upload.version, SPAN_ARG(x->upload.address));
    if (!b.failed)
        add(h, SPAN("HTTP/1.1 104 Upload Resumption Supported\r\n"), buf_span(&b));
}

void h1_invite(struct h1_session *h)
{
    struct h1_call *c = h1_call(h);
    struct exchange *x = &h->call->x;

    if (h->send != H1_SEND_NOTHING && h->send != H1_SEND_INTERIM)
        return;
    if (x->upload.address.ptr && !c->address_told) {
        c->address_told = true;
        tell_address(h);
    }
    // RFC 9110 §10.1.1: the client may wait for a word before it sends its content.
    if (x->request.expect_continue && !c->invited && h->call->content_received == 0) {
        c->invited = true;
        add(h, SPAN("HTTP/1.1 100 Continue\r\n"), SPAN(""));
    }
}
