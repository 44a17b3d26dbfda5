// SPDX-License-Identifier: MIT
/*
 * Request heads: each row is an input, the outcome that it must have and the byte at which that is
 * found (RFC 9112 unless a row says otherwise).
 */
#include "base/buf.h"
#include "h1_unit.h"

/* §3 */
static void request_line_is_method_target_and_version_with_single_spaces(void **state)
{
    static const struct row rows[] = {
        ROW(GH E, NONE, 27),
        ROW(E GH E, NONE, 29), // §2.2: one empty line before it
        ROW(E E GH E, request_line_malformed, 2),
        ROW("\rGET", line_end_bare_cr, 0),
        ROW("\nGET", line_end_bare_lf, 0),
        ROW(E "GET / HTTP/9.1\r\n", version_unsupported, 13),
        ROW("\x16\x03\x01", method_malformed, 0), // a TLS ClientHello
        ROW(" GET / HTTP/1.1\r\n", method_malformed, 0),
        ROW("G(T / HTTP/1.1\r\n", method_malformed, 1),
        ROW("GET\t/ HTTP/1.1\r\n", method_malformed, 3),
        ROW("GET\r\n", request_line_malformed, 3),
        ROW("GET\n", line_end_bare_lf, 3),
        ROW("GET\r/", line_end_bare_cr, 3),
        ROW("GET \r\n", request_line_malformed, 4),
        ROW("GET  / HTTP/1.1\r\n", request_line_malformed, 4),
        ROW("GET \t/ HTTP/1.1\r\n", request_line_malformed, 4),
        ROW("GET /  HTTP/1.1\r\n", request_line_malformed, 6),
        ROW("GET / HTTP/1.1\n", line_end_bare_lf, 14),
        ROW("GET / HTTP/1.1\rX", line_end_bare_cr, 14),
        ROW("get / HTTP/1.1\r\n" H E, NONE, 27), // unknown, but a method
        ROW("!#$%&'*+-.^_`|~09aZ / HTTP/1.1\r\n" H E, NONE, 43),
    };

    (void)state;
    CHECK(rows);
}

/* §2.3, §3 */
static void version_is_http_1(void **state)
{
    static const struct row rows[] = {
        ROW("GET /\r\n", version_missing, 5),
        ROW("GET / \r\n", version_missing, 6),
        ROW("GET /\n", line_end_bare_lf, 5),
        ROW("GET /\rX", line_end_bare_cr, 5),
        ROW("GET *\r\n", version_missing, 5),
        ROW("GET http://a\r\n", version_missing, 12),
        ROW("CONNECT a:1\r\n", version_missing, 11),
        ROW("GET / http/1.1\r\n", version_malformed, 6),
        ROW("GET /a b HTTP/1.1\r\n", version_malformed, 7),
        ROW("GET / HTTP/1\r\n", version_malformed, 12),
        ROW("GET / HTTP/1,1\r\n", version_malformed, 12),
        ROW("GET / HTTP/1.\r\n", version_malformed, 13),
        ROW("GET / HTTP/x.1\r\n", version_malformed, 11),
        ROW("GET / HTTP/1.10\r\n", version_malformed, 14),
        ROW("GET / HTTP/1.1 \r\n", version_malformed, 14),
        ROW("GET / HTTP/1.1\n\r\n", line_end_bare_lf, 14),
        ROW("GET / HTTP/0.9\r\n", version_unsupported, 11),
        ROW("GET / HTTP/2.0\r\n", version_unsupported, 11),
        ROW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version_unsupported, 11),
        ROW("GET / HTTP/1.2\r\n" H E, NONE, 27),
        ROW("GET / HTTP/1.0\r\n\r\n", NONE, 18),
    };

    (void)state;
    CHECK(rows);
}

/* §2.2, §5 */
static void field_lines_follow_their_grammar_exactly(void **state)
{
    static const struct row rows[] = {
        ROW(G " Host: a\r\n", field_line_indented, 16),
        ROW(G "\tHost: a\r\n", field_line_indented, 16),
        ROW(GH " b\r\n\r\n", field_line_folded, 25),
        ROW(GH "\tb\r\n\r\n", field_line_folded, 25),
        ROW(GH ": x\r\n", field_name_malformed, 25),
        ROW(GH "a\x01: x\r\n", field_name_malformed, 26),
        ROW(GH "a(b): x\r\n", field_name_malformed, 26),
        ROW(GH "\xc3\xa4: x\r\n", field_name_malformed, 25),
        ROW(GH "a b: x\r\n", field_name_malformed, 26),
        ROW(GH "a : x\r\n", field_space_before_colon, 26),
        ROW(GH "a \t: x\r\n", field_space_before_colon, 26),
        ROW(GH "a\r\n", field_colon_missing, 26),
        ROW(GH "a  \r\n", field_colon_missing, 28),
        ROW(GH "a\n", line_end_bare_lf, 26),
        ROW(GH "a\rb", line_end_bare_cr, 26),
        ROW(GH "a: b\n", line_end_bare_lf, 29),
        ROW(GH "a: b\rc: d\r\n", line_end_bare_cr, 29),
        ROW(GH "a: b\r\r\n", line_end_bare_cr, 29),
        ROW(GH "a: b\0c\r\n", field_value_malformed, 29),
        ROW(GH "a: 0123456789012345678901234567890123456789\x7f\r\n", field_value_malformed, 68),
        ROW(GH "a: \x1b[1m\r\n", field_value_malformed, 28),
        ROW(GH "\n", line_end_bare_lf, 25),
        ROW(GH "\rX", line_end_bare_cr, 25),
        ROW(GH "a:\r\n\r\n", NONE, 31),
        ROW(GH "a: \t b\t\xff \r\n\r\n", NONE, 38),
    };

    (void)state;
    CHECK(rows);
}

/* §3.2, RFC 9110 §7.2 */
static void host_is_there_once_and_agrees_with_the_target(void **state)
{
    static const struct row rows[] = {
        ROW(G E, host_missing, 16),
        ROW(G "a: b\r\n\r\n", host_missing, 22),
        ROW(GH "host: a\r\n\r\n", host_repeated, 25),
        ROW("GET / HTTP/1.0\r\n" H H E, host_repeated, 25),
        ROW(G "Host:\r\n\r\n", host_malformed, 21),
        ROW(G "Host: :80\r\n\r\n", host_malformed, 22),
        ROW(G "Host: a b\r\n\r\n", host_malformed, 22),
        ROW(G "Host: a,b\r\n\r\n", NONE, 29), // sub-delims: a strange name, but one
        ROW(G "Host: u@a\r\n\r\n", host_malformed, 22),
        ROW(G "Host: http://a\r\n\r\n", host_malformed, 22),
        ROW(G "Host: a/b\r\n\r\n", host_malformed, 22),
        ROW(G "Host: a%4g\r\n\r\n", host_malformed, 22),
        ROW(G "Host: a%41:\r\n\r\n", NONE, 31),
        ROW(G "Host: a:65535\r\n\r\n", NONE, 33),
        ROW(G "Host: a:65536\r\n\r\n", host_malformed, 22),
        ROW(G "Host: a:8x\r\n\r\n", host_malformed, 22),
        ROW(G "Host: a:-1\r\n\r\n", host_malformed, 22),
        ROW(G "Host: 127.0.0.1:8080\r\n\r\n", NONE, 40),
        ROW(G "Host: [::1]:80\r\n\r\n", NONE, 34),
        ROW(G "Host: [::1]80\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [::1\r\n\r\n", host_malformed, 22),
        ROW(G "Host: []\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [1:2:3:4:5:6:7:8]\r\n\r\n", NONE, 43),
        ROW(G "Host: [1:2:3:4:5:6:7]\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [1:2:3:4:5:6:7:8:9]\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [1::2::3]\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [12345::]\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [::1:]\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [fe80::1%25eth0]\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [::ffff:1.2.3.4]\r\n\r\n", NONE, 42),
        ROW(G "Host: [::ffff:1.2.3.256]\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [::1.2.3]\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [::1.2.3.4.]\r\n\r\n", host_malformed, 22),
        ROW(G "Host: [v1.a:b]\r\n\r\n", NONE, 34),
        ROW(G "Host: [v.a]\r\n\r\n", host_malformed, 22),
        ROW("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", NONE, 29),
        ROW("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", host_differs, 30),
        ROW("GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", host_differs, 29),
        ROW("GET http://a/ HTTP/1.1\r\nHost: A:80\r\n\r\n", NONE, 38),
        ROW("GET http://a/ HTTP/1.1\r\nHost: a:\r\n\r\n", NONE, 36),
        ROW("GET https://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n", NONE, 40),
        ROW("GET https://a/ HTTP/1.1\r\nHost: a:80\r\n\r\n", host_differs, 31),
        ROW("GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", host_differs, 33),
        ROW("GET http://a/ HTTP/1.1\r\n\r\n", host_missing, 24),
        ROW("GET http://a/ HTTP/1.0\r\n\r\n", NONE, 26),
    };

    (void)state;
    CHECK(rows);
}

/* §6, RFC 9110 §8.6 */
static void framing_is_beyond_doubt(void **state)
{
    static const struct row rows[] = {
        ROW(GH "Content-Length: 5\r\n\r\n", NONE, 46),
        ROW(GH "Content-Length:\r\n\r\n", content_length_malformed, 40),
        ROW(GH "Content-Length: +5\r\n\r\n", content_length_malformed, 41),
        ROW(GH "Content-Length: -5\r\n\r\n", content_length_malformed, 41),
        ROW(GH "Content-Length: 5x\r\n\r\n", content_length_malformed, 41),
        ROW(GH "Content-Length: 5,\r\n\r\n", content_length_malformed, 43),
        ROW(GH "Content-Length: 5, x\r\n\r\n", content_length_malformed, 44),
        ROW(GH "Content-Length: 5, 05\r\n\r\n", content_length_malformed, 44),
        ROW(GH "Content-Length: 5, 5\r\n\r\n", content_length_repeated, 44),
        ROW(GH "Content-Length: 5, 6\r\n\r\n", content_length_differs, 44),
        ROW(GH "Content-Length: 5\r\ncontent-length: 5\r\n\r\n", content_length_repeated, 44),
        ROW(GH "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", content_length_differs, 60),
        ROW(GH "Content-Length: 9223372036854775807\r\n\r\n", NONE, 64),
        ROW(GH "Content-Length: 9223372036854775808\r\n\r\n", content_length_overflow, 41),
        ROW(GH "Content-Length: 99999999999999999999999\r\n\r\n", content_length_overflow, 41),
        ROW(GH "Transfer-Encoding: chunked\r\n\r\n", NONE, 55),
        ROW(GH "Transfer-Encoding: , CHUNKED,\r\n\r\n", NONE, 58),
        ROW(GH "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
            transfer_encoding_with_length, 44),
        ROW(GH "Content-Length: 5\r\nTransfer-Encoding: x\r\n\r\n", transfer_encoding_with_length,
            63),
        ROW("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", transfer_encoding_in_http_1_0,
            36),
        ROW(GH "Transfer-Encoding: chunked, gzip\r\n\r\n", transfer_encoding_chunked_not_last, 53),
        ROW(GH "Transfer-Encoding: gzip\r\n\r\n", transfer_encoding_chunked_not_last, 44),
        ROW(GH "Transfer-Encoding: identity\r\n\r\n", transfer_encoding_chunked_not_last, 44),
        ROW(GH "Transfer-Encoding: chunked, chunked\r\n\r\n", transfer_encoding_chunked_repeated,
            53),
        ROW(GH "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            transfer_encoding_chunked_repeated, 72),
        ROW(GH "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
            transfer_encoding_unknown, 44),
        ROW(GH "Transfer-Encoding: x;a=b;c=\"d,\\\"\", chunked\r\n\r\n", transfer_encoding_unknown,
            44),
        ROW(GH "Transfer-Encoding: deflate, chunked\r\n\r\n", transfer_encoding_unknown, 44),
        ROW(GH "Transfer-Encoding:\r\n\r\n", transfer_encoding_malformed, 43),
        ROW(GH "Transfer-Encoding: ,\r\n\r\n", transfer_encoding_malformed, 44),
        ROW(GH "Transfer-Encoding: chunked;a=b\r\n\r\n", transfer_encoding_malformed, 44),
        ROW(GH "Transfer-Encoding: x;a, chunked\r\n\r\n", transfer_encoding_malformed, 44),
        ROW(GH "Transfer-Encoding: x;a=\"b, chunked\r\n\r\n", transfer_encoding_malformed, 44),
        ROW(GH "Transfer-Encoding: gzip chunked\r\n\r\n", transfer_encoding_malformed, 44),
        ROW(GH "Transfer-Encoding: \"chunked\"\r\n\r\n", transfer_encoding_malformed, 44),
        ROW(GH "Transfer-Encoding: \x0b"
               "chunked\r\n\r\n",
            field_value_malformed, 44),
    };

    (void)state;
    CHECK(rows);
}

/* RFC 9110 §5.3, §7.6.1 */
static void singletons_come_once_and_connection_holds_tokens(void **state)
{
    static const struct row rows[] = {
        ROW(GH "Depth: a\r\ndepth: b\r\n\r\n", field_repeated, 35),
        ROW(GH "Accept: a\r\nAccept: b\r\nCookie: c\r\nCookie: d\r\n\r\n", NONE, 71),
        ROW(GH "User-Agent: a\r\nUser-Agent: b\r\n\r\n", NONE, 57),
        ROW(GH "Range: a\r\nRange: b\r\n\r\n", NONE, 47),
        ROW(GH "Date: a\r\nDate: b\r\nIf: (a)\r\nIf: (b)\r\n\r\n", field_repeated, 52),
        ROW(GH "Connection: a b\r\n\r\n", connection_malformed, 37),
        ROW(GH "Connection: close, (x\r\n\r\n", connection_malformed, 44),
        ROW(GH "Connection: , close,\r\n\r\n", NONE, 49),
        ROW(GH "Connection:\r\n\r\n", NONE, 40),
        // Host is looked at first, framing second, the rest behind them.
        ROW(G "Depth: a\r\nDepth: b\r\n\r\n", host_missing, 36),
        ROW(GH "Depth: a\r\nDepth: b\r\nContent-Length: x\r\n\r\n", content_length_malformed, 61),
    };

    (void)state;
    CHECK(rows);
}

static void fields_are_found_by_id_and_trimmed(void **state)
{
    (void)state;
    parse(SPAN("GET / HTTP/1.1\r\nhOST:\t a \r\nX-Y: z\r\naccept: 1\r\nAccept:2\r\n\r\n"));
    assert_int_equal(message.field_count, 4);
    ASSERT_SPAN(message_field(&message, FIELD_host), "a");
    ASSERT_SPAN(message_field(&message, FIELD_accept), "1");
    ASSERT_SPAN(field_line_name(&message.fields[1]), "X-Y");
    assert_int_equal(message.fields[1].id, FIELD_OTHER);
    assert_null(message_field(&message, FIELD_range).ptr);
    // What one request had must not be seen in the next.
    parse(SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_null(message_field(&message, FIELD_accept).ptr);
}

/* §9.3 */
static void persistence_follows_version_and_connection(void **state)
{
    static const struct {
        struct span in;
        bool keep;
    } rows[] = {
        {SPAN_INIT(GH E), true},
        {SPAN_INIT(GH "Connection: Close\r\n\r\n"), false},
        {SPAN_INIT(GH "Connection: a\r\nConnection: b, close\r\n\r\n"), false},
        {SPAN_INIT(GH "Connection: closed\r\n\r\n"), true},
        {SPAN_INIT("GET / HTTP/1.0\r\n\r\n"), false},
        {SPAN_INIT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), true},
        {SPAN_INIT("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parse(rows[i].in);
        assert_int_equal(head.keep_alive, rows[i].keep);
    }
}

/* RFC 9110 §10.1.1 */
static void only_100_continue_is_a_known_expectation(void **state)
{
    static const struct {
        struct span in;
        bool known, unknown;
    } rows[] = {
        {SPAN_INIT(GH E), false, false},
        {SPAN_INIT(GH "Expect: 100-Continue\r\n\r\n"), true, false},
        {SPAN_INIT(GH "Expect: x\r\n\r\n"), false, true},
        {SPAN_INIT(GH "Expect: 100-continue, x\r\n\r\n"), true, true},
        {SPAN_INIT(GH "Expect:\r\n\r\n"), false, false},
        {SPAN_INIT("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"), false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parse(rows[i].in);
        assert_int_equal(message.expect_continue, rows[i].known);
        assert_int_equal(message.expect_unknown, rows[i].unknown);
    }
}

static void framing_is_told(void **state)
{
    (void)state;
    parse(SPAN(GH E));
    assert_int_equal(message.framing, FRAMING_NONE);
    parse(SPAN(GH "Content-Length: 0012\r\n\r\n"));
    assert_int_equal(message.framing, FRAMING_LENGTH);
    assert_true(message.content_length == 12);
    parse(SPAN(GH "Transfer-Encoding: Chunked\r\n\r\n"));
    assert_int_equal(message.framing, FRAMING_OPEN);
}

static void limits_hold_to_the_byte(void **state)
{
    static const struct h1_limits small = {20, 24, 2};

    (void)state;
    expect(SPAN("GET /456789 HTTP/1.1\r\n" H E), OUTCOME_NONE, 33, &small);
    expect(SPAN("GET /4567890 HTTP/1.1\r\n" H E), OUTCOME_request_line_too_long, 20, &small);
    expect(SPAN("\r\nGET /4567890 HTTP/1.1\r\n" H E), OUTCOME_request_line_too_long, 22, &small);
    expect(SPAN("GET /67890123456789012"), OUTCOME_request_line_too_long, 20, &small);
    expect(SPAN("GET /\"7890123456789012"), OUTCOME_target_malformed, 5, &small);
    expect(SPAN(GH "a: 890123456789\r\n" E), OUTCOME_fields_too_large, 40, &small);
    expect(SPAN(GH "a: 890123456\r\n\r\n"), OUTCOME_NONE, 41, &(struct h1_limits){20, 23, 2});
    expect(SPAN(GH "a: 890123456\r\n\r\n"), OUTCOME_fields_too_large, 38,
           &(struct h1_limits){20, 22, 2});
    expect(SPAN(GH "a: b\r\nc: d\r\n\r\n"), OUTCOME_fields_too_many, 31, &small);
    expect(SPAN(GH "a: b\r\n\r\n"), OUTCOME_NONE, 33, &small);
}

static void limits_hold_when_bytes_drip_in(void **state)
{
    static const struct h1_limits small = {200, 300, 2};
    char line[600] = "GET /";
    struct row {
        size_t prefix;
        enum outcome outcome;
        uint64_t offset;
    } rows[] = {
        {5, OUTCOME_request_line_too_long, 200},
        {0, OUTCOME_fields_too_large, 16 + 300},
    };

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        ptrdiff_t n = H1_MORE;
        size_t i;

        memset(line, 'a', sizeof line);
        memcpy(line, k ? G "a: " : "GET /", k ? 19 : 5);
        for (i = 1; i <= sizeof line && n == H1_MORE; i++)
            n = h1_read_head(&message, &head, span_of(line, i), i - 1, &small);
        assert_int_equal(n, H1_BAD);
        assert_int_equal(message.violation.outcome, rows[k].outcome);
        assert_int_equal(message.violation.offset, rows[k].offset);
        assert_int_equal(i - 1, rows[k].offset + 2);
    }
}

static void the_request_line_is_told_as_it_came(void **state)
{
    static const struct {
        struct span in, line;
    } rows[] = {
        {SPAN_INIT(GH E), SPAN_INIT("GET / HTTP/1.1")},
        {SPAN_INIT(E GH E), SPAN_INIT("GET / HTTP/1.1")},
        {SPAN_INIT("GET / HTTP/1.1"), SPAN_INIT("GET / HTTP/1.1")},
        {SPAN_INIT("GET / HTTP/3.0\r\n" H), SPAN_INIT("GET / HTTP/3.0")},
        {SPAN_INIT("G(T / HTTP/1.1\r\n" H), SPAN_INIT("G(T / HTTP/1.1")},
        {SPAN_INIT("GET *\n" H), SPAN_INIT("GET *")},
        {SPAN_INIT("\rGET"), SPAN_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *copy;

        read_exact(rows[i].in, 0, &limits, &copy);
        assert_true(span_eq(head.request_line, rows[i].line));
        free(copy);
    }
}

static void what_was_understood_before_a_violation_is_told(void **state)
{
    (void)state;
    expect(SPAN("PUT /a?b HTTP/1.1\r\n" H "c : d\r\n"), OUTCOME_field_space_before_colon, 29,
           &limits);
    h1_read_head(&message, &head, SPAN("PUT /a?b HTTP/1.1\r\n" H "c : d\r\n"), 0, &limits);
    assert_int_equal(message.method, METHOD_PUT);
    ASSERT_SPAN(message.target.text, "/a?b");
    ASSERT_SPAN(message.target.path, "/a");
    assert_int_equal(message.field_count, 1);
    ASSERT_SPAN(message_field(&message, FIELD_host), "a");
}

static void what_follows_the_head_is_not_touched(void **state)
{
    (void)state;
    assert_int_equal(h1_read_head(&message, &head, SPAN(GH E "\x00garbage"), 0, &limits), 27);
}

/* However near the end of the input it stands; and with any byte of it changed. */
static void every_known_name_is_found_and_none_that_is_malformed(void **state)
{
    static const char front[] = "GET / HTTP/1.1\r\nHost: a\r\n";
    char text[256];

    (void)state;
    for (int f = 1; f < FIELD_COUNT; f++) {
        struct span name = field_table[f].name;
        size_t at = sizeof front - 1;
        struct message m = {0};

        if (field_table[f].flags & FIELD_FLAG_FRAMING || f == FIELD_host)
            continue;
        memcpy(text, front, at);
        memcpy(text + at, name.ptr, name.len);
        for (size_t value = 0; value < 32; value += 31) {
            struct buf b = buf_in(text, sizeof text);

            b.len = at + name.len;
            buf_add_char(&b, ':');
            for (size_t i = 0; i < value; i++)
                buf_add_char(&b, 'a');
            buf_add(&b, SPAN("\r\n\r\n"));
            assert_false(b.failed);
            for (size_t i = 0; i < name.len; i++) {
                text[at + i] = '@';
                h1_read_head(&m, &head, buf_span(&b), 0, &limits);
                assert_int_equal(m.violation.outcome, OUTCOME_field_name_malformed);
                assert_int_equal(m.violation.offset, at + i);
                text[at + i] = name.ptr[i];
            }
            h1_read_head(&m, &head, buf_span(&b), 0, &limits);
            assert_int_equal(m.field_count, 2);
            assert_int_equal(m.fields[1].id, f);
            assert_int_equal(m.fields[1].name_length, name.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_line_is_method_target_and_version_with_single_spaces),
        cmocka_unit_test(version_is_http_1),
        cmocka_unit_test(field_lines_follow_their_grammar_exactly),
        cmocka_unit_test(host_is_there_once_and_agrees_with_the_target),
        cmocka_unit_test(framing_is_beyond_doubt),
        cmocka_unit_test(singletons_come_once_and_connection_holds_tokens),
        cmocka_unit_test(fields_are_found_by_id_and_trimmed),
        cmocka_unit_test(persistence_follows_version_and_connection),
        cmocka_unit_test(only_100_continue_is_a_known_expectation),
        cmocka_unit_test(framing_is_told),
        cmocka_unit_test(limits_hold_to_the_byte),
        cmocka_unit_test(limits_hold_when_bytes_drip_in),
        cmocka_unit_test(the_request_line_is_told_as_it_came),
        cmocka_unit_test(what_was_understood_before_a_violation_is_told),
        cmocka_unit_test(what_follows_the_head_is_not_touched),
        cmocka_unit_test(every_known_name_is_found_and_none_that_is_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
