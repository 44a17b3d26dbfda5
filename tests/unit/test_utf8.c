// SPDX-License-Identifier: MIT
#include "unit.h"

#include "base/utf8.h"

/* What Unicode 15 §3.9, D92 says, written the other way round: decode, then judge. */
static size_t expected_length(const unsigned char *p, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80             ? 1
               : (p[0] & 0xe0) == 0xc0 ? 2
               : (p[0] & 0xf0) == 0xe0 ? 3
               : (p[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    uint32_t code;

    if (n < 2 || len < n)
        return n == 1 ? 1 : 0;
    code = p[0] & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    return code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : n;
}

static void every_sequence_is_judged_as_unicode_says(void **state)
{
    static const unsigned char tails[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0};

    (void)state;
    for (unsigned first = 0; first < 256; first++)
        for (unsigned second = 0; second < 256; second++)
            for (size_t i = 0; i < sizeof tails * sizeof tails; i++) {
                unsigned char p[] = {(unsigned char)first, (unsigned char)second,
                                     tails[i / sizeof tails], tails[i % sizeof tails]};

                for (size_t len = 1; len <= 4; len++)
                    if (utf8_length(span_of((char *)p, len)) != expected_length(p, len))
                        fail_msg("%02x %02x %02x %02x, %zu bytes", p[0], p[1], p[2], p[3], len);
            }
}

static void a_text_is_valid_when_every_sequence_in_it_is(void **state)
{
    (void)state;
    assert_true(utf8_is_valid(SPAN("")));
    assert_true(utf8_is_valid(SPAN("a\xc3\xa4\xf0\x9f\x90\x8c")));
    assert_false(utf8_is_valid(SPAN("a\xe4")));
    assert_false(utf8_is_valid(SPAN("\xc3\xa4\xf0\x9f\x90")));
}

static void a_text_is_ascii_when_every_byte_is(void **state)
{
    (void)state;
    assert_true(utf8_is_ascii(SPAN("")));
    assert_true(utf8_is_ascii(SPAN("a\x7f\x01")));
    assert_false(utf8_is_ascii(SPAN("a\x80")));
    assert_false(utf8_is_ascii(SPAN("\xff")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_is_judged_as_unicode_says),
        cmocka_unit_test(a_text_is_valid_when_every_sequence_in_it_is),
        cmocka_unit_test(a_text_is_ascii_when_every_byte_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
