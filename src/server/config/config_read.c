// SPDX-License-Identifier: MIT
#include "server/config/config_read.h"

#include "base/ascii.h"
#include "base/distance.h"
#include "base/error.h"
#include "base/limits.h"
#include "fs/path_check.h"
#include "server/config/config_value.h"

struct reader {
    struct report *report;
    struct arena *arena;   // of what is kept
    struct arena *scratch; // of the rest
    struct span folder;    // what relative paths begin with
    bool failed;           // out of memory
};

static void read_section(struct reader *r, const struct option_section *section,
                         const struct config_node *node, void *to);
static void read_kind(struct reader *r, const struct resource_kind *kind,
                      const struct config_node *node, struct kind_route *to);

static void *allocate(struct reader *r, struct arena *arena, size_t size)
{
    void *memory = arena_alloc(arena, size ? size : 1);

    r->failed |= !memory;
    return memory;
}

/* Text for the life of the configuration, with a NUL; NULL when out of memory. */
static char *keep(struct reader *r, struct span before, struct span text)
{
    char *kept = allocate(r, r->arena, before.len + text.len + 1);

    if (!kept)
        return NULL;
    if (before.len)
        memcpy(kept, before.ptr, before.len);
    if (text.len)
        memcpy(kept + before.len, text.ptr, text.len);
    kept[before.len + text.len] = '\0';
    return kept;
}

/* "key "x": there is no value; expected ..." */
static void report_value(struct reader *r, const struct config_node *at,
                         const struct option_section *section, const struct option_row *key,
                         const char *wrong)
{
    struct buf *out = report_at(r->report, at->at, section->path, key->name);

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

/* Whether the system lets us use a path; otherwise also what was expected. */
static const char *path_wrong(enum option_kind kind, const char *path, const char **ret_expected)
{
    const char *wrong;

    switch (kind) {
    case OPTION_FOLDER:
        *ret_expected = "the path of a folder";
        wrong = path_not_folder(path);
        if (wrong)
            return wrong;
        *ret_expected = "a folder that it may";
        return path_not_permitted(path, X_OK);
    case OPTION_FILE:
        *ret_expected = "the path of a readable file of at most 1M";
        return path_not_readable(path, LIMIT_ERROR_PAGE);
    case OPTION_LOG:
        *ret_expected = "stderr, off or a file that can be written";
        return path_not_writable(path, false);
    default:
        *ret_expected = "sqlite: and a file that can be written, in a folder that is there";
        return path_not_writable(path, true);
    }
}

/* The path that a value tells, as the system is asked for it. */
static void read_path(struct reader *r, const struct option_section *section,
                      const struct option_row *key, const struct config_node *node, void *to)
{
    struct span path = config_value_path(key, node->text);
    const char *wrong, *expected;
    char *whole;

    if (!path.len)
        return;
    whole = keep(r, path.ptr[0] == '/' ? SPAN("") : r->folder, path);
    if (!whole)
        return;
    if (key->kind == OPTION_LOG)
        ((struct config_log *)to)->file = whole;
    else
        *(const char **)to = whole;
    wrong = path_wrong(key->kind, whole, &expected);
    if (wrong)
        report_path(r->report, node->at, section->path, key->name, whole, wrong, expected);
}

/* Names, paths of requests and hosts are parts of the file's text so far. */
static void keep_text(struct reader *r, const struct option_row *key, struct span *text)
{
    char *kept = keep(r, SPAN(""), *text);

    if (!kept)
        return;
    for (size_t i = 0; i < text->len; i++)
        if (key->kind == OPTION_HOST || key->kind == OPTION_HOSTS)
            kept[i] = ascii_lower(kept[i]);
    text->ptr = kept;
}

static void report_scalar(struct reader *r, const struct option_section *section,
                          const struct option_row *key, const struct config_node *node,
                          const char *wrong)
{
    struct buf *out = report_at(r->report, node->at, section->path, key->name);
    struct span similar;

    if (!out)
        return;
    report_add_quoted(out, node->text);
    buf_addf(out, " %s; expected ", wrong);
    config_add_expected(out, key);
    similar = key->kind == OPTION_ERROR ? outcome_similar(node->text) : (struct span){NULL, 0};
    if (similar.len && !span_eq(similar, node->text))
        buf_addf(out, "; did you mean \"%.*s\"?", SPAN_ARG(similar));
}

/* The path of a Unix socket that a value names, as the system is asked for it, and hosts. */
static void keep_address(struct reader *r, const struct option_section *section,
                         const struct option_row *key, const struct config_node *node,
                         struct listen_address *to)
{
    struct span path = listen_path(node->text);
    char *kept = path.len ? keep(r, path.ptr[0] == '/' ? SPAN("") : r->folder, path)
                          : keep(r, SPAN(""), to->host);
    const char *wrong;
    int error;

    if (!kept)
        return;
    if (!path.len) {
        to->host.ptr = kept;
        return;
    }
    error = listen_at_path(span_from_str(kept), to);
    if (error < 0) {
        report_scalar(r, section, key, node, listen_wrong(error));
        return;
    }
    wrong = path_not_socket(kept);
    if (wrong)
        report_path(r->report, node->at, section->path, key->name, kept, wrong,
                    "the path of a socket that can be made, in a folder that is there");
}

static void keep_value(struct reader *r, const struct option_section *section,
                       const struct option_row *key, const struct config_node *node, void *to)
{
    switch (key->kind) {
    case OPTION_NAME:
    case OPTION_PATTERN:
    case OPTION_PATH:
    case OPTION_HOST:
    case OPTION_HOSTS:
        keep_text(r, key, to);
        break;
    case OPTION_FILE:
    case OPTION_FOLDER:
    case OPTION_LOG:
    case OPTION_STATE:
        read_path(r, section, key, node, to);
        break;
    case OPTION_ADDRESS:
    case OPTION_ADDRESSES:
        keep_address(r, section, key, node, to);
        break;
    default:
        break;
    }
}

static void read_scalar(struct reader *r, const struct option_section *section,
                        const struct option_row *key, const struct config_node *node, void *to)
{
    const char *wrong;

    if (node->kind != CONFIG_NODE_SCALAR) {
        report_value(r, node, section, key,
                     node->kind == CONFIG_NODE_LIST
                         ? "there is a list where a single value belongs"
                         : "there are keys where a single value belongs");
        return;
    }
    if (config_node_is_null(node) || node->text.len == 0) {
        report_value(r, node, section, key, "there is no value");
        return;
    }
    wrong = config_value_read(key, node->text, to);
    if (wrong)
        report_scalar(r, section, key, node, wrong);
    else
        keep_value(r, section, key, node, to);
}

/* Bytes of one member of a list that the key takes. */
static size_t member_size(const struct option_row *key)
{
    return key->section ? key->section->size : sizeof(struct span);
}

/* One of OPTION_ADDRESSES: the address alone, or with more keys. */
static void read_address(struct reader *r, const struct option_section *section,
                         const struct option_row *key, const struct config_node *member, void *item)
{
    config_read_nothing(key->section, item);
    if (member->kind == CONFIG_NODE_MAPPING)
        read_section(r, key->section, member, item);
    else
        read_scalar(r, section, key, member, (char *)item + key->section->rows[0].offset);
}

static void read_members(struct reader *r, const struct option_section *section,
                         const struct option_row *key, const struct config_node *node,
                         struct option_list *to)
{
    size_t most = 0, size = member_size(key);

    for (const struct config_node *member = node->first; member; member = member->next)
        most++;
    if (most > (size_t)key->high)
        most = (size_t)key->high;
    to->items = allocate(r, r->arena, most * size); // a kind of resource keeps its lists
    for (const struct config_node *member = node->first; member && to->items;
         member = member->next) {
        void *item = (char *)to->items + to->count * size;

        if (to->count == most) {
            struct buf *out = report_at(r->report, member->at, section->path, key->name);

            if (out)
                buf_addf(out, "the list is too long; expected at most %zu members", most);
            return;
        }
        to->count++;
        if (key->kind == OPTION_ADDRESSES)
            read_address(r, section, key, member, item);
        else if (key->section)
            read_section(r, key->section, member, item);
        else
            read_scalar(r, section, key, member, item);
    }
    if (to->count < (size_t)key->low)
        report_value(r, node, section, key, "the list is empty");
}

static void read_list(struct reader *r, const struct option_section *section,
                      const struct option_row *key, const struct config_node *node,
                      struct option_list *to)
{
    if (node->kind == CONFIG_NODE_LIST)
        read_members(r, section, key, node, to);
    else
        report_value(r, node, section, key,
                     config_node_is_null(node)           ? "there is no value"
                     : node->kind == CONFIG_NODE_MAPPING ? "there are keys where a list belongs"
                                                         : "there is a single value where a list "
                                                           "belongs");
}

static void read_value(struct reader *r, const struct option_section *section,
                       const struct option_row *key, const struct config_node *node, void *to)
{
    if (key->kind == OPTION_ADDRESSES || key->kind == OPTION_HOSTS || key->kind == OPTION_SECTIONS)
        read_list(r, section, key, node, to);
    else if (config_kind(key))
        read_kind(r, config_kind(key), node, to);
    else if (key->kind == OPTION_SECTION)
        read_section(r, key->section, node, to);
    else
        read_scalar(r, section, key, node, to);
}

static void report_unknown(struct reader *r, const struct config_node *at,
                           const struct option_section *section)
{
    struct buf *out = report_at(r->report, at->at, section->path, at->text);
    const struct option_row *similar = NULL;
    size_t best = SIZE_MAX;

    if (!out)
        return;
    for (size_t i = 0; i < section->count; i++) {
        size_t distance = distance_words(at->text, section->rows[i].name);

        if (distance < best) {
            best = distance;
            similar = &section->rows[i];
        }
    }
    buf_add(out, SPAN("there is no such key; expected "));
    if (similar && distance_is_close(at->text, best)) {
        buf_addf(out, "perhaps \"%.*s\"", SPAN_ARG(similar->name));
        return;
    }
    for (size_t i = 0; i < section->count; i++) {
        buf_add_str(out, i == 0 ? "" : i + 1 < section->count ? ", " : " or ");
        buf_add(out, section->rows[i].name);
    }
}

/* What must be there and is not; where[i] is the key of row i, or NULL. */
static void check_missing(struct reader *r, const struct option_section *section,
                          const struct config_node *node, const struct config_node *const *where)
{
    for (size_t i = 0; i < section->count; i++)
        if (section->rows[i].need == OPTION_MUST && !where[i])
            report_value(r, node, section, &section->rows[i], "it is missing");
}

/* That a section has exactly one of the keys that say how a route answers, where it has such. */
static void check_kind(struct reader *r, const struct option_section *section,
                       const struct config_node *node, const struct config_node *const *where)
{
    const struct config_node *second = NULL;
    size_t kinds = 0, chosen = 0;
    const char *between = "";
    struct buf *out;

    for (size_t i = 0; i < section->count; i++)
        kinds += section->rows[i].need == OPTION_KIND_OF_ROUTE;
    for (const struct config_node *at = node->first; at; at = at->next) {
        const struct option_row *key = option_find(section, at->text);

        if (key && key->need == OPTION_KIND_OF_ROUTE && where[key - section->rows] == at &&
            ++chosen == 2)
            second = at;
    }
    if (!kinds || chosen == 1)
        return;
    out = report_at(r->report, second ? second->at : node->at, section->path,
                    second ? second->text : SPAN(""));
    if (!out)
        return;
    buf_add_str(out, second ? "the route says already in another way how it answers; expected "
                              "exactly one of: "
                            : "the route does not say how it answers; expected exactly one of: ");
    for (size_t i = 0; i < section->count; i++) {
        if (section->rows[i].need != OPTION_KIND_OF_ROUTE)
            continue;
        buf_addf(out, "%s%.*s", between, SPAN_ARG(section->rows[i].name));
        between = ", ";
    }
}

/* Keys of what is written that can do nothing, as nothing is. */
static void check_idle(struct reader *r, const struct option_section *section,
                       const struct config_node *const *where)
{
    const struct option_row *write = option_find(section, SPAN("write"));
    const struct config_node *at = write ? where[write - section->rows] : NULL;
    bool writes = false;

    if (at && (config_parse_boolean(at->value->text, &writes) < 0 || writes))
        return; // what is wrong with it has been told
    for (size_t i = 0; i < section->count; i++)
        if (section->rows[i].need == OPTION_WRITABLE && where[i])
            report_add(r->report, where[i]->at, section->path, section->rows[i].name,
                       "it can do nothing, as the route is not writable; expected "
                       "\"write: true\" beside it, or no such key");
}

static void report_no_keys(struct reader *r, const struct option_section *section,
                           const struct config_node *node)
{
    struct buf *out = report_at(r->report, node->at, section->path, SPAN(""));

    if (!out)
        return;
    buf_add_str(out, config_node_is_null(node)        ? "there is no value"
                     : node->kind == CONFIG_NODE_LIST ? "there is a list where keys belong"
                                                      : "there is a single value where keys "
                                                        "belong");
    buf_add(out, SPAN("; expected keys like "));
    report_add_quoted(out, section->rows[0].name);
}

/* One key of a section and its value; where: as check_missing has it. */
static void read_key(struct reader *r, const struct option_section *section,
                     const struct config_node *at, const struct config_node **where, void *to)
{
    const struct option_row *key = option_find(section, at->text);
    const struct config_node **seen = key ? &where[key - section->rows] : NULL;
    struct buf *out;

    if (!key) {
        report_unknown(r, at, section);
        return;
    }
    if (!*seen) {
        *seen = at;
        read_value(r, section, key, at->value, (char *)to + key->offset);
        return;
    }
    out = report_at(r->report, at->at, section->path, at->text);
    if (out)
        buf_addf(out, "it stands in line %zu already; expected each key once", (*seen)->at.line);
}

/* The keys that are there, by row; NULL when out of memory. */
static const struct config_node **read_keys(struct reader *r, const struct option_section *section,
                                            const struct config_node *node, void *to)
{
    const struct config_node **where = allocate(r, r->scratch, section->count * sizeof *where);

    config_read_nothing(section, to);
    if (!where)
        return NULL;
    for (size_t i = 0; i < section->count; i++)
        where[i] = NULL;
    if (node->kind != CONFIG_NODE_MAPPING) {
        report_no_keys(r, section, node);
        return where;
    }
    for (const struct config_node *at = node->first; at; at = at->next)
        read_key(r, section, at, where, to);
    check_missing(r, section, node, where);
    check_kind(r, section, node, where);
    check_idle(r, section, where);
    return where;
}

static void read_section(struct reader *r, const struct option_section *section,
                         const struct config_node *node, void *to)
{
    read_keys(r, section, node, to);
}

static void read_kind(struct reader *r, const struct resource_kind *kind,
                      const struct config_node *node, struct kind_route *to)
{
    const struct option_section *section = &kind->options;
    struct position *positions = allocate(r, r->scratch, section->count * sizeof *positions);
    bool *given = allocate(r, r->scratch, section->count * sizeof *given);
    const struct config_node **where;
    void *options = allocate(r, r->arena, section->size);

    if (!options || !positions || !given)
        return;
    where = read_keys(r, section, node, options);
    for (size_t i = 0; i < section->count && where; i++) {
        given[i] = where[i] != NULL;
        positions[i] = config_tree_position(where[i] ? where[i]->value : NULL);
    }
    *to = (struct kind_route){
        .kind = kind, .options = options, .given = given, .positions = positions};
}

void config_read_nothing(const struct option_section *section, void *to)
{
    memset(to, 0, section->size);
    for (size_t i = 0; i < section->count; i++) {
        const struct option_row *key = &section->rows[i];
        char *at = (char *)to + key->offset;

        switch (key->kind) {
        case OPTION_NUMBER:
        case OPTION_SIZE:
        case OPTION_DURATION:
        case OPTION_MODE:
        case OPTION_USER:
        case OPTION_GROUP:
        case OPTION_CHANCE:
            *(uint64_t *)at = (uint64_t)key->standard;
            break;
        case OPTION_BOOLEAN:
            *(bool *)at = key->standard;
            break;
        case OPTION_NAME:
            *(struct span *)at = span_from_str(key->standard_text);
            break;
        case OPTION_SECTION:
            if (!config_kind(key))
                config_read_nothing(key->section, at);
            break;
        default:
            break;
        }
    }
}

int config_read(const struct config_node *root, struct span folder, struct arena *arena,
                struct arena *scratch, struct report *report, struct config_draft *ret_draft)
{
    struct reader r = {.report = report, .arena = arena, .scratch = scratch, .folder = folder};
    size_t before = report->count;

    read_section(&r, &config_schema, root, ret_draft);
    if (r.failed)
        return -CANDOR_E_MEMORY;
    return report->count == before ? 0 : -CANDOR_E_CONFIG;
}
