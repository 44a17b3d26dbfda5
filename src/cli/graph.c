// SPDX-License-Identifier: MIT
#include "graph/graph.h"

#include "cli/cli.h"
#include "cli/text.h"
#include "graph/graph_dot.h"

#include <stdio.h>

static const char help[] =
    "usage: candor graph [SECTION]\n"
    "\n"
    "Prints the page of questions that every request walks down, for Graphviz: its\n"
    "sections and which leads to which, or the questions of one SECTION.\n"
    "    candor graph | dot -Tsvg > graph.svg\n"
    "\n"
    "The sections, in the order in which they are asked:\n";

static int show_help(void)
{
    struct buf b = {0};

    buf_add_str(&b, help);
    for (int s = 0; s < SECTION_COUNT; s++)
        buf_addf(&b, "    %-14s %s\n", section_table[s].name.ptr, section_table[s].title);
    return text_print(&b);
}

int cli_graph(int argc, char **argv)
{
    struct buf dot = {0};
    int section = -1;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return show_help();
    if (argc > 2) {
        fprintf(stderr, "candor graph: one section at a time, but \"%s\" was given as well\n",
                argv[2]);
        return CLI_USAGE;
    }
    if (argc == 2)
        section = graph_find_section(span_from_str(argv[1]));
    if (argc == 2 && section < 0) {
        fprintf(stderr,
                "candor graph: there is no section \"%s\"; candor graph --help lists them\n",
                argv[1]);
        return CLI_USAGE;
    }
    if (section < 0)
        graph_write_dot(&dot);
    else
        graph_write_section_dot(&dot, (enum section)section);
    return text_print(&dot);
}
