// SPDX-License-Identifier: MIT
/*
 * The page of questions (page.def), its sections, and the walker: the only place that waits for
 * facts.
 */
#ifndef CANDOR_GRAPH_GRAPH_H
#define CANDOR_GRAPH_GRAPH_H

#include "base/buf.h"
#include "graph/exchange.h"

enum node {
#define SECTION(ident, section, title) DOOR_##ident, DOOR_##ident##_ = DOOR_##ident - 1,
#define NODE(ident, facts, yes, no, section, question) NODE_##ident,
#define END(ident, facts, outcome) END_##ident,
#include "graph/page.def"
    NODE_COUNT
};

enum section {
#define SECTION(ident, section, title) SECTION_##ident,
#include "graph/page.def"
    SECTION_COUNT
};

/* An edge: a node, or EDGE_OUTCOME + an outcome. */
enum { EDGE_OUTCOME = 0x1000 };

struct node_info {
    struct span name;
    enum section of;
    uint32_t facts;                 // FACT_BIT of each
    bool is_end;                    // both of whose edges are its outcome
    uint16_t edge[2];               // [no, yes]
    const char *section, *question; // of an end: NULL
};

struct section_info {
    struct span name;
    uint16_t door, end; // its nodes are those from door on that are below end
    const char *section, *title;
};

extern const struct node_info node_table[NODE_COUNT];
extern const struct section_info section_table[SECTION_COUNT];

/*
 * Walks on from where x stands. True: x->outcome is decided. False: x waits, and x->host->resume
 * will be called, which walks on.
 */
bool graph_walk(struct exchange *x);

/* In a thread of the pool: the part of the step under way that runs there (exchange_host.run). */
void graph_run(struct exchange *x);

/*
 * Nobody waits for the answer any more: no further step begins, and what x waits for is given up as
 * far as it can be. What has begun to change something is ended, and the outcome is what came of
 * it. True: nothing that x waited for will come any more; graph_walk() then ends the walk. What is
 * in the pool (x->walk.waits is WAITS_FOR_RUN), or a pause, is the host's to take back.
 */
bool graph_cancel(struct exchange *x);

/* After graph_cancel(), where the run or the pause was taken back: the step is not under way. */
void graph_take_back(struct exchange *x);

/* A trail: "capacity_left+ host_known+ exists-", + for yes, - for no; a fact that could not be had
 * ends it: "representation!". */
void graph_write_trail(struct buf *b, const uint16_t *trail, size_t length);

/* The nodes from which an edge leads to this outcome, in page order. Returns how many there are;
 * writes at most `room` of them. */
size_t graph_find_sources(enum outcome outcome, enum node *ret_nodes, size_t room);

/* By its name; -1: there is none. */
int graph_find_section(struct span name);

#endif
