// SPDX-License-Identifier: MIT
#include "base/base64.h"

static int value_of(char c, enum base64_form form)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (form == BASE64_PADDED ? '+' : '-'))
        return 62;
    return c == (form == BASE64_PADDED ? '/' : '_') ? 63 : -1;
}

static bool refuse(size_t at, size_t *ret_fault)
{
    if (ret_fault)
        *ret_fault = at;
    return false;
}

bool base64_decode(struct span text, enum base64_form form, unsigned char *out, size_t size,
                   size_t *ret_length, size_t *ret_fault)
{
    size_t digits = text.len, padding = 0, length = 0;
    uint32_t bits = 0;

    if (form == BASE64_PADDED) {
        while (padding < 2 && digits && text.ptr[digits - 1] == '=')
            digits--, padding++;
    }
    for (size_t i = 0; i < digits; i++) {
        int value = value_of(text.ptr[i], form);

        if (value < 0)
            return refuse(i, ret_fault);
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 == 0)
            continue;
        if (length == size)
            return refuse(i, ret_fault);
        out[length++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
    }
    if (digits % 4 == 1 || (form == BASE64_PADDED && text.len % 4) ||
        (padding && (4 - digits % 4) % 4 != padding))
        return refuse(text.len, ret_fault);
    if ((digits % 4 == 2 && (bits & 0xf)) || (digits % 4 == 3 && (bits & 0x3)))
        return refuse(digits - 1, ret_fault);
    *ret_length = length;
    return true;
}
