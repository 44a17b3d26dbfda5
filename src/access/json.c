// SPDX-License-Identifier: MIT
#include "access/json.h"

/* Whether brackets are nested no deeper than that; where they are, *ret_at is the bracket. jansson
 * has a bound of its own, of thousands. */
static bool is_shallow(struct span text, size_t depth, size_t *ret_at)
{
    size_t open = 0;
    bool string = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (string && c == '\\') {
            i++;
        } else if (c == '"') {
            string = !string;
        } else if (!string && (c == '{' || c == '[')) {
            if (++open > depth) {
                *ret_at = i;
                return false;
            }
        } else if (!string && (c == '}' || c == ']') && open) {
            open--;
        }
    }
    return true;
}

json_t *json_read_object(struct span text, size_t depth, size_t *ret_fault)
{
    json_error_t error = {.position = 0};
    json_t *value = NULL;
    size_t at = 0;

    if (text.len && is_shallow(text, depth, &at)) {
        value = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
        at = error.position > 0 ? (size_t)error.position : 0;
        if (json_is_object(value))
            return value;
        json_decref(value);
    }
    if (ret_fault)
        *ret_fault = at;
    return NULL;
}

struct span json_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_string(value) ? span_of(json_string_value(value), json_string_length(value))
                                 : span_of(NULL, 0);
}
