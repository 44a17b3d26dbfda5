// SPDX-License-Identifier: MIT
/*
 * Responses that are broken on purpose, to try clients with (fault.def). Whoever fills in a
 * response asks for one; the session that sends it breaks it.
 */
#ifndef CANDOR_WIRE_FAULT_H
#define CANDOR_WIRE_FAULT_H

#include "base/span.h"

enum fault {
    FAULT_NONE,
#define FAULT(ident, name, meaning) FAULT_##ident,
#include "wire/fault.def"
#undef FAULT
    FAULT_COUNT
};

struct wire_fault {
    enum fault fault;
    uint64_t at; // bytes of the part that it is about (head, body) that are sent before
};

/* Where nobody says: halfway; what comes byte by byte does so from its beginning. */
#define FAULT_AT_NATURAL UINT64_MAX

struct fault_info {
    struct span name;
    const char *meaning;
};

/* Indexed by enum fault; the row of FAULT_NONE has an empty name. */
extern const struct fault_info fault_table[FAULT_COUNT];

/* FAULT_NONE when there is none of that name. */
enum fault fault_from_name(struct span name);

#endif
