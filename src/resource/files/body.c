// SPDX-License-Identifier: MIT
#include "resource/files/body.h"

#include "base/ascii.h"
#include "base/buf.h"

#include <errno.h>
#include <sys/random.h>

enum {
    BOUNDARY_LENGTH = 24,
    PIECE = 32 * 1024, // bytes of a file of which only the end tells the length
    TAIL = 4096, // most of the last bytes of a file, which are held back until it was looked at
};

/* A body that is sent in pieces: of a file, or of several parts. On the exchange's arena. */
struct pieces {
    const struct file_variant *variant;
    struct range_parts parts; // boundary is empty for a single piece
    size_t at;                // the range that is next
    bool head_sent, ended;
};

/* Whether that much of it is in pages that the system can send. */
static bool has_pages(const struct file_variant *v, uint64_t length)
{
    return v->pages.memory && length >= PAGES_LEAST;
}

/* The bytes of a range: from memory or from the file. */
static void range_piece(const struct file_variant *v, struct range range, struct piece *ret)
{
    if (has_pages(v, range.length))
        *ret = (struct piece){.kind = PIECE_FILE,
                              .file = pages_file(),
                              .offset = v->pages.offset + range.first,
                              .length = range.length};
    else if (v->content)
        *ret = (struct piece){.kind = PIECE_BYTES,
                              .bytes = span_of(v->content + range.first, range.length)};
    else
        *ret = (struct piece){
            .kind = PIECE_FILE, .file = v->fd, .offset = range.first, .length = range.length};
}

/* Text made by a writer of range.h, moved to the arena. */
static bool text_piece(struct exchange *x, struct buf *b, struct piece *ret)
{
    struct span copy = b->failed ? (struct span){NULL, 0} : arena_copy(&x->arena, buf_span(b));

    buf_done(b);
    *ret = (struct piece){.kind = copy.ptr ? PIECE_BYTES : PIECE_FAILED, .bytes = copy};
    return copy.ptr != NULL;
}

/* The last bytes, of a file of which nothing changed until they were read: the rest is in vain when
 * it is not of the state that the entity tag names. */
static void tail_piece(struct exchange *x, const struct file_variant *v, struct range range,
                       struct piece *ret)
{
    char *bytes = arena_alloc(&x->arena, range.length);

    *ret = (struct piece){.kind = PIECE_FAILED};
    if (bytes && fs_read(v->fd, range.first, bytes, range.length) == 0 && file_variant_holds(v))
        *ret = (struct piece){.kind = PIECE_BYTES, .bytes = span_of(bytes, range.length)};
}

/* Of a file that is not in memory. */
static void next_range(struct exchange *x, struct piece *ret)
{
    struct pieces *p = x->response.source;
    struct range range = x->representation.ranges.list[0];
    uint64_t tail = range.length < TAIL ? range.length : TAIL;

    if (p->ended) {
        *ret = (struct piece){.kind = PIECE_END};
    } else if (p->at == 0 && range.length > tail) {
        p->at = 1;
        range_piece(p->variant, (struct range){range.first, range.length - tail}, ret);
    } else {
        p->ended = true;
        tail_piece(x, p->variant, (struct range){range.first + range.length - tail, tail}, ret);
    }
}

/* Of one that is in pages. */
static void next_pages(struct exchange *x, struct piece *ret)
{
    struct pieces *p = x->response.source;

    if (p->ended)
        *ret = (struct piece){.kind = PIECE_END};
    else
        range_piece(p->variant, x->representation.ranges.list[0], ret);
    p->ended = true;
}

static void next_part(struct exchange *x, struct piece *ret)
{
    struct pieces *p = x->response.source;
    struct buf text = {0};

    if (p->ended) {
        *ret = (struct piece){.kind = PIECE_END};
    } else if (p->at == x->representation.ranges.count) {
        p->ended = true;
        if (p->variant->fd >= 0 && !file_variant_holds(p->variant)) {
            *ret = (struct piece){.kind = PIECE_FAILED};
            return;
        }
        range_write_end(&text, &p->parts);
        text_piece(x, &text, ret);
    } else if (!p->head_sent) {
        p->head_sent = true;
        range_write_part_head(&text, &p->parts, x->representation.ranges.list[p->at], p->at == 0);
        text_piece(x, &text, ret);
    } else {
        p->head_sent = false;
        range_piece(p->variant, x->representation.ranges.list[p->at++], ret);
    }
}

/* NULL: no memory, and then the response has failed. */
static struct pieces *pieces_new(struct exchange *x, const struct file_variant *v,
                                 void (*next)(struct exchange *, struct piece *))
{
    struct pieces *p = arena_alloc(&x->arena, sizeof *p);

    if (p)
        *p = (struct pieces){.variant = v};
    x->response.source = p;
    x->response.next = next;
    x->response.failed |= !p;
    return p;
}

static void respond_range(struct exchange *x, const struct file_variant *v, struct range range)
{
    struct response *r = &x->response;

    r->length = range.length;
    r->has_length = true;
    if (v->content && !has_pages(v, range.length)) {
        r->body = span_of(v->content + range.first, range.length);
        return;
    }
    if (range.length == 0)
        return;
    if (!x->representation.ranges.list)
        x->representation.ranges.list =
            arena_alloc(&x->arena, sizeof *x->representation.ranges.list);
    if (x->representation.ranges.list && pieces_new(x, v, v->content ? next_pages : next_range))
        x->representation.ranges.list[0] = range;
    else
        x->response.failed = true;
}

/* What a program makes up while it is read: up to where it ends. */
struct unsized {
    int fd;
    uint64_t offset;
    char bytes[PIECE];
};

static void next_unsized(struct exchange *x, struct piece *ret)
{
    struct unsized *u = x->response.source;
    ssize_t n;

    do
        n = pread(u->fd, u->bytes, sizeof u->bytes, (off_t)u->offset);
    while (n < 0 && errno == EINTR);
    *ret = (struct piece){.kind = n < 0 ? PIECE_FAILED : n == 0 ? PIECE_END : PIECE_BYTES};
    if (n > 0) {
        ret->bytes = span_of(u->bytes, (size_t)n);
        u->offset += (uint64_t)n;
    }
}

static void respond_unsized(struct exchange *x, const struct file_variant *v)
{
    struct unsized *u = arena_alloc(&x->arena, sizeof *u);

    if (u) {
        u->fd = v->fd;
        u->offset = 0;
    }
    x->response.source = u;
    x->response.next = next_unsized;
    x->response.failed |= !u;
}

/* Random, so that nobody can store content that holds it. */
static struct span boundary_new(struct exchange *x)
{
    unsigned char random[BOUNDARY_LENGTH / 2];
    char *text = arena_alloc(&x->arena, BOUNDARY_LENGTH);

    if (!text || getrandom(random, sizeof random, 0) != sizeof random)
        return (struct span){NULL, 0};
    ascii_write_hex(random, sizeof random, text);
    return span_of(text, BOUNDARY_LENGTH);
}

static void respond_parts(struct exchange *x, const struct file_variant *v)
{
    struct span boundary = boundary_new(x);
    struct pieces *p = pieces_new(x, v, next_part);
    struct response *r = &x->response;

    if (!p || !boundary.ptr) {
        r->failed = true;
        return;
    }
    p->parts = (struct range_parts){
        .boundary = boundary, .content_type = x->representation.content_type, .size = v->length};
    exchange_add_fieldf(x, SPAN("Content-Type"), "multipart/byteranges; boundary=%.*s",
                        SPAN_ARG(p->parts.boundary));
    r->block = &v->fields;
    r->block_first = v->after_type;
    r->length = range_parts_length(&p->parts, x->representation.ranges.list,
                                   x->representation.ranges.count);
    r->has_length = true;
}

static void add_content_range(struct exchange *x, const struct file_variant *v)
{
    struct buf text = {0};
    struct span copy;

    if (x->outcome == OUTCOME_partial)
        range_write_content_range(&text, x->representation.ranges.list[0], v->length);
    else
        range_write_unsatisfied(&text, v->length);
    copy = text.failed ? (struct span){NULL, 0} : arena_copy(&x->arena, buf_span(&text));
    buf_done(&text);
    exchange_add_field(x, SPAN("Content-Range"), copy);
}

void body_respond(struct exchange *x, const struct file_variant *v)
{
    struct response *r = &x->response;

    switch (x->outcome) {
    case OUTCOME_ok:
        r->block = &v->fields;
        if (v->unsized)
            respond_unsized(x, v);
        else
            respond_range(x, v, (struct range){0, v->length});
        break;
    case OUTCOME_partial:
        r->block = &v->fields;
        add_content_range(x, v);
        respond_range(x, v, x->representation.ranges.list[0]);
        break;
    case OUTCOME_partial_many:
        respond_parts(x, v);
        break;
    case OUTCOME_not_modified:
        r->block = &v->fields;
        r->block_first = v->validators;
        break;
    case OUTCOME_range_not_satisfiable:
        add_content_range(x, v);
        break;
    default:
        break;
    }
}
