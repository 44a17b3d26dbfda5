// SPDX-License-Identifier: MIT
/*
 * Rules of who may do what, from top to bottom: the first that fits decides, and where none does
 * the answer is no.
 *
 *     WHO may VERBS [under PATH] [from CIDR]
 *     WHO may not VERBS [under PATH] [from CIDR]
 *
 * WHO is anyone; authenticated (whoever proved something); NAME, a user or the subject of a token;
 * @GROUP, whose users are these; key:NAME, an API key; claim:NAME=VALUE, a claim of a token, where
 * claim:scope=VALUE is also a scope of an API key. VERBS are read, write, all, and names of
 * methods, separated by commas; write does not include read. PATH is decoded and below the route's.
 * A word in quotes may have spaces, and is a name where it would be another thing without them.
 */
#ifndef CANDOR_ACCESS_RULE_H
#define CANDOR_ACCESS_RULE_H

#include "access/fault.h"
#include "access/identity.h"
#include "access/network.h"
#include "registry/method.h"

struct rules;

/* None yet. -CANDOR_E_MEMORY. */
int rules_new(struct rules **ret);
void rules_free(struct rules *r);

/* Adds one at the end. -CANDOR_E_SYNTAX with the byte and a sentence in *ret_fault; so too for more
 * than LIMIT_ACCESS_RULES, or one of more than LIMIT_RULE bytes. -CANDOR_E_MEMORY. Nothing of text
 * is kept. */
int rules_add(struct rules *r, struct span text, struct fault *ret_fault);

size_t rules_count(const struct rules *r);
/* As it was written; valid as long as r. */
struct span rules_text(const struct rules *r, size_t index);
/* The group that a rule is about; empty: it is about none. So that the start can tell one that no
 * file has. */
struct span rules_group(const struct rules *r, size_t index);

enum rule_right { RULE_READ = 1, RULE_WRITE = 2 };

/* What a method needs at its own target; the source of a COPY needs RULE_READ, a Destination
 * RULE_WRITE, each with the method too. */
enum rule_right rule_right_of(enum method method);

struct rule_request {
    enum rule_right right;
    enum method method;
    struct span path;              // decoded, below the route's, without slashes at its ends
    const struct address *address; // NULL: not of IP, so it is in no network
};

enum rule_verdict {
    RULE_ALLOWED,
    RULE_DENIED,
    RULE_NEEDS_IDENTITY // it is nobody, and somebody might be allowed
};

#define RULE_NONE SIZE_MAX

struct rule_decision {
    enum rule_verdict verdict;
    size_t rule; // the one that decided; RULE_NONE: none fitted
};

/* For any thread. groups may be null. Without the memory to compare a path that is not of ASCII the
 * answer is no. */
struct rule_decision rules_decide(const struct rules *r, const struct groups *groups,
                                  const struct identity *who, const struct rule_request *request);

#endif
