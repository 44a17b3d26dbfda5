// SPDX-License-Identifier: MIT
/*
 * A response on its way: the head is laid out on the exchange's arena with what is small of the
 * body behind it, so that an ordinary response is one send; what is larger is pulled piece by
 * piece.
 */
#include "server/session/connection.h"

#include "registry/status.h"

#include <assert.h>
#include <errno.h>

enum {
    INLINE_BODY = 4096, // bytes of body that are copied behind the head
    NUMBER_ROOM = 20,   // digits of a 64-bit number
};

static void pull(struct carried *k);

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

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (n)
        *at++ = digits[--n];
    return at;
}

static bool status_has_length(int status)
{
    return status >= 200 && status != 204 && status != 304; // RFC 9110 §8.6
}

/* Its length is only known at its end. */
static bool is_endless(const struct response *r)
{
    return r->next && !r->has_length;
}

bool connection_ends_body(const struct carried *k)
{
    return is_endless(&k->x.response) && !k->chunked && k->x.request.method != METHOD_HEAD;
}

static struct span block_lines(const struct response *r)
{
    return r->block ? field_block_lines(r->block, r->block_first) : SPAN("");
}

static size_t head_room(const struct response *r, struct span status, struct span date)
{
    size_t room = status.len + date.len + block_lines(r).len + NUMBER_ROOM +
                  sizeof "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n";

    for (const struct response_field *f = r->fields; f; f = f->next)
        room += f->name.len + f->value.len + sizeof ": \r\n";
    return room;
}

/* Where the length is not known, chunks tell the end, or the close does: RFC 9112 §6.3. */
static char *put_framing(char *at, const struct carried *k)
{
    const struct response *r = &k->x.response;

    if (!status_has_length(exchange_status(&k->x)))
        return at;
    if (k->chunked)
        return put(at, SPAN("Transfer-Encoding: chunked\r\n"));
    if (is_endless(r))
        return at;
    at = put(at, SPAN("Content-Length: "));
    at = put_number(at, r->length);
    return put(at, SPAN("\r\n"));
}

/* The connection's own fields: RFC 9112 §9.3. */
static char *put_connection(char *at, const struct carried *k)
{
    if (k->close)
        return put(at, SPAN("Connection: close\r\n"));
    if (k->head.minor == 0)
        return put(at, SPAN("Connection: keep-alive\r\n"));
    return at;
}

static char *put_head(char *at, const struct carried *k, struct span status, struct span date)
{
    const struct response *r = &k->x.response;

    at = put(at, status);
    at = put(at, date);
    at = put(at, block_lines(r));
    for (const struct response_field *f = r->fields; f; f = f->next) {
        at = put(at, f->name);
        at = put(at, SPAN(": "));
        at = h1_put_value(at, f->value);
        at = put(at, SPAN("\r\n"));
    }
    at = put_framing(at, k);
    at = put_connection(at, k);
    return put(at, SPAN("\r\n"));
}

static void end_sending(struct carried *k, enum ending ending)
{
    if (k->ending == ENDING_COMPLETE)
        k->ending = ending;
    connection_response_sent(k);
}

/* Counts what was sent; false when the exchange is over because it could not be. */
static bool note_sent(struct carried *k, ssize_t result)
{
    k->bytes_out += stream_send_progress(&k->connection->stream);
    if (result < 0)
        end_sending(k, ENDING_CLIENT_GONE);
    return result >= 0;
}

static void on_all_sent(struct stream *s, ssize_t result)
{
    struct carried *k = container_of(s, struct connection, stream)->carried;

    if (note_sent(k, result))
        connection_response_sent(k);
}

static void on_piece_sent(struct stream *s, ssize_t result)
{
    struct carried *k = container_of(s, struct connection, stream)->carried;

    if (note_sent(k, result))
        pull(k);
}

static void on_file_sent(struct stream *s, ssize_t result)
{
    struct carried *k = container_of(s, struct connection, stream)->carried;

    bool client_left = result == -EPIPE || result == -ECONNRESET || result == -ETIMEDOUT;

    if (result < 0 ? !client_left : (uint64_t)result < k->file_length) {
        k->bytes_out += stream_send_progress(s);
        end_sending(k, ENDING_BODY_FAILED); // it shrank, or its disk fails
    } else if (note_sent(k, result)) {
        pull(k);
    }
}

static void send_vector(struct carried *k, unsigned count, int flags, stream_send_fn *done)
{
    struct connection *c = k->connection;

    stream_send(&c->stream, k->vector, count, flags, done);
    if (stream_is_sending(&c->stream))
        connection_watch_send(c);
}

/* A piece, with what makes a chunk of it: RFC 9112 §7.1. */
static void send_bytes(struct carried *k, struct span bytes)
{
    struct iovec data = {(void *)(uintptr_t)bytes.ptr, bytes.len};
    static char chunk_end[] = H1_CHUNK_END;

    if (!k->chunked) {
        k->vector[0] = data;
        send_vector(k, 1, 0, on_piece_sent);
        return;
    }
    k->vector[0] = (struct iovec){k->chunk_head, h1_chunk_head(k->chunk_head, bytes.len)};
    k->vector[1] = data;
    k->vector[2] = (struct iovec){chunk_end, sizeof chunk_end - 1};
    send_vector(k, 3, 0, on_piece_sent);
}

static void send_end(struct carried *k)
{
    static char last_chunk[] = H1_LAST_CHUNK;

    if (!k->chunked) {
        connection_response_sent(k);
        return;
    }
    k->vector[0] = (struct iovec){last_chunk, sizeof last_chunk - 1};
    send_vector(k, 1, 0, on_all_sent);
}

static void pull(struct carried *k)
{
    struct connection *c = k->connection;
    struct piece piece;

    k->x.response.next(&k->x, &piece);
    switch (piece.kind) {
    case PIECE_BYTES:
        send_bytes(k, piece.bytes);
        break;
    case PIECE_FILE:
        assert(!k->chunked);
        k->file_length = piece.length;
        stream_send_file(&c->stream, piece.file, piece.offset, piece.length, on_file_sent);
        if (stream_is_sending(&c->stream))
            connection_watch_send(c);
        break;
    case PIECE_WAIT:
        c->phase = PHASE_WAIT; // no fault of the client's: its time stands still
        break;
    case PIECE_END:
        send_end(k);
        break;
    case PIECE_FAILED:
        end_sending(k, ENDING_BODY_FAILED);
        break;
    }
}

void connection_send_more(struct carried *k)
{
    pull(k);
}

void connection_send_response(struct carried *k)
{
    struct exchange *x = &k->x;
    struct response *r = &x->response;
    bool has_body = x->request.method != METHOD_HEAD;
    struct span status = status_line(exchange_status(x));
    int64_t unused;
    struct span date = sessions_date_line(k->connection->sessions, &unused);
    struct span body = has_body ? r->body : SPAN("");
    bool is_inline = body.len <= INLINE_BODY;
    size_t room = head_room(r, status, date) + (is_inline ? body.len : 0);
    char *head = arena_alloc(&x->arena, room);
    char *end;

    if (is_endless(r)) {
        k->chunked = has_body && k->head.minor > 0;
        k->close |= !k->chunked && has_body;
    }
    if (!head) {
        k->ending = ENDING_BODY_FAILED;
        connection_response_sent(k);
        return;
    }
    end = put_head(head, k, status, date);
    if (is_inline)
        end = put(end, body);
    assert((size_t)(end - head) <= room);
    k->vector[0] = (struct iovec){head, (size_t)(end - head)};
    k->vector[1] = (struct iovec){(void *)(uintptr_t)body.ptr, body.len};
    if (r->next && has_body)
        send_vector(k, 1, STREAM_MORE, on_piece_sent);
    else
        send_vector(k, is_inline ? 1 : 2, 0, on_all_sent);
}
