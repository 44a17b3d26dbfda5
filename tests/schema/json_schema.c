// SPDX-License-Identifier: MIT
/*
 * Reads a line of JSON for each schema, and answers each with a line:
 *
 *     {"schema": TEXT, "values": [TEXT, ...], "documents": {URI: TEXT, ...}, "formats": BOOLEAN}
 *     {"fault": {"error": NUMBER, "place": POINTER, "message": SENTENCE}}
 *     {"results": [{"valid": true}, {"violations": [{...}, ...], "more": BOOLEAN}, {"error":
 * NUMBER, "message": SENTENCE}, ...]}
 *
 * TEXT is JSON as a string, so that it gets here as it was written.
 */
#include "http/json_schema.h"
#include "base/buf.h"
#include "http/json.h"
#include "http/json_value.h"

enum { MOST_DOCUMENTS = 64, ARENA = 4096 };

static void add_member(struct buf *b, const char *name, struct span text)
{
    buf_addf(b, "\"%s\":\"", name);
    buf_add_json(b, text);
    buf_add_char(b, '"');
}

static void add_violation(struct buf *b, const struct json_violation *v)
{
    buf_add_char(b, '{');
    add_member(b, "instance", v->instance);
    buf_add_char(b, ',');
    add_member(b, "keyword", v->keyword);
    buf_add_char(b, ',');
    add_member(b, "schema", v->schema);
    buf_add_char(b, ',');
    add_member(b, "expected", v->expected);
    buf_add_char(b, ',');
    add_member(b, "found", v->found);
    buf_add_char(b, '}');
}

static void check(const struct json_schema *schema, const json_t *value, struct buf *out)
{
    struct arena arena;
    struct json_violations told = {.arena = &arena};
    int r;

    if (arena_init(&arena, ARENA) < 0)
        abort();
    r = json_schema_check(schema, value, &told);
    if (r != json_schema_check(schema, value, NULL))
        abort(); // both ways are to agree
    if (r < 0) {
        buf_addf(out, "{\"error\":%d}", r);
    } else if (r > 0) {
        buf_add_str(out, "{\"valid\":true}");
    } else {
        if (told.count == 0)
            abort();
        buf_addf(out, "{\"more\":%s,\"violations\":[", told.has_more ? "true" : "false");
        for (size_t i = 0; i < told.count; i++) {
            if (i)
                buf_add_char(out, ',');
            add_violation(out, &told.list[i]);
        }
        buf_add_str(out, "]}");
    }
    arena_done(&arena);
}

static void read_and_check(const struct json_schema *schema, struct span text, struct buf *out)
{
    struct json_fault fault = {0};
    json_t *value;
    int r = json_read(text, NULL, &value, &fault);

    if (r < 0) {
        buf_addf(out, "{\"error\":%d,", r);
        add_member(out, "message", span_from_str(fault.message));
        buf_add_char(out, '}');
        return;
    }
    check(schema, value, out);
    json_decref(value);
}

static size_t read_documents(const json_t *map, struct json_schema_document *documents)
{
    struct json_walk w = json_walk_begin(map);
    size_t count = 0;
    json_t *text;

    while (count < MOST_DOCUMENTS && json_walk_next(&w, &documents[count].uri, &text))
        documents[count++].text = json_string_span(text);
    return count;
}

static void answer(const json_t *task, struct buf *out)
{
    struct json_schema_document documents[MOST_DOCUMENTS + 1];
    struct json_schema_options options = {
        .documents = documents,
        .document_count = read_documents(json_object_get(task, "documents"), documents),
        .asserts_formats = json_is_true(json_object_get(task, "formats")),
    };
    const json_t *values = json_object_get(task, "values");
    struct json_schema_fault fault = {0};
    struct json_schema *schema;
    int r = json_schema_compile(json_string_span(json_object_get(task, "schema")), &options,
                                &schema, &fault);

    if (r < 0) {
        buf_addf(out, "{\"fault\":{\"error\":%d,", r);
        add_member(out, "place", span_from_str(fault.place));
        buf_add_char(out, ',');
        add_member(out, "message", span_from_str(fault.message));
        buf_add_str(out, "}}\n");
        return;
    }
    buf_add_str(out, "{\"results\":[");
    for (size_t i = 0; i < json_array_size(values); i++) {
        if (i)
            buf_add_char(out, ',');
        read_and_check(schema, json_string_span(json_array_get(values, i)), out);
    }
    buf_add_str(out, "]}\n");
    json_schema_free(schema);
}

int main(void)
{
    struct buf out = {0};
    char *line = NULL;
    size_t size = 0;
    json_error_t error;

    while (getline(&line, &size, stdin) > 0) {
        json_t *task = json_loads(line, JSON_ALLOW_NUL, &error);

        if (!task) {
            fprintf(stderr, "json-schema: a line is no JSON: %s\n", error.text);
            return 2;
        }
        buf_clear(&out);
        answer(task, &out);
        json_decref(task);
        if (out.failed || fwrite(out.ptr, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
            return 1;
    }
    buf_done(&out);
    free(line);
    return 0;
}
