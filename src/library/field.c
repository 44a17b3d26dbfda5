// SPDX-License-Identifier: MIT
/* The public face of the table of fields. */
#include <candor/field.h>

#include "registry/field.h"

static const struct field_info *info_of(const struct candor_field *field)
{
    return (const struct field_info *)(const void *)field;
}

static const struct candor_field *field_of(const struct field_info *info)
{
    return (const struct candor_field *)(const void *)info;
}

static bool has(const struct candor_field *field, enum field_flag flag)
{
    return (info_of(field)->flags & (unsigned)flag) != 0;
}

const struct candor_field *candor_field_from_name(const char *name, size_t length)
{
    enum field field = field_from_name(span_of(name, length));

    return field ? field_of(&field_table[field]) : NULL;
}

const struct candor_field *candor_field_next(const struct candor_field *field)
{
    const struct field_info *next = field ? info_of(field) + 1 : field_table + 1;

    return next < field_table + FIELD_COUNT ? field_of(next) : NULL;
}

const char *candor_field_name(const struct candor_field *field)
{
    return info_of(field)->name.ptr;
}

const char *candor_field_section(const struct candor_field *field)
{
    return info_of(field)->section;
}

bool candor_field_is_list(const struct candor_field *field)
{
    return has(field, FIELD_FLAG_LIST);
}

bool candor_field_is_singleton(const struct candor_field *field)
{
    return has(field, FIELD_FLAG_ONE);
}

bool candor_field_is_hop_by_hop(const struct candor_field *field)
{
    return has(field, FIELD_FLAG_HOP);
}

bool candor_field_is_secret(const struct candor_field *field)
{
    return has(field, FIELD_FLAG_SECRET);
}

bool candor_field_is_forbidden_in_trailers(const struct candor_field *field)
{
    return has(field, FIELD_FLAG_FRAMING);
}
