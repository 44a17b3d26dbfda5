// SPDX-License-Identifier: MIT
/*
 * What a FastCGI application answers: records, and the CGI head in what they carry. The first byte
 * of the input says how the rest is split; what is read from the pieces must be what is read from
 * the whole. The second one says where the head is split.
 */
#include "wire/cgi.h"
#include "wire/fcgi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;
static struct message whole = {.arena = &arena}, split = {.arena = &arena};
static const struct h1_client_limits limits = {64, 128, 512, MESSAGE_FIELDS_FEW + 4, 128};

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

struct read {
    enum fcgi_event event;
    struct fcgi_reader reader;
    struct buf out, err;
};

static void read_records(struct read *r, struct span in, size_t piece)
{
    *r = (struct read){.event = FCGI_MORE};
    for (bool more = true; more; more = r->event == FCGI_MORE && in.len) {
        struct span part = span_first(in, piece), rest, data;
        char *copy = copy_of(part);

        rest = span_of(copy, part.len);
        while ((r->event = fcgi_read(&r->reader, &rest, &data)) == FCGI_STDOUT ||
               r->event == FCGI_STDERR) {
            require(data.len > 0);
            buf_add(r->event == FCGI_STDOUT ? &r->out : &r->err, data);
        }
        require(r->event != FCGI_MORE || rest.len == 0);
        in = span_from(in, part.len - rest.len);
        free(copy);
    }
}

static void check_head(struct span in, size_t piece)
{
    ptrdiff_t n, m = H1_MORE;
    size_t seen = 0;

    n = cgi_read_head(&whole, in, 0, &limits);
    while (m == H1_MORE && seen < in.len) {
        struct span part = span_first(in, seen + piece);
        char *copy = copy_of(part);

        m = cgi_read_head(&split, span_of(copy, part.len), seen, &limits);
        free(copy);
        seen = part.len;
    }
    if (n == H1_BAD && m == H1_MORE) // bytes that end no line may be judged later
        m = cgi_read_head(&split, in, 0, &limits);
    require(n == m);
    if (n == H1_BAD) {
        require(span_starts(outcome_table[whole.violation.outcome].token, SPAN("upstream-")));
        require(whole.violation.offset <= in.len);
        require(whole.violation.outcome == split.violation.outcome);
        require(whole.violation.offset == split.violation.offset);
    }
    if (n > 0) {
        require(whole.status >= 200 && whole.status <= 599);
        require(whole.status == split.status && whole.field_count == split.field_count);
        require(whole.framing == split.framing && whole.content_length == split.content_length);
    }
    for (unsigned i = 0; n > 0 && i < whole.field_count; i++) {
        unsigned first = whole.first[whole.fields[i].id];

        require(first > 0 && first <= i + 1);
        require(whole.fields[first - 1].id == whole.fields[i].id);
        require(!span_eq_nocase(field_line_name(&whole.fields[i]), SPAN("Status")));
    }
}

static void check_records(struct span in, size_t piece, size_t head_piece)
{
    struct read a, b;
    char *copy;

    read_records(&a, in, SIZE_MAX);
    read_records(&b, in, piece);
    require(a.event == b.event);
    require(a.reader.offset == b.reader.offset);
    require(a.reader.violation.outcome == b.reader.violation.outcome);
    require(a.reader.violation.offset == b.reader.violation.offset);
    require((a.reader.violation.outcome != OUTCOME_NONE) == (a.event == FCGI_BAD));
    require(a.reader.app_status == b.reader.app_status);
    require(a.reader.protocol_status == b.reader.protocol_status);
    require(span_eq(buf_span(&a.out), buf_span(&b.out)));
    require(span_eq(buf_span(&a.err), buf_span(&b.err)));
    require(a.out.len + a.err.len <= in.len);
    copy = copy_of(buf_span(&a.out));
    check_head(span_of(copy, a.out.len), head_piece);
    free(copy);
    buf_done(&a.out);
    buf_done(&a.err);
    buf_done(&b.out);
    buf_done(&b.err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    require(arena_init(&arena, 256) == 0);
    check_records(span_of((const char *)data + 2, size - 2), data[0] % 64 + 1U, data[1] % 64 + 1U);
    message_clear(&whole);
    message_clear(&split);
    arena_done(&arena);
    return 0;
}
