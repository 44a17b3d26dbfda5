// SPDX-License-Identifier: MIT
/*
 * A response on its way: the head is laid out on the exchange's arena with what is small of the
 * body behind it, so that an ordinary response is one send; what is larger is pulled piece by
 * piece.
 */
#include "server/session/h1_fault.h"

#include "registry/status.h"
#include "server/session/respond.h"

#include <assert.h>
#include <errno.h>

enum {
    INLINE_BODY = 4096, // bytes of body that are copied behind the head
    NUMBER_ROOM = 20,   // digits of a 64-bit number
};

static char *put(char *at, struct span s)
{
    if (s.len)
        memcpy(at, s.ptr, s.len);
    return at + s.len;
}

static char *put_number(char *at, uint64_t value)
{
    char digits[NUMBER_ROOM];
    size_t n = 0;

    do
        digits[NUMBER_ROOM - ++n] = (char)('0' + value % 10);
    while (value /= 10);
    return put(at, span_of(digits + NUMBER_ROOM - n, n));
}

/* Its length is only known at its end. */
static bool is_endless(const struct response *r)
{
    return r->next && !r->has_length;
}

bool h1_close_ends_body(const struct h1_session *h)
{
    const struct exchange *x = &h->call->x;

    return is_endless(&x->response) && !h1_call(h)->chunked && x->request.method != METHOD_HEAD;
}

static struct span block_lines(const struct response *r)
{
    return r->block ? field_block_lines(r->block, r->block_first) : SPAN("");
}

/* What a head begins with. */
struct first_lines {
    int code;
    struct span status, date, block;
};

/* room: for the status line, until the head is laid out. */
static struct first_lines first_lines(struct sessions *s, const struct exchange *x,
                                      char room[STATUS_LINE])
{
    int code = exchange_status(x);
    int64_t unused;

    return (struct first_lines){code, status_line_of_any(code, room),
                                x->response.has_date ? SPAN("") : sessions_date_line(s, &unused),
                                block_lines(&x->response)};
}

static size_t head_room(const struct response *r, const struct first_lines *first)
{
    size_t room = first->status.len + first->date.len + first->block.len + NUMBER_ROOM +
                  sizeof "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n";

    for (const struct response_field *f = r->fields; f; f = f->next)
        room += f->name.len + f->value.len + sizeof ": \r\n";
    return room;
}

/* Where the length is not known, chunks tell the end, or the close does: RFC 9112 §6.3. */
static char *put_framing(char *at, const struct call *k, int status)
{
    const struct response *r = &k->x.response;
    const struct h1_call *c = k->part;

    if (status < 200 || status == 204 || status == 304) // RFC 9110 §8.6
        return at;
    if (c->chunked)
        return put(at, SPAN("Transfer-Encoding: chunked\r\n"));
    if (is_endless(r))
        return at;
    at = put(at, SPAN("Content-Length: "));
    at = put_number(at, r->length);
    return put(at, SPAN("\r\n"));
}

/* The connection's own fields: RFC 9112 §9.3. */
static char *put_connection(char *at, const struct h1_call *c, bool is_tunnel)
{
    if (is_tunnel)
        return put(at, SPAN("Connection: upgrade\r\n"));
    if (c->close)
        return put(at, SPAN("Connection: close\r\n"));
    if (c->head.minor == 0)
        return put(at, SPAN("Connection: keep-alive\r\n"));
    return at;
}

static char *put_field(char *at, const struct response_field *f)
{
    const char *behind = f->name.ptr + f->name.len;

    if (f->is_sound && f->value.ptr == behind + 2 && behind[1] == ' ') // as it came
        return put(put(at, span_of(f->name.ptr, f->name.len + 2 + f->value.len)), SPAN("\r\n"));
    at = put(at, f->name);
    at = put(at, SPAN(": "));
    at = f->is_sound ? put(at, f->value) : h1_put_value(at, f->value);
    return put(at, SPAN("\r\n"));
}

static char *put_head(char *at, const struct call *k, const struct first_lines *first)
{
    const struct response *r = &k->x.response;

    at = put(at, first->status);
    at = put(at, first->date);
    at = put(at, first->block);
    for (const struct response_field *f = r->fields; f; f = f->next)
        at = put_field(at, f);
    at = put_framing(at, k, first->code);
    at = put_connection(at, k->part, r->is_tunnel);
    return put(at, SPAN("\r\n"));
}

/* Completions. */

static struct h1_session *session_of(struct stream *s)
{
    return container_of(s, struct h1_session, stream);
}

static void end_sending(struct h1_session *h)
{
    h->send = H1_SEND_DONE;
    h1_call(h)->sent(h);
}

/* Counts what was sent; false when the call is over because it could not be. */
static bool note_sent(struct h1_session *h, ssize_t result)
{
    h->call->bytes_out += stream_send_progress(&h->stream);
    if (result < 0)
        h->session.ops->abort(h->call, ENDING_CLIENT_GONE);
    return result >= 0;
}

static void on_all_sent(struct stream *s, ssize_t result)
{
    if (note_sent(session_of(s), result))
        end_sending(session_of(s));
}

static void send_more(struct h1_session *h);

static void on_piece_sent(struct stream *s, ssize_t result)
{
    if (note_sent(session_of(s), result))
        send_more(session_of(s));
}

static void on_file_sent(struct stream *s, ssize_t result)
{
    struct h1_session *h = session_of(s);
    bool client_left = result == -EPIPE || result == -ECONNRESET || result == -ETIMEDOUT;

    if (result < 0 ? !client_left : (uint64_t)result < h1_call(h)->file_length) {
        h->call->bytes_out += stream_send_progress(s);
        h->session.ops->abort(h->call, ENDING_BODY_FAILED); // it shrank, or its disk fails
    } else if (note_sent(h, result)) {
        send_more(h);
    }
}

/* Pieces. */

/* A piece, with what makes a chunk of it: RFC 9112 §7.1. */
static unsigned put_bytes(struct h1_call *c, unsigned at, struct span bytes)
{
    struct iovec data = {(void *)(uintptr_t)bytes.ptr, bytes.len};
    static char chunk_end[] = H1_CHUNK_END;

    if (!c->chunked) {
        c->vector[at++] = data;
        return at;
    }
    c->vector[at++] = (struct iovec){c->chunk_head, h1_chunk_head(c->chunk_head, bytes.len)};
    c->vector[at++] = data;
    c->vector[at++] = (struct iovec){chunk_end, sizeof chunk_end - 1};
    return at;
}

/* The last chunk, with the trailers; without memory for those, which are only a help, without. */
static struct span last_chunk(struct exchange *x)
{
    const struct response_field *trailers = x->response.trailers;
    size_t room = sizeof H1_LAST_CHUNK;
    struct buf b;

    if (!trailers)
        return SPAN(H1_LAST_CHUNK);
    for (const struct response_field *f = trailers; f; f = f->next)
        room += f->name.len + f->value.len + sizeof ": \r\n";
    b = buf_in(arena_alloc(&x->arena, room), room);
    buf_add(&b, SPAN(H1_ZERO_CHUNK));
    for (const struct response_field *f = trailers; f; f = f->next)
        h1_add_trailer(&b, f->name, f->value);
    buf_add(&b, SPAN(H1_SECTION_END));
    return b.failed ? SPAN(H1_LAST_CHUNK) : buf_span(&b);
}

/* Behind what the vector holds already. */
static void send_end(struct h1_session *h, unsigned at)
{
    struct h1_call *c = h1_call(h);

    if (c->chunked) {
        struct span last = last_chunk(&h->call->x);

        c->vector[at++] = (struct iovec){(void *)(uintptr_t)last.ptr, last.len};
    }
    if (at)
        h1_send_vector(h, at, 0, on_all_sent);
    else
        end_sending(h);
}

static void keep_file(struct h1_call *c, const struct piece *piece)
{
    assert(!c->chunked);
    c->file = piece->file;
    c->file_offset = piece->offset;
    c->file_length = piece->length;
}

static void send_file(struct h1_session *h)
{
    const struct h1_call *c = h1_call(h);

    stream_send_file(&h->stream, c->file, c->file_offset, c->file_length, on_file_sent);
    h1_watch_sending(h);
}

static void await_piece(struct h1_session *h)
{
    h->send = H1_SEND_AWAIT;
    if (h->call->x.response.is_tunnel)
        loop_call(h->session.sessions->loop, &h1_call(h)->quiet);
}

static void on_head_sent(struct stream *s, ssize_t result)
{
    struct h1_session *h = session_of(s);
    struct h1_call *c = h1_call(h);

    if (!note_sent(h, result))
        return;
    if (c->behind_head == PIECE_FILE)
        send_file(h);
    else if (c->behind_head == PIECE_FAILED)
        h->session.ops->abort(h->call, ENDING_BODY_FAILED);
    else if (c->awaits_piece)
        await_piece(h);
    else
        send_more(h);
}

/* A piece, behind a head where the vector holds one. */
static void send_piece(struct h1_session *h, unsigned at, const struct piece *piece)
{
    struct h1_call *c = h1_call(h);

    h->send = H1_SEND_RESPONSE;
    c->awaits_piece = piece->kind == PIECE_WAIT;
    switch (piece->kind) {
    case PIECE_BYTES:
        h1_send_vector(h, put_bytes(c, at, piece->bytes), 0, on_piece_sent);
        return;
    case PIECE_END:
        send_end(h, at);
        return;
    case PIECE_FILE:
        keep_file(c, piece);
        if (!at) {
            send_file(h);
            return;
        }
        break;
    case PIECE_WAIT:
        if (!at) {
            await_piece(h);
            return;
        }
        break;
    case PIECE_FAILED:
        if (!at) {
            h->session.ops->abort(h->call, ENDING_BODY_FAILED);
            return;
        }
        break;
    }
    c->behind_head = (uint8_t)piece->kind;
    h1_send_vector(h, at, piece->kind == PIECE_FILE ? STREAM_MORE : 0, on_head_sent);
}

static void send_more(struct h1_session *h)
{
    struct piece piece;

    h->call->x.response.next(&h->call->x, &piece);
    send_piece(h, 0, &piece);
}

void h1_send_awaited(struct h1_session *h)
{
    if (h1_call(h)->fault) {
        h1_fault_more(h);
        return;
    }
    h1_call(h)->awaits_piece = false;
    if (h->send == H1_SEND_AWAIT) // else the head is still on its way
        send_more(h);
}

/* There is no memory for the head, and what is sent instead takes none. */
static void send_without_memory(struct h1_session *h)
{
    static char again[] = "Retry-After: 1\r\nCache-Control: no-store\r\n"
                          "Content-Length: 0\r\nConnection: close\r\n\r\n";
    char *rest = again;
    struct exchange *x = &h->call->x;
    struct h1_call *c = h1_call(h);
    struct span status, date;
    int64_t unused;

    respond_without_memory(x);
    if (x->outcome != OUTCOME_resources_exhausted)
        rest = strchr(rest, '\n') + 1;
    c->close = true;
    status = status_line(exchange_status(x));
    date = sessions_date_line(h->session.sessions, &unused);
    c->vector[0] = (struct iovec){(void *)(uintptr_t)status.ptr, status.len};
    c->vector[1] = (struct iovec){(void *)(uintptr_t)date.ptr, date.len};
    c->vector[2] = (struct iovec){rest, strlen(rest)};
    h1_send_vector(h, 3, 0, on_all_sent);
}

static bool has_content(const struct exchange *x, int code)
{
    return x->request.method != METHOD_HEAD && code != 204 && code != 304; // RFC 9110 §6.4.1
}

/* Whether the length of the content is not known, and what tells its end then. */
static void choose_framing(struct h1_session *h, bool has_body)
{
    struct h1_call *c = h1_call(h);
    const struct response *r = &h->call->x.response;

    if (r->is_tunnel) {
        c->close = true;
    } else if (is_endless(r)) {
        c->chunked = has_body && c->head.minor > 0;
        c->close |= !c->chunked && has_body;
    }
    if (r->fault)
        h1_fault_frame(h, has_body);
}

void h1_send_response(struct h1_session *h, void (*sent)(struct h1_session *h))
{
    struct exchange *x = &h->call->x;
    struct response *r = &x->response;
    struct h1_call *c = h1_call(h);
    char status_room[STATUS_LINE];
    struct first_lines first = first_lines(h->session.sessions, x, status_room);
    bool has_body = has_content(x, first.code), is_pulled = r->next && has_body, is_inline;
    struct span body = has_body ? r->body : SPAN("");
    struct piece piece = {.kind = PIECE_END};
    stream_send_fn *done = on_all_sent;
    size_t room;
    char *head, *end;

    choose_framing(h, has_body);
    c->sent = sent;
    h->send = H1_SEND_RESPONSE;
    if (is_pulled && !r->fault) {
        if (!arena_reserve(&x->arena, head_room(r, &first))) { // before a piece is on its way
            send_without_memory(h);
            return;
        }
        r->next(x, &piece);
        c->awaits_piece = piece.kind == PIECE_WAIT;
        if (piece.kind == PIECE_BYTES && !c->chunked) { // goes out as a body that is there
            body = piece.bytes;
            done = on_piece_sent;
            is_pulled = false;
        }
    }
    is_inline = body.len <= INLINE_BODY;
    room = head_room(r, &first) + (is_inline ? body.len : 0);
    head = arena_alloc(&x->arena, room);
    if (!head && c->awaits_piece) {
        h->session.ops->abort(h->call, ENDING_BODY_FAILED);
        return;
    }
    if (!head) {
        send_without_memory(h);
        return;
    }
    end = put_head(head, h->call, &first);
    if (r->fault && h1_fault_send(h, span_of(head, (size_t)(end - head)), has_body))
        return;
    if (is_inline)
        end = put(end, body);
    assert((size_t)(end - head) <= room);
    c->vector[0] = (struct iovec){head, (size_t)(end - head)};
    c->vector[1] = (struct iovec){(void *)(uintptr_t)body.ptr, body.len};
    if (is_pulled && r->fault)
        r->next(x, &piece);
    if (is_pulled)
        send_piece(h, 1, &piece);
    else
        h1_send_vector(h, is_inline ? 1 : 2, 0, done);
}
