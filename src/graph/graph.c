// SPDX-License-Identifier: MIT
#include "graph/graph.h"

#include "base/clock.h"
#include "base/limits.h"
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
enum { FACTS_THAT_LAST = FACTS_OF_HOST | FACT_MEANING | FACT_UPLOAD };

/* False when a fact is on its way. */
static bool establish(struct exchange *x, uint32_t missing)
{
    while (missing) {
        enum fact fact = missing & -missing;
        bool known;

        if (fact & FACTS_OF_HOST)
            known = x->host->establish(x, fact);
        else if (x->guard && fact == FACT_LOCKS)
            known = x->guard->ops->establish(x, fact);
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
 * from the first one about the target. Somebody else has succeeded meanwhile, but that may be a
 * program that never pauses, so there is an end to it, and so there is when the server is to end:
 * then what failed has a cause. False: that.
 */
static bool look_again(struct exchange *x)
{
    int64_t now = clock_monotonic();

    x->stale = false;
    if (x->stale_since == 0)
        x->stale_since = now;
    if (now - x->stale_since >= (int64_t)LIMIT_LOOK_AGAIN * CLOCK_MS) {
        exchange_set_cause(x, OUTCOME_resources_exhausted, 0);
        x->detail = SPAN("What the request is about was changed by others all the time.");
        return false;
    }
    if (x->hurried) {
        exchange_set_cause(x, OUTCOME_server_stopping, 0);
        return false;
    }
    x->known &= FACTS_THAT_LAST;
    while (x->at != NODE_target_looked_up)
        x->at = x->trail[--x->trail_length] >> 1;
    return true;
}

bool graph_walk(struct exchange *x)
{
    for (;;) {
        const struct node_info *node = &node_table[x->at];
        uint32_t missing = node->facts & ~x->known;
        unsigned edge, answer;

        if (missing && !establish(x, missing))
            return false;
        if (x->stale && look_again(x))
            continue;
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

static const char *outcome_colour(int status)
{
    return status < 300   ? "#d3f0d3"
           : status < 400 ? "#d5e6fb"
           : status < 500 ? "#fdeec4"
                          : "#fbd5d5";
}

/* Where a walk ends: a box of its own for each edge. */
static void write_dot_end(struct buf *b, const struct node_info *from, bool answer)
{
    unsigned edge = from->edge[answer];
    const char *label = answer ? "yes" : "no";

    buf_addf(b, "  %s_%s [style=\"rounded,filled\" ", from->name.ptr, label);
    if (edge == EDGE_CAUSE) {
        buf_add_str(b, "fillcolor=\"#eeeeee\" label=\"the cause that was found\"];\n");
    } else {
        const struct outcome_info *info = &outcome_table[edge - EDGE_OUTCOME];

        buf_addf(b, "fillcolor=\"%s\" label=\"%d  %s\"];\n", outcome_colour(info->status),
                 info->status, info->token.ptr);
    }
    // Beside its question; where both answers end the walk, yes is below.
    buf_addf(b, "  %s%s -> %s_%s [label=\"%s\"]%s;\n",
             answer && from->edge[0] >= EDGE_OUTCOME ? "" : "{ rank=same; ", from->name.ptr,
             from->name.ptr, label, label, answer && from->edge[0] >= EDGE_OUTCOME ? "" : "; }");
}

/* The main line goes straight down: from each question to the farthest one that it leads to. */
static unsigned farthest(const struct node_info *node)
{
    unsigned no = node->edge[0] < NODE_COUNT ? node->edge[0] : 0;
    unsigned yes = node->edge[1] < NODE_COUNT ? node->edge[1] : 0;

    return yes > no ? yes : no;
}

static void write_dot_node(struct buf *b, const struct node_info *node, bool on_line)
{
    buf_addf(b, "  %s [%slabel=<", node->name.ptr, on_line ? "group=line " : "");
    buf_add_html(b, span_from_str(node->question));
    buf_addf(b, "<br/><font point-size=\"8\" color=\"#666666\">%s</font>>];\n", node->section);
    for (int answer = 1; answer >= 0; answer--) {
        unsigned edge = node->edge[answer];

        if (edge >= EDGE_OUTCOME)
            write_dot_end(b, node, answer);
        else
            buf_addf(b, "  %s -> %s [label=\"%s\"%s];\n", node->name.ptr, node_table[edge].name.ptr,
                     answer ? "yes" : "no", on_line && edge == farthest(node) ? " weight=100" : "");
    }
}

void graph_write_dot(struct buf *b)
{
    unsigned line = 0;

    buf_add_str(b, "digraph candor {\n"
                   "  graph [rankdir=TB nodesep=0.35 ranksep=0.3 fontname=\"Helvetica\"];\n"
                   "  node [shape=box fontname=\"Helvetica\" fontsize=11 margin=\"0.12,0.06\" "
                   "color=\"#555555\"];\n"
                   "  edge [fontname=\"Helvetica\" fontsize=9 color=\"#555555\" arrowsize=0.7];\n");
    for (unsigned n = 0; n < NODE_COUNT; n++) {
        write_dot_node(b, &node_table[n], n == line);
        if (n == line)
            line = farthest(&node_table[n]);
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
