// SPDX-License-Identifier: MIT
#include "http/entity_tag.h"

#include "base/buf.h"
#include "base/limits.h"
#include "unit.h"

// RFC 9110 §8.8.3
static void a_tag_is_quoted_and_perhaps_weak(void **state)
{
    static const struct {
        const char *text, *opaque; // opaque NULL: malformed
        bool weak;
    } cases[] = {
        {"\"xyzzy\"", "xyzzy", false},
        {"W/\"xyzzy\"", "xyzzy", true},
        {"\"\"", "", false},
        {"W/\"\"", "", true},
        {"\"a,b\"", "a,b", false},
        {"\"a\\\"", "a\\", false}, // a backslash escapes nothing
        {"\"\xc3\xa9\x80\xff\"", "\xc3\xa9\x80\xff", false},
        {"", NULL, false},
        {"xyzzy", NULL, false},
        {"\"", NULL, false},
        {"\"xyzzy", NULL, false},
        {"xyzzy\"", NULL, false},
        {"w/\"xyzzy\"", NULL, false}, // "W/" is case-sensitive
        {"W\"xyzzy\"", NULL, false},
        {"W/", NULL, false},
        {"W/xyzzy", NULL, false},
        {"W/ \"xyzzy\"", NULL, false},
        {" \"xyzzy\"", NULL, false},
        {"\"xyzzy\" ", NULL, false},
        {"\"a b\"", NULL, false},
        {"\"a\tb\"", NULL, false},
        {"\"a\x7f\"", NULL, false},
        {"\"a\"b\"", NULL, false},
        {"\"a\", \"b\"", NULL, false},
        {"*", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct entity_tag tag;
        bool ok = entity_tag_parse(span_from_str(cases[i].text), &tag);

        if (ok != (cases[i].opaque != NULL))
            fail_msg("%s", cases[i].text);
        if (ok) {
            assert_true(span_eq(tag.opaque, span_from_str(cases[i].opaque)));
            assert_int_equal(tag.weak, cases[i].weak);
        }
    }
}

// RFC 9110 §8.8.3.2, the table of examples.
static void strong_comparison_needs_two_strong_tags(void **state)
{
    static const struct {
        const char *a, *b;
        bool strong, weak;
    } cases[] = {
        {"W/\"1\"", "W/\"1\"", false, true}, {"W/\"1\"", "W/\"2\"", false, false},
        {"W/\"1\"", "\"1\"", false, true},   {"\"1\"", "\"1\"", true, true},
        {"\"a\"", "\"A\"", false, false},    {"\"\"", "\"\"", true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct entity_tag a, b;

        assert_true(entity_tag_parse(span_from_str(cases[i].a), &a));
        assert_true(entity_tag_parse(span_from_str(cases[i].b), &b));
        assert_int_equal(entity_tag_eq_strong(a, b), cases[i].strong);
        assert_int_equal(entity_tag_eq_strong(b, a), cases[i].strong);
        assert_int_equal(entity_tag_eq_weak(a, b), cases[i].weak);
        assert_int_equal(entity_tag_eq_weak(b, a), cases[i].weak);
    }
}

// RFC 9110 §5.6.1.2: empty elements are ignored.
static void a_list_is_read_to_its_end(void **state)
{
    static const struct {
        const char *value;
        enum entity_tags kind;
        int count;
    } cases[] = {
        {"*", ENTITY_TAGS_ANY, 0},
        {" * ", ENTITY_TAGS_ANY, 0},
        {"", ENTITY_TAGS_LIST, 0},
        {" , ,\t", ENTITY_TAGS_LIST, 0},
        {"\"a\"", ENTITY_TAGS_LIST, 1},
        {"\"a\",W/\"b\"", ENTITY_TAGS_LIST, 2},
        {",, \"a\" ,\t, W/\"b\" ,", ENTITY_TAGS_LIST, 2},
        {"\"a,b\", \"c\"", ENTITY_TAGS_LIST, 2},
        {"\"a\\\", \"b\"", ENTITY_TAGS_LIST, 2},
        {"*, \"a\"", ENTITY_TAGS_MALFORMED, 0},
        {"**", ENTITY_TAGS_MALFORMED, 0},
        {"\"a\", *", ENTITY_TAGS_MALFORMED, 1},
        {"\"a\" \"b\"", ENTITY_TAGS_MALFORMED, 0},
        {"\"a\"\"b\"", ENTITY_TAGS_MALFORMED, 0},
        {"\"a\", b", ENTITY_TAGS_MALFORMED, 1},
        {"\"a\", \"b", ENTITY_TAGS_MALFORMED, 1},
        {"\"a\"; \"b\"", ENTITY_TAGS_MALFORMED, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span rest = span_from_str(cases[i].value);
        struct entity_tag tag;
        int count = 0;

        if (entity_tags_classify(rest) != cases[i].kind)
            fail_msg("%s", cases[i].value);
        while (cases[i].kind != ENTITY_TAGS_ANY && entity_tags_next(&rest, &tag))
            count++;
        if (count != cases[i].count)
            fail_msg("%s: %d tags", cases[i].value, count);
    }
}

static void too_many_tags_are_malformed(void **state)
{
    struct buf b = {0};

    (void)state;
    for (int i = 0; i < LIMIT_ENTITY_TAGS; i++)
        buf_add(&b, SPAN("\"x\","));
    assert_int_equal(entity_tags_classify(buf_span(&b)), ENTITY_TAGS_LIST);
    buf_add(&b, SPAN("\"x\""));
    assert_int_equal(entity_tags_classify(buf_span(&b)), ENTITY_TAGS_MALFORMED);
    buf_done(&b);
}

static void skimming_finds_what_is_sound_in_a_malformed_list(void **state)
{
    static const struct {
        const char *value, *found; // the opaque tags, with a comma behind each
    } cases[] = {
        {"", ""},
        {"word", ""},
        {"word, \"a\"", "a,"},
        {"\"a\" x, \"b\" ,, y,W/\"c\"", "b,c,"},
        {"\"a, \"b\"", "b,"},
        {"*", "*,"},
        {"\"a\",*,x,*", "a,*,*,"},
        {"**,\"*\"x", ""},
        {"x\"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span rest = span_from_str(cases[i].value);
        struct entity_tag tag;
        struct buf b = {0};
        bool any;

        while (entity_tags_skim(&rest, &tag, &any)) {
            buf_add(&b, any ? SPAN("*") : tag.opaque);
            buf_add_char(&b, ',');
        }
        assert_int_equal(rest.len, 0);
        if (!span_eq(buf_span(&b), span_from_str(cases[i].found)))
            fail_msg("%s", cases[i].value);
        buf_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_is_quoted_and_perhaps_weak),
        cmocka_unit_test(strong_comparison_needs_two_strong_tags),
        cmocka_unit_test(a_list_is_read_to_its_end),
        cmocka_unit_test(too_many_tags_are_malformed),
        cmocka_unit_test(skimming_finds_what_is_sound_in_a_malformed_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
