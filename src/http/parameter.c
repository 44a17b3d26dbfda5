// SPDX-License-Identifier: MIT
#include "http/parameter.h"

#include "base/ascii.h"

struct span token_take(struct span *rest)
{
    struct span token = {rest->ptr, 0};

    while (token.len < rest->len && ascii_is(rest->ptr[token.len], ASCII_TCHAR))
        token.len++;
    if (token.len)
        *rest = span_from(*rest, token.len);
    return token;
}

/* s begins with a quotation mark. The offset of the mark that ends the string, or s.len. */
static size_t find_string_end(struct span s)
{
    size_t i = 1;

    while (i < s.len && s.ptr[i] != '"')
        i += s.ptr[i] == '\\' ? 2 : 1;
    return i < s.len ? i : s.len;
}

/* Takes a quoted string off the front of *rest; *ret is what stands between the quotes. */
static bool take_string(struct span *rest, struct span *ret)
{
    size_t end = find_string_end(*rest);

    if (end == rest->len)
        return false;
    for (size_t i = 1; i < end; i++)
        if (!ascii_is(rest->ptr[i], ASCII_FIELD_VCHAR))
            return false;
    *ret = span_of(rest->ptr + 1, end - 1);
    *rest = span_from(*rest, end + 1);
    return true;
}

enum parameter_result parameter_next(struct span *rest, struct parameter *ret)
{
    struct span s = span_trim(*rest);
    struct parameter p = {0};

    for (;;) {
        if (s.len == 0)
            return PARAMETER_END;
        if (s.ptr[0] != ';')
            return PARAMETER_MALFORMED;
        s = span_trim(span_from(s, 1));
        if (s.len && s.ptr[0] != ';')
            break;
    }
    p.name = token_take(&s);
    if (p.name.len == 0 || s.len == 0 || s.ptr[0] != '=')
        return PARAMETER_MALFORMED;
    s = span_from(s, 1);
    if (s.len && s.ptr[0] == '"') {
        p.quoted = true;
        if (!take_string(&s, &p.value))
            return PARAMETER_MALFORMED;
    } else {
        p.value = token_take(&s);
        if (p.value.len == 0)
            return PARAMETER_MALFORMED;
    }
    *rest = s;
    *ret = p;
    return PARAMETER_FOUND;
}

/* The next octet of a value, *at moves behind it; -1 at the end. */
static int value_octet(const struct parameter *p, size_t *at)
{
    if (*at >= p->value.len)
        return -1;
    if (p->quoted && p->value.ptr[*at] == '\\' && *at + 1 < p->value.len)
        ++*at;
    return (unsigned char)p->value.ptr[(*at)++];
}

bool parameter_value_eq(const struct parameter *a, const struct parameter *b, bool nocase)
{
    size_t at_a = 0, at_b = 0;
    int x, y;

    do {
        x = value_octet(a, &at_a);
        y = value_octet(b, &at_b);
        if (nocase && x >= 0 && y >= 0) {
            x = ascii_lower((char)x);
            y = ascii_lower((char)y);
        }
    } while (x == y && at_a < a->value.len && at_b < b->value.len);
    return x == y && at_a == a->value.len && at_b == b->value.len;
}

bool list_take(struct span *rest, struct span *ret_member)
{
    while (rest->len) {
        struct span s = *rest, member;
        size_t i = 0;

        while (i < s.len && s.ptr[i] != ',')
            i += s.ptr[i] == '"' ? find_string_end(span_from(s, i)) + 1 : 1;
        member = span_trim(span_first(s, i));
        *rest = span_from(s, i + 1);
        if (member.len) {
            *ret_member = member;
            return true;
        }
    }
    return false;
}
