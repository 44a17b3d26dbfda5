// SPDX-License-Identifier: MIT
/*
 * FastCGI records: what is written, byte for byte, and what is read, in pieces of every length. The
 * sections are those of the FastCGI Specification 1.0.
 */
#include "unit.h"
#include "wire/fcgi.h"

#define OUT(length) "\1\6\0\1\0" length "\0\0"
#define ERR(length) "\1\7\0\1\0" length "\0\0"
#define END "\1\3\0\1\0\10\0\0"
#define ENDED END "\0\0\0\0\0\0\0\0"

static void assert_bytes(struct buf *b, struct span bytes)
{
    assert_false(b->failed);
    assert_int_equal(b->len, bytes.len);
    assert_memory_equal(b->ptr, bytes.ptr, bytes.len);
    buf_clear(b);
}

/* §5.1, §5.3, §5.4 */
static void a_request_begins_and_ends_as_specified(void **state)
{
    struct buf b = {0};
    char header[FCGI_HEADER];

    (void)state;
    fcgi_add_begin(&b, false);
    assert_bytes(&b, SPAN("\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0"));
    fcgi_add_begin(&b, true);
    assert_bytes(&b, SPAN("\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0"));
    fcgi_stdin_header(header, 0x1234);
    assert_memory_equal(header, "\1\5\0\1\x12\x34\0\0", FCGI_HEADER);
    fcgi_stdin_header(header, FCGI_CONTENT_MOST);
    assert_memory_equal(header, "\1\5\0\1\xff\xff\0\0", FCGI_HEADER);
    assert_int_equal(sizeof FCGI_STDIN_END - 1, FCGI_HEADER);
    assert_memory_equal(FCGI_STDIN_END, "\1\5\0\1\0\0\0\0", FCGI_HEADER);
    assert_memory_equal(FCGI_ABORT, "\1\2\0\1\0\0\0\0", FCGI_HEADER);
    buf_done(&b);
}

/* §3.4, §5.2 */
static void parameters_have_lengths_of_one_byte_or_four(void **state)
{
    char text[128];
    struct buf b = {0};
    struct fcgi_params p;

    (void)state;
    memset(text, 'x', sizeof text);
    fcgi_params_begin(&p, &b);
    fcgi_params_end(&p);
    assert_bytes(&b, SPAN("\1\4\0\1\0\0\0\0")); // none: the stream is empty
    fcgi_params_begin(&p, &b);
    assert_true(fcgi_params_add(&p, SPAN("NAME"), SPAN("a\0b\r\n")));
    assert_true(fcgi_params_add(&p, SPAN(""), SPAN("")));
    fcgi_params_end(&p);
    assert_bytes(&b, SPAN("\1\4\0\1\0\15\0\0\4\5NAMEa\0b\r\n\0\0\1\4\0\1\0\0\0\0"));
    fcgi_params_begin(&p, &b);
    assert_true(fcgi_params_add(&p, span_of(text, 127), span_of(text, 128)));
    fcgi_params_end(&p);
    assert_memory_equal(b.ptr, "\1\4\0\1\1\4\0\0\177\200\0\0\200x", 14);
    assert_int_equal(b.len, FCGI_HEADER + 1 + 4 + 127 + 128 + FCGI_HEADER);
    buf_done(&b);
}

/* The records of a stream of parameters, joined, and whether an empty one ends it. */
static struct buf join_params(struct span in)
{
    struct buf stream = {0};

    while (in.len) {
        const unsigned char *header = (const unsigned char *)in.ptr;
        size_t length;

        assert_true(in.len >= FCGI_HEADER);
        assert_memory_equal(header, "\1\4\0\1", 4);
        length = (size_t)header[4] << 8 | header[5];
        assert_int_equal(header[6], 0);
        assert_true(in.len >= FCGI_HEADER + length);
        assert_int_equal(length == 0, in.len == FCGI_HEADER);
        buf_add(&stream, span_first(span_from(in, FCGI_HEADER), length));
        in = span_from(in, FCGI_HEADER + length);
    }
    return stream;
}

/* What PHP takes: no parameter begins in one record and ends in another. */
static void a_parameter_that_a_record_can_hold_is_in_one(void **state)
{
    static char text[FCGI_CONTENT_MOST];
    struct buf b = {0};
    struct fcgi_params p;

    (void)state;
    fcgi_params_begin(&p, &b);
    assert_true(fcgi_params_add(&p, SPAN("A"), span_of(text, 100)));
    assert_true(fcgi_params_add(&p, SPAN("B"), span_of(text, FCGI_CONTENT_MOST - 6)));
    assert_true(fcgi_params_add(&p, SPAN("C"), span_of(text, 1)));
    fcgi_params_end(&p);
    assert_memory_equal(b.ptr, "\1\4\0\1\0\147\0\0\1\144A", 11);
    assert_memory_equal(b.ptr + 8 + 103,
                        "\1\4\0\1\xff\xff\0\0\1\200\0\xff\xf9"
                        "B",
                        14);
    assert_memory_equal(b.ptr + 8 + 103 + 8 + FCGI_CONTENT_MOST, "\1\4\0\1\0\4\0\0\1\1C\0", 12);
    assert_int_equal(b.len, 8 + 103 + 8 + FCGI_CONTENT_MOST + 8 + 4 + 8);
    buf_done(&b);
}

/* §3.3: a stream may be cut at any place. */
static void parameters_that_fill_a_record_go_on_in_the_next(void **state)
{
    static char text[3 * FCGI_CONTENT_MOST];
    static const size_t lengths[] = {FCGI_CONTENT_MOST - 7, FCGI_CONTENT_MOST - 6,
                                     FCGI_CONTENT_MOST - 5, FCGI_CONTENT_MOST - 4,
                                     FCGI_CONTENT_MOST,     sizeof text};

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i % 251);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf b = {0}, expected = {0}, stream;
        struct fcgi_params p;
        size_t n = lengths[i];
        const char length[] = {1, (char)(n >> 24 | 0x80), (char)(n >> 16), (char)(n >> 8), (char)n};

        fcgi_params_begin(&p, &b);
        assert_true(fcgi_params_add(&p, SPAN("A"), span_of(text, n)));
        assert_true(fcgi_params_add(&p, SPAN("B"), SPAN("c")));
        fcgi_params_end(&p);
        buf_add(&expected, span_of(length, sizeof length));
        buf_add(&expected, SPAN("A"));
        buf_add(&expected, span_of(text, n));
        buf_add(&expected, SPAN("\1\1Bc"));
        stream = join_params(buf_span(&b));
        assert_true(span_eq(buf_span(&stream), buf_span(&expected)));
        buf_done(&b);
        buf_done(&expected);
        buf_done(&stream);
    }
}

static void no_memory_for_parameters_is_told_by_the_buffer(void **state)
{
    char memory[FCGI_HEADER + 4];
    struct fcgi_params p;

    (void)state;
    for (size_t size = 0; size <= sizeof memory; size++) {
        struct buf b = buf_in(memory, size);

        fcgi_params_begin(&p, &b);
        assert_true(fcgi_params_add(&p, SPAN("A"), SPAN("bcdef")));
        fcgi_params_end(&p);
        assert_true(b.failed);
    }
    assert_false(fcgi_params_add(&p, span_of(memory, (size_t)INT32_MAX + 1), SPAN("")));
    assert_false(fcgi_params_add(&p, SPAN("A"), span_of(memory, (size_t)INT32_MAX + 1)));
}

struct row {
    struct span in, out, err;
    enum fcgi_event event;
    uint64_t offset; // of the violation, or bytes consumed
};

static void check(const struct row *row)
{
    for (size_t piece = 1; piece <= row->in.len + 1; piece++) {
        struct fcgi_reader r = {0};
        struct buf out = {0}, err = {0};
        struct span in = row->in, data;
        enum fcgi_event event = FCGI_MORE;

        for (bool more = true; more; more = event == FCGI_MORE && in.len) {
            struct span part = span_first(in, piece), rest;
            char *copy = malloc(part.len ? part.len : 1);

            assert_non_null(copy);
            if (part.len)
                memcpy(copy, part.ptr, part.len);
            rest = span_of(copy, part.len);
            while ((event = fcgi_read(&r, &rest, &data)) == FCGI_STDOUT || event == FCGI_STDERR) {
                assert_true(data.len > 0);
                buf_add(event == FCGI_STDOUT ? &out : &err, data);
            }
            assert_true(event != FCGI_MORE || rest.len == 0);
            in = span_from(in, part.len - rest.len);
            free(copy);
        }
        if (event != row->event ||
            (event == FCGI_BAD ? r.violation.offset : r.offset) != row->offset ||
            r.violation.outcome != (event == FCGI_BAD ? OUTCOME_upstream_malformed : OUTCOME_NONE))
            fail_msg("row at %zu bytes in pieces of %zu: event %d, %llu bytes, violation at %llu",
                     row->in.len, piece, (int)event, (unsigned long long)r.offset,
                     (unsigned long long)r.violation.offset);
        assert_true(span_eq(buf_span(&out), row->out));
        assert_true(span_eq(buf_span(&err), row->err));
        buf_done(&out);
        buf_done(&err);
    }
}

#define CHECK(rows)                                                                                \
    for (size_t row_index = 0; row_index < sizeof(rows) / sizeof *(rows); row_index++)             \
    check(&(rows)[row_index])

/* §3.3, §5.3, §5.5 */
static void records_are_read_whatever_their_pieces(void **state)
{
    static const struct row rows[] = {
#define GOOD(in, out, err, event)                                                                  \
    {SPAN_INIT(in), SPAN_INIT(out), SPAN_INIT(err), FCGI_##event, sizeof(in) - 1}
        GOOD("", "", "", MORE),
        GOOD(ENDED, "", "", END),
        GOOD(OUT("\3") "abc" ENDED, "abc", "", END),
        GOOD(OUT("\3") "abc" OUT("\0") ERR("\0") ENDED, "abc", "", END),
        GOOD(OUT("\0") OUT("\3") "abc" ENDED, "abc", "", END), // an empty flush ends nothing
        GOOD(OUT("\1") "a" ERR("\2") "bc" OUT("\1") "d" ENDED, "ad", "bc", END),
        GOOD("\1\6\0\1\0\2\3\xff"
             "ab\0x\1"
             "\1\6\0\1\0\0\2\0"
             "yz" ENDED,
             "ab", "", END), // padding
        GOOD("\1\3\0\1\0\10\4\0"
             "\0\0\0\0\0\0\0\0"
             "abcd",
             "", "", END),
        GOOD(OUT("\3") "ab", "ab", "", MORE),
        GOOD(OUT("\3") "abc", "abc", "", MORE),
        GOOD("\1\6\0\1", "", "", MORE),
        GOOD(END "\0\0\0\0", "", "", MORE),
        GOOD("\1\3\0\1\0\10\2\0"
             "\0\0\0\0\0\0\0\0"
             "a",
             "", "", MORE), // its padding is to come
    };
    static const struct row behind = {
        SPAN_INIT(ENDED OUT("\1") "a"), {NULL, 0}, {NULL, 0}, FCGI_END, 16};

    (void)state;
    CHECK(rows);
    check(&behind);
}

static void what_is_no_answer_to_this_request_is_refused(void **state)
{
    static const struct row rows[] = {
#define WRONG(in, out, offset) {SPAN_INIT(in), SPAN_INIT(out), {NULL, 0}, FCGI_BAD, offset}
        WRONG("\0\6\0\1\0\1\0\0", "", 0),
        WRONG("\2\6\0\1\0\1\0\0", "", 0),
        WRONG("HTTP/1.1 400 Bad Request\r\n", "", 0),
        WRONG(OUT("\1") "a"
                        "\1\6\0\2\0\1\0\0b",
              "a", 9 + 2), // another request's
        WRONG("\1\6\1\1\0\1\0\0a", "", 2),
        WRONG("\1\6\0\0\0\1\0\0a", "", 2),
        WRONG("\1\1\0\1\0\10\0\0", "", 1), // what only a web server sends
        WRONG("\1\5\0\1\0\1\0\0a", "", 1),
        WRONG("\1\10\0\1\0\1\0\0a", "", 1),
        WRONG("\1\13\0\0\0\10\0\0", "", 1), // FCGI_UNKNOWN_TYPE: nothing was asked
        WRONG("\1\3\0\1\0\7\0\0\0\0\0\0\0\0\0", "", 4),
        WRONG("\1\3\0\1\1\10\0\0\0\0\0\0\0\0\0\0", "", 4),
    };

    (void)state;
    CHECK(rows);
}

/* §5.5 */
static void the_end_tells_how_the_application_came_to_it(void **state)
{
    struct span in = SPAN(END "\x12\x34\x56\x78\2abc"), data;
    struct fcgi_reader r = {0};

    (void)state;
    assert_int_equal(fcgi_read(&r, &in, &data), FCGI_END);
    assert_int_equal(r.app_status, 0x12345678);
    assert_int_equal(r.protocol_status, FCGI_OVERLOADED);
    assert_int_equal(fcgi_read(&r, &in, &data), FCGI_END); // and stays so
}

/* A whole record of the longest content is handed out as it lies. */
static void data_is_not_copied(void **state)
{
    static char text[FCGI_HEADER + FCGI_CONTENT_MOST] = "\1\6\0\1\xff\xff";
    struct span in = span_of(text, sizeof text), data;
    struct fcgi_reader r = {0};

    (void)state;
    assert_int_equal(fcgi_read(&r, &in, &data), FCGI_STDOUT);
    assert_ptr_equal(data.ptr, text + FCGI_HEADER);
    assert_int_equal(data.len, FCGI_CONTENT_MOST);
    assert_int_equal(fcgi_read(&r, &in, &data), FCGI_MORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_begins_and_ends_as_specified),
        cmocka_unit_test(parameters_have_lengths_of_one_byte_or_four),
        cmocka_unit_test(a_parameter_that_a_record_can_hold_is_in_one),
        cmocka_unit_test(parameters_that_fill_a_record_go_on_in_the_next),
        cmocka_unit_test(no_memory_for_parameters_is_told_by_the_buffer),
        cmocka_unit_test(records_are_read_whatever_their_pieces),
        cmocka_unit_test(what_is_no_answer_to_this_request_is_refused),
        cmocka_unit_test(the_end_tells_how_the_application_came_to_it),
        cmocka_unit_test(data_is_not_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
