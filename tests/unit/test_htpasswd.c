// SPDX-License-Identifier: MIT
#include "access/htpasswd.h"
#include "access/verified.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#include "unit.h"

#include <crypt.h>
#include <dlfcn.h>

// All of "secret", with costs that are low for a test; made by crypt(3).
#define YESCRYPT "$y$j75$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01"
#define SHA512                                                                                     \
    "$6$salt$egUxKNxDs8kPfh8iPMNcosMhb2eWah6d3R44JDm5Rj/j/"                                        \
    "XWR5E33QPd0YmHXoDHOIDR6kL5D3JcQcz0O8FHE00"
#define SHA256 "$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7"
#define BCRYPT "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"

static struct htpasswd *read_file(const char *text)
{
    struct faults faults = {0};
    struct htpasswd *h = NULL;

    if (htpasswd_read(span_from_str(text), &faults, &h) < 0)
        fail_msg("%s: line %zu: %s", text, faults.list[0].line, faults.list[0].reason);
    faults_done(&faults);
    return h;
}

static void each_kind_is_checked(void **state)
{
    static const char text[] = "\xef\xbb\xbf# users\r\n\r\n"
                               "yes:" YESCRYPT "\r\n"
                               "sha512:" SHA512 "\n"
                               "  # between\n"
                               "sha256:" SHA256 ":a comment\n"
                               "bcrypt:" BCRYPT " \n"
                               "with space:" BCRYPT;
    static const char *const users[] = {"yes", "sha512", "sha256", "bcrypt", "with space"};
    struct password_scratch *s = password_scratch_new();
    struct htpasswd *h = read_file(text);

    (void)state;
    assert_int_equal(htpasswd_count(h), 5);
    for (size_t i = 0; i < 5; i++) {
        struct span user = span_from_str(users[i]);

        assert_true(htpasswd_has(h, user));
        assert_int_equal(htpasswd_check(h, user, SPAN("secret"), s), PASSWORD_RIGHT);
        assert_int_equal(htpasswd_check(h, user, SPAN("secreT"), s), PASSWORD_WRONG);
        assert_int_equal(htpasswd_check(h, user, SPAN("secret\0x"), s), PASSWORD_WRONG);
        assert_int_equal(htpasswd_check(h, user, SPAN(""), s), PASSWORD_WRONG);
    }
    // Neither is anybody's: not the name, nor the hash itself, nor what is for someone else.
    assert_int_equal(htpasswd_check(h, SPAN("nobody"), SPAN("secret"), s), PASSWORD_WRONG);
    assert_int_equal(htpasswd_check(h, SPAN(""), SPAN("secret"), s), PASSWORD_WRONG);
    assert_int_equal(htpasswd_check(h, SPAN("yes"), SPAN(YESCRYPT), s), PASSWORD_WRONG);
    htpasswd_free(h);
    password_scratch_free(s);
}

/* Whose time a check takes: each computation of a hash is told by its kind, and then made. */
static char computed[64];

char *crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
    char *(*original)(const char *, const char *, void *, int);
    void *symbol = dlsym(RTLD_NEXT, "crypt_rn");
    size_t length = strlen(computed);

    memcpy(&original, &symbol, sizeof original);
    if (length + 1 < sizeof computed)
        computed[length] = setting[1];
    return original(phrase, setting, data, size);
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

static void expect_work(const struct htpasswd *h, const char *user, const char *kinds)
{
    struct password_scratch *s = password_scratch_new();

    memset(computed, 0, sizeof computed);
    assert_int_equal(htpasswd_check(h, span_from_str(user), SPAN("wrong"), s), PASSWORD_WRONG);
    qsort(computed, strlen(computed), 1, compare_bytes);
    assert_string_equal(computed, kinds);
    password_scratch_free(s);
}

static void what_is_wrong_takes_the_work_of_every_kind_for_every_name(void **state)
{
    struct htpasswd *h = read_file("one:" SHA512 "\ntwo:" SHA256 "\nthree:" SHA512 "\n"
                                   "four:" BCRYPT "\n");
    struct htpasswd *single = read_file("one:" YESCRYPT "\ntwo:" YESCRYPT "\n");
    struct htpasswd *none = read_file("");

    (void)state;
    expect_work(h, "one", "256");
    expect_work(h, "two", "256");
    expect_work(h, "three", "256");
    expect_work(h, "four", "256");
    expect_work(h, "nobody", "256");
    expect_work(h, "", "256");
    expect_work(single, "two", "y");
    expect_work(single, "nobody", "y");
    expect_work(none, "nobody", "");
    htpasswd_free(h);
    htpasswd_free(single);
    htpasswd_free(none);
}

static void check_line_refused(const char *text, size_t line, size_t at, const char *word)
{
    struct faults faults = {0};
    struct htpasswd *h;

    assert_int_equal(htpasswd_read(span_from_str(text), &faults, &h), -CANDOR_E_SYNTAX);
    if (faults.count != 1 || faults.list[0].line != line || faults.list[0].at != at ||
        !strstr(faults.list[0].reason, word))
        fail_msg("%s: line %zu, %zu: %s", text, faults.list[0].line, faults.list[0].at,
                 faults.list[0].reason);
    faults_done(&faults);
}

static void what_cannot_be_checked_is_told_by_line(void **state)
{
    static const char command[] = "candor passwd FILE 'ann'";

    (void)state;
    check_line_refused("# x\n\nann:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/\n", 3, 4, "$apr1$");
    check_line_refused("ann:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/\n", 1, 4, command);
    check_line_refused("ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", 1, 4, "{SHA}");
    check_line_refused("ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", 1, 4, command);
    check_line_refused("ann:{SSHA}x", 1, 4, command);
    check_line_refused("ann:$1$abc$def", 1, 4, "MD5");
    check_line_refused("ann:secret", 1, 4, "in clear");
    check_line_refused("ann:{PLAIN}secret", 1, 4, "in clear");
    check_line_refused("ann:rl.3StKT.4T8M", 1, 4, "DES");
    check_line_refused("ann:$7$abc", 1, 4, "not known here");
    check_line_refused("ann:", 1, 4, "missing");
    check_line_refused("ann:!", 1, 4, "locked");
    check_line_refused("ann:$2x$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", 1, 4,
                       "$2x$");
    check_line_refused("ann", 1, 3, "no colon");
    check_line_refused(":" SHA512, 1, 0, "missing");
    check_line_refused("a\x01:" SHA512, 1, 0, "control");
    check_line_refused(" ann:" SHA512, 1, 0, "space");
    check_line_refused("\xff:" SHA512, 1, 0, "UTF-8");
    check_line_refused("ann:" SHA512 "\nbob:" SHA512 "\nann:" BCRYPT "\n", 3, 0, "line 1 already");
}

static void what_is_damaged_or_would_take_too_long_is_refused(void **state)
{
    struct password_hash hash;

    (void)state;
    check_line_refused("a:" SHA512 "x", 1, 2, "damaged");
    check_line_refused("a:$6$salt$", 1, 2, "damaged");
    check_line_refused("a:$6$salt", 1, 2, "damaged");
    check_line_refused("a:$6$", 1, 2, "damaged");
    check_line_refused("a:$5$rounds=x$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7", 1, 2,
                       "damaged");
    check_line_refused("a:$5$rounds=1000001$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7", 1, 2,
                       "rounds");
    check_line_refused("a:$2y$04$abc", 1, 2, "damaged");
    check_line_refused("a:$2y$03$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", 1, 2,
                       "damaged");
    check_line_refused("a:$2y$16$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", 1, 2,
                       "cost");
    check_line_refused("a:$y$jCT$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01", 1, 2,
                       "memory");
    check_line_refused("a:$y$j9U$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01", 1, 2,
                       "not known");
    check_line_refused("a:$y$j75$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH", 1, 2, "damaged");
    assert_null(
        password_hash_read("$y$jBT$abcdefgh$XiGRbAwHIxPw4lFNtJ5IbstC4YCj10q4LVNa7W2vnn7", &hash));
    assert_null(
        password_hash_read("$2b$15$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e", &hash));
}

static void bounds_hold(void **state)
{
    struct faults faults = {0};
    struct htpasswd *h;
    struct buf b = {0};
    char *large = calloc(1, LIMIT_HTPASSWD_FILE + 1);

    (void)state;
    assert_non_null(large);
    assert_int_equal(htpasswd_read(span_of(large, LIMIT_HTPASSWD_FILE + 1), NULL, &h),
                     -CANDOR_E_LIMIT);
    free(large);
    for (int i = 0; i <= LIMIT_PASSWORD_COSTS; i++)
        buf_addf(&b, "u%d:$5$rounds=%d$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7\n", i,
                 1000 + i);
    buf_add_char(&b, '\0');
    check_line_refused(b.ptr, LIMIT_PASSWORD_COSTS + 1, 3, "only a few");
    buf_clear(&b);
    for (int i = 0; i < LIMIT_ACCESS_FAULTS + 5; i++)
        buf_addf(&b, "u%d\n", i);
    assert_int_equal(htpasswd_read(buf_span(&b), &faults, &h), -CANDOR_E_SYNTAX);
    assert_int_equal(faults.count, LIMIT_ACCESS_FAULTS + 5);
    assert_int_equal(faults_kept(&faults), LIMIT_ACCESS_FAULTS);
    faults_done(&faults);
    buf_clear(&b);
    for (int i = 0; i <= LIMIT_USER_NAME; i++)
        buf_add_char(&b, 'n');
    buf_add_str(&b, ":" SHA512);
    buf_add_char(&b, '\0');
    check_line_refused(b.ptr, 1, 0, "too long");
    buf_done(&b);
}

static void a_made_hash_is_right_and_never_made_twice(void **state)
{
    char *one = password_hash_make(SPAN("pass word")), *two = password_hash_make(SPAN("pass word"));
    struct password_scratch *s = password_scratch_new();
    char longest[LIMIT_PASSWORD + 1];
    struct password_hash hash;

    (void)state;
    assert_non_null(one);
    assert_non_null(two);
    assert_string_not_equal(one, two);
    assert_null(password_hash_read(one, &hash));
    assert_int_equal(hash.kind, PASSWORD_YESCRYPT);
    assert_int_equal(password_check(&hash, SPAN("pass word"), s), PASSWORD_RIGHT);
    memset(longest, 'x', sizeof longest);
    assert_null(password_hash_make(span_of(longest, sizeof longest)));
    free(one);
    one = password_hash_make(span_of(longest, LIMIT_PASSWORD));
    assert_null(password_hash_read(one, &hash));
    assert_int_equal(password_check(&hash, span_of(longest, LIMIT_PASSWORD), s), PASSWORD_RIGHT);
    assert_int_equal(password_check(&hash, span_of(longest, sizeof longest), s), PASSWORD_WRONG);
    free(one);
    free(two);
    password_scratch_free(s);
}

static void what_was_right_is_remembered_for_some_seconds(void **state)
{
    struct verified_hash hash, other;
    int64_t now = CLOCK_SECOND, end = now + LIMIT_VERIFIED_TIME * CLOCK_MS;
    struct verified *v, *w;

    (void)state;
    assert_int_equal(verified_new(&v), 0);
    assert_int_equal(verified_new(&w), 0);
    assert_true(verified_hash(v, 1, SPAN("ann"), SPAN("secret"), &hash));
    assert_false(verified_knows(v, &hash, now));
    verified_remember(v, &hash, now);
    assert_true(verified_knows(v, &hash, now));
    assert_true(verified_knows(v, &hash, end - 1));
    assert_false(verified_knows(v, &hash, end));
    assert_true(verified_hash(v, 2, SPAN("ann"), SPAN("secret"), &other)); // another file
    assert_false(verified_knows(v, &other, now));
    assert_true(verified_hash(v, 1, SPAN("anns"), SPAN("ecret"), &other));
    assert_false(verified_knows(v, &other, now));
    assert_true(verified_hash(v, 1, SPAN("ann"), SPAN("secret "), &other));
    assert_false(verified_knows(v, &other, now));
    assert_true(verified_hash(w, 1, SPAN("ann"), SPAN("secret"), &other)); // another key
    assert_memory_not_equal(&other, &hash, sizeof hash);
    verified_free(v);
    verified_free(w);
}

static void the_memory_is_bounded_and_the_oldest_go(void **state)
{
    struct verified_hash first, hash = {{0}};
    struct verified *v;
    int known = 0;

    (void)state;
    assert_int_equal(verified_new(&v), 0);
    for (int i = 0; i <= 4 * LIMIT_VERIFIED; i++) {
        assert_true(verified_hash(v, (uint64_t)i, SPAN("a"), SPAN("b"), &hash));
        if (i == 0)
            first = hash;
        verified_remember(v, &hash, 1 + i);
    }
    assert_true(verified_knows(v, &hash, 1));
    assert_false(verified_knows(v, &first, 1));
    for (int i = 0; i <= 4 * LIMIT_VERIFIED; i++) {
        assert_true(verified_hash(v, (uint64_t)i, SPAN("a"), SPAN("b"), &hash));
        known += verified_knows(v, &hash, 1);
    }
    assert_in_range(known, LIMIT_VERIFIED / 2, LIMIT_VERIFIED);
    verified_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_checked),
        cmocka_unit_test(what_is_wrong_takes_the_work_of_every_kind_for_every_name),
        cmocka_unit_test(what_cannot_be_checked_is_told_by_line),
        cmocka_unit_test(what_is_damaged_or_would_take_too_long_is_refused),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(a_made_hash_is_right_and_never_made_twice),
        cmocka_unit_test(what_was_right_is_remembered_for_some_seconds),
        cmocka_unit_test(the_memory_is_bounded_and_the_oldest_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
