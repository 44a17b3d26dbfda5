// SPDX-License-Identifier: MIT
#include "unit.h"

#include "graph/exchange.h"
#include "wire/h1.h"

static struct exchange x;

static void read_request(const char *text)
{
    static const struct h1_limits limits = {1000, 1000, 100};
    struct h1_head head;

    assert_true(h1_read_head(&x.request, &head, span_from_str(text), 0, &limits) > 0);
}

static int setup(void **state)
{
    (void)state;
    return arena_init(&x.arena, 4096);
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&x.arena);
    return 0;
}

static void assert_field(enum field id, const char *expected)
{
    assert_true(span_eq(exchange_field(&x, id), span_from_str(expected)));
}

/* RFC 9110 §5.3 */
static void lines_of_a_list_field_are_joined_in_order(void **state)
{
    (void)state;
    exchange_reset(&x);
    read_request("GET / HTTP/1.1\r\nHost: a\r\nAccept: a/b\r\nX: y\r\naccept: \r\nACCEPT: c/d,e/f"
                 "\r\nAccept-Encoding: br\r\n\r\n");
    assert_field(FIELD_accept, "a/b, , c/d,e/f");
    assert_field(FIELD_accept_encoding, "br");
    assert_null(exchange_field(&x, FIELD_if_match).ptr);
}

static void an_empty_line_of_a_list_field_is_there(void **state)
{
    (void)state;
    exchange_reset(&x);
    read_request("GET / HTTP/1.1\r\nHost: a\r\nAccept:\r\n\r\n");
    assert_non_null(exchange_field(&x, FIELD_accept).ptr);
    assert_field(FIELD_accept, "");
}

static void add_trailer(enum field id, const char *value)
{
    struct span rest = span_from_str(value);

    while (rest.len) { // as it may come, byte by byte
        assert_true(exchange_add_trailer(&x, id, span_first(rest, 1)));
        rest = span_from(rest, 1);
    }
    assert_true(exchange_add_trailer(&x, id, SPAN("")));
}

static void assert_trailer(enum field id, const char *expected)
{
    assert_non_null(exchange_trailer(&x, id).ptr);
    assert_true(span_eq(exchange_trailer(&x, id), span_from_str(expected)));
}

/* RFC 9110 §5.3, §6.5.1 */
static void trailers_that_count_are_kept_and_others_are_not(void **state)
{
    (void)state;
    exchange_reset(&x);
    add_trailer(FIELD_content_digest, "\ta b ");
    add_trailer(FIELD_OTHER, "x");
    add_trailer(FIELD_repr_digest, "");
    add_trailer(FIELD_etag, "x");
    add_trailer(FIELD_content_digest, "");
    add_trailer(FIELD_content_digest, "c");
    assert_trailer(FIELD_content_digest, "a b , , c");
    assert_trailer(FIELD_repr_digest, "");
    assert_null(exchange_trailer(&x, FIELD_etag).ptr);
    assert_null(exchange_trailer(&x, FIELD_OTHER).ptr);
    exchange_reset(&x);
    assert_null(exchange_trailer(&x, FIELD_content_digest).ptr);
}

/* RFC 9110 §6.5.1, §6.6.2; RFC 9530 §2, §3 */
static void no_trailer_that_counts_is_forbidden(void **state)
{
    (void)state;
    for (int f = 0; f < FIELD_COUNT; f++) {
        bool counts = field_table[f].flags & FIELD_FLAG_TRAILER;

        assert_false(counts && field_table[f].flags & FIELD_FLAG_FRAMING);
        assert_int_equal(counts, f == FIELD_content_digest || f == FIELD_repr_digest);
    }
}

static void the_first_cause_wins(void **state)
{
    (void)state;
    exchange_reset(&x);
    exchange_fail(&x, OUTCOME_content_incomplete, 7, NULL);
    exchange_fail(&x, OUTCOME_read_failed, 9, NULL);
    assert_int_equal(x.failure.cause, OUTCOME_content_incomplete);
    assert_int_equal(x.failure.offset, 7);
}

/* RFC 9457 §3.1.4: less than the truth is never told as all of it. */
static void a_sentence_that_cannot_be_made_is_told(void **state)
{
    size_t most = x.arena.most;

    (void)state;
    exchange_reset(&x);
    exchange_fail(&x, OUTCOME_xml_malformed, 0, "Line %d.", 7);
    assert_true(span_eq(x.failure.detail, SPAN("Line 7.")) && !x.response.failed);
    exchange_reset(&x);
    x.arena.at = x.arena.end;
    x.arena.most = 0;
    exchange_fail(&x, OUTCOME_xml_malformed, 0, "Line %d.", 7);
    x.arena.most = most;
    assert_int_equal(x.failure.cause, OUTCOME_xml_malformed);
    assert_true(x.response.failed);
}

static void response_fields_keep_their_order(void **state)
{
    const struct response_field *f;

    (void)state;
    exchange_reset(&x);
    exchange_add_field(&x, SPAN("A"), SPAN("1"));
    exchange_add_fieldf(&x, SPAN("B"), "%d/%s", 2, "two");
    f = x.response.fields;
    assert_true(span_eq(f->name, SPAN("A")) && span_eq(f->value, SPAN("1")));
    f = f->next;
    assert_true(span_eq(f->name, SPAN("B")) && span_eq(f->value, SPAN("2/two")));
    assert_null(f->next);
}

static void nothing_of_one_request_is_left_for_the_next(void **state)
{
    static const struct exchange_host host;
    int carrier;

    (void)state;
    exchange_reset(&x);
    x.host = &host;
    x.carrier = &carrier;
    read_request("GET /a HTTP/1.1\r\nHost: a\r\nIf-Match: *\r\nRange: bytes=0-\r\n\r\n");
    exchange_add_field(&x, SPAN("A"), SPAN("1"));
    exchange_fail(&x, OUTCOME_read_failed, 9, NULL);
    x.walk.known = UINT32_MAX;
    x.walk.trail_length = 3;
    x.walk.at = 5;
    x.representation.exists = true;
    exchange_reset(&x);
    assert_ptr_equal(x.host, &host);
    assert_ptr_equal(x.carrier, &carrier);
    assert_int_equal(x.failure.cause, OUTCOME_NONE);
    assert_int_equal(x.walk.known, 0);
    assert_int_equal(x.walk.trail_length, 0);
    assert_int_equal(x.walk.at, 0);
    assert_false(x.representation.exists);
    assert_null(x.response.fields);
    assert_int_equal(x.request.field_count, 0);
    for (int f = 0; f < FIELD_COUNT; f++)
        assert_int_equal(x.request.first[f], 0);
    exchange_add_field(&x, SPAN("B"), SPAN("2"));
    assert_true(span_eq(x.response.fields->name, SPAN("B")));
}

/* There may be many at a time: one that waits takes little. */
static void an_exchange_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct exchange) <= 2048);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_list_field_are_joined_in_order),
        cmocka_unit_test(an_empty_line_of_a_list_field_is_there),
        cmocka_unit_test(trailers_that_count_are_kept_and_others_are_not),
        cmocka_unit_test(no_trailer_that_counts_is_forbidden),
        cmocka_unit_test(the_first_cause_wins),
        cmocka_unit_test(a_sentence_that_cannot_be_made_is_told),
        cmocka_unit_test(response_fields_keep_their_order),
        cmocka_unit_test(an_exchange_is_small),
        cmocka_unit_test(nothing_of_one_request_is_left_for_the_next),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
