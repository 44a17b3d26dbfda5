// SPDX-License-Identifier: MIT
#include "http/disposition.h"

#include "base/ascii.h"
#include "base/utf8.h"

/* attr-char of RFC 8187 §3.2.1. */
static bool is_plain(char c)
{
    return ascii_is(c, ASCII_TCHAR) && c != '*' && c != '\'' && c != '%';
}

void disposition_add_attachment(struct buf *b, struct span name)
{
    buf_add(b, SPAN("attachment; filename*=UTF-8''"));
    while (name.len) {
        size_t n = utf8_length(name);

        if (n == 0)
            buf_add(b, SPAN("%EF%BF%BD"));
        else if (n == 1 && is_plain(name.ptr[0]))
            buf_add_char(b, name.ptr[0]);
        for (size_t i = 0; i < n && (n > 1 || !is_plain(name.ptr[0])); i++)
            buf_addf(b, "%%%02X", (unsigned)(unsigned char)name.ptr[i]);
        name = span_from(name, n ? n : 1);
    }
}
