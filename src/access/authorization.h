// SPDX-License-Identifier: MIT
/*
 * The field Authorization (RFC 9110 §11.4, §11.6.2), the credentials of Basic (RFC 7617) and of
 * Bearer (RFC 6750 §2.1). Cursors over spans; no allocation.
 */
#ifndef CANDOR_ACCESS_AUTHORIZATION_H
#define CANDOR_ACCESS_AUTHORIZATION_H

#include "access/fault.h"

enum authorization_scheme { AUTHORIZATION_BASIC, AUTHORIZATION_BEARER, AUTHORIZATION_OTHER };

struct authorization {
    enum authorization_scheme scheme;
    struct span name;       // of the scheme, as it was written
    struct span token;      // the token68; empty where there is none
    struct span parameters; // the list of auth-params; empty where there is none
    size_t at;              // where token or parameters begin in the field
};

/*
 * Reads the value of one field line, a view of which the result is. -CANDOR_E_SYNTAX: it is
 * malformed, and *ret_fault tells how; a parameter that comes twice is malformed, too.
 */
int authorization_parse(struct span value, struct authorization *ret, struct fault *ret_fault);

/* name = value; a quoted value is without its quotes, but with the backslashes of its pairs. */
struct authorization_parameter {
    struct span name, value;
    bool quoted;
};

/* Takes the next parameter off the front of *rest, which is that of a parsed field; false: there is
 * no more. */
bool authorization_next(struct span *rest, struct authorization_parameter *ret);

struct basic_credentials {
    struct span user, password; // without control characters, in UTF-8; either may be empty
};

/*
 * Decodes what Basic brought into memory, of which the result is a view: a secret, so the caller
 * wipes it. -CANDOR_E_SYNTAX with *ret_fault; also for more than size bytes, of which
 * LIMIT_BASIC_CREDENTIALS are enough.
 */
int authorization_read_basic(const struct authorization *a, char *memory, size_t size,
                             struct basic_credentials *ret, struct fault *ret_fault);

/* The token of Bearer, which is not empty. -CANDOR_E_SYNTAX with *ret_fault. */
int authorization_read_bearer(const struct authorization *a, struct span *ret,
                              struct fault *ret_fault);

#endif
