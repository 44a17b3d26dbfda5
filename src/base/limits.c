// SPDX-License-Identifier: MIT
#include "base/limits.h"

#include <stddef.h>

const struct limit limit_table[] = {
#define LIMIT(ident, value, key, meaning) {#ident, key, meaning, (value)},
#include "base/limits.def"
#undef LIMIT
    {NULL, NULL, NULL, 0},
};
