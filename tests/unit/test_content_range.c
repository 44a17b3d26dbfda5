// SPDX-License-Identifier: MIT
#include "http/content_range.h"

#include "unit.h"

// RFC 9110 §14.4, §14.5
static void content_range_says_first_last_and_size(void **state)
{
    static const struct {
        const char *value;
        enum content_range_result result;
        struct content_range range;
    } cases[] = {
        {"bytes 0-499/1234", CONTENT_RANGE_OK, {0, 499, true, 1234}},
        {"bytes 0-499/*", CONTENT_RANGE_OK, {0, 499, false, 0}},
        {" Bytes 5-5/6 ", CONTENT_RANGE_OK, {5, 5, true, 6}},
        {"items 0-1/2", CONTENT_RANGE_OTHER_UNIT, {0}},
        {"bytes */1234", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes 0-499/499", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes 2-1/10", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes 0-1", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes 0/1", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes=0-1/2", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes 0-1/2/3", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes 0 - 1/2", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes  0-1/2", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes -1/2", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes 0-9223372036854775808/*", CONTENT_RANGE_MALFORMED, {0}},
        {"bytes", CONTENT_RANGE_MALFORMED, {0}},
        {"", CONTENT_RANGE_MALFORMED, {0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct content_range r = {0};

        if (content_range_parse(span_from_str(cases[i].value), &r) != cases[i].result)
            fail_msg("%s", cases[i].value);
        assert_int_equal(r.first, cases[i].range.first);
        assert_int_equal(r.last, cases[i].range.last);
        assert_int_equal(r.has_size, cases[i].range.has_size);
        assert_int_equal(r.size, cases[i].range.size);
    }
}

/* The X-Update-Range of SabreDAV, for a representation of 10 bytes. */
static void an_update_range_has_its_place_in_the_representation(void **state)
{
    enum { MALFORMED = -1 };
    static const struct {
        const char *value;
        uint64_t length;
        int result;
        uint64_t first;
    } cases[] = {
        {"append", 4, UPDATE_RANGE_OK, 10},
        {"Append", 0, UPDATE_RANGE_OK, 10},
        {"bytes=3-6", 4, UPDATE_RANGE_OK, 3},
        {"bytes=9-12", 4, UPDATE_RANGE_OK, 9},
        {"bytes=10-13", 4, UPDATE_RANGE_OK, 10},
        {"bytes=4-", 100, UPDATE_RANGE_OK, 4},
        {"bytes=-5", 3, UPDATE_RANGE_OK, 5},
        {"bytes=-10", 3, UPDATE_RANGE_OK, 0},
        {"bytes=3-6", 3, UPDATE_RANGE_OTHER_LENGTH, 0},
        {"bytes=11-", 1, UPDATE_RANGE_OK, 11},
        {"bytes=11-11", 1, UPDATE_RANGE_OK, 11},
        {"bytes=11-11", 2, UPDATE_RANGE_OTHER_LENGTH, 0},
        {"bytes=-11", 1, UPDATE_RANGE_OUTSIDE, 0},
        {"bytes=-0", 1, MALFORMED, 0},
        {"bytes=6-3", 1, MALFORMED, 0},
        {"bytes=", 1, MALFORMED, 0},
        {"bytes=-", 1, MALFORMED, 0},
        {"bytes=4", 1, MALFORMED, 0},
        {"bytes 3-6", 1, MALFORMED, 0},
        {"bytes=0-1,3-4", 1, MALFORMED, 0},
        {"bytes=0-18446744073709551615", 1, MALFORMED, 0},
        {"appendix", 1, MALFORMED, 0},
        {"", 1, MALFORMED, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct update_range r;
        uint64_t first = 0;
        int result = MALFORMED;

        if (update_range_parse(span_from_str(cases[i].value), &r))
            result = (int)update_range_place(&r, 10, cases[i].length, &first);
        if (result != cases[i].result || first != cases[i].first)
            fail_msg("%s: %d", cases[i].value, result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_range_says_first_last_and_size),
        cmocka_unit_test(an_update_range_has_its_place_in_the_representation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
