// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "cli/cli.h"
#include "server/config/config.h"

static void print_help(FILE *to)
{
    fputs("usage: candor check FILE\n"
          "\n"
          "Tells whether a configuration file is fine, without starting anything. Otherwise each\n"
          "mistake is told with its line, column and key, and the exit code is 2.\n",
          to);
}

/* Who reads it answers for whatever name leads here; that may be meant. */
static void tell_unnamed(const struct config *config)
{
    const struct route_table *routes = &config->routes;
    bool is_first = true;

    for (size_t i = 0; i < routes->count; i++) {
        const struct route *route = &routes->routes[i];

        if (route->host.len || route->is_guarded)
            continue;
        printf("%s%.*s", is_first ? "note: for every host that leads here: " : ", ",
               SPAN_ARG(route->path));
        is_first = false;
    }
    if (!is_first)
        puts("; the key host says for which one, where that is not meant");
}

static void tell_faults(const struct config *config)
{
    for (size_t i = 0; i < config->routes.count; i++)
        if (config->routes.routes[i].faults)
            printf("warning: the route %.*s breaks its answers on purpose (faults)\n",
                   SPAN_ARG(config->routes.routes[i].path));
}

/* What the kinds have to say of their routes, each of which may be there for several hosts. */
static void tell_advice(const struct config *config)
{
    const struct route_table *routes = &config->routes;
    struct buf notes = {0};

    for (size_t i = 0; i < routes->count; i++) {
        const struct route *route = &routes->routes[i];
        bool is_told = false;

        for (size_t j = 0; j < i; j++)
            is_told |= routes->routes[j].number == route->number;
        if (!is_told && route->kind->advise)
            route->kind->advise(route->options, &notes);
    }
    printf("%.*s", (int)notes.len, notes.len ? notes.ptr : "");
    buf_done(&notes);
}

static int check_file(const char *file)
{
    struct config *config = NULL;
    struct config_error error = {NULL};
    int r = config_load(file, &config, &error);

    if (r == 0)
        r = config_resolve(config, &error);
    if (r < 0) {
        config_free(config);
        fprintf(stderr, "%s\n", error.text ? error.text : error_text(r));
        config_error_done(&error);
        return r == -CANDOR_E_CONFIG ? CLI_USAGE : CLI_FAILURE;
    }
    printf("%s: fine (%zu %s)\n", file, config->routes.number_count,
           config->routes.number_count == 1 ? "route" : "routes");
    tell_unnamed(config);
    tell_faults(config);
    tell_advice(config);
    config_free(config);
    return fflush(stdout) == 0 ? CLI_OK : CLI_FAILURE;
}

int cli_check(int argc, char **argv)
{
    const char *file = NULL;
    bool options = true; // until "--"

    for (int i = 1; i < argc; i++) {
        if (options && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            print_help(stdout);
            return CLI_OK;
        } else if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-') {
            fprintf(stderr,
                    "candor check: there is no option \"%s\"; candor check --help lists "
                    "what there is\n",
                    argv[i]);
            return CLI_USAGE;
        } else if (!argv[i][0]) {
            fputs("candor check: there is no file of the name \"\"\n", stderr);
            return CLI_USAGE;
        } else if (file) {
            fputs("candor check: it takes one file; check each by itself\n", stderr);
            return CLI_USAGE;
        } else {
            file = argv[i];
        }
    }
    if (!file) {
        print_help(stderr);
        return CLI_USAGE;
    }
    return check_file(file);
}
