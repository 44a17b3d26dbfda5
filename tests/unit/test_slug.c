// SPDX-License-Identifier: MIT
#include "http/slug.h"

#include "unit.h"

struct slug_case {
    const char *value, *name;
};

static void check(const struct slug_case *c, size_t (*make)(struct span, bool, char *),
                  bool dotfiles)
{
    char out[LIMIT_FILE_NAME];
    size_t n = make(span_from_str(c->value), dotfiles, out);

    if (!span_eq(span_of(out, n), span_from_str(c->name)))
        fail_msg("%s: %.*s", c->value, (int)n, out);
}

// RFC 5023 §9.7.1
static void a_slug_is_percent_encoded_utf8(void **state)
{
    static const struct slug_case cases[] = {
        {"The Beach at S%C3%A8te", "The Beach at S\xc3\xa8te"},
        {"100%25", "100%"},
        {"100%", "100%"},
        {"%zz%2", "%zz%2"},
        {"a%2Fb%5Cc/d\\e", "a-b-c-d-e"},
        {"a%00b%0A%7f", "a-b--"},
        {"%2e%2e/etc", "-etc"},
        {"..", ""},
        {".candor-tmp-0123456789abcdef", "candor-tmp-0123456789abcdef"},
        {" . x.txt . ", "x.txt"},
        {"%20%2E", ""},
        {"", ""},
        {"%C3x%ff", "_x_"},
        {"%C0%AFa", "__a"},                      // an overlong slash
        {"a%E2%80%AEtxt.exe", "a-txt.exe"},      // U+202E turns the text around
        {"a%C2%85%E2%81%A6b%E2%80%8F", "a--b-"}, // a C1 control, an isolate, a mark
        {"%F0%9F%98%80.png", "\xf0\x9f\x98\x80.png"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i], slug_file_name, false);
}

// RFC 7578 §4.2
static void a_form_s_file_name_is_taken_as_it_is(void **state)
{
    static const struct slug_case cases[] = {
        {"a%2Fb.txt", "a%2Fb.txt"}, {"a\"b\r\n.txt", "a\"b--.txt"}, {"\xe4.txt", "_.txt"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i], file_name_clean, false);
    assert_true(span_eq(file_name_base(SPAN("C:\\dir\\f.txt")), SPAN("f.txt")));
    assert_true(span_eq(file_name_base(SPAN("/a/b/f.txt")), SPAN("f.txt")));
    assert_true(span_eq(file_name_base(SPAN("f.txt")), SPAN("f.txt")));
    assert_int_equal(file_name_base(SPAN("dir/")).len, 0);
}

static void one_dot_in_front_is_kept_where_such_names_exist(void **state)
{
    static const struct slug_case cases[] = {
        {".hidden", ".hidden"},
        {" .hidden. ", ".hidden"},
        {"%2Ehidden", ".hidden"},
        {"..hidden", "hidden"},
        {". hidden", "hidden"},
        {"../../etc", "-..-etc"},
        {"./etc", ".-etc"},
        {".", ""},
        {"..", ""},
        {"plain", "plain"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i], slug_file_name, true);
}

static void a_long_name_is_cut_between_characters_and_keeps_its_extension(void **state)
{
    char text[700], out[LIMIT_FILE_NAME];
    size_t n;

    (void)state;
    memset(text, 'x', sizeof text);
    n = file_name_clean(span_of(text, LIMIT_FILE_NAME), false, out);
    assert_int_equal(n, LIMIT_FILE_NAME);
    memcpy(text + 400, ".tar.gz", 7);
    n = file_name_clean(span_of(text, 407), false, out);
    assert_int_equal(n, LIMIT_FILE_NAME);
    assert_true(span_ends(span_of(out, n), SPAN("xx.gz")));
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    n = file_name_clean(span_of(text, sizeof text), false, out);
    assert_int_equal(n, LIMIT_FILE_NAME - 1); // 255 is odd
    memcpy(text + 252, ".jpeg", 5);           // ends just behind the limit
    n = file_name_clean(span_of(text, 257), false, out);
    assert_int_equal(n, 255);
    assert_true(span_ends(span_of(out, n), SPAN("\xa4.jpeg")));
    memset(text + 200, 'y', 400); // too long to be an extension
    text[201] = '.';
    assert_int_equal(file_name_clean(span_of(text, 600), false, out), LIMIT_FILE_NAME);
}

static void a_number_goes_between_the_stem_and_a_short_extension(void **state)
{
    char text[LIMIT_FILE_NAME], out[LIMIT_FILE_NAME];
    size_t n;

    (void)state;
    n = file_name_number(SPAN("a.tar.gz"), 2, out);
    assert_true(span_eq(span_of(out, n), SPAN("a.tar (2).gz")));
    n = file_name_number(SPAN("a"), 10, out);
    assert_true(span_eq(span_of(out, n), SPAN("a (10)")));
    n = file_name_number(SPAN("a.123456789012345"), 2, out);
    assert_true(span_eq(span_of(out, n), SPAN("a (2).123456789012345")));
    n = file_name_number(SPAN("a.1234567890123456"), 2, out); // too long to be an extension
    assert_true(span_eq(span_of(out, n), SPAN("a.1234567890123456 (2)")));
    memset(text, 'b', sizeof text);
    memcpy(text, "a.", 2);
    for (n = 240; n <= sizeof text; n++) {
        size_t length = file_name_number(span_of(text, n), 1000, out);

        assert_int_equal(length, n + 7 < sizeof text ? n + 7 : sizeof text);
        assert_true(span_ends(span_of(out, length), SPAN("b (1000)")));
    }
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    memcpy(text + 250, ".txt", 4);
    n = file_name_number(span_of(text, 254), 2, out); // no half of a character
    assert_int_equal(n, 246 + 4 + 4);
    assert_true(span_ends(span_of(out, n), SPAN("\xc3\xa4 (2).txt")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slug_is_percent_encoded_utf8),
        cmocka_unit_test(a_form_s_file_name_is_taken_as_it_is),
        cmocka_unit_test(a_number_goes_between_the_stem_and_a_short_extension),
        cmocka_unit_test(one_dot_in_front_is_kept_where_such_names_exist),
        cmocka_unit_test(a_long_name_is_cut_between_characters_and_keeps_its_extension),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
