// SPDX-License-Identifier: MIT
/*
 * A rule as it was read.
 */
#ifndef CANDOR_ACCESS_RULE_PARTS_H
#define CANDOR_ACCESS_RULE_PARTS_H

#include "access/rule.h"

enum rule_who {
    RULE_ANYONE,
    RULE_AUTHENTICATED,
    RULE_NAME,
    RULE_GROUP,
    RULE_KEY,
    RULE_CLAIM,
};

struct rule {
    enum rule_who who;
    struct span name, value; // value: of a claim
    bool denies, has_network;
    unsigned rights; // of enum rule_right
    method_set methods;
    struct span path; // in its form NFC, without slashes at its ends; empty: all
    struct network network;
};

/* Reads one, into views of text, the path as it is written. 0, or -CANDOR_E_SYNTAX. */
int rule_parse(struct span text, struct rule *ret, struct fault *ret_fault);

#endif
