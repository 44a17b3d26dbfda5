// SPDX-License-Identifier: MIT
#include "graph/graph.h"

#include "cli/cli.h"
#include "cli/text.h"

int cli_graph(int argc, char **argv)
{
    struct buf dot = {0};

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        puts("usage: candor graph\n\n"
             "Prints the page of questions that every request walks down, for Graphviz:\n"
             "    candor graph | dot -Tsvg > graph.svg");
        return CLI_OK;
    }
    if (argc != 1) {
        fprintf(stderr, "candor graph: it takes no arguments, but \"%s\" was given\n", argv[1]);
        return CLI_USAGE;
    }
    graph_write_dot(&dot);
    return text_print(&dot);
}
