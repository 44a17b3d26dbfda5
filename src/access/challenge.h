// SPDX-License-Identifier: MIT
/*
 * The value of WWW-Authenticate (RFC 9110 §11.6.1): a challenge for each scheme on offer, with what
 * Basic (RFC 7617 §2.1) and Bearer (RFC 6750 §3) say in theirs.
 */
#ifndef CANDOR_ACCESS_CHALLENGE_H
#define CANDOR_ACCESS_CHALLENGE_H

#include "base/buf.h"

/* What became of a token, RFC 6750 §3.1; NONE: there was none. */
enum challenge_error {
    CHALLENGE_NONE,
    CHALLENGE_INVALID_REQUEST,
    CHALLENGE_INVALID_TOKEN,
    CHALLENGE_INSUFFICIENT_SCOPE,
};

struct challenge {
    struct span realm;
    bool basic, bearer;         // the schemes on offer; Bearer first, the stronger one
    enum challenge_error error; // for Bearer
    struct span description;    // a sentence for who wrote the client; may be empty
    struct span scope;          // what is needed, names separated by spaces; may be empty
};

/* What a quoted string of the field may not hold becomes a space. */
void challenge_add(struct buf *b, const struct challenge *c);

#endif
