// SPDX-License-Identifier: MIT
/*
 * The command line: one function per subcommand, each in a file of its own. argv[0] is the
 * subcommand's name. They print to out/err as a user expects and return the exit code.
 */
#ifndef CANDOR_CLI_CLI_H
#define CANDOR_CLI_CLI_H

enum { CLI_OK = 0, CLI_FAILURE = 1, CLI_USAGE = 2 };

struct cli_command {
    const char *name;
    const char *arguments; // "[CODE | 4xx | WORD] [--json]"
    const char *summary;   // one line; NULL: not listed by --help
    int (*run)(int argc, char **argv);
};

/* Ends with a row whose name is NULL. */
extern const struct cli_command cli_commands[];

int cli_main(int argc, char **argv);

int cli_check(int argc, char **argv);
int cli_docs(int argc, char **argv);
int cli_graph(int argc, char **argv);
int cli_key(int argc, char **argv);
int cli_passwd(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_why(int argc, char **argv);

#endif
