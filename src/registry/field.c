// SPDX-License-Identifier: MIT
#include "registry/field.h"

#define LIST FIELD_FLAG_LIST
#define ONE FIELD_FLAG_ONE
#define HOP FIELD_FLAG_HOP
#define SECRET FIELD_FLAG_SECRET
#define FRAMING FIELD_FLAG_FRAMING

const struct field_info field_table[FIELD_COUNT] = {
    [FIELD_OTHER] = {SPAN_INIT(""), 0, ""},
#define FIELD(ident, name, flags, section) [FIELD_##ident] = {SPAN_INIT(name), flags, section},
#include "registry/field.def"
#undef FIELD
};

enum field field_from_name(struct span name)
{
    for (int f = 1; f < FIELD_COUNT; f++)
        if (span_eq_nocase(field_table[f].name, name))
            return (enum field)f;
    return FIELD_OTHER;
}
