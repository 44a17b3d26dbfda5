// SPDX-License-Identifier: MIT
#include "base/ascii.h"
#include "server/config/config_value.h"

const char *config_host_wrong(struct span text)
{
    if (span_starts(text, SPAN("[")) && span_ends(text, SPAN("]"))) {
        for (size_t i = 1; i + 1 < text.len; i++)
            if (!ascii_is(text.ptr[i], ASCII_HEX) && text.ptr[i] != ':' && text.ptr[i] != '.')
                return "is not a host";
        return NULL;
    }
    if (span_find(text, ':') < text.len)
        return "is not a host without a port";
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is(text.ptr[i], ASCII_ALPHA | ASCII_DIGIT) && text.ptr[i] != '-' &&
            text.ptr[i] != '.' && text.ptr[i] != '_')
            return "is not a host";
    return NULL;
}
