// SPDX-License-Identifier: MIT
/*
 * Who a request comes from, as far as that was found out.
 */
#ifndef CANDOR_ACCESS_IDENTITY_H
#define CANDOR_ACCESS_IDENTITY_H

#include "access/claims.h"
#include "access/groups.h"

enum identity_kind {
    IDENTITY_NOBODY, // no credentials, or bad ones
    IDENTITY_USER,   // of a file of users, or of a service that was asked
    IDENTITY_TOKEN,  // a valid JWT; its name is the subject
    IDENTITY_KEY,    // an API key
};

/* Views of what others own. */
struct identity {
    enum identity_kind kind;
    struct span name;            // empty: nobody's, or a token's without a subject
    struct span scopes;          // of an API key, separated by spaces
    const struct claims *claims; // of a token
};

#endif
