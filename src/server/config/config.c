// SPDX-License-Identifier: MIT
/*
 * From a file to a struct config: YAML's events become a tree that knows where everything stands
 * (config_tree.c), the tree is read by the rows of config.def (config_read.c), and config_build.c
 * makes the configuration of what was read.
 */
#include "server/config/config.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "fs/path_check.h"
#include "server/config/config_build.h"
#include "server/config/config_read.h"
#include "server/config/config_tree.h"
#include "server/config/config_value.h"
#include "server/config/listen_resolve.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONFIG_ARENA = 4096, TREE_ARENA = 16384 }; // bytes of the first chunks

/* Takes the report apart: its text becomes the error's. */
static int fail(int error, struct report *report, struct config_error *ret_error)
{
    char *text = NULL;

    if (report->text.failed)
        error = -CANDOR_E_MEMORY;
    else
        text = span_to_str(buf_span(&report->text));
    buf_done(&report->text);
    *ret_error = (struct config_error){text};
    return error;
}

static int config_new(const char *name, struct config **ret_config)
{
    struct config *config = calloc(1, sizeof *config);

    if (config && arena_init(&config->arena, CONFIG_ARENA) < 0) {
        free(config);
        config = NULL;
    }
    if (!config)
        return -CANDOR_E_MEMORY;
    config->is_root = geteuid() == 0;
    config->name = arena_copy(&config->arena, span_of(name, strlen(name) + 1)).ptr;
    if (!config->name) {
        config_free(config);
        return -CANDOR_E_MEMORY;
    }
    *ret_config = config;
    return 0;
}

static int load_tree(const char *name, struct span text, struct arena *arena, struct report *report,
                     struct config *config)
{
    const char *slash = strrchr(name, '/');
    struct span folder = slash ? span_of(name, (size_t)(slash + 1 - name)) : SPAN("");
    struct config_node *root = NULL;
    struct config_draft draft;
    int r = config_tree_parse(text, arena, report, &root);

    if (r == 0)
        r = config_read(root, folder, &config->arena, arena, report, &draft);
    return r < 0 ? r : config_build(config, &draft, root, report);
}

/* Frees a config that did not come to be. */
static int finish(int r, struct config *config, struct report *report, struct config **ret_config,
                  struct config_error *ret_error)
{
    if (r < 0) {
        config_free(config);
        return fail(r, report, ret_error);
    }
    buf_done(&report->text);
    *ret_config = config;
    return 0;
}

int config_load_text(const char *name, struct span text, struct config **ret_config,
                     struct config_error *ret_error)
{
    struct report report = {.file = name};
    struct config *config = NULL;
    struct arena arena;
    int r = arena_init(&arena, TREE_ARENA);

    if (r < 0)
        return fail(r, &report, ret_error);
    r = config_new(name, &config);
    if (r == 0 && text.len > LIMIT_CONFIG_FILE) {
        report_add(&report, (struct position){1, 1}, "", SPAN(""),
                   "the file is too large; expected at most 1M");
        r = -CANDOR_E_CONFIG;
    } else if (r == 0) {
        r = load_tree(name, text, &arena, &report, config);
    }
    arena_done(&arena);
    return finish(r, config, &report, ret_config, ret_error);
}

int config_load(const char *file, struct config **ret_config, struct config_error *ret_error)
{
    struct report report = {.file = file, .bare = true}; // nothing in it is at fault
    struct buf text = {0};
    const char *why = NULL;
    int r = path_read(file, LIMIT_CONFIG_FILE, &text, &why);

    if (r == 0) {
        r = config_load_text(file, buf_span(&text), ret_config, ret_error);
    } else {
        struct buf *out = report_at(&report, (struct position){0}, "", SPAN(""));

        buf_addf(out, "the file %s; expected a readable file of at most 1M", why);
        r = fail(r == -CANDOR_E_SYSTEM ? -CANDOR_E_CONFIG : r, &report, ret_error);
    }
    buf_done(&text);
    return r;
}

/* The row of a key, which is there. */
static const struct option_row *row_of(const struct option_section *section, const char *key)
{
    const struct option_row *row = option_find(section, span_from_str(key));

    assert(row);
    return row;
}

/* The member that a key of a kind is about, for a value that is given. */
static void *give(const struct option_section *section, const char *key, void *options, bool *given)
{
    const struct option_row *row = row_of(section, key);

    given[row - section->rows] = true;
    return (char *)options + row->offset;
}

/* As "files: { root: FOLDER, write: WRITE, dotfiles: DOTFILES }" would. */
static int choose_files(struct config *config, const struct config_folder *folder,
                        struct kind_route *ret_route)
{
    const struct resource_kind *kind = config_kind(row_of(&config_schema_route, "files"));
    const struct option_section *section = &kind->options;
    void *options = arena_alloc(&config->arena, section->size);
    bool *given = arena_alloc(&config->arena, section->count * sizeof *given);

    if (!options || !given)
        return -CANDOR_E_MEMORY;
    memset(given, 0, section->count * sizeof *given);
    config_read_nothing(section, options);
    *(const char **)give(section, "root", options, given) = config->name;
    *(bool *)give(section, "write", options, given) = folder->write;
    if (folder->dotfiles)
        *(bool *)give(section, "dotfiles", options, given) = *folder->dotfiles;
    *ret_route = (struct kind_route){.kind = kind, .options = options, .given = given};
    return 0;
}

/* As "gateway: { to: ADDRESSES }" would. */
static int choose_gateway(struct config *config, const char *const *addresses, size_t count,
                          struct kind_route *ret_route, struct report *report)
{
    const struct resource_kind *kind = config_kind(row_of(&config_schema_route, "gateway"));
    const struct option_row *to = row_of(&kind->options, "to");
    void *options = arena_alloc(&config->arena, kind->options.size);
    bool *given = arena_alloc(&config->arena, kind->options.count * sizeof *given);
    char *items = arena_alloc(&config->arena, count * to->section->size);

    if (!options || !given || !items)
        return -CANDOR_E_MEMORY;
    memset(given, 0, kind->options.count * sizeof *given);
    config_read_nothing(&kind->options, options);
    for (size_t i = 0; i < count; i++) {
        struct span text = arena_copy(&config->arena, span_from_str(addresses[i]));
        char *item = items + i * to->section->size;
        struct buf *out;
        const char *wrong;

        config_read_nothing(to->section, item);
        wrong = text.ptr ? config_value_read(&to->section->rows[0], text,
                                             item + to->section->rows[0].offset)
                         : error_text(-CANDOR_E_MEMORY);
        out = wrong ? report_at(report, (struct position){0}, "", SPAN("")) : NULL;
        if (out) { // of several, it tells which one
            report_add_path(out, addresses[i]);
            buf_addf(out, " %s; expected an address like http://127.0.0.1:3000", wrong);
        }
    }
    *(struct option_list *)give(&kind->options, "to", options, given) =
        (struct option_list){items, count};
    *ret_route = (struct kind_route){.kind = kind, .options = options, .given = given};
    return report->count ? -CANDOR_E_CONFIG : 0;
}

struct lone_route {
    struct config_draft draft;
    struct route_draft route;
};

/* A configuration of one route "/", whose kind is still to be chosen. */
static void begin_route(struct lone_route *r)
{
    config_read_nothing(&config_schema, &r->draft);
    config_read_nothing(&config_schema_route, &r->route);
    r->route.path = SPAN("/");
    r->draft.routes = (struct option_list){&r->route, 1};
}

int config_from_upstreams(const char *const *addresses, size_t count, struct config **ret_config,
                          struct config_error *ret_error)
{
    struct report report = {.file = "--to", .bare = true};
    struct config *config = NULL;
    struct lone_route lone;
    int r = config_new(addresses[0], &config);

    begin_route(&lone);
    if (r == 0)
        r = choose_gateway(config, addresses, count, &lone.route.kind, &report);
    if (r == 0)
        r = config_build(config, &lone.draft, NULL, &report);
    return finish(r, config, &report, ret_config, ret_error);
}

int config_from_folder(const struct config_folder *folder, struct config **ret_config,
                       struct config_error *ret_error)
{
    struct report report = {.file = folder->path, .bare = true};
    struct config *config = NULL;
    struct lone_route lone;
    int r = config_new(folder->path, &config);

    begin_route(&lone);
    if (r == 0)
        r = choose_files(config, folder, &lone.route.kind);
    if (r == 0)
        r = config_build(config, &lone.draft, NULL, &report);
    return finish(r, config, &report, ret_config, ret_error);
}

int config_set_listen(struct config *config, struct span address)
{
    struct span text = arena_copy(&config->arena, address); // hosts are parts of it
    struct config_listen *listen = arena_alloc(&config->arena, sizeof *listen);
    int r;

    if (!listen || (address.len && !text.ptr))
        return -CANDOR_E_MEMORY;
    r = config_listen_init(listen, text);
    if (r < 0)
        return r;
    config->listen = listen;
    config->listen_count = 1;
    return 0;
}

const char *config_add_own_host(struct config *config, struct span name)
{
    const char *wrong = config_host_wrong(name);

    if (!wrong && own_hosts_add(&config->own_hosts, name, &config->arena) < 0)
        wrong = "has no place in memory";
    return wrong;
}

static bool listens_on(const struct config_listen *listen, size_t count,
                       const struct listen_address *address)
{
    const struct sockaddr *a = (const struct sockaddr *)&address->socket;

    for (size_t i = 0; i < count; i++)
        if (listen_port(a) && listen_equal(a, (const struct sockaddr *)&listen[i].address.socket))
            return true;
    return false;
}

/* Adds the addresses of one member of the list that are not there yet. */
static void resolve(const struct config_listen *from, struct config_listen to[LIMIT_LISTEN],
                    size_t *count, struct report *report)
{
    struct listen_address found[LIMIT_LISTEN] = {from->address};
    bool is_host = from->address.host.len != 0;
    size_t found_count = 1;
    const char *wrong =
        is_host ? listen_resolve(&from->address, found, LIMIT_LISTEN, &found_count) : NULL;
    struct buf *out = wrong ? report_at(report, from->at, "", SPAN("listen")) : NULL;

    if (out)
        buf_addf(out,
                 "the host \"%.*s\" cannot be listened on: %s; expected one that has an address "
                 "of this machine",
                 SPAN_ARG(from->address.host), wrong);
    for (size_t i = 0; i < found_count && !wrong; i++) {
        if (is_host && listens_on(to, *count, &found[i]))
            continue;
        if (*count == LIMIT_LISTEN) {
            report_add(report, from->at, "", SPAN("listen"),
                       "with the addresses of hosts the list is too long; expected at most 64");
            return;
        }
        to[*count] = *from;
        to[(*count)++].address = found[i];
    }
}

int config_resolve(struct config *config, struct config_error *ret_error)
{
    struct config_listen *all = arena_alloc(&config->arena, LIMIT_LISTEN * sizeof *all);
    bool in_file = config->listen[0].at.line != 0;
    struct report report = {.file = in_file ? config->name : "--listen", .bare = !in_file};
    size_t count = 0;

    if (!all || own_hosts_read(&config->own_hosts, &config->arena) < 0)
        return fail(-CANDOR_E_MEMORY, &report, ret_error);
    for (size_t i = 0; i < config->listen_count; i++)
        resolve(&config->listen[i], all, &count, &report);
    if (report.count || report.text.failed)
        return fail(-CANDOR_E_CONFIG, &report, ret_error);
    config->listen = all;
    config->listen_count = count;
    return 0;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    arena_done(&config->arena);
    free(config);
}

void config_error_done(struct config_error *error)
{
    free(error->text);
    error->text = NULL;
}
