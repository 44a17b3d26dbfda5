// SPDX-License-Identifier: MIT
/*
 * Response heads: each row is an input, the outcome that it must have and the byte at which that is
 * found (RFC 9112 unless a row says otherwise). Each is read whole, byte by byte, and split at
 * every place.
 */
#include "unit.h"
#include "wire/h1_client.h"

static const struct h1_client_limits limits = {64, 256, 512, MESSAGE_FIELDS_FEW, 128};
static struct message message;
static struct h1_answer answer;

struct row {
    struct span in;
    enum outcome outcome;
    uint64_t offset; // of the violation, or the head's length
};

#define ROW(text, outcome, offset)                                                                 \
    {                                                                                              \
        SPAN_INIT(text), OUTCOME_##outcome, offset                                                 \
    }
#define GOOD(text) ROW(text, NONE, sizeof(text) - 1)
#define S "HTTP/1.1 200 OK\r\n" // 17 bytes
#define E "\r\n"

/* The input from memory of its own, so that a read beyond it is seen by the sanitizer; the spans in
 * the message are good until the next call. */
static ptrdiff_t read_exact(struct span in, size_t seen)
{
    static char *copy;

    free(copy);
    copy = NULL;
    if (in.len == 0)
        return h1_read_answer(&message, &answer, (struct span){NULL, 0}, seen, &limits);
    copy = malloc(in.len);
    assert_non_null(copy);
    memcpy(copy, in.ptr, in.len);
    return h1_read_answer(&message, &answer, span_of(copy, in.len), seen, &limits);
}

/* What was found after the first `first` bytes, and then after `step` more each time. What one
 * cannot tell yet is told when the line ends. */
static ptrdiff_t read_split(struct span in, size_t first, size_t step)
{
    ptrdiff_t n = H1_MORE;

    for (size_t seen = 0, len = first; n == H1_MORE; seen = len, len += step) {
        n = read_exact(span_first(in, len), seen);
        if (len >= in.len)
            break;
    }
    return n == H1_MORE ? read_exact(in, 0) : n;
}

static void check(const struct row *row)
{
    for (size_t split = 0; split <= row->in.len; split++) {
        ptrdiff_t n = read_split(row->in, split ? split : 1, split ? row->in.len : 1);
        struct violation v = message.violation;

        if (n != (row->outcome ? H1_BAD : (ptrdiff_t)row->offset) || v.outcome != row->outcome ||
            (row->outcome && v.offset != row->offset))
            fail_msg("\"%.*s\" split at %zu: result %td, outcome %s at %llu; expected %s at %llu",
                     SPAN_ARG(row->in), split, n, outcome_table[v.outcome].token.ptr,
                     (unsigned long long)v.offset, outcome_table[row->outcome].token.ptr,
                     (unsigned long long)row->offset);
    }
}

#define CHECK(rows)                                                                                \
    for (size_t row_index = 0; row_index < sizeof(rows) / sizeof *(rows); row_index++)             \
    check(&(rows)[row_index])

static void parse(struct span in)
{
    assert_int_equal(read_exact(in, 0), in.len);
}

/* §4 */
static void the_status_line_is_version_status_and_reason(void **state)
{
    static const struct row rows[] = {
        GOOD(S E),
        GOOD("HTTP/1.0 200 OK\r\n\r\n"),
        GOOD("HTTP/1.1 200 \r\n\r\n"),
        GOOD("HTTP/1.1 200\r\n\r\n"),
        GOOD("HTTP/1.1 100 Continue\r\n\r\n"),
        GOOD("HTTP/1.1 599 \t\xe4 Reason, of a kind \r\n\r\n"),
        ROW("", NONE, H1_MORE),
        ROW("HTTP/1.1 20", NONE, H1_MORE),
        ROW("HTTP/1.1 200", NONE, H1_MORE),
        ROW("HTTP/1.1 200 OK", NONE, H1_MORE),
        ROW("HTTP/1.1 200 OK\r", NONE, H1_MORE),
        ROW(S, NONE, H1_MORE),
        ROW(S "\r", NONE, H1_MORE),
        ROW(E S E, upstream_status_line_malformed, 0),
        ROW("<html>", upstream_status_line_malformed, 0),       // HTTP/0.9
        ROW("\x15\x03\x01", upstream_status_line_malformed, 0), // a TLS alert
        ROW(" HTTP/1.1 200 OK\r\n", upstream_status_line_malformed, 0),
        ROW("http/1.1 200 OK\r\n", upstream_status_line_malformed, 0),
        ROW("ICY 200 OK\r\n", upstream_status_line_malformed, 0),
        ROW("HTTP 200 OK\r\n", upstream_status_line_malformed, 4),
        ROW("HTTP/0.9 200 OK\r\n", upstream_status_line_malformed, 5),
        ROW("HTTP/2.0 200 OK\r\n", upstream_status_line_malformed, 5),
        ROW("HTTP/2 200 OK\r\n", upstream_status_line_malformed, 5),
        ROW("HTTP/1.2 200 OK\r\n", upstream_status_line_malformed, 7),
        ROW("HTTP/1 200 OK\r\n", upstream_status_line_malformed, 6),
        ROW("HTTP/1.10 200 OK\r\n", upstream_status_line_malformed, 8),
        ROW("HTTP/1.1\t200 OK\r\n", upstream_status_line_malformed, 8),
        ROW("HTTP/1.1\r\n", upstream_status_line_malformed, 8),
        ROW("HTTP/1.1  200 OK\r\n", upstream_status_line_malformed, 9),
        ROW("HTTP/1.1 099 OK\r\n", upstream_status_line_malformed, 9),
        ROW("HTTP/1.1 600 OK\r\n", upstream_status_line_malformed, 9),
        ROW("HTTP/1.1 999 OK\r\n", upstream_status_line_malformed, 9),
        ROW("HTTP/1.1 -20 OK\r\n", upstream_status_line_malformed, 9),
        ROW("HTTP/1.1 OK\r\n", upstream_status_line_malformed, 9),
        ROW("HTTP/1.1 20\r\n", upstream_status_line_malformed, 11),
        ROW("HTTP/1.1 20 OK\r\n", upstream_status_line_malformed, 11),
        ROW("HTTP/1.1 2000 OK\r\n", upstream_status_line_malformed, 12),
        ROW("HTTP/1.1 200\tOK\r\n", upstream_status_line_malformed, 12),
        ROW("HTTP/1.1 200\n\n", upstream_status_line_malformed, 12),
        ROW("HTTP/1.1 200 OK\n\n", upstream_status_line_malformed, 15),
        ROW("HTTP/1.1 200 OK\rX", upstream_status_line_malformed, 15),
        ROW("HTTP/1.1 200 O\x00K\r\n", upstream_status_line_malformed, 14),
        ROW("HTTP/1.1 200 O\x7fK\r\n", upstream_status_line_malformed, 14),
    };

    (void)state;
    CHECK(rows);
    parse(SPAN("HTTP/1.0 404 Not \xe4 Found\r\n\r\n"));
    assert_int_equal(message.status, 404);
    assert_true(span_eq(message.reason, SPAN("Not \xe4 Found")));
    assert_int_equal(answer.minor, 0);
    parse(SPAN("HTTP/1.1 201\r\n\r\n"));
    assert_int_equal(message.status, 201);
    assert_int_equal(message.reason.len, 0);
    assert_int_equal(answer.minor, 1);
}

/* §2.2, §5 */
static void field_lines_are_as_strict_as_those_of_requests(void **state)
{
    static const struct row rows[] = {
        GOOD(S "Server: x\r\nX-Y:\r\nZ: \t\xff\t \r\n\r\n"),
        ROW(S "a: b", NONE, H1_MORE),
        ROW(S " a: b\r\n\r\n", upstream_malformed, 17),
        ROW(S "a: b\r\n c\r\n\r\n", upstream_malformed, 23), // obs-fold, §5.2
        ROW(S "a: b\r\n\tc\r\n\r\n", upstream_malformed, 23),
        ROW(S "a : b\r\n\r\n", upstream_malformed, 18),
        ROW(S "a\t: b\r\n\r\n", upstream_malformed, 18),
        ROW(S ": b\r\n\r\n", upstream_malformed, 17),
        ROW(S "a(: b\r\n\r\n", upstream_malformed, 18),
        ROW(S "a\r\n\r\n", upstream_malformed, 18),
        ROW(S "a b\r\n\r\n", upstream_malformed, 18),
        ROW(S "a: b\n\r\n", upstream_malformed, 21),
        ROW(S "a: b\r\r\n", upstream_malformed, 21),
        ROW(S "a: b\rc: d\r\n", upstream_malformed, 21),
        ROW(S "a: b\x00"
              "c\r\n\r\n",
            upstream_malformed, 21),
        ROW(S "a: \x01\r\n\r\n", upstream_malformed, 20),
        ROW(S "a: b\x7f\r\n\r\n", upstream_malformed, 21),
        ROW(S "\n", upstream_malformed, 17),
        ROW(S "a: b\r\n\n", upstream_malformed, 23),
        ROW(S "a: b\r\n\rx", upstream_malformed, 23),
    };

    (void)state;
    CHECK(rows);
    parse(SPAN(S "ETag: \"a\"\r\nX-None: \t b c \r\n\r\n"));
    assert_int_equal(message.field_count, 2);
    assert_true(span_eq(message_field(&message, FIELD_etag), SPAN("\"a\"")));
    assert_true(span_eq(field_line_name(&message.fields[1]), SPAN("X-None")));
    assert_true(span_eq(field_line_value(&message.fields[1]), SPAN("b c")));
}

/* What a client never sends and servers do is no fault. */
static void repeated_singletons_that_protect_nothing_are_taken(void **state)
{
    static const struct row rows[] = {
        GOOD(S "Location: /\r\nLocation: /b\r\n\r\n"),
        GOOD(S "Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n"),
        GOOD(S "Set-Cookie: a\r\nSet-Cookie: b\r\n\r\n"),
        GOOD(S "Host: a b\r\n\r\n"),
        GOOD(S "Connection: a b\r\n\r\n"),
    };

    (void)state;
    CHECK(rows);
}

/* §6.1, §6.2, §6.3 */
static void framing_that_can_be_read_in_two_ways_is_refused(void **state)
{
    static const struct row rows[] = {
        GOOD(S "Content-Length: 0\r\n\r\n"),
        GOOD(S "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
        GOOD(S "Content-Length: 5, 5 ,5\r\n\r\n"),
        GOOD(S "Transfer-Encoding: chunked\r\n\r\n"),
        GOOD(S "Transfer-Encoding: , ChunKed ,\r\n\r\n"),
        ROW(S "Content-Length: \r\n\r\n", upstream_length_malformed, 33),
        ROW(S "Content-Length: -1\r\n\r\n", upstream_length_malformed, 33),
        ROW(S "Content-Length: +1\r\n\r\n", upstream_length_malformed, 33),
        ROW(S "Content-Length: 1 2\r\n\r\n", upstream_length_malformed, 33),
        ROW(S "Content-Length: 0x1\r\n\r\n", upstream_length_malformed, 33),
        ROW(S "Content-Length: 9223372036854775808\r\n\r\n", upstream_length_malformed, 33),
        ROW(S "Content-Length: 5, 6\r\n\r\n", upstream_length_malformed, 36),
        ROW(S "Content-Length: 5,\r\n\r\n", upstream_length_malformed, 35),
        ROW(S "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", upstream_length_malformed, 52),
        ROW(S "Content-Length: 5\r\nContent-Length: 05\r\n\r\n", upstream_length_malformed, 52),
        ROW(S "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", upstream_both_lengths, 55),
        ROW(S "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\n", upstream_both_lengths, 36),
        ROW(S "Transfer-Encoding: gzip, chunked\r\n\r\n", upstream_coding_unknown, 36),
        ROW(S "Transfer-Encoding: identity\r\n\r\n", upstream_coding_unknown, 36),
        ROW(S "Transfer-Encoding: chunked, gzip\r\n\r\n", upstream_coding_unknown, 45),
        ROW(S "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            upstream_coding_unknown, 64),
        ROW(S "Transfer-Encoding: chunked;a=b\r\n\r\n", upstream_coding_unknown, 36),
        ROW(S "Transfer-Encoding: \r\n\r\n", upstream_coding_unknown, 36),
        ROW(S "Transfer-Encoding: chun ked\r\n\r\n", upstream_coding_unknown, 36),
        ROW(S "Transfer-Encoding : chunked\r\n\r\n", upstream_malformed, 34),
        ROW("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", upstream_malformed, 36),
        // 1xx: RFC 9110 §8.6
        GOOD("HTTP/1.1 103 \r\nContent-Length: 0\r\n\r\n"),
        ROW("HTTP/1.1 103 \r\nContent-Length: 5\r\n\r\n", upstream_malformed, 31),
        ROW("HTTP/1.1 103 \r\nTransfer-Encoding: chunked\r\n\r\n", upstream_malformed, 34),
        GOOD("HTTP/1.1 101 \r\nTransfer-Encoding: chunked\r\n\r\n"),
        GOOD("HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\n"),
        GOOD("HTTP/1.1 304 \r\nTransfer-Encoding: chunked\r\n\r\n"),
    };

    (void)state;
    CHECK(rows);
    parse(SPAN(S "Content-Length: 7, 7\r\n\r\n"));
    assert_int_equal(message.framing, FRAMING_LENGTH);
    assert_int_equal(message.content_length, 7);
    parse(SPAN(S "Transfer-Encoding: chunked\r\n\r\n"));
    assert_int_equal(message.framing, FRAMING_OPEN);
    parse(SPAN(S E));
    assert_int_equal(message.framing, FRAMING_NONE);
}

/* §9.3, §9.6, RFC 9110 §7.8 */
static void what_becomes_of_the_connection_is_told(void **state)
{
    static const struct {
        struct span in;
        bool keep_alive, has_upgrade;
    } rows[] = {
        {SPAN_INIT(S E), true, false},
        {SPAN_INIT(S "Connection: close\r\n\r\n"), false, false},
        {SPAN_INIT(S "Connection: a\r\nConnection: b, Close\r\n\r\n"), false, false},
        {SPAN_INIT(S "Connection: keep-alive\r\n\r\n"), true, false},
        {SPAN_INIT(S "Connection: keep-alive, close\r\n\r\n"), false, false},
        {SPAN_INIT(S "Connection: keep alive\r\n\r\n"), false, false}, // whatever was meant
        {SPAN_INIT("HTTP/1.0 200 OK\r\n\r\n"), false, false},
        {SPAN_INIT("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n"), true, false},
        {SPAN_INIT("HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n"), true, true},
        {SPAN_INIT("HTTP/1.1 101 \r\nUpgrade: a\r\n\r\n"), true, false},
        {SPAN_INIT("HTTP/1.1 101 \r\nConnection: upgrade\r\n\r\n"), true, false},
        // What 204 has no room for may come all the same.
        {SPAN_INIT("HTTP/1.1 204 \r\nContent-Length: 0\r\n\r\n"), true, false},
        {SPAN_INIT("HTTP/1.1 204 \r\nContent-Length: 1\r\n\r\n"), false, false},
        {SPAN_INIT("HTTP/1.1 204 \r\nTransfer-Encoding: chunked\r\n\r\n"), false, false},
        {SPAN_INIT("HTTP/1.1 304 \r\nContent-Length: 1\r\n\r\n"), true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parse(rows[i].in);
        assert_int_equal(answer.keep_alive, rows[i].keep_alive);
        assert_int_equal(answer.has_upgrade, rows[i].has_upgrade);
    }
}

/* A head of a status line with that many bytes of reason, then lines with a name of one byte and
 * values of those lengths. */
static struct span head_of(size_t reason, const size_t *values, size_t count)
{
    static char text[4096];
    size_t len = 13;

    memcpy(text, "HTTP/1.1 200 ", 13);
    memset(text + len, 'r', reason);
    len += reason;
    memcpy(text + len, "\r\n", 2);
    len += 2;
    for (size_t i = 0; i < count; i++) {
        memcpy(text + len, "a:", 2);
        memset(text + len + 2, 'v', values[i]);
        memcpy(text + len + 2 + values[i], "\r\n", 2);
        len += values[i] + 4;
    }
    memcpy(text + len, "\r\n", 2);
    return span_of(text, len + 2);
}

static void check_head_of(size_t reason, const size_t *values, size_t count, enum outcome outcome,
                          uint64_t offset)
{
    struct row row = {head_of(reason, values, count), outcome, offset};

    if (!outcome)
        row.offset = row.in.len;
    check(&row);
    if (outcome) { // before the line is complete, and also when all came at once
        row.in.len = (size_t)offset + 2;
        check(&row);
    }
}

static void each_limit_has_its_outcome(void **state)
{
    const size_t full[] = {254, 250}, long_line[] = {1, 255}, long_section[] = {254, 251};
    size_t many[MESSAGE_FIELDS_FEW + 1] = {0};

    (void)state;
    check_head_of(64 - 13, NULL, 0, OUTCOME_NONE, 0);
    check_head_of(64 - 13 + 1, NULL, 0, OUTCOME_upstream_status_line_malformed, 64);
    check_head_of(0, full, 2, OUTCOME_NONE, 0);
    check_head_of(0, long_line, 2, OUTCOME_upstream_field_too_large, 15 + 5 + 256);
    check_head_of(0, long_section, 2, OUTCOME_upstream_section_too_large, 15 + 512);
    check_head_of(0, many, MESSAGE_FIELDS_FEW, OUTCOME_NONE, 0);
    check_head_of(0, many, MESSAGE_FIELDS_FEW + 1, OUTCOME_upstream_section_too_large,
                  15 + 4 * MESSAGE_FIELDS_FEW);
}

/* A line within its limit that does not end is found too large while it drips in, at the latest
 * some bytes behind the limit. */
static void a_line_without_end_is_not_waited_for(void **state)
{
    const size_t values[] = {1, 2000};
    struct span in = head_of(0, values, 2);
    ptrdiff_t n = H1_MORE;
    size_t len = 0;

    (void)state;
    while (n == H1_MORE && len < in.len) {
        n = read_exact(span_first(in, len + 1), len);
        len++;
    }
    assert_int_equal(n, H1_BAD);
    assert_int_equal(message.violation.outcome, OUTCOME_upstream_field_too_large);
    assert_in_range(len, 15 + 5 + 256, 15 + 5 + 256 + 4);
}

static void more_fields_than_the_message_holds_need_an_arena(void **state)
{
    struct h1_client_limits more = limits;
    size_t many[MESSAGE_FIELDS_FEW + 1] = {0};
    struct span in = head_of(0, many, MESSAGE_FIELDS_FEW + 1);
    struct message m = {0};

    (void)state;
    more.fields = MESSAGE_FIELDS;
    assert_int_equal(h1_read_answer(&m, &answer, in, 0, &more), H1_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_line_is_version_status_and_reason),
        cmocka_unit_test(field_lines_are_as_strict_as_those_of_requests),
        cmocka_unit_test(repeated_singletons_that_protect_nothing_are_taken),
        cmocka_unit_test(framing_that_can_be_read_in_two_ways_is_refused),
        cmocka_unit_test(what_becomes_of_the_connection_is_told),
        cmocka_unit_test(each_limit_has_its_outcome),
        cmocka_unit_test(a_line_without_end_is_not_waited_for),
        cmocka_unit_test(more_fields_than_the_message_holds_need_an_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
