// SPDX-License-Identifier: MIT
#include "resource/mock/recipe_value.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "registry/field.h"
#include "registry/status.h"

enum { FRACTION_DIGITS = 9 };

/* Digits, and perhaps a point and up to nine more, as billionths; what follows stays in *text. */
static bool take_decimal(struct span *text, uint64_t most, uint64_t *ret_whole,
                         uint64_t *ret_billionths)
{
    size_t n = 0;

    while (n < text->len && ascii_is(text->ptr[n], ASCII_DIGIT))
        n++;
    if (!span_to_u64(span_first(*text, n), most, ret_whole))
        return false;
    *text = span_from(*text, n);
    *ret_billionths = 0;
    if (!span_starts(*text, SPAN(".")))
        return true;
    *text = span_from(*text, 1);
    for (n = 0; n < text->len && ascii_is(text->ptr[n], ASCII_DIGIT); n++)
        if (n < FRACTION_DIGITS)
            *ret_billionths = *ret_billionths * 10 + (uint64_t)(text->ptr[n] - '0');
    for (size_t i = n; i < FRACTION_DIGITS; i++)
        *ret_billionths *= 10;
    *text = span_from(*text, n);
    return n > 0;
}

const char *mock_read_time(struct span text, int64_t *ret_ns)
{
    static const char expected[] = "a time such as 200ms, 1.5s or 2m, of at most 10 minutes";
    static const struct {
        struct span name;
        uint64_t nanoseconds;
    } units[] = {{SPAN_INIT(""), 1000 * CLOCK_MS},
                 {SPAN_INIT("s"), 1000 * CLOCK_MS},
                 {SPAN_INIT("ms"), CLOCK_MS},
                 {SPAN_INIT("m"), 60 * 1000 * CLOCK_MS}};
    uint64_t whole, billionths, ns;

    if (!take_decimal(&text, LIMIT_MOCK_DELAY, &whole, &billionths))
        return expected;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!span_eq(text, units[i].name))
            continue;
        ns = whole * units[i].nanoseconds + billionths * (units[i].nanoseconds / 1000) / 1000000;
        if (ns > (uint64_t)LIMIT_MOCK_DELAY * CLOCK_MS)
            return expected;
        *ret_ns = (int64_t)ns;
        return NULL;
    }
    return expected;
}

const char *mock_read_size(struct span text, uint64_t *ret_bytes)
{
    static const char expected[] = "a size such as 100, 10k or 1M, of at most 1G";
    static const char units[] = "kmg";
    unsigned shift = 0;

    for (unsigned i = 0; text.len && i < sizeof units - 1; i++)
        if (ascii_lower(text.ptr[text.len - 1]) == units[i])
            shift = 10 * (i + 1);
    if (shift)
        text.len--;
    if (!span_to_u64(text, (uint64_t)LIMIT_MOCK_BODY >> shift, ret_bytes))
        return expected;
    *ret_bytes <<= shift;
    return NULL;
}

const char *mock_read_chance(struct span text, uint32_t *ret_chance)
{
    static const char expected[] = "a chance from 0 to 1 such as 0.1, or from 0% to 100%";
    uint64_t whole, billionths, whole_is = MOCK_CERTAIN;

    if (span_ends(text, SPAN("%"))) {
        text.len--;
        whole_is /= 100;
    }
    if (!take_decimal(&text, 100, &whole, &billionths) || text.len)
        return expected;
    whole = whole * whole_is + billionths * whole_is / 1000000000;
    if (whole > MOCK_CERTAIN)
        return expected;
    *ret_chance = (uint32_t)whole;
    return NULL;
}

const char *mock_read_count(struct span text, uint64_t *ret_count)
{
    return span_to_u64(text, LIMIT_MOCK_COUNT, ret_count) && *ret_count
               ? NULL
               : "a number from 1 to 1000000";
}

const char *mock_read_seconds(struct span text, uint64_t *ret_seconds)
{
    const uint64_t year = 365 * 24 * 60 * 60;

    return span_to_u64(text, year, ret_seconds) ? NULL
                                                : "a whole number of seconds, of at most a year";
}

const char *mock_read_choices(struct span text, struct mock_recipe *r)
{
    static const char expected[] =
        "a status of IANA's registry such as 404, or up to 32 with their weights such as "
        "200:9,503:1, each weight from 1 to 1000000";

    r->choice_count = 0;
    do {
        struct span weight = span_take_until(&text, ','), code = span_take_until(&weight, ':');
        bool has_weight = weight.ptr != code.ptr + code.len;
        uint64_t number, share = 1;

        if (!span_to_u64(code, 999, &number) || !status_from_code((int)number))
            return expected;
        if (has_weight && weight.len && (!span_to_u64(weight, MOCK_CERTAIN, &share) || !share))
            return expected;
        if (r->choice_count == LIMIT_MOCK_CHOICES)
            return expected;
        r->choices[r->choice_count++] = (struct mock_choice){(unsigned)number, (unsigned)share};
    } while (text.len);
    return NULL;
}

const char *mock_read_interim(struct span text, struct mock_interim *ret)
{
    static const char expected[] = "an interim status other than 101, perhaps with how often, such "
                                   "as 103 or 103:3; at most 100 times in all";
    struct span code = span_take_until(&text, ':');
    uint64_t number, count = 1;

    if (!span_to_u64(code, 199, &number) || !status_from_code((int)number) ||
        number == STATUS_SWITCHING_PROTOCOLS)
        return expected;
    if (text.len && (!span_to_u64(text, LIMIT_MOCK_INTERIM_COUNT, &count) || !count))
        return expected;
    *ret = (struct mock_interim){(unsigned)number, (unsigned)count};
    return NULL;
}

bool mock_field_is_reserved(struct span name)
{
    enum field id = field_from_name(name);

    return id != FIELD_OTHER && field_table[id].flags & (FIELD_FLAG_FRAMING | FIELD_FLAG_HOP);
}

const char *mock_read_field_value(struct span text, struct span *ret)
{
    *ret = span_trim(text);
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is(text.ptr[i], ASCII_FIELD_VCHAR))
            return "a value without line ends and other control characters";
    return NULL;
}

const char *mock_read_field(struct span text, struct mock_field *ret)
{
    struct span name = span_take_until(&text, ':');

    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is(name.ptr[i], ASCII_TCHAR))
            return "the name of a field, a colon, and its value";
    if (!name.len)
        return "the name of a field, a colon, and its value";
    if (mock_field_is_reserved(name))
        return "a field that has nothing to do with the framing or the connection";
    ret->name = name;
    return mock_read_field_value(text, &ret->value);
}

const char *mock_read_close(struct span text, struct wire_fault *fault)
{
    static const struct {
        struct span name;
        enum fault fault;
    } places[] = {{SPAN_INIT("before"), FAULT_close},
                  {SPAN_INIT("head"), FAULT_head_close},
                  {SPAN_INIT("body"), FAULT_body_close},
                  {SPAN_INIT("after"), FAULT_after_close},
                  {SPAN_INIT("reset"), FAULT_reset}};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (span_eq(text, places[i].name)) {
            fault->fault = places[i].fault;
            return NULL;
        }
    return "one of before, head, body, after and reset";
}

const char *mock_read_fault(struct span text, struct wire_fault *fault)
{
    fault->fault = fault_from_name(text);
    return fault->fault ? NULL : "the name of a fault such as body-close";
}

const char *mock_read_reference(struct span text, struct span *ret)
{
    static const char expected[] = "a path that begins with a single slash";

    if (!span_starts(text, SPAN("/")) || span_starts(text, SPAN("//")))
        return expected;
    // A backslash is a slash to browsers, also behind the first one.
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == '\\' || text.ptr[i] == 0x7f)
            return expected;
    *ret = text;
    return NULL;
}
