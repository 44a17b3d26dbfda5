// SPDX-License-Identifier: MIT
#include "resource/option.h"

const struct option_row *option_find(const struct option_section *section, struct span name)
{
    for (size_t i = 0; i < section->count; i++)
        if (span_eq(section->rows[i].name, name))
            return &section->rows[i];
    return NULL;
}
