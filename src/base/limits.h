// SPDX-License-Identifier: MIT
/*
 * Every limit has a name here (LIMIT_FIELDS, ...), and a row in limits.def that says what it is.
 */
#ifndef CANDOR_BASE_LIMITS_H
#define CANDOR_BASE_LIMITS_H

enum {
#define LIMIT(ident, value, key, meaning) LIMIT_##ident = (value),
#include "base/limits.def"
#undef LIMIT
};

struct limit {
    const char *name, *key, *meaning;
    int value;
};

/* The table itself, for documentation; ends with a row whose name is NULL. */
extern const struct limit limit_table[];

#endif
