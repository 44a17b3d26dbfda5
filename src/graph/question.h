// SPDX-License-Identifier: MIT
/*
 * The questions of graph.def, one function each: ask_exists and so on. They look at facts that are
 * known and answer; they change nothing but what they worked out for later questions.
 */
#ifndef CANDOR_GRAPH_QUESTION_H
#define CANDOR_GRAPH_QUESTION_H

#include "graph/exchange.h"

#define NODE(ident, facts, yes, no, section, question) bool ask_##ident(struct exchange *x);
#include "graph/graph.def"
#undef NODE

#endif
