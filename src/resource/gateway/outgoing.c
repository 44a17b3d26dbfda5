// SPDX-License-Identifier: MIT
#include "resource/gateway/outgoing.h"

#include "graph/trailing.h"
#include "resource/gateway/forward_fields.h"

enum { KEPT_FIRST = 4096 }; // bytes of content whose length is not known

/* Makes room for more content behind what is kept. */
static bool make_room(struct passage *p, size_t more)
{
    const struct message *m = &p->x->request;
    size_t most = p->gateway->options->buffer, wanted = p->kept_length + more;
    size_t room = p->kept_room ? 2 * p->kept_room : KEPT_FIRST;
    char *kept;

    if (wanted > most || (m->framing == FRAMING_LENGTH && m->content_length > most))
        return false;
    if (wanted <= p->kept_room)
        return true;
    if (m->framing == FRAMING_LENGTH)
        room = m->content_length < most ? (size_t)m->content_length : most;
    if (room < wanted)
        room = wanted;
    if (room > most)
        room = most;
    kept = arena_alloc(&p->x->arena, room);
    if (!kept)
        return false;
    if (p->kept_length)
        memcpy(kept, p->kept, p->kept_length);
    p->kept = kept;
    p->kept_room = room;
    return true;
}

static bool keep(struct passage *p, struct span data)
{
    if (!p->keeps_all || !make_room(p, data.len))
        return false;
    if (data.len)
        memcpy(p->kept + p->kept_length, data.ptr, data.len);
    p->kept_length += data.len;
    return true;
}

/* A piece that goes straight to the upstream. True: it took it. */
static bool pass_on(struct passage *p, struct span data)
{
    if (!p->has_head && !keep(p, data))
        p->keeps_all = false;
    if (fetch_send(&p->fetch, data))
        return true;
    p->sending = SENDING_PIECE;
    return false;
}

bool outgoing_take(struct passage *p, struct span data)
{
    if (p->is_fetching && !p->sending && !p->waits_to_send && !p->held.len)
        return pass_on(p, data);
    if (!p->is_fetching && keep(p, data))
        return true;
    p->held = data;
    return false;
}

void outgoing_read(struct passage *p)
{
    if (p->is_reading || outgoing_has_ended(p))
        return;
    p->is_reading = true;
    p->x->host->read(p->x);
}

void outgoing_pump(struct passage *p)
{
    const struct trailing *trailing;

    while (p->is_fetching && !p->sending && !p->waits_to_send && p->held.len) {
        struct span held = p->held;

        p->held = SPAN("");
        if (pass_on(p, held))
            p->x->host->taken(p->x);
    }
    if (!p->is_fetching || p->sending || p->waits_to_send || p->content_told)
        return;
    if (outgoing_has_ended(p)) {
        p->content_told = true;
        trailing = p->x->content.trailing;
        fetch_end_content(&p->fetch, trailing ? forward_trailers(p, trailing->fields) : NULL);
    } else {
        outgoing_read(p);
    }
}

void outgoing_taken(struct passage *p)
{
    enum sending sent = p->sending;

    p->sending = SENDING_NOTHING;
    if (sent == SENDING_PIECE)
        p->x->host->taken(p->x);
    outgoing_pump(p);
}

void outgoing_rewind(struct passage *p)
{
    enum sending unsent = p->sending;

    p->sending = SENDING_NOTHING;
    p->content_told = false;
    if (unsent == SENDING_PIECE) // it is kept
        p->x->host->taken(p->x);
}
