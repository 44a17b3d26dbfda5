// SPDX-License-Identifier: MIT
#include "http/json_build.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"

struct build {
    const char *at, *end;
    char *scratch; // for strings with escapes; as long as the text
    const char *begin;
    int error;
    const char *wrong, *expected; // where, and what was to be there
};

static json_t *build_value(struct build *b);

static json_t *fail(struct build *b, int error, const char *wrong, const char *expected)
{
    b->error = error;
    b->wrong = wrong;
    b->expected = expected;
    return NULL;
}

static void skip_space(struct build *b)
{
    while (b->at < b->end && (*b->at == ' ' || *b->at == '\n' || *b->at == '\r' || *b->at == '\t'))
        b->at++;
}

/* ---- Strings */

static uint32_t read_unit(const char *digits)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++)
        unit = unit * 16 + (uint32_t)ascii_hex_value(digits[i]);
    return unit;
}

/* An escape, to whose backslash b->at leads; the bytes that it stands for. */
static size_t decode_escape(struct build *b, char *out)
{
    static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";
    char c = b->at[1];
    const char *found = strchr(letters, c);
    uint32_t unit;

    if (c != 'u') {
        *out = found ? values[found - letters] : c;
        b->at += 2;
        return 1;
    }
    unit = read_unit(b->at + 2);
    b->at += 6;
    if (unit >= 0xd800 && unit < 0xdc00) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (read_unit(b->at + 2) - 0xdc00);
        b->at += 6;
    }
    return utf8_write(unit, out);
}

/* Of a string with an escape, whose first bytes have none. False: no memory. */
static bool decode_string(struct build *b, const char *begin, struct span *ret)
{
    size_t n = (size_t)(b->at - begin);

    if (!b->scratch)
        b->scratch = malloc((size_t)(b->end - b->begin));
    if (!b->scratch) {
        fail(b, -CANDOR_E_MEMORY, NULL, NULL);
        return false;
    }
    memcpy(b->scratch, begin, n);
    while (*b->at != '"') {
        if (*b->at == '\\')
            n += decode_escape(b, b->scratch + n);
        else
            b->scratch[n++] = *b->at++;
    }
    b->at++;
    *ret = span_of(b->scratch, n);
    return true;
}

/* From the quotation mark to behind the other one. What is returned is good until the next one. */
static bool read_string(struct build *b, struct span *ret)
{
    const char *begin = ++b->at;

    while (*b->at != '"' && *b->at != '\\')
        b->at++;
    if (*b->at == '\\')
        return decode_string(b, begin, ret);
    *ret = span_of(begin, (size_t)(b->at - begin));
    b->at++;
    return true;
}

static json_t *build_string(struct build *b)
{
    struct span text;
    json_t *string;

    if (!read_string(b, &text))
        return NULL;
    string = json_stringn_nocheck(text.ptr, text.len);
    return string ? string : fail(b, -CANDOR_E_MEMORY, NULL, NULL);
}

/* ---- Numbers */

/* What is not short: jansson reads it, as it knows about locales and overflows. */
static json_t *build_long_number(struct build *b, const char *begin)
{
    json_error_t error;
    json_t *number = json_loadb(begin, (size_t)(b->at - begin),
                                JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);

    if (number)
        return number;
    if (json_error_code(&error) == json_error_numeric_overflow)
        return fail(b, -CANDOR_E_SYNTAX, begin, "a number of less than 1.8e308");
    return fail(b, -CANDOR_E_MEMORY, NULL, NULL);
}

/* digits * 10^exponent where both are exact as doubles, so that the result is the nearest one. */
static bool make_double(uint64_t digits, int exponent, double *ret)
{
    static const double powers[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    if (digits > UINT64_C(1) << 53 || exponent < -22 || exponent > 22)
        return false;
    *ret = exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
    return true;
}

/* An exponent beyond any number of digits that a text can have: nothing brings that back. */
enum { MOST_POWER = 10 * LIMIT_JSON_TEXT };

static json_t *build_number(struct build *b)
{
    const char *begin = b->at;
    bool is_negative = *b->at == '-', is_whole = true;
    uint64_t digits = 0;
    int count = 0, exponent = 0, sign = 1, power = 0;
    json_t *number;
    double d;

    b->at += is_negative;
    for (; b->at < b->end; b->at++) {
        if (ascii_is(*b->at, ASCII_DIGIT)) {
            digits = count < 19 ? digits * 10 + (uint64_t)(*b->at - '0') : 0;
            count += digits > 0 || count > 0;
            exponent -= !is_whole;
        } else if (*b->at == '.') {
            is_whole = false;
        } else {
            break;
        }
    }
    if (b->at < b->end && (*b->at == 'e' || *b->at == 'E')) {
        is_whole = false;
        b->at++;
        if (*b->at == '+' || *b->at == '-')
            sign = *b->at++ == '-' ? -1 : 1;
        for (; b->at < b->end && ascii_is(*b->at, ASCII_DIGIT); b->at++)
            power = power < MOST_POWER ? power * 10 + (*b->at - '0') : power;
    }
    if (is_whole && count <= 19 && digits <= (uint64_t)INT64_MAX + is_negative)
        number = json_integer((json_int_t)(is_negative ? 0 - digits : digits));
    else if (!is_whole && count <= 19 && make_double(digits, exponent + sign * power, &d))
        number = json_real(is_negative ? -d : d);
    else
        return build_long_number(b, begin);
    return number ? number : fail(b, -CANDOR_E_MEMORY, NULL, NULL);
}

/* ---- What is made of others */

static json_t *build_array(struct build *b)
{
    json_t *array = json_array();

    b->at++;
    skip_space(b);
    while (array && *b->at != ']') {
        json_t *item = build_value(b);

        if (!item || json_array_append_new(array, item) < 0) {
            if (item)
                fail(b, -CANDOR_E_MEMORY, NULL, NULL);
            json_decref(array);
            return NULL;
        }
        skip_space(b);
        b->at += *b->at == ',';
    }
    b->at++;
    return array ? array : fail(b, -CANDOR_E_MEMORY, NULL, NULL);
}

/* A member, to whose name b->at leads. False: there is a fault. */
static bool build_member(struct build *b, json_t *object)
{
    size_t count = json_object_size(object);
    const char *begin = b->at;
    struct span name;
    json_t *value;
    char *copy = NULL;
    bool done;

    if (!read_string(b, &name))
        return false;
    if (name.ptr == b->scratch) { // the value may want the memory
        copy = malloc(name.len + 1);
        if (!copy)
            return fail(b, -CANDOR_E_MEMORY, NULL, NULL) != NULL;
        memcpy(copy, name.ptr, name.len);
        name.ptr = copy;
    }
    skip_space(b);
    b->at++;
    value = build_value(b);
    done = value && json_object_setn_new_nocheck(object, name.ptr, name.len, value) == 0;
    if (value && !done)
        fail(b, -CANDOR_E_MEMORY, NULL, NULL);
    free(copy);
    if (done && json_object_size(object) == count)
        done = fail(b, -CANDOR_E_SYNTAX, begin, "a name that the object does not have yet") != NULL;
    return done;
}

static json_t *build_object(struct build *b)
{
    json_t *object = json_object();

    b->at++;
    skip_space(b);
    while (object && *b->at != '}') {
        if (!build_member(b, object)) {
            json_decref(object);
            return NULL;
        }
        skip_space(b);
        b->at += *b->at == ',';
        skip_space(b);
    }
    b->at++;
    return object ? object : fail(b, -CANDOR_E_MEMORY, NULL, NULL);
}

/* No deeper than the scan allows. */
static json_t *build_value(struct build *b)
{
    skip_space(b);
    switch (*b->at) {
    case '{':
        return build_object(b);
    case '[':
        return build_array(b);
    case '"':
        return build_string(b);
    case 't':
        b->at += 4;
        return json_true();
    case 'f':
        b->at += 5;
        return json_false();
    case 'n':
        b->at += 4;
        return json_null();
    default:
        return build_number(b);
    }
}

json_t *json_build(struct span text, int *ret_error, size_t *ret_offset, const char **ret_expected)
{
    struct build b = {.at = text.ptr, .begin = text.ptr, .end = text.ptr + text.len};
    json_t *value = build_value(&b);

    free(b.scratch);
    if (!value) {
        *ret_error = b.error;
        *ret_offset = b.wrong ? (size_t)(b.wrong - text.ptr) : 0;
        *ret_expected = b.expected;
    }
    return value;
}
