// SPDX-License-Identifier: MIT
#include "access/claims.h"

#include <inttypes.h>
#include <jansson.h>

/* A name of a claim has no NUL: jansson refuses them in JSON. */
static const json_t *get(const struct claims *c, struct span name)
{
    return name.len ? json_object_getn((const json_t *)c, name.ptr, name.len) : NULL;
}

void claims_free(struct claims *c)
{
    json_decref((json_t *)c);
}

struct span claims_text(const struct claims *c, struct span name)
{
    const json_t *value = get(c, name);

    return json_is_string(value) ? span_of(json_string_value(value), json_string_length(value))
                                 : span_of(NULL, 0);
}

bool claims_scope_has(struct span scope, struct span word)
{
    while (word.len && scope.len)
        if (span_eq(span_take_until(&scope, ' '), word))
            return true;
    return false;
}

static bool is_written_so(const json_t *value, struct span text)
{
    char number[32];

    if (json_is_string(value))
        return span_eq(span_of(json_string_value(value), json_string_length(value)), text);
    if (json_is_boolean(value))
        return span_eq(json_is_true(value) ? SPAN("true") : SPAN("false"), text);
    if (!json_is_integer(value))
        return false;
    snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return span_eq(span_from_str(number), text);
}

bool claims_have(const struct claims *c, struct span name, struct span value)
{
    const json_t *found = get(c, name);

    if (json_is_string(found) && span_eq(name, SPAN("scope")))
        return claims_scope_has(claims_text(c, name), value);
    for (size_t i = 0; i < json_array_size(found); i++)
        if (is_written_so(json_array_get(found, i), value))
            return true;
    return found && is_written_so(found, value);
}
