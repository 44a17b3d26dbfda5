// SPDX-License-Identifier: MIT
/*
 * Parsing as in RFC 9651 §4.2. Each take_ function takes its construct off the front of *s; when it
 * fails, *s begins with the fault.
 */
#include "http/structured.h"

#include "base/ascii.h"

enum { INTEGER_DIGITS = 15, DECIMAL_WHOLE_DIGITS = 12, DECIMAL_FRACTION_DIGITS = 3 };

static bool starts_with(const struct span *s, char c)
{
    return s->len > 0 && s->ptr[0] == c;
}

static void skip(struct span *s, size_t n)
{
    *s = span_from(*s, n);
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* §4.2.3.3 */
static bool take_key(struct span *s, struct span *ret)
{
    size_t n = 0;

    if (s->len == 0 || (!is_lower(s->ptr[0]) && s->ptr[0] != '*'))
        return false;
    while (n < s->len && (is_lower(s->ptr[n]) || ascii_is(s->ptr[n], ASCII_DIGIT) ||
                          span_find(SPAN("_-.*"), s->ptr[n]) < 4))
        n++;
    *ret = span_first(*s, n);
    skip(s, n);
    return true;
}

/* §4.2.4 */
static bool take_number(struct span *s, struct structured_member *m)
{
    bool negative = starts_with(s, '-'), has_point = false;
    size_t whole = 0, fraction = 0, i = negative;
    int64_t value = 0;

    for (; i < s->len; i++) {
        char c = s->ptr[i];

        if (c == '.' && !has_point && whole > 0 && whole <= DECIMAL_WHOLE_DIGITS) {
            has_point = true;
        } else if (!ascii_is(c, ASCII_DIGIT)) {
            break;
        } else if (has_point) {
            if (++fraction > DECIMAL_FRACTION_DIGITS)
                return false;
        } else {
            if (++whole > INTEGER_DIGITS)
                return false;
            value = value * 10 + (c - '0');
        }
    }
    if (whole == 0 || (has_point && fraction == 0))
        return false;
    m->type = has_point ? STRUCTURED_DECIMAL : STRUCTURED_INTEGER;
    m->integer = negative ? -value : value;
    skip(s, i);
    return true;
}

/* §4.2.5; *s begins with the quotation mark. */
static bool take_string(struct span *s)
{
    for (size_t i = 1; i < s->len; i++) {
        char c = s->ptr[i];

        if (c == '"') {
            skip(s, i + 1);
            return true;
        }
        if (c == '\\') {
            if (++i == s->len || (s->ptr[i] != '"' && s->ptr[i] != '\\'))
                return false;
        } else if (c < 0x20 || c > 0x7e) {
            return false;
        }
    }
    return false;
}

/* §4.2.6: begins with a letter or "*". */
static bool take_token(struct span *s)
{
    size_t n = 0;

    while (n < s->len && (ascii_is(s->ptr[n], ASCII_TCHAR) || s->ptr[n] == ':' || s->ptr[n] == '/'))
        n++;
    skip(s, n);
    return n > 0;
}

/* §4.2.7; *s begins with the colon. */
static bool take_bytes(struct span *s, struct structured_member *m)
{
    struct span text = span_from(*s, 1);
    size_t n = span_find(text, ':');

    if (n == text.len)
        return false;
    text = span_first(text, n);
    for (size_t i = 0; i < n; i++)
        if (!ascii_is(text.ptr[i], ASCII_ALPHA | ASCII_DIGIT) &&
            span_find(SPAN("+/="), text.ptr[i]) == 3)
            return false;
    m->text = text;
    skip(s, n + 2);
    return true;
}

/* §4.2.10: %"..." with lower-case escapes; whether they make UTF-8 isn't looked at. */
static bool take_display_string(struct span *s)
{
    if (s->len < 2 || s->ptr[1] != '"')
        return false;
    for (size_t i = 2; i < s->len; i++) {
        char c = s->ptr[i];

        if (c == '"') {
            skip(s, i + 1);
            return true;
        }
        if (c < 0x20 || c > 0x7e)
            return false;
        if (c == '%') {
            for (int digit = 0; digit < 2; digit++)
                if (++i == s->len || ascii_hex_value(s->ptr[i]) < 0 ||
                    (s->ptr[i] >= 'A' && s->ptr[i] <= 'F'))
                    return false;
        }
    }
    return false;
}

/* §4.2.3.1 */
static bool take_bare_item(struct span *s, struct structured_member *m)
{
    struct span before = *s;
    char c = s->len ? s->ptr[0] : '\0';
    bool ok = false;

    if (c == '-' || ascii_is(c, ASCII_DIGIT)) {
        ok = take_number(s, m);
    } else if (c == '"') {
        m->type = STRUCTURED_STRING;
        ok = take_string(s);
    } else if (c == '*' || ascii_is(c, ASCII_ALPHA)) {
        m->type = STRUCTURED_TOKEN;
        ok = take_token(s);
    } else if (c == ':') {
        m->type = STRUCTURED_BYTES;
        return take_bytes(s, m);
    } else if (c == '?') {
        ok = s->len > 1 && (s->ptr[1] == '0' || s->ptr[1] == '1');
        m->type = ok && s->ptr[1] == '1' ? STRUCTURED_TRUE : STRUCTURED_FALSE;
        skip(s, ok ? 2 : 0);
    } else if (c == '@') {
        skip(s, 1);
        ok = take_number(s, m) && m->type == STRUCTURED_INTEGER;
        m->type = STRUCTURED_DATE;
    } else if (c == '%') {
        m->type = STRUCTURED_DISPLAY_STRING;
        ok = take_display_string(s);
    }
    if (ok)
        m->text = span_first(before, before.len - s->len);
    return ok;
}

static void skip_spaces(struct span *s)
{
    while (starts_with(s, ' '))
        skip(s, 1);
}

static void skip_blanks(struct span *s)
{
    while (starts_with(s, ' ') || starts_with(s, '\t'))
        skip(s, 1);
}

/* §4.2.3.2 */
static bool take_parameters(struct span *s)
{
    struct structured_member ignored;
    struct span key;

    while (starts_with(s, ';')) {
        skip(s, 1);
        skip_spaces(s);
        if (!take_key(s, &key))
            return false;
        if (starts_with(s, '=')) {
            skip(s, 1);
            if (!take_bare_item(s, &ignored))
                return false;
        }
    }
    return true;
}

/* §4.2.1.2; *s begins with the parenthesis. */
static bool take_inner_list(struct span *s, struct structured_member *m)
{
    struct span before = *s;
    struct structured_member ignored;

    skip(s, 1);
    for (;;) {
        skip_spaces(s);
        if (starts_with(s, ')'))
            break;
        if (!take_bare_item(s, &ignored) || !take_parameters(s) ||
            (!starts_with(s, ' ') && !starts_with(s, ')')))
            return false;
    }
    skip(s, 1);
    m->type = STRUCTURED_INNER_LIST;
    m->text = span_first(before, before.len - s->len);
    return true;
}

/* §4.2.2, one turn of its loop. */
enum structured_step structured_next_member(struct span *rest, struct structured_member *ret)
{
    struct structured_member m = {.type = STRUCTURED_TRUE};
    struct span s = *rest;
    bool ok;

    skip_spaces(&s);
    *rest = s;
    if (s.len == 0)
        return STRUCTURED_END;
    ok = take_key(&s, &m.key);
    if (ok && starts_with(&s, '=')) {
        skip(&s, 1);
        ok = starts_with(&s, '(') ? take_inner_list(&s, &m) : take_bare_item(&s, &m);
    }
    ok = ok && take_parameters(&s);
    if (ok) {
        skip_blanks(&s);
        if (starts_with(&s, ',')) {
            struct span comma = s;

            skip(&s, 1);
            skip_blanks(&s);
            if (s.len == 0) { // nothing may end with a comma
                s = comma;
                ok = false;
            }
        } else {
            ok = s.len == 0;
        }
    }
    *rest = s;
    if (!ok)
        return STRUCTURED_MALFORMED;
    *ret = m;
    return STRUCTURED_MEMBER;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (is_lower(c))
        return c - 'a' + 26;
    if (ascii_is(c, ASCII_DIGIT))
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool structured_decode_bytes(struct span text, uint8_t *out, size_t size, size_t *ret_length)
{
    size_t padding = 0, n = 0;
    uint32_t bits = 0;

    while (padding < 2 && text.len && text.ptr[text.len - 1] == '=') {
        text.len--;
        padding++;
    }
    if (text.len % 4 == 1 || (padding && (text.len + padding) % 4))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.ptr[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 == 0)
            continue;
        if (n == size)
            return false;
        out[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    *ret_length = n;
    return true;
}
