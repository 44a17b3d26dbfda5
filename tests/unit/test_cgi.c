// SPDX-License-Identifier: MIT
/*
 * Heads of CGI responses (RFC 3875 §6): each row is read whole, byte by byte, and split at every
 * place.
 */
#include "unit.h"
#include "wire/cgi.h"

static const struct h1_client_limits limits = {1, 64, 128, 4, 1};
static struct message message;

struct row {
    struct span in;
    enum outcome outcome;
    uint64_t offset; // of the violation, or the head's length
    unsigned status;
};

static ptrdiff_t read_exact(struct span in, size_t seen)
{
    static char *copy;

    free(copy);
    copy = NULL;
    if (in.len == 0)
        return cgi_read_head(&message, (struct span){NULL, 0}, seen, &limits);
    copy = malloc(in.len);
    assert_non_null(copy);
    memcpy(copy, in.ptr, in.len);
    return cgi_read_head(&message, span_of(copy, in.len), seen, &limits);
}

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
            (row->outcome && v.offset != row->offset) ||
            (row->status && message.status != row->status))
            fail_msg("\"%.*s\" split at %zu: result %td, %u, outcome %s at %llu", SPAN_ARG(row->in),
                     split, n, message.status, outcome_table[v.outcome].token.ptr,
                     (unsigned long long)v.offset);
    }
}

#define CHECK(rows)                                                                                \
    for (size_t row_index = 0; row_index < sizeof(rows) / sizeof *(rows); row_index++)             \
    check(&(rows)[row_index])

#define GOOD(text, status)                                                                         \
    {                                                                                              \
        SPAN_INIT(text), OUTCOME_NONE, sizeof(text) - 1, status                                    \
    }
#define WRONG(text, outcome, offset)                                                               \
    {                                                                                              \
        SPAN_INIT(text), OUTCOME_upstream_##outcome, offset, 0                                     \
    }
#define MORE(text)                                                                                 \
    {                                                                                              \
        SPAN_INIT(text), OUTCOME_NONE, H1_MORE, 0                                                  \
    }

/* §6.2, §6.3.2, §6.3.3 */
static void the_status_is_what_the_fields_say(void **state)
{
    static const struct row rows[] = {
        GOOD("Content-Type: a/b\r\n\r\n", 200),
        GOOD("Content-Type: a/b\n\n", 200),
        GOOD("X: y\nZ: a\r\n\r\n", 200),
        GOOD("Status: 404 Not Found\r\nContent-Type: a/b\r\n\r\n", 404),
        GOOD("Content-Type: a/b\nstatus:204\n\n", 204),
        GOOD("Status: 599\n\n", 599),
        GOOD("Location: http://a/\n\n", 302),
        GOOD("Location: /a\n\n", 302),
        GOOD("Location: /a\nStatus: 201 Created\n\n", 201),
        MORE("Content-Type: a/b\n"),
        MORE("Content-Type: a/b\n\r"),
        MORE("Status: 404"),
        MORE(""),
        WRONG("Status: \n\n", status_line_malformed, 8),
        WRONG("Status: OK\n\n", status_line_malformed, 8),
        WRONG("Status: 20\n\n", status_line_malformed, 8),
        WRONG("Status: 2000\n\n", status_line_malformed, 8),
        WRONG("Status: 200OK\n\n", status_line_malformed, 8),
        WRONG("Status: 600\n\n", status_line_malformed, 8),
        WRONG("Status: 099\n\n", status_line_malformed, 8),
        WRONG("Status: 100 Continue\n\n", status_line_malformed, 8),
        WRONG("Status: 200\nStatus: 200\n\n", malformed, 12),
        WRONG("\n", malformed, 0),
        WRONG("\r\n", malformed, 0),
    };

    (void)state;
    CHECK(rows);
}

static void status_is_no_field_that_is_passed_on(void **state)
{
    struct span in = SPAN("X: 1\nETag: \"a\"\nStatus: 201  Made \nETag: \"b\"\n\nrest");

    (void)state;
    assert_int_equal(read_exact(in, 0), in.len - 4);
    assert_int_equal(message.status, 201);
    assert_true(span_eq(message.reason, SPAN("Made")));
    assert_int_equal(message.field_count, 3);
    assert_int_equal(message.first[FIELD_OTHER], 1);
    assert_int_equal(message.first[FIELD_etag], 2);
    assert_true(span_eq(field_line_value(&message.fields[2]), SPAN("\"b\"")));
    in = SPAN("Status: 201\nETag: \"a\"\n\n");
    assert_int_equal(read_exact(in, 0), in.len);
    assert_int_equal(message.field_count, 1);
    assert_int_equal(message.first[FIELD_OTHER], 0);
    assert_true(span_eq(message_field(&message, FIELD_etag), SPAN("\"a\"")));
}

/* RFC 9110 §5: what is passed on must be fit for it. */
static void lines_are_strict_but_for_their_ends(void **state)
{
    static const struct row rows[] = {
        WRONG("<html>\n", malformed, 0),
        WRONG("a\n\n", malformed, 1),
        WRONG("a : b\n\n", malformed, 1),
        WRONG(" a: b\n\n", malformed, 0),
        WRONG("a: b\n c\n\n", malformed, 5),
        WRONG("a: b\rc: d\n\n", malformed, 4),
        WRONG("a: b\x00\n\n", malformed, 4),
        WRONG("a: b\x1b\n\n", malformed, 4),
        WRONG("PHP message: x(y): z\n\n", malformed, 3),
    };

    (void)state;
    CHECK(rows);
}

static void a_length_is_checked_and_codings_mean_nothing(void **state)
{
    static const struct row rows[] = {
        GOOD("Content-Length: 5\n\n", 200),
        GOOD("Content-Length: 5\nContent-Length: 5\n\n", 200),
        GOOD("Transfer-Encoding: chunked\nContent-Length: 5\n\n", 200),
        WRONG("Content-Length: 5\nContent-Length: 6\n\n", length_malformed, 34),
        WRONG("Content-Length: x\n\n", length_malformed, 16),
    };

    (void)state;
    CHECK(rows);
    assert_int_equal(read_exact(rows[0].in, 0), rows[0].in.len);
    assert_int_equal(message.framing, FRAMING_LENGTH);
    assert_int_equal(message.content_length, 5);
    assert_true(read_exact(SPAN("A: b\n\n"), 0) > 0);
    assert_int_equal(message.framing, FRAMING_OPEN);
}

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void each_limit_has_its_outcome(void **state)
{
    static const struct row rows[] = {
        GOOD("abc:" SIXTY "\r\n\n", 200),
        WRONG("abcd:" SIXTY "\r\n\n", field_too_large, 64),
        WRONG("abcd:" SIXTY SIXTY SIXTY, field_too_large, 64),
        GOOD("a:" SIXTY "\r\na:" SIXTY "\r\n\r\n", 200),
        WRONG("a:" SIXTY "\r\nab:" SIXTY "\r\n\r\n", section_too_large, 128),
        WRONG("a:" SIXTY "\na:" SIXTY "\na: b\n\n", section_too_large, 128),
        GOOD("a:\na:\na:\na:\n\n", 200),
        WRONG("a:\na:\na:\na:\na:\n\n", section_too_large, 12),
    };

    (void)state;
    CHECK(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_is_what_the_fields_say),
        cmocka_unit_test(status_is_no_field_that_is_passed_on),
        cmocka_unit_test(lines_are_strict_but_for_their_ends),
        cmocka_unit_test(a_length_is_checked_and_codings_mean_nothing),
        cmocka_unit_test(each_limit_has_its_outcome),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
