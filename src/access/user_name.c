// SPDX-License-Identifier: MIT
#include "access/user_name.h"

#include "base/limits.h"
#include "base/utf8.h"

const char *user_name_fault(struct span name)
{
    if (name.len == 0)
        return "is missing";
    if (name.len > LIMIT_USER_NAME)
        return "is too long";
    if (name.ptr[0] == '#')
        return "begins with #, as comments do";
    if (name.ptr[0] == ' ' || name.ptr[name.len - 1] == ' ')
        return "begins or ends with a space";
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];

        if (c < ' ' || c == 0x7f)
            return "has a control character";
        if (c == ':')
            return "has a colon";
    }
    return utf8_is_valid(name) ? NULL : "is not UTF-8";
}
