// SPDX-License-Identifier: MIT
#include "http/date.h"
#include "unit.h"

enum { NOW = 1795334400 }; // Sun, 22 Nov 2026 08:00:00 GMT

static struct span format(int64_t t, char out[DATE_LENGTH])
{
    date_format(t, out);
    return span_of(out, DATE_LENGTH);
}

static void check_round_trip(int64_t t)
{
    time_t time = (time_t)t;
    char expected[64], out[DATE_LENGTH];
    struct tm tm;
    int64_t back = -1;

    assert_non_null(gmtime_r(&time, &tm));
    strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    assert_int_equal(timegm(&tm), t);
    assert_memory_equal(format(t, out).ptr, expected, DATE_LENGTH);
    assert_true(date_parse(span_of(out, DATE_LENGTH), NOW, &back));
    assert_int_equal(back, t);
    strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm);
    date_format_rfc3339(t, out);
    assert_memory_equal(out, expected, DATE_RFC3339_LENGTH);
}

// RFC 9110 §5.6.7
static void every_date_from_1970_to_2100_is_what_libc_says_and_comes_back(void **state)
{
    (void)state;
    for (int64_t t = 0; t < INT64_C(4133980800); t += 86399)
        check_round_trip(t);
}

static void every_day_around_centuries_and_leap_days_is_what_libc_says(void **state)
{
    (void)state;
    for (int year = 1000; year <= 9900; year += 100) {
        struct tm tm = {.tm_year = year - 1900, .tm_mon = 1, .tm_mday = 26};
        int64_t start = timegm(&tm);

        for (int64_t t = start; t < start + 6 * 86400; t += 43199)
            check_round_trip(t);
    }
}

static void dates_are_formatted_in_fixed_length(void **state)
{
    static const struct {
        int64_t t;
        const char *text;
    } cases[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {DATE_FIRST, "Sat, 01 Jan 0000 00:00:00 GMT"},
        {DATE_FIRST + 59 * INT64_C(86400), "Tue, 29 Feb 0000 00:00:00 GMT"},
        {DATE_FIRST - 1, "Sat, 01 Jan 0000 00:00:00 GMT"},
        {DATE_LAST, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {DATE_LAST + 1, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_MIN, "Sat, 01 Jan 0000 00:00:00 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[DATE_LENGTH];

        assert_memory_equal(format(cases[i].t, out).ptr, cases[i].text, DATE_LENGTH);
    }
}

// RFC 9110 §5.6.7: a recipient must accept all three formats.
static void all_three_formats_are_accepted(void **state)
{
    static const struct {
        const char *text;
        int64_t t;
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun Nov 06 08:49:37 1994", 784111777},
        {"Wed Nov 16 08:49:37 1994", 784111777 + 10 * 86400},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, // a leap second
        {"Fri, 31 Dec 9999 23:59:59 GMT", DATE_LAST},
        {"Sat, 01 Jan 0000 00:00:00 GMT", DATE_FIRST},
        {"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t t = -1;

        if (!date_parse(span_from_str(cases[i].text), NOW, &t) || t != cases[i].t)
            fail_msg("%s: %lld", cases[i].text, (long long)t);
    }
}

static void anything_else_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "S",
        "Sun",
        "Sun,",
        "Sunday",
        "Sunday,",
        "0",
        "784111777",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT", // was a Sunday
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT", // no such day, though its successor was a Thursday
        "Wed, 29 Feb 1995 08:49:37 GMT",
        "Mon, 29 Feb 2100 00:00:00 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Monday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 6-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov    08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  6 08:49:37 94",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t t = 7;

        if (date_parse(span_from_str(cases[i]), NOW, &t) || t != 7)
            fail_msg("taken for a date: %s", cases[i]);
    }
}

// RFC 9110 §5.6.7: more than 50 years in the future means the most recent such year in the past.
static void two_digit_years_are_at_most_fifty_years_ahead(void **state)
{
    static const struct {
        const char *now, *text, *meant;
    } cases[] = {
        {"Sun, 22 Nov 2026 08:00:00 GMT", "Sunday, 22-Nov-76 08:00:00 GMT",
         "Sun, 22 Nov 2076 08:00:00 GMT"},
        {"Sun, 22 Nov 2026 08:00:00 GMT", "Monday, 22-Nov-76 08:00:01 GMT",
         "Mon, 22 Nov 1976 08:00:01 GMT"},
        {"Sun, 22 Nov 2026 08:00:00 GMT", "Friday, 31-Dec-99 23:59:59 GMT",
         "Fri, 31 Dec 1999 23:59:59 GMT"},
        {"Sun, 22 Nov 2026 08:00:00 GMT", "Tuesday, 29-Feb-00 00:00:00 GMT",
         "Tue, 29 Feb 2000 00:00:00 GMT"},
        {"Sun, 01 Jan 2090 00:00:00 GMT", "Friday, 01-Jan-10 00:00:00 GMT", ""}, // 2110: Wednesday
        {"Sun, 01 Jan 2090 00:00:00 GMT", "Wednesday, 01-Jan-10 00:00:00 GMT",
         "Wed, 01 Jan 2110 00:00:00 GMT"},
        {"Fri, 31 Dec 9999 23:59:59 GMT", "Tuesday, 01-Jan-02 00:00:00 GMT",
         "Tue, 01 Jan 9902 00:00:00 GMT"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t now = NOW, meant = -1, t = -1;

        assert_true(date_parse(span_from_str(cases[i].now), 0, &now));
        date_parse(span_from_str(cases[i].meant), 0, &meant);
        date_parse(span_from_str(cases[i].text), now, &t);
        if (t != meant)
            fail_msg("%s: %lld instead of %lld", cases[i].text, (long long)t, (long long)meant);
    }
}

static void a_wild_clock_is_no_trouble(void **state)
{
    static const int64_t clocks[] = {INT64_MIN, INT64_MAX, DATE_FIRST, DATE_LAST, 0};

    (void)state;
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        int64_t t = 0;

        if (date_parse(SPAN("Sunday, 06-Nov-94 08:49:37 GMT"), clocks[i], &t))
            assert_true(t >= DATE_FIRST && t <= DATE_LAST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_date_from_1970_to_2100_is_what_libc_says_and_comes_back),
        cmocka_unit_test(every_day_around_centuries_and_leap_days_is_what_libc_says),
        cmocka_unit_test(dates_are_formatted_in_fixed_length),
        cmocka_unit_test(all_three_formats_are_accepted),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(two_digit_years_are_at_most_fifty_years_ahead),
        cmocka_unit_test(a_wild_clock_is_no_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
