// SPDX-License-Identifier: MIT
#include "base/base64.h"

#include "unit.h"

static bool decodes(const char *text, enum base64_form form, const char *content)
{
    unsigned char out[64];
    size_t length;

    return base64_decode(span_from_str(text), form, out, sizeof out, &length, NULL) &&
           length == strlen(content) && memcmp(out, content, length) == 0;
}

static size_t fault_of(const char *text, enum base64_form form, size_t size)
{
    unsigned char out[64];
    size_t length = 99, fault = 99;

    assert_false(base64_decode(span_from_str(text), form, out, size, &length, &fault));
    assert_int_equal(length, 99); // written on success only
    return fault;
}

// RFC 4648 §10
static void what_is_exact_is_decoded(void **state)
{
    (void)state;
    assert_true(decodes("", BASE64_PADDED, ""));
    assert_true(decodes("Zg==", BASE64_PADDED, "f"));
    assert_true(decodes("Zm8=", BASE64_PADDED, "fo"));
    assert_true(decodes("Zm9v", BASE64_PADDED, "foo"));
    assert_true(decodes("Zm9vYg==", BASE64_PADDED, "foob"));
    assert_true(decodes("Zg", BASE64_URL_BARE, "f"));
    assert_true(decodes("Zm8", BASE64_URL_BARE, "fo"));
    assert_true(decodes("-_-_", BASE64_URL_BARE, "\xfb\xff\xbf"));
    assert_true(decodes("+/+/", BASE64_PADDED, "\xfb\xff\xbf"));
}

// RFC 4648 §3: there is one text for one content
static void everything_else_is_refused_with_its_byte(void **state)
{
    (void)state;
    assert_int_equal(fault_of("Zg", BASE64_PADDED, 64), 2);
    assert_int_equal(fault_of("Zg=", BASE64_PADDED, 64), 3);
    assert_int_equal(fault_of("Zg===", BASE64_PADDED, 64), 2);
    assert_int_equal(fault_of("Zm9v====", BASE64_PADDED, 64), 4);
    assert_int_equal(fault_of("=", BASE64_PADDED, 64), 1);
    assert_int_equal(fault_of("====", BASE64_PADDED, 64), 0);
    assert_int_equal(fault_of("Z===", BASE64_PADDED, 64), 1);
    assert_int_equal(fault_of("Zh==", BASE64_PADDED, 64), 1); // bits that stand for nothing
    assert_int_equal(fault_of("Zm9=", BASE64_PADDED, 64), 2);
    assert_int_equal(fault_of("Zm9v\n", BASE64_PADDED, 64), 4);
    assert_int_equal(fault_of("Zm 9", BASE64_PADDED, 64), 2);
    assert_int_equal(fault_of("-_-_", BASE64_PADDED, 64), 0);
    assert_int_equal(fault_of("Zg==", BASE64_URL_BARE, 64), 2);
    assert_int_equal(fault_of("+/+/", BASE64_URL_BARE, 64), 0);
    assert_int_equal(fault_of("Zm9vZ", BASE64_URL_BARE, 64), 5);
    assert_int_equal(fault_of("Zh", BASE64_URL_BARE, 64), 1);
    assert_int_equal(fault_of("Zm9vYmFy", BASE64_PADDED, 5), 7); // more than there is room for
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_exact_is_decoded),
        cmocka_unit_test(everything_else_is_refused_with_its_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
