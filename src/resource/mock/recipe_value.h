// SPDX-License-Identifier: MIT
/*
 * The values of an address that asks for a made-up answer. Each function: NULL, or what was
 * expected instead, to follow "expected".
 */
#ifndef CANDOR_RESOURCE_MOCK_RECIPE_VALUE_H
#define CANDOR_RESOURCE_MOCK_RECIPE_VALUE_H

#include "resource/mock/recipe.h"

/* "200ms", "1.5s", "2m"; a bare number is of seconds. At most LIMIT_MOCK_DELAY. */
const char *mock_read_time(struct span text, int64_t *ret_ns);
/* "100", "10k", "1M", "1G". At most LIMIT_MOCK_BODY. */
const char *mock_read_size(struct span text, uint64_t *ret_bytes);
/* "0.1", "10%". */
const char *mock_read_chance(struct span text, uint32_t *ret_chance);
/* From 1 to LIMIT_MOCK_COUNT. */
const char *mock_read_count(struct span text, uint64_t *ret_count);
const char *mock_read_seconds(struct span text, uint64_t *ret_seconds);
/* "200", "200:9,503:1". */
const char *mock_read_choices(struct span text, struct mock_recipe *r);
/* "103", "103:3". */
const char *mock_read_interim(struct span text, struct mock_interim *ret);
/* "Name:value" or "Name: value". */
const char *mock_read_field(struct span text, struct mock_field *ret);
/* What a field's value may hold. */
const char *mock_read_field_value(struct span text, struct span *ret);
/* "before", "head", "body", "after", "reset". */
const char *mock_read_close(struct span text, struct wire_fault *fault);
/* A name of wire/fault.def. */
const char *mock_read_fault(struct span text, struct wire_fault *fault);
/* A reference to a path of this server, never to another's (RFC 3986 §4.2). */
const char *mock_read_reference(struct span text, struct span *ret);

#endif
