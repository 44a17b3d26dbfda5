// SPDX-License-Identifier: MIT
/*
 * The page of questions (graph.def) and the walker: the only place that waits.
 */
#ifndef CANDOR_GRAPH_GRAPH_H
#define CANDOR_GRAPH_GRAPH_H

#include "base/buf.h"
#include "graph/exchange.h"

enum node {
#define NODE(ident, facts, yes, no, section, question) NODE_##ident,
#include "graph/graph.def"
#undef NODE
    NODE_COUNT
};

/* An edge: a node, or EDGE_OUTCOME + an outcome, or EDGE_CAUSE. */
enum { EDGE_OUTCOME = 0x1000, EDGE_CAUSE = 0x2000 };

struct node_info {
    struct span name;
    uint32_t facts;
    bool (*ask)(struct exchange *x);
    uint16_t edge[2]; // [no, yes]
    const char *section, *question;
};

extern const struct node_info node_table[NODE_COUNT];

/*
 * Walks on from where x stands. True: x->outcome is decided. False: a fact is on its way, and
 * x->host->resume will be called when it has arrived.
 */
bool graph_walk(struct exchange *x);

/* The way x went, "message_sound+ capacity_left+ exists-": + is yes, - is no. */
void graph_write_trail(struct buf *b, const struct exchange *x);

/* The page as a Graphviz digraph. */
void graph_write_dot(struct buf *b);

/* The nodes from which an edge leads to this outcome, in page order. Returns how many there are;
 * writes at most `room` of them. */
size_t graph_find_sources(enum outcome outcome, enum node *ret_nodes, size_t room);

#endif
