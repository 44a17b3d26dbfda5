// SPDX-License-Identifier: MIT
#include "http/digest.h"

#include "http/structured.h"
#include "resource/files/digest_hash.h"
#include "unit.h"

/* Of "{\"hello\": \"world\"}\n", from RFC 9530 §B.1. */
#define HELLO_256 "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
#define HELLO_512                                                                                  \
    "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/"          \
    "WkppmM44T3qg==:"
#define EMPTY_256 "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"

// RFC 9530 §2, §3; RFC 9651 §3.2
static void digests_of_sound_algorithms_are_read_and_others_ignored(void **state)
{
    static const struct {
        const char *value;
        bool ok, has_256, has_512;
    } cases[] = {
        {"", true, false, false},
        {HELLO_256, true, true, false},
        {HELLO_512, true, false, true},
        {"  " HELLO_256 " ,\t" HELLO_512 "  ", true, true, true},
        {"md5=:AAAA:, unixsum=1, " HELLO_256, true, true, false},
        {HELLO_256 ";q=1;b", true, true, false},
        {"x=1, y=-1.5, z=\"a\\\"b\", t=tok/en:*, b=?0, f, d=@1659578233, s=%\"f%c3%bc\", "
         "l=(1 \"a\";p :AA==:);q, *k.-_2=()",
         true, false, false},
        {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU:", true, true, false}, // no padding
        {"sha-256=:AAAA:", false, false, false},
        {"sha-256=::", false, false, false},
        {"sha-256=1", false, false, false},
        {"sha-256", false, false, false},
        {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", false, false, false},
        {"sha-256=:47DE=pj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", false, false, false},
        {"sha-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", false, false, false},
        {HELLO_256 ",", false, false, false},
        {HELLO_256 " " HELLO_512, false, false, false},
        {"," HELLO_256, false, false, false},
        {"SHA-256=:AAAA:", false, false, false}, // keys are lower-case
        {"x=", false, false, false},
        {"x=\"a", false, false, false},
        {"x=\"\\a\"", false, false, false},
        {"x=1.", false, false, false},
        {"x=1.2345", false, false, false},
        {"x=1234567890123456", false, false, false},
        {"x=-", false, false, false},
        {"x=?2", false, false, false},
        {"x=(1", false, false, false},
        {"x=(1\"a\")", false, false, false},
        {"x=((1))", false, false, false},
        {"x=@1.5", false, false, false},
        {"x=%\"%C3\"", false, false, false},
        {"x=%", false, false, false},
        {"x=1;", false, false, false},
        {"x=\xc3\xa4", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct digests d = {.has = {false}};
        size_t offset = SIZE_MAX;

        if (digest_parse(span_from_str(cases[i].value), &d, &offset) != cases[i].ok ||
            d.has[DIGEST_SHA_256] != cases[i].has_256 || d.has[DIGEST_SHA_512] != cases[i].has_512)
            fail_msg("%s", cases[i].value);
        assert_true(cases[i].ok || offset <= strlen(cases[i].value));
    }
}

// RFC 9651 §4.2.2: the last of a key counts.
static void the_last_of_a_repeated_key_counts(void **state)
{
    struct digests a, b;
    size_t offset;

    (void)state;
    assert_true(digest_parse(SPAN(HELLO_256 "," EMPTY_256), &a, &offset));
    assert_true(digest_parse(SPAN(EMPTY_256), &b, &offset));
    assert_true(digest_agree(&a, &b));
    assert_true(digest_parse(SPAN(HELLO_256), &b, &offset));
    assert_false(digest_agree(&a, &b));
}

// RFC 9530 §B.1
static void hashing_in_pieces_gives_what_the_field_says(void **state)
{
    static const char text[] = "{\"hello\": \"world\"}\n";
    struct digests sent, computed, none = {.has = {false}};
    struct digest_hash *h;
    struct buf b = {0};
    size_t offset;

    (void)state;
    assert_true(digest_parse(SPAN(HELLO_256 ", " HELLO_512), &sent, &offset));
    assert_int_equal(digest_hash_new(&sent, &h), 0);
    for (size_t i = 0; i + 1 < sizeof text; i++)
        digest_hash_add(h, span_of(text + i, 1));
    digest_hash_add(h, span_of(NULL, 0));
    assert_int_equal(digest_hash_finish(h, &computed), 0);
    digest_hash_free(h);
    assert_true(digest_agree(&sent, &computed));
    assert_true(digest_agree(&none, &computed));
    assert_false(digest_agree(&sent, &none));
    digest_write(&b, DIGEST_SHA_256, computed.bytes[DIGEST_SHA_256]);
    buf_add(&b, SPAN(", "));
    digest_write(&b, DIGEST_SHA_512, computed.bytes[DIGEST_SHA_512]);
    assert_true(span_eq(buf_span(&b), SPAN(HELLO_256 ", " HELLO_512)));
    buf_done(&b);
    digest_hash_free(NULL);
}

// RFC 9530 §4
static void the_most_wanted_algorithm_is_chosen(void **state)
{
    static const struct {
        const char *value;
        int chosen; // -1: none
    } cases[] = {
        {"sha-256=1", DIGEST_SHA_256},
        {"sha-512=3, sha-256=10, unixsum=0", DIGEST_SHA_256},
        {"sha-512=3, sha-256=2", DIGEST_SHA_512},
        {"sha-512=3, sha-256=3", DIGEST_SHA_256},
        {"sha-256=0", -1},
        {"sha-256=11", -1},
        {"sha-256", -1},
        {"md5=10", -1},
        {"sha-256=1,", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum digest_algorithm a;
        int chosen = digest_wanted(span_from_str(cases[i].value), &a) ? (int)a : -1;

        if (chosen != cases[i].chosen)
            fail_msg("%s", cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_of_sound_algorithms_are_read_and_others_ignored),
        cmocka_unit_test(the_last_of_a_repeated_key_counts),
        cmocka_unit_test(hashing_in_pieces_gives_what_the_field_says),
        cmocka_unit_test(the_most_wanted_algorithm_is_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
