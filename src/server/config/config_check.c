// SPDX-License-Identifier: MIT
#include "server/config/config_check.h"

#include "base/distance.h"
#include "base/error.h"
#include "server/config/config_place.h"
#include "server/config/config_schema.h"
#include "server/config/config_value.h"

struct check {
    struct config_report *report;
    struct span folder; // what relative paths begin with
    bool failed;        // out of memory
};

static void check_section(const struct config_section *section, const struct config_node *node,
                          struct check *check);

/* "key "x": there is no value; expected ..." */
static void report_value(struct check *check, const struct config_node *at,
                         const struct config_section *section, const struct config_key *key,
                         const char *wrong)
{
    struct buf *out = config_report_at(check->report, at, section->path, key->name);

    if (!out)
        return;
    buf_add_str(out, wrong);
    buf_add(out, SPAN("; expected "));
    config_add_expected(out, key);
}

/* The outcome whose token is nearest to a word, or an empty span. */
static struct span outcome_similar(struct span word)
{
    size_t best = SIZE_MAX;
    struct span found = {NULL, 0};

    for (int o = 1; o < OUTCOME_COUNT; o++) {
        size_t distance = distance_words(word, outcome_table[o].token);

        if (outcome_table[o].status >= 400 && distance < best) {
            best = distance;
            found = outcome_table[o].token;
        }
    }
    return distance_is_close(word, best) ? found : (struct span){NULL, 0};
}

/* The path in a value, or an empty span: it is none. */
static struct span path_in(const struct config_key *key, struct span text)
{
    if (key->kind == CONFIG_STATE)
        return span_from(text, sizeof "sqlite:" - 1);
    if (key->kind == CONFIG_FILE || key->kind == CONFIG_FOLDER ||
        (key->kind == CONFIG_LOG && !span_eq(text, SPAN("stderr")) && !span_eq(text, SPAN("off"))))
        return text;
    return (struct span){NULL, 0};
}

/* Whether the system lets us use what a value names. */
static void check_place(const struct config_section *section, const struct config_key *key,
                        const struct config_node *node, struct check *check)
{
    struct span path = path_in(key, node->text);
    struct config_place place;
    struct buf whole = {0}, *out;

    if (!path.len)
        return;
    if (path.ptr[0] != '/')
        buf_add(&whole, check->folder);
    buf_add(&whole, path);
    buf_add_char(&whole, '\0');
    check->failed |= whole.failed;
    if (!whole.failed && config_place_is_wrong(key->kind, whole.ptr, &place)) {
        out = config_report_at(check->report, node, section->path, key->name);
        if (out) {
            buf_add_char(out, '"'); // whole: its end tells what it is
            buf_add_json(out, span_from_str(whole.ptr));
            buf_addf(out, "\" %s; expected %s", place.wrong, place.expected);
        }
    }
    buf_done(&whole);
}

static void check_scalar(const struct config_section *section, const struct config_key *key,
                         const struct config_node *node, struct check *check)
{
    const char *wrong;
    struct span similar;
    struct buf *out;

    if (node->kind != CONFIG_NODE_SCALAR) {
        report_value(check, node, section, key,
                     node->kind == CONFIG_NODE_LIST
                         ? "there is a list where a single value belongs"
                         : "there are keys where a single value belongs");
        return;
    }
    if (config_node_is_null(node) || node->text.len == 0) {
        report_value(check, node, section, key, "there is no value");
        return;
    }
    wrong = config_value_wrong(key, node->text);
    if (!wrong) {
        check_place(section, key, node, check);
        return;
    }
    out = config_report_at(check->report, node, section->path, key->name);
    if (!out)
        return;
    config_add_quoted(out, node->text);
    buf_addf(out, " %s; expected ", wrong);
    config_add_expected(out, key);
    similar = key->kind == CONFIG_ERROR ? outcome_similar(node->text) : (struct span){NULL, 0};
    if (similar.len && !span_eq(similar, node->text))
        buf_addf(out, "; did you mean \"%.*s\"?", SPAN_ARG(similar));
}

static void check_list(const struct config_section *section, const struct config_key *key,
                       const struct config_node *node, struct check *check)
{
    int64_t count = 0;

    if (node->kind != CONFIG_NODE_LIST) {
        report_value(check, node, section, key,
                     config_node_is_null(node)           ? "there is no value"
                     : node->kind == CONFIG_NODE_MAPPING ? "there are keys where a list belongs"
                                                         : "there is a single value where a list "
                                                           "belongs");
        return;
    }
    for (const struct config_node *member = node->first; member; member = member->next) {
        if (++count > key->high) {
            struct buf *out = config_report_at(check->report, member, section->path, key->name);

            if (out)
                buf_addf(out, "the list is too long; expected at most %jd members",
                         (intmax_t)key->high);
            return;
        }
        if (key->kind == CONFIG_SECTIONS)
            check_section(key->section, member, check);
        else
            check_scalar(section, key, member, check);
    }
    if (count < key->low)
        report_value(check, node, section, key, "the list is empty");
}

static void check_value(const struct config_section *section, const struct config_key *key,
                        const struct config_node *node, struct check *check)
{
    if (key->kind == CONFIG_ADDRESSES || key->kind == CONFIG_HOSTS || key->kind == CONFIG_SECTIONS)
        check_list(section, key, node, check);
    else if (key->kind == CONFIG_SECTION)
        check_section(key->section, node, check);
    else
        check_scalar(section, key, node, check);
}

static void report_unknown(struct check *check, const struct config_node *at,
                           const struct config_section *section)
{
    struct buf *out = config_report_at(check->report, at, section->path, at->text);
    const struct config_key *similar = NULL;
    size_t best = SIZE_MAX;

    if (!out)
        return;
    for (size_t i = 0; i < section->count; i++) {
        size_t distance = distance_words(at->text, section->keys[i].name);

        if (distance < best) {
            best = distance;
            similar = &section->keys[i];
        }
    }
    buf_add(out, SPAN("there is no such key; expected "));
    if (similar && distance_is_close(at->text, best)) {
        buf_addf(out, "perhaps \"%.*s\"", SPAN_ARG(similar->name));
        return;
    }
    for (size_t i = 0; i < section->count; i++) {
        buf_add_str(out, i == 0 ? "" : i + 1 < section->count ? ", " : " or ");
        buf_add(out, section->keys[i].name);
    }
}

/* What must be there and is not; where[i] is the key of row i, or NULL. */
static void check_missing(const struct config_section *section, const struct config_node *node,
                          const struct config_node *const *where, struct check *check)
{
    const struct config_key *kinds[CONFIG_SECTION_KEYS];
    const struct config_node *second = NULL;
    size_t kind_count = 0, chosen = 0;

    for (size_t i = 0; i < section->count; i++) {
        const struct config_key *key = &section->keys[i];

        if (key->need == CONFIG_MUST && !where[i])
            report_value(check, node, section, key, "it is missing");
        if (key->need != CONFIG_KIND_OF_ROUTE)
            continue;
        kinds[kind_count++] = key;
        if (where[i] && ++chosen == 2)
            second = where[i];
    }
    if (kind_count && chosen != 1) {
        struct buf *out = config_report_at(check->report, second ? second : node, section->path,
                                           second ? second->text : SPAN(""));
        if (!out)
            return;
        buf_add_str(out, second ? "the route says already in another way how it answers; expected "
                                  "exactly one of: "
                                : "the route does not say how it answers; expected exactly one "
                                  "of: ");
        for (size_t i = 0; i < kind_count; i++)
            buf_addf(out, "%s%.*s", i ? ", " : "", SPAN_ARG(kinds[i]->name));
    }
}

/* Keys of what is written that can do nothing, as nothing is. */
static void check_idle(const struct config_section *section, const struct config_node *node,
                       const struct config_node *const *where, struct check *check)
{
    const struct config_node *write = config_tree_key(node, "write");
    bool writes = false;

    if (write && (config_parse_boolean(write->text, &writes) < 0 || writes))
        return; // what is wrong with it has been told
    for (size_t i = 0; i < section->count; i++) {
        const struct config_key *key = &section->keys[i];
        struct buf *out = key->need == CONFIG_WRITABLE && where[i]
                              ? config_report_at(check->report, where[i], section->path, key->name)
                              : NULL;

        if (out)
            buf_add_str(out, "it can do nothing, as the route is not writable; expected "
                             "\"write: true\" beside it, or no such key");
    }
}

static void check_section(const struct config_section *section, const struct config_node *node,
                          struct check *check)
{
    const struct config_node *where[CONFIG_SECTION_KEYS] = {NULL};

    if (node->kind != CONFIG_NODE_MAPPING) {
        struct buf *out = config_report_at(check->report, node, section->path, SPAN(""));

        if (!out)
            return;
        buf_add_str(out, config_node_is_null(node)        ? "there is no value"
                         : node->kind == CONFIG_NODE_LIST ? "there is a list where keys belong"
                                                          : "there is a single value where keys "
                                                            "belong");
        buf_add(out, SPAN("; expected keys like "));
        config_add_quoted(out, section->keys[0].name);
        return;
    }
    for (const struct config_node *at = node->first; at; at = at->next) {
        const struct config_key *key = config_section_key(section, at->text);
        struct buf *out;

        if (!key) {
            report_unknown(check, at, section);
        } else if (where[key - section->keys]) {
            out = config_report_at(check->report, at, section->path, at->text);
            if (out)
                buf_addf(out, "it stands in line %zu already; expected each key once",
                         where[key - section->keys]->line);
        } else {
            where[key - section->keys] = at;
            check_value(section, key, at->value, check);
        }
    }
    check_missing(section, node, where, check);
    check_idle(section, node, where, check);
}

int config_check(const struct config_node *root, struct span folder, struct config_report *report)
{
    struct check check = {.report = report, .folder = folder};
    size_t before = report->count;

    check_section(&config_schema, root, &check);
    if (check.failed)
        return -CANDOR_E_MEMORY;
    return report->count == before ? 0 : -CANDOR_E_CONFIG;
}
