// SPDX-License-Identifier: MIT
#include "access/network.h"
#include "access/slow.h"
#include "base/clock.h"
#include "base/limits.h"

#include "unit.h"

static struct address address(const char *text)
{
    struct address a;

    if (!address_parse(span_from_str(text), &a))
        fail_msg("%s", text);
    return a;
}

static bool has(const char *network, const char *text)
{
    struct address a = address(text);
    struct network n;
    const char *why = network_parse(span_from_str(network), &n);

    if (why)
        fail_msg("%s: %s", network, why);
    return network_has(&n, &a);
}

// RFC 4632 §3.1, RFC 4291 §2.3, §2.5.5.2
static void an_address_is_in_its_networks(void **state)
{
    (void)state;
    assert_true(has("192.0.2.0/24", "192.0.2.255"));
    assert_false(has("192.0.2.0/24", "192.0.3.0"));
    assert_true(has("192.0.2.7", "192.0.2.7"));
    assert_false(has("192.0.2.7", "192.0.2.6"));
    assert_true(has("192.0.2.6/31", "192.0.2.7"));
    assert_true(has("0.0.0.0/0", "255.255.255.255"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("::/0", "2001:db8::1"));
    assert_false(has("::/0", "192.0.2.1"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(has("192.0.2.0/24", "::ffff:192.0.2.1")); // IPv4 within IPv6
    assert_true(has("::ffff:192.0.2.0/120", "192.0.2.1"));
    assert_false(has("::ffff:192.0.2.0/120", "192.0.3.1"));
    assert_false(has("::192.0.2.0/120", "192.0.2.1"));
    assert_true(has("::1", "::1"));
}

static void networks_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "/",
                                      "/8",
                                      "x",
                                      "10.0.0.0/",
                                      "10.0.0.0/33",
                                      "10.0.0.0/08",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/8/8",
                                      "10.0.0/8",
                                      "010.0.0.0/8",
                                      "10.0.0.1/8",
                                      "10.0.0.0/8 ",
                                      "::/129",
                                      "2001:db8::1/64",
                                      "[::1]",
                                      "fe80::1%eth0",
                                      "::ffff:10.0.0.0/8",
                                      "10.0.0.0:80",
                                      ":::",
                                      "1.2.3.4.5"};
    struct network n;
    struct address a;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!network_parse(span_from_str(bad[i]), &n))
            fail_msg("%s is taken", bad[i]);
    assert_false(address_parse(SPAN("1.2.3.4\0"), &a));
}

static void many_failures_make_an_address_slow_and_no_other(void **state)
{
    struct address a = address("192.0.2.1"), b = address("192.0.2.2"), v6 = address("2001:db8::1");
    struct address beside = address("2001:db8::2:1"), far = address("2001:db8:0:1::1");
    int64_t now = CLOCK_SECOND, wait;
    struct slow *s;

    (void)state;
    assert_int_equal(slow_new(&s), 0);
    for (int i = 0; i < LIMIT_FAILURES; i++) {
        assert_int_equal(slow_take_turn(s, &a, now), 0);
        assert_int_equal(slow_count_failure(s, &a, now), 0);
    }
    assert_int_equal(slow_take_turn(s, &a, now), 0);
    assert_int_equal(slow_count_failure(s, &a, now), LIMIT_FAILURE_TIME / 1000); // 429 from now on
    assert_int_equal(slow_take_turn(s, &b, now), 0);
    assert_int_equal(slow_count_failure(s, &b, now), 0);
    // Whoever has the right password waits for a turn, and never longer than that.
    assert_int_equal(slow_take_turn(s, &a, now), 0);
    assert_int_equal(slow_take_turn(s, &a, now), LIMIT_SLOW_SPACING * CLOCK_MS);
    for (int i = 0; i < 100; i++) {
        wait = slow_take_turn(s, &a, now);
        assert_in_range(wait, 1, LIMIT_SLOW_WAIT * CLOCK_MS);
    }
    assert_int_equal(wait, LIMIT_SLOW_WAIT * CLOCK_MS);
    // It ends by itself, in a time that does not grow with the number of failures.
    for (int i = 0; i < 1000; i++)
        assert_true(slow_count_failure(s, &a, now) <= LIMIT_FAILURES * LIMIT_FAILURE_TIME / 1000);
    now += (LIMIT_FAILURES + 1) * LIMIT_FAILURE_TIME * CLOCK_MS;
    assert_int_equal(slow_take_turn(s, &a, now), 0);
    assert_int_equal(slow_count_failure(s, &a, now), 0);
    for (int i = 0; i <= LIMIT_FAILURES; i++)
        wait = slow_count_failure(s, i % 2 ? &v6 : &beside, now); // they share their /64
    assert_true(wait > 0);
    assert_int_equal(slow_count_failure(s, &far, now), 0);
    slow_free(s);
}

static void the_table_is_bounded_and_keeps_the_slowest(void **state)
{
    struct address first = address("192.0.2.1");
    int64_t now = CLOCK_SECOND;
    struct slow *s;

    (void)state;
    assert_int_equal(slow_new(&s), 0);
    for (int i = 0; i <= 2 * LIMIT_FAILURES; i++)
        slow_count_failure(s, &first, now);
    for (uint32_t i = 0; i < 8 * LIMIT_SLOW_ADDRESSES; i++) {
        unsigned char bytes[4] = {10, (unsigned char)(i >> 16), (unsigned char)(i >> 8),
                                  (unsigned char)i};
        struct address other = address_from_bytes(bytes, sizeof bytes);

        assert_int_equal(slow_count_failure(s, &other, now), 0);
    }
    assert_true(slow_count_failure(s, &first, now) > 0); // many others do not wash it away
    slow_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_in_its_networks),
        cmocka_unit_test(networks_that_are_none_are_refused),
        cmocka_unit_test(many_failures_make_an_address_slow_and_no_other),
        cmocka_unit_test(the_table_is_bounded_and_keeps_the_slowest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
