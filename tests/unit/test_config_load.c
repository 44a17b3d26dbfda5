// SPDX-License-Identifier: MIT
/* What becomes of a configuration that is fine; test_config.c has those that are not. */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "resource/files/cache_control.h"
#include "resource/files/files.h"
#include "server/config/config.h"
#include "server/config/config_schema.h"
#include "server/config/config_value.h"
#include "server/config/listen.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define ROUTES "routes: [{path: /, files: {root: /}}]\n"

static char folder[] = "/tmp/candor-config-XXXXXX";

static void file_write(const char *name, const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_not_equal(fputs(text, f), EOF);
    assert_int_equal(fclose(f), 0);
}

static int folder_make(void **state)
{
    char path[256];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/public", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    file_write("404.html", "<p>gone</p>");
    file_write("5xx.html", "");
    return 0;
}

static int folder_remove(void **state)
{
    static const char *const names[] = {"404.html", "5xx.html", "c.yaml"};
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/public", folder);
    rmdir(path);
    return rmdir(folder);
}

/* Of a route of the kind "files". */
static const struct files_options *files_of(const struct route *route)
{
    return route->options;
}

static struct config *load(const char *text)
{
    char name[256];
    struct config *config = NULL;
    struct config_error error = {NULL};
    int r;

    snprintf(name, sizeof name, "%s/c.yaml", folder);
    r = config_load_text(name, span_from_str(text), &config, &error);
    if (error.text)
        fprintf(stderr, "%s\n", error.text);
    assert_int_equal(r, 0);
    return config;
}

static void a_route_may_have_several_hosts(void **state)
{
    struct config *c = load("routes:\n"
                            "  - path: /\n"
                            "    host: one.org\n"
                            "    hosts: [TWO.org, \"[::1]\"]\n"
                            "    files: { root: / }\n");
    bool known;

    (void)state;
    assert_int_equal(c->routes.number_count, 1);
    for (int i = 0; i < 4; i++) {
        static const char *const hosts[] = {"one.org", "two.org", "[::1]", "three.org"};
        const struct route *route = route_find(c, span_from_str(hosts[i]), SPAN("/"), &known);

        assert_true(i < 3 ? route && route->number == 0 : !route);
    }
    config_free(c);
}

static void every_key_arrives(void **state)
{
    struct config *c;
    char path[256], out[LISTEN_TEXT];
    const struct route *route;
    bool known;

    (void)state;
    c = load("listen: [\":81\", \"[::1]:82\"]\n"
             "workers: 3\n"
             "access_log: public/access\n"
             "access_log_format: combined\n"
             "trace: on\n"
             "limits: { request_line: 1K, field_section: 2K, fields: 3, content: 4M,\n"
             "          header_timeout: 5ms, content_timeout: 6s, send_timeout: 7m,\n"
             "          idle_timeout: 8h, connections: 9 }\n"
             "error_pages:\n"
             "  - { for: 4xx, file: 5xx.html }\n"
             "  - { for: not-found, file: 404.html }\n"
             "  - { for: 404, file: 5xx.html }\n"
             "routes:\n"
             "  - path: /\n"
             "    host: Example.ORG\n"
             "    limits: { content: 5G }\n"
             "    files: { root: public, index: i.htm, listing: off, dotfiles: yes,\n"
             "             precompressed: false }\n"
             "  - path: /x/\n"
             "    files: { root: / }\n");
    assert_int_equal(c->listen_count, 2);
    listen_print((struct sockaddr *)&c->listen[0].address.socket, out);
    assert_string_equal(out, "[::]:81");
    listen_print((struct sockaddr *)&c->listen[1].address.socket, out);
    assert_string_equal(out, "[::1]:82");
    assert_int_equal(c->workers, 3);
    assert_int_equal(c->access_log, ACCESS_LOG_FILE);
    snprintf(path, sizeof path, "%s/public/access", folder);
    assert_string_equal(c->access_log_file, path);
    assert_int_equal(c->access_log_format, ACCESS_LOG_COMBINED);
    assert_true(c->trace);
    assert_int_equal(c->limits.request_line, 1024);
    assert_int_equal(c->limits.field_section, 2048);
    assert_int_equal(c->limits.fields, 3);
    assert_int_equal(c->limits.content, 4 << 20);
    assert_int_equal(c->limits.header_timeout, 5);
    assert_int_equal(c->limits.content_timeout, 6000);
    assert_int_equal(c->limits.send_timeout, 7 * 60000);
    assert_int_equal(c->limits.idle_timeout, 8 * 3600000);
    assert_int_equal(c->limits.connections, 9);

    // The narrowest page wins, whatever the order.
    assert_true(span_eq(c->pages[OUTCOME_not_found]->content, SPAN("<p>gone</p>")));
    snprintf(path, sizeof path, "%s/404.html", folder);
    assert_string_equal(c->pages[OUTCOME_not_found]->file, path);
    assert_int_equal(c->pages[OUTCOME_no_route]->content.len, 0);
    assert_ptr_not_equal(c->pages[OUTCOME_no_route], c->pages[OUTCOME_method_not_allowed]);
    assert_null(c->pages[OUTCOME_read_failed]);
    assert_null(c->pages[OUTCOME_ok]);

    route = route_find(c, SPAN("example.org"), SPAN("/x/"), &known);
    assert_true(span_eq(route->host, SPAN("example.org")));
    assert_true(route->content == UINT64_C(5) << 30);
    assert_int_equal(files_of(route)->max_upload, 0);
    assert_string_equal(route->kind->options.path, "routes.files.");
    snprintf(path, sizeof path, "%s/public", folder);
    assert_string_equal(files_of(route)->root, path);
    assert_true(span_eq(files_of(route)->index, SPAN("i.htm")));
    assert_false(files_of(route)->listing || files_of(route)->precompressed);
    assert_true(files_of(route)->dotfiles);
    route = route_find(c, SPAN("other.org"), SPAN("/x/"), &known);
    assert_int_equal(route->content, 4 << 20);
    assert_string_equal(files_of(route)->root, "/");
    config_free(c);
}

/* Its members are kept as long as the configuration, in their order. */
static void list_of_a_kind_is_kept(void **state)
{
    const struct cache_rule *rules;
    const struct files_options *files;
    struct config *c;

    (void)state;
    c = load("routes:\n"
             "  - path: /\n"
             "    files:\n"
             "      root: /\n"
             "      cache:\n"
             "        - { match: \"*.js\", control: 1h }\n"
             "        - { match: /img/, control: immutable }\n"
             "        - { match: a, control: no-store }\n"
             "        - { match: b, control: no-cache }\n"
             "        - { match: c, control: off }\n"
             "  - path: /x/\n"
             "    files: { root: /, cache: [] }\n");
    files = files_of(&c->routes.routes[0]);
    rules = files->cache.items;
    assert_int_equal(files->cache.count, 5);
    assert_true(span_eq(rules[0].match, SPAN("*.js")));
    assert_int_equal(rules[0].control.kind, CACHING_FOR);
    assert_int_equal(rules[0].control.milliseconds, 3600000);
    assert_true(span_eq(rules[1].match, SPAN("/img/")));
    assert_int_equal(rules[1].control.kind, CACHING_IMMUTABLE);
    assert_int_equal(rules[2].control.kind, CACHING_NEVER);
    assert_int_equal(rules[3].control.kind, CACHING_ASKED);
    assert_int_equal(rules[4].control.kind, CACHING_UNSAID);
    assert_int_equal(files_of(&c->routes.routes[1])->cache.count, 0);
    config_free(c);
}

static void assert_standard(const struct config *c)
{
    char out[LISTEN_TEXT];
    const struct route *route = &c->routes.routes[0];

    assert_int_equal(c->listen_count, 1);
    listen_print((struct sockaddr *)&c->listen[0].address.socket, out);
    assert_string_equal(out, "127.0.0.1:8080");
    assert_int_equal(c->workers, 0);
    assert_int_equal(c->access_log, ACCESS_LOG_STDERR);
    assert_int_equal(c->access_log_format, ACCESS_LOG_JSON);
    assert_false(c->trace);
    assert_int_equal(c->limits.request_line, LIMIT_REQUEST_LINE);
    assert_int_equal(c->limits.field_section, LIMIT_FIELD_SECTION);
    assert_int_equal(c->limits.fields, LIMIT_FIELDS);
    assert_int_equal(c->limits.content, LIMIT_CONTENT);
    assert_int_equal(c->limits.header_timeout, LIMIT_HEADER_TIMEOUT);
    assert_int_equal(c->limits.content_timeout, LIMIT_CONTENT_TIMEOUT);
    assert_int_equal(c->limits.send_timeout, LIMIT_SEND_TIMEOUT);
    assert_int_equal(c->limits.idle_timeout, LIMIT_IDLE_TIMEOUT);
    assert_int_equal(c->limits.connections, LIMIT_CONNECTIONS);
    assert_int_equal(c->routes.count, 1);
    assert_int_equal(route->content, LIMIT_CONTENT);
    assert_true(c->user == UINT64_MAX && c->group == UINT64_MAX);
    assert_true(span_eq(files_of(route)->index, SPAN("index.html")));
    assert_true(files_of(route)->listing && files_of(route)->precompressed);
    assert_false(files_of(route)->dotfiles);
}

static void without_keys_the_documented_values_hold(void **state)
{
    struct config *c = load(ROUTES);

    (void)state;
    assert_standard(c);
    config_free(c);
    c = load("listen: [0]\naccess_log: off\ntrace: \"no\"\nlimits: {}\nerror_pages: []\n" ROUTES);
    assert_int_equal(c->access_log, ACCESS_LOG_OFF);
    assert_int_equal(c->limits.idle_timeout, LIMIT_IDLE_TIMEOUT);
    config_free(c);
    config_free(NULL);
}

/* Adds "name: what holds without it" for each key that has such a value and no section below. */
static void add_standards(struct buf *out, const struct option_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct option_row *key = &section->rows[i];

        // What holds without these depends on who runs the server.
        if (key->kind == OPTION_STATE || key->kind == OPTION_USER || key->kind == OPTION_GROUP)
            continue;
        if ((key->section && key->kind != OPTION_ADDRESSES) || key->need != OPTION_MAY)
            continue;
        buf_addf(out, "%.*s: ", SPAN_ARG(key->name));
        if (key->standard_text[0])
            buf_add_str(out, key->standard_text);
        else
            config_add_number(out, key->kind, key->standard);
        buf_add_str(out, ", ");
    }
}

static void the_values_in_the_table_are_those_that_hold(void **state)
{
    const struct option_section *route = option_find(&config_schema, SPAN("routes"))->section;
    struct buf text = {0};
    struct config *c;

    (void)state;
    buf_add_str(&text, "{");
    add_standards(&text, &config_schema);
    buf_add_str(&text, "limits: {");
    add_standards(&text, option_find(&config_schema, SPAN("limits"))->section);
    buf_add_str(&text, "}, routes: [{path: /, files: {");
    add_standards(&text, option_find(route, SPAN("files"))->section);
    buf_add_str(&text, "root: /}}]}");
    buf_add_char(&text, '\0');
    c = load(text.ptr);
    assert_standard(c);
    config_free(c);
    buf_done(&text);
}

static void a_unix_socket_has_its_keys_and_a_path_relative_to_the_file(void **state)
{
    struct config *c = load("listen: [unix:s, {address: unix:/tmp/t, mode: 0600, owner: root,\n"
                            "                  group: 7}, {address: 80}, localhost:81]\n" ROUTES);
    char path[256], out[LISTEN_TEXT];

    (void)state;
    assert_int_equal(c->listen_count, 4);
    listen_print((struct sockaddr *)&c->listen[0].address.socket, out);
    snprintf(path, sizeof path, "unix:%s/s", folder);
    assert_string_equal(out, path);
    assert_true(c->listen[0].mode == UINT64_MAX && c->listen[0].owner == UINT64_MAX &&
                c->listen[0].group == UINT64_MAX);
    listen_print((struct sockaddr *)&c->listen[1].address.socket, out);
    assert_string_equal(out, "unix:/tmp/t");
    assert_int_equal(c->listen[1].mode, 0600);
    assert_int_equal(c->listen[1].owner, 0);
    assert_int_equal(c->listen[1].group, 7);
    listen_print((struct sockaddr *)&c->listen[2].address.socket, out);
    assert_string_equal(out, "127.0.0.1:80");
    assert_true(span_eq(c->listen[3].address.host, SPAN("localhost")));
    assert_int_equal(c->listen[3].address.port, 81);
    config_free(c);
}

static void hosts_become_the_addresses_that_they_have(void **state)
{
    struct config *c =
        load("listen: [\"127.0.0.1:81\", localhost:81, localhost:82, localhost:81]\n" ROUTES);
    struct config_error error = {NULL};
    char out[LISTEN_TEXT];
    size_t found = 0;

    (void)state;
    assert_int_equal(config_resolve(c, &error), 0);
    for (size_t i = 0; i < c->listen_count; i++) {
        assert_int_equal(c->listen[i].address.host.len, 0);
        listen_print((struct sockaddr *)&c->listen[i].address.socket, out);
        found += strcmp(out, "127.0.0.1:81") == 0 || strcmp(out, "127.0.0.1:82") == 0;
    }
    assert_int_equal(found, 2); // each once
    config_free(c);
    c = load("listen: [80, \"[fe80::1%nosuch0]:80\"]\n" ROUTES);
    assert_int_equal(config_resolve(c, &error), -CANDOR_E_CONFIG);
    assert_non_null(strstr(error.text, "c.yaml:1:14: key \"listen\": the host \"fe80::1%nosuch0\" "
                                       "cannot be listened on: "));
    config_error_done(&error);
    assert_int_equal(c->listen_count, 2);
    config_free(c);
}

static void a_folder_needs_no_file(void **state)
{
    struct config *c = NULL;
    struct config_error error = {NULL};
    char out[LISTEN_TEXT];

    (void)state;
    assert_int_equal(config_from_folder(&(struct config_folder){.path = folder}, &c, &error), 0);
    assert_standard(c);
    assert_string_equal(files_of(&c->routes.routes[0])->root, folder);
    assert_int_equal(config_set_listen(c, SPAN("nonsense")), -CANDOR_E_SYNTAX);
    assert_int_equal(config_set_listen(c, SPAN("[::1]:0")), 0);
    listen_print((struct sockaddr *)&c->listen[0].address.socket, out);
    assert_string_equal(out, "[::1]:0");
    config_free(c);
    c = NULL;
    assert_int_equal(
        config_from_folder(&(struct config_folder){.path = "/nowhere-at-all"}, &c, &error),
        -CANDOR_E_CONFIG);
    assert_string_equal(error.text,
                        "/nowhere-at-all: this does not exist; expected the path of a folder");
    config_error_done(&error);
    assert_int_equal(config_from_folder(&(struct config_folder){.path = "/etc/passwd"}, &c, &error),
                     -CANDOR_E_CONFIG);
    assert_string_equal(error.text,
                        "/etc/passwd: this is not a folder; expected the path of a folder");
    config_error_done(&error);
    assert_null(c);
}

/* Whether they exist for clients; dotfiles: what the file says, or nothing. */
static bool dotfiles_of_file(const char *write, const char *dotfiles)
{
    char text[256];
    struct config *c;
    bool exist;

    snprintf(text, sizeof text, "routes: [{path: /, files: {root: public, write: %s%s%s}}]", write,
             *dotfiles ? ", dotfiles: " : "", dotfiles);
    c = load(text);
    exist = files_of(&c->routes.routes[0])->dotfiles;
    config_free(c);
    return exist;
}

static bool dotfiles_of_folder(bool write, const bool *dotfiles)
{
    const struct config_folder given = {.path = folder, .write = write, .dotfiles = dotfiles};
    struct config *c = NULL;
    struct config_error error = {NULL};
    bool exist;

    assert_int_equal(config_from_folder(&given, &c, &error), 0);
    exist = files_of(&c->routes.routes[0])->dotfiles;
    config_free(c);
    return exist;
}

static void names_with_a_dot_exist_where_clients_write_unless_it_is_said(void **state)
{
    const bool yes = true, no = false;

    (void)state;
    assert_false(dotfiles_of_file("false", ""));
    assert_true(dotfiles_of_file("true", ""));
    assert_true(dotfiles_of_file("false", "true"));
    assert_false(dotfiles_of_file("true", "false"));
    assert_false(dotfiles_of_folder(false, NULL));
    assert_true(dotfiles_of_folder(true, NULL));
    assert_true(dotfiles_of_folder(false, &yes));
    assert_false(dotfiles_of_folder(true, &no));
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
    struct config *c = NULL;
    struct config_error error = {NULL};
    char path[256];

    (void)state;
    assert_int_equal(config_load("/nowhere-at-all", &c, &error), -CANDOR_E_CONFIG);
    assert_string_equal(error.text, "/nowhere-at-all: the file does not exist; expected a "
                                    "readable file of at most 1M");
    config_error_done(&error);
    assert_int_equal(config_load("/dev/zero", &c, &error), -CANDOR_E_CONFIG);
    assert_string_equal(error.text, "/dev/zero: the file is not a regular file; expected a "
                                    "readable file of at most 1M");
    config_error_done(&error);
    file_write("c.yaml", "routes: [{path: /, files: {root: public}}]\n");
    snprintf(path, sizeof path, "%s/c.yaml", folder);
    assert_int_equal(config_load(path, &c, &error), 0);
    assert_string_equal(c->name, path);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_may_have_several_hosts),
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(list_of_a_kind_is_kept),
        cmocka_unit_test(without_keys_the_documented_values_hold),
        cmocka_unit_test(the_values_in_the_table_are_those_that_hold),
        cmocka_unit_test(a_unix_socket_has_its_keys_and_a_path_relative_to_the_file),
        cmocka_unit_test(hosts_become_the_addresses_that_they_have),
        cmocka_unit_test(a_folder_needs_no_file),
        cmocka_unit_test(names_with_a_dot_exist_where_clients_write_unless_it_is_said),
        cmocka_unit_test(a_file_that_cannot_be_read_is_told),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
