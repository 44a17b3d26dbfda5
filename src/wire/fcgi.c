// SPDX-License-Identifier: MIT
#include "wire/fcgi.h"

#include <assert.h>

enum { VERSION = 1, RESPONDER = 1, KEEP_CONN = 1 };

enum type { // of a record, §8
    BEGIN_REQUEST = 1,
    END_REQUEST = 3,
    PARAMS = 4,
    STDIN = 5,
    STDOUT = 6,
    STDERR = 7,
};

enum { END_BODY = 8 }; // bytes of the body of END_REQUEST, §5.5

static void write_header(char out[FCGI_HEADER], enum type type, size_t length)
{
    const char header[FCGI_HEADER] = {
        VERSION, (char)type, FCGI_ID >> 8, FCGI_ID & 255, (char)(length >> 8), (char)length, 0, 0};

    assert(length <= FCGI_CONTENT_MOST);
    memcpy(out, header, FCGI_HEADER);
}

static void add_header(struct buf *b, enum type type, size_t length)
{
    char header[FCGI_HEADER];

    write_header(header, type, length);
    buf_add(b, span_of(header, sizeof header));
}

void fcgi_add_begin(struct buf *b, bool keep)
{
    const char body[8] = {0, RESPONDER, keep ? KEEP_CONN : 0};

    add_header(b, BEGIN_REQUEST, sizeof body);
    buf_add(b, span_of(body, sizeof body));
}

void fcgi_params_begin(struct fcgi_params *p, struct buf *b)
{
    *p = (struct fcgi_params){b, b->len};
    add_header(b, PARAMS, 0);
}

static size_t params_length(const struct fcgi_params *p)
{
    return p->b->len - p->record - FCGI_HEADER;
}

/* Fills in the length of the record that is open, now that it is known. */
static void params_close(struct fcgi_params *p)
{
    write_header(p->b->ptr + p->record, PARAMS, params_length(p));
}

static void params_next(struct fcgi_params *p)
{
    params_close(p);
    p->record = p->b->len;
    add_header(p->b, PARAMS, 0);
}

/* On into further records, where there is too much for one. */
static void params_stream(struct fcgi_params *p, struct span s)
{
    while (s.len && !p->b->failed) {
        size_t room = FCGI_CONTENT_MOST - params_length(p);

        if (room) {
            buf_add(p->b, span_first(s, room));
            s = span_from(s, room);
        } else {
            params_next(p);
        }
    }
}

/* A length takes one byte or four, §3.4. Returns what is behind it. */
static char *put_length(char *at, size_t length)
{
    if (length < 128) {
        *at++ = (char)length;
        return at;
    }
    *at++ = (char)(length >> 24 | 0x80);
    *at++ = (char)(length >> 16);
    *at++ = (char)(length >> 8);
    *at++ = (char)length;
    return at;
}

bool fcgi_params_add(struct fcgi_params *p, struct span name, struct span value)
{
    char lengths[8], *end;
    size_t length;

    if (name.len > INT32_MAX || value.len > INT32_MAX)
        return false;
    if (p->b->failed)
        return true;
    end = put_length(put_length(lengths, name.len), value.len);
    length = (size_t)(end - lengths) + name.len + value.len;
    if (params_length(p) > 0 && length > FCGI_CONTENT_MOST - params_length(p))
        params_next(p);
    params_stream(p, span_of(lengths, (size_t)(end - lengths)));
    params_stream(p, name);
    params_stream(p, value);
    return true;
}

void fcgi_params_end(struct fcgi_params *p)
{
    if (p->b->failed)
        return;
    params_close(p);
    if (params_length(p) > 0) // else that was the empty record already
        add_header(p->b, PARAMS, 0);
}

void fcgi_stdin_header(char out[FCGI_HEADER], uint16_t length)
{
    assert(length > 0); // which would end the stream
    write_header(out, STDIN, length);
}

enum state {
    HEADER, // zero: a record begins
    CONTENT,
    END_CONTENT, // of END_REQUEST
    PADDING,
    DONE,
    BAD,
};

static unsigned number(const char *bytes, size_t count)
{
    unsigned n = 0;

    for (size_t i = 0; i < count; i++)
        n = n << 8 | (unsigned char)bytes[i];
    return n;
}

static struct span take(struct fcgi_reader *r, struct span *in, size_t most)
{
    struct span taken = span_first(*in, most);

    *in = span_from(*in, taken.len);
    r->offset += taken.len;
    return taken;
}

/* Collects bytes until there are eight. False: more are needed. */
static bool collect(struct fcgi_reader *r, struct span *in)
{
    struct span some = take(r, in, sizeof r->bytes - r->have);

    if (some.len)
        memcpy(r->bytes + r->have, some.ptr, some.len);
    r->have = (uint8_t)(r->have + some.len);
    if (r->have < sizeof r->bytes)
        return false;
    r->have = 0;
    return true;
}

/* The byte of the header that is wrong; FCGI_HEADER: none. */
static unsigned wrong_byte(const struct fcgi_reader *r)
{
    if (r->bytes[0] != VERSION)
        return 0;
    if (r->type != STDOUT && r->type != STDERR && r->type != END_REQUEST)
        return 1;
    if (number(r->bytes + 2, 2) != FCGI_ID)
        return 2;
    return r->type == END_REQUEST && r->left != END_BODY ? 4 : FCGI_HEADER;
}

static void begin_record(struct fcgi_reader *r)
{
    unsigned wrong;

    r->type = (uint8_t)r->bytes[1];
    r->left = (uint16_t)number(r->bytes + 4, 2);
    r->padding = (uint8_t)r->bytes[6];
    wrong = wrong_byte(r);
    r->state = r->type == END_REQUEST ? END_CONTENT : CONTENT;
    if (wrong < FCGI_HEADER) {
        r->violation =
            (struct violation){OUTCOME_upstream_malformed, r->offset - FCGI_HEADER + wrong};
        r->state = BAD;
    }
}

static void end_request(struct fcgi_reader *r)
{
    r->app_status = number(r->bytes, 4);
    r->protocol_status = (uint8_t)r->bytes[4];
    r->state = PADDING;
}

/* One step, which may have nothing to take. False: it needs more bytes. */
static bool step(struct fcgi_reader *r, struct span *in)
{
    switch ((enum state)r->state) {
    case HEADER:
        if (!collect(r, in))
            return false;
        begin_record(r);
        return true;
    case END_CONTENT:
        if (!collect(r, in))
            return false;
        end_request(r);
        return true;
    default: // PADDING
        r->padding = (uint8_t)(r->padding - take(r, in, r->padding).len);
        if (r->padding)
            return false;
        r->state = r->type == END_REQUEST ? DONE : HEADER;
        return true;
    }
}

enum fcgi_event fcgi_read(struct fcgi_reader *r, struct span *in, struct span *ret_data)
{
    for (;;) {
        if (r->state == DONE)
            return FCGI_END;
        if (r->state == BAD)
            return FCGI_BAD;
        if (r->state != CONTENT) {
            if (!step(r, in))
                return FCGI_MORE;
        } else if (r->left == 0) {
            r->state = PADDING;
        } else if (in->len == 0) {
            return FCGI_MORE;
        } else {
            *ret_data = take(r, in, r->left);
            r->left = (uint16_t)(r->left - ret_data->len);
            return r->type == STDOUT ? FCGI_STDOUT : FCGI_STDERR;
        }
    }
}
