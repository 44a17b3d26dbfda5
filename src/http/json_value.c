// SPDX-License-Identifier: MIT
#include "http/json_value.h"

#include "base/utf8.h"

#include <inttypes.h>

enum { TOLD_CHARACTERS = 40 }; // of a string

/* ---- Numbers */

static int compare_integer_double(json_int_t i, double d)
{
    json_int_t whole;

    if (d >= 9223372036854775808.0)
        return -1;
    if (d < -9223372036854775808.0)
        return 1;
    whole = (json_int_t)d; // towards 0, exactly
    if (i != whole)
        return i < whole ? -1 : 1;
    d -= (double)whole; // what is left of a number that has a fraction is exact
    return d > 0 ? -1 : d < 0 ? 1 : 0;
}

int json_number_compare(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t x = json_integer_value(a), y = json_integer_value(b);

        return (x > y) - (x < y);
    }
    if (json_is_integer(a))
        return compare_integer_double(json_integer_value(a), json_real_value(b));
    if (json_is_integer(b))
        return -compare_integer_double(json_integer_value(b), json_real_value(a));
    return (json_real_value(a) > json_real_value(b)) - (json_real_value(a) < json_real_value(b));
}

bool json_number_is_whole(const json_t *number)
{
    double d = json_real_value(number); // 0 for an integer

    return d >= 9007199254740992.0 || d <= -9007199254740992.0 || (double)(int64_t)d == d;
}

/* The shortest text that reads as this double. */
static void print_double(double d, char out[32])
{
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(out, 32, "%.*e", precision - 1, d);
        if (strtod(out, NULL) == d)
            return;
    }
}

struct json_decimal json_number_decimal(const json_t *number)
{
    struct json_decimal result = {0, 0};
    char text[32];

    if (json_is_integer(number)) {
        json_int_t i = json_integer_value(number);

        result.digits = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    } else {
        print_double(json_real_value(number), text);
        for (const char *p = text; *p; p++) {
            if (*p >= '0' && *p <= '9') {
                result.digits = result.digits * 10 + (uint64_t)(*p - '0');
                result.exponent -= strchr(text, '.') && p > strchr(text, '.');
            } else if (*p == 'e') {
                result.exponent += (int)strtol(p + 1, NULL, 10);
                break;
            }
        }
    }
    while (result.digits && result.digits % 10 == 0) {
        result.digits /= 10;
        result.exponent++;
    }
    if (result.digits == 0)
        result.exponent = 0;
    return result;
}

__extension__ typedef unsigned __int128 wide;

/*
 * What most values are: few digits, and no more behind the point than the divisor has. Then the
 * double is the nearest one to an integer divided by a power of ten, which is exact as the quotient
 * of two doubles that are exact. False: it is not so, and nothing is known.
 */
static bool is_short_multiple(double value, const struct json_decimal *divisor, bool *ret)
{
    static const double powers[] = {1,   1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                    1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    double scaled, power;
    int64_t whole;

    if (divisor->exponent > 0 || divisor->exponent < -12)
        return false;
    power = powers[-divisor->exponent];
    scaled = value * power;
    if (!(scaled > -1e15 && scaled < 1e15))
        return false;
    whole = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    if ((double)whole / power != value)
        return false;
    *ret = (uint64_t)(whole < 0 ? -whole : whole) % divisor->digits == 0;
    return true;
}

bool json_number_is_multiple(const json_t *value, const struct json_decimal *divisor)
{
    struct json_decimal a;
    bool is_multiple;
    wide rest, power;

    if (json_is_real(value) && is_short_multiple(json_real_value(value), divisor, &is_multiple))
        return is_multiple;
    a = json_number_decimal(value);
    if (a.digits == 0)
        return true;
    // Were it one, its digits would end with a zero, which they do not.
    if (a.exponent < divisor->exponent)
        return false;
    rest = a.digits % divisor->digits;
    power = 10 % divisor->digits;
    for (unsigned n = (unsigned)(a.exponent - divisor->exponent); n; n >>= 1) {
        if (n & 1)
            rest = rest * power % divisor->digits;
        power = power * power % divisor->digits;
    }
    return rest == 0;
}

/* ---- Equality */

bool json_value_eq(const json_t *a, const json_t *b, size_t *steps, size_t most)
{
    if (json_is_number(a) || json_is_number(b))
        return json_is_number(a) && json_is_number(b) && json_number_compare(a, b) == 0;
    if (json_typeof(a) != json_typeof(b) || ++*steps > most)
        return false;
    switch (json_typeof(a)) {
    case JSON_STRING:
        *steps += json_string_length(a) / 64;
        return span_eq(json_string_span(a), json_string_span(b));
    case JSON_ARRAY:
        if (json_array_size(a) != json_array_size(b))
            return false;
        *steps += json_array_size(a);
        for (size_t i = 0; i < json_array_size(a); i++)
            if (!json_value_eq(json_array_get(a, i), json_array_get(b, i), steps, most))
                return false;
        return true;
    case JSON_OBJECT: {
        struct json_walk w = json_walk_begin(a);
        struct span name;
        json_t *value;

        if (json_object_size(a) != json_object_size(b))
            return false;
        *steps += json_object_size(a);
        while (json_walk_next(&w, &name, &value)) {
            const json_t *other = json_member(b, name);

            if (!other || !json_value_eq(value, other, steps, most))
                return false;
        }
        return true;
    }
    default:
        return true;
    }
}

static uint64_t hash_number(const struct hash_key *k, const json_t *number)
{
    double d =
        json_is_integer(number) ? (double)json_integer_value(number) : json_real_value(number);

    if (d == 0)
        d = 0; // not -0
    return hash_keyed(k, 'n', span_of((const char *)&d, sizeof d));
}

uint64_t json_value_hash(const struct hash_key *k, const json_t *value, size_t *steps)
{
    uint64_t hash;
    struct json_walk w;
    struct span name;
    json_t *member;

    ++*steps;
    switch (json_typeof(value)) {
    case JSON_INTEGER:
    case JSON_REAL:
        return hash_number(k, value);
    case JSON_STRING:
        *steps += json_string_length(value) / 64;
        return hash_keyed(k, 's', json_string_span(value));
    case JSON_ARRAY:
        hash = hash_fold(k->word[0] ^ 'a', k->word[1]);
        for (size_t i = 0; i < json_array_size(value); i++)
            hash = hash_fold(hash ^ json_value_hash(k, json_array_get(value, i), steps),
                             k->word[1] | 1);
        return hash;
    case JSON_OBJECT:
        hash = hash_fold(k->word[0] ^ 'o', k->word[1]); // a sum, as members have no order
        w = json_walk_begin(value);
        while (json_walk_next(&w, &name, &member))
            hash += hash_keyed(k, json_value_hash(k, member, steps), name);
        return hash;
    default:
        return hash_fold(k->word[0] ^ (uint64_t)json_typeof(value), k->word[1]);
    }
}

/* ---- Text */

size_t json_string_characters(struct span text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return n;
}

static void print_string(struct span text, struct buf *out)
{
    size_t n = 0, characters = 0;

    while (n < text.len && characters < TOLD_CHARACTERS) {
        size_t length = utf8_length(span_from(text, n));

        n += length ? length : 1;
        characters++;
    }
    buf_add_char(out, '"');
    buf_add_json(out, span_first(text, n));
    buf_add_str(out, n < text.len ? "...\"" : "\"");
}

static void print_real(double d, struct buf *out)
{
    char text[32];

    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, d);
        if (strtod(text, NULL) == d)
            break;
    }
    buf_add_str(out, text);
}

static void print_count(struct buf *out, const char *what, size_t n, const char *of)
{
    if (n == 0)
        buf_addf(out, "an empty %s", what);
    else
        buf_addf(out, "an %s with %zu %s%s", what, n, of, n == 1 ? "" : "s");
}

void json_value_print(const json_t *value, struct buf *out)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        print_count(out, "object", json_object_size(value), "member");
        return;
    case JSON_ARRAY:
        print_count(out, "array", json_array_size(value), "item");
        return;
    case JSON_STRING:
        print_string(json_string_span(value), out);
        return;
    case JSON_INTEGER:
        buf_addf(out, "%" PRIdMAX, (intmax_t)json_integer_value(value));
        return;
    case JSON_REAL:
        print_real(json_real_value(value), out);
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        buf_add_str(out, json_is_true(value) ? "true" : "false");
        return;
    case JSON_NULL:
        buf_add_str(out, "null");
    }
}

void json_value_describe(const json_t *value, struct buf *out)
{
    if (json_is_string(value))
        buf_add_str(out, "the string ");
    else if (json_is_number(value))
        buf_add_str(out, "the number ");
    json_value_print(value, out);
}
