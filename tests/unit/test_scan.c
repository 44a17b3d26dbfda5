// SPDX-License-Identifier: MIT
/*
 * Every scanner that this machine can run gives the answers of the plain one.
 */
#include "base/ascii.h"
#include "unit.h"
#include "wire/scan.h"

enum { MOST = 200 };

static void compare(const char *at, const char *end)
{
    const struct scanner *plain = scanner_at(0), *other;

    for (size_t i = 1; (other = scanner_at(i)); i++) {
        assert_ptr_equal(other->field_value(at, end), plain->field_value(at, end));
        assert_ptr_equal(other->path(at, end), plain->path(at, end));
    }
    assert_ptr_equal(scan_field_value(at, end), plain->field_value(at, end));
}

/* Each byte value at each place of each length, in memory that ends where the span ends. */
static void every_byte_at_every_place_is_judged_alike(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 70; len++) {
        char *text = malloc(len + 1);

        assert_non_null(text);
        memset(text, 'a', len + 1);
        text = realloc(text, len ? len : 1);
        assert_non_null(text);
        compare(text, text + len);
        for (size_t i = 0; i < len; i++) {
            for (unsigned c = 0; c < 256; c++) {
                text[i] = (char)c;
                compare(text, text + len);
            }
            text[i] = 'a';
        }
        free(text);
    }
}

static void random_texts_are_judged_alike(void **state)
{
    uint64_t seed = 88172645463325252U;
    char text[MOST];

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t from, len;

        for (size_t i = 0; i < MOST; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            text[i] = seed % 32 ? (char)('a' + seed % 26) : (char)(seed >> 40);
        }
        from = seed % MOST;
        len = (seed >> 32) % (MOST - from);
        compare(text + from, text + from + len);
    }
}

/* RFC 9110 §5.5, RFC 3986 §3.3: the plain one against the classes as the RFCs write them, and what
 * browsers send raw in a path. */
static void the_plain_one_follows_the_grammar(void **state)
{
    const struct scanner *plain = scanner_at(0);

    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        char c = (char)i;
        bool value = i == '\t' || (i >= 0x20 && i != 0x7f);
        bool path = i && i < 0x80 &&
                    strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "-._~!$&'()*+,;=:@/"
                           "[]^`{|}",
                           (int)i);

        assert_int_equal(plain->field_value(&c, &c + 1) == &c + 1, value);
        assert_int_equal(plain->path(&c, &c + 1) == &c + 1, path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_at_every_place_is_judged_alike),
        cmocka_unit_test(random_texts_are_judged_alike),
        cmocka_unit_test(the_plain_one_follows_the_grammar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
