// SPDX-License-Identifier: MIT
/*
 * From a file to a struct config: our own parser of YAML's events checks the text and knows where
 * everything stands (config_tree.c, config_check.c); libcyaml then loads it by its schema
 * (config_schema.c), and config_build.c makes the configuration of that.
 */
#include "server/config/config.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/config/config_build.h"
#include "server/config/config_check.h"
#include "server/config/config_place.h"
#include "server/config/config_tree.h"
#include "server/config/listen.h"

#include <stdarg.h>

enum { CONFIG_ARENA = 4096, TREE_ARENA = 16384 }; // bytes of the first chunks

/* Only what is beyond the checks before it gets here; libcyaml's own sentence is better than none.
 */
__attribute__((format(printf, 3, 0))) static void log_from_cyaml(cyaml_log_t level, void *context,
                                                                 const char *format, va_list args)
{
    char line[256];
    struct config_report *report = context;
    int n = vsnprintf(line, sizeof line, format, args);

    (void)level;
    if (n <= 0 || report->count)
        return;
    line[strcspn(line, "\n")] = '\0';
    config_report_add(report, &(struct config_node){.line = 1, .column = 1}, "", SPAN(""), line);
}

static int load_raw(struct span text, struct config_report *report, struct raw_top **ret_raw)
{
    const cyaml_config_t how = {
        .log_fn = log_from_cyaml,
        .log_ctx = report,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS,
    };
    cyaml_data_t *data = NULL;
    cyaml_err_t err;

    err = cyaml_load_data((const uint8_t *)text.ptr, text.len, &how, &config_cyaml_schema, &data,
                          NULL);
    if (err == CYAML_ERR_OOM)
        return -CANDOR_E_MEMORY;
    if (err != CYAML_OK) {
        if (!report->count)
            config_report_add(report, &(struct config_node){.line = 1, .column = 1}, "", SPAN(""),
                              cyaml_strerror(err));
        return -CANDOR_E_CONFIG;
    }
    *ret_raw = data;
    return 0;
}

static void free_raw(struct raw_top *raw)
{
    const cyaml_config_t how = {.mem_fn = cyaml_mem};

    if (raw)
        cyaml_free(&how, &config_cyaml_schema, raw, 0);
}

/* Takes the report apart: its text becomes the error's. */
static int fail(int error, struct config_report *report, struct config_error *ret_error)
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

static int config_new(struct config **ret_config)
{
    struct config *config = calloc(1, sizeof *config);

    if (!config)
        return -CANDOR_E_MEMORY;
    if (arena_init(&config->arena, CONFIG_ARENA) < 0) {
        free(config);
        return -CANDOR_E_MEMORY;
    }
    *ret_config = config;
    return 0;
}

static int load_with_tree(const char *name, struct span text, struct arena *arena,
                          struct config_report *report, struct config **ret_config)
{
    const char *slash = strrchr(name, '/');
    struct config_node *root = NULL;
    struct raw_top *raw = NULL;
    struct config *config = NULL;
    int r;

    r = config_tree_parse(text, arena, report, &root);
    if (r < 0)
        return r;
    r = config_check(root, slash ? span_of(name, (size_t)(slash + 1 - name)) : SPAN(""), report);
    if (r < 0)
        return r;
    r = load_raw(text, report, &raw);
    if (r < 0)
        return r;
    r = config_new(&config);
    if (r == 0)
        r = config_build(config, raw, root, name, report);
    free_raw(raw);
    if (r < 0) {
        config_free(config);
        return r;
    }
    *ret_config = config;
    return 0;
}

int config_load_text(const char *name, struct span text, struct config **ret_config,
                     struct config_error *ret_error)
{
    struct config_report report = {.file = name};
    struct config *config = NULL;
    struct arena arena;
    int r = arena_init(&arena, TREE_ARENA);

    if (r < 0)
        return fail(r, &report, ret_error);
    if (text.len > LIMIT_CONFIG_FILE) {
        config_report_add(&report, &(struct config_node){.line = 1, .column = 1}, "", SPAN(""),
                          "the file is too large; expected at most 1M");
        r = -CANDOR_E_CONFIG;
    } else {
        r = load_with_tree(name, text, &arena, &report, &config);
    }
    arena_done(&arena);
    if (r < 0)
        return fail(r, &report, ret_error);
    buf_done(&report.text);
    *ret_config = config;
    return 0;
}

int config_load(const char *file, struct config **ret_config, struct config_error *ret_error)
{
    struct config_report report = {.file = file};
    struct buf text = {0};
    const char *why = NULL;
    int r = config_read_file(file, LIMIT_CONFIG_FILE, &text, &why);

    if (r == 0) {
        r = config_load_text(file, buf_span(&text), ret_config, ret_error);
    } else {
        struct buf *out =
            config_report_at(&report, NULL, "", SPAN("")); // nothing in it is at fault

        buf_addf(out, "the file %s; expected a readable file of at most 1M", why);
        r = fail(r, &report, ret_error);
    }
    buf_done(&text);
    return r;
}

int config_from_folder(const char *folder, bool write, struct config **ret_config,
                       struct config_error *ret_error)
{
    struct config_report report = {.file = folder};
    struct raw_files files = {.root = (char *)folder, .write = (char *)(write ? "on" : "off")};
    struct raw_route route = {.path = (char *)"/", .files = &files};
    struct raw_top raw = {.routes = &route, .routes_count = 1};
    struct config *config = NULL;
    int r = config_new(&config);

    if (r == 0)
        r = config_build(config, &raw, NULL, folder, &report);
    if (r < 0) {
        config_free(config);
        return fail(r, &report, ret_error);
    }
    buf_done(&report.text);
    *ret_config = config;
    return 0;
}

int config_set_listen(struct config *config, struct span address)
{
    struct config_listen listen = {0};
    struct config_listen *kept;
    int r = listen_parse(address, &listen.address, &listen.len);

    if (r < 0)
        return r;
    kept = arena_alloc(&config->arena, sizeof *kept);
    if (!kept)
        return -CANDOR_E_MEMORY;
    *kept = listen;
    config->listen = kept;
    config->listen_count = 1;
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
