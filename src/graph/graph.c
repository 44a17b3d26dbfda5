// SPDX-License-Identifier: MIT
#include "graph/graph.h"

#include "graph/question.h"
#include "graph/resource.h"

#include <assert.h>

#define N(node) NODE_##node
#define O(outcome) (EDGE_OUTCOME + OUTCOME_##outcome)
#define CAUSE EDGE_CAUSE

const struct node_info node_table[NODE_COUNT] = {
#define NODE(ident, facts, yes, no, section, question)                                             \
    [NODE_##ident] = {SPAN_INIT(#ident), facts, ask_##ident, {no, yes}, section, question},
#include "graph/graph.def"
#undef NODE
};

// Edges only point down the page: every walk ends.
#define NODE(ident, facts, yes, no, section, question)                                             \
    static_assert((int)(yes) > (int)NODE_##ident && (int)(no) > (int)NODE_##ident,                 \
                  "an edge of " #ident " points up the page");
#include "graph/graph.def"
#undef NODE
static_assert((int)NODE_COUNT <= (int)TRAIL_LENGTH, "a trail must hold the longest walk");
static_assert((int)NODE_COUNT <= 128, "a trail keeps a node and an answer in one byte");

enum { FACTS_OF_HOST = FACT_MESSAGE | FACT_ROUTE | FACT_UNWANTED | FACT_CONTENT };

/* What does not depend on the state of resources. */
enum { FACTS_THAT_LAST = FACTS_OF_HOST | FACT_MEANING };

/* False when a fact is on its way. */
static bool establish(struct exchange *x, uint32_t missing)
{
    while (missing) {
        enum fact fact = missing & -missing;
        bool known;

        if (fact & FACTS_OF_HOST)
            known = x->host->establish(x, fact);
        else
            known = x->resource->ops->establish(x, fact);
        if (!known)
            return false;
        x->known |= fact;
        missing &= ~(uint32_t)fact;
    }
    return true;
}

/*
 * What the questions saw had changed before the method could be performed: they are asked again
 * from the first one about the target. Each time somebody else has succeeded meanwhile, so walks
 * as a whole end.
 */
static void look_again(struct exchange *x)
{
    x->stale = false;
    x->known &= FACTS_THAT_LAST;
    while (x->at != NODE_target_looked_up)
        x->at = x->trail[--x->trail_length] >> 1;
}

bool graph_walk(struct exchange *x)
{
    for (;;) {
        const struct node_info *node = &node_table[x->at];
        uint32_t missing = node->facts & ~x->known;
        unsigned edge, answer;

        if (missing && !establish(x, missing))
            return false;
        if (x->stale) {
            look_again(x);
            continue;
        }
        answer = node->ask(x);
        x->trail[x->trail_length++] = (uint8_t)((unsigned)x->at << 1 | answer);
        edge = node->edge[answer];
        if (edge >= EDGE_OUTCOME) {
            x->outcome = edge == EDGE_CAUSE ? x->cause : (enum outcome)(edge - EDGE_OUTCOME);
            assert(x->outcome != OUTCOME_NONE);
            return true;
        }
        x->at = (uint8_t)edge;
    }
}

void graph_write_trail(struct buf *b, const struct exchange *x)
{
    for (unsigned i = 0; i < x->trail_length; i++) {
        if (i)
            buf_add_char(b, ' ');
        buf_add(b, node_table[x->trail[i] >> 1].name);
        buf_add_char(b, x->trail[i] & 1 ? '+' : '-');
    }
}

static void write_dot_edge(struct buf *b, const struct node_info *from, bool answer)
{
    unsigned edge = from->edge[answer];
    const char *label = answer ? "yes" : "no";

    buf_addf(b, "  %s -> ", from->name.ptr);
    if (edge == EDGE_CAUSE)
        buf_addf(b,
                 "\"%s cause\" [label=%s];\n  \"%s cause\" [label=\"the cause found\" "
                 "shape=box style=\"rounded,dashed\"];\n",
                 from->name.ptr, label, from->name.ptr);
    else if (edge >= EDGE_OUTCOME)
        buf_addf(b, "\"%.*s\" [label=%s];\n", SPAN_ARG(outcome_table[edge - EDGE_OUTCOME].token),
                 label);
    else
        buf_addf(b, "%.*s [label=%s weight=8];\n", SPAN_ARG(node_table[edge].name), label);
}

static const char *outcome_colour(int status)
{
    return status < 300   ? "#d3f0d3"
           : status < 400 ? "#d5e6fb"
           : status < 500 ? "#fdeec4"
                          : "#fbd5d5";
}

void graph_write_dot(struct buf *b)
{
    buf_add_str(b, "digraph candor {\n  rankdir=TB; nodesep=0.3; ranksep=0.25;\n"
                   "  node [fontname=\"Helvetica\" fontsize=10]; edge [fontname=\"Helvetica\" "
                   "fontsize=8];\n");
    for (int n = 0; n < NODE_COUNT; n++) {
        const struct node_info *node = &node_table[n];

        buf_addf(b, "  %s [shape=box label=\"%s\" tooltip=\"%s\"];\n", node->name.ptr,
                 node->question, node->section);
        write_dot_edge(b, node, true);
        write_dot_edge(b, node, false);
    }
    for (int o = 1; o < OUTCOME_COUNT; o++) {
        const struct outcome_info *info = &outcome_table[o];

        if (graph_find_sources((enum outcome)o, NULL, 0))
            buf_addf(b,
                     "  \"%s\" [label=\"%d\\n%s\" shape=box style=\"rounded,filled\" "
                     "fillcolor=\"%s\"];\n",
                     info->token.ptr, info->status, info->token.ptr, outcome_colour(info->status));
    }
    buf_add_str(b, "}\n");
}

size_t graph_find_sources(enum outcome outcome, enum node *ret_nodes, size_t room)
{
    unsigned wanted = (unsigned)EDGE_OUTCOME + (unsigned)outcome;
    size_t count = 0;

    for (int n = 0; n < NODE_COUNT; n++) {
        if (node_table[n].edge[0] != wanted && node_table[n].edge[1] != wanted)
            continue;
        if (count < room)
            ret_nodes[count] = (enum node)n;
        count++;
    }
    return count;
}
