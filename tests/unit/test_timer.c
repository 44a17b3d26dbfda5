// SPDX-License-Identifier: MIT
#include "unit.h"

#include "base/clock.h"
#include "io/timer.h"

#define TICK WHEEL_TICK
#define HORIZON (WHEEL_TICK * WHEEL_SLOTS)

static struct wheel wheel;
static int64_t now;
static struct {
    struct timer *timer;
    int64_t at;
} fired[64];
static size_t fired_count;

static void note(struct timer *t)
{
    fired[fired_count].timer = t;
    fired[fired_count++].at = now;
}

static void run_to(int64_t to)
{
    now = to;
    wheel_run(&wheel, now);
}

/* Walks as the loop would: from one waking to the next. */
static void sleep_until(int64_t to)
{
    for (;;) {
        int wait = wheel_wait(&wheel, now);

        if (wait < 0 || now + wait * CLOCK_MS > to)
            break;
        run_to(now + (wait ? wait : 1) * CLOCK_MS);
    }
    run_to(to);
}

static int setup(void **state)
{
    (void)state;
    now = 1000 * CLOCK_SECOND + 7;
    wheel_init(&wheel, now);
    fired_count = 0;
    return 0;
}

static void a_timer_fires_once_at_its_time_or_a_tick_later(void **state)
{
    static const int64_t delays[] = {0,       1,           CLOCK_MS,       TICK - 1,
                                     TICK,    TICK + 1,    CLOCK_SECOND,   HORIZON - TICK,
                                     HORIZON, HORIZON + 1, 3 * HORIZON + 5};
    const size_t count = sizeof delays / sizeof *delays;
    struct timer timers[sizeof delays / sizeof *delays];
    int64_t start = now;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        timer_init(&timers[i], note);
        wheel_set(&wheel, &timers[i], start + delays[i]);
    }
    sleep_until(start + 5 * HORIZON);
    assert_int_equal(fired_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(fired[i].timer, &timers[i]);
        assert_true(fired[i].at >= start + delays[i]);
        assert_true(fired[i].at <= start + delays[i] + TICK + CLOCK_MS);
    }
}

static void a_timer_of_the_past_fires_at_the_next_tick_not_at_once(void **state)
{
    struct timer t;

    (void)state;
    timer_init(&t, note);
    wheel_set(&wheel, &t, now - CLOCK_SECOND);
    run_to(now);
    assert_int_equal(fired_count, 0);
    run_to(now + TICK);
    assert_int_equal(fired_count, 1);
}

static void a_timer_moved_later_fires_later_and_only_once(void **state)
{
    int64_t start = now;
    struct timer t;

    (void)state;
    timer_init(&t, note);
    wheel_set(&wheel, &t, start + 100 * CLOCK_MS);
    wheel_set(&wheel, &t, start + 500 * CLOCK_MS);
    sleep_until(start + 499 * CLOCK_MS);
    assert_int_equal(fired_count, 0);
    sleep_until(start + CLOCK_SECOND);
    assert_int_equal(fired_count, 1);
    assert_true(fired[0].at <= start + 500 * CLOCK_MS + TICK + CLOCK_MS);
}

static void a_timer_moved_earlier_fires_earlier_and_only_once(void **state)
{
    int64_t start = now;
    struct timer t;

    (void)state;
    timer_init(&t, note);
    wheel_set(&wheel, &t, start + 2 * HORIZON);
    wheel_set(&wheel, &t, start + 100 * CLOCK_MS);
    sleep_until(start + 3 * HORIZON);
    assert_int_equal(fired_count, 1);
    assert_true(fired[0].at <= start + 100 * CLOCK_MS + TICK + CLOCK_MS);
}

static void a_stopped_timer_does_not_fire_and_may_be_set_again(void **state)
{
    struct timer t;

    (void)state;
    timer_init(&t, note);
    timer_stop(&t);
    wheel_set(&wheel, &t, now + CLOCK_MS);
    timer_stop(&t);
    run_to(now + CLOCK_SECOND);
    assert_int_equal(fired_count, 0);
    wheel_set(&wheel, &t, now + CLOCK_MS);
    run_to(now + CLOCK_SECOND);
    assert_int_equal(fired_count, 1);
}

static struct timer *victim;

static void stop_victim(struct timer *t)
{
    note(t);
    timer_stop(victim);
}

static void a_timer_stopped_by_another_of_its_slot_does_not_fire(void **state)
{
    struct timer first, second, third;

    (void)state;
    timer_init(&first, stop_victim);
    timer_init(&second, note);
    timer_init(&third, note);
    victim = &second;
    wheel_set(&wheel, &first, now + CLOCK_MS);
    wheel_set(&wheel, &second, now + CLOCK_MS);
    wheel_set(&wheel, &third, now + CLOCK_MS);
    run_to(now + CLOCK_SECOND);
    assert_int_equal(fired_count, 2);
    assert_ptr_equal(fired[1].timer, &third);
}

static void set_again(struct timer *t)
{
    note(t);
    wheel_set(&wheel, t, now);
}

static void a_timer_that_sets_itself_again_waits_for_the_next_tick(void **state)
{
    struct timer t;

    (void)state;
    timer_init(&t, set_again);
    wheel_set(&wheel, &t, now);
    run_to(now + TICK);
    assert_int_equal(fired_count, 1);
    run_to(now + TICK);
    assert_int_equal(fired_count, 2);
}

static void a_loop_that_slept_beyond_the_horizon_fires_what_is_due(void **state)
{
    struct timer due, later;
    int64_t start = now;

    (void)state;
    timer_init(&due, note);
    timer_init(&later, note);
    wheel_set(&wheel, &due, start + CLOCK_SECOND);
    wheel_set(&wheel, &later, start + 20 * HORIZON);
    run_to(start + 10 * HORIZON);
    assert_int_equal(fired_count, 1);
    assert_ptr_equal(fired[0].timer, &due);
    sleep_until(start + 21 * HORIZON);
    assert_int_equal(fired_count, 2);
}

static void the_wait_is_as_long_as_the_next_timer_needs(void **state)
{
    struct timer t;

    (void)state;
    assert_int_equal(wheel_wait(&wheel, now), -1);
    timer_init(&t, note);
    for (int64_t ms = 1; ms < HORIZON / CLOCK_MS; ms = ms * 3 + 1) {
        int wait;

        wheel_set(&wheel, &t, now + ms * CLOCK_MS);
        wait = wheel_wait(&wheel, now);
        assert_true(wait >= ms && wait <= ms + 17);
        sleep_until(now + (ms + 20) * CLOCK_MS);
        assert_int_equal(wheel_wait(&wheel, now), -1);
    }
    wheel_set(&wheel, &t, now + CLOCK_MS);
    assert_int_equal(wheel_wait(&wheel, now + CLOCK_SECOND), 0);
}

static void the_wait_is_right_wherever_the_wheel_stands(void **state)
{
    static const int64_t distances[] = {1,   2,   62,   63,   64,   65,   127,
                                        128, 129, 4000, 4031, 4032, 4094, 4095};

    (void)state;
    for (int64_t phase = 0; phase < WHEEL_SLOTS; phase += 21) {
        for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
            struct timer timer;

            now = (WHEEL_SLOTS + phase) * TICK;
            wheel_init(&wheel, now);
            timer_init(&timer, note);
            assert_int_equal(wheel_wait(&wheel, now), -1);
            wheel_set(&wheel, &timer, now + distances[i] * TICK);
            assert_int_equal(wheel_wait(&wheel, now), distances[i] * TICK / CLOCK_MS);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_timer_fires_once_at_its_time_or_a_tick_later, setup),
        cmocka_unit_test_setup(a_timer_of_the_past_fires_at_the_next_tick_not_at_once, setup),
        cmocka_unit_test_setup(a_timer_moved_later_fires_later_and_only_once, setup),
        cmocka_unit_test_setup(a_timer_moved_earlier_fires_earlier_and_only_once, setup),
        cmocka_unit_test_setup(a_stopped_timer_does_not_fire_and_may_be_set_again, setup),
        cmocka_unit_test_setup(a_timer_stopped_by_another_of_its_slot_does_not_fire, setup),
        cmocka_unit_test_setup(a_timer_that_sets_itself_again_waits_for_the_next_tick, setup),
        cmocka_unit_test_setup(a_loop_that_slept_beyond_the_horizon_fires_what_is_due, setup),
        cmocka_unit_test_setup(the_wait_is_right_wherever_the_wheel_stands, setup),
        cmocka_unit_test_setup(the_wait_is_as_long_as_the_next_timer_needs, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
