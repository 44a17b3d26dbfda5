// SPDX-License-Identifier: MIT
/*
 * Dates of HTTP fields (RFC 9110 §5.6.7), in seconds since 1970-01-01T00:00:00Z, without locale or
 * time zone.
 */
#ifndef CANDOR_DATE_H
#define CANDOR_DATE_H

#include <candor/api.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CANDOR_DATE_SIZE = 30 }; // bytes of a date, with its NUL

/* Writes "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL. Times before the year 0 or after 9999 are
 * written as the first or last second of those. */
CANDOR_API void candor_date_format(int64_t unix_seconds, char out[CANDOR_DATE_SIZE]);

/*
 * Reads an IMF-fixdate or one of the two obsolete forms, strictly; it must fill the whole text.
 * now: for years of two digits, which mean the latest such year at most 50 years after now.
 * False: not a date; *ret_unix is untouched.
 */
CANDOR_API bool candor_date_parse(const char *text, size_t length, int64_t now, int64_t *ret_unix);

#ifdef __cplusplus
}
#endif

#endif
