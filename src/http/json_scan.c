// SPDX-License-Identifier: MIT
#include "http/json_scan.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"

/* What jansson 2.14 takes for a thing on 64 bits, with what malloc adds and what growing takes. */
enum {
    COST_OBJECT = 240,
    COST_ARRAY = 144,
    COST_NUMBER = 48,
    COST_STRING = 96, // and its bytes
    COST_MEMBER = 176,
    COST_ITEM = 32,
    COST_TEXT = 2, // a byte: the copy of the token that is read
};

struct scan {
    struct span text;
    size_t at, memory;
    const char *expected;
    bool in_object[LIMIT_JSON_DEPTH]; // by depth: object or array
    size_t depth;
};

static int fault(struct scan *s, const char *expected)
{
    s->expected = expected;
    return -CANDOR_E_SYNTAX;
}

/* The byte at the front, or 0 behind the end: where 0 is a byte, it is as wrong as the end. */
static unsigned char front(const struct scan *s)
{
    return s->at < s->text.len ? (unsigned char)s->text.ptr[s->at] : 0;
}

static void skip_space(struct scan *s)
{
    while (s->at < s->text.len) {
        char c = s->text.ptr[s->at];

        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        s->at++;
    }
}

static bool take(struct scan *s, char c)
{
    if (front(s) != (unsigned char)c)
        return false;
    s->at++;
    return true;
}

/* The unit of \uXXXX at this offset, which is that of the backslash; negative: there is none. */
static int unit_at(const struct scan *s, size_t at)
{
    int unit = 0;

    if (s->text.len - at < 6 || s->text.ptr[at] != '\\' || s->text.ptr[at + 1] != 'u')
        return -1;
    for (size_t i = at + 2; i < at + 6; i++) {
        int digit = ascii_hex_value(s->text.ptr[i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static int scan_escape(struct scan *s, bool is_name)
{
    char c = s->at + 1 < s->text.len ? s->text.ptr[s->at + 1] : '\0';
    int unit, low;

    if (c && strchr("\"\\/bfnrt", c)) {
        s->at += 2;
        return 0;
    }
    if (c != 'u')
        return fault(s, "an escape, which is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    unit = unit_at(s, s->at);
    if (unit < 0)
        return fault(s, "four hexadecimal digits behind \\u");
    if (unit == 0 && is_name)
        return fault(s, "a name without the character U+0000");
    if (unit >= 0xd800 && unit < 0xe000) {
        low = unit < 0xdc00 ? unit_at(s, s->at + 6) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return fault(s, "both halves of a surrogate pair");
        s->at += 6;
    }
    s->at += 6;
    return 0;
}

/* From the quote at the front to the one at the end. */
static int scan_string(struct scan *s, bool is_name)
{
    size_t begin = s->at++;

    for (;;) {
        unsigned char c = front(s);
        size_t n = 1;
        int r;

        if (s->at >= s->text.len)
            return fault(s, "a quotation mark that ends the string");
        if (c == '"') {
            s->at++;
            s->memory += s->at - begin + (is_name ? 0 : (size_t)COST_STRING);
            return 0;
        }
        if (c == '\\') {
            r = scan_escape(s, is_name);
            if (r < 0)
                return r;
            continue;
        }
        if (c < 0x20)
            return fault(s, "an escape such as \\n in the place of a control character");
        if (c >= 0x80 && (n = utf8_length(span_from(s->text, s->at))) == 0)
            return fault(s, "text in UTF-8");
        s->at += n;
    }
}

static bool skip_digits(struct scan *s)
{
    size_t begin = s->at;

    while (ascii_is((char)front(s), ASCII_DIGIT))
        s->at++;
    return s->at > begin;
}

static int scan_number(struct scan *s)
{
    take(s, '-');
    if (take(s, '0')) {
        if (ascii_is((char)front(s), ASCII_DIGIT))
            return fault(s, "a number without a zero in front");
    } else if (!skip_digits(s)) {
        return fault(s, "a digit");
    }
    if (take(s, '.') && !skip_digits(s))
        return fault(s, "a digit behind the decimal point");
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            take(s, '-');
        if (!skip_digits(s))
            return fault(s, "a digit of the exponent");
    }
    s->memory += COST_NUMBER;
    return 0;
}

static int scan_word(struct scan *s)
{
    static const struct span words[] = {SPAN_INIT("true"), SPAN_INIT("false"), SPAN_INIT("null")};
    struct span rest = span_from(s->text, s->at);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_starts(rest, words[i])) {
            s->at += words[i].len;
            return 0;
        }
    return fault(s, "a value");
}

/* A name and its colon, behind "{" or a comma. */
static int scan_name(struct scan *s, const char *expected)
{
    int r;

    skip_space(s);
    if (front(s) != '"')
        return fault(s, expected);
    r = scan_string(s, true);
    if (r < 0)
        return r;
    s->memory += COST_MEMBER;
    skip_space(s);
    return take(s, ':') ? 0 : fault(s, "a colon behind the name");
}

/* Whether a value is to follow: 1, or 0 where the object or array is empty. */
static int scan_open(struct scan *s, bool is_object)
{
    int r;

    if (s->depth == LIMIT_JSON_DEPTH) {
        s->expected = "less nesting";
        return -CANDOR_E_LIMIT;
    }
    s->memory += is_object ? COST_OBJECT : COST_ARRAY;
    s->at++;
    skip_space(s);
    if (take(s, is_object ? '}' : ']'))
        return 0;
    s->in_object[s->depth++] = is_object;
    if (!is_object)
        return 1;
    r = scan_name(s, "a name in quotation marks or \"}\"");
    return r < 0 ? r : 1;
}

/* What is at the front of a value: 1 where another one is to follow inside it. */
static int scan_value(struct scan *s)
{
    unsigned char c;

    skip_space(s);
    s->memory += COST_ITEM;
    c = front(s);
    if (c == '{' || c == '[')
        return scan_open(s, c == '{');
    if (c == '"')
        return scan_string(s, false);
    if (c == '-' || ascii_is((char)c, ASCII_DIGIT))
        return scan_number(s);
    return scan_word(s);
}

/* Behind a value: 1 where another one is to follow, 0 at the end of all. */
static int scan_behind(struct scan *s)
{
    int r;

    while (s->depth) {
        bool is_object = s->in_object[s->depth - 1];

        skip_space(s);
        if (take(s, ',')) {
            r = is_object ? scan_name(s, "a name in quotation marks") : 0;
            return r < 0 ? r : 1;
        }
        if (!take(s, is_object ? '}' : ']'))
            return fault(s, is_object ? "a comma or \"}\" behind the member"
                                      : "a comma or \"]\" behind the item");
        s->depth--;
    }
    return 0;
}

int json_scan(struct span text, struct json_scan *ret)
{
    struct scan s = {.text = text, .memory = text.len * COST_TEXT};
    int r = 1;

    while (r > 0) {
        r = scan_value(&s);
        if (r == 0)
            r = scan_behind(&s);
    }
    if (r == 0) {
        skip_space(&s);
        if (s.at < text.len)
            r = fault(&s, "nothing behind the value");
    }
    *ret = (struct json_scan){s.memory, s.at, s.expected};
    return r;
}
