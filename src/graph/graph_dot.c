// SPDX-License-Identifier: MIT
#include "graph/graph_dot.h"

#include "registry/status.h"

enum {
    STATUSES = 16,     // that one section ends with, at most
    LINE_COLUMNS = 26, // of a question
};

static const char head[] =
    "digraph candor {\n"
    "  graph [rankdir=TB nodesep=0.2 ranksep=0.3 fontname=\"Helvetica\"];\n"
    "  node [shape=box fontname=\"Helvetica\" fontsize=11 margin=\"0.09,0.05\" "
    "color=\"#555555\"];\n"
    "  edge [fontname=\"Helvetica\" fontsize=9 color=\"#555555\" arrowsize=0.7];\n";

static const char *outcome_colour(int status)
{
    return status < 300   ? "#d3f0d3"
           : status < 400 ? "#d5e6fb"
           : status < 500 ? "#fdeec4"
                          : "#fbd5d5";
}

/* An end stands for its outcome. */
static unsigned edge_of(const struct node_info *node, unsigned answer)
{
    unsigned edge = node->edge[answer];

    return edge < NODE_COUNT && node_table[edge].is_end ? node_table[edge].edge[0] : edge;
}

static bool leaves(const struct section_info *s, unsigned edge)
{
    return edge < NODE_COUNT && edge >= s->end;
}

static void add_small(struct buf *b, const char *text)
{
    buf_add_str(b, "<br/><font point-size=\"8\" color=\"#666666\">");
    buf_add_html(b, span_from_str(text));
    buf_add_str(b, "</font>");
}

/* In lines, so that pictures are narrow. */
static void add_lines(struct buf *b, const char *text)
{
    size_t column = 0;

    for (struct span rest = span_from_str(text); rest.len;) {
        struct span word = span_take_until(&rest, ' ');

        if (column && column + 1 + word.len > LINE_COLUMNS) {
            buf_add_str(b, "<br/>");
            column = 0;
        } else if (column) {
            buf_add_char(b, ' ');
            column++;
        }
        buf_add_html(b, word);
        column += word.len;
    }
}

/* ---- One section */

static void write_end(struct buf *b, const struct node_info *from, bool answer)
{
    const struct outcome_info *info = &outcome_table[edge_of(from, answer) - EDGE_OUTCOME];
    const char *label = answer ? "yes" : "no";
    bool both_end = answer && edge_of(from, 0) >= EDGE_OUTCOME;

    buf_addf(b, "  %s_%s [style=\"rounded,filled\" fillcolor=\"%s\" label=\"%d  %s\"];\n",
             from->name.ptr, label, outcome_colour(info->status), info->status, info->token.ptr);
    // Beside its question; where both answers end the walk, yes is below.
    buf_addf(b, "  %s%s -> %s_%s [label=\"%s\"]%s;\n", both_end ? "" : "{ rank=same; ",
             from->name.ptr, from->name.ptr, label, label, both_end ? "" : "; }");
}

/* The door of another section, drawn beside each question that leads to it. */
static void write_door(struct buf *b, const struct node_info *from, bool answer)
{
    const struct section_info *to = &section_table[node_table[from->edge[answer]].of];
    const char *label = answer ? "yes" : "no";

    buf_addf(b,
             "  %s_%s [shape=cds style=filled fillcolor=\"#eeeeee\" label=\"%s\" "
             "tooltip=\"%s\"];\n"
             "  %s -> %s_%s [label=\"%s\"];\n",
             from->name.ptr, label, to->name.ptr, to->title, from->name.ptr, from->name.ptr, label,
             label);
}

/* The main line goes straight down: from each question to the farthest of its section. */
static unsigned farthest(const struct section_info *s, const struct node_info *node)
{
    unsigned found = 0;

    for (unsigned answer = 0; answer < 2; answer++)
        if (node->edge[answer] < s->end && node->edge[answer] > found)
            found = node->edge[answer];
    return found;
}

static void write_facts(struct buf *b, uint32_t facts, uint32_t known)
{
    const char *before = "<br/><font point-size=\"8\" color=\"#2a6099\">first: ";

    for (unsigned f = 0; f < FACT_COUNT; f++) {
        if (!(facts & ~known & FACT_BIT(f)))
            continue;
        buf_addf(b, "%s%s", before, fact_table[f].name.ptr);
        before = ", ";
    }
    if (facts & ~known)
        buf_add_str(b, "</font>");
}

static void write_node(struct buf *b, const struct section_info *s, const struct node_info *node,
                       bool on_line, uint32_t known)
{
    buf_addf(b, "  %s [%slabel=<", node->name.ptr, on_line ? "group=line " : "");
    add_lines(b, node->question);
    add_small(b, node->section);
    write_facts(b, node->facts, known);
    buf_add_str(b, ">];\n");
    for (int answer = 1; answer >= 0; answer--) {
        unsigned edge = edge_of(node, (unsigned)answer);

        if (edge >= EDGE_OUTCOME)
            write_end(b, node, answer);
        else if (leaves(s, edge))
            write_door(b, node, answer);
        else
            buf_addf(b, "  %s -> %s [label=\"%s\"%s];\n", node->name.ptr, node_table[edge].name.ptr,
                     answer ? "yes" : "no",
                     on_line && edge == farthest(s, node) ? " weight=100" : "");
    }
}

void graph_write_section_dot(struct buf *b, enum section section)
{
    const struct section_info *s = &section_table[section];
    unsigned line = s->door;
    uint32_t known = 0;

    buf_add_str(b, head);
    buf_addf(b, "  label=<%s: ", s->name.ptr);
    buf_add_html(b, span_from_str(s->title));
    buf_add_str(b, ">; labelloc=t;\n");
    for (unsigned n = s->door; n < s->end; n++) {
        if (node_table[n].is_end)
            continue;
        write_node(b, s, &node_table[n], n == line, known);
        // Only a question that every walk through the section is asked makes a fact sure.
        if (n == s->door)
            known |= node_table[n].facts;
        if (n == line)
            line = farthest(s, &node_table[n]);
    }
    buf_add_str(b, "}\n");
}

/* ---- All sections */

/* The statuses that a section ends with, in ascending order. */
static size_t collect_statuses(const struct section_info *s, int statuses[STATUSES])
{
    size_t count = 0;

    for (unsigned n = s->door; n < s->end; n++) {
        for (unsigned answer = 0; answer < 2; answer++) {
            unsigned edge = edge_of(&node_table[n], answer);
            int status = edge < EDGE_OUTCOME ? 0 : outcome_table[edge - EDGE_OUTCOME].status;
            size_t at = 0;

            while (at < count && statuses[at] < status)
                at++;
            if (!status || (at < count && statuses[at] == status) || count == STATUSES)
                continue;
            memmove(statuses + at + 1, statuses + at, (count - at) * sizeof *statuses);
            statuses[at] = status;
            count++;
        }
    }
    return count;
}

static void write_section(struct buf *b, const struct section_info *s)
{
    int statuses[STATUSES];
    size_t count = collect_statuses(s, statuses);

    buf_addf(b, "  %s [label=<<b>%s</b><br/>", s->name.ptr, s->name.ptr);
    buf_add_html(b, span_from_str(s->title));
    add_small(b, s->section);
    if (count)
        buf_add_str(b, "<br/><font point-size=\"9\">");
    for (size_t i = 0; i < count; i++)
        buf_addf(b, "%s%d", i ? " " : "ends: ", statuses[i]);
    buf_add_str(b, count ? "</font>>];\n" : ">];\n");
}

void graph_write_dot(struct buf *b)
{
    buf_add_str(b, head);
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        const struct section_info *s = &section_table[i];
        bool drawn[SECTION_COUNT] = {false};

        write_section(b, s);
        for (unsigned n = s->door; n < s->end; n++) {
            for (unsigned answer = 0; answer < 2; answer++) {
                unsigned edge = node_table[n].edge[answer];

                if (!leaves(s, edge) || drawn[node_table[edge].of])
                    continue;
                drawn[node_table[edge].of] = true;
                buf_addf(b, "  %s -> %s;\n", s->name.ptr,
                         section_table[node_table[edge].of].name.ptr);
            }
        }
    }
    buf_add_str(b, "}\n");
}
