// SPDX-License-Identifier: MIT
/*
 * Input: a schema, a NUL, and a value. What is told and what is only decided must agree, and what
 * compiles must fit the metaschema.
 */
#include "base/error.h"
#include "http/json.h"
#include "http/json_schema.h"
#include "http/json_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_schema *compile(struct span text, bool asserts_formats)
{
    struct json_schema_options options = {.asserts_formats = asserts_formats};
    struct json_schema_fault fault = {0};
    struct json_schema *s = NULL;
    int r = json_schema_compile(text, &options, &s, &fault);

    if ((r == 0) != (s != NULL) || (r < 0 && !fault.message[0]))
        abort();
    return s;
}

static int check(const struct json_schema *s, const json_t *value)
{
    struct arena arena;
    struct json_violations told = {.arena = &arena};
    int r;

    if (arena_init(&arena, 1024) < 0)
        abort();
    r = json_schema_check(s, value, &told);
    if (r != json_schema_check(s, value, NULL))
        abort();
    if ((r == 0 && told.count == 0) || (r > 0 && told.count))
        abort();
    for (size_t i = 0; r == 0 && i < told.count; i++) {
        struct json_violation *v = &told.list[i];

        if (!v->expected.len || !v->found.len || (v->instance.len && v->instance.ptr[0] != '/'))
            abort();
        if (v->instance.len > LIMIT_JSON_POINTER || v->schema.len > LIMIT_JSON_POINTER)
            abort();
    }
    arena_done(&arena);
    return r;
}

/* These are of older drafts, and the schema is not asked about them; vocabularies are for others.
 */
static bool has_odd_words(struct span text)
{
    static const char *const words[] = {"dependencies", "$recursive", "$vocabulary", "\\"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(text.ptr, text.len, words[i], strlen(words[i])))
            return true;
    return false;
}

/* jansson's own reader is to say the same, but for a byte order mark, a NUL byte, which it takes
 * for the end, and what is too large. */
static void compare_with_jansson(struct span text, int result, const json_t *value)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_error_t error;
    json_t *theirs;

    if (span_starts(text, SPAN("\xef\xbb\xbf")) || span_find(text, '\0') < text.len ||
        result == -CANDOR_E_LIMIT)
        return;
    theirs = json_loadb(text.ptr ? text.ptr : "", text.len, flags, &error);
    if (!theirs && json_error_code(&error) == json_error_numeric_overflow)
        return;
    if ((theirs == NULL) != (value == NULL) || (theirs && !json_equal(theirs, value)))
        abort();
    json_decref(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_schema *meta;
    struct span text = span_of((const char *)data, size);
    struct span schema_text = span_take_until(&text, '\0');
    struct json_schema *schema;
    struct json_fault fault;
    json_t *value;
    int r;

    if (!meta)
        meta = compile(SPAN("{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}"), false);
    schema = compile(schema_text, true);
    if (schema && !has_odd_words(schema_text)) {
        if (json_read(schema_text, NULL, &value, &fault) < 0 || check(meta, value) == 0)
            abort();
        json_decref(value);
    }
    fault.offset = 0;
    value = NULL;
    r = json_read(text, NULL, &value, &fault);
    compare_with_jansson(text, r, value);
    if (r == 0) {
        if (schema)
            check(schema, value);
        json_decref(value);
    } else if (fault.offset > text.len || !fault.line || !fault.column) {
        abort();
    }
    json_schema_free(schema);
    return 0;
}
