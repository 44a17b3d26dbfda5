// SPDX-License-Identifier: MIT
/*
 * The query of a request target as pages' forms write it: application/x-www-form-urlencoded
 * (URL Standard §5.1), "name=value&name=value" with "+" for a space.
 */
#ifndef CANDOR_WIRE_QUERY_H
#define CANDOR_WIRE_QUERY_H

#include "base/span.h"

/*
 * The first value of that name, decoded into out, which has room for query.len bytes; any bytes,
 * also NUL. A name without "=" has an empty value. A "%" without two digits stands for itself.
 * False: there is none of that name.
 */
bool query_find(struct span query, struct span name, char *out, struct span *ret_value);

#endif
