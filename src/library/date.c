// SPDX-License-Identifier: MIT
#include <candor/date.h>

#include "http/date.h"

#include <assert.h>

static_assert((int)CANDOR_DATE_SIZE == (int)DATE_LENGTH + 1, "a date and its NUL");

void candor_date_format(int64_t unix_seconds, char out[CANDOR_DATE_SIZE])
{
    date_format(unix_seconds, out);
    out[DATE_LENGTH] = '\0';
}

bool candor_date_parse(const char *text, size_t length, int64_t now, int64_t *ret_unix)
{
    return date_parse(span_of(text, length), now, ret_unix);
}
