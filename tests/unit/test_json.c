// SPDX-License-Identifier: MIT
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/json.h"
#include "http/json_scan.h"
#include "unit.h"

#include <malloc.h>

static int read_text(struct span text, struct json_fault *fault)
{
    json_t *tree = NULL;
    int r = json_read(text, NULL, &tree, fault);

    assert_true((r == 0) == (tree != NULL));
    json_decref(tree);
    return r;
}

// RFC 8259
static void what_is_well_formed_is_read(void **state)
{
    static const char *const texts[] = {"0",
                                        "-0.5e+7",
                                        "\"\"",
                                        " \r\n\t[ ] ",
                                        "{}",
                                        "[1,[2,{\"a\":[]}],\"x\"]",
                                        "{\"\":null}",
                                        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud83d\\ude00\"",
                                        "\"\\u0000\"",
                                        "true",
                                        "\xef\xbb\xbf{\"a\":1}",
                                        "123456789012345678901234567890",
                                        "-9223372036854775808",
                                        "1e-999",
                                        "\"\x7f\xf0\x9f\x98\x80\""};
    struct json_fault fault;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (read_text(span_from_str(texts[i]), &fault) < 0)
            fail_msg("%s: %s", texts[i], fault.message);
}

static void a_fault_has_its_place_and_a_sentence(void **state)
{
    static const struct {
        const char *text;
        size_t line, column, offset;
        const char *message;
    } cases[] = {
        {"", 1, 1, 0, "expected a value; found the end of the text"},
        {"[1,]", 1, 4, 3, "expected a value; found \"]\""},
        {"{\"a\" 1}", 1, 6, 5, "expected a colon behind the name; found \"1\""},
        {"{\"a\":1,}", 1, 8, 7, "expected a name in quotation marks; found \"}\""},
        {"{a:1}", 1, 2, 1, "expected a name in quotation marks or \"}\"; found \"a\""},
        {"{\"\xc3\xa9\":\n \"\xc3\xa9\xc3\xa9\" 2}", 2, 7, 15,
         "expected a comma or \"}\" behind the member; found \"2\""},
        {"[1 2]", 1, 4, 3, "expected a comma or \"]\" behind the item; found \"2\""},
        {"[1}", 1, 3, 2, "expected a comma or \"]\" behind the item; found \"}\""},
        {"[\"ab\"\"c\"]", 1, 6, 5,
         "expected a comma or \"]\" behind the item; found a quotation mark"},
        {"[\"ab", 1, 5, 4,
         "expected a quotation mark that ends the string; found the end of the "
         "text"},
        {"[\"a\nb\"]", 1, 4, 3,
         "expected an escape such as \\n in the place of a control character; found the byte 0x0a"},
        {"\"\\x\"", 1, 2, 1,
         "expected an escape, which is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t "
         "\\u; found \"\\\""},
        {"\"\\u12g4\"", 1, 2, 1, "expected four hexadecimal digits behind \\u; found \"\\\""},
        {"\"\\ud800\"", 1, 2, 1, "expected both halves of a surrogate pair; found \"\\\""},
        {"\"\\ud800\\u0041\"", 1, 2, 1, "expected both halves of a surrogate pair; found \"\\\""},
        {"\"\\udc00\"", 1, 2, 1, "expected both halves of a surrogate pair; found \"\\\""},
        {"\"\xff\"", 1, 2, 1, "expected text in UTF-8; found the byte 0xff"},
        {"\"\xed\xa0\x80\"", 1, 2, 1, "expected text in UTF-8; found the byte 0xed"},
        {"{\"\\u0000\":1}", 1, 3, 2, "expected a name without the character U+0000; found \"\\\""},
        {"01", 1, 2, 1, "expected a number without a zero in front; found \"1\""},
        {"-", 1, 2, 1, "expected a digit; found the end of the text"},
        {"+1", 1, 1, 0, "expected a value; found \"+\""},
        {"1.", 1, 3, 2, "expected a digit behind the decimal point; found the end of the text"},
        {"1.e5", 1, 3, 2, "expected a digit behind the decimal point; found \"e\""},
        {"[1e+]", 1, 5, 4, "expected a digit of the exponent; found \"]\""},
        {"nul", 1, 1, 0, "expected a value; found \"n\""},
        {"NaN", 1, 1, 0, "expected a value; found \"N\""},
        {"{} x", 1, 4, 3, "expected nothing behind the value; found \"x\""},
        {"\xef\xbb\xbf[,", 1, 3, 4, "expected a value; found \",\""},
        {"{\"a\":1,\n\"a\" :2}", 2, 1, 8, "expected a name that the object does not have yet"},
        {"{\"a\\\"\":1, \"\\u0061\\\"\":2}", 1, 11, 10,
         "expected a name that the object does not have yet"},
        {"[1, -1e999 ]", 1, 5, 4, "expected a number of less than 1.8e308"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_fault fault = {0};

        assert_int_equal(read_text(span_from_str(cases[i].text), &fault), -CANDOR_E_SYNTAX);
        assert_string_equal(fault.message, cases[i].message);
        if (fault.line != cases[i].line || fault.column != cases[i].column ||
            fault.offset != cases[i].offset)
            fail_msg("%s: %zu:%zu (%zu)", cases[i].text, fault.line, fault.column, fault.offset);
    }
}

/* A NUL is a byte as any other. */
static void a_nul_does_not_end_the_text(void **state)
{
    struct json_fault fault;

    (void)state;
    assert_int_equal(read_text(SPAN("[1\0]"), &fault), -CANDOR_E_SYNTAX);
    assert_int_equal(fault.offset, 2);
    assert_int_equal(read_text(SPAN("\"\\\0\""), &fault), -CANDOR_E_SYNTAX);
    assert_int_equal(read_text(SPAN("1\0"), &fault), -CANDOR_E_SYNTAX);
}

static void integers_beyond_64_bits_become_doubles(void **state)
{
    struct json_fault fault;
    json_t *tree;

    (void)state;
    assert_int_equal(json_read(SPAN("[9223372036854775807]"), NULL, &tree, &fault), 0);
    assert_true(json_integer_value(json_array_get(tree, 0)) == INT64_MAX);
    json_decref(tree);
    assert_int_equal(json_read(SPAN("[9223372036854775808, 7]"), NULL, &tree, &fault), 0);
    assert_true(json_real_value(json_array_get(tree, 0)) == 9223372036854775808.0);
    assert_true(json_integer_value(json_array_get(tree, 1)) == 7);
    json_decref(tree);
}

static void add_times(struct buf *b, const char *text, size_t count)
{
    while (count--)
        buf_add_str(b, text);
}

static void many_digits_do_not_mislead(void **state)
{
    static const char *const ends[] = {"1e1000",  "1e1501",          "1e1502",
                                       "1e-1501", "15e100000000000", "0"};
    struct json_fault fault;
    struct buf b = {0};
    json_t *mine, *theirs;

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        buf_clear(&b);
        buf_add_str(&b, "0.");
        add_times(&b, "0", 1500);
        buf_add_str(&b, ends[i]);
        theirs = json_loadb(b.ptr, b.len, JSON_DECODE_ANY, NULL);
        mine = NULL;
        assert_true((json_read(buf_span(&b), NULL, &mine, &fault) == 0) == (theirs != NULL));
        if (theirs && !json_equal(mine, theirs))
            fail_msg("%s: %g, not %g", ends[i], json_real_value(mine), json_real_value(theirs));
        json_decref(mine);
        json_decref(theirs);
    }
    buf_done(&b);
}

static void nesting_and_length_are_bounded(void **state)
{
    struct json_fault fault;
    struct buf b = {0};

    (void)state;
    add_times(&b, "[", LIMIT_JSON_DEPTH);
    add_times(&b, "]", LIMIT_JSON_DEPTH);
    assert_int_equal(read_text(buf_span(&b), &fault), 0);
    buf_clear(&b);
    add_times(&b, "{\"a\":", LIMIT_JSON_DEPTH);
    buf_add_str(&b, " [");
    assert_int_equal(read_text(buf_span(&b), &fault), -CANDOR_E_LIMIT);
    assert_int_equal(fault.offset, LIMIT_JSON_DEPTH * 5 + 1);
    assert_string_equal(fault.message, "expected less nesting; found \"[\"");
    buf_clear(&b);
    add_times(&b, " ", LIMIT_JSON_TEXT - 1);
    buf_add_char(&b, '1');
    assert_int_equal(read_text(buf_span(&b), &fault), 0);
    buf_add_char(&b, ' ');
    assert_int_equal(read_text(buf_span(&b), &fault), -CANDOR_E_LIMIT);
    assert_int_equal(fault.offset, LIMIT_JSON_TEXT);
    buf_done(&b);
}

/* As jansson's own reader has them, which is slower. */
static void numbers_and_strings_are_what_jansson_takes_them_for(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "-0.0",
        "0e5",
        "0.1",
        "19.99",
        "1e22",
        "1e23",
        "123456789012345678e-5",
        "1.5e300",
        "9007199254740993.0",
        "0.000001",
        "5e-324",
        "2.2250738585072011e-308",
        "1e-400",
        "12E+3",
        "-9223372036854775808",
        "9223372036854775807",
        "1234567890123456789.5",
        "0.30000000000000004",
        "1000000000000000000000e-21",
        "100000000000000000000.0",
        "0.00000000000000000000000000001",
        "1.7976931348623157e308",
        "3.141592653589793",
        "1e0000000000000000001",
        "123456789e-30",
        "\"\\ud83d\\ude00 \\u00e9\\n\\/\\b\\f\\r\\t\\\"\\\\\"",
        "\"\\u0041b\\u0000\"",
        "{\"\\u0061\\n\":{\"\\t\":\"\\n\",\"b\":[\"\\u0062\"]}, \"x\" : [ ] , \"y\":{ } }",
        " [ 1 , 2,3 ,[ ], true,false , null ] ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *mine, *theirs = json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        struct json_fault fault;

        assert_non_null(theirs);
        assert_int_equal(json_read(span_from_str(texts[i]), NULL, &mine, &fault), 0);
        if (!json_equal(mine, theirs))
            fail_msg("%s", texts[i]);
        json_decref(mine);
        json_decref(theirs);
    }
}

/* ---- Memory */

static size_t in_use, highest;

static void *counting_malloc(size_t size)
{
    void *at = malloc(size);

    in_use += at ? malloc_usable_size(at) + sizeof(size_t) : 0;
    if (in_use > highest)
        highest = in_use;
    return at;
}

static void counting_free(void *at)
{
    in_use -= at ? malloc_usable_size(at) + sizeof(size_t) : 0;
    free(at);
}

/* What the scan says beforehand is an upper bound, whatever the text is full of. */
static void the_memory_of_a_tree_is_known_beforehand(void **state)
{
    static const struct {
        const char *begin, *item, *end;
    } texts[] = {
        {"[0", ",{}", "]"},      {"[0", ",[]", "]"},
        {"[0", ",1", "]"},       {"[0", ",1.5", "]"},
        {"[0", ",\"\"", "]"},    {"[0", ",\"0123456789abcdef\"", "]"},
        {"[0", ",null", "]"},    {"[0", ",{\"a\":1}", "]"},
        {"[0", ",[[0]]", "]"},   {"\"", "\xf0\x9f\x98\x80", "\""},
        {"\"", "\\u0001", "\""},
    };
    static const size_t counts[] = {0, 1, 7, 8, 9, 40, 100, 1000, 5000};
    struct budget budget = {.most = SIZE_MAX, .open = SIZE_MAX};
    struct json_fault fault;
    struct json_scan scan;
    struct buf b = {0};
    json_t *tree;

    (void)state;
    json_set_alloc_funcs(counting_malloc, counting_free);
    for (size_t i = 0; i < 12 * sizeof counts / sizeof *counts; i++) {
        size_t kind = i % 12, count = counts[i / 12];
        struct budget_part part = {.budget = &budget};

        buf_clear(&b);
        if (kind < 11) {
            buf_add_str(&b, texts[kind].begin);
            add_times(&b, texts[kind].item, count);
            buf_add_str(&b, texts[kind].end);
        } else {
            buf_add_str(&b, "{\"a\":0");
            for (size_t k = 0; k < count; k++)
                buf_addf(&b, ",\"%zu\":0", k);
            buf_add_char(&b, '}');
        }
        assert_int_equal(json_scan(buf_span(&b), &scan), 0);
        highest = in_use = 0;
        assert_int_equal(json_read(buf_span(&b), &part, &tree, &fault), 0);
        if (highest > scan.memory)
            fail_msg("%zu times \"%s\": %zu, said %zu", count,
                     kind < 11 ? texts[kind].item : "member", highest, scan.memory);
        assert_int_equal(part.taken, scan.memory);
        json_decref(tree);
        assert_int_equal(in_use, 0);
        budget_set(&part, 0);
    }
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(budget_taken(&budget), 0);
    buf_done(&b);
}

static void a_tree_that_is_too_large_is_not_built(void **state)
{
    struct budget budget = {.most = 2000, .open = 2000};
    struct budget_part part = {.budget = &budget};
    struct json_fault fault;
    struct buf b = {0};
    json_t *tree = NULL;

    (void)state;
    buf_add_str(&b, "[0");
    add_times(&b, ",{}", 200 * 1000);
    buf_add_char(&b, ']');
    assert_int_equal(read_text(buf_span(&b), &fault), -CANDOR_E_LIMIT);
    assert_string_equal(fault.message, "expected fewer values");
    // Nor where the budget has not got it; a fault gives back what was taken.
    assert_int_equal(json_read(SPAN("[{},{},{},{},{},{},{},{}]"), &part, &tree, &fault),
                     -CANDOR_E_MEMORY);
    assert_int_equal(json_read(SPAN("{\"a\":1,\"a\":1}"), &part, &tree, &fault), -CANDOR_E_SYNTAX);
    assert_int_equal(budget_taken(&budget), 0);
    assert_null(tree);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_well_formed_is_read),
        cmocka_unit_test(a_fault_has_its_place_and_a_sentence),
        cmocka_unit_test(a_nul_does_not_end_the_text),
        cmocka_unit_test(integers_beyond_64_bits_become_doubles),
        cmocka_unit_test(numbers_and_strings_are_what_jansson_takes_them_for),
        cmocka_unit_test(many_digits_do_not_mislead),
        cmocka_unit_test(nesting_and_length_are_bounded),
        cmocka_unit_test(the_memory_of_a_tree_is_known_beforehand),
        cmocka_unit_test(a_tree_that_is_too_large_is_not_built),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
