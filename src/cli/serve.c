// SPDX-License-Identifier: MIT
#include "cli/cli.h"

#include "base/distance.h"
#include "base/error.h"
#include "server/config/listen.h"
#include "server/server.h"

enum { HOSTS = 64, UPSTREAMS = 64 }; // that the command line may name

struct serve_options {
    const char *listen, *config, *folder;
    const char *hosts[HOSTS];
    size_t host_count;
    const char *upstreams[UPSTREAMS];
    size_t upstream_count;
    const char *folder_option; // one that is about the folder; NULL: there is none
    bool write, dotfiles, dotfiles_given;
};

static void print_help(FILE *to)
{
    fputs(
        "usage: candor serve [--listen ADDRESS] [--config FILE | --to URL [--host NAME] |\n"
        "                    [--write] [--dotfiles] [--host NAME] [DIR]]\n\n"
        "Serves the folder DIR (default: the current one) on http://127.0.0.1:8080/, or passes\n"
        "requests on, or does what a configuration file says. When it is ready it prints\n"
        "\"listening on http://...\" to standard error, and where locks and properties are kept\n"
        "when something is writable.\n"
        "SIGTERM or SIGINT: finishes what runs and ends with 0; a second one ends at once, with\n"
        "1. SIGUSR1: reopens the access log.\n\n"
        "  --listen ADDRESS     where to listen, instead of what the configuration says: such as\n"
        "                       127.0.0.1:8080, localhost:8080 or unix:/run/candor.sock; port 0 "
        "lets\n"
        "                       the system pick one\n"
        "  --write              clients may change the folder: PUT, DELETE, WebDAV, uploads\n"
        "  --dotfiles           names that begin with a dot exist for clients: so it is with "
        "--write\n"
        "  --no-dotfiles        they do not: so it is without --write\n"
        "  --host NAME          it is reached by that name, too; once for each. Without a file it\n"
        "                       answers for addresses, localhost and other names that no stranger\n"
        "                       can have\n"
        "  --to URL             passes requests on to another server, such as\n"
        "                       http://127.0.0.1:3000 or unix:/run/app.sock; once for each\n"
        "  --config FILE        a configuration file; \"candor check FILE\" tells whether it is\n"
        "                       fine\n\n"
        "Exit code: 0 after a stop; 1 when it cannot start now, as when the address is in use,\n"
        "or fails; 2 when the command line or the configuration is not as expected, such as a\n"
        "folder that does not exist or may not be read.\n",
        to);
}

static int refuse(const char *what, const char *argument)
{
    fprintf(stderr, "candor serve: %s \"%s\"; candor serve --help lists what there is\n", what,
            argument);
    return CLI_USAGE;
}

static int refuse_option(const char *argument)
{
    static const char *const names[] = {"--listen", "--write", "--dotfiles", "--no-dotfiles",
                                        "--host",   "--to",    "--config",   "--help"};
    struct span typed = span_from_str(argument), word = span_take_until(&typed, '=');

    fprintf(stderr,
            "candor serve: there is no option \"%s\"; candor serve --help lists what there is",
            argument);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (distance_is_close(word, distance_words(word, span_from_str(names[i]))))
            fprintf(stderr, "; did you mean \"%s\"?", names[i]);
    fputc('\n', stderr);
    return CLI_USAGE;
}

static bool is_option(const char *argument, const char *name)
{
    size_t length = strlen(name);

    return strncmp(argument, name, length) == 0 && (!argument[length] || argument[length] == '=');
}

/* An option with a value: "--name value" or "--name=value". CLI_OK, or the exit code. */
static int take_value(const char *name, int argc, char **argv, int *at, const char **value)
{
    const char *text = strchr(argv[*at], '=');

    if (*value)
        return refuse("there is more than one", name);
    if (text)
        text++;
    else if (*at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0)
        text = argv[++*at];
    if (!text || !*text)
        return refuse("a value is missing behind", name);
    *value = text;
    return CLI_OK;
}

static int take_host(int argc, char **argv, int *at, struct serve_options *o)
{
    if (o->host_count == HOSTS)
        return refuse("more than 64 are too many of", "--host");
    o->folder_option = "--host";
    return take_value("--host", argc, argv, at, &o->hosts[o->host_count++]);
}

static int take_upstream(int argc, char **argv, int *at, struct serve_options *o)
{
    if (o->upstream_count == UPSTREAMS)
        return refuse("more than 64 are too many of", "--to");
    return take_value("--to", argc, argv, at, &o->upstreams[o->upstream_count++]);
}

/* What is to be done with the folder. */
static bool take_flag(const char *argument, struct serve_options *o)
{
    if (strcmp(argument, "--write") == 0)
        return o->write = true;
    if (strcmp(argument, "--dotfiles") != 0 && strcmp(argument, "--no-dotfiles") != 0)
        return false;
    o->dotfiles = strcmp(argument, "--dotfiles") == 0; // of both, the later one counts
    return o->dotfiles_given = true;
}

/* What can do nothing beside something else. */
static int check_together(const struct serve_options *o)
{
    bool about_folder = o->folder_option && strcmp(o->folder_option, "--host") != 0;

    if (o->folder_option && o->config)
        return refuse("a configuration file says what is writable, shown and reached how, so there "
                      "is no place "
                      "for",
                      o->folder_option);
    if (o->folder && o->config)
        return refuse("a configuration file says what to serve, so there is no place for",
                      o->folder);
    if (o->upstream_count && o->config)
        return refuse("a configuration file says where requests are passed on to, so there is no "
                      "place for",
                      "--to");
    if (o->upstream_count && (o->folder || about_folder))
        return refuse("all requests are passed on, so there is no place for",
                      o->folder ? o->folder : o->folder_option);
    return CLI_OK;
}

/* CLI_OK: go on with *o. Otherwise the exit code, also after --help (*ret_done). */
static int parse(int argc, char **argv, struct serve_options *o, bool *ret_done)
{
    bool options = true; // until "--"

    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        int code = CLI_OK;

        if (options && (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)) {
            print_help(stdout);
            *ret_done = true;
            return CLI_OK;
        } else if (options && strcmp(argument, "--") == 0) {
            options = false;
        } else if (options && take_flag(argument, o)) {
            o->folder_option = argument;
        } else if (options && is_option(argument, "--listen")) {
            code = take_value("--listen", argc, argv, &i, &o->listen);
        } else if (options && is_option(argument, "--host")) {
            code = take_host(argc, argv, &i, o);
        } else if (options && is_option(argument, "--to")) {
            code = take_upstream(argc, argv, &i, o);
        } else if (options && is_option(argument, "--config")) {
            code = take_value("--config", argc, argv, &i, &o->config);
        } else if (options && argument[0] == '-' && argument[1]) {
            return refuse_option(argument);
        } else if (o->folder) {
            return refuse("it serves one folder, so what is", argument);
        } else if (!argument[0]) {
            return refuse("there is no folder of the name", argument);
        } else {
            o->folder = argument;
        }
        if (code != CLI_OK)
            return code;
    }
    return check_together(o);
}

static int set_listen(struct config *config, const char *listen)
{
    int r = config_set_listen(config, span_from_str(listen));

    if (r == 0)
        return CLI_OK;
    if (r == -CANDOR_E_MEMORY)
        fprintf(stderr, "candor serve: %s\n", error_text(r));
    else
        fprintf(stderr, "candor serve: --listen \"%s\" %s; expected is %s\n", listen,
                listen_wrong(r), LISTEN_EXPECTED);
    return r == -CANDOR_E_MEMORY ? CLI_FAILURE : CLI_USAGE;
}

static int add_hosts(struct config *config, const struct serve_options *o)
{
    for (size_t i = 0; i < o->host_count; i++) {
        const char *wrong = config_add_own_host(config, span_from_str(o->hosts[i]));

        if (!wrong)
            continue;
        fprintf(stderr,
                "candor serve: --host \"%s\" %s; expected is a host like example.org, without a "
                "port\n",
                o->hosts[i], wrong);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int load_folder(const struct serve_options *o, struct config **ret_config,
                       struct config_error *ret_error)
{
    const struct config_folder folder = {.path = o->folder ? o->folder : ".",
                                         .write = o->write,
                                         .dotfiles = o->dotfiles_given ? &o->dotfiles : NULL};

    return config_from_folder(&folder, ret_config, ret_error);
}

static int load(const struct serve_options *o, struct config **ret_config,
                struct config_error *ret_error)
{
    return o->config ? config_load(o->config, ret_config, ret_error)
           : o->upstream_count
               ? config_from_upstreams(o->upstreams, o->upstream_count, ret_config, ret_error)
               : load_folder(o, ret_config, ret_error);
}

int cli_serve(int argc, char **argv)
{
    struct serve_options o = {0};
    struct config *config = NULL;
    struct config_error error = {NULL};
    bool done = false;
    int code = parse(argc, argv, &o, &done);
    int r;

    if (code != CLI_OK || done)
        return code;
    r = load(&o, &config, &error);
    if (r == 0)
        code = add_hosts(config, &o);
    if (r == 0 && code == CLI_OK && o.listen)
        code = set_listen(config, o.listen);
    if (r == 0 && code == CLI_OK)
        r = config_resolve(config, &error);
    if (r < 0) {
        fprintf(stderr, "candor serve: %s\n", error.text ? error.text : error_text(r));
        config_error_done(&error);
        code = r == -CANDOR_E_CONFIG ? CLI_USAGE : CLI_FAILURE;
    }
    if (code == CLI_OK)
        code = server_run(config) < 0 ? CLI_FAILURE : CLI_OK;
    config_free(config);
    return code;
}
