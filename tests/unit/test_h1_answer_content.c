// SPDX-License-Identifier: MIT
/*
 * The content of responses (RFC 9112 §6.3, §7.1): each row is a whole response, read in pieces of
 * every length; the result must be the same.
 */
#include "base/buf.h"
#include "unit.h"
#include "wire/h1_client.h"

static const struct h1_client_limits limits = {64, 256, 512, 3, 64};
static struct message message;
static struct h1_answer answer;

struct result {
    enum h1_event event;
    struct violation violation;
    uint64_t offset;         // bytes consumed
    bool ends_with_close;    // had the connection ended then
    struct buf data, fields; // fields: "name:value" of each trailer, "!" before those that may not
                             // pass, each with LF
};

static void result_done(struct result *r)
{
    buf_done(&r->data);
    buf_done(&r->fields);
}

static void take_trailer(struct result *r, const struct h1_content *c, struct span piece,
                         bool *is_named)
{
    if (!*is_named)
        buf_add_str(&r->fields, h1_trailer_passes(c) ? ":" : "!:");
    *is_named = piece.len > 0;
    buf_add(&r->fields, piece.len ? piece : SPAN("\n"));
}

/* Behind the head, which is complete. Every piece is in memory of its own. */
static struct result read_pieces(struct span in, bool to_head, bool names, size_t piece)
{
    ptrdiff_t head = h1_read_answer(&message, &answer, in, 0, &limits);
    struct result r = {0};
    struct h1_content c;
    bool is_named = false;

    assert_true(head > 0);
    h1_answer_content_init(&c, &message, &answer, to_head, (size_t)head, &limits);
    c.wants_names = names;
    in = span_from(in, (size_t)head);
    r.event = H1_CONTENT_MORE;
    for (bool more = true; more; more = r.event == H1_CONTENT_MORE && in.len) {
        struct span part = span_first(in, piece), rest, data;
        char *copy = malloc(part.len ? part.len : 1);

        assert_non_null(copy);
        if (part.len)
            memcpy(copy, part.ptr, part.len);
        rest = span_of(copy, part.len);
        while (h1_event_goes_on(r.event = h1_read_content(&c, &rest, &data))) {
            if (r.event == H1_CONTENT_TRAILER)
                take_trailer(&r, &c, data, &is_named);
            else
                buf_add(r.event == H1_CONTENT_DATA ? &r.data : &r.fields, data);
        }
        in = span_from(in, part.len);
        free(copy);
    }
    r.violation = c.violation;
    r.offset = c.offset;
    r.ends_with_close = h1_content_ends_with_close(&c);
    return r;
}

struct row {
    struct span head, content, data, fields;
    enum h1_event event;
    enum outcome outcome;
    size_t offset; // into the content: of the violation, or how much of it belongs to it
};

#define OPEN "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void check_as(const struct row *row, bool to_head)
{
    struct buf in = {0};

    buf_add(&in, row->head);
    buf_add(&in, row->content);
    for (size_t piece = 1; piece <= row->content.len + 1; piece++) {
        struct result r = read_pieces(buf_span(&in), to_head, true, piece);
        uint64_t offset = r.event == H1_CONTENT_BAD ? r.violation.offset : r.offset;

        if (r.event != row->event || r.violation.outcome != row->outcome ||
            offset != row->head.len + row->offset || !span_eq(buf_span(&r.data), row->data) ||
            !span_eq(buf_span(&r.fields), row->fields))
            fail_msg("\"%.*s\" in pieces of %zu: event %d, %s at %llu, content \"%.*s\", trailers "
                     "\"%.*s\"",
                     SPAN_ARG(row->content), piece, (int)r.event,
                     outcome_table[r.violation.outcome].token.ptr,
                     (unsigned long long)(offset - row->head.len), SPAN_ARG(buf_span(&r.data)),
                     SPAN_ARG(buf_span(&r.fields)));
        result_done(&r);
    }
    buf_done(&in);
}

#define CHECK(rows)                                                                                \
    for (size_t row_index = 0; row_index < sizeof(rows) / sizeof *(rows); row_index++)             \
    check_as(&(rows)[row_index], false)

/* §6.3 */
static void the_end_of_the_content_is_where_the_rfc_puts_it(void **state)
{
    static const struct row rows[] = {
#define CONTENT(head, content, data, event)                                                        \
    {SPAN_INIT("HTTP/1.1 " head "\r\n\r\n"),                                                       \
     SPAN_INIT(content),                                                                           \
     SPAN_INIT(data),                                                                              \
     {NULL, 0},                                                                                    \
     H1_CONTENT_##event,                                                                           \
     OUTCOME_NONE,                                                                                 \
     sizeof(data) - 1}
        CONTENT("200 OK\r\nContent-Length: 3", "abcHTTP/", "abc", END),
        CONTENT("200 OK\r\nContent-Length: 3, 3", "abcHTTP/", "abc", END),
        CONTENT("200 OK\r\nContent-Length: 3", "ab", "ab", MORE),
        CONTENT("200 OK\r\nContent-Length: 0", "HTTP/", "", END),
        CONTENT("200 OK", "0\r\n\r\nHTTP/", "0\r\n\r\nHTTP/", MORE), // up to the close
        CONTENT("404 Not Found", "", "", MORE),
        CONTENT("100 Continue", "HTTP/", "", END),
        CONTENT("101 Switching Protocols", "HTTP/", "", END),
        CONTENT("204 No Content", "HTTP/", "", END),
        CONTENT("204 No Content\r\nContent-Length: 3", "abc", "", END),
        CONTENT("304 Not Modified\r\nContent-Length: 3", "HTTP/", "", END),
        CONTENT("304 Not Modified\r\nTransfer-Encoding: chunked", "HTTP/", "", END),
        CONTENT("205 Reset Content\r\nContent-Length: 1", "a", "a", END), // which it must not have
    };
    static const struct row to_head[] = {
        CONTENT("200 OK\r\nContent-Length: 3", "HTTP/", "", END),
        CONTENT("200 OK\r\nTransfer-Encoding: chunked", "HTTP/", "", END),
        CONTENT("200 OK", "HTTP/", "", END),
        CONTENT("404 Not Found", "HTTP/", "", END),
    };

    (void)state;
    CHECK(rows);
    for (size_t i = 0; i < sizeof to_head / sizeof *to_head; i++)
        check_as(&to_head[i], true);
}

/* §8 */
static void only_some_content_ends_with_the_connection(void **state)
{
    static const struct {
        struct span in;
        bool ends;
    } rows[] = {
        {SPAN_INIT("HTTP/1.1 200 OK\r\n\r\n"), true},
        {SPAN_INIT("HTTP/1.0 200 OK\r\n\r\nabc"), true},
        {SPAN_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"), false},
        {SPAN_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"), false},
        {SPAN_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), true},
        {SPAN_INIT("HTTP/1.1 204 No Content\r\n\r\n"), true},
        {SPAN_INIT(OPEN), false},
        {SPAN_INIT(OPEN "1\r\na"), false},
        {SPAN_INIT(OPEN "0\r\n"), false},
        {SPAN_INIT(OPEN "0\r\na: b\r\n"), false},
        {SPAN_INIT(OPEN "0\r\n\r\n"), true},
        {SPAN_INIT(OPEN "x"), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result r = read_pieces(rows[i].in, false, false, 1);

        assert_int_equal(r.ends_with_close, rows[i].ends);
        result_done(&r);
    }
}

static void content_up_to_the_close_says_so(void **state)
{
    struct h1_content c;

    (void)state;
    assert_true(h1_read_answer(&message, &answer, SPAN("HTTP/1.1 200\r\n\r\n"), 0, &limits) > 0);
    h1_answer_content_init(&c, &message, &answer, false, 16, &limits);
    assert_int_equal(c.framing, FRAMING_CLOSE);
    h1_answer_content_init(&c, &message, &answer, true, 16, &limits);
    assert_int_equal(c.framing, FRAMING_NONE);
}

/* §7.1 */
static void chunks_are_as_strict_as_those_of_requests(void **state)
{
    static const struct row rows[] = {
#define GOOD(content, data)                                                                        \
    {SPAN_INIT(OPEN), SPAN_INIT(content "HTTP/"), SPAN_INIT(data), {NULL, 0}, H1_CONTENT_END,      \
     OUTCOME_NONE,    sizeof(content) - 1}
#define WRONG(content, data, fields, outcome, offset)                                              \
    {                                                                                              \
        SPAN_INIT(OPEN), SPAN_INIT(content), SPAN_INIT(data), SPAN_INIT(fields), H1_CONTENT_BAD,   \
            OUTCOME_upstream_##outcome, offset                                                     \
    }
        GOOD("0\r\n\r\n", ""),
        GOOD("3\r\nabc\r\n2;x=\"y\"\r\nde\r\n0\r\n\r\n", "abcde"),
        WRONG("\r\n", "", "", chunk_malformed, 0),
        WRONG("x", "", "", chunk_malformed, 0),
        WRONG("8000000000000000\r\n", "", "", chunk_malformed, 15),
        WRONG("1\n", "", "", chunk_malformed, 1),
        WRONG("1\rx", "", "", chunk_malformed, 2),
        WRONG("1;\r\n", "", "", chunk_malformed, 2),
        WRONG("1\r\nab", "a", "", chunk_malformed, 4),
        WRONG("1\r\na\n", "a", "", chunk_malformed, 4),
        WRONG("0\r\n a: b\r\n", "", "", malformed, 3),
        WRONG("0\r\na : b\r\n", "", "a", malformed, 4),
        WRONG("0\r\na: b\n", "", "a: b", malformed, 7),
        WRONG("0\r\n\n", "", "", malformed, 3),
        WRONG("0\r\n\rx", "", "", malformed, 4),
    };
    struct row long_extension = {.head = SPAN_INIT(OPEN),
                                 .event = H1_CONTENT_BAD,
                                 .outcome = OUTCOME_upstream_chunk_malformed,
                                 .offset = LIMIT_CHUNK_EXTENSION};
    char text[LIMIT_CHUNK_EXTENSION + 1];

    (void)state;
    CHECK(rows);
    memset(text, 'a', sizeof text);
    memcpy(text, "1;", 2);
    long_extension.content = span_of(text, sizeof text);
    check_as(&long_extension, false);
}

/* §7.1.2, RFC 9110 §6.5 */
static void trailers_are_told_with_their_names(void **state)
{
    static const struct row rows[] = {
#define TRAILERS(content, fields)                                                                  \
    {SPAN_INIT(OPEN),                                                                              \
     SPAN_INIT("0\r\n" content "\r\n"),                                                            \
     {NULL, 0},                                                                                    \
     SPAN_INIT(fields),                                                                            \
     H1_CONTENT_END,                                                                               \
     OUTCOME_NONE,                                                                                 \
     3 + sizeof(content) - 1 + 2}
        TRAILERS("grpc-status: 0\r\nX:\r\n", "grpc-status: 0\nX:\n"),
        TRAILERS("Repr-Digest: x \r\n", "Repr-Digest: x \n"),
        TRAILERS("An-Exceedingly-Long-Name-Of-A-Trailer: 1\r\n",
                 "An-Exceedingly-Long-Name-Of-A-Trailer: 1\n"),
        TRAILERS("content-length: 1\r\nA: b\r\n", "content-length!: 1\nA: b\n"),
        TRAILERS("Transfer-Encoding: chunked\r\n", "Transfer-Encoding!: chunked\n"),
        TRAILERS("Keep-Alive: 1\r\nConnection: a\r\n", "Keep-Alive!: 1\nConnection!: a\n"),
        TRAILERS("Content-Type: a/b\r\n", "Content-Type!: a/b\n"),
    };

    (void)state;
    CHECK(rows);
}

static void trailers_have_limits(void **state)
{
    static const struct row rows[] = {
        TRAILERS("a:\r\nb:\r\nc:\r\n", "a:\nb:\nc:\n"),
        WRONG("0\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n", "", "a:\nb:\nc:\n", trailers_too_large, 15),
#define TEN "0123456789"
        TRAILERS("a:" TEN TEN TEN TEN TEN TEN "\r\n", "a:" TEN TEN TEN TEN TEN TEN "\n"),
        WRONG("0\r\nab:" TEN TEN TEN TEN TEN TEN "\r\n", "", "ab:" TEN TEN TEN TEN TEN TEN,
              trailers_too_large, 3 + 64),
        WRONG("0\r\n" TEN TEN TEN TEN TEN TEN "abcdef:\r\n", "", TEN TEN TEN TEN TEN TEN "abcd",
              trailers_too_large, 3 + 64),
    };

    (void)state;
    CHECK(rows);
}

/* Names are for those who ask, of requests as well. */
static void names_of_trailers_are_told_only_where_they_are_wanted(void **state)
{
    static const struct h1_limits request = {1000, 1000, 10};
    static const struct message m = {.framing = FRAMING_OPEN};
    struct span in = SPAN("0\r\nFoo: 1\r\n\r\n"), data;
    struct result r = read_pieces(SPAN(OPEN "0\r\nFoo: 1\r\n\r\n"), false, false, SIZE_MAX);
    struct h1_content c;

    (void)state;
    assert_int_equal(r.event, H1_CONTENT_END);
    assert_true(span_eq(buf_span(&r.fields), SPAN(": 1\n")));
    result_done(&r);
    h1_content_init(&c, &m, 0, &request);
    c.wants_names = true;
    assert_int_equal(h1_read_content(&c, &in, &data), H1_CONTENT_NAME);
    assert_true(span_eq(data, SPAN("Foo")));
    assert_int_equal(h1_read_content(&c, &in, &data), H1_CONTENT_TRAILER);
    assert_true(span_eq(data, SPAN(" 1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_the_content_is_where_the_rfc_puts_it),
        cmocka_unit_test(only_some_content_ends_with_the_connection),
        cmocka_unit_test(content_up_to_the_close_says_so),
        cmocka_unit_test(chunks_are_as_strict_as_those_of_requests),
        cmocka_unit_test(trailers_are_told_with_their_names),
        cmocka_unit_test(trailers_have_limits),
        cmocka_unit_test(names_of_trailers_are_told_only_where_they_are_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
