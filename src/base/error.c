// SPDX-License-Identifier: MIT
#include "base/error.h"

static const char *const texts[CANDOR_E_COUNT] = {
    [CANDOR_E_NONE] = "success",
#define ERROR(ident, text) [CANDOR_E_##ident] = text,
#include "base/error.def"
#undef ERROR
};

const char *error_text(int error)
{
    if (error < 0)
        error = -error;
    return error < CANDOR_E_COUNT ? texts[error] : "unknown error";
}
