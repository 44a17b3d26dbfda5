// SPDX-License-Identifier: MIT
/*
 * Dates of HTTP fields (RFC 9110 §5.6.7), in seconds since 1970-01-01T00:00:00Z. No locale, no
 * time zone, no libc: the proleptic Gregorian calendar by arithmetic.
 */
#ifndef CANDOR_HTTP_DATE_H
#define CANDOR_HTTP_DATE_H

#include "base/span.h"

enum {
    DATE_LENGTH = 29,         // of an IMF-fixdate, without a NUL
    DATE_RFC3339_LENGTH = 20, // of a date of RFC 3339 in seconds, without a NUL
};

#define DATE_FIRST (-INT64_C(62167219200)) // Sat, 01 Jan 0000 00:00:00 GMT
#define DATE_LAST INT64_C(253402300799)    // Fri, 31 Dec 9999 23:59:59 GMT

/*
 * Writes an IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT"; no NUL behind it.
 * A time before DATE_FIRST or after DATE_LAST is written as that bound.
 */
void date_format(int64_t unix_seconds, char out[DATE_LENGTH]);
/* A date as WebDAV's creation dates have it (RFC 3339): "1994-11-06T08:49:37Z". */
void date_format_rfc3339(int64_t unix_seconds, char out[DATE_RFC3339_LENGTH]);

/*
 * Reads an IMF-fixdate, an RFC 850 date or an asctime date that fills the whole text. Strict: the
 * case of names, the number of digits and the spaces must be exact, the day must exist, and the
 * name of the weekday must be the true one. Second 60 is the first of the next minute.
 * The two digits of a year in RFC 850 mean the latest such year that is not more than 50 years
 * after now. False: not a date; *ret_unix is untouched.
 */
bool date_parse(struct span text, int64_t now, int64_t *ret_unix);

#endif
