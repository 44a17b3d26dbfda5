// SPDX-License-Identifier: MIT
/*
 * The request methods that Candor knows, and what may be assumed about each (RFC 9110 §9.2).
 */
#ifndef CANDOR_METHOD_H
#define CANDOR_METHOD_H

#include <candor/api.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One method. */
struct candor_method;

/* Methods are case-sensitive. NULL when the method is not known. */
CANDOR_API const struct candor_method *candor_method_from_name(const char *name, size_t length);

/* Walks all methods: the first one for NULL, then the one after `method`, and NULL behind the
 * last. */
CANDOR_API const struct candor_method *candor_method_next(const struct candor_method *method);

/* "GET" */
CANDOR_API const char *candor_method_name(const struct candor_method *method);

/* Where it is defined: "RFC 9110 §9.3.1". */
CANDOR_API const char *candor_method_section(const struct candor_method *method);

/* It asks for no change of state (RFC 9110 §9.2.1). */
CANDOR_API bool candor_method_is_safe(const struct candor_method *method);

/* Repeating the request has no further effect (RFC 9110 §9.2.2). */
CANDOR_API bool candor_method_is_idempotent(const struct candor_method *method);

#ifdef __cplusplus
}
#endif

#endif
