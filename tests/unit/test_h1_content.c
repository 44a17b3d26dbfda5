// SPDX-License-Identifier: MIT
/*
 * Request content (RFC 9112 §6, §7.1): each row is read whole, byte by byte, and split at every
 * place; the result must be the same.
 */
#include "base/buf.h"
#include "unit.h"
#include "wire/h1.h"
#include "wire/h1_response.h"

enum { HEAD = 100 }; // bytes that the head is said to have had

static const struct h1_limits limits = {256, LIMIT_FIELD_SECTION, 3};

struct result {
    enum h1_event event;
    enum outcome outcome;
    uint64_t offset; // of the violation, or bytes consumed
    size_t len, trailers_len;
    char data[256];
    char trailers[256]; // each the name that is known, ":", the value and LF; as far as there is
                        // room
};

static void add_trailer(struct result *r, enum field id, struct span piece)
{
    bool begins = r->trailers_len == 0 || r->trailers[r->trailers_len - 1] == '\n';
    struct span name = field_table[id].name;

    if (r->trailers_len + name.len + piece.len + 2 > sizeof r->trailers)
        return;
    if (begins) {
        memcpy(r->trailers + r->trailers_len, name.ptr, name.len);
        r->trailers_len += name.len;
        r->trailers[r->trailers_len++] = ':';
    }
    if (piece.len)
        memcpy(r->trailers + r->trailers_len, piece.ptr, piece.len);
    else
        r->trailers[r->trailers_len++] = '\n';
    r->trailers_len += piece.len;
}

static enum h1_event feed(struct h1_content *c, struct span in, struct result *r)
{
    for (;;) {
        struct span data = {NULL, 0};
        enum h1_event event = h1_read_content(c, &in, &data);

        if (event == H1_CONTENT_TRAILER) {
            add_trailer(r, c->trailer, data);
            continue;
        }
        if (event != H1_CONTENT_DATA)
            return event;
        assert_true(data.len > 0 && data.len <= sizeof r->data - r->len);
        memcpy(r->data + r->len, data.ptr, data.len);
        r->len += data.len;
    }
}

/* in, in pieces of `piece` bytes after a first one of `first`, each in memory of its own. */
static struct result read_split(const struct message *m, struct span in, size_t first, size_t piece)
{
    struct result r = {0};
    struct h1_content c;

    h1_content_init(&c, m, HEAD, &limits);
    r.event = H1_CONTENT_MORE;
    for (size_t at = 0, n = first; r.event == H1_CONTENT_MORE; at += n, n = piece) {
        struct span part = span_first(span_from(in, at), n);
        char *copy = malloc(part.len ? part.len : 1);

        assert_non_null(copy);
        if (part.len)
            memcpy(copy, part.ptr, part.len);
        r.event = feed(&c, span_of(copy, part.len), &r);
        free(copy);
        if (at + n >= in.len)
            break;
    }
    r.outcome = c.violation.outcome;
    r.offset = (r.event == H1_CONTENT_BAD ? c.violation.offset : c.offset) - HEAD;
    return r;
}

static void check(const struct message *m, struct span in, struct span data, enum h1_event event,
                  enum outcome outcome, uint64_t offset)
{
    for (size_t split = 0; split <= in.len; split++) {
        // 0: byte by byte; in.len: whole.
        struct result r = read_split(m, in, split ? split : 1, split ? in.len : 1);

        if (r.event != event || r.outcome != outcome || r.offset != offset ||
            !span_eq(span_of(r.data, r.len), data))
            fail_msg("\"%.*s\" split at %zu: event %d, %s at %llu, content \"%.*s\"", SPAN_ARG(in),
                     split, (int)r.event, outcome_table[r.outcome].token.ptr,
                     (unsigned long long)r.offset, (int)r.len, r.data);
    }
}

static void content_by_length_ends_at_its_length(void **state)
{
    struct message m = {.framing = FRAMING_LENGTH, .content_length = 3};

    (void)state;
    check(&m, SPAN("abcGET"), SPAN("abc"), H1_CONTENT_END, OUTCOME_NONE, 3);
    check(&m, SPAN("ab"), SPAN("ab"), H1_CONTENT_MORE, OUTCOME_NONE, 2);
    m.content_length = 0;
    check(&m, SPAN("GET"), SPAN(""), H1_CONTENT_END, OUTCOME_NONE, 0);
    m.framing = FRAMING_NONE;
    check(&m, SPAN("GET"), SPAN(""), H1_CONTENT_END, OUTCOME_NONE, 0);
}

static void what_is_missing_is_told(void **state)
{
    static const struct h1_limits wide = {1000, 1000, 100};
    static const struct {
        struct message m;
        struct span in;
        uint64_t missing;
    } rows[] = {
        {{.framing = FRAMING_LENGTH, .content_length = 10}, SPAN_INIT("abc"), 7},
        {{.framing = FRAMING_LENGTH, .content_length = 3}, SPAN_INIT("abc"), 0},
        {{.framing = FRAMING_NONE}, SPAN_INIT(""), 0},
        {{.framing = FRAMING_OPEN}, SPAN_INIT("3\r\nabc\r\n0\r\n"), 1}, // at least
        {{.framing = FRAMING_OPEN}, SPAN_INIT("3\r\nabc\r\n0\r\n\r\n"), 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span in = rows[i].in, data;
        struct h1_content c;

        h1_content_init(&c, &rows[i].m, 0, &wide);
        while (h1_read_content(&c, &in, &data) == H1_CONTENT_DATA)
            ;
        assert_int_equal(h1_content_missing(&c), rows[i].missing);
    }
}

/* §7.1 */
static void chunked_content_is_decoded(void **state)
{
    static const struct message m = {.framing = FRAMING_OPEN};
    static const struct {
        struct span in, data;
    } rows[] = {
#define GOOD(in, data) {SPAN_INIT(in), SPAN_INIT(data)}
        GOOD("0\r\n\r\n", ""),
        GOOD("000\r\n\r\n", ""),
        GOOD("3\r\nabc\r\n0\r\n\r\n", "abc"),
        GOOD("a\r\n0123456789\r\n00B\r\nhello world\r\n0\r\n\r\n", "0123456789hello world"),
        GOOD("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        GOOD("1;a\r\nx\r\n0;b=c\r\n\r\n", "x"),
        GOOD("1 ; a = b ;c\t= \"d\\\" ;\te\xff\" ;f\r\nx\r\n0\r\n\r\n", "x"),
        GOOD("1;a=\"\"\r\nx\r\n0\r\n\r\n", "x"),
        GOOD("0\r\nX-Sum: 1\r\nY:\r\nHosts: \t\xff\r\n\r\n", ""),
        GOOD("0\r\nAn-Exceedingly-Long-Name-Of-A-Field-In-The-Trailers: 1\r\n\r\n", ""),
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char more[256];
        struct span in = rows[i].in;

        check(&m, in, rows[i].data, H1_CONTENT_END, OUTCOME_NONE, in.len);
        memcpy(more, in.ptr, in.len);
        memcpy(more + in.len, "GET /", 5); // of the next request: not touched
        check(&m, span_of(more, in.len + 5), rows[i].data, H1_CONTENT_END, OUTCOME_NONE, in.len);
    }
}

/* §7.1, §7.1.1, §7.1.2 */
static void every_departure_from_the_chunked_grammar_is_found(void **state)
{
    static const struct message m = {.framing = FRAMING_OPEN};
    static const struct {
        struct span in, data;
        enum outcome outcome;
        uint64_t offset;
    } rows[] = {
#define WRONG_BEHIND(data, in, outcome, offset)                                                    \
    {SPAN_INIT(in), SPAN_INIT(data), OUTCOME_##outcome, offset}
#define WRONG(in, outcome, offset) WRONG_BEHIND("", in, outcome, offset)
        WRONG("\r\n", chunk_size_malformed, 0),
        WRONG("x\r\n", chunk_size_malformed, 0),
        WRONG(" 1\r\n", chunk_size_malformed, 0),
        WRONG("-1\r\n", chunk_size_malformed, 0),
        WRONG("0x1\r\n", chunk_size_malformed, 1),
        WRONG("1g\r\n", chunk_size_malformed, 1),
        WRONG(";a\r\n", chunk_size_malformed, 0),
        WRONG("8000000000000000\r\n", chunk_size_overflow, 15),
        WRONG("10000000000000000\r\n", chunk_size_overflow, 16),
        WRONG("00000000000000000000fffffffffffffffff\r\n", chunk_size_overflow, 35),
        WRONG("0\n\n", chunk_line_end_malformed, 1),
        WRONG("0\rx", chunk_line_end_malformed, 2),
        WRONG("0;a\n", chunk_line_end_malformed, 3),
        WRONG("0;a=\"\n", chunk_line_end_malformed, 5),
        WRONG("0 \r\n", chunk_extension_malformed, 2),
        WRONG("0;\r\n", chunk_extension_malformed, 2),
        WRONG("0;=b\r\n", chunk_extension_malformed, 2),
        WRONG("0;a=\r\n", chunk_extension_malformed, 4),
        WRONG("0;a b\r\n", chunk_extension_malformed, 4),
        WRONG("0;a \r\n", chunk_extension_malformed, 4),
        WRONG("0;a=b c\r\n", chunk_extension_malformed, 6),
        WRONG("0;a=b=c\r\n", chunk_extension_malformed, 5),
        WRONG("0;a=\"b\r\n", chunk_extension_malformed, 6),
        WRONG("0;a=\"b\"c\r\n", chunk_extension_malformed, 7),
        WRONG("0;a=\"\x01\"\r\n", chunk_extension_malformed, 5),
        WRONG("0;a=\"\\\x7f\"\r\n", chunk_extension_malformed, 6),
        WRONG("0;\xe4\r\n", chunk_extension_malformed, 2),
        WRONG_BEHIND("a", "1\r\nab\r\n", chunk_data_unterminated, 4),
        WRONG_BEHIND("a", "1\r\na\n", chunk_data_unterminated, 4),
        WRONG_BEHIND("a", "1\r\na\rb", chunk_data_unterminated, 5),
        WRONG("0\r\n a: b\r\n", trailer_malformed, 3),
        WRONG("0\r\na: b\r\n c\r\n", trailer_malformed, 9),
        WRONG("0\r\n: b\r\n", trailer_malformed, 3),
        WRONG("0\r\na : b\r\n", trailer_malformed, 4),
        WRONG("0\r\na\r\n", trailer_malformed, 4),
        WRONG("0\r\na: b\n", trailer_malformed, 7),
        WRONG("0\r\na: b\rc", trailer_malformed, 8),
        WRONG("0\r\na: \x00\r\n", trailer_malformed, 6),
        WRONG("0\r\n\n", trailer_malformed, 3),
        WRONG("0\r\n\rx", trailer_malformed, 4),
        WRONG("0\r\na: b\r\nContent-Length: 1\r\n", trailer_forbidden, 9),
        WRONG("0\r\nTRANSFER-encoding: chunked\r\n", trailer_forbidden, 3),
        WRONG("0\r\nHost:", trailer_forbidden, 3),
        WRONG("0\r\nAuthorization: x", trailer_forbidden, 3),
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&m, rows[i].in, rows[i].data, H1_CONTENT_BAD, rows[i].outcome, rows[i].offset);
}

/* §7.1.2 */
static void trailers_are_given_in_their_order(void **state)
{
    static const struct message m = {.framing = FRAMING_OPEN};
    static const struct {
        struct span in, trailers;
    } rows[] = {
        {SPAN_INIT("0\r\n\r\n"), SPAN_INIT("")},
        {SPAN_INIT("1\r\nx\r\n0\r\nrepr-Digest: a b\r\n\r\n"), SPAN_INIT("Repr-Digest: a b\n")},
        {SPAN_INIT("0\r\nX:y\r\nContent-Digest:\r\nContent-Digest:\t=\xff \r\n\r\n"),
         SPAN_INIT(":y\nContent-Digest:\nContent-Digest:\t=\xff \n")},
        {SPAN_INIT("0\r\nContent-Digest-Of-What-Is-No-Longer-There: 1\r\n\r\n"),
         SPAN_INIT(": 1\n")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t split = 1; split <= rows[i].in.len; split++) {
            struct result r = read_split(&m, rows[i].in, split, split == 1 ? 1 : rows[i].in.len);

            assert_int_equal(r.event, H1_CONTENT_END);
            if (!span_eq(span_of(r.trailers, r.trailers_len), rows[i].trailers))
                fail_msg("%zu, split at %zu: \"%.*s\"", i, split, (int)r.trailers_len, r.trailers);
        }
    }
}

static void lines_and_trailers_are_bounded(void **state)
{
    static const struct message m = {.framing = FRAMING_OPEN};
    static char line[LIMIT_FIELD_SECTION + 64];
    struct result r;

    (void)state;
    memset(line, 'a', sizeof line);
    memcpy(line, "0;", 2);
    memcpy(line + LIMIT_CHUNK_EXTENSION, "\r\n\r\n", 4);
    r = read_split(&m, span_of(line, LIMIT_CHUNK_EXTENSION + 4), 1, 100);
    assert_int_equal(r.event, H1_CONTENT_END);
    line[LIMIT_CHUNK_EXTENSION] = 'a';
    r = read_split(&m, span_of(line, LIMIT_CHUNK_EXTENSION + 4), 1, 100);
    assert_int_equal(r.outcome, OUTCOME_chunk_extension_too_long);
    assert_int_equal(r.offset, LIMIT_CHUNK_EXTENSION);

    memset(line, 'a', sizeof line);
    memcpy(line, "0\r\nb:", 5);
    memcpy(line + 3 + LIMIT_FIELD_SECTION - 2, "\r\n\r\n", 4);
    r = read_split(&m, span_of(line, 3 + LIMIT_FIELD_SECTION + 2), 1, 100);
    assert_int_equal(r.event, H1_CONTENT_END);
    memcpy(line + 3 + LIMIT_FIELD_SECTION - 2, "aa\r\n", 4);
    r = read_split(&m, span_of(line, 3 + LIMIT_FIELD_SECTION + 2), 1, 100);
    assert_int_equal(r.outcome, OUTCOME_trailers_too_large);
    assert_int_equal(r.offset, 3 + LIMIT_FIELD_SECTION);

    r = read_split(&m, SPAN("0\r\na:\r\nb:\r\nc:\r\n\r\n"), 1, 1);
    assert_int_equal(r.event, H1_CONTENT_END);
    r = read_split(&m, SPAN("0\r\na:\r\nb:\r\nc:\r\nd"), 1, 1);
    assert_int_equal(r.outcome, OUTCOME_trailers_too_large);
    assert_int_equal(r.offset, 15);
}

/* count chunks of `size` bytes, whose size lines have `line` bytes without CRLF, and the last. */
static struct result read_chunks(size_t count, unsigned size, size_t line)
{
    static const struct message m = {.framing = FRAMING_OPEN};
    struct h1_content c;
    struct result r = {.event = H1_CONTENT_MORE};
    struct buf chunk = {0};

    buf_addf(&chunk, "%x;", size);
    while (chunk.len < line)
        buf_add_char(&chunk, 'a');
    buf_add(&chunk, SPAN("\r\n"));
    for (size_t i = 0; i < size; i++)
        buf_add_char(&chunk, 'x');
    buf_add(&chunk, SPAN("\r\n"));
    assert_false(chunk.failed);
    h1_content_init(&c, &m, HEAD, &limits);
    for (size_t i = 0; i < count && r.event == H1_CONTENT_MORE; i++, r.len = 0)
        r.event = feed(&c, buf_span(&chunk), &r);
    if (r.event == H1_CONTENT_MORE)
        r.event = feed(&c, SPAN("0\r\n\r\n"), &r);
    r.outcome = c.violation.outcome;
    r.offset = (r.event == H1_CONTENT_BAD ? c.violation.offset : c.offset) - HEAD;
    buf_done(&chunk);
    return r;
}

/* §7.1.1: "A server ought to limit the total length of chunk extensions received in a
 * request to an amount reasonable for the services provided". */
static void chunk_lines_in_all_are_bounded_in_proportion_to_the_content(void **state)
{
    // A line may have 16 bytes and as many as its chunk, for ever.
    static const struct {
        unsigned size;
        size_t line;
        bool is_fair;
    } rows[] = {
        {1, 3, true},     {1, 17, true},     {1, 18, false},   {1, 1024, false},
        {100, 116, true}, {100, 117, false}, {200, 216, true}, {200, 1024, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t over = rows[i].line - rows[i].size - LIMIT_CHUNK_LINE; // of each chunk
        size_t most = rows[i].is_fair ? 100000 : LIMIT_CHUNK_OVERHEAD / over;
        size_t whole = rows[i].line + 2 + rows[i].size + 2;
        struct result r = read_chunks(most, rows[i].size, rows[i].line);

        assert_int_equal(r.event, H1_CONTENT_END);
        assert_int_equal(r.offset, most * whole + 5);
        if (rows[i].is_fair)
            continue;
        r = read_chunks(most + 1, rows[i].size, rows[i].line);
        assert_int_equal(r.event, H1_CONTENT_BAD);
        assert_int_equal(r.outcome, OUTCOME_chunk_overhead_too_large);
        assert_int_equal(r.offset, most * whole + rows[i].line + 1);
    }
}

static void short_chunk_lines_make_up_for_long_ones(void **state)
{
    static const struct message m = {.framing = FRAMING_OPEN};
    struct h1_content c;
    struct result r = {.event = H1_CONTENT_MORE};
    struct buf pair = {0};

    (void)state;
    buf_add(&pair, SPAN("1;"));
    while (pair.len < LIMIT_CHUNK_EXTENSION)
        buf_add_char(&pair, 'a');
    buf_add(&pair, SPAN("\r\nx\r\n"));
    for (size_t i = 0; i < LIMIT_CHUNK_EXTENSION / LIMIT_CHUNK_LINE; i++)
        buf_add(&pair, SPAN("2\r\nxx\r\n"));
    assert_false(pair.failed);
    h1_content_init(&c, &m, HEAD, &limits);
    for (size_t i = 0; i < 1000 && r.event == H1_CONTENT_MORE; i++, r.len = 0)
        r.event = feed(&c, buf_span(&pair), &r);
    assert_int_equal(r.event, H1_CONTENT_MORE);
    buf_done(&pair);
}

static void chunk_heads_are_written_in_hexadecimal(void **state)
{
    char out[H1_CHUNK_HEAD];

    (void)state;
    assert_true(span_eq(span_of(out, h1_chunk_head(out, 0x1a2b)), SPAN("1a2b\r\n")));
    assert_true(span_eq(span_of(out, h1_chunk_head(out, 1)), SPAN("1\r\n")));
    assert_true(span_eq(span_of(out, h1_chunk_head(out, 0x10)), SPAN("10\r\n")));
    assert_true(
        span_eq(span_of(out, h1_chunk_head(out, UINT64_MAX)), SPAN("ffffffffffffffff\r\n")));
}

static void a_field_value_cannot_end_its_line(void **state)
{
    static const struct {
        struct span value, written;
    } rows[] = {
        {SPAN_INIT("b\r\nC: d\0\x7f\te\n"), SPAN_INIT("b  C: d  \te ")},
        {SPAN_INIT("\n"), SPAN_INIT(" ")},
        {SPAN_INIT("a value that is longer than what is scanned at once\r\n\r\nHTTP/1.1"),
         SPAN_INIT("a value that is longer than what is scanned at once    HTTP/1.1")},
        {SPAN_INIT("\xc3\xa4"), SPAN_INIT("\xc3\xa4")},
        {SPAN_INIT(""), SPAN_INIT("")},
        {{NULL, 0}, SPAN_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *out = malloc(rows[i].value.len + 1);
        char *end;

        assert_non_null(out);
        end = h1_put_value(out, rows[i].value);
        assert_true(span_eq(span_of(out, (size_t)(end - out)), rows[i].written));
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_by_length_ends_at_its_length),
        cmocka_unit_test(what_is_missing_is_told),
        cmocka_unit_test(chunked_content_is_decoded),
        cmocka_unit_test(every_departure_from_the_chunked_grammar_is_found),
        cmocka_unit_test(trailers_are_given_in_their_order),
        cmocka_unit_test(lines_and_trailers_are_bounded),
        cmocka_unit_test(chunk_lines_in_all_are_bounded_in_proportion_to_the_content),
        cmocka_unit_test(short_chunk_lines_make_up_for_long_ones),
        cmocka_unit_test(chunk_heads_are_written_in_hexadecimal),
        cmocka_unit_test(a_field_value_cannot_end_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
