// SPDX-License-Identifier: MIT
#include "wire/h1_request.h"

#include "base/ascii.h"
#include "wire/scan.h"

static bool is_target(struct span s)
{
    return s.len > 0 && scan_field_value(s.ptr, s.ptr + s.len) == s.ptr + s.len &&
           span_find(s, ' ') == s.len && span_find(s, '\t') == s.len;
}

bool h1_add_request_line(struct buf *b, struct span method, struct span target)
{
    static const struct span version = SPAN_INIT(" HTTP/1.1\r\n");

    if (!ascii_is_token(method.ptr, method.len) || !is_target(target))
        return false;
    if (!buf_reserve(b, method.len + 1 + target.len + version.len))
        return true;
    buf_add(b, method);
    buf_add_char(b, ' ');
    buf_add(b, target);
    buf_add(b, version);
    return true;
}

bool h1_add_request_field(struct buf *b, struct span name, struct span value)
{
    enum field id = field_from_name(name);

    return id != FIELD_content_length && id != FIELD_transfer_encoding &&
           h1_add_field(b, name, value);
}

void h1_add_length(struct buf *b, uint64_t length)
{
    buf_add(b, SPAN("Content-Length: "));
    buf_add_u64(b, length);
    buf_add(b, SPAN("\r\n"));
}
