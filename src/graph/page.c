// SPDX-License-Identifier: MIT
/*
 * The page as tables, for who tells of it; the walker has it as code (graph.c).
 */
#include "graph/graph.h"

#include <assert.h>
#include <stddef.h>

#define LASTS false
#define FADES true

const struct fact_info fact_table[FACT_COUNT] = {
#define FACT(ident, knower, lasting, section, meaning)                                             \
    [FACT_##ident] = {SPAN_INIT(#ident), KNOWER_##knower, lasting, section, meaning},
#include "graph/fact.def"
#undef FACT
};

// Each section as a struct with a member for each of its nodes, so that an edge within a section is
// one whose node is a member of the struct of HERE.
#define SECTION(ident, section, title) struct section_##ident {
#define NODE(ident, facts, yes, no, section, question) char node_##ident;
#define END(ident, facts, outcome) char end_##ident;
#define SECTION_END                                                                                \
    }                                                                                              \
    ;
#include "graph/page.def"

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define OF_HERE(member) (0 * (int)offsetof(struct PASTE(section_, HERE), member))

#define F(fact) FACT_BIT(FACT_##fact)
#define N(node) (NODE_##node + OF_HERE(node_##node))
#define E(end) (END_##end + OF_HERE(end_##end))
#define D(section) DOOR_##section
#define O(outcome) (EDGE_OUTCOME + OUTCOME_##outcome)

const struct node_info node_table[NODE_COUNT] = {
#define NODE(ident, facts, yes, no, section, question)                                             \
    [NODE_##ident] = {SPAN_INIT(#ident), PASTE(SECTION_, HERE), facts, false, {no, yes}, section,  \
                      question},
#define END(ident, facts, outcome)                                                                 \
    [END_##ident] = {SPAN_INIT(#ident),                                                            \
                     PASTE(SECTION_, HERE),                                                        \
                     facts,                                                                        \
                     true,                                                                         \
                     {O(outcome), O(outcome)},                                                     \
                     NULL,                                                                         \
                     NULL},
#include "graph/page.def"
};

const struct section_info section_table[SECTION_COUNT] = {
#define SECTION(ident, section, title)                                                             \
    [SECTION_##ident] = {SPAN_INIT(#ident), DOOR_##ident,                                          \
                         DOOR_##ident + sizeof(struct section_##ident), section, title},
#include "graph/page.def"
};

// Edges only point down the page: every walk ends.
#define NODE(ident, facts, yes, no, section, question)                                             \
    static_assert((int)(yes) > (int)NODE_##ident && (int)(no) > (int)NODE_##ident,                 \
                  "an edge of " #ident " points up the page");
#include "graph/page.def"
static_assert((int)NODE_COUNT < (int)TRAIL_LENGTH, "a trail must hold the longest walk");
static_assert((int)NODE_COUNT <= (int)TRAIL_FACT / 2, "a trail tells nodes from facts");
static_assert((int)FACT_COUNT <= 32, "the known facts are the bits of a word");

size_t graph_find_sources(enum outcome outcome, enum node *ret_nodes, size_t room)
{
    unsigned wanted = (unsigned)EDGE_OUTCOME + (unsigned)outcome;
    size_t count = 0;

    for (int n = 0; n < NODE_COUNT; n++) {
        const struct node_info *node = &node_table[n];

        // The edge to an end counts as one to its outcome.
        if (node->is_end)
            continue;
        for (int answer = 0; answer < 2; answer++) {
            unsigned edge = node->edge[answer];

            if (edge < NODE_COUNT && node_table[edge].is_end)
                edge = node_table[edge].edge[0];
            if (edge != wanted)
                continue;
            if (count < room)
                ret_nodes[count] = (enum node)n;
            count++;
            break;
        }
    }
    return count;
}

int graph_find_section(struct span name)
{
    for (int s = 0; s < SECTION_COUNT; s++)
        if (span_eq(section_table[s].name, name))
            return s;
    return -1;
}
