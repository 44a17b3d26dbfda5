// SPDX-License-Identifier: MIT
#include "server/config/config_tree.h"

#include "base/error.h"
#include "base/limits.h"

#include <yaml.h>

/* What the parser of the tree knows while it runs. */
struct builder {
    yaml_parser_t yaml;
    struct span text;
    struct arena *arena;
    struct report *report;
    struct config_node *open[LIMIT_CONFIG_DEPTH]; // containers that are not at their end yet
    size_t depth;
    struct config_node *root;
};

/* The keys that lead to what comes next, as in "limits.content". */
static void add_way(const struct builder *b, struct buf *out)
{
    for (size_t i = 0; i < b->depth; i++) {
        const struct config_node *at = b->open[i];

        if (at->kind != CONFIG_NODE_MAPPING || !at->last || (i + 1 == b->depth && at->last->value))
            continue;
        if (out->len)
            buf_add_char(out, '.');
        buf_add(out, at->last->text);
    }
}

static int report_event(struct builder *b, const yaml_mark_t *mark, const char *sentence)
{
    struct position at = {mark->line + 1, mark->column + 1};
    struct buf way = {0};

    add_way(b, &way);
    report_add(b->report, at, "", buf_span(&way), sentence);
    b->report->text.failed |= way.failed;
    buf_done(&way);
    return -CANDOR_E_CONFIG;
}

/* Where an octet stands: the reader's errors come without a line and column. */
static yaml_mark_t mark_from_offset(struct span text, size_t offset)
{
    yaml_mark_t mark = {0};

    for (size_t i = 0; i < offset && i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            mark.line++;
            mark.column = 0;
        } else if (((unsigned char)text.ptr[i] & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

/* What people write most often that is not YAML, and its parser tells darkly; or NULL. */
static const char *syntax_told_plainly(struct span text, const yaml_parser_t *yaml)
{
    size_t at = yaml->problem_mark.index;

    if (yaml->error != YAML_SCANNER_ERROR || !yaml->problem)
        return NULL;
    // The index is of characters: it is that of octets where all before it is ASCII.
    for (size_t i = 0; i < at && i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return NULL;
    if (at < text.len && text.ptr[at] == '\t')
        return "a tab stands where only spaces may; expected spaces";
    if (strcmp(yaml->problem, "mapping values are not allowed in this context") == 0)
        return "a key stands where none can, for its indentation or a space missing behind the "
               "colon before it; expected keys and values, like \"workers: 4\"";
    return NULL;
}

static int report_syntax(struct builder *b)
{
    const yaml_parser_t *yaml = &b->yaml;
    yaml_mark_t mark = yaml->problem_mark;
    struct position at;
    const char *plain;
    struct buf *out;

    if (yaml->error == YAML_MEMORY_ERROR)
        return -CANDOR_E_MEMORY;
    if (yaml->error == YAML_READER_ERROR)
        mark = mark_from_offset(b->text, yaml->problem_offset);
    at = (struct position){mark.line + 1, mark.column + 1};
    plain = syntax_told_plainly(b->text, yaml);
    if (plain) {
        report_add(b->report, at, "", SPAN(""), plain);
        return -CANDOR_E_CONFIG;
    }
    out = report_at(b->report, at, "", SPAN(""));
    if (!out)
        return -CANDOR_E_CONFIG;
    buf_addf(out, "this is not YAML: %s", yaml->problem ? yaml->problem : "it cannot be read");
    if (yaml->context && yaml->error != YAML_READER_ERROR)
        buf_addf(out, " (%s that begins in line %zu)", yaml->context, yaml->context_mark.line + 1);
    buf_add(out, SPAN("; expected keys and values, like \"workers: 4\""));
    return -CANDOR_E_CONFIG;
}

/* Puts a node where it belongs: the root, the next member of a list, a key, or a key's value. */
static int tree_add(struct builder *b, struct config_node *node, const yaml_mark_t *mark)
{
    struct config_node *parent = b->depth ? b->open[b->depth - 1] : NULL;

    if (!parent) {
        b->root = node;
        return 0;
    }
    if (parent->kind == CONFIG_NODE_MAPPING) {
        if (parent->last && !parent->last->value) {
            parent->last->value = node;
            return 0;
        }
        if (node->kind != CONFIG_NODE_SCALAR || node->text.len == 0)
            return report_event(b, mark, "a key is not a word; expected keys like \"workers:\"");
    }
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    return 0;
}

static int tree_add_scalar(struct builder *b, const yaml_event_t *event, struct config_node *node)
{
    struct span text = span_of((const char *)event->data.scalar.value, event->data.scalar.length);

    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return report_event(b, &event->start_mark,
                                "the text has a line end or a control character in it; expected "
                                "text within one line");
    node->kind = CONFIG_NODE_SCALAR;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = arena_copy(b->arena, text);
    if (text.len && !node->text.ptr)
        return -CANDOR_E_MEMORY;
    return tree_add(b, node, &event->start_mark);
}

static int tree_open(struct builder *b, const yaml_event_t *event, struct config_node *node)
{
    int r;

    node->kind = event->type == YAML_MAPPING_START_EVENT ? CONFIG_NODE_MAPPING : CONFIG_NODE_LIST;
    r = tree_add(b, node, &event->start_mark);
    if (r < 0)
        return r;
    if (b->depth == LIMIT_CONFIG_DEPTH)
        return report_event(b, &event->start_mark,
                            "the nesting is too deep; expected a few levels");
    b->open[b->depth++] = node;
    return 0;
}

/* Anchors and tags could make the same text mean something else to another reader. */
static const char *event_refused(const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (event->type == YAML_ALIAS_EVENT) {
        return "aliases are not supported; expected the value itself";
    } else if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    }
    if (anchor)
        return "anchors are not supported; expected a value without a name";
    return tag ? "tags are not supported; expected a value without a type" : NULL;
}

static int tree_event(struct builder *b, const yaml_event_t *event)
{
    const char *refused = event_refused(event);
    struct config_node *node;

    if (refused)
        return report_event(b, &event->start_mark, refused);
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->root)
            return report_event(b, &event->start_mark,
                                "a second document begins here; expected one document");
        return 0;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return 0;
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        break;
    default:
        return 0;
    }
    node = arena_alloc(b->arena, sizeof *node);
    if (!node)
        return -CANDOR_E_MEMORY;
    *node = (struct config_node){.at = {event->start_mark.line + 1, event->start_mark.column + 1}};
    return event->type == YAML_SCALAR_EVENT ? tree_add_scalar(b, event, node)
                                            : tree_open(b, event, node);
}

int config_tree_parse(struct span text, struct arena *arena, struct report *report,
                      struct config_node **ret_root)
{
    struct builder b = {.text = text, .arena = arena, .report = report};
    bool ended = false;
    int r = 0;

    if (!yaml_parser_initialize(&b.yaml))
        return -CANDOR_E_MEMORY;
    yaml_parser_set_input_string(&b.yaml, (const unsigned char *)text.ptr, text.len);
    while (r == 0 && !ended) {
        yaml_event_t event;

        if (!yaml_parser_parse(&b.yaml, &event)) {
            r = report_syntax(&b);
            break;
        }
        ended = event.type == YAML_STREAM_END_EVENT;
        r = tree_event(&b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&b.yaml);
    if (r < 0)
        return r;
    if (!b.root || config_node_is_null(b.root))
        return report_event(&b, &(yaml_mark_t){0},
                            "the file is empty; expected at least the key \"routes\"");
    *ret_root = b.root;
    return 0;
}

const struct config_node *config_tree_key(const struct config_node *mapping, const char *name)
{
    if (!mapping || mapping->kind != CONFIG_NODE_MAPPING)
        return NULL;
    for (const struct config_node *key = mapping->first; key; key = key->next)
        if (span_eq(key->text, span_from_str(name)))
            return key->value;
    return NULL;
}

const struct config_node *config_tree_member(const struct config_node *list, size_t index)
{
    const struct config_node *member = NULL;

    if (list && list->kind == CONFIG_NODE_LIST)
        for (member = list->first; member && index; index--)
            member = member->next;
    return member;
}

struct position config_tree_position(const struct config_node *node)
{
    return node ? node->at : (struct position){0};
}

bool config_node_is_null(const struct config_node *node)
{
    return node->kind == CONFIG_NODE_SCALAR && node->plain &&
           (node->text.len == 0 || span_eq(node->text, SPAN("~")) ||
            span_eq_nocase(node->text, SPAN("null")));
}
