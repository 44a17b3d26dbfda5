// SPDX-License-Identifier: MIT
/* A fetch over HTTP/1.1 (RFC 9112), from an upstream that may speak 1.0. */
#include "upstream/fetch_parts.h"
#include "wire/h1_response.h"

/* The next piece of content, at `at`. Returns what is behind it. */
static struct iovec *frame_content(struct fetch *f, struct iovec *at)
{
    static char chunk_end[] = H1_CHUNK_END;
    struct fetch_io *io = &f->io;
    struct span data = io->kept;

    if (!data.len)
        return at;
    io->kept.len = 0;
    if (io->framing == FRAMING_OPEN) {
        *at++ = (struct iovec){io->lines, h1_chunk_head(io->lines, data.len)};
        *at++ = (struct iovec){(char *)data.ptr, data.len};
        *at++ = (struct iovec){chunk_end, sizeof chunk_end - 1};
        return at;
    }
    data = span_first(data, io->left < SIZE_MAX ? (size_t)io->left : SIZE_MAX);
    io->left -= data.len;
    if (!io->left)
        io->request = REQUEST_FRAMED;
    *at++ = (struct iovec){(char *)data.ptr, data.len};
    return at;
}

static struct fetch_vector begin(struct fetch *f, const struct fetch_request *r)
{
    struct iovec *first = f->io.vector;

    first[0] = (struct iovec){(char *)r->head.ptr, r->head.len};
    return (struct fetch_vector){first, (unsigned)(frame_content(f, first + 1) - first)};
}

static struct fetch_vector frame(struct fetch *f)
{
    struct iovec *first = f->io.vector;

    return (struct fetch_vector){first, (unsigned)(frame_content(f, first) - first)};
}

static struct fetch_vector end(struct fetch *f, const struct response_field *trailers)
{
    static char last_chunk[] = H1_LAST_CHUNK;
    size_t size = sizeof last_chunk;
    struct buf b;

    f->io.vector[0] = (struct iovec){last_chunk, sizeof last_chunk - 1};
    if (trailers) {
        for (const struct response_field *t = trailers; t; t = t->next)
            size += t->name.len + t->value.len + sizeof ": \r\n";
        b = buf_in(arena_alloc(f->arena, size), size);
        buf_add(&b, SPAN(H1_ZERO_CHUNK));
        for (const struct response_field *t = trailers; t; t = t->next)
            h1_add_trailer(&b, t->name, t->value);
        buf_add(&b, SPAN(H1_SECTION_END));
        if (b.failed)
            return (struct fetch_vector){NULL, 0};
        f->io.vector[0] = (struct iovec){b.ptr, b.len};
    }
    return (struct fetch_vector){f->io.vector, 1};
}

static enum fetch_step bad(struct fetch *f, enum outcome cause, uint64_t offset)
{
    f->cause = cause;
    f->offset = offset;
    return STEP_BAD;
}

/* 101, RFC 9110 §15.2.2: what follows is no HTTP any more. */
static enum fetch_step read_switch(struct fetch *f)
{
    if (!f->io.upgrades || f->io.request != REQUEST_SENT || !f->h1.has_upgrade || !f->h1.minor)
        return bad(f, OUTCOME_upstream_upgrade_failed, 0);
    f->io.is_tunnel = true;
    return STEP_HEAD;
}

static enum fetch_step read_head(struct fetch *f, struct span in, size_t *ret_length)
{
    const struct h1_client_limits *limits = &f->limits->wire;
    struct message *m = &f->answer;
    ptrdiff_t n = h1_read_answer(m, &f->h1, in, f->io.seen, limits);

    if (n == H1_MORE)
        return STEP_MORE;
    if (n == H1_NO_MEMORY)
        return bad(f, OUTCOME_upstream_own_fault, 0);
    if (n == H1_BAD)
        return bad(f, m->violation.outcome, m->violation.offset);
    *ret_length = (size_t)n;
    if (m->status == 101)
        return read_switch(f);
    if (m->status < 200)
        return STEP_INTERIM;
    h1_answer_content_init(&f->io.content.h1, m, &f->h1, f->io.to_head, (size_t)n, limits);
    f->io.content.h1.wants_names = true;
    f->has_length = m->framing == FRAMING_LENGTH;
    f->length = m->content_length;
    return STEP_HEAD;
}

/* Whether Connection names the field: it is for us alone, RFC 9110 §7.6.1. */
static bool is_for_connection(const struct message *m, struct span name)
{
    for (unsigned i = 0; i < m->field_count; i++) {
        struct span rest = field_line_value(&m->fields[i]);

        while (m->fields[i].id == FIELD_connection && rest.len)
            if (span_eq_nocase(span_trim(span_take_until(&rest, ',')), name))
                return true;
    }
    return false;
}

/* Adds to a name or value that comes in pieces; its room doubles, so that all that it ever had is
 * at most four times its length. */
static bool gather(struct arena *a, struct span *text, struct span piece)
{
    size_t length = text->len + piece.len, room = text->len;
    char *grown;

    // Room is the power of two at or above the length.
    while (room & (room - 1))
        room += room & -room;
    if (length <= room) {
        memcpy((char *)text->ptr + text->len, piece.ptr, piece.len);
        text->len = length;
        return true;
    }
    for (room = 1; room < length;)
        room *= 2;
    grown = arena_alloc(a, room);
    if (!grown)
        return false;
    if (text->len)
        memcpy(grown, text->ptr, text->len);
    memcpy(grown + text->len, piece.ptr, piece.len);
    *text = span_of(grown, length);
    return true;
}

/* A piece of a trailer: f->trailers has the one that is under way as its first. */
static bool take_trailer(struct fetch *f, enum h1_event event, struct span piece)
{
    struct response_field *t = f->trailers;

    if (event == H1_CONTENT_NAME) {
        if (!f->io.in_trailer) {
            t = arena_alloc(f->arena, sizeof *t);
            if (!t)
                return false;
            *t = (struct response_field){.next = f->trailers};
            f->trailers = t;
            f->io.in_trailer = true;
        }
        return gather(f->arena, &t->name, piece);
    }
    if (piece.len)
        return gather(f->arena, &t->value, piece);
    f->io.in_trailer = false;
    t->value = span_trim(t->value);
    if (!h1_trailer_passes(&f->io.content.h1) || is_for_connection(&f->answer, t->name))
        f->trailers = t->next;
    return true;
}

static void reverse(struct response_field **list)
{
    struct response_field *turned = NULL;

    while (*list) {
        struct response_field *first = *list;

        *list = first->next;
        first->next = turned;
        turned = first;
    }
    *list = turned;
}

/* The data of several chunks is moved together: a piece costs more than the move. */
static void join(struct span *data, struct span run)
{
    if (!data->len)
        *data = run;
    else
        memmove((char *)data->ptr + data->len, run.ptr, run.len);
    if (data->ptr != run.ptr)
        data->len += run.len;
}

static enum fetch_step read_body(struct fetch *f, struct loop_buffer *b, struct span *ret_data)
{
    struct h1_content *c = &f->io.content.h1;
    struct span in = b ? span_of(b->data + b->start, b->len - b->start) : span_of(NULL, 0), run;
    enum h1_event event;

    if (f->cause != OUTCOME_NONE)
        return STEP_BAD;
    while (h1_event_goes_on(event = h1_read_content(c, &in, &run))) {
        if (event == H1_CONTENT_DATA)
            join(ret_data, run);
        else if (!take_trailer(f, event, run))
            return bad(f, OUTCOME_upstream_own_fault, 0);
    }
    if (b)
        b->start = b->len - (uint32_t)in.len;
    if (event == H1_CONTENT_BAD)
        return bad(f, c->violation.outcome, c->violation.offset);
    if (event == H1_CONTENT_MORE && !(f->io.has_ended && h1_content_ends_with_close(c)))
        return STEP_MORE;
    reverse(&f->trailers);
    return STEP_BODY_END;
}

static enum outcome ended(struct fetch *f)
{
    bool is_end = f->io.has_head && h1_content_ends_with_close(&f->io.content.h1);

    return is_end ? OUTCOME_NONE : OUTCOME_upstream_incomplete;
}

static bool reusable(const struct fetch *f)
{
    // Whoever does not look at Upgrade may take its content for the next request.
    return f->h1.keep_alive && f->io.content.h1.framing != FRAMING_CLOSE &&
           !(f->io.upgrades && f->io.framing != FRAMING_NONE);
}

const struct fetch_ops fetch_h1_ops = {
    .begin = begin,
    .frame = frame,
    .end = end,
    .read_head = read_head,
    .read_body = read_body,
    .ended = ended,
    .reusable = reusable,
};
