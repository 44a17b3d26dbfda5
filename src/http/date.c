// SPDX-License-Identifier: MIT
/*
 * The calendar is computed in years that begin in March, so that the leap day is the last of its
 * year and the months before it have a regular pattern of lengths (153 days in five months).
 */
#include "http/date.h"

#include "base/ascii.h"

enum { DAY_SECONDS = 86400, ERA_DAYS = 146097, ERA_YEARS = 400 };
enum { EPOCH_DAYS = 719468 }; // from 0000-03-01 to 1970-01-01

struct civil {
    int year, month, day;     // month 1 to 12, day 1 to 31
    int hour, minute, second; // second up to 60
};

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekday_names[] = "SunMonTueWedThuFriSat";
static const struct span weekday_long_names[] = {
    SPAN_INIT("Sunday"),   SPAN_INIT("Monday"), SPAN_INIT("Tuesday"),  SPAN_INIT("Wednesday"),
    SPAN_INIT("Thursday"), SPAN_INIT("Friday"), SPAN_INIT("Saturday"),
};

static int64_t clamp(int64_t t)
{
    return t < DATE_FIRST ? DATE_FIRST : t > DATE_LAST ? DATE_LAST : t;
}

/* Days from 1970-01-01; year at least 0. A day beyond its month counts on into the next. */
static int32_t days_from_civil(int year, int month, int day)
{
    int y = year + ERA_YEARS - (month <= 2); // one era later, so that nothing is negative
    int m = (month + 9) % 12;                // from March

    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - EPOCH_DAYS -
           ERA_DAYS;
}

/* The time must be within DATE_FIRST and DATE_LAST; *ret_days: days from 0000-03-01 less an era. */
static struct civil civil_from_unix(int64_t t, uint32_t *ret_days)
{
    int64_t shifted = t + (int64_t)(EPOCH_DAYS + ERA_DAYS) * DAY_SECONDS; // never negative
    uint32_t days = (uint32_t)(shifted / DAY_SECONDS);
    uint32_t seconds = (uint32_t)(shifted % DAY_SECONDS);
    uint32_t of_era = days % ERA_DAYS;
    uint32_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * y + y / 4 - y / 100);
    uint32_t m = (5 * of_year + 2) / 153; // from March
    struct civil c = {
        .year = (int)(y + days / ERA_DAYS * ERA_YEARS + (m >= 10)) - ERA_YEARS,
        .month = (int)(m < 10 ? m + 3 : m - 9),
        .day = (int)(of_year - (153 * m + 2) / 5 + 1),
        .hour = (int)(seconds / 3600),
        .minute = (int)(seconds / 60 % 60),
        .second = (int)(seconds % 60),
    };

    *ret_days = days;
    return c;
}

static void put_two(char *to, int value)
{
    to[0] = (char)('0' + value / 10);
    to[1] = (char)('0' + value % 10);
}

void date_format(int64_t unix_seconds, char out[DATE_LENGTH])
{
    uint32_t days;
    struct civil c = civil_from_unix(clamp(unix_seconds), &days);

    memcpy(out, "Www, dd Mmm yyyy hh:mm:ss GMT", DATE_LENGTH);
    memcpy(out, weekday_names + (days + 3) % 7 * 3, 3); // 0000-03-01 was a Wednesday
    put_two(out + 5, c.day);
    memcpy(out + 8, month_names + (c.month - 1) * 3, 3);
    put_two(out + 12, c.year / 100);
    put_two(out + 14, c.year % 100);
    put_two(out + 17, c.hour);
    put_two(out + 20, c.minute);
    put_two(out + 23, c.second);
}

void date_format_rfc3339(int64_t unix_seconds, char out[DATE_RFC3339_LENGTH])
{
    uint32_t days;
    struct civil c = civil_from_unix(clamp(unix_seconds), &days);

    memcpy(out, "yyyy-mm-ddThh:mm:ssZ", DATE_RFC3339_LENGTH);
    put_two(out, c.year / 100);
    put_two(out + 2, c.year % 100);
    put_two(out + 5, c.month);
    put_two(out + 8, c.day);
    put_two(out + 11, c.hour);
    put_two(out + 14, c.minute);
    put_two(out + 17, c.second);
}

/*
 * Matches text against a pattern of the same length: 'Y', 'D', 'h', 'm', 's' stand for digits of
 * the year, day, hour, minute and second, '_' for a digit or a space before the day, 'M' for a
 * letter of the month's name; anything else for itself.
 */
static bool match(struct span text, struct span pattern, struct civil *c)
{
    char month[3];
    size_t letters = 0;

    if (text.len != pattern.len)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char ch = text.ptr[i], p = pattern.ptr[i];
        int *part = p == 'Y'               ? &c->year
                    : p == 'D' || p == '_' ? &c->day
                    : p == 'h'             ? &c->hour
                    : p == 'm'             ? &c->minute
                    : p == 's'             ? &c->second
                                           : NULL;

        if (part && ascii_is(ch, ASCII_DIGIT))
            *part = *part * 10 + (ch - '0');
        else if (p == 'M' && letters < sizeof month)
            month[letters++] = ch;
        else if (!(p == '_' && ch == ' ') && (part || ch != p))
            return false;
    }
    for (int m = 0; letters == sizeof month && m < 12; m++)
        if (memcmp(month, month_names + m * 3, sizeof month) == 0)
            c->month = m + 1;
    return c->month != 0;
}

static bool is_real(const struct civil *c)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);
    int last = c->month == 2 && leap ? 29 : lengths[c->month - 1];

    return c->year >= 0 && c->day >= 1 && c->day <= last && c->hour <= 23 && c->minute <= 59 &&
           c->second <= 60;
}

static int64_t unix_from_civil(const struct civil *c)
{
    return (int64_t)days_from_civil(c->year, c->month, c->day) * DAY_SECONDS + c->hour * 3600 +
           c->minute * 60 + c->second;
}

/* Gives a year of two digits its century; the year may come out negative when now is year 0. */
static void complete_year(struct civil *c, int64_t now)
{
    uint32_t days;
    struct civil bound = civil_from_unix(clamp(now), &days);

    bound.year += 50;
    c->year += bound.year - bound.year % 100;
    if (c->year > 9999 || unix_from_civil(c) > unix_from_civil(&bound))
        c->year -= 100;
}

/* The weekday whose three letters begin the text, 0 for Sunday, or -1. */
static int find_weekday(struct span text)
{
    for (int w = 0; text.len >= 3 && w < 7; w++)
        if (memcmp(text.ptr, weekday_names + w * 3, 3) == 0)
            return w;
    return -1;
}

bool date_parse(struct span text, int64_t now, int64_t *ret_unix)
{
    int weekday = find_weekday(text);
    struct civil c = {0};
    int32_t days;
    struct span rest;

    if (weekday < 0)
        return false;
    rest = span_from(text, 3);
    if (span_starts(rest, SPAN(","))) {
        if (!match(rest, SPAN(", DD MMM YYYY hh:mm:ss GMT"), &c))
            return false;
    } else if (span_starts(rest, SPAN(" "))) {
        if (!match(rest, SPAN(" MMM _D hh:mm:ss YYYY"), &c))
            return false;
    } else {
        if (!span_starts(text, weekday_long_names[weekday]))
            return false;
        rest = span_from(text, weekday_long_names[weekday].len);
        if (!match(rest, SPAN(", DD-MMM-YY hh:mm:ss GMT"), &c))
            return false;
        complete_year(&c, now);
    }
    if (!is_real(&c))
        return false;
    days = days_from_civil(c.year, c.month, c.day);
    if ((days + EPOCH_DAYS + ERA_DAYS + 3) % 7 != weekday)
        return false;
    *ret_unix = unix_from_civil(&c);
    return true;
}
