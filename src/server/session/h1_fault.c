// SPDX-License-Identifier: MIT
#include "server/session/h1_fault.h"

#include "base/limits.h"
#include "registry/status.h"

enum {
    ENDLESS_HALF = 64, // bytes: half of a body whose length is not known
    GIANT_PART = 16 * 1024
};

enum phase {
    PHASE_HEAD,
    PHASE_GIANT, // the value of a field, then the rest of the head
    PHASE_PIECE, // the next piece of the body is to be asked for
    PHASE_DATA,  // its bytes, behind the head of their chunk
    PHASE_END,   // what follows the body
    PHASE_OVER,  // it ends as the fault wants
};

/* What becomes of the connection. */
enum finish { FINISH_KEEP, FINISH_CLOSE, FINISH_RESET, FINISH_SILENCE };

struct h1_fault {
    struct h1_session *session;
    struct timer timer;
    enum fault fault;
    enum phase phase;
    enum finish finish;
    struct span out;    // what is being sent of the head or of framing
    struct span rest;   // of the head, behind the giant field
    uint64_t giant;     // bytes of that which are left
    struct piece piece; // what is left of it
    uint64_t before;    // bytes of the body until it breaks; UINT64_MAX: it does not
    uint64_t swift;     // bytes until it comes byte by byte; UINT64_MAX: it does not
    uint64_t sent_now;  // bytes of the piece that are being sent
    int64_t since;      // monotonic ns: when the silence began
    bool has_body, body_given, is_silent;
};

static void proceed(struct h1_fault *f);

static struct h1_fault *fault_of(const struct h1_session *h)
{
    return h1_call(h)->fault;
}

static int64_t now_of(const struct h1_session *h)
{
    return loop_now(h->session.sessions->loop);
}

/* Endings. */

static void end_as_wanted(struct h1_fault *f)
{
    struct h1_session *h = f->session;

    h->call->ending = ENDING_FAULT;
    h->send = H1_SEND_DONE;
    h1_call(h)->sent(h);
}

static void end_at_once(struct h1_fault *f)
{
    f->finish = FINISH_RESET; // it was, or is not to be taken for an end
    f->session->session.ops->abort(f->session->call, ENDING_FAULT);
}

/* A reset would take away what the client has not taken yet, so that comes first. */
static bool is_taken(const struct h1_fault *f)
{
    const struct h1_session *h = f->session;

    return stream_send_backlog(&h->stream) == 0 ||
           now_of(h) - f->since > (int64_t)h1_limits_of(h)->send_timeout * CLOCK_MS;
}

static bool is_silence_over(const struct h1_fault *f)
{
    const struct h1_session *h = f->session;

    return h->session.sessions->stopping || now_of(h) - f->since > LIMIT_FAULT_SILENCE * CLOCK_MS;
}

static void wait_a_tick(struct h1_fault *f)
{
    f->session->send = H1_SEND_AWAIT;
    h1_set_timer(f->session, &f->timer, LIMIT_FAULT_TRICKLE);
}

static void finish(struct h1_fault *f)
{
    struct h1_session *h = f->session;

    if (!f->since)
        f->since = now_of(h);
    switch (f->finish) {
    case FINISH_CLOSE:
        h1_call(h)->close = true;
        end_as_wanted(f);
        break;
    case FINISH_KEEP:
        end_as_wanted(f);
        break;
    case FINISH_RESET:
        if (is_taken(f)) {
            stream_reset(&h->stream);
            end_at_once(f);
        } else {
            wait_a_tick(f);
        }
        break;
    case FINISH_SILENCE:
        if (is_silence_over(f)) {
            end_at_once(f);
        } else {
            wait_a_tick(f);
            if (!f->is_silent)
                stream_tell_again(&h->stream); // the client may have ended its side before
            f->is_silent = true;
        }
        break;
    }
}

static void on_tick(struct timer *t)
{
    struct h1_fault *f = container_of(t, struct h1_fault, timer);
    struct h1_session *h = f->session;

    if (h->closing)
        h->session.ops->abort(h->call, ENDING_CLIENT_GONE);
    else if (h->call->x.urgency.hurried)
        h->session.ops->abort(h->call, ENDING_SEND_TIMEOUT);
    else
        proceed(f);
}

/* Sending. */

static bool note_sent(struct h1_fault *f, ssize_t result)
{
    struct h1_session *h = f->session;

    h->call->bytes_out += stream_send_progress(&h->stream);
    if (result < 0)
        h->session.ops->abort(h->call, ENDING_CLIENT_GONE);
    return result >= 0;
}

static void on_out_sent(struct stream *s, ssize_t result)
{
    struct h1_fault *f = fault_of(container_of(s, struct h1_session, stream));

    if (!note_sent(f, result))
        return;
    f->out = span_from(f->out, (size_t)result);
    if (f->out.len)
        wait_a_tick(f); // it comes byte by byte
    else
        proceed(f);
}

static void on_data_sent(struct stream *s, ssize_t result)
{
    struct h1_fault *f = fault_of(container_of(s, struct h1_session, stream));

    if (!note_sent(f, result))
        return;
    if ((uint64_t)result < f->sent_now) { // a file that shrank
        f->session->session.ops->abort(f->session->call, ENDING_BODY_FAILED);
        return;
    }
    f->piece.bytes = span_from(f->piece.bytes, f->sent_now);
    f->piece.offset += f->sent_now;
    f->piece.length -= f->sent_now;
    if (f->before != UINT64_MAX)
        f->before -= f->sent_now;
    if (f->swift != UINT64_MAX && f->swift)
        f->swift -= f->sent_now;
    else if (f->swift == 0 && f->piece.length) {
        wait_a_tick(f);
        return;
    }
    proceed(f);
}

static void send_out(struct h1_fault *f, size_t n)
{
    f->session->send = H1_SEND_RESPONSE;
    h1_call(f->session)->vector[0] = (struct iovec){(void *)(uintptr_t)f->out.ptr, n};
    h1_send_vector(f->session, 1, 0, on_out_sent);
}

/* As much of the piece as may go now. */
static void send_data(struct h1_fault *f)
{
    struct h1_session *h = f->session;
    uint64_t n = f->piece.length;

    n = n < f->before ? n : f->before;
    if (f->swift != UINT64_MAX)
        n = f->swift == 0 ? 1 : n < f->swift ? n : f->swift;
    f->sent_now = n;
    h->send = H1_SEND_RESPONSE;
    if (f->piece.kind == PIECE_FILE) {
        stream_send_file(&h->stream, f->piece.file, f->piece.offset, n, on_data_sent);
        h1_watch_sending(h);
        return;
    }
    h1_call(h)->vector[0] = (struct iovec){(void *)(uintptr_t)f->piece.bytes.ptr, (size_t)n};
    h1_send_vector(h, 1, 0, on_data_sent);
}

/* The body. */

static void next_piece(struct h1_fault *f)
{
    struct response *r = &f->session->call->x.response;

    f->piece = (struct piece){.kind = PIECE_END};
    if (r->next) {
        r->next(&f->session->call->x, &f->piece);
    } else if (!f->body_given && r->body.len) {
        f->piece.kind = PIECE_BYTES;
        f->piece.bytes = r->body;
    }
    f->body_given = true;
    if (f->piece.kind == PIECE_BYTES)
        f->piece.length = f->piece.bytes.len;
}

static void ask_piece(struct h1_fault *f)
{
    struct h1_session *h = f->session;
    struct h1_call *c = h1_call(h);

    if (!f->has_body || (f->fault == FAULT_chunk_bad && f->before == 0)) {
        f->phase = PHASE_END;
        proceed(f);
        return;
    }
    next_piece(f);
    switch (f->piece.kind) {
    case PIECE_WAIT:
        h->send = H1_SEND_AWAIT;
        return;
    case PIECE_FAILED:
        h->session.ops->abort(h->call, ENDING_BODY_FAILED);
        return;
    case PIECE_END:
        f->phase = PHASE_END;
        break;
    case PIECE_BYTES:
    case PIECE_FILE:
        // A chunk that is to be bad begins where the good ones end.
        if (f->fault == FAULT_chunk_bad && f->before && f->before < f->piece.length)
            f->piece.length = f->before;
        if (c->chunked)
            f->out = span_of(c->chunk_head, h1_chunk_head(c->chunk_head, f->piece.length));
        f->phase = PHASE_DATA;
        break;
    }
    proceed(f);
}

static void go_on_with_data(struct h1_fault *f)
{
    if (!f->piece.length) {
        f->out = h1_call(f->session)->chunked ? SPAN(H1_CHUNK_END) : SPAN("");
        f->phase = PHASE_PIECE;
    } else if (f->before == 0) {
        f->phase = PHASE_OVER;
    } else {
        send_data(f);
        return;
    }
    proceed(f);
}

/* The body is whole, but for what the fault takes away or adds. */
static void end_body(struct h1_fault *f)
{
    static const struct span nobodys = SPAN_INIT(H1_LAST_CHUNK "nobody announced this");
    bool is_chunked = f->has_body && h1_call(f->session)->chunked;

    if (is_chunked && f->fault == FAULT_chunk_bad)
        f->out = SPAN("no number\r\n");
    else if (f->fault == FAULT_body_long)
        f->out = span_from(nobodys, is_chunked ? 0 : sizeof H1_LAST_CHUNK - 1);
    else if (is_chunked && f->before == UINT64_MAX && f->fault != FAULT_chunk_cut)
        f->out = SPAN(H1_LAST_CHUNK);
    f->phase = PHASE_OVER;
    proceed(f);
}

static void send_giant(struct h1_fault *f)
{
    static char part[GIANT_PART];

    if (!part[0])
        memset(part, 'x', sizeof part);
    if (f->giant) {
        f->out = span_of(part, f->giant < sizeof part ? (size_t)f->giant : sizeof part);
        f->giant -= f->out.len;
    } else {
        f->out = f->rest;
        f->phase = PHASE_PIECE;
    }
    proceed(f);
}

static void end_head(struct h1_fault *f)
{
    bool ends = f->fault == FAULT_head_close || f->fault == FAULT_head_reset ||
                f->fault == FAULT_head_garbage || f->fault == FAULT_wrong_101;

    f->phase = ends ? PHASE_OVER : f->fault == FAULT_head_giant ? PHASE_GIANT : PHASE_PIECE;
    proceed(f);
}

static void proceed(struct h1_fault *f)
{
    bool is_slow = f->phase == PHASE_HEAD && f->fault == FAULT_head_trickle;

    if (f->out.len) {
        uint64_t n = !is_slow ? f->out.len : f->swift ? f->swift : 1;

        n = n < f->out.len ? n : f->out.len;
        if (is_slow)
            f->swift = 0;
        send_out(f, (size_t)n);
        return;
    }
    switch (f->phase) {
    case PHASE_HEAD:
        if (is_slow)
            f->swift = UINT64_MAX;
        end_head(f);
        break;
    case PHASE_GIANT:
        send_giant(f);
        break;
    case PHASE_PIECE:
        ask_piece(f);
        break;
    case PHASE_DATA:
        go_on_with_data(f);
        break;
    case PHASE_END:
        end_body(f);
        break;
    case PHASE_OVER:
        finish(f);
        break;
    }
}

/* How each fault begins. */

static enum finish finish_of(enum fault fault)
{
    switch (fault) {
    case FAULT_reset:
    case FAULT_head_reset:
    case FAULT_body_reset:
        return FINISH_RESET;
    case FAULT_silence:
    case FAULT_body_silence:
        return FINISH_SILENCE;
    case FAULT_head_trickle:
    case FAULT_body_trickle:
        return FINISH_KEEP;
    default:
        return FINISH_CLOSE;
    }
}

/* A line more in the head, before the empty one; ptr NULL without memory. */
static struct span with_line(struct h1_session *h, struct span head, struct span line)
{
    size_t room = head.len + line.len;
    struct buf b = buf_in(arena_alloc(&h->call->x.arena, room), room);

    buf_add(&b, span_first(head, head.len - 2));
    buf_add(&b, line);
    buf_add(&b, SPAN(H1_SECTION_END));
    return b.failed ? (struct span){NULL, 0} : buf_span(&b);
}

/* The head with a length more than it has, or with two where it has none. */
static struct span with_length(struct h1_session *h, struct span head, bool differs)
{
    const struct response *r = &h->call->x.response;
    bool is_known = r->has_length || !r->next;
    char lines[2 * sizeof "Content-Length: 18446744073709551615\r\n"];
    struct buf b = buf_in(lines, sizeof lines);
    uint64_t length = is_known ? r->length : 1;

    if (!differs || !is_known)
        buf_addf(&b, "Content-Length: %llu\r\n", (unsigned long long)length);
    if (differs)
        buf_addf(&b, "Content-Length: %llu\r\n", (unsigned long long)length + 1);
    return with_line(h, head, buf_span(&b));
}

static struct span without_cr(struct h1_session *h, struct span head)
{
    struct buf b = buf_in(arena_alloc(&h->call->x.arena, head.len), head.len);

    for (size_t i = 0; i < head.len; i++)
        if (head.ptr[i] != '\r')
            buf_add_char(&b, head.ptr[i]);
    return b.failed ? (struct span){NULL, 0} : buf_span(&b);
}

/* A head of the protocol that begins, and bytes of that. */
static struct span of_another_protocol(struct h1_session *h)
{
    static const struct span rest =
        SPAN_INIT("Upgrade: made-up/1\r\nConnection: upgrade\r\n\r\nthis is not HTTP");
    struct span line = status_line(STATUS_SWITCHING_PROTOCOLS);
    struct buf b = buf_in(arena_alloc(&h->call->x.arena, line.len + rest.len), line.len + rest.len);

    buf_add(&b, line);
    buf_add(&b, rest);
    return b.failed ? (struct span){NULL, 0} : buf_span(&b);
}

static struct span broken_head(struct h1_session *h, enum fault fault, uint64_t at,
                               struct span head)
{
    switch (fault) {
    case FAULT_close:
    case FAULT_reset:
    case FAULT_silence:
        return SPAN("");
    case FAULT_head_close:
    case FAULT_head_reset:
        at = at == FAULT_AT_NATURAL ? head.len / 2 : at;
        return span_first(head, at < head.len ? (size_t)at : head.len - 1);
    case FAULT_head_giant:
        return with_line(h, head, SPAN("Giant: "));
    case FAULT_head_garbage:
        return SPAN("\x16\x03\x01 this is not a response of HTTP \xff\xfe\r\n\r\n");
    case FAULT_bare_lf:
        return without_cr(h, head);
    case FAULT_both_lengths:
        return h1_call(h)->chunked ? with_length(h, head, false)
                                   : with_line(h, head, SPAN("Transfer-Encoding: chunked\r\n"));
    case FAULT_two_lengths:
        return with_length(h, head, true);
    case FAULT_wrong_101:
        return of_another_protocol(h);
    default:
        return head;
    }
}

/* Where in the body it breaks, and where it begins to come byte by byte. */
static void place(struct h1_fault *f, uint64_t at)
{
    const struct response *r = &f->session->call->x.response;
    bool is_known = r->has_length || !r->next;
    uint64_t half = is_known ? r->length / 2 : ENDLESS_HALF;
    uint64_t most = is_known ? (r->length ? r->length - 1 : 0) : UINT64_MAX - 1;

    f->before = f->swift = UINT64_MAX;
    switch (f->fault) {
    case FAULT_body_close:
    case FAULT_body_reset:
    case FAULT_body_silence:
    case FAULT_chunk_bad:
        f->before = at == FAULT_AT_NATURAL ? half : at;
        break;
    case FAULT_body_short:
        f->before = most;
        break;
    case FAULT_head_trickle:
    case FAULT_body_trickle:
        f->swift = at == FAULT_AT_NATURAL ? 0 : at;
        break;
    default:
        break;
    }
    if (f->before != UINT64_MAX && f->before > most)
        f->before = most;
}

void h1_fault_frame(struct h1_session *h, bool has_body)
{
    enum fault fault = h->call->x.response.fault->fault;
    struct h1_call *c = h1_call(h);

    if (fault == FAULT_chunk_bad || fault == FAULT_chunk_cut || fault == FAULT_both_lengths)
        c->chunked = has_body && c->head.minor > 0;
    else if (fault == FAULT_two_lengths)
        c->chunked = false;
}

bool h1_fault_send(struct h1_session *h, struct span head, bool has_body)
{
    const struct wire_fault *wanted = h->call->x.response.fault;
    struct h1_call *c = h1_call(h);
    struct h1_fault *f = arena_alloc(&h->call->x.arena, sizeof *f);
    struct span broken = broken_head(h, wanted->fault, wanted->at, head);

    if (!f || !broken.ptr)
        return false;
    *f = (struct h1_fault){.session = h, .fault = wanted->fault, .has_body = has_body};
    timer_init(&f->timer, on_tick);
    c->fault = f;
    f->finish = finish_of(f->fault);
    place(f, wanted->at);
    f->out = broken;
    if (f->fault == FAULT_head_giant) {
        f->out = span_first(broken, broken.len - 2);
        f->rest = SPAN("\r\n\r\n");
        f->giant = LIMIT_FAULT_GIANT;
    }
    if (broken.len) {
        proceed(f);
    } else { // not before this returned
        f->phase = PHASE_OVER;
        h->send = H1_SEND_AWAIT;
        h1_set_timer(h, &f->timer, 0);
    }
    return true;
}

void h1_fault_more(struct h1_session *h)
{
    struct h1_fault *f = fault_of(h);

    if (f->phase == PHASE_PIECE)
        ask_piece(f);
}

bool h1_fault_hang_up(struct h1_session *h)
{
    struct h1_fault *f = fault_of(h);

    if (!f->is_silent)
        return false;
    end_at_once(f);
    return true;
}

bool h1_fault_is_over(const struct h1_session *h)
{
    return h->call->ending == ENDING_FAULT && fault_of(h)->finish != FINISH_RESET;
}

void h1_fault_stop(struct h1_session *h)
{
    timer_stop(&fault_of(h)->timer);
}
