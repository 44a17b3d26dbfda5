// SPDX-License-Identifier: MIT
/*
 * What is written for HTTP/1 (RFC 9112): it reads back as what was meant, whatever was given.
 */
#include "unit.h"
#include "wire/h1.h"
#include "wire/h1_request.h"

static const struct h1_limits limits = {1000, 1000, 16};

static void assert_text(struct buf *b, struct span text)
{
    if (!span_eq(buf_span(b), text))
        fail_msg("\"%.*s\" instead of \"%.*s\"", SPAN_ARG(buf_span(b)), SPAN_ARG(text));
    assert_false(b->failed);
    buf_clear(b);
}

/* §3 */
static void a_request_reads_back_as_it_was_written(void **state)
{
    static struct message m;
    struct h1_head head;
    struct buf b = {0};

    (void)state;
    assert_true(h1_add_request_line(&b, SPAN("PUT"), SPAN("/a%20b?c=\xe4")));
    assert_true(h1_add_request_field(&b, SPAN("Host"), SPAN("example.org")));
    assert_true(h1_add_request_field(&b, SPAN("X-Empty"), SPAN("")));
    assert_true(h1_add_request_field(&b, SPAN("X-Text"),
                                     SPAN("\tGr\xfc\xdf"
                                          "e\t")));
    h1_add_length(&b, UINT64_MAX / 2);
    buf_add(&b, SPAN(H1_SECTION_END));
    assert_text(&b, SPAN("PUT /a%20b?c=\xe4 HTTP/1.1\r\nHost: example.org\r\nX-Empty: \r\n"
                         "X-Text: \tGr\xfc\xdf"
                         "e\t\r\nContent-Length: 9223372036854775807\r\n\r\n"));
    assert_true(h1_add_request_line(&b, SPAN("GET"), SPAN("/")));
    assert_true(h1_add_request_field(&b, SPAN("Host"), SPAN("a")));
    buf_add(&b, SPAN(H1_CHUNKED H1_SECTION_END));
    assert_int_equal(h1_read_head(&m, &head, buf_span(&b), 0, &limits), b.len);
    assert_int_equal(m.framing, FRAMING_OPEN);
    assert_int_equal(m.field_count, 2);
    buf_done(&b);
}

static void what_would_end_the_request_line_is_refused(void **state)
{
    static const struct span methods[] = {SPAN_INIT(""), SPAN_INIT("GET "), SPAN_INIT("G\r\nT"),
                                          SPAN_INIT("G:T"), SPAN_INIT("\x00")};
    static const struct span targets[] = {SPAN_INIT(""),
                                          SPAN_INIT("/ "),
                                          SPAN_INIT("/a b"),
                                          SPAN_INIT("/\t"),
                                          SPAN_INIT("/\r\nX:"),
                                          SPAN_INIT("/\n"),
                                          SPAN_INIT("/\0a"),
                                          SPAN_INIT("/\x7f"),
                                          SPAN_INIT("/a-rather-long-target-of-all HTTP/1.1")};
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        assert_false(h1_add_request_line(&b, methods[i], SPAN("/")));
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        assert_false(h1_add_request_line(&b, SPAN("GET"), targets[i]));
    assert_text(&b, SPAN(""));
    buf_done(&b);
}

/* RFC 9110 §5.1, §5.5 */
static void no_field_can_begin_another(void **state)
{
    static const struct span names[] = {SPAN_INIT(""),       SPAN_INIT("a b"), SPAN_INIT("a:"),
                                        SPAN_INIT("a\r\nb"), SPAN_INIT(" a"),  SPAN_INIT("\xe4"),
                                        SPAN_INIT("a\0")};
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_false(h1_add_field(&b, names[i], SPAN("b")));
        assert_false(h1_add_request_field(&b, names[i], SPAN("b")));
        assert_false(h1_add_trailer(&b, names[i], SPAN("b")));
    }
    assert_text(&b, SPAN(""));
    assert_true(h1_add_field(&b, SPAN("A"), SPAN("b\r\nC: d\0\x7f\x1b\t\xe4")));
    assert_text(&b, SPAN("A: b  C: d   \t\xe4\r\n"));
    buf_done(&b);
}

static void a_known_field_has_the_name_of_the_table(void **state)
{
    struct buf b = {0};

    (void)state;
    h1_add_known_field(&b, FIELD_via, SPAN("1.1 a\r\nb"));
    h1_add_known_field(&b, FIELD_host, SPAN(""));
    assert_text(&b, SPAN("Via: 1.1 a  b\r\nHost: \r\n"));
    buf_done(&b);
}

static void framing_is_not_told_by_a_field_of_a_request(void **state)
{
    struct buf b = {0};

    (void)state;
    assert_false(h1_add_request_field(&b, SPAN("content-length"), SPAN("1")));
    assert_false(h1_add_request_field(&b, SPAN("TRANSFER-ENCODING"), SPAN("chunked")));
    assert_text(&b, SPAN(""));
    buf_done(&b);
}

static void lines_that_were_read_are_passed_on_as_they_are(void **state)
{
    static struct message m;
    struct h1_head head;
    struct buf b = {0};

    (void)state;
    assert_true(h1_read_head(&m, &head,
                             SPAN("GET / HTTP/1.1\r\nhost:a\r\nX-a: \t b\tc \r\nY:\r\n\r\n"), 0,
                             &limits) > 0);
    for (unsigned i = 0; i < m.field_count; i++)
        h1_add_field_line(&b, &m.fields[i]);
    assert_text(&b, SPAN("host: a\r\nX-a: b\tc\r\nY: \r\n"));
    buf_done(&b);
}

/* §7.1.2, RFC 9110 §6.5.1 */
static void a_trailer_section_has_only_what_may_be_in_one(void **state)
{
    static const struct message m = {.framing = FRAMING_OPEN};
    struct buf b = {0};
    struct span in, data;
    struct h1_content c;
    enum h1_event event;

    (void)state;
    buf_add(&b, SPAN(H1_ZERO_CHUNK));
    assert_false(h1_add_trailer(&b, SPAN("Content-Length"), SPAN("1")));
    assert_false(h1_add_trailer(&b, SPAN("connection"), SPAN("close")));
    assert_false(h1_add_trailer(&b, SPAN("Keep-Alive"), SPAN("1")));
    assert_true(h1_add_trailer(&b, SPAN("grpc-status"), SPAN("0")));
    assert_true(h1_add_trailer(&b, SPAN("Repr-Digest"), SPAN("a\r\n\r\nb")));
    buf_add(&b, SPAN(H1_SECTION_END));
    in = buf_span(&b);
    h1_content_init(&c, &m, 0, &limits);
    while (h1_event_goes_on(event = h1_read_content(&c, &in, &data)))
        ;
    assert_int_equal(event, H1_CONTENT_END);
    assert_int_equal(in.len, 0);
    assert_text(&b, SPAN("0\r\ngrpc-status: 0\r\nRepr-Digest: a    b\r\n\r\n"));
    buf_done(&b);
}

/* A buffer that is too small has failed, and nobody wrote behind it. */
static void what_does_not_fit_fails_as_a_whole(void **state)
{
    static const struct field_line line = {
        .name = "Name", .name_length = 4, .value = "value", .value_length = 5};
    char memory[12];
    struct buf b = buf_in(memory, sizeof memory);

    (void)state;
    assert_true(h1_add_field(&b, SPAN("Name"), SPAN("valued")));
    assert_true(b.failed);
    assert_int_equal(b.len, 0);
    b = buf_in(memory, sizeof memory);
    h1_add_field_line(&b, &line);
    assert_true(b.failed);
    b = buf_in(memory, sizeof memory);
    assert_true(h1_add_request_line(&b, SPAN("GET"), SPAN("/")));
    assert_true(b.failed);
    assert_int_equal(b.len, 0);
    b = buf_in(memory, sizeof memory);
    assert_true(h1_add_field(&b, SPAN("Nam"), SPAN("value")));
    assert_text(&b, SPAN("Nam: value\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_reads_back_as_it_was_written),
        cmocka_unit_test(what_would_end_the_request_line_is_refused),
        cmocka_unit_test(no_field_can_begin_another),
        cmocka_unit_test(a_known_field_has_the_name_of_the_table),
        cmocka_unit_test(framing_is_not_told_by_a_field_of_a_request),
        cmocka_unit_test(lines_that_were_read_are_passed_on_as_they_are),
        cmocka_unit_test(a_trailer_section_has_only_what_may_be_in_one),
        cmocka_unit_test(what_does_not_fit_fails_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
