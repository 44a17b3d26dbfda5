// SPDX-License-Identifier: MIT
/*
 * The one table of errors: functions return 0 or more on success, a negated error otherwise.
 * An HTTP status never travels as a return code.
 */
#ifndef CANDOR_BASE_ERROR_H
#define CANDOR_BASE_ERROR_H

enum candor_error {
    CANDOR_E_NONE,
#define ERROR(ident, text) CANDOR_E_##ident,
#include "base/error.def"
#undef ERROR
    CANDOR_E_COUNT
};

/* The text for a positive or negated error; never NULL. */
const char *error_text(int error);

#endif
