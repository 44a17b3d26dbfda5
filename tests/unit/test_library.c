// SPDX-License-Identifier: MIT
/* libcandor through its public headers alone. */
#include "unit.h"

#include <candor/accept.h>
#include <candor/date.h>
#include <candor/entity_tag.h>
#include <candor/field.h>
#include <candor/json_schema.h>
#include <candor/method.h>
#include <candor/outcome.h>
#include <candor/precondition.h>
#include <candor/range.h>
#include <candor/status.h>

#include <string.h>

/* A string as the pointer and length that the functions take. */
#define TEXT(literal) (literal), sizeof(literal) - 1

enum { NOW = 784111777 }; // Sun, 06 Nov 1994 08:49:37 GMT

static void statuses_are_walked_in_order_and_found(void **state)
{
    int last = 0;

    (void)state;
    for (const struct candor_status *s = candor_status_next(NULL); s; s = candor_status_next(s)) {
        assert_true(candor_status_code(s) > last);
        last = candor_status_code(s);
        assert_ptr_equal(candor_status_from_code(last), s);
        assert_int_equal(candor_status_class(s), last / 100);
    }
    assert_int_equal(last, 511);
    assert_null(candor_status_from_code(499));
    assert_null(candor_status_from_code(-1));
}

static void a_status_tells_what_goes_with_it(void **state)
{
    const struct candor_status *partial = candor_status_from_code(206);
    const struct candor_status *too_many = candor_status_from_code(429);

    (void)state;
    assert_string_equal(candor_status_reason(partial), "Partial Content");
    assert_string_equal(candor_status_section(partial), "RFC 9110 §15.3.7");
    assert_string_equal(candor_status_fields_must(partial), "Content-Range");
    assert_string_equal(candor_status_fields_should(partial), "");
    assert_non_null(strstr(candor_status_fields_repeated(partial), "ETag"));
    assert_string_equal(candor_status_fields_repeated(too_many), "");
    assert_string_equal(candor_status_fields_may(too_many), "Retry-After");
    assert_true(candor_status_is_cacheable(partial));
    assert_true(candor_status_has_content(partial));
    assert_false(candor_status_has_content(candor_status_from_code(204)));
    assert_true(candor_status_is_retryable(too_many));
    assert_true(candor_status_is_no_store(too_many));
    assert_true(candor_status_is_unused(candor_status_from_code(306)));
    assert_true(candor_status_matches(too_many, TEXT("too MANY")));
    assert_false(candor_status_matches(too_many, TEXT("teapot")));
}

static void unregistered_codes_are_walked(void **state)
{
    size_t nginx = 0;

    (void)state;
    for (const struct candor_unregistered *u = candor_unregistered_next(NULL); u;
         u = candor_unregistered_next(u)) {
        assert_null(candor_status_from_code(candor_unregistered_code(u)));
        assert_true(*candor_unregistered_name(u) && *candor_unregistered_meaning(u));
        nginx += strcmp(candor_unregistered_user(u), "nginx") == 0;
    }
    assert_int_equal(nginx, 6);
}

static void outcomes_are_walked_and_found_by_token(void **state)
{
    const struct candor_outcome *outcome = candor_outcome_from_token(TEXT("header-timeout"));
    size_t count = 0;

    (void)state;
    for (const struct candor_outcome *o = candor_outcome_next(NULL); o;
         o = candor_outcome_next(o)) {
        const char *token = candor_outcome_token(o);

        assert_ptr_equal(candor_outcome_from_token(token, strlen(token)), o);
        assert_non_null(candor_status_from_code(candor_outcome_status(o)));
        count++;
    }
    assert_true(count > 50);
    assert_int_equal(candor_outcome_status(outcome), 408);
    assert_true(*candor_outcome_title(outcome) && *candor_outcome_client_advice(outcome));
    assert_true(*candor_outcome_operator_advice(outcome));
    assert_null(candor_outcome_proxy_error(outcome));
    assert_true(candor_outcome_matches(outcome, TEXT("HEAD")));
    assert_null(candor_outcome_from_token(TEXT("")));
}

/* RFC 9110 §9.2.1, §9.2.2 */
static void methods_are_walked_and_found(void **state)
{
    const struct candor_method *put = candor_method_from_name(TEXT("PUT"));
    size_t count = 0;

    (void)state;
    for (const struct candor_method *m = candor_method_next(NULL); m; m = candor_method_next(m))
        count++;
    assert_true(count >= 9);
    assert_string_equal(candor_method_name(put), "PUT");
    assert_string_equal(candor_method_section(put), "RFC 9110 §9.3.4");
    assert_false(candor_method_is_safe(put));
    assert_true(candor_method_is_idempotent(put));
    assert_null(candor_method_from_name(TEXT("put")));
}

static void fields_are_walked_and_found(void **state)
{
    const struct candor_field *cookie = candor_field_from_name(TEXT("cookie"));
    const struct candor_field *upgrade = candor_field_from_name(TEXT("UPGRADE"));
    const char *last = "";

    (void)state;
    for (const struct candor_field *f = candor_field_next(NULL); f; f = candor_field_next(f)) {
        assert_true(strcasecmp(last, candor_field_name(f)) < 0);
        last = candor_field_name(f);
    }
    assert_string_equal(last, "X-Update-Range");
    assert_true(candor_field_is_secret(cookie) && !candor_field_is_list(cookie));
    assert_true(candor_field_is_hop_by_hop(upgrade) && candor_field_is_list(upgrade));
    assert_true(candor_field_is_singleton(candor_field_from_name(TEXT("Range"))));
    assert_true(candor_field_is_forbidden_in_trailers(candor_field_from_name(TEXT("host"))));
    assert_string_equal(candor_field_section(upgrade), "RFC 9110 §7.8");
    assert_null(candor_field_from_name(TEXT("X-Nobody-Knows")));
}

/* RFC 9110 §5.6.7 */
static void dates_are_written_and_read(void **state)
{
    char text[CANDOR_DATE_SIZE];
    int64_t seconds = 7;

    (void)state;
    candor_date_format(NOW, text);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(candor_date_parse(text, strlen(text), NOW, &seconds));
    assert_int_equal(seconds, NOW);
    assert_true(candor_date_parse(TEXT("Sunday, 06-Nov-94 08:49:37 GMT"), NOW, &seconds));
    assert_int_equal(seconds, NOW);
    seconds = 7;
    assert_false(candor_date_parse(TEXT("yesterday"), NOW, &seconds));
    assert_int_equal(seconds, 7);
}

/* RFC 9110 §8.8.3.2 */
static void entity_tags_are_compared_strongly_and_weakly(void **state)
{
    struct candor_entity_tag strong, weak;

    (void)state;
    assert_true(candor_entity_tag_parse(TEXT("\"a\""), &strong));
    assert_true(candor_entity_tag_parse(TEXT("W/\"a\""), &weak));
    assert_false(candor_entity_tag_parse(TEXT("a"), &weak));
    assert_int_equal(strong.opaque_length, 1);
    assert_true(candor_entity_tag_equal_strong(&strong, &strong));
    assert_false(candor_entity_tag_equal_strong(&strong, &weak));
    assert_true(candor_entity_tag_equal_weak(&strong, &weak));
}

/* RFC 9110 §13.2.2 */
static void preconditions_are_evaluated(void **state)
{
    struct candor_validators known = {.exists = true, .etag = "\"a\"", .etag_length = 3};
    struct candor_preconditions none = {0}, same = {0}, other = {0}, range = {0}, bad = {0};

    (void)state;
    same.if_none_match = "\"a\"";
    same.if_none_match_length = 3;
    other.if_match = "\"b\"";
    other.if_match_length = 3;
    range.range = "bytes=0-1";
    range.range_length = 9;
    range.if_range = "\"b\"";
    range.if_range_length = 3;
    bad.if_match = "b";
    bad.if_match_length = 1;
    assert_int_equal(candor_precondition_evaluate(&none, &known, true, NOW),
                     CANDOR_PRECONDITION_PROCEED);
    assert_int_equal(candor_precondition_evaluate(&same, &known, true, NOW),
                     CANDOR_PRECONDITION_NOT_MODIFIED);
    assert_int_equal(candor_precondition_evaluate(&same, &known, false, NOW),
                     CANDOR_PRECONDITION_FAILED);
    assert_int_equal(candor_precondition_evaluate(&other, &known, false, NOW),
                     CANDOR_PRECONDITION_FAILED);
    assert_int_equal(candor_precondition_evaluate(&range, &known, true, NOW),
                     CANDOR_PRECONDITION_PROCEED_WHOLE);
    assert_int_equal(candor_precondition_evaluate(&bad, &known, false, NOW),
                     CANDOR_PRECONDITION_MALFORMED);
    known.etag = NULL;
    assert_int_equal(candor_precondition_evaluate(&same, &known, true, NOW),
                     CANDOR_PRECONDITION_PROCEED);
}

/* RFC 9110 §14.2 */
static void ranges_are_read(void **state)
{
    struct candor_range ranges[CANDOR_RANGES_MAX];
    size_t count = 7;

    (void)state;
    assert_int_equal(candor_range_parse(TEXT("bytes=0-4,-10"), 100, ranges, &count),
                     CANDOR_RANGE_SATISFIABLE);
    assert_int_equal(count, 2);
    assert_true(ranges[0].first == 0 && ranges[0].length == 5);
    assert_true(ranges[1].first == 90 && ranges[1].length == 10);
    assert_int_equal(candor_range_parse(TEXT("bytes=100-"), 100, ranges, &count),
                     CANDOR_RANGE_NOT_SATISFIABLE);
    assert_int_equal(candor_range_parse(TEXT("lines=1-2"), 100, ranges, &count),
                     CANDOR_RANGE_IGNORE);
    assert_int_equal(count, 2);
}

/* RFC 9110 §12.5.1, §12.5.3 */
static void the_best_offer_is_chosen(void **state)
{
    const char *const types[] = {"text/html; charset=utf-8", "application/json"};
    const char *const codings[] = {"br", "gzip"};

    (void)state;
    assert_int_equal(candor_accept_choose_type(TEXT("application/*, */*;q=0.1"), types, 2), 1);
    assert_int_equal(candor_accept_choose_type(NULL, 0, types, 2), 0);
    assert_int_equal(candor_accept_choose_type(TEXT("image/png"), types, 2), -1);
    assert_int_equal(candor_accept_choose_coding(TEXT("gzip, br;q=0.5"), codings, 2), 1);
    assert_int_equal(candor_accept_choose_coding(NULL, 0, codings, 2), -1);
    assert_int_equal(candor_accept_coding_quality(TEXT("gzip;q=0.5"), "gzip"), 500);
    assert_int_equal(candor_accept_coding_quality(TEXT("identity;q=0"), "identity"), 0);
}

/* Offers beyond the limit are not looked at. */
static void only_so_many_offers_are_looked_at(void **state)
{
    const char *offers[CANDOR_OFFERS_MAX + 1];

    (void)state;
    for (size_t i = 0; i < CANDOR_OFFERS_MAX; i++)
        offers[i] = "text/plain";
    offers[CANDOR_OFFERS_MAX] = "image/png";
    assert_int_equal(candor_accept_choose_type(TEXT("image/png"), offers, CANDOR_OFFERS_MAX + 1),
                     -1);
}

static void a_text_is_checked_by_a_schema(void **state)
{
    const struct candor_json_schema_document document = {TEXT("urn:a"),
                                                         TEXT("{\"type\":\"null\"}")};
    const struct candor_json_schema_options options = {.documents = &document, .document_count = 1};
    struct candor_json_schema_fault fault;
    struct candor_json_schema *schema;
    struct candor_json_report *report;

    (void)state;
    assert_null(candor_json_schema_compile(TEXT("{\"$ref\":\"urn:b\"}"), &options, &fault));
    assert_string_equal(fault.place, "/$ref");
    schema = candor_json_schema_compile(TEXT("{\"items\":{\"$ref\":\"urn:a\"}}"), &options, &fault);
    assert_non_null(schema);
    assert_int_equal(candor_json_schema_check(schema, TEXT("[null]"), &report), CANDOR_JSON_VALID);
    assert_null(report);
    assert_int_equal(candor_json_schema_check(schema, TEXT("[null,1]"), NULL),
                     CANDOR_JSON_VIOLATED);
    assert_int_equal(candor_json_schema_check(schema, TEXT("[null,1]"), &report),
                     CANDOR_JSON_VIOLATED);
    assert_int_equal(candor_json_report_count(report), 1);
    assert_false(candor_json_report_has_more(report));
    assert_string_equal(candor_json_report_instance(report, 0), "/1");
    assert_string_equal(candor_json_report_place(report, 0), "urn:a#/type");
    assert_string_equal(candor_json_report_keyword(report, 0), "type");
    assert_string_equal(candor_json_report_expected(report, 0), "null");
    assert_string_equal(candor_json_report_found(report, 0), "the number 1");
    assert_null(candor_json_report_message(report));
    candor_json_report_free(report);
    assert_int_equal(candor_json_schema_check(schema, TEXT("[\n,]"), &report),
                     CANDOR_JSON_MALFORMED);
    assert_int_equal(candor_json_report_count(report), 0);
    assert_int_equal(candor_json_report_line(report), 2);
    assert_int_equal(candor_json_report_column(report), 1);
    assert_int_equal(candor_json_report_offset(report), 2);
    assert_string_equal(candor_json_report_message(report), "expected a value; found \",\"");
    candor_json_report_free(report);
    candor_json_schema_free(schema);
    schema = candor_json_schema_compile(TEXT("{\"$dynamicAnchor\":\"a\",\"$dynamicRef\":\"#a\"}"),
                                        NULL, &fault);
    assert_int_equal(candor_json_schema_check(schema, TEXT("1"), &report), CANDOR_JSON_TOO_COSTLY);
    assert_null(report);
    candor_json_schema_free(schema);
    candor_json_schema_free(NULL);
    candor_json_report_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_are_walked_in_order_and_found),
        cmocka_unit_test(a_status_tells_what_goes_with_it),
        cmocka_unit_test(unregistered_codes_are_walked),
        cmocka_unit_test(outcomes_are_walked_and_found_by_token),
        cmocka_unit_test(methods_are_walked_and_found),
        cmocka_unit_test(fields_are_walked_and_found),
        cmocka_unit_test(dates_are_written_and_read),
        cmocka_unit_test(entity_tags_are_compared_strongly_and_weakly),
        cmocka_unit_test(preconditions_are_evaluated),
        cmocka_unit_test(ranges_are_read),
        cmocka_unit_test(the_best_offer_is_chosen),
        cmocka_unit_test(only_so_many_offers_are_looked_at),
        cmocka_unit_test(a_text_is_checked_by_a_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
