// SPDX-License-Identifier: MIT
#include "wire/fault.h"

const struct fault_info fault_table[FAULT_COUNT] = {
    [FAULT_NONE] = {SPAN_INIT(""), ""},
#define FAULT(ident, name, meaning) [FAULT_##ident] = {SPAN_INIT(name), meaning},
#include "wire/fault.def"
#undef FAULT
};

enum fault fault_from_name(struct span name)
{
    for (enum fault f = FAULT_NONE + 1; f < FAULT_COUNT; f++)
        if (span_eq(fault_table[f].name, name))
            return f;
    return FAULT_NONE;
}
