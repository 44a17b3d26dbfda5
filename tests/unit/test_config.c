// SPDX-License-Identifier: MIT
#include "base/buf.h"
#include "base/distance.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/config/config.h"
#include "server/config/config_schema.h"
#include "server/config/config_value.h"
#include "unit.h"

#define ROUTES "routes: [{path: /, files: {root: /}}]\n"

/* The text is refused with exactly these lines; the file is called "c.yaml". */
static void assert_refused(struct span text, const char *expected)
{
    struct config *config = NULL;
    struct config_error error = {NULL};

    assert_int_equal(config_load_text("c.yaml", text, &config, &error), -CANDOR_E_CONFIG);
    assert_null(config);
    assert_string_equal(error.text, expected);
    config_error_done(&error);
}

struct refusal {
    const char *text, *expected;
};

static void assert_refusals(const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_refused(span_from_str(cases[i].text), cases[i].expected);
}

#define ASSERT_REFUSALS(cases) assert_refusals(cases, sizeof(cases) / sizeof *(cases))

#define LISTEN_HELP                                                                                \
    "expected a list of addresses, each ADDRESS:PORT, [IPv6]:PORT, HOST:PORT, :PORT, PORT or "     \
    "unix:PATH, or keys like address and mode"
#define BOOLEAN_HELP "expected true, false, yes, no, on or off"
#define PATH_HELP "expected a path like / or /team/ or /robots.txt, not percent-encoded"
#define HOST_HELP "expected a host like example.org or [::1], without a port"
#define PATTERN_HELP                                                                               \
    "expected a name like *.js, without a slash, or a path like /assets/, not percent-encoded"
#define CACHING_HELP                                                                               \
    "expected no-cache, no-store, immutable, off, or a duration from 1s to 365d, like 60s, 5m, "   \
    "1h or 30d"
#define FOR_HELP "expected a status from 400 to 599, a class like 5xx, or an outcome like not-found"

static void what_is_not_plain_yaml_is_refused(void **state)
{
    static const struct refusal cases[] = {
        {"", "c.yaml:1:1: the file is empty; expected at least the key \"routes\""},
        {"# nothing\n", "c.yaml:1:1: the file is empty; expected at least the key \"routes\""},
        {"---\n...\n", "c.yaml:1:1: the file is empty; expected at least the key \"routes\""},
        {"workers: 1\n  listen: 2\n",
         "c.yaml:2:9: a key stands where none can, for its indentation or a space missing behind "
         "the colon before it; expected keys and values, like \"workers: 4\""},
        {"workers:1\nlisten: [1]\n",
         "c.yaml:2:7: a key stands where none can, for its indentation or a space missing behind "
         "the colon before it; expected keys and values, like \"workers: 4\""},
        {"routes:\n\t- path: /\n",
         "c.yaml:2:1: a tab stands where only spaces may; expected spaces"},
        {"listen: [1, 2\nworkers: 1\n",
         "c.yaml:2:8: this is not YAML: did not find expected ',' or ']' (while parsing a flow "
         "sequence that begins in line 1); expected keys and values, like \"workers: 4\""},
        {"workers: \"1\n",
         "c.yaml:2:1: this is not YAML: found unexpected end of stream (while scanning a quoted "
         "scalar that begins in line 1); expected keys and values, like \"workers: 4\""},
        {"\xc3\xbc: 1\nx: \xff\n",
         "c.yaml:2:4: this is not YAML: invalid leading UTF-8 octet; expected keys and values, "
         "like \"workers: 4\""},
        {"workers: &a 1\n", "c.yaml:1:10: key \"workers\": anchors are not supported; expected a "
                            "value without a name"},
        {"x: &a [1]\n",
         "c.yaml:1:4: key \"x\": anchors are not supported; expected a value without a name"},
        {"x: *a\n", "c.yaml:1:4: key \"x\": aliases are not supported; expected the value itself"},
        {"workers: !!int 1\n",
         "c.yaml:1:10: key \"workers\": tags are not supported; expected a value without a "
         "type"},
        {ROUTES "---\n" ROUTES, "c.yaml:2:1: a second document begins here; expected one document"},
        {"{a: 1}: 2\n", "c.yaml:1:1: a key is not a word; expected keys like \"workers:\""},
        {"limits: {content: *a}\n", "c.yaml:1:19: key \"limits.content\": aliases are not "
                                    "supported; expected the value itself"},
        {"routes: [{path: /, files: {root: &a b}}]\n",
         "c.yaml:1:34: key \"routes.files.root\": anchors are not supported; expected a value "
         "without "
         "a name"},
        {"? \n", "c.yaml:1:2: a key is not a word; expected keys like \"workers:\""},
        {"access_log: \"a\\tb\"\n", "c.yaml:1:13: key \"access_log\": the text has a line end or a "
                                    "control character in it; expected text within "
                                    "one line"},
        {"access_log: \"a\\0b\"\n", "c.yaml:1:13: key \"access_log\": the text has a line end or a "
                                    "control character in it; expected text within "
                                    "one line"},
        {"[[[[[[[[[[[[[[[[[[", "c.yaml:1:17: the nesting is too deep; expected a few levels"},
    };

    (void)state;
    ASSERT_REFUSALS(cases);
}

static void shapes_and_keys_are_checked(void **state)
{
    static const struct refusal cases[] = {
        {"hello", "c.yaml:1:1: there is a single value where keys belong; expected keys like "
                  "\"listen\""},
        {"- 1", "c.yaml:1:1: there is a list where keys belong; expected keys like \"listen\""},
        {"worker: 1\n" ROUTES,
         "c.yaml:1:1: key \"worker\": there is no such key; expected perhaps \"workers\""},
        {"colour: red\n" ROUTES,
         "c.yaml:1:1: key \"colour\": there is no such key; expected "
         "listen, workers, user, group, access_log, "
         "access_log_format, state, trace, trusted_proxies, limits, error_pages or routes"},
        {"limits: {request_lien: 1K}\n" ROUTES,
         "c.yaml:1:10: key \"limits.request_lien\": there is no such key; expected perhaps "
         "\"request_line\""},
        {"<<: {workers: 1}\n" ROUTES,
         "c.yaml:1:1: key \"<<\": there is no such key; expected listen, workers, user, group, "
         "access_log, "
         "access_log_format, state, trace, trusted_proxies, limits, error_pages or routes"},
        {"workers: 1\n" ROUTES "workers: 1\n",
         "c.yaml:3:1: key \"workers\": it stands in line 1 already; expected each key once"},
        {"workers: 1\n",
         "c.yaml:1:1: key \"routes\": it is missing; expected a list, each member with keys of its "
         "own"},
        {"routes: []\n", "c.yaml:1:9: key \"routes\": the list is empty; expected a list, each "
                         "member with keys of its own"},
        {"routes: {path: /}\n", "c.yaml:1:9: key \"routes\": there are keys where a list belongs; "
                                "expected a list, each member with keys of its own"},
        {"routes: [/]\n", "c.yaml:1:10: key \"routes\": there is a single value where keys belong; "
                          "expected keys like \"path\""},
        {"routes:\n", "c.yaml:1:8: key \"routes\": there is no value; expected a list, each member "
                      "with keys of its own"},
        {"routes: [{path: /}]\n", "c.yaml:1:10: key \"routes\": the route does not say how it "
                                  "answers; expected exactly one of: files, gateway, mock"},
        {"routes: [{files: {root: /}}]\n",
         "c.yaml:1:10: key \"routes.path\": it is missing; " PATH_HELP},
        {"routes: [{path: /, files: {}}]\n",
         "c.yaml:1:27: key \"routes.files.root\": it is missing; expected the path of a folder"},
        {"workers: [1]\n" ROUTES, "c.yaml:1:10: key \"workers\": there is a list where a single "
                                  "value belongs; expected a whole number from 0 to 256"},
        {"workers: {a: 1}\n" ROUTES, "c.yaml:1:10: key \"workers\": there are keys where a single "
                                     "value belongs; expected a whole number from 0 to 256"},
        {"limits: 5\n" ROUTES, "c.yaml:1:9: key \"limits\": there is a single value where keys "
                               "belong; expected keys like \"request_line\""},
        {"limits: ~\n" ROUTES, "c.yaml:1:9: key \"limits\": there is no value; expected keys like "
                               "\"request_line\""},
        {"listen: 8080\n" ROUTES, "c.yaml:1:9: key \"listen\": there is a single value where a "
                                  "list belongs; " LISTEN_HELP},
        {"listen: []\n" ROUTES, "c.yaml:1:9: key \"listen\": the list is empty; " LISTEN_HELP},
    };

    (void)state;
    ASSERT_REFUSALS(cases);
}

static void listening_on_a_path_needs_one_that_can_be(void **state)
{
    static const struct refusal cases[] = {
        {"listen: [\"unix:\"]\n" ROUTES, "c.yaml:1:10: key \"listen\": \"unix:\" has no path of 1 "
                                         "to 107 bytes, as the system wants "
                                         "for a socket; " LISTEN_HELP},
        {"listen: [unix:/nowhere-at-all/s]\n" ROUTES,
         "c.yaml:1:10: key \"listen\": \"/nowhere-at-all/s\" is in a folder that does not exist; "
         "expected the path of a socket that can be made, in a folder that is there"},
        {"listen: [unix:/tmp]\n" ROUTES,
         "c.yaml:1:10: key \"listen\": \"/tmp\" is a folder; "
         "expected the path of a socket that can be made, in a folder that is there"},
        {"listen: [{mode: 0660}]\n" ROUTES,
         "c.yaml:1:10: key \"listen.address\": it is missing; expected ADDRESS:PORT, [IPv6]:PORT, "
         "HOST:PORT, :PORT, PORT or unix:PATH"},
        {"listen: [{address: unix:/tmp/s, mode: 0880}]\n" ROUTES,
         "c.yaml:1:39: key \"listen.mode\": \"0880\" is not a mode; expected an octal number from "
         "0 "
         "to 0777, like 0660"},
        {"listen: [{address: unix:/tmp/s, mode: 1777}]\n" ROUTES,
         "c.yaml:1:39: key \"listen.mode\": \"1777\" is out of range; expected an octal number "
         "from "
         "0 to 0777, like 0660"},
        {"listen: [{address: unix:/tmp/s, owner: no-such-user}]\n" ROUTES,
         "c.yaml:1:40: key \"listen.owner\": \"no-such-user\" is not a user of this system; "
         "expected "
         "the name or the number of a user"},
        {"listen: [{address: unix:/tmp/s, group: no-such-group}]\n" ROUTES,
         "c.yaml:1:40: key \"listen.group\": \"no-such-group\" is not a group of this system; "
         "expected the name or the number of a group"},
        {"listen: [{address: 80, mode: 0600}]\n" ROUTES,
         "c.yaml:1:10: key \"listen\": mode, owner and group are those of a Unix socket, and this "
         "is "
         "an address of the network; expected unix:PATH, or no such keys"},
        {"listen: [unix:/tmp/s, {address: unix:/tmp/s}]\n" ROUTES,
         "c.yaml:1:23: key \"listen\": the address is in the list already; expected each address "
         "once"},
    };

    (void)state;
    ASSERT_REFUSALS(cases);
}

static void values_are_checked(void **state)
{
    static const struct refusal cases[] = {
        {"listen: [localhost]\n" ROUTES,
         "c.yaml:1:10: key \"listen\": \"localhost\" is not an address; " LISTEN_HELP},
        {"listen:\n  - 80\n  - 1.2.3.4:65536\n" ROUTES,
         "c.yaml:3:5: key \"listen\": \"1.2.3.4:65536\" has a port above 65535; " LISTEN_HELP},
        {"listen: [80, \"127.0.0.1:80\"]\n" ROUTES,
         "c.yaml:1:14: key \"listen\": the address is in the list already; expected each address "
         "once"},
        {"workers: 257\n" ROUTES, "c.yaml:1:10: key \"workers\": \"257\" is out of range; expected "
                                  "a whole number from 0 to 256"},
        {"workers: -1\n" ROUTES, "c.yaml:1:10: key \"workers\": \"-1\" is not a whole number; "
                                 "expected a whole number from 0 to 256"},
        {"workers: \"\"\n" ROUTES, "c.yaml:1:10: key \"workers\": there is no value; expected a "
                                   "whole number from 0 to 256"},
        {"workers: 1.5\n" ROUTES, "c.yaml:1:10: key \"workers\": \"1.5\" is not a whole number; "
                                  "expected a whole number from 0 to 256"},
        {"workers:\n" ROUTES, "c.yaml:1:9: key \"workers\": there is no value; expected a whole "
                              "number from 0 to 256"},
        {"trace: True\n" ROUTES,
         "c.yaml:1:8: key \"trace\": \"True\" is not a boolean; " BOOLEAN_HELP},
        {"trace: enabled\n" ROUTES,
         "c.yaml:1:8: key \"trace\": \"enabled\" is not a boolean; " BOOLEAN_HELP},
        {"trace: 1\n" ROUTES, "c.yaml:1:8: key \"trace\": \"1\" is not a boolean; " BOOLEAN_HELP},
        {"access_log_format: xml\n" ROUTES, "c.yaml:1:20: key \"access_log_format\": \"xml\" is "
                                            "not a format; expected json or combined"},
        {"limits: {content: 1T}\n" ROUTES,
         "c.yaml:1:19: key \"limits.content\": \"1T\" is not a size; expected a size from 0 to "
         "1024G, like 512, 64K, 10M or 2G"},
        {"limits: {content: 99999999999999999999G}\n" ROUTES,
         "c.yaml:1:19: key \"limits.content\": \"99999999999999999999G\" is out of range; expected "
         "a size from 0 to 1024G, like 512, 64K, 10M or 2G"},
        {"limits: {fields: 257}\n" ROUTES, "c.yaml:1:18: key \"limits.fields\": \"257\" is out of "
                                           "range; expected a whole number from 1 to 256"},
        {"limits: {idle_timeout: 60}\n" ROUTES,
         "c.yaml:1:24: key \"limits.idle_timeout\": \"60\" is not a duration; expected a duration "
         "from 1ms to 1d, like 500ms, 5s, 10m or 1h"},
        {"limits: {idle_timeout: 5 s}\n" ROUTES,
         "c.yaml:1:24: key \"limits.idle_timeout\": \"5 s\" is not a duration; expected a duration "
         "from 1ms to 1d, like 500ms, 5s, 10m or 1h"},
        {"limits: {idle_timeout: 0s}\n" ROUTES,
         "c.yaml:1:24: key \"limits.idle_timeout\": \"0s\" is out of range; expected a duration "
         "from 1ms to 1d, like 500ms, 5s, 10m or 1h"},
        {"trace: \"\xc2\x9b\x1b[31m\"\n" ROUTES,
         "c.yaml:1:9: this is not YAML: control characters are not allowed; expected keys and "
         "values, like \"workers: 4\""},
    };

    (void)state;
    ASSERT_REFUSALS(cases);
}

static void routes_and_pages_are_checked(void **state)
{
    static const struct refusal cases[] = {
        {"routes: [{path: team/, files: {root: /}}]\n",
         "c.yaml:1:17: key \"routes.path\": \"team/\" does not begin with a slash; " PATH_HELP},
        {"routes: [{path: /a//b, files: {root: /}}]\n",
         "c.yaml:1:17: key \"routes.path\": \"/a//b\" has an empty segment; " PATH_HELP},
        {"routes: [{path: //, files: {root: /}}]\n",
         "c.yaml:1:17: key \"routes.path\": \"//\" has an empty segment; " PATH_HELP},
        {"routes: [{path: /a/../b, files: {root: /}}]\n",
         "c.yaml:1:17: key \"routes.path\": \"/a/../b\" has a dot segment; " PATH_HELP},
        {"routes: [{path: /a%20b, files: {root: /}}]\n",
         "c.yaml:1:17: key \"routes.path\": \"/a%20b\" is percent-encoded; " PATH_HELP},
        {"routes: [{path: \"/a?b\", files: {root: /}}]\n",
         "c.yaml:1:17: key \"routes.path\": \"/a?b\" has a query or a fragment; " PATH_HELP},
        {"routes: [{path: /, host: \"a:80\", files: {root: /}}]\n",
         "c.yaml:1:26: key \"routes.host\": \"a:80\" is not a host without a port; " HOST_HELP},
        {"routes: [{path: /, host: \"*.org\", files: {root: /}}]\n",
         "c.yaml:1:26: key \"routes.host\": \"*.org\" is not a host; " HOST_HELP},
        {"routes: [{path: /, hosts: a.org, files: {root: /}}]\n",
         "c.yaml:1:27: key \"routes.hosts\": there is a single value where a list belongs; "
         "expected "
         "a list of hosts, each like example.org or [::1], without a port"},
        {"routes: [{path: /, hosts: [a.org, \"b:1\"], files: {root: /}}]\n",
         "c.yaml:1:35: key \"routes.hosts\": \"b:1\" is not a host without a port; expected "
         "a list of hosts, each like example.org or [::1], without a port"},
        {"routes:\n  - {path: /, hosts: [a.org, b.org, A.org], files: {root: /}}\n",
         "c.yaml:2:12: key \"routes.path\": the route in line 2 has the same path and host; "
         "expected each once"},
        {"routes:\n  - {path: /, host: A.org, files: {root: /}}\n"
         "  - {path: /, files: {root: /}}\n  - {host: a.ORG, path: /, files: {root: /}}\n",
         "c.yaml:4:25: key \"routes.path\": the route in line 2 has the same path and host; "
         "expected each once"},
        {"routes: [{path: /, files: {root: /nowhere-at-all}}]\n",
         "c.yaml:1:34: key \"routes.files.root\": \"/nowhere-at-all\" does not exist; expected the "
         "path of a folder"},
        {"routes: [{path: /, files: {root: /etc/passwd}}]\n",
         "c.yaml:1:34: key \"routes.files.root\": \"/etc/passwd\" is not a folder; expected the "
         "path of a folder"},
        {"routes: [{path: /, files: {root: /, index: a/b}}]\n",
         "c.yaml:1:44: key \"routes.files.index\": \"a/b\" is not the name of a file; expected the "
         "name of a file, without a slash"},
        {"routes: [{path: /, limits: {fields: 3}, files: {root: /}}]\n",
         "c.yaml:1:29: key \"routes.limits.fields\": there is no such key; expected content"},
        {"error_pages: [{for: 499, file: /etc/passwd}]\n" ROUTES,
         "c.yaml:1:21: key \"error_pages.for\": \"499\" is not a known status, class or "
         "outcome; " FOR_HELP},
        {"error_pages: [{for: 200, file: /etc/passwd}]\n" ROUTES,
         "c.yaml:1:21: key \"error_pages.for\": \"200\" is not an error; " FOR_HELP},
        {"error_pages: [{for: 3xx, file: /etc/passwd}]\n" ROUTES,
         "c.yaml:1:21: key \"error_pages.for\": \"3xx\" is not an error; " FOR_HELP},
        {"error_pages: [{for: not-fond, file: /etc/passwd}]\n" ROUTES,
         "c.yaml:1:21: key \"error_pages.for\": \"not-fond\" is not a known status, class or "
         "outcome; " FOR_HELP "; did you mean \"not-found\"?"},
        {"error_pages: [{for: 404, file: /nowhere-at-all}]\n" ROUTES,
         "c.yaml:1:32: key \"error_pages.file\": \"/nowhere-at-all\" does not exist; expected the "
         "path of a readable file of at most 1M"},
        {"error_pages: [{for: 404, file: /etc}]\n" ROUTES,
         "c.yaml:1:32: key \"error_pages.file\": \"/etc\" is a folder; expected the path of a "
         "readable file of at most 1M"},
        {"error_pages: [{for: 404, file: /dev/null}]\n" ROUTES,
         "c.yaml:1:32: key \"error_pages.file\": \"/dev/null\" is not a regular file; expected the "
         "path of a readable file of at most 1M"},
        {"error_pages: [{for: 404, file: /etc/passwd}, {for: \"404\", file: /etc/passwd}]\n" ROUTES,
         "c.yaml:1:52: key \"error_pages.for\": another page is for the same; expected one page "
         "for each"},
    };

    (void)state;
    ASSERT_REFUSALS(cases);
}

static void rules_for_caches_are_checked(void **state)
{
    static const struct refusal cases[] = {
        {"routes: [{path: /, files: {root: /, cache: {match: \"*\"}}}]\n",
         "c.yaml:1:44: key \"routes.files.cache\": there are keys where a list belongs; expected a "
         "list, each member with keys of its own"},
        {"routes: [{path: /, files: {root: /, cache: [{match: a/*, control: off}]}}]\n",
         "c.yaml:1:53: key \"routes.files.cache.match\": \"a/*\" holds a slash, and does not begin "
         "with one; " PATTERN_HELP},
        {"routes: [{path: /, files: {root: /, cache: [{match: /a/../*, control: off}]}}]\n",
         "c.yaml:1:53: key \"routes.files.cache.match\": \"/a/../*\" has a dot "
         "segment; " PATTERN_HELP},
        {"routes: [{path: /, files: {root: /, cache: [{match: \"*\"}]}}]\n",
         "c.yaml:1:45: key \"routes.files.cache.control\": it is missing; " CACHING_HELP},
        {"routes: [{path: /, files: {root: /, cache: [{match: \"*\", control: soon}]}}]\n",
         "c.yaml:1:67: key \"routes.files.cache.control\": \"soon\" is none of what it may "
         "be; " CACHING_HELP},
        {"routes: [{path: /, files: {root: /, cache: [{match: \"*\", control: 0s}]}}]\n",
         "c.yaml:1:67: key \"routes.files.cache.control\": \"0s\" is out of range; " CACHING_HELP},
        {"routes: [{path: /, files: {root: /, cache: [{match: \"*\", control: 366d}]}}]\n",
         "c.yaml:1:67: key \"routes.files.cache.control\": \"366d\" is out of "
         "range; " CACHING_HELP},
        {"routes: [{path: /, files: {root: /, cache: [{match: \"*\", control: 1500ms}]}}]\n",
         "c.yaml:1:67: key \"routes.files.cache.control\": \"1500ms\" is no number of whole "
         "seconds; " CACHING_HELP}};

    (void)state;
    ASSERT_REFUSALS(cases);
}

static void several_errors_are_told_at_once_within_a_limit(void **state)
{
    struct buf text = {0};
    struct config *config = NULL;
    struct config_error error = {NULL};
    size_t lines = 1;

    (void)state;
    assert_refused(SPAN("workers: x\ntrace: y\n" ROUTES),
                   "c.yaml:1:10: key \"workers\": \"x\" is not a whole number; expected a whole "
                   "number from 0 to 256\n"
                   "c.yaml:2:8: key \"trace\": \"y\" is not a boolean; " BOOLEAN_HELP);
    for (int i = 0; i < 100; i++)
        buf_addf(&text, "x%d: 1\n", i);
    assert_int_equal(config_load_text("c.yaml", buf_span(&text), &config, &error),
                     -CANDOR_E_CONFIG);
    for (const char *at = error.text; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, LIMIT_CONFIG_ERRORS);
    config_error_done(&error);
    buf_done(&text);
}

static void long_values_and_terminal_controls_are_not_told_raw(void **state)
{
    (void)state;
    assert_refused(SPAN("trace: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xbc"
                        "bc\n" ROUTES),
                   "c.yaml:1:8: key \"trace\": "
                   "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…\" is not a "
                   "boolean; " BOOLEAN_HELP);
    assert_refused(SPAN("trace: \"\\u009b31m\"\n" ROUTES),
                   "c.yaml:1:8: key \"trace\": \"\\u009b31m\" is not a boolean; " BOOLEAN_HELP);
}

static void limits_of_the_file_hold(void **state)
{
    struct buf text = {0};
    struct config *config = NULL;
    struct config_error error = {NULL};

    (void)state;
    buf_add_str(&text, ROUTES);
    while (text.len < LIMIT_CONFIG_FILE)
        buf_add_char(&text, '\n');
    assert_int_equal(config_load_text("c.yaml", buf_span(&text), &config, &error), 0);
    config_free(config);
    buf_add_char(&text, '\n');
    assert_refused(buf_span(&text), "c.yaml:1:1: the file is too large; expected at most 1M");

    buf_clear(&text);
    buf_add_str(&text, "routes:\n");
    for (int i = 0; i < LIMIT_ROUTES; i++)
        buf_addf(&text, "  - {path: /%d/, files: {root: /}}\n", i);
    assert_int_equal(config_load_text("c.yaml", buf_span(&text), &config, &error), 0);
    assert_int_equal(config->routes.count, LIMIT_ROUTES);
    config_free(config);
    buf_add_str(&text, "  - {path: /more/, files: {root: /}}\n");
    assert_refused(buf_span(&text),
                   "c.yaml:1026:5: key \"routes\": the list is too long; expected at most 1024 "
                   "members");

    buf_clear(&text);
    buf_add_str(&text, "routes:\n  - path: /\n    files: {root: /}\n    hosts:\n");
    for (int i = 0; i < LIMIT_ROUTE_HOSTS; i++)
        buf_addf(&text, "    - h%d\n", i);
    assert_int_equal(config_load_text("c.yaml", buf_span(&text), &config, &error), 0);
    assert_int_equal(config->routes.count, LIMIT_ROUTE_HOSTS);
    config_free(config);
    buf_add_str(&text, "    - more\n");
    assert_refused(buf_span(&text),
                   "c.yaml:69:7: key \"routes.hosts\": the list is too long; expected at most 64 "
                   "members");

    buf_clear(&text);
    buf_add_str(&text, "routes:\n  - path: /\n    files:\n      root: /\n      cache:\n");
    for (int i = 0; i < LIMIT_CACHE_RULES; i++)
        buf_addf(&text, "        - {match: n%d, control: off}\n", i);
    assert_int_equal(config_load_text("c.yaml", buf_span(&text), &config, &error), 0);
    config_free(config);
    buf_add_str(&text, "        - {match: more, control: off}\n");
    assert_refused(
        buf_span(&text),
        "c.yaml:262:11: key \"routes.files.cache\": the list is too long; expected at most "
        "256 members");
    buf_done(&text);
}

static void durations_sizes_and_booleans_have_one_syntax(void **state)
{
    uint64_t value = 0;
    bool boolean = false;
    struct config_for parsed;

    (void)state;
    assert_int_equal(config_parse_duration(SPAN("0ms"), &value), 0);
    assert_int_equal(config_parse_duration(SPAN("18446744073709551615ms"), &value), 0);
    assert_int_equal(config_parse_duration(SPAN("18446744073709551615s"), &value), -CANDOR_E_RANGE);
    assert_int_equal(config_parse_duration(SPAN("5S"), &value), -CANDOR_E_SYNTAX);
    assert_int_equal(config_parse_duration(SPAN("s"), &value), -CANDOR_E_SYNTAX);
    assert_int_equal(config_parse_duration(SPAN("5w"), &value), -CANDOR_E_SYNTAX);
    assert_int_equal(config_parse_duration(SPAN("30d"), &value), 0);
    assert_true(value == UINT64_C(30) * 24 * 3600000);
    assert_int_equal(config_parse_duration(SPAN(""), &value), -CANDOR_E_SYNTAX);
    assert_int_equal(config_parse_size(SPAN("64k"), &value), -CANDOR_E_SYNTAX);
    assert_int_equal(config_parse_size(SPAN("64KB"), &value), -CANDOR_E_SYNTAX);
    assert_int_equal(config_parse_size(SPAN("17179869184G"), &value), -CANDOR_E_RANGE);
    assert_int_equal(config_parse_size(SPAN("2G"), &value), 0);
    assert_true(value == UINT64_C(2) << 30);
    assert_int_equal(config_parse_boolean(SPAN("YES"), &boolean), -CANDOR_E_SYNTAX);
    assert_int_equal(config_parse_boolean(SPAN(""), &boolean), -CANDOR_E_SYNTAX);
    assert_int_equal(config_parse_boolean(SPAN("on"), &boolean), 0);
    assert_true(boolean);
    assert_int_equal(config_parse_for(SPAN("5xx"), &parsed), 0);
    assert_int_equal(parsed.class_, 5);
    assert_int_equal(config_parse_for(SPAN("9xx"), &parsed), -CANDOR_E_SYNTAX);
}

static void the_nearest_word_is_suggested(void **state)
{
    (void)state;
    assert_int_equal(distance_words(SPAN(""), SPAN("abc")), 3);
    assert_int_equal(distance_words(SPAN("kitten"), SPAN("sitting")), 3);
    assert_int_equal(distance_words(SPAN("lsiten"), SPAN("listen")), 1);
    assert_true(distance_is_close(SPAN("lsiten"), 1));
    assert_false(distance_is_close(SPAN("a"), 1));
    assert_false(distance_is_close(SPAN("listen"), SIZE_MAX));
}

/* The rows of limits.def that name a key are rows of config.def, and the other way round. */
static void limits_and_keys_agree(void **state)
{
    const struct option_section *limits = option_find(&config_schema, SPAN("limits"))->section;
    size_t found = 0;

    (void)state;
    for (const struct limit *limit = limit_table; limit->name; limit++) {
        const struct option_row *key;

        if (!span_starts(span_from_str(limit->key), SPAN("limits.")))
            continue;
        key = option_find(limits, span_from_str(limit->key + strlen("limits.")));
        assert_non_null(key);
        assert_int_equal(key->standard, limit->value);
        assert_true(key->low <= key->standard && key->standard <= key->high);
        found++;
    }
    assert_int_equal(found, limits->count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_plain_yaml_is_refused),
        cmocka_unit_test(shapes_and_keys_are_checked),
        cmocka_unit_test(listening_on_a_path_needs_one_that_can_be),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(routes_and_pages_are_checked),
        cmocka_unit_test(rules_for_caches_are_checked),
        cmocka_unit_test(several_errors_are_told_at_once_within_a_limit),
        cmocka_unit_test(long_values_and_terminal_controls_are_not_told_raw),
        cmocka_unit_test(limits_of_the_file_hold),
        cmocka_unit_test(durations_sizes_and_booleans_have_one_syntax),
        cmocka_unit_test(the_nearest_word_is_suggested),
        cmocka_unit_test(limits_and_keys_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
