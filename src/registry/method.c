// SPDX-License-Identifier: MIT
#include "registry/method.h"

const struct method_info method_table[METHOD_COUNT] = {
    [METHOD_UNKNOWN] = {SPAN_INIT(""), false, false, ""},
#define METHOD(name, safe, idempotent, section)                                                    \
    [METHOD_##name] = {SPAN_INIT(#name), safe, idempotent, section},
#include "registry/method.def"
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

bool method_is_elsewhere(struct span name)
{
    static const struct span names[] = {
#define METHOD_ELSEWHERE(name, section) SPAN_INIT(name),
#include "registry/method.def"
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_eq(names[i], name))
            return true;
    return false;
}
