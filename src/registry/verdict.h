// SPDX-License-Identifier: MIT
/* The verdicts on the rows of a 207 (verdict.def), with their statuses. */
#ifndef CANDOR_REGISTRY_VERDICT_H
#define CANDOR_REGISTRY_VERDICT_H

enum verdict {
#define VERDICT(ident, status, section) VERDICT_##ident,
#include "registry/verdict.def"
#undef VERDICT
    VERDICT_COUNT
};

int verdict_status(enum verdict verdict);

#endif
