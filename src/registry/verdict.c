// SPDX-License-Identifier: MIT
#include "registry/verdict.h"

int verdict_status(enum verdict verdict)
{
    static const int statuses[VERDICT_COUNT] = {
#define VERDICT(ident, status, section) [VERDICT_##ident] = status,
#include "registry/verdict.def"
#undef VERDICT
    };

    return statuses[verdict];
}
