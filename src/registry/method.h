// SPDX-License-Identifier: MIT
/*
 * The methods this program knows (method.def). METHOD_UNKNOWN is zero: a method that is a token
 * but not in the table is answered 501 (RFC 9110 §9.1).
 */
#ifndef CANDOR_REGISTRY_METHOD_H
#define CANDOR_REGISTRY_METHOD_H

#include "base/span.h"

enum method {
    METHOD_UNKNOWN,
#define METHOD(name, safe, idempotent, section) METHOD_##name,
#include "registry/method.def"
    METHOD_COUNT
};

struct method_info {
    struct span name;
    bool safe, idempotent;
    const char *section;
};

/* A set of methods: bit METHOD_x is in the set. */
typedef uint32_t method_set;
#define METHOD_BIT(m) (UINT32_C(1) << (m))

/* Indexed by enum method; the row of METHOD_UNKNOWN has an empty name. */
extern const struct method_info method_table[METHOD_COUNT];

/* Methods are case-sensitive. METHOD_UNKNOWN when the table has no such name. */
enum method method_from_name(struct span name);

/* Whether it is a method of IANA's registry that this program does not perform. */
bool method_is_elsewhere(struct span name);

#endif
