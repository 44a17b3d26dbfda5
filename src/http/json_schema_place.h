// SPDX-License-Identifier: MIT
/*
 * How places of schemas are told: as JSON Pointers, behind "URI#" in other documents.
 */
#ifndef CANDOR_HTTP_JSON_SCHEMA_PLACE_H
#define CANDOR_HTTP_JSON_SCHEMA_PLACE_H

#include "base/buf.h"
#include "http/json_schema_parts.h"

/* Adds the place of a node. */
void schema_place_add(struct buf *b, const struct schema_node *node);

/* Cuts what stands behind `begin` to LIMIT_JSON_POINTER bytes. */
void schema_place_cut(struct buf *b, size_t begin);

#endif
