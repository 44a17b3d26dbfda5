// SPDX-License-Identifier: MIT
#include "base/span.h"

#include <stdlib.h>

bool span_to_u64(struct span s, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > max)
        return false;
    *ret_value = value;
    return true;
}

char *span_to_str(struct span s)
{
    char *str = malloc(s.len + 1);

    if (!str)
        return NULL;
    if (s.len)
        memcpy(str, s.ptr, s.len);
    str[s.len] = '\0';
    return str;
}
