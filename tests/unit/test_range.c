// SPDX-License-Identifier: MIT
#include "http/range.h"
#include "unit.h"

/* The ranges as "first+length first+length", or "ignore" or "not satisfiable". */
static void describe(struct span value, uint64_t size, struct buf *out)
{
    struct range ranges[LIMIT_RANGES];
    size_t count = 0;

    buf_clear(out);
    switch (range_parse(value, size, ranges, &count)) {
    case RANGE_IGNORE:
        buf_add(out, SPAN("ignore"));
        break;
    case RANGE_NOT_SATISFIABLE:
        buf_add(out, SPAN("not satisfiable"));
        break;
    case RANGE_SATISFIABLE:
        assert_true(count >= 1 && count <= LIMIT_RANGES);
        for (size_t i = 0; i < count; i++)
            buf_addf(out, "%s%llu+%llu", i ? " " : "", (unsigned long long)ranges[i].first,
                     (unsigned long long)ranges[i].length);
    }
}

struct range_case {
    const char *value;
    uint64_t size;
    const char *expected;
};

static void check(const struct range_case *cases, size_t count)
{
    struct buf out = {0};

    for (size_t i = 0; i < count; i++) {
        describe(span_from_str(cases[i].value), cases[i].size, &out);
        if (!span_eq(buf_span(&out), span_from_str(cases[i].expected)))
            fail_msg("%s of %llu: %.*s", cases[i].value, (unsigned long long)cases[i].size,
                     SPAN_ARG(buf_span(&out)));
    }
    buf_done(&out);
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof *(cases))

// RFC 9110 §14.1.2
static void one_range_is_clipped_to_the_representation(void **state)
{
    static const struct range_case cases[] = {
        {"bytes=0-499", 10000, "0+500"},
        {"bytes=500-999", 10000, "500+500"},
        {"bytes=-500", 10000, "9500+500"},
        {"bytes=9500-", 10000, "9500+500"},
        {"bytes=0-", 10000, "0+10000"},
        {"bytes=0-0", 10000, "0+1"},
        {"bytes=-1", 10000, "9999+1"},
        {"bytes=9999-9999", 10000, "9999+1"},
        {"bytes=9999-10000", 10000, "9999+1"},
        {"bytes=-10000", 10000, "0+10000"},
        {"bytes=-10001", 10000, "0+10000"},
        {"bytes=000000000000000000000000-0004", 10, "0+5"},
        {"bytes=1-99999999999999999999999999", 10, "1+9"},
        {"bytes=-99999999999999999999999999", 10, "0+10"},
        {"bytes=0-18446744073709551615", INT64_MAX, "0+9223372036854775807"},
        {"BYTES=0-1", 10, "0+2"}, // §14.1: range units are case-insensitive
        {"bytes=, 0-1 ,\t", 10, "0+2"},
    };

    (void)state;
    CHECK(cases);
}

// RFC 9110 §14.2, §15.5.17
static void what_lies_outside_is_not_satisfiable(void **state)
{
    static const struct range_case cases[] = {
        {"bytes=10000-", 10000, "not satisfiable"},
        {"bytes=10000-10001", 10000, "not satisfiable"},
        {"bytes=-0", 10000, "not satisfiable"},
        {"bytes=99999999999999999999999999-", 10000, "not satisfiable"},
        {"bytes=10-11,20-", 10, "not satisfiable"},
        {"bytes=10-11,0-0", 10, "0+1"},
        {"bytes=0-0,-0", 10, "0+1"},
        {"bytes=0-", 0, "not satisfiable"},
        {"bytes=0-0", 0, "not satisfiable"},
        {"bytes=-0", 0, "not satisfiable"},
        {"bytes=-5", 0, "ignore"}, // satisfied by all of nothing
        {"bytes=0-,-1", 0, "ignore"},
    };

    (void)state;
    CHECK(cases);
}

// RFC 9110 §14.2: an invalid ranges-specifier and an unknown unit are ignored.
static void what_is_not_a_byte_range_is_ignored(void **state)
{
    static const struct range_case cases[] = {
        {NULL, 10, "ignore"},
        {"", 10, "ignore"},
        {"bytes", 10, "ignore"},
        {"bytes=", 10, "ignore"},
        {"bytes=,", 10, "ignore"},
        {"bytes=-", 10, "ignore"},
        {"bytes=--1", 10, "ignore"},
        {"bytes=1", 10, "ignore"},
        {"bytes=5-4", 10, "ignore"},
        {"bytes=0-1,5-4", 10, "ignore"},
        {"bytes=0-1,x", 10, "ignore"},
        {"bytes=a-b", 10, "ignore"},
        {"bytes=0 - 1", 10, "ignore"},
        {"bytes=0-1-2", 10, "ignore"},
        {"bytes=0-1;2-3", 10, "ignore"},
        {"bytes=+0-1", 10, "ignore"},
        {"bytes=0x0-1", 10, "ignore"},
        {"bytes =0-1", 10, "ignore"},
        {"bytes: 0-1", 10, "ignore"},
        {"byte=0-1", 10, "ignore"},
        {"items=0-1", 10, "ignore"},
        {"bytes=1-0", 0, "ignore"},
    };

    (void)state;
    CHECK(cases);
}

// RFC 9110 §15.3.7.2
static void overlapping_and_adjacent_ranges_become_one(void **state)
{
    static const struct range_case cases[] = {
        {"bytes=0-1,5-6", 1000, "0+2 5+2"},
        {"bytes=5-6,0-1", 1000, "5+2 0+2"},
        {"bytes=0-1,2-3", 1000, "0+4"},
        {"bytes=2-3,0-1", 1000, "0+4"},
        {"bytes=0-5,3-9", 1000, "0+10"},
        {"bytes=3-4,0-9", 1000, "0+10"},
        {"bytes=0-1,0-1", 1000, "0+2"},
        {"bytes=0-1,900-901,2-3", 1000, "0+4 900+2"},
        {"bytes=900-901,4-5,0-1,2-3", 1000, "900+2 0+6"}, // the last joins two
        {"bytes=0-1,100-,-10", 1000, "0+2 100+900"},
        {"bytes=500-,0-499", 1000, "0+1000"},
    };

    (void)state;
    CHECK(cases);
}

static unsigned mask_of(struct range r)
{
    return ((1U << r.length) - 1) << r.first;
}

// Every way to ask for three ranges of nine bytes.
static void merging_neither_loses_nor_adds_a_byte(void **state)
{
    struct range one[45];
    size_t n = 0, merged = 0;

    (void)state;
    for (unsigned first = 0; first < 9; first++)
        for (unsigned length = 1; first + length <= 9; length++)
            one[n++] = (struct range){first, length};
    for (size_t i = 0; i < n * n * n; i++) {
        struct range asked[] = {one[i % n], one[i / n % n], one[i / n / n]};
        struct range got[LIMIT_RANGES];
        size_t count = 0;
        unsigned wanted = 0, sent = 0;
        char value[64] = "bytes=";

        for (int k = 0; k < 3; k++) {
            size_t used = strlen(value);

            snprintf(value + used, sizeof value - used, "%d-%d,", (int)asked[k].first,
                     (int)(asked[k].first + asked[k].length - 1));
            wanted |= mask_of(asked[k]);
        }
        if (range_parse(span_from_str(value), 9, got, &count) != RANGE_SATISFIABLE)
            continue; // overlapping
        for (size_t k = 0; k < count; k++)
            sent |= mask_of(got[k]);
        if (sent != wanted)
            fail_msg("%s", value);
        merged += count < 3;
    }
    assert_true(merged > 1000);
}

// RFC 9110 §14.2: overlapping and many small ranges are no way to make a server work.
static void ranges_that_are_not_worth_it_are_ignored(void **state)
{
    static const struct range_case cases[] = {
        {"bytes=0-9,5-14", 1000000, "0+15"},
        {"bytes=0-9,5-14,8-20", 1000000, "ignore"},
        {"bytes=0-,0-,0-", 1000000, "ignore"},
        {"bytes=0-9,5-14,100-109,105-114", 1000000, "ignore"},
        {"bytes=0-0,2-2,4-4,6-6", 10, "0+1 2+1 4+1 6+1"}, // few
        {"bytes=0-0,2-2,4-4,6-6,8-8", 10, "ignore"},
        {"bytes=0-0,2-2,4-4,6-6,8-8", 405, "0+1 2+1 4+1 6+1 8+1"}, // 5 * (80 + 1)
        {"bytes=0-0,2-2,4-4,6-6,8-8", 404, "ignore"},
    };

    (void)state;
    CHECK(cases);
}

static void more_than_the_limit_of_ranges_is_ignored(void **state)
{
    struct buf value = {0}, out = {0};

    (void)state;
    buf_add(&value, SPAN("bytes="));
    for (int i = 0; i < LIMIT_RANGES; i++)
        buf_addf(&value, "%d-%d,", 10 * i, 10 * i);
    describe(buf_span(&value), 1000000, &out);
    assert_true(span_starts(buf_span(&out), SPAN("0+1 10+1 ")));
    buf_add(&value, SPAN("-1"));
    describe(buf_span(&value), 1000000, &out);
    assert_true(span_eq(buf_span(&out), SPAN("ignore")));
    buf_clear(&value);
    buf_add(&value, SPAN("bytes=0-0"));
    for (int i = 0; i < LIMIT_RANGES; i++) // also where they are not satisfiable
        buf_add(&value, SPAN(",9-"));
    describe(buf_span(&value), 5, &out);
    assert_true(span_eq(buf_span(&out), SPAN("ignore")));
    buf_done(&value);
    buf_done(&out);
}

// RFC 9110 §14.4
static void content_range_names_first_last_and_size(void **state)
{
    struct buf b = {0};

    (void)state;
    range_write_content_range(&b, (struct range){0, 500}, 1234);
    assert_true(span_eq(buf_span(&b), SPAN("bytes 0-499/1234")));
    buf_clear(&b);
    range_write_unsatisfied(&b, 1234);
    assert_true(span_eq(buf_span(&b), SPAN("bytes */1234")));
    buf_done(&b);
}

static void write_multipart(struct buf *b, const struct range_parts *p, const struct range *ranges,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        range_write_part_head(b, p, ranges[i], i == 0);
        for (uint64_t n = 0; n < ranges[i].length; n++)
            buf_add_char(b, 'x');
    }
    range_write_end(b, p);
}

// RFC 9110 §14.6
static void multipart_byteranges_has_a_head_for_every_part(void **state)
{
    static const struct range ranges[] = {{0, 2}, {8000, 1}};
    struct range_parts p = {SPAN("SEP"), SPAN("text/plain"), 8001};
    struct buf b = {0};

    (void)state;
    write_multipart(&b, &p, ranges, 2);
    assert_true(span_eq(buf_span(&b), SPAN("--SEP\r\n"
                                           "Content-Type: text/plain\r\n"
                                           "Content-Range: bytes 0-1/8001\r\n"
                                           "\r\n"
                                           "xx\r\n"
                                           "--SEP\r\n"
                                           "Content-Type: text/plain\r\n"
                                           "Content-Range: bytes 8000-8000/8001\r\n"
                                           "\r\n"
                                           "x\r\n"
                                           "--SEP--\r\n")));
    buf_done(&b);
}

static void the_length_of_multipart_byteranges_is_exact(void **state)
{
    static const struct range ranges[] = {{9, 1}, {0, 9}, {99, 2}, {1000, 10}, {123456, 7}};
    struct range_parts with = {SPAN("0123456789abcdef"), SPAN("image/png"), 1234567};
    struct range_parts without = {SPAN("b"), {NULL, 0}, INT64_MAX};

    (void)state;
    for (size_t count = 1; count <= sizeof ranges / sizeof *ranges; count++) {
        struct buf b = {0};

        write_multipart(&b, &with, ranges, count);
        assert_int_equal(range_parts_length(&with, ranges, count), b.len);
        buf_clear(&b);
        write_multipart(&b, &without, ranges, count);
        assert_int_equal(range_parts_length(&without, ranges, count), b.len);
        buf_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_range_is_clipped_to_the_representation),
        cmocka_unit_test(what_lies_outside_is_not_satisfiable),
        cmocka_unit_test(what_is_not_a_byte_range_is_ignored),
        cmocka_unit_test(overlapping_and_adjacent_ranges_become_one),
        cmocka_unit_test(merging_neither_loses_nor_adds_a_byte),
        cmocka_unit_test(ranges_that_are_not_worth_it_are_ignored),
        cmocka_unit_test(more_than_the_limit_of_ranges_is_ignored),
        cmocka_unit_test(content_range_names_first_last_and_size),
        cmocka_unit_test(multipart_byteranges_has_a_head_for_every_part),
        cmocka_unit_test(the_length_of_multipart_byteranges_is_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
