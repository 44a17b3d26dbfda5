// SPDX-License-Identifier: MIT
/*
 * What the fields say of the content, for resources that take content: RFC 9110 §8.
 */
#ifndef CANDOR_GRAPH_CONTENT_KIND_H
#define CANDOR_GRAPH_CONTENT_KIND_H

#include "graph/exchange.h"

/*
 * Fills in x->content.kind, but for what the method takes (type_refused): for the step of
 * FACT_content_kind. What is malformed is noted there, for the questions; nothing fails.
 */
void content_kind_read(struct exchange *x);

#endif
