// SPDX-License-Identifier: MIT
#include "wire/query.h"

#include "base/ascii.h"

static struct span decode(struct span text, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '+') {
            c = ' ';
        } else if (c == '%' && text.len - i > 2) {
            int high = ascii_hex_value(text.ptr[i + 1]), low = ascii_hex_value(text.ptr[i + 2]);

            if (high >= 0 && low >= 0) {
                c = (char)(unsigned char)(high << 4 | low);
                i += 2;
            }
        }
        out[n++] = c;
    }
    return span_of(out, n);
}

bool query_find(struct span query, struct span name, char *out, struct span *ret_value)
{
    while (query.len) {
        struct span value = span_take_until(&query, '&');

        if (span_eq(decode(span_take_until(&value, '='), out), name)) {
            *ret_value = decode(value, out);
            return true;
        }
    }
    return false;
}
