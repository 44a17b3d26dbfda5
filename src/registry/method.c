// SPDX-License-Identifier: MIT
#include "registry/method.h"

const struct method_info method_table[METHOD_COUNT] = {
    [METHOD_UNKNOWN] = {SPAN_INIT(""), false, false, ""},
#define METHOD(name, safe, idempotent, section)                                                    \
    [METHOD_##name] = {SPAN_INIT(#name), safe, idempotent, section},
#include "registry/method.def"
#undef METHOD
};

enum method method_from_name(struct span name)
{
    if (name.len == 3 && memcmp(name.ptr, "GET", 3) == 0)
        return METHOD_GET;
    for (int m = 1; m < METHOD_COUNT; m++)
        if (span_eq(method_table[m].name, name))
            return (enum method)m;
    return METHOD_UNKNOWN;
}
