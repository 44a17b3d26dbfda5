// SPDX-License-Identifier: MIT
/*
 * A head and its content. The first byte of the input says how the rest is split; what is read from
 * the pieces must be what is read from the whole.
 */
#include "base/buf.h"
#include "wire/h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;
static struct message whole = {.arena = &arena}, split = {.arena = &arena};
static struct h1_head whole_head, split_head;
static const struct h1_limits limits = {256, 512, MESSAGE_FIELDS_FEW + 4};

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* From memory of its own, so that the sanitizer sees every read beyond it. */
static char *copy_of(struct span s)
{
    char *copy = malloc(s.len ? s.len : 1);

    require(copy != NULL);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

static ptrdiff_t read_split(struct span in, size_t piece)
{
    ptrdiff_t n = H1_MORE;
    size_t seen = 0;

    while (n == H1_MORE && seen < in.len) {
        struct span part = span_first(in, seen + piece);
        char *copy = copy_of(part);

        n = h1_read_head(&split, &split_head, span_of(copy, part.len), seen, &limits);
        free(copy);
        seen = part.len;
    }
    return n;
}

static void check_head(struct span in, ptrdiff_t n, size_t piece)
{
    ptrdiff_t m = read_split(in, piece);

    if (n == H1_BAD && m == H1_MORE) {
        // Bytes that end no line may be judged later; a line end brings it out.
        char *copy = malloc(in.len + 2);

        require(copy != NULL);
        memcpy(copy, in.ptr, in.len);
        memcpy(copy + in.len, "\r\n", 2);
        m = h1_read_head(&split, &split_head, span_of(copy, in.len + 2), in.len, &limits);
        free(copy);
    }
    require(n == m);
    if (n == H1_BAD) {
        require(whole.violation.outcome != OUTCOME_NONE);
        require(outcome_table[whole.violation.outcome].status >= 400);
        require(whole.violation.offset <= in.len);
        require(whole.violation.outcome == split.violation.outcome);
        require(whole.violation.offset == split.violation.offset);
    }
    if (n > 0) {
        require(whole.violation.outcome == OUTCOME_NONE);
        require(whole.field_count == split.field_count);
        require(whole.content_length == split.content_length);
        require(whole.framing == split.framing);
        require(whole_head.minor == 0 || whole.first[FIELD_host]);
    }
}

static enum h1_event read_content(struct h1_content *c, struct span in, size_t piece,
                                  struct buf *content, struct buf *trailers)
{
    enum h1_event event = H1_CONTENT_MORE;

    while (event == H1_CONTENT_MORE && in.len) {
        struct span part = span_first(in, piece), rest, data;
        char *copy = copy_of(part);

        rest = span_of(copy, part.len);
        while ((event = h1_read_content(c, &rest, &data)) == H1_CONTENT_DATA ||
               event == H1_CONTENT_TRAILER) {
            if (event == H1_CONTENT_DATA)
                buf_add(content, data);
            else if (data.len)
                buf_add(trailers, data);
            else
                buf_addf(trailers, "\n%d\n", (int)c->trailer); // no value has an LF
        }
        require(event != H1_CONTENT_MORE || rest.len == 0);
        in = span_from(in, part.len - rest.len);
        free(copy);
    }
    return event;
}

static void check_content(struct span in, size_t head, size_t piece)
{
    struct h1_content c, d;
    struct buf content = {0}, other = {0}, trailers = {0}, other_trailers = {0};
    struct span rest = span_from(in, head);

    h1_content_init(&c, &whole, head, &limits);
    h1_content_init(&d, &whole, head, &limits);
    require(read_content(&c, rest, SIZE_MAX, &content, &trailers) ==
            read_content(&d, rest, piece, &other, &other_trailers));
    require(c.offset == d.offset);
    require(c.violation.outcome == d.violation.outcome);
    require(c.violation.offset == d.violation.offset);
    require(span_eq(buf_span(&content), buf_span(&other)));
    require(span_eq(buf_span(&trailers), buf_span(&other_trailers)));
    // A chunk has at least a byte, an end of line twice, and a size line; then the last one comes.
    if (whole.framing == FRAMING_OPEN)
        require(c.offset - head <= (2 + LIMIT_CHUNK_LINE + 4) * (uint64_t)content.len +
                                       LIMIT_CHUNK_OVERHEAD + 2 * LIMIT_CHUNK_EXTENSION +
                                       limits.field_section);
    buf_done(&content);
    buf_done(&other);
    buf_done(&trailers);
    buf_done(&other_trailers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in;
    size_t piece;
    ptrdiff_t n;
    char *copy;

    if (size < 1)
        return 0;
    piece = data[0] % 64 + 1U;
    in = span_of((const char *)data + 1, size - 1);
    copy = copy_of(in);
    in.ptr = copy;
    require(arena_init(&arena, 256) == 0);
    n = h1_read_head(&whole, &whole_head, in, 0, &limits);
    check_head(in, n, piece);
    if (n > 0)
        check_content(in, (size_t)n, piece);
    free(copy);
    message_clear(&whole);
    message_clear(&split);
    arena_done(&arena);
    return 0;
}
