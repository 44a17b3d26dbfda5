// SPDX-License-Identifier: MIT
#include "wire/h1_response.h"

#include "wire/scan.h"

#include <assert.h>

char *h1_put_value(char *at, struct span value)
{
    char *end = at + value.len;

    if (value.len)
        memcpy(at, value.ptr, value.len);
    while ((at = (char *)(uintptr_t)scan_field_value(at, end)) < end)
        *at++ = ' ';
    return end;
}

size_t h1_chunk_head(char out[H1_CHUNK_HEAD], uint64_t size)
{
    size_t digits = 1;

    assert(size > 0);
    while (digits < 16 && size >> (4 * digits))
        digits++;
    for (size_t i = digits; i-- > 0; size >>= 4)
        out[i] = "0123456789abcdef"[size & 15];
    out[digits] = '\r';
    out[digits + 1] = '\n';
    return digits + 2;
}
