// SPDX-License-Identifier: MIT
/*
 * A response: its head and its content, to HEAD and to others. The first byte of the input says how
 * the rest is split, and whether it answers HEAD; what is read from the pieces must be what is read
 * from the whole. A head that was taken, written again, must read as it did.
 */
#include "base/buf.h"
#include "wire/h1_client.h"
#include "wire/h1_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;
static struct message whole = {.arena = &arena}, split = {.arena = &arena};
static struct h1_answer whole_answer, split_answer;
static const struct h1_client_limits limits = {64, 128, 512, MESSAGE_FIELDS_FEW + 4, 128};
static const struct h1_client_limits wide = {64, 256, 1024, MESSAGE_FIELDS_FEW + 4, 128};

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

        n = h1_read_answer(&split, &split_answer, span_of(copy, part.len), seen, &limits);
        free(copy);
        seen = part.len;
    }
    return n;
}

static bool is_upstreams(enum outcome outcome)
{
    return span_starts(outcome_table[outcome].token, SPAN("upstream-"));
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
        m = h1_read_answer(&split, &split_answer, span_of(copy, in.len + 2), in.len, &limits);
        free(copy);
    }
    require(n == m);
    if (n == H1_BAD) {
        require(is_upstreams(whole.violation.outcome));
        require(whole.violation.offset <= in.len);
        require(whole.violation.outcome == split.violation.outcome);
        require(whole.violation.offset == split.violation.offset);
    }
    if (n > 0) {
        require(whole.violation.outcome == OUTCOME_NONE);
        require(whole.status >= 100 && whole.status <= 599);
        require(whole.status == split.status);
        require(whole.field_count == split.field_count);
        require(whole.content_length == split.content_length);
        require(whole.framing == split.framing);
        require(whole_answer.keep_alive == split_answer.keep_alive);
    }
}

static void check_written(void)
{
    struct buf b = {0};

    buf_addf(&b, "HTTP/1.%d %d \r\n", whole_answer.minor, whole.status);
    for (unsigned i = 0; i < whole.field_count; i++) {
        size_t start = b.len, len;

        h1_add_field_line(&b, &whole.fields[i]);
        len = b.len - start;
        require(h1_add_field(&b, field_line_name(&whole.fields[i]),
                             field_line_value(&whole.fields[i])));
        require(b.len == start + 2 * len && memcmp(b.ptr + start, b.ptr + start + len, len) == 0);
        b.len = start + len;
    }
    buf_add(&b, SPAN(H1_SECTION_END));
    require(!b.failed);
    require(h1_read_answer(&split, &split_answer, buf_span(&b), 0, &wide) == (ptrdiff_t)b.len);
    require(split.field_count == whole.field_count);
    require(split.framing == whole.framing && split.content_length == whole.content_length);
    require(split_answer.keep_alive == whole_answer.keep_alive);
    buf_done(&b);
}

struct read {
    enum h1_event event;
    struct h1_content content;
    struct buf data, fields;
};

static void read_content(struct read *r, struct span in, size_t head, bool to_head, size_t piece)
{
    *r = (struct read){.event = H1_CONTENT_MORE};
    h1_answer_content_init(&r->content, &whole, &whole_answer, to_head, head, &limits);
    r->content.wants_names = true;
    in = span_from(in, head);
    for (bool more = true; more; more = r->event == H1_CONTENT_MORE && in.len) {
        struct span part = span_first(in, piece), rest, data;
        char *copy = copy_of(part);

        rest = span_of(copy, part.len);
        while (h1_event_goes_on(r->event = h1_read_content(&r->content, &rest, &data))) {
            if (r->event == H1_CONTENT_DATA)
                buf_add(&r->data, data);
            else if (data.len) // no name and no value has an LF
                buf_add(&r->fields, data);
            else
                buf_addf(&r->fields, "\n%d\n", (int)r->content.trailer);
        }
        require(r->event != H1_CONTENT_MORE || rest.len == 0);
        in = span_from(in, part.len - rest.len);
        free(copy);
    }
}

static void check_content(struct span in, size_t head, bool to_head, size_t piece)
{
    struct read a, b;

    read_content(&a, in, head, to_head, SIZE_MAX);
    read_content(&b, in, head, to_head, piece);
    require(a.event == b.event);
    require(a.content.offset == b.content.offset);
    require(a.content.violation.outcome == b.content.violation.outcome);
    require(a.content.violation.offset == b.content.violation.offset);
    require(span_eq(buf_span(&a.data), buf_span(&b.data)));
    require(span_eq(buf_span(&a.fields), buf_span(&b.fields)));
    if (a.event == H1_CONTENT_BAD)
        require(is_upstreams(a.content.violation.outcome));
    if (to_head || whole.status == 204 || whole.status == 304 || whole.status < 200)
        require(a.event == H1_CONTENT_END && a.content.offset == head);
    if (a.content.framing == FRAMING_CLOSE)
        require(a.data.len == in.len - head);
    require(h1_content_ends_with_close(&a.content) ==
            (a.event == H1_CONTENT_END || a.content.framing == FRAMING_CLOSE));
    buf_done(&a.data);
    buf_done(&a.fields);
    buf_done(&b.data);
    buf_done(&b.fields);
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
    n = h1_read_answer(&whole, &whole_answer, in, 0, &limits);
    check_head(in, n, piece);
    if (n > 0) {
        check_written();
        check_content(in, (size_t)n, data[0] & 128, piece);
    }
    free(copy);
    message_clear(&whole);
    message_clear(&split);
    arena_done(&arena);
    return 0;
}
