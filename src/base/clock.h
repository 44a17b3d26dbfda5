// SPDX-License-Identifier: MIT
/*
 * Three clocks: a monotonic one in nanoseconds for durations and timers, that of the boot for
 * durations that go on while the machine sleeps, and the calendar, which may be set back.
 */
#ifndef CANDOR_BASE_CLOCK_H
#define CANDOR_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_MS INT64_C(1000000)
#define CLOCK_SECOND INT64_C(1000000000)

/* Seconds and the nanoseconds beyond them, as nanoseconds. What is too far away (before 1678, after
 * 2261) is all the same. */
static inline int64_t clock_join(int64_t seconds, long ns)
{
    if (seconds >= INT64_MAX / CLOCK_SECOND)
        return INT64_MAX;
    if (seconds <= -INT64_MAX / CLOCK_SECOND)
        return -INT64_MAX;
    return seconds * CLOCK_SECOND + ns;
}

/* Nanoseconds since some point in the past; never goes back. */
static inline int64_t clock_monotonic(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * CLOCK_SECOND + ts.tv_nsec;
}

/* Nanoseconds since the machine was started, those when it slept too; never goes back. */
static inline int64_t clock_boot(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return ts.tv_sec * CLOCK_SECOND + ts.tv_nsec;
}

/* Nanoseconds since 1970-01-01T00:00:00Z. */
static inline int64_t clock_realtime(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * CLOCK_SECOND + ts.tv_nsec;
}

#endif
