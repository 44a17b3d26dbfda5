// SPDX-License-Identifier: MIT
/*
 * The fields that Candor knows, and how each is to be treated.
 */
#ifndef CANDOR_FIELD_H
#define CANDOR_FIELD_H

#include <candor/api.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One field. */
struct candor_field;

/* Without regard to the case of ASCII letters. NULL when the field is not known. */
CANDOR_API const struct candor_field *candor_field_from_name(const char *name, size_t length);

/* Walks all fields in alphabetical order: the first one for NULL, then the one after `field`, and
 * NULL behind the last. */
CANDOR_API const struct candor_field *candor_field_next(const struct candor_field *field);

/* "Content-Type" */
CANDOR_API const char *candor_field_name(const struct candor_field *field);

/* Where it is defined: "RFC 9110 §8.3". */
CANDOR_API const char *candor_field_section(const struct candor_field *field);

/* Its value is a list, so that several lines are one (RFC 9110 §5.3). */
CANDOR_API bool candor_field_is_list(const struct candor_field *field);

/* It occurs at most once in a message; a second one is an error (RFC 9110 §5.3). */
CANDOR_API bool candor_field_is_singleton(const struct candor_field *field);

/* It is for one connection only and is never forwarded (RFC 9110 §7.6.1). */
CANDOR_API bool candor_field_is_hop_by_hop(const struct candor_field *field);

/* Its value may hold a secret: it is neither logged nor echoed. */
CANDOR_API bool candor_field_is_secret(const struct candor_field *field);

/* It must not come as a trailer (RFC 9110 §6.5.1). */
CANDOR_API bool candor_field_is_forbidden_in_trailers(const struct candor_field *field);

#ifdef __cplusplus
}
#endif

#endif
