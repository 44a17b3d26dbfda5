// SPDX-License-Identifier: MIT
#include "unit.h"
#include "wire/uri.h"

enum { SLASH = 1, NUL = 2, DOT = 4 };

static unsigned flags_of(const struct uri_path *p)
{
    return (p->has_encoded_slash ? SLASH : 0U) | (p->has_nul ? NUL : 0U) |
           (p->has_dot_file ? DOT : 0U);
}

/* RFC 3986 §2.1, §5.2.4 */
static void paths_are_decoded_and_their_dot_segments_removed(void **state)
{
    static const struct {
        struct span path, text;
        unsigned flags;
    } rows[] = {
#define PATH(path, text, flags) {SPAN_INIT(path), SPAN_INIT(text), flags}
        PATH("/", "/", 0),
        PATH("/a/b", "/a/b", 0),
        PATH("/a/%62/../c", "/a/c", 0),
        PATH("/%41%7e%C3%a4", "/A~\xc3\xa4", 0),
        PATH("/a/.", "/a/", 0),
        PATH("/a/./b", "/a/b", 0),
        PATH("/a/..", "/", 0),
        PATH("/a/b/../", "/a/", 0),
        PATH("/a/b/..", "/a/", 0),
        PATH("/a/%2e%2E/b", "/b", 0),
        PATH("/a/%2e/b", "/a/b", 0),
        PATH("/a/.%2e", "/", 0),
        PATH("/.", "/", 0),
        PATH("/a/...", "/a/...", DOT),
        PATH("/.git/config", "/.git/config", DOT),
        PATH("/%2egit", "/.git", DOT),
        PATH("/.git/../a", "/a", 0),
        PATH("/a.b/c.", "/a.b/c.", 0),
        PATH("//", "/", 0),
        PATH("///", "/", 0),
        PATH("//a", "/a", 0),
        PATH("/a//b", "/a/b", 0),
        PATH("/a///b//", "/a/b/", 0),
        PATH("/a//../b", "/b", 0),
        PATH("/a/b/..//", "/a/", 0),
        PATH("/a/.//b", "/a/b", 0),
        PATH("/a//%2e//%2E%2e//b", "/b", 0),
        PATH("//.a//.b", "/.a/.b", DOT),
        PATH("/a/%2F/b", "/a/%2F/b", SLASH),
        PATH("/a%2Fb", "/a%2Fb", SLASH),
        PATH("/a%2fb/%2e%2e%2fc", "/a%2fb/..%2fc", SLASH | DOT),
        PATH("/a%252Fb", "/a%2Fb", 0),
        PATH("/a%00b", "/a\0b", NUL),
        PATH("/a[1]^`{|}", "/a[1]^`{|}", 0),
        PATH("/a%5B1]", "/a[1]", 0),
        PATH("/a%", "/a%", 0),
        PATH("/a%4", "/a%4", 0),
        PATH("", "", 0),
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span path = rows[i].path;
        struct uri_path result;
        char *out = malloc(path.len ? path.len : 1);
        size_t offset;

        assert_non_null(out);
        assert_int_equal(uri_path_decode(path, out, &result, &offset), OUTCOME_NONE);
        if (!span_eq(result.text, rows[i].text) || flags_of(&result) != rows[i].flags)
            fail_msg("%s became \"%.*s\" with flags %u", path.ptr, SPAN_ARG(result.text),
                     flags_of(&result));
        free(out);
    }
}

static void climbing_above_the_root_is_refused(void **state)
{
    static const struct {
        struct span path;
        size_t offset;
    } rows[] = {
        {SPAN_INIT("/.."), 1},          {SPAN_INIT("/../a"), 1},
        {SPAN_INIT("/a/../../b"), 6},   {SPAN_INIT("/a/%2e%2e/%2e./b"), 10},
        {SPAN_INIT("/./.."), 3},        {SPAN_INIT("//.."), 2},
        {SPAN_INIT("//a/../..//b"), 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct uri_path result;
        char out[64];
        size_t offset = 99;

        assert_int_equal(uri_path_decode(rows[i].path, out, &result, &offset),
                         OUTCOME_target_above_root);
        assert_int_equal(offset, rows[i].offset);
    }
}

static void a_plain_path_is_not_copied(void **state)
{
    struct span path = SPAN("/a/b.c/");
    struct uri_path result;
    size_t offset;

    (void)state;
    assert_int_equal(uri_path_decode(path, NULL, &result, &offset), OUTCOME_NONE);
    assert_ptr_equal(result.text.ptr, path.ptr);
    assert_true(uri_path_is_plain(path, &result));
    assert_true(uri_path_is_plain(SPAN("/a/.b"), &result) && result.has_dot_file);
    assert_false(uri_path_is_plain(SPAN("/a/%62"), &result));
    assert_false(uri_path_is_plain(SPAN("/a//b"), &result));
    assert_false(uri_path_is_plain(SPAN("/a/./b"), &result));
    assert_false(uri_path_is_plain(SPAN("/a/.."), &result));
}

static void a_query_is_passed_on_without_what_no_uri_holds(void **state)
{
    static const struct {
        struct span query, encoded;
    } rows[] = {
        {SPAN_INIT(""), SPAN_INIT("")},
        {SPAN_INIT("a=b&c=/?:@!$'()*+,;"), SPAN_INIT("a=b&c=/?:@!$'()*+,;")},
        {SPAN_INIT("%41%zz%4%"), SPAN_INIT("%41%25zz%254%25")},
        {SPAN_INIT("\\[]^`{|}"), SPAN_INIT("%5C%5B%5D%5E%60%7B%7C%7D")},
        {SPAN_INIT("%%20"), SPAN_INIT("%25%20")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};

        uri_query_encode(&b, rows[i].query);
        if (!span_eq(buf_span(&b), rows[i].encoded))
            fail_msg("%s", rows[i].query.ptr);
        buf_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded_and_their_dot_segments_removed),
        cmocka_unit_test(climbing_above_the_root_is_refused),
        cmocka_unit_test(a_plain_path_is_not_copied),
        cmocka_unit_test(a_query_is_passed_on_without_what_no_uri_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
