// SPDX-License-Identifier: MIT
#include "access/api_key.h"
#include "base/error.h"
#include "base/limits.h"

#include "unit.h"

#define ID "0123456789abcdef"
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void what_is_made_is_found(void **state)
{
    char one[API_KEY_LENGTH], two[API_KEY_LENGTH];
    struct api_keys *keys;
    struct api_key key;
    struct buf file = {0};

    (void)state;
    buf_add_str(&file, "# keys\n\n");
    assert_int_equal(api_key_make(SPAN("backup"), SPAN("read write"), one, &file), 0);
    assert_int_equal(api_key_make(SPAN("ci"), SPAN(""), two, &file), 0);
    // The secret is not in the file.
    for (size_t i = 0; i + API_KEY_SECRET <= file.len; i++)
        assert_memory_not_equal(file.ptr + i, one + 4 + API_KEY_ID, API_KEY_SECRET);
    assert_int_equal(api_keys_read(buf_span(&file), NULL, &keys), 0);
    assert_true(api_keys_check(keys, span_of(one, sizeof one), &key));
    assert_true(span_eq(key.name, SPAN("backup")) && span_eq(key.scopes, SPAN("read write")));
    assert_true(span_eq(key.id, span_of(one + 3, API_KEY_ID)));
    assert_true(api_keys_check(keys, span_of(two, sizeof two), &key));
    assert_true(span_eq(key.name, SPAN("ci")) && key.scopes.len == 0);
    for (size_t i = 0; i < sizeof one; i++) { // any other byte makes another key
        char was = one[i];

        one[i] = was == '0' ? '1' : '0';
        assert_false(api_keys_check(keys, span_of(one, sizeof one), &key));
        one[i] = was;
    }
    assert_false(api_keys_check(keys, span_of(one, sizeof one - 1), &key));
    assert_false(api_keys_check(keys, SPAN(""), &key));
    memcpy(one + 4 + API_KEY_ID, two + 4 + API_KEY_ID, API_KEY_SECRET); // another's secret
    assert_false(api_keys_check(keys, span_of(one, sizeof one), &key));
    api_keys_free(keys);
    buf_done(&file);
}

static void only_one_form_is_a_key(void **state)
{
    (void)state;
    assert_true(api_key_is_one(SPAN("ck_" ID "_" HASH)));
    assert_false(api_key_is_one(SPAN("CK_" ID "_" HASH)));
    assert_false(api_key_is_one(SPAN("ck_" ID "_" HASH "0")));
    assert_false(api_key_is_one(SPAN("ck_0123456789abcdeF_" HASH)));
    assert_false(api_key_is_one(SPAN("ck_0123456789abcdeg_" HASH)));
    assert_false(api_key_is_one(SPAN("ck_" ID "-" HASH)));
    assert_false(api_key_is_one(SPAN("e30.e30.")));
}

static void check_refused(const char *text, size_t line, size_t at, const char *word)
{
    struct faults faults = {0};
    struct api_keys *keys;

    assert_int_equal(api_keys_read(span_from_str(text), &faults, &keys), -CANDOR_E_SYNTAX);
    if (faults.count != 1 || faults.list[0].line != line || faults.list[0].at != at ||
        !strstr(faults.list[0].reason, word))
        fail_msg("%s: line %zu, %zu: %s", text, faults.list[0].line, faults.list[0].at,
                 faults.list[0].reason);
    faults_done(&faults);
}

static void lines_that_are_none_are_told(void **state)
{
    char *large = calloc(1, LIMIT_API_KEYS_FILE + 1);
    struct api_keys *keys;

    (void)state;
    check_refused("\nci", 2, 2, "id");
    check_refused(":" ID ":" HASH, 1, 0, "missing");
    check_refused("ci:" ID ":", 1, 20, "SHA-256");
    check_refused("ci:xyz:" HASH, 1, 3, "id");
    check_refused("ci:" ID ":" HASH "0", 1, 20, "SHA-256");
    check_refused("ci:" ID ":" HASH ":re\"ad", 1, 85, "scope");
    check_refused("ci:" ID ":" HASH "\nb:" ID ":" HASH, 2, 2, "line 1 already");
    assert_int_equal(api_keys_read(span_of(large, LIMIT_API_KEYS_FILE + 1), NULL, &keys),
                     -CANDOR_E_LIMIT);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_is_found),
        cmocka_unit_test(only_one_form_is_a_key),
        cmocka_unit_test(lines_that_are_none_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
