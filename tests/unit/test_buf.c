// SPDX-License-Identifier: MIT
#include "unit.h"

#include "base/buf.h"

#include <string.h>

static void assert_text(struct buf *b, const char *expected)
{
    assert_false(b->failed);
    assert_int_equal(b->len, strlen(expected));
    assert_memory_equal(b->len ? b->ptr : "", expected, b->len);
    buf_done(b);
}

static void additions_of_every_kind_follow_each_other(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_add(&b, SPAN("one "));
    buf_add(&b, SPAN(""));
    buf_add_char(&b, '2');
    buf_add_u64(&b, 0);
    buf_add_u64(&b, UINT64_MAX);
    buf_addf(&b, " %s", "three");
    assert_text(&b, "one 2018446744073709551615 three");
}

static void it_grows_and_keeps_what_was_there(void **state)
{
    struct buf b = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        buf_add_char(&b, (char)('a' + i % 26));
    assert_int_equal(b.len, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(b.ptr[i], 'a' + i % 26);
    buf_done(&b);
}

static void what_cannot_be_had_leaves_it_as_it_was_and_is_remembered(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_add(&b, SPAN("kept"));
    assert_false(buf_reserve(&b, SIZE_MAX));
    assert_false(buf_reserve(&b, SIZE_MAX / 2));
    assert_true(b.failed);
    assert_int_equal(b.len, 4);
    buf_clear(&b);
    assert_false(b.failed);
    assert_text(&b, "");
}

/* RFC 8259 §7; control bytes never reach a terminal that shows a log. */
static void json_is_valid_whatever_the_bytes(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain", "plain"},
        {"a\"b\\c", "a\\\"b\\\\c"},
        {"\r\n\t\x1b\x7f", "\\u000d\\n\\t\\u001b\\u007f"},
        {"\xc3\xa4\xf0\x9f\x8e\x82", "\xc3\xa4\xf0\x9f\x8e\x82"},
        {"\xff\xc3", "\\u00ff\\u00c3"},
        {"\xc2\x9b" // CSI of C1
         "1m",
         "\\u009b1m"},
        {"\xed\xa0\x80", "\\u00ed\\u00a0\\u0080"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};

        buf_add_json(&b, span_from_str(cases[i].in));
        assert_text(&b, cases[i].out);
    }
}

static void html_cannot_leave_a_text_or_a_quoted_attribute(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_add_html(&b, SPAN("<a href=\"x\">&'"));
    assert_text(&b, "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

/* RFC 3986 §3.3 */
static void a_path_is_encoded_but_for_what_a_segment_may_hold(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_add_uri_path(&b, SPAN("/a b/%?#;=@:~\xc3\xa4"));
    assert_text(&b, "/a%20b/%25%3F%23;=@:~%C3%A4");
}

static void lent_memory_is_filled_and_never_left(void **state)
{
    char memory[8];
    struct buf b = buf_in(memory, sizeof memory);

    (void)state;
    buf_add(&b, SPAN("12345678"));
    assert_false(b.failed);
    assert_ptr_equal(buf_span(&b).ptr, memory);
    buf_add_char(&b, '9');
    assert_true(b.failed);
    assert_int_equal(b.len, 8);
    buf_done(&b);
    b = buf_in(NULL, 8);
    assert_true(b.failed);
    buf_add(&b, SPAN("1"));
    assert_int_equal(b.len, 0);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(additions_of_every_kind_follow_each_other),
        cmocka_unit_test(it_grows_and_keeps_what_was_there),
        cmocka_unit_test(what_cannot_be_had_leaves_it_as_it_was_and_is_remembered),
        cmocka_unit_test(lent_memory_is_filled_and_never_left),
        cmocka_unit_test(json_is_valid_whatever_the_bytes),
        cmocka_unit_test(html_cannot_leave_a_text_or_a_quoted_attribute),
        cmocka_unit_test(a_path_is_encoded_but_for_what_a_segment_may_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
