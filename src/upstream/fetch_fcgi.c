// SPDX-License-Identifier: MIT
/*
 * A fetch over FastCGI: a request of records, and a CGI response (RFC 3875 §6) within records,
 * which are taken out of the buffer as soon as they are there, so that what is left is the
 * response.
 */
#include "upstream/fetch_parts.h"
#include "wire/cgi.h"
#include "wire/fcgi.h"

struct fcgi {
    struct fcgi_reader reader;
    bool keep;      // the application leaves the connection open
    bool has_ended; // the answer has
    bool is_stray;  // something came behind it
    unsigned told;  // complaints
    size_t length;  // of the complaint under way
    uint64_t left;  // bytes of the content, with its length
    char line[LIMIT_COMPLAINT];
};

static struct fcgi *fcgi_of(const struct fetch *f)
{
    return f->io.content.fcgi;
}

static enum fetch_step bad(struct fetch *f, enum outcome cause, uint64_t offset)
{
    f->cause = cause;
    f->offset = offset;
    return STEP_BAD;
}

/* What ends the content, at `at`, if there is no more of it. Returns what is behind it. */
static struct iovec *frame_end(struct fetch *f, struct iovec *at)
{
    static char stdin_end[] = FCGI_STDIN_END;

    if (f->io.request == REQUEST_FRAMED)
        *at++ = (struct iovec){stdin_end, FCGI_HEADER};
    return at;
}

/* As much of what was kept as one record takes. */
static struct iovec *frame_content(struct fetch *f, struct iovec *at)
{
    struct fetch_io *io = &f->io;
    struct span data = span_first(io->kept, FCGI_CONTENT_MOST);

    if (!data.len)
        return at;
    if (io->framing == FRAMING_LENGTH && data.len >= io->left) {
        data.len = (size_t)io->left;
        io->kept.len = data.len;
        io->request = REQUEST_FRAMED;
    }
    io->left -= io->framing == FRAMING_LENGTH ? data.len : 0;
    io->kept = span_from(io->kept, data.len);
    fcgi_stdin_header(io->lines, (uint16_t)data.len);
    *at++ = (struct iovec){io->lines, FCGI_HEADER};
    *at++ = (struct iovec){(char *)data.ptr, data.len};
    return at;
}

static struct fetch_vector vector_to(struct fetch *f, const struct iovec *end)
{
    return (struct fetch_vector){f->io.vector, (unsigned)(end - f->io.vector)};
}

static struct fetch_vector begin(struct fetch *f, const struct fetch_request *r)
{
    enum { FLAGS = FCGI_HEADER + 2, KEEP = 1 }; // §5.1
    struct iovec *at = f->io.vector;
    struct fcgi *s = arena_alloc(f->arena, sizeof *s);

    if (!s)
        return (struct fetch_vector){NULL, 0};
    memset(s, 0, offsetof(struct fcgi, line));
    s->keep = r->head.len > FLAGS && r->head.ptr[FLAGS] & KEEP;
    f->io.content.fcgi = s;
    *at++ = (struct iovec){(char *)r->head.ptr, r->head.len};
    return vector_to(f, frame_end(f, frame_content(f, at)));
}

static struct fetch_vector frame(struct fetch *f)
{
    return vector_to(f, frame_end(f, frame_content(f, f->io.vector)));
}

static struct fetch_vector end(struct fetch *f, const struct response_field *trailers)
{
    (void)trailers; // CGI has none
    f->io.request = REQUEST_FRAMED;
    return vector_to(f, frame_end(f, f->io.vector));
}

/* The line that is there. False: the fetch was ended. */
static bool complain(struct fetch *f, struct fcgi *s)
{
    struct span line = span_trim(span_of(s->line, s->length));
    bool ended = false;

    s->length = 0;
    if (!line.len || s->told == LIMIT_COMPLAINTS)
        return true;
    s->told++;
    f->io.ended = &ended;
    f->events->complaint(f, line);
    if (!ended)
        f->io.ended = NULL;
    return !ended;
}

/* What the application says on its error stream, a line at a time. False: the fetch was ended. */
static bool take_complaints(struct fetch *f, struct fcgi *s, struct span text)
{
    while (text.len) {
        size_t n = span_find(text, '\n'), room = sizeof s->line - s->length;
        struct span part = span_first(text, n);

        if (part.len && part.ptr[part.len - 1] == '\r')
            part.len--;
        if (part.len > room)
            part.len = room;
        memcpy(s->line + s->length, part.ptr, part.len);
        s->length += part.len;
        if (n < text.len && !complain(f, s))
            return false;
        text = span_from(text, n + 1);
    }
    return true;
}

/* The application has ended the request, with `rest` behind that. */
static enum fetch_step end_answer(struct fetch *f, struct fcgi *s, struct span rest)
{
    const struct loop_buffer *b = f->io.in;

    s->has_ended = true;
    s->is_stray = rest.len > 0;
    if (!complain(f, s))
        return STEP_GONE;
    if (s->reader.protocol_status != FCGI_REQUEST_COMPLETE)
        return bad(f, OUTCOME_application_refused, 0);
    if (!f->io.has_head && b->start == b->len)
        return bad(f, OUTCOME_application_ended, 0);
    return STEP_MORE;
}

static enum fetch_step arrive(struct fetch *f, uint32_t from)
{
    struct fcgi *s = fcgi_of(f);
    struct loop_buffer *b = f->io.in;
    struct span in = span_of(b->data + from, b->len - from), data;
    enum fcgi_event event;

    b->len = from;
    for (;;) {
        event = fcgi_read(&s->reader, &in, &data);
        if (event == FCGI_STDOUT) {
            memmove(b->data + b->len, data.ptr, data.len);
            b->len += (uint32_t)data.len;
        } else if (event == FCGI_STDERR) {
            if (!take_complaints(f, s, data))
                return STEP_GONE;
        } else {
            break;
        }
    }
    if (event == FCGI_BAD)
        return bad(f, s->reader.violation.outcome, s->reader.violation.offset);
    return event == FCGI_END ? end_answer(f, s, in) : STEP_MORE;
}

static bool has_content(const struct fetch *f)
{
    return !f->io.to_head && f->answer.status != 204 && f->answer.status != 304;
}

static enum fetch_step read_head(struct fetch *f, struct span in, size_t *ret_length)
{
    struct message *m = &f->answer;
    ptrdiff_t n = cgi_read_head(m, in, f->io.seen, &f->limits->wire);

    if (n == H1_MORE)
        return fcgi_of(f)->has_ended ? bad(f, OUTCOME_application_ended, 0) : STEP_MORE;
    if (n == H1_NO_MEMORY)
        return bad(f, OUTCOME_upstream_own_fault, 0);
    if (n == H1_BAD)
        return bad(f, m->violation.outcome, m->violation.offset);
    *ret_length = (size_t)n;
    f->has_length = m->framing == FRAMING_LENGTH;
    f->length = m->content_length;
    fcgi_of(f)->left = has_content(f) ? f->length : 0;
    return STEP_HEAD;
}

/* Content behind its length, or where there is none, is dropped: records tell where the answer
 * ends. */
static enum fetch_step read_body(struct fetch *f, struct loop_buffer *b, struct span *ret_data)
{
    struct fcgi *s = fcgi_of(f);
    bool is_bounded = f->has_length || !has_content(f);

    if (b) {
        *ret_data = span_of(b->data + b->start, b->len - b->start);
        b->start = b->len;
        if (is_bounded && ret_data->len > s->left)
            ret_data->len = (size_t)s->left;
        s->left -= is_bounded ? ret_data->len : 0;
    }
    if (f->cause != OUTCOME_NONE)
        return STEP_BAD;
    if (!s->has_ended && !f->io.has_ended)
        return STEP_MORE;
    return is_bounded && s->left ? bad(f, OUTCOME_upstream_incomplete, 0) : STEP_BODY_END;
}

static enum outcome ended(struct fetch *f)
{
    bool is_whole = f->io.has_head && f->has_length && !fcgi_of(f)->left;

    return is_whole ? OUTCOME_NONE : OUTCOME_application_ended;
}

static bool reusable(const struct fetch *f)
{
    const struct fcgi *s = fcgi_of(f);

    return s->keep && s->has_ended && !s->is_stray;
}

const struct fetch_ops fetch_fcgi_ops = {
    .begin = begin,
    .frame = frame,
    .end = end,
    .arrive = arrive,
    .read_head = read_head,
    .read_body = read_body,
    .ended = ended,
    .reusable = reusable,
};
