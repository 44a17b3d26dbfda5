// SPDX-License-Identifier: MIT
/* Which of several upstreams is asked: upstream/balance.h; and how often again: upstream/window.h
 */
#include "upstream_unit.h"

#include "upstream/balance.h"

#include "base/hash.h"

static struct upstreams u;
static struct upstream_set *set;
static struct place place;

static void begin(enum upstream_balance balance, unsigned count, const uint32_t *weights)
{
    u = upstreams_new();
    u.o.balance = balance;
    for (unsigned i = 0; i < count; i++) {
        add_port(&u, "127.0.0.1", (uint16_t)(1000 + i));
        u.targets[i].weight = weights[i];
    }
    assert_int_equal(upstream_set_new(&u.o, &set), 0);
    place_open(&place, set);
}

static int teardown(void **state)
{
    (void)state;
    place_close(&place);
    upstream_set_free(set);
    return 0;
}

static unsigned choose(uint64_t targets, uint64_t hash)
{
    unsigned t = balance_choose(place.pool, targets, hash);

    assert_true(targets & target_bit(t));
    return t;
}

static void assert_share(unsigned count, unsigned of, double share)
{
    if (count < of * share * 0.9 || count > of * share * 1.1)
        fail_msg("%u of %u, not %f", count, of, share);
}

static void round_robin_gives_turns_by_weight_and_spreads_them(void **state)
{
    static const unsigned wanted[] = {0, 0, 1, 0, 2, 0, 0};

    (void)state;
    begin(BALANCE_ROUND_ROBIN, 3, (const uint32_t[]){5, 1, 1});
    for (unsigned i = 0; i < 21; i++)
        assert_int_equal(choose(7, 0), wanted[i % 7]);
    for (unsigned i = 0; i < 10; i++) // of those that are left
        assert_int_equal(choose(6, 0), 1 + i % 2);
}

static void least_takes_who_has_less_to_do_for_his_weight(void **state)
{
    unsigned counts[3] = {0};

    (void)state;
    begin(BALANCE_LEAST, 3, (const uint32_t[]){1, 1, 4});
    for (unsigned i = 0; i < 6000; i++)
        counts[choose(7, 0)]++;
    assert_share(counts[0], 6000, 1 / 6.0);
    assert_share(counts[2], 6000, 4 / 6.0);
    atomic_store(&set->shared[0].in_flight, 2);
    atomic_store(&set->shared[1].in_flight, 1);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(choose(3, 0), 1);
    atomic_store(&set->shared[2].in_flight, 5); // more for his weight than the second
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(choose(6, 0), 1);
    atomic_store(&set->shared[2].in_flight, 3);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(choose(6, 0), 2);
}

static void an_upstream_that_falls_away_moves_only_its_own(void **state)
{
    unsigned moved[4] = {0}, kept = 0;

    (void)state;
    begin(BALANCE_HASH, 4, (const uint32_t[]){1, 1, 1, 1});
    for (uint64_t i = 0; i < 8000; i++) {
        uint64_t hash = hash_add(HASH_BEGIN, span_of((const char *)&i, sizeof i));
        unsigned all = choose(15, hash), left = choose(13, hash);

        assert_int_equal(choose(15, hash), all);
        if (all == 1)
            moved[left]++;
        else
            assert_int_equal(all, left);
        kept += all != 1;
    }
    assert_share(8000 - kept, 8000, 1 / 4.0);
    assert_share(moved[0], 8000 - kept, 1 / 3.0); // and those go to all that are left
    assert_share(moved[2], 8000 - kept, 1 / 3.0);
}

static void a_hash_goes_by_weight_also_where_hashes_are_small_numbers(void **state)
{
    unsigned counts[3] = {0};

    (void)state;
    begin(BALANCE_HASH, 3, (const uint32_t[]){1, 2, 5});
    for (uint64_t i = 0; i < 16000; i++)
        counts[choose(7, i)]++;
    assert_share(counts[0], 16000, 1 / 8.0);
    assert_share(counts[1], 16000, 2 / 8.0);
    assert_share(counts[2], 16000, 5 / 8.0);
}

static void a_hash_does_not_know_the_order_of_the_targets(void **state)
{
    struct upstream_target turned[3];
    unsigned before[500];

    (void)state;
    begin(BALANCE_HASH, 3, (const uint32_t[]){1, 1, 1});
    for (uint64_t i = 0; i < 500; i++)
        before[i] = choose(7, i);
    place_close(&place);
    upstream_set_free(set);
    for (unsigned i = 0; i < 3; i++)
        turned[i] = u.targets[2 - i];
    u.o.targets = turned;
    assert_int_equal(upstream_set_new(&u.o, &set), 0);
    place_open(&place, set);
    for (uint64_t i = 0; i < 500; i++)
        assert_int_equal(choose(7, i), 2 - before[i]);
}

static void retries_are_a_part_of_the_requests_of_late(void **state)
{
    static struct window w;
    const int64_t second = CLOCK_SECOND;
    unsigned granted = 0;

    (void)state;
    begin(BALANCE_LEAST, 1, (const uint32_t[]){1});
    w = (struct window){0};
    for (unsigned i = 0; i < 100; i++)
        window_add(&w, 100 * second, COUNT_REQUESTS);
    for (unsigned i = 0; i < 100; i++)
        granted += window_may_retry(&w, 105 * second, 20, 3);
    assert_int_equal(granted, 20);
    assert_false(window_may_retry(&w, 105 * second, 20, 3));
    // In another second the least is granted, however much was used.
    for (unsigned i = 0; i < 3; i++)
        assert_true(window_may_retry(&w, 106 * second, 20, 3));
    assert_false(window_may_retry(&w, 106 * second, 20, 3));
    // The requests are forgotten, and then the retries.
    assert_int_equal(window_sum(&w, 109 * second, COUNT_REQUESTS), 100);
    assert_int_equal(window_sum(&w, 110 * second, COUNT_REQUESTS), 0);
    assert_int_equal(window_sum(&w, 114 * second, COUNT_RETRIES), 23);
    assert_int_equal(window_sum(&w, 116 * second, COUNT_RETRIES), 0);
    assert_false(window_may_retry(&w, 200 * second, 100, 0));
    window_add(&w, 200 * second, COUNT_REQUESTS);
    assert_true(window_may_retry(&w, 200 * second, 100, 0));
}

static void the_budget_of_a_pool_is_that_of_its_set(void **state)
{
    struct place other;

    (void)state;
    begin(BALANCE_LEAST, 1, (const uint32_t[]){1});
    place_open(&other, set);
    set->o.retry_budget.least = 0;
    set->o.retry_budget.percent = 50;
    assert_false(upstream_may_retry(place.pool));
    upstream_count_request(place.pool);
    upstream_count_request(other.pool);
    assert_true(upstream_may_retry(other.pool));
    assert_false(upstream_may_retry(place.pool));
    place_close(&other);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(round_robin_gives_turns_by_weight_and_spreads_them),
        TEST(least_takes_who_has_less_to_do_for_his_weight),
        TEST(an_upstream_that_falls_away_moves_only_its_own),
        TEST(a_hash_goes_by_weight_also_where_hashes_are_small_numbers),
        TEST(a_hash_does_not_know_the_order_of_the_targets),
        TEST(retries_are_a_part_of_the_requests_of_late),
        TEST(the_budget_of_a_pool_is_that_of_its_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
