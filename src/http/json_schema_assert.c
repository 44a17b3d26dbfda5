// SPDX-License-Identifier: MIT
/* The rules that look at a value alone. */
#include "base/error.h"
#include "http/json_schema_run.h"
#include "http/json_value.h"

int schema_matches(struct schema_run *r, const struct json_pattern *pattern, struct span text)
{
    int result =
        json_pattern_matches(pattern, &r->matcher, text, &r->steps, LIMIT_JSON_SCHEMA_STEPS);

    if (result < 0 && r->error == 0)
        r->error = result;
    return result;
}

static bool is_equal(struct schema_run *r, const json_t *a, const json_t *b)
{
    return json_value_eq(a, b, &r->steps, LIMIT_JSON_SCHEMA_STEPS);
}

/* Few items are compared with each other; of more a set is made. */
enum { FEW_ITEMS = 6 };

bool schema_find_equal(struct schema_run *r, const json_t *array, size_t *ret_first,
                       size_t *ret_second)
{
    size_t count = json_array_size(array), slots = json_set_slots(count);
    struct json_set set = {NULL, slots - 1, &r->schema->key, array};
    struct json_set_slot *slot = NULL;
    bool found = false;

    if (count <= FEW_ITEMS) {
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < i; k++)
                if (is_equal(r, json_array_get(array, k), json_array_get(array, i))) {
                    *ret_first = k;
                    *ret_second = i;
                    return true;
                }
        return false;
    }
    set.slots = calloc(slots, sizeof *set.slots);
    if (!set.slots) {
        r->error = -CANDOR_E_MEMORY;
        return false;
    }
    schema_step(r, count);
    for (size_t i = 0; i < count && !found; i++) {
        const json_t *item = json_array_get(array, i);

        slot = json_set_find(&set, item, &r->steps, LIMIT_JSON_SCHEMA_STEPS);
        if (!slot)
            break;
        found = slot->value != NULL;
        if (found) {
            *ret_first = slot->index;
            *ret_second = i;
        } else {
            slot->value = item;
            slot->index = i;
        }
    }
    free(set.slots);
    return found;
}

static bool is_in(struct schema_run *r, const struct json_set *set, const json_t *value)
{
    size_t count = json_array_size(set->source);
    const struct json_set_slot *slot;

    if (count <= FEW_ITEMS) {
        for (size_t i = 0; i < count; i++)
            if (is_equal(r, json_array_get(set->source, i), value))
                return true;
        return false;
    }
    slot = json_set_find(set, value, &r->steps, LIMIT_JSON_SCHEMA_STEPS);
    return slot && slot->value;
}

static bool has_names(struct schema_run *r, const struct schema_names *names, const json_t *object)
{
    schema_step(r, names->count);
    for (size_t i = 0; i < names->count; i++)
        if (!json_member(object, names->list[i]))
            return false;
    return true;
}

static bool has_dependencies(struct schema_run *r, const struct schema_rule *rule,
                             const json_t *object)
{
    schema_step(r, rule->dependencies.count);
    for (size_t i = 0; i < rule->dependencies.count; i++) {
        const struct schema_dependency *d = &rule->dependencies.list[i];

        if (json_member(object, d->name) && !has_names(r, &d->names, object))
            return false;
    }
    return true;
}

static bool is_format(struct schema_run *r, const struct json_format *format, struct span text)
{
    schema_step(r, 1 + text.len / 8);
    return format->matches(text);
}

static size_t characters_of(struct schema_run *r, const json_t *string)
{
    schema_step(r, json_string_length(string) / 64);
    return json_string_characters(json_string_span(string));
}

bool schema_assert(struct schema_run *r, const struct schema_rule *rule, const json_t *value)
{
    size_t first, second;

    switch (rule->keyword) {
    case KEYWORD_TYPE:
        return (rule->allowed & schema_type_of(value)) ||
               ((rule->allowed & TYPE_INTEGER) && json_is_number(value) &&
                json_number_is_whole(value));
    case KEYWORD_CONST:
        return is_equal(r, rule->value, value);
    case KEYWORD_ENUM:
        return is_in(r, rule->set, value);
    case KEYWORD_MULTIPLE_OF:
        return json_number_is_multiple(value, &rule->divisor);
    case KEYWORD_MAXIMUM:
        return json_number_compare(value, rule->value) <= 0;
    case KEYWORD_EXCLUSIVE_MAXIMUM:
        return json_number_compare(value, rule->value) < 0;
    case KEYWORD_MINIMUM:
        return json_number_compare(value, rule->value) >= 0;
    case KEYWORD_EXCLUSIVE_MINIMUM:
        return json_number_compare(value, rule->value) > 0;
    case KEYWORD_MAX_LENGTH:
        return json_string_length(value) <= rule->count || characters_of(r, value) <= rule->count;
    case KEYWORD_MIN_LENGTH:
        return json_string_length(value) >= rule->count && characters_of(r, value) >= rule->count;
    case KEYWORD_PATTERN:
        return schema_matches(r, rule->pattern, json_string_span(value)) > 0;
    case KEYWORD_FORMAT:
        return is_format(r, rule->format, json_string_span(value));
    case KEYWORD_MAX_ITEMS:
        return json_array_size(value) <= rule->count;
    case KEYWORD_MIN_ITEMS:
        return json_array_size(value) >= rule->count;
    case KEYWORD_MAX_PROPERTIES:
        return json_object_size(value) <= rule->count;
    case KEYWORD_MIN_PROPERTIES:
        return json_object_size(value) >= rule->count;
    case KEYWORD_REQUIRED:
        return has_names(r, &rule->names, value);
    case KEYWORD_DEPENDENT_REQUIRED:
        return has_dependencies(r, rule, value);
    case KEYWORD_UNIQUE_ITEMS:
        return !schema_find_equal(r, value, &first, &second);
    default:
        return true; // an annotation
    }
}
