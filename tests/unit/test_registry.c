// SPDX-License-Identifier: MIT
/* The tables of the registry keep their promises, and say what the RFCs say. */
#include "registry/field.h"
#include "registry/method.h"
#include "registry/outcome.h"
#include "registry/search.h"
#include "registry/status.h"
#include "registry/verdict.h"
#include "unit.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>

/* True when the code is in the list, which ends with 0. */
static bool is_in(const int *codes, int code)
{
    while (*codes && *codes != code)
        codes++;
    return *codes != 0;
}

static struct span take_digits(struct span *s)
{
    size_t n = 0;

    while (n < s->len && isdigit((unsigned char)s->ptr[n]))
        n++;
    struct span digits = span_first(*s, n);
    *s = span_from(*s, n);
    return digits;
}

/* "RFC NNNN §N.N.N", where the first part may also be a letter, of an appendix. */
static bool is_rfc_section(const char *section)
{
    struct span rest = span_from_str(section);

    if (!span_starts(rest, SPAN("RFC ")))
        return false;
    rest = span_from(rest, 4);
    if (take_digits(&rest).len != 4 || !span_starts(rest, SPAN(" §")))
        return false;
    rest = span_from(rest, sizeof " §" - 1);
    if (rest.len && isupper((unsigned char)rest.ptr[0]))
        rest = span_from(rest, 1);
    else if (take_digits(&rest).len == 0)
        return false;
    while (rest.len) {
        if (rest.ptr[0] != '.')
            return false;
        rest = span_from(rest, 1);
        if (take_digits(&rest).len == 0)
            return false;
    }
    return true;
}

/* Whole sentences: something that ends with a full stop and has no doubled space. */
static bool is_prose(struct span text)
{
    return text.len > 10 && span_ends(text, SPAN(".")) && !search_contains(text, SPAN("  ")) &&
           text.ptr[0] != ' ' && !search_contains(text, SPAN(" .")) &&
           !search_contains(text, SPAN(" ,"));
}

static void codes_ascend_and_are_found(void **state)
{
    size_t found = 0;

    (void)state;
    for (size_t i = 1; i < status_count; i++)
        assert_true(status_table[i - 1].code < status_table[i].code);
    for (int code = -1; code <= 1000; code++) {
        const struct status_info *info = status_from_code(code);

        assert_true(!info || info->code == code);
        found += info != NULL;
    }
    assert_int_equal(found, status_count);
    assert_null(status_from_code(INT_MAX));
    assert_null(status_from_code(INT_MIN));
}

/* RFC 9112 §4: HTTP-version SP status-code SP reason-phrase */
static void status_line_is_ready_for_the_wire(void **state)
{
    (void)state;
    for (int code = 0; code < 1000; code++) {
        const struct status_info *info = status_from_code(code);
        char line[64];
        int n =
            snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", code, info ? info->reason.ptr : "");

        assert_true(span_eq(status_line(code), info ? span_of(line, (size_t)n) : SPAN("")));
    }
}

/* RFC 9110 §15.1, RFC 7725 §3 */
static void cacheable_by_default_is_what_the_rfcs_list(void **state)
{
    static const int cacheable[] = {200, 203, 204, 206, 300, 301, 308,
                                    404, 405, 410, 414, 451, 501, 0};

    (void)state;
    for (size_t i = 0; i < status_count; i++)
        assert_int_equal(status_table[i].cacheable, is_in(cacheable, status_table[i].code));
}

/* RFC 6585 §3 to §6 */
static void responses_about_one_client_are_not_stored(void **state)
{
    static const int no_store[] = {428, 429, 431, 511, 0};

    (void)state;
    for (size_t i = 0; i < status_count; i++)
        assert_int_equal(status_table[i].no_store, is_in(no_store, status_table[i].code));
}

static void retry_is_worth_it_for_passing_causes_only(void **state)
{
    static const int retry[] = {408, 421, 425, 429, 502, 503, 504, 0};

    (void)state;
    for (size_t i = 0; i < status_count; i++)
        assert_int_equal(status_table[i].retry, is_in(retry, status_table[i].code));
}

/* RFC 9110 §6.4.1, §15.3.6 */
static void interim_and_empty_responses_have_no_content(void **state)
{
    static const int empty[] = {204, 205, 304, 0};

    (void)state;
    for (size_t i = 0; i < status_count; i++) {
        int code = status_table[i].code;

        assert_int_equal(status_table[i].content, code >= 200 && !is_in(empty, code));
    }
}

static void fields_go_with_their_statuses(void **state)
{
    static const struct {
        int code;
        const char *must, *should;
    } rows[] = {
        {101, "Upgrade", ""},            // RFC 9110 §15.2.2
        {206, "Content-Range", ""},      // RFC 9110 §15.3.7
        {301, "", "Location"},           // RFC 9110 §15.4.2
        {302, "", "Location"},           // RFC 9110 §15.4.3
        {303, "", "Location"},           // RFC 9110 §15.4.4
        {307, "", "Location"},           // RFC 9110 §15.4.8
        {308, "", "Location"},           // RFC 9110 §15.4.9
        {401, "WWW-Authenticate", ""},   // RFC 9110 §15.5.2
        {405, "Allow", ""},              // RFC 9110 §15.5.6
        {407, "Proxy-Authenticate", ""}, // RFC 9110 §15.5.8
        {413, "", "Retry-After"},        // RFC 9110 §15.5.14
        {415, "", "Accept-Patch"},       // RFC 5789 §2.2
        {416, "", "Content-Range"},      // RFC 9110 §15.5.17
        {426, "Upgrade", ""},            // RFC 9110 §15.5.22
        {451, "", "Link"},               // RFC 7725 §4
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(status_from_code(rows[i].code)->must, rows[i].must);
        assert_string_equal(status_from_code(rows[i].code)->should, rows[i].should);
    }
    for (size_t i = 0; i < status_count; i++)
        assert_int_equal(status_table[i].repeats,
                         status_table[i].code == 206 || status_table[i].code == 304);
}

static void assert_fields_are_known(const char *names)
{
    struct span rest = span_from_str(names);

    while (rest.len) {
        struct span name = span_trim(span_take_until(&rest, ','));
        enum field field = field_from_name(name);

        if (field == FIELD_OTHER)
            fail_msg("field.def has no row for %.*s", SPAN_ARG(name));
        assert_true(span_eq(field_table[field].name, name)); // in its registered spelling
    }
}

static void fields_named_by_statuses_are_in_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < status_count; i++) {
        assert_fields_are_known(status_table[i].must);
        assert_fields_are_known(status_table[i].should);
        assert_fields_are_known(status_table[i].may);
    }
    assert_fields_are_known(STATUS_REPEATED_FIELDS);
}

static void statuses_say_where_they_are_defined_and_what_they_mean(void **state)
{
    (void)state;
    for (size_t i = 0; i < status_count; i++) {
        assert_true(is_rfc_section(status_table[i].section));
        assert_true(is_prose(span_from_str(status_table[i].meaning)));
        assert_true(status_table[i].reason.len > 0);
    }
    assert_false(is_rfc_section("RFC 9110"));
    assert_false(is_rfc_section("RFC 9110 §"));
    assert_false(is_rfc_section("RFC 9110 §1."));
}

static void unregistered_codes_ascend_and_are_in_no_registry(void **state)
{
    (void)state;
    for (size_t i = 0; i < status_unregistered_count; i++) {
        const struct status_unregistered *info = &status_unregistered_table[i];

        assert_true(i == 0 || info[-1].code <= info->code);
        assert_null(status_from_code(info->code));
        assert_true(is_prose(span_from_str(info->meaning)));
    }
}

static void outcomes_have_a_status_that_may_be_sent(void **state)
{
    (void)state;
    for (int o = 1; o < OUTCOME_COUNT; o++) {
        const struct status_info *info = status_from_code(outcome_table[o].status);

        if (!info || info->unused)
            fail_msg("%s has status %d", outcome_table[o].token.ptr, outcome_table[o].status);
        assert_true(info->code >= 200 || o == OUTCOME_tunnelled); // no end of HTTP else
    }
}

static void verdicts_have_a_status_that_may_be_sent(void **state)
{
    (void)state;
    for (int v = 0; v < VERDICT_COUNT; v++) {
        const struct status_info *info = status_from_code(verdict_status((enum verdict)v));

        assert_true(info && !info->unused && info->code >= 200);
    }
    // Where one stands for an outcome, both have one status.
    assert_int_equal(verdict_status(VERDICT_told), outcome_table[OUTCOME_ok].status);
    assert_int_equal(verdict_status(VERDICT_absent), outcome_table[OUTCOME_not_found].status);
    assert_int_equal(verdict_status(VERDICT_unreadable),
                     outcome_table[OUTCOME_not_readable].status);
    assert_int_equal(verdict_status(VERDICT_read_failed),
                     outcome_table[OUTCOME_read_failed].status);
    assert_int_equal(verdict_status(VERDICT_locked), outcome_table[OUTCOME_locked].status);
    assert_int_equal(verdict_status(VERDICT_property_too_large),
                     outcome_table[OUTCOME_storage_full].status);
}

static void tokens_are_their_identifiers_and_unique(void **state)
{
    static const char *const identifiers[] = {
        "",
#define OUTCOME(ident, token, status, title, client, operator_, proxy) #ident,
#include "registry/outcome.def"
#undef OUTCOME
    };

    (void)state;
    for (int o = 1; o < OUTCOME_COUNT; o++) {
        struct span token = outcome_table[o].token;

        assert_int_equal(token.len, strlen(identifiers[o]));
        for (size_t i = 0; i < token.len; i++)
            assert_int_equal(token.ptr[i], identifiers[o][i] == '_' ? '-' : identifiers[o][i]);
        assert_int_equal(outcome_from_token(token), o); // the first such row: no other has it
    }
    assert_int_equal(outcome_from_token(SPAN("")), OUTCOME_NONE);
    assert_int_equal(outcome_from_token(SPAN("not-foun")), OUTCOME_NONE);
    assert_int_equal(outcome_from_token(SPAN("Not-Found")), OUTCOME_NONE);
}

static void outcomes_are_told_in_plain_sentences(void **state)
{
    (void)state;
    for (int o = 1; o < OUTCOME_COUNT; o++) {
        const struct outcome_info *info = &outcome_table[o];

        if (info->title.len == 0 || span_ends(info->title, SPAN(".")) ||
            !isupper((unsigned char)info->title.ptr[0]))
            fail_msg("the title of %s is not a sentence without its full stop", info->token.ptr);
        if (!is_prose(info->client_advice) || !is_prose(info->operator_advice))
            fail_msg("the advice of %s is not in whole sentences", info->token.ptr);
    }
}

/* RFC 9209 §2.3 recommends a status for each error type. */
static void proxy_errors_go_with_the_recommended_status(void **state)
{
    static const struct {
        int status;
        const char *errors;
    } rows[] = {
        {400, "http_request_error"},
        {403, "http_request_denied"},
        {500, "destination_not_found, proxy_internal_error, proxy_configuration_error"},
        {502, "dns_error, destination_ip_prohibited, destination_ip_unroutable, "
              "connection_refused, connection_terminated, tls_protocol_error, "
              "tls_certificate_error, tls_alert_received, http_response_incomplete, "
              "http_response_header_section_size, http_response_header_size, "
              "http_response_body_size, http_response_trailer_section_size, "
              "http_response_trailer_size, http_response_transfer_coding, "
              "http_response_content_coding, http_upgrade_failed, http_protocol_error, "
              "proxy_loop_detected"},
        {503, "destination_unavailable, connection_limit_reached"},
        {504, "dns_timeout, connection_timeout, connection_read_timeout, "
              "connection_write_timeout, http_response_timeout"},
    };

    (void)state;
    for (int o = 1; o < OUTCOME_COUNT; o++) {
        const struct outcome_info *info = &outcome_table[o];
        bool found = info->proxy_error == NULL;

        for (size_t i = 0; i < sizeof rows / sizeof *rows && !found; i++) {
            struct span rest = span_from_str(rows[i].errors);

            while (rest.len && rows[i].status == info->status)
                found |= span_eq(span_trim(span_take_until(&rest, ',')),
                                 span_from_str(info->proxy_error));
        }
        if (!found)
            fail_msg("%s is %d with %s", info->token.ptr, info->status, info->proxy_error);
    }
}

static void fields_are_found_whatever_their_case(void **state)
{
    (void)state;
    for (int f = 1; f < FIELD_COUNT; f++) {
        const struct field_info *info = &field_table[f];
        char upper[64], lower[64];

        assert_true(info->name.len < sizeof upper);
        for (size_t i = 0; i <= info->name.len; i++) {
            upper[i] = (char)toupper((unsigned char)info->name.ptr[i]);
            lower[i] = (char)tolower((unsigned char)info->name.ptr[i]);
        }
        assert_int_equal(field_from_name(info->name), f);
        assert_int_equal(field_from_name(span_of(upper, info->name.len)), f);
        assert_int_equal(field_from_name(span_of(lower, info->name.len)), f);
        assert_true(*info->section != '\0');
        assert_true(!(info->flags & FIELD_FLAG_LIST) || !(info->flags & FIELD_FLAG_ONE));
        if (info->flags & (FIELD_FLAG_FIRST | FIELD_FLAG_JOINED))
            assert_true((info->flags & FIELD_FLAG_ONE) && !(info->flags & FIELD_FLAG_SECRET));
    }
    assert_int_equal(field_from_name(SPAN("")), FIELD_OTHER);
    assert_int_equal(field_from_name(SPAN("Hos")), FIELD_OTHER);
}

/* RFC 9110 §9.1: methods are case-sensitive; §9.2.1, §9.2.2: what is safe is idempotent. */
static void methods_are_found_in_their_own_case_only(void **state)
{
    (void)state;
    for (int m = 1; m < METHOD_COUNT; m++) {
        assert_int_equal(method_from_name(method_table[m].name), m);
        assert_true(is_rfc_section(method_table[m].section));
        assert_true(!method_table[m].safe || method_table[m].idempotent);
    }
    assert_int_equal(method_from_name(SPAN("get")), METHOD_UNKNOWN);
    assert_int_equal(method_from_name(SPAN("")), METHOD_UNKNOWN);
    assert_true(METHOD_COUNT <= 32); // a method_set has a bit for each
}

static void search_finds_close_tokens_best_first(void **state)
{
    enum outcome close[3];

    (void)state;
    assert_true(search_contains(SPAN("Not Found"), SPAN("FOUND")));
    assert_false(search_contains(SPAN("Not Found"), SPAN("")));
    assert_false(search_contains(SPAN("Not"), SPAN("Not Found")));
    assert_int_equal(outcome_find_close(SPAN("heder-timeout"), close, 3), 3);
    assert_int_equal(close[0], OUTCOME_header_timeout);
    assert_int_equal(close[1], OUTCOME_content_timeout);
    assert_int_equal(outcome_find_close(SPAN("chunk"), close, 3), 3);
    assert_int_equal(outcome_find_close(SPAN(""), close, 3), 0);
    assert_int_equal(outcome_find_close(SPAN("xq"), close, 3), 0);
    assert_int_equal(outcome_find_close(SPAN("ok"), close, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_ascend_and_are_found),
        cmocka_unit_test(status_line_is_ready_for_the_wire),
        cmocka_unit_test(cacheable_by_default_is_what_the_rfcs_list),
        cmocka_unit_test(responses_about_one_client_are_not_stored),
        cmocka_unit_test(retry_is_worth_it_for_passing_causes_only),
        cmocka_unit_test(interim_and_empty_responses_have_no_content),
        cmocka_unit_test(fields_go_with_their_statuses),
        cmocka_unit_test(fields_named_by_statuses_are_in_the_table),
        cmocka_unit_test(statuses_say_where_they_are_defined_and_what_they_mean),
        cmocka_unit_test(unregistered_codes_ascend_and_are_in_no_registry),
        cmocka_unit_test(outcomes_have_a_status_that_may_be_sent),
        cmocka_unit_test(verdicts_have_a_status_that_may_be_sent),
        cmocka_unit_test(tokens_are_their_identifiers_and_unique),
        cmocka_unit_test(outcomes_are_told_in_plain_sentences),
        cmocka_unit_test(proxy_errors_go_with_the_recommended_status),
        cmocka_unit_test(fields_are_found_whatever_their_case),
        cmocka_unit_test(methods_are_found_in_their_own_case_only),
        cmocka_unit_test(search_finds_close_tokens_best_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
