// SPDX-License-Identifier: MIT
#include "http/accept.h"

#include "base/buf.h"
#include "base/limits.h"
#include "unit.h"

static const struct span types[] = {
    SPAN_INIT("text/html; charset=utf-8"),
    SPAN_INIT("application/json"),
    SPAN_INIT("text/plain; format=flowed"),
};
enum { HTML, JSON, PLAIN, TYPES, NONE = -1 };

static void check_types(const char *field, int expected)
{
    int chosen = accept_choose_type(span_from_str(field), types, TYPES);

    if (chosen != expected)
        fail_msg("%s: %d instead of %d", field ? field : "(absent)", chosen, expected);
}

// RFC 9110 §12.5.1
static void the_best_media_type_is_chosen(void **state)
{
    static const struct {
        const char *field;
        int chosen;
    } cases[] = {
        {NULL, HTML},
        {"", HTML},
        {"*/*", HTML},
        {"application/json", JSON},
        {"APPLICATION/Json", JSON},
        {"application/*", JSON},
        {"image/png", NONE},
        {"image/png, */*;q=0.1", HTML},
        {"application/json, text/html", HTML}, // equal: the order of the offers
        {"application/json, text/html;q=0.9", JSON},
        {"application/json;q=0.5, text/html;q=0.501", HTML},
        {"text/*, application/json;q=1.0", HTML},
        {"*/*;q=0", NONE},
        {"*/*, text/html;q=0", JSON},     // the more specific counts, though lower
        {"*/*, text/*;q=0", JSON},        //
        {"text/html;q=0, text/*", PLAIN}, //
        {"text/plain;format=flowed, text/*;q=0.5", PLAIN},
        {"text/plain;format=fixed, text/plain;q=0.1, text/html;q=0.2", HTML},
        {"text/plain;format=FLOWED", NONE}, // values are exact, but for charset
        {"text/html;charset=UTF-8", HTML},
        {"text/html;CHARSET=\"utf-8\"", HTML},
        {"text/html;charset=latin1", NONE},
        {"text/html;q=0.3;charset=utf-8, text/html, text/plain;q=0.5", PLAIN}, // q anywhere
        {"text/html;q=0.2, text/html;q=0.8, application/json;q=0.5", HTML},
        {"application/json , , text/html ; q=0.1 ,", JSON},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_types(cases[i].field, cases[i].chosen);
    assert_int_equal(accept_choose_type(SPAN("*/*"), types, 0), -1);
    assert_int_equal(accept_choose_type((struct span){NULL, 0}, types, 0), -1);
}

// RFC 9110 §12.4.2: a weight has up to three digits.
static void malformed_members_are_skipped(void **state)
{
    static const char *const members[] = {
        "application/json;q=1.001",
        "application/json;q=2",
        "application/json;q=0.1234",
        "application/json;q=.5",
        "application/json;q=-1",
        "application/json;q=1 0",
        "application/json;q=",
        "application/json;q",
        "application/json;q=\"1\"",
        "application/json;q=1;q=1",
        "application/json;q=1e0",
        "application/json;q=00.1",
        "application",
        "*/json",
        "application/json;a",
        "application/json x",
        "application/json;a=\"x\x01\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char field[80];

        snprintf(field, sizeof field, "%s, text/plain;q=0.001", members[i]);
        check_types(field, PLAIN);
        snprintf(field, sizeof field, "text/plain;q=0.001 , %s", members[i]);
        check_types(field, PLAIN);
    }
    check_types("application, text", HTML); // nothing left to go by
    check_types("application/json;a=\"x, text/plain", HTML);
}

static void all_digits_of_a_weight_count(void **state)
{
    static const struct {
        const char *q;
        int quality;
    } cases[] = {{"0", 0},      {"1", 1000},    {"0.", 0},       {"1.", 1000},
                 {"0.5", 500},  {"0.05", 50},   {"0.005", 5},    {"0.999", 999},
                 {"1.0", 1000}, {"1.00", 1000}, {"1.000", 1000}, {"0.000", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char field[32];

        snprintf(field, sizeof field, "br;Q=%s", cases[i].q);
        assert_int_equal(accept_coding_quality(span_from_str(field), SPAN("br")), cases[i].quality);
    }
}

static void only_the_first_members_are_looked_at(void **state)
{
    struct buf b = {0};

    (void)state;
    for (int i = 0; i < LIMIT_ACCEPT_ITEMS - 1; i++)
        buf_add(&b, SPAN("image/png,"));
    buf_add(&b, SPAN("text/plain,"));
    assert_int_equal(accept_choose_type(buf_span(&b), types, TYPES), PLAIN);
    buf_add(&b, SPAN("application/json"));
    assert_int_equal(accept_choose_type(buf_span(&b), types, TYPES), PLAIN);
    buf_done(&b);
}

// RFC 9110 §12.5.3
static void codings_have_qualities(void **state)
{
    static const struct {
        const char *field, *coding;
        int quality;
    } cases[] = {
        {NULL, "gzip", 1000},
        {NULL, "identity", 1000},
        {"", "gzip", 0},
        {"", "identity", 1},
        {"gzip", "gzip", 1000},
        {"GZIP", "gzip", 1000},
        {"x-gzip;q=0.5", "gzip", 500},
        {"gzip;q=0.5", "x-gzip", 500},
        {"gzip", "br", 0},
        {"gzip", "identity", 1},
        {"gzip;q=0.001", "identity", 1},
        {"*", "br", 1000},
        {"*", "identity", 1000},
        {"*;q=0.5, br;q=0", "br", 0},
        {"*;q=0.5, br;q=0", "gzip", 500},
        {"*;q=0", "gzip", 0},
        {"*;q=0", "identity", 0},
        {"*;q=0, identity;q=0.2", "identity", 200},
        {"identity;q=0", "identity", 0},
        {"identity;q=0", "gzip", 0},
        {"gzip;level=9, br", "gzip", 0}, // no parameter but the weight
        {"gz ip, br", "gz", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int quality =
            accept_coding_quality(span_from_str(cases[i].field), span_from_str(cases[i].coding));

        if (quality != cases[i].quality)
            fail_msg("%s of %s: %d", cases[i].coding, cases[i].field, quality);
    }
}

static void the_best_coding_is_chosen(void **state)
{
    static const struct span codings[] = {SPAN_INIT("br"), SPAN_INIT("zstd"), SPAN_INIT("gzip")};
    static const struct {
        const char *field;
        int chosen;
    } cases[] = {
        {NULL, -1},
        {"", -1},
        {"gzip, deflate, br, zstd", 0},
        {"gzip, zstd", 1},
        {"gzip, br;q=0.9", 2},
        {"deflate", -1},
        {"*", 0},
        {"*, br;q=0", 1},
        {"gzip;q=0", -1},
        {"gzip;q=0.5, identity", -1},
        {"gzip;q=0.5, identity;q=0.5", 2},
        {"gzip;q=0.001", 2},
        {"identity;q=0", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int chosen = accept_choose_coding(span_from_str(cases[i].field), codings, 3);

        if (chosen != cases[i].chosen)
            fail_msg("%s: %d", cases[i].field ? cases[i].field : "(absent)", chosen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_media_type_is_chosen),
        cmocka_unit_test(malformed_members_are_skipped),
        cmocka_unit_test(all_digits_of_a_weight_count),
        cmocka_unit_test(only_the_first_members_are_looked_at),
        cmocka_unit_test(codings_have_qualities),
        cmocka_unit_test(the_best_coding_is_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
