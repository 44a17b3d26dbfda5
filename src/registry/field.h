// SPDX-License-Identifier: MIT
/*
 * The field names this program knows (field.def). FIELD_OTHER is zero: any other valid name.
 */
#ifndef CANDOR_REGISTRY_FIELD_H
#define CANDOR_REGISTRY_FIELD_H

#include "base/span.h"

enum field {
    FIELD_OTHER,
#define FIELD(ident, name, flags, section) FIELD_##ident,
#include "registry/field.def"
#undef FIELD
    FIELD_COUNT
};

enum field_flag {
    FIELD_FLAG_LIST = 1 << 0,
    FIELD_FLAG_ONE = 1 << 1,
    FIELD_FLAG_HOP = 1 << 2,
    FIELD_FLAG_SECRET = 1 << 3,
    FIELD_FLAG_FRAMING = 1 << 4,
    FIELD_FLAG_TRAILER = 1 << 5,
    FIELD_FLAG_FIRST = 1 << 6,
    FIELD_FLAG_JOINED = 1 << 7,
};

struct field_info {
    struct span name;
    unsigned flags; // of enum field_flag
    const char *section;
};

/* Indexed by enum field; the row of FIELD_OTHER has an empty name. */
extern const struct field_info field_table[FIELD_COUNT];

/* Without regard to case. FIELD_OTHER when the table has no such name. Constant time: a hash over
 * the length and three letters. */
enum field field_from_name(struct span name);

#endif
