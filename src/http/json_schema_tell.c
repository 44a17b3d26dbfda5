// SPDX-License-Identifier: MIT
/* Violations in words. */
#include "base/error.h"
#include "http/json_schema_place.h"
#include "http/json_schema_run.h"
#include "http/json_uri.h"
#include "http/json_value.h"

#include <inttypes.h>

enum { LEVELS = LIMIT_JSON_DEPTH + 2, TOLD_VALUES = 8, TOLD_BYTES = 200 };

static void add_instance(struct buf *b, const struct schema_at *at)
{
    const struct schema_at *way[LEVELS];
    size_t count = 0;

    for (; at && count < LEVELS; at = at->up)
        way[count++] = at;
    while (count) {
        at = way[--count];
        if (at->name.ptr)
            json_pointer_add(b, at->name);
        else
            buf_addf(b, "/%zu", at->index);
    }
    schema_place_cut(b, 0);
}

static struct span keep(struct schema_run *r, struct buf *b)
{
    struct span kept = {0};

    if (!b->failed)
        kept = arena_copy(r->told->arena, b->len ? buf_span(b) : SPAN(""));
    if (!kept.ptr)
        r->error = -CANDOR_E_MEMORY;
    buf_done(b);
    *b = (struct buf){0};
    return kept;
}

/* The violation that is to be filled in; NULL: there are too many. */
static struct json_violation *add_violation(struct schema_run *r, const struct schema_node *node,
                                            struct span keyword, const struct schema_at *at)
{
    struct json_violation *v;
    struct buf b = {0};

    if (r->told->count == LIMIT_JSON_VIOLATIONS) {
        r->told->has_more = true;
        r->told = NULL; // the rest of the walk is short
        return NULL;
    }
    v = &r->told->list[r->told->count];
    *v = (struct json_violation){0};
    add_instance(&b, at);
    v->instance = keep(r, &b);
    schema_place_add(&b, node);
    if (keyword.len) {
        buf_add_char(&b, '/');
        buf_add(&b, keyword);
    }
    schema_place_cut(&b, 0);
    v->schema = keep(r, &b);
    v->keyword = keyword;
    return v;
}

static void finish(struct schema_run *r, struct json_violation *v, struct buf *expected,
                   struct buf *found)
{
    v->expected = keep(r, expected);
    v->found = keep(r, found);
    if (!r->error)
        r->told->count++;
}

static void add_count(struct buf *b, size_t count, const char *what)
{
    buf_addf(b, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

/* Cut after so many bytes, and between characters. */
static void add_text(struct buf *b, struct span text)
{
    size_t n = text.len < TOLD_BYTES ? text.len : TOLD_BYTES;

    while (n && n < text.len && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
        n--;
    buf_add_char(b, '"');
    buf_add_json(b, span_first(text, n));
    buf_add_str(b, n < text.len ? "...\"" : "\"");
}

static void add_types(struct buf *b, unsigned allowed)
{
    static const char *const words[] = {"null",     "true or false", "an object",     "an array",
                                        "a number", "a string",      "a whole number"};
    bool is_first = true;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (allowed & (1U << i)) {
            buf_add_str(b, is_first ? "" : " or ");
            buf_add_str(b, words[i]);
            is_first = false;
        }
}

static void add_enum(struct buf *b, const json_t *values)
{
    size_t count = json_array_size(values);

    if (count == 0)
        buf_add_str(b, "nothing, as no value is allowed");
    for (size_t i = 0; i < count && i < TOLD_VALUES; i++) {
        buf_add_str(b, i == 0 ? "" : i + 1 == count ? " or " : ", ");
        json_value_print(json_array_get(values, i), b);
    }
    if (count > TOLD_VALUES)
        buf_addf(b, " or one of %zu more", count - TOLD_VALUES);
}

static void add_bounds(struct buf *b, const struct schema_rule *rule)
{
    if (rule->contains.most == SIZE_MAX)
        buf_addf(b, "at least %zu", rule->contains.least);
    else
        buf_addf(b, "%zu to %zu", rule->contains.least, rule->contains.most);
    buf_add_str(b, " that fit the schema of \"contains\"");
}

static void add_number(struct buf *b, const char *words, const json_t *number)
{
    buf_add_str(b, words);
    json_value_print(number, b);
}

static void add_expected(struct buf *b, const struct schema_rule *rule)
{
    switch (rule->keyword) {
    case KEYWORD_TYPE:
        add_types(b, rule->allowed);
        return;
    case KEYWORD_CONST:
        json_value_print(rule->value, b);
        return;
    case KEYWORD_ENUM:
        add_enum(b, rule->set->source);
        return;
    case KEYWORD_MAXIMUM:
        add_number(b, "a number of at most ", rule->value);
        return;
    case KEYWORD_EXCLUSIVE_MAXIMUM:
        add_number(b, "a number below ", rule->value);
        return;
    case KEYWORD_MINIMUM:
        add_number(b, "a number of at least ", rule->value);
        return;
    case KEYWORD_EXCLUSIVE_MINIMUM:
        add_number(b, "a number above ", rule->value);
        return;
    case KEYWORD_MAX_LENGTH:
    case KEYWORD_MIN_LENGTH:
        buf_add_str(b, rule->keyword == KEYWORD_MAX_LENGTH ? "at most " : "at least ");
        add_count(b, rule->count, "character");
        return;
    case KEYWORD_MAX_ITEMS:
    case KEYWORD_MIN_ITEMS:
        buf_add_str(b, rule->keyword == KEYWORD_MAX_ITEMS ? "at most " : "at least ");
        add_count(b, rule->count, "item");
        return;
    case KEYWORD_MAX_PROPERTIES:
    case KEYWORD_MIN_PROPERTIES:
        buf_add_str(b, rule->keyword == KEYWORD_MAX_PROPERTIES ? "at most " : "at least ");
        add_count(b, rule->count, "member");
        return;
    case KEYWORD_FORMAT:
        buf_add_str(b, rule->format->meaning);
        return;
    case KEYWORD_UNIQUE_ITEMS:
        buf_add_str(b, "items that all differ");
        return;
    case KEYWORD_CONTAINS:
        add_bounds(b, rule);
        return;
    case KEYWORD_ANY_OF:
    case KEYWORD_ONE_OF:
        buf_addf(b, "a value that fits %s of %zu schemas",
                 rule->keyword == KEYWORD_ANY_OF ? "at least one" : "exactly one",
                 rule->nodes.count);
        return;
    case KEYWORD_NOT:
        buf_add_str(b, "a value that does not fit the schema of \"not\"");
        return;
    default:
        return;
    }
}

/* What is there in the place of what was expected. */
static void add_found(struct schema_run *r, struct buf *b, const struct schema_rule *rule,
                      const struct schema_at *at, const json_t *value, size_t count)
{
    size_t first, second;

    switch (rule->keyword) {
    case KEYWORD_MAX_LENGTH:
    case KEYWORD_MIN_LENGTH:
        add_count(b, json_string_characters(json_string_span(value)), "character");
        return;
    case KEYWORD_MAX_ITEMS:
    case KEYWORD_MIN_ITEMS:
        add_count(b, json_array_size(value), "item");
        return;
    case KEYWORD_MAX_PROPERTIES:
    case KEYWORD_MIN_PROPERTIES:
        add_count(b, json_object_size(value), "member");
        return;
    case KEYWORD_UNIQUE_ITEMS:
        if (schema_find_equal(r, value, &first, &second))
            buf_addf(b, "that items %zu and %zu are equal", first, second);
        return;
    case KEYWORD_CONTAINS:
        add_count(b, count, "such item");
        return;
    case KEYWORD_ONE_OF:
        json_value_describe(value, b);
        buf_addf(b, count ? ", which fits %zu of them" : ", which fits none", count);
        return;
    default:
        if (at && at->is_name)
            buf_add_str(b, "the name ");
        (at && at->is_name ? json_value_print : json_value_describe)(value, b);
    }
}

/* Members that have to be there: each that is not is a violation. */
static void tell_absent(struct schema_run *r, const struct schema_node *node,
                        const struct schema_rule *rule, const struct schema_at *at,
                        const json_t *object, const struct schema_names *names,
                        const struct span *because)
{
    for (size_t i = 0; i < names->count && r->told && !r->error; i++) {
        struct buf expected = {0}, found = {0};
        struct json_violation *v;

        if (json_member(object, names->list[i]))
            continue;
        v = add_violation(r, node, schema_keyword_names[rule->keyword], at);
        if (!v)
            return;
        buf_add_str(&expected, "a member ");
        add_text(&expected, names->list[i]);
        if (because) {
            buf_add_str(&expected, ", as there is ");
            add_text(&expected, *because);
        }
        buf_add_str(&found, "no such member");
        finish(r, v, &expected, &found);
    }
}

void schema_tell(struct schema_run *r, const struct schema_node *node,
                 const struct schema_rule *rule, const struct schema_at *at, const json_t *value,
                 size_t count)
{
    struct buf expected = {0}, found = {0};
    struct json_violation *v;

    if (rule->keyword == KEYWORD_REQUIRED) {
        tell_absent(r, node, rule, at, value, &rule->names, NULL);
        return;
    }
    if (rule->keyword == KEYWORD_DEPENDENT_REQUIRED) {
        for (size_t i = 0; i < rule->dependencies.count && r->told; i++) {
            const struct schema_dependency *d = &rule->dependencies.list[i];

            if (json_member(value, d->name))
                tell_absent(r, node, rule, at, value, &d->names, &d->name);
        }
        return;
    }
    v = add_violation(r, node, schema_keyword_names[rule->keyword], at);
    if (!v)
        return;
    if (rule->keyword == KEYWORD_PATTERN) {
        buf_add_str(&expected, "a string that matches ");
        add_text(&expected, json_string_span(json_object_get(node->json, "pattern")));
    } else if (rule->keyword == KEYWORD_MULTIPLE_OF) {
        add_number(&expected, "a multiple of ", json_object_get(node->json, "multipleOf"));
    } else {
        add_expected(&expected, rule);
    }
    add_found(r, &found, rule, at, value, count);
    finish(r, v, &expected, &found);
}

/* The keyword that a node is the value of, or that it is in the value of. */
static struct span keyword_of(const struct schema_node *node)
{
    struct span path = span_from(node->path, 1);

    return span_first(path, span_find(path, '/'));
}

void schema_tell_false(struct schema_run *r, const struct schema_node *node,
                       const struct schema_at *at, const json_t *value)
{
    struct buf expected = {0}, found = {0};
    struct json_violation *v = add_violation(r, node, SPAN(""), at);

    if (!v)
        return;
    v->keyword = keyword_of(node);
    buf_add_str(&expected, !at             ? "nothing, as the schema is false"
                           : !at->name.ptr ? "no such item"
                                           : "no member of this name");
    json_value_describe(value, &found);
    finish(r, v, &expected, &found);
}
