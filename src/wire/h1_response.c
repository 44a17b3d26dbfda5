// SPDX-License-Identifier: MIT
#include "wire/h1_response.h"

#include "wire/scan.h"

#include <assert.h>

void h1_add_field(struct buf *b, struct span name, struct span value)
{
    buf_add(b, name);
    buf_add(b, SPAN(": "));
    while (value.len) {
        size_t n = (size_t)(scan_field_value(value.ptr, value.ptr + value.len) - value.ptr);

        buf_add(b, span_first(value, n));
        if (n < value.len)
            buf_add_char(b, ' ');
        value = span_from(value, n + 1);
    }
    buf_add(b, SPAN("\r\n"));
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
