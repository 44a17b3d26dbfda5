// SPDX-License-Identifier: MIT
#include "http/json_set.h"
#include "http/json_uri.h"
#include "http/json_value.h"
#include "unit.h"

static json_t *read_json(const char *text)
{
    json_t *tree = json_loads(text, JSON_DECODE_ANY, NULL);

    if (!tree)
        fail_msg("%s is no JSON", text);
    return tree;
}

static bool two_texts(const char *a, const char *b, bool (*f)(const json_t *, const json_t *))
{
    json_t *x = read_json(a), *y = read_json(b);
    bool result = f(x, y);

    json_decref(x);
    json_decref(y);
    return result;
}

static void a_number_is_compared_exactly(void **state)
{
    static const char *const rising[] = {"-1e300",
                                         "-9223372036854775808",
                                         "-9007199254740993",
                                         "-9007199254740992.0",
                                         "-1.5",
                                         "-1",
                                         "0",
                                         "0.1",
                                         "1",
                                         "1.5",
                                         "9007199254740992.0",
                                         "9007199254740993",
                                         "9223372036854775807",
                                         "9223372036854775808.0",
                                         "1e19"};
    const size_t n = sizeof rising / sizeof *rising;

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            json_t *a = read_json(rising[i]), *b = read_json(rising[k]);
            int order = json_number_compare(a, b);

            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("%s and %s: %d", rising[i], rising[k], order);
            json_decref(a);
            json_decref(b);
        }
}

static bool is_multiple(const json_t *value, const json_t *divisor)
{
    struct json_decimal decimal = json_number_decimal(divisor);

    return json_number_is_multiple(value, &decimal);
}

static void a_multiple_is_what_people_take_for_one(void **state)
{
    static const struct {
        const char *value, *divisor;
        bool is_multiple;
    } cases[] = {
        {"10", "2", true},
        {"7", "2", false},
        {"0", "3", true},
        {"0.0", "0.1", true},
        {"-6", "2.0", true},
        {"19.99", "0.01", true},
        {"0.3", "0.1", true},
        {"4.5", "1.5", true},
        {"35", "1.5", false},
        {"0.0075", "0.0001", true},
        {"0.00751", "0.0001", false},
        {"1e308", "0.5", true},
        {"1e308", "0.123456789", false},
        {"12391239123", "1e-8", true},
        {"1e-300", "1e-301", true},
        {"1e-301", "1e-300", false},
        {"9007199254740993", "2", false},
        {"1.1", "1", false},
        {"100", "0.3", false},
        {"3e2", "0.3", true},
        {"-9223372036854775808", "0.5", true},
        {"1e22", "7", false},
        {"7e22", "7", true},
        {"5e-324", "5e-324", true},
        {"1.7976931348623157e308", "1", true},
        {"-19.99", "0.01", true},
        {"-19.995", "0.01", false},
        {"999999999999.99", "0.01", true},
        {"9007199254740993.0", "0.5", true},
        {"1e-13", "0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (two_texts(cases[i].value, cases[i].divisor, is_multiple) != cases[i].is_multiple)
            fail_msg("%s by %s", cases[i].value, cases[i].divisor);
}

static bool are_equal(const json_t *a, const json_t *b)
{
    const struct hash_key key = {{UINT64_C(0x1234567890abcdef), UINT64_C(0xfedcba0987654321)}};
    size_t steps = 0;
    bool equal = json_value_eq(a, b, &steps, SIZE_MAX);

    assert_int_equal(equal, json_value_hash(&key, a, &steps) == json_value_hash(&key, b, &steps));
    return equal;
}

// Draft 2020-12, core §4.2.2
static void equality_is_that_of_values(void **state)
{
    static const char *const equal[][2] = {
        {"1", "1.0"},
        {"0", "-0.0"},
        {"{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1e0}"},
        {"[]", "[]"},
        {"\"a\"", "\"\\u0061\""},
        {"null", "null"},
        {"1e3", "1000"},
    };
    static const char *const different[][2] = {
        {"1", "true"},
        {"0", "false"},
        {"[1,2]", "[2,1]"},
        {"\"1\"", "1"},
        {"{}", "[]"},
        {"{\"a\":1}", "{\"b\":1}"},
        {"{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}"},
        {"null", "false"},
        {"[[1],2]", "[1,[2]]"},
        {"{\"a\":{}}", "{\"a\":[]}"},
        {"1.1", "1.2"},
        {"[1]", "[1,1]"},
        {"[[]]", "[]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof equal / sizeof *equal; i++)
        if (!two_texts(equal[i][0], equal[i][1], are_equal))
            fail_msg("%s is not %s", equal[i][0], equal[i][1]);
    for (size_t i = 0; i < sizeof different / sizeof *different; i++)
        if (two_texts(different[i][0], different[i][1], are_equal))
            fail_msg("%s is %s", different[i][0], different[i][1]);
}

static void work_beyond_what_is_allowed_ends(void **state)
{
    json_t *a = read_json("[[[[1,2],[3,4]],[[5,6],[7,8]]]]"), *b = json_deep_copy(a);
    size_t steps = 0, most;

    (void)state;
    assert_true(json_value_eq(a, b, &steps, SIZE_MAX));
    most = steps - 1;
    steps = 0;
    json_value_eq(a, b, &steps, most);
    assert_true(steps > most);
    json_decref(a);
    json_decref(b);
}

static void values_are_told_in_words(void **state)
{
    static const char *const cases[][2] = {
        {"1", "the number 1"},
        {"0.1", "the number 0.1"},
        {"1e22", "the number 1e+22"},
        {"\"a\\nb\"", "the string \"a\\nb\""},
        {"[]", "an empty array"},
        {"[1]", "an array with 1 item"},
        {"{}", "an empty object"},
        {"{\"a\":1,\"b\":2}", "an object with 2 members"},
        {"true", "true"},
        {"null", "null"},
        {"\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
         "012345678901234567890123456789x\"",
         "the string \"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
         "\xc3\xa9"
         "012345678901234567890123456789...\""},
    };
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *value = read_json(cases[i][0]);

        buf_clear(&b);
        json_value_describe(value, &b);
        buf_add_char(&b, '\0');
        assert_string_equal(b.ptr, cases[i][1]);
        json_decref(value);
    }
    buf_done(&b);
}

// RFC 3986 §5.4
static void references_are_resolved(void **state)
{
    static const char *const cases[][2] = {
        {"g:h", "g:h"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x?y", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
    };
    struct arena a;

    (void)state;
    assert_int_equal(arena_init(&a, 4096), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span uri =
            json_uri_resolve(&a, SPAN("http://a/b/c/d;p?q"), span_from_str(cases[i][0]));

        if (!span_eq(uri, span_from_str(cases[i][1])))
            fail_msg("%s: %.*s", cases[i][0], SPAN_ARG(uri));
    }
    assert_true(span_eq(json_uri_resolve(&a, SPAN(""), SPAN("a/b.json")), SPAN("a/b.json")));
    assert_true(span_eq(json_uri_resolve(&a, SPAN("http://a"), SPAN("b")), SPAN("http://a/b")));
    assert_true(span_eq(json_uri_resolve(&a, SPAN("urn:x:y"), SPAN("")), SPAN("urn:x:y")));
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_compared_exactly),
        cmocka_unit_test(a_multiple_is_what_people_take_for_one),
        cmocka_unit_test(equality_is_that_of_values),
        cmocka_unit_test(work_beyond_what_is_allowed_ends),
        cmocka_unit_test(values_are_told_in_words),
        cmocka_unit_test(references_are_resolved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
