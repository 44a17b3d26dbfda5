// SPDX-License-Identifier: MIT
/*
 * The questions of page.def, one function each: ask_exists and so on. They look at facts that are
 * known and answer; they change nothing.
 */
#ifndef CANDOR_GRAPH_QUESTION_H
#define CANDOR_GRAPH_QUESTION_H

#include "graph/exchange.h"

#define NODE(ident, facts, yes, no, section, question) bool ask_##ident(const struct exchange *x);
#include "graph/page.def"

/* After the walk: says more (x->failure.detail) of what a question decided, where there is more to
 * say. */
void question_explain(struct exchange *x);

#endif
