// SPDX-License-Identifier: MIT
/*
 * The page of questions as pictures, for Graphviz.
 */
#ifndef CANDOR_GRAPH_GRAPH_DOT_H
#define CANDOR_GRAPH_GRAPH_DOT_H

#include "graph/graph.h"

/* The sections, and which doors lead from each to others. */
void graph_write_dot(struct buf *b);

/* The questions of one section: where its doors and its outcomes are. */
void graph_write_section_dot(struct buf *b, enum section section);

#endif
