// SPDX-License-Identifier: MIT
#include <candor/json_schema.h>

#include "base/error.h"
#include "http/json.h"
#include "http/json_schema.h"

#include <assert.h>

static_assert((int)CANDOR_JSON_PLACE_SIZE == (int)sizeof((struct json_schema_fault *)0)->place,
              "the place of a fault");
static_assert((int)CANDOR_JSON_MESSAGE_SIZE == (int)sizeof((struct json_schema_fault *)0)->message,
              "the message of a fault");

enum { FIRST_CHUNK = 1024 };

/* As in http/json_schema.h; its texts end with NUL here. */
struct candor_json_report {
    struct arena arena;
    size_t count;
    bool has_more, is_malformed;
    struct json_fault fault;
    struct {
        const char *instance, *place, *keyword, *expected, *found;
    } violations[LIMIT_JSON_VIOLATIONS];
};

static struct json_schema *inner(const struct candor_json_schema *schema)
{
    return (struct json_schema *)(uintptr_t)schema;
}

struct candor_json_schema *candor_json_schema_compile(
    const char *text, size_t length, const struct candor_json_schema_options *options,
    struct candor_json_schema_fault *ret_fault)
{
    struct json_schema_options inside = {0};
    struct json_schema_document *documents = NULL;
    struct json_schema_fault fault = {0};
    struct json_schema *schema = NULL;
    size_t count = options ? options->document_count : 0;
    int r = -CANDOR_E_MEMORY;

    documents = calloc(count + 1, sizeof *documents);
    if (documents) {
        for (size_t i = 0; i < count; i++) {
            const struct candor_json_schema_document *d = &options->documents[i];

            documents[i].uri = span_of(d->uri, d->uri_length);
            documents[i].text = span_of(d->text, d->length);
        }
        if (options) {
            inside.base = span_of(options->base, options->base_length);
            inside.asserts_formats = options->asserts_formats;
        }
        inside.documents = documents;
        inside.document_count = count;
        r = json_schema_compile(span_of(text, length), &inside, &schema, &fault);
    }
    free(documents);
    if (r < 0 && !fault.message[0])
        snprintf(fault.message, sizeof fault.message, "%s", error_text(r));
    if (r < 0) {
        memcpy(ret_fault->place, fault.place, sizeof fault.place);
        memcpy(ret_fault->message, fault.message, sizeof fault.message);
        return NULL;
    }
    return (struct candor_json_schema *)(void *)schema;
}

void candor_json_schema_free(struct candor_json_schema *schema)
{
    json_schema_free(inner(schema));
}

static const char *keep(struct candor_json_report *report, struct span text)
{
    char *kept = arena_alloc(&report->arena, text.len + 1);

    if (kept) {
        memcpy(kept, text.len ? text.ptr : "", text.len);
        kept[text.len] = '\0';
    }
    return kept;
}

/* False: out of memory. */
static bool fill(struct candor_json_report *report, const struct json_violations *told)
{
    for (size_t i = 0; i < told->count; i++) {
        const struct json_violation *v = &told->list[i];

        report->violations[i].instance = keep(report, v->instance);
        report->violations[i].place = keep(report, v->schema);
        report->violations[i].keyword = keep(report, v->keyword);
        report->violations[i].expected = keep(report, v->expected);
        report->violations[i].found = keep(report, v->found);
        if (!report->violations[i].instance || !report->violations[i].place ||
            !report->violations[i].keyword || !report->violations[i].expected ||
            !report->violations[i].found)
            return false;
    }
    report->count = told->count;
    report->has_more = told->has_more;
    return true;
}

static enum candor_json_verdict check(const struct json_schema *schema, struct span text,
                                      struct candor_json_report *report)
{
    struct json_violations told = {.arena = report ? &report->arena : NULL};
    struct json_fault fault;
    json_t *value;
    int r = json_read(text, NULL, &value, &fault);

    if (r == -CANDOR_E_MEMORY)
        return CANDOR_JSON_NO_MEMORY;
    if (r < 0) {
        if (report) {
            report->is_malformed = true;
            report->fault = fault;
        }
        return CANDOR_JSON_MALFORMED;
    }
    r = json_schema_check(schema, value, report ? &told : NULL);
    json_decref(value);
    if (r < 0)
        return r == -CANDOR_E_LIMIT ? CANDOR_JSON_TOO_COSTLY : CANDOR_JSON_NO_MEMORY;
    if (r > 0)
        return CANDOR_JSON_VALID;
    return report && !fill(report, &told) ? CANDOR_JSON_NO_MEMORY : CANDOR_JSON_VIOLATED;
}

enum candor_json_verdict candor_json_schema_check(const struct candor_json_schema *schema,
                                                  const char *text, size_t length,
                                                  struct candor_json_report **ret_report)
{
    struct candor_json_report *report = NULL;
    enum candor_json_verdict verdict;

    if (ret_report) {
        *ret_report = NULL;
        report = calloc(1, sizeof *report);
        if (!report || arena_init(&report->arena, FIRST_CHUNK) < 0) {
            free(report);
            return CANDOR_JSON_NO_MEMORY;
        }
    }
    verdict = check(inner(schema), span_of(text, length), report);
    if (report && (verdict == CANDOR_JSON_VIOLATED || verdict == CANDOR_JSON_MALFORMED))
        *ret_report = report;
    else
        candor_json_report_free(report);
    return verdict;
}

void candor_json_report_free(struct candor_json_report *report)
{
    if (report)
        arena_done(&report->arena);
    free(report);
}

size_t candor_json_report_count(const struct candor_json_report *report)
{
    return report->count;
}

bool candor_json_report_has_more(const struct candor_json_report *report)
{
    return report->has_more;
}

const char *candor_json_report_instance(const struct candor_json_report *report, size_t index)
{
    return report->violations[index].instance;
}

const char *candor_json_report_place(const struct candor_json_report *report, size_t index)
{
    return report->violations[index].place;
}

const char *candor_json_report_keyword(const struct candor_json_report *report, size_t index)
{
    return report->violations[index].keyword;
}

const char *candor_json_report_expected(const struct candor_json_report *report, size_t index)
{
    return report->violations[index].expected;
}

const char *candor_json_report_found(const struct candor_json_report *report, size_t index)
{
    return report->violations[index].found;
}

const char *candor_json_report_message(const struct candor_json_report *report)
{
    return report->is_malformed ? report->fault.message : NULL;
}

size_t candor_json_report_line(const struct candor_json_report *report)
{
    return report->fault.line;
}

size_t candor_json_report_column(const struct candor_json_report *report)
{
    return report->fault.column;
}

size_t candor_json_report_offset(const struct candor_json_report *report)
{
    return report->fault.offset;
}
