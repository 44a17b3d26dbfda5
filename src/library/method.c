// SPDX-License-Identifier: MIT
/* The public face of the table of methods. */
#include <candor/method.h>

#include "registry/method.h"

static const struct method_info *info_of(const struct candor_method *method)
{
    return (const struct method_info *)(const void *)method;
}

static const struct candor_method *method_of(const struct method_info *info)
{
    return (const struct candor_method *)(const void *)info;
}

const struct candor_method *candor_method_from_name(const char *name, size_t length)
{
    enum method method = method_from_name(span_of(name, length));

    return method ? method_of(&method_table[method]) : NULL;
}

const struct candor_method *candor_method_next(const struct candor_method *method)
{
    const struct method_info *next = method ? info_of(method) + 1 : method_table + 1;

    return next < method_table + METHOD_COUNT ? method_of(next) : NULL;
}

const char *candor_method_name(const struct candor_method *method)
{
    return info_of(method)->name.ptr;
}

const char *candor_method_section(const struct candor_method *method)
{
    return info_of(method)->section;
}

bool candor_method_is_safe(const struct candor_method *method)
{
    return info_of(method)->safe;
}

bool candor_method_is_idempotent(const struct candor_method *method)
{
    return info_of(method)->idempotent;
}
