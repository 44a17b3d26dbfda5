// SPDX-License-Identifier: MIT
#include "cli/cli.h"

#include "base/distance.h"

#include <stdio.h>
#include <string.h>

const struct cli_command cli_commands[] = {
    {"serve", "[--listen ADDRESS] [--config FILE | --to URL | [--write] [--dotfiles] [DIR]]",
     "serves a folder, passes requests on, or does what FILE says", cli_serve},
    {"check", "FILE", "tells whether a configuration file is fine", cli_check},
    {"status", "[CODE | 4xx | WORD] [--json]", "what a status code means", cli_status},
    {"why", "[TOKEN | STATUS]", "what an outcome means and what to do about it", cli_why},
    {"graph", "[SECTION]", "prints the page of questions for Graphviz", cli_graph},
    {"passwd", "FILE USER", "sets a password in a file of users", cli_passwd},
    {"key", "FILE NAME [--scope SCOPE]...", "makes an API key", cli_key},
    {"docs", "PAGE", NULL, cli_docs},
    {NULL, NULL, NULL, NULL},
};

static void print_help(FILE *to)
{
    fputs("usage: candor COMMAND [ARGUMENTS]\n\n", to);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (c->summary)
            fprintf(to, "  candor %s%s%s\n      %s\n", c->name, *c->arguments ? " " : "",
                    c->arguments, c->summary);
    fputs("  candor --help | --version\n\ncandor COMMAND --help tells more of each.\n", to);
}

static bool is_similar(const char *typed, const char *name)
{
    struct span word = span_from_str(typed);

    return distance_is_close(word, distance_words(word, span_from_str(name)));
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("candor " CANDOR_VERSION);
        return CLI_OK;
    }
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (strcmp(argv[1], c->name) == 0)
            return c->run(argc - 1, argv + 1);
    fprintf(stderr, "candor: there is no command \"%s\"; candor --help lists the commands",
            argv[1]);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (c->summary && is_similar(argv[1], c->name))
            fprintf(stderr, "; did you mean \"%s\"?", c->name);
    fputc('\n', stderr);
    return CLI_USAGE;
}
