// SPDX-License-Identifier: MIT
/*
 * JSON Schema, draft 2020-12. A schema is compiled once; any number of threads may then check JSON
 * texts with it at the same time. Nothing is fetched: references lead to places of the schema, to
 * documents that are given with it, and to the metaschemas of the draft, which are built in.
 */
#ifndef CANDOR_JSON_SCHEMA_H
#define CANDOR_JSON_SCHEMA_H

#include <candor/api.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A compiled schema, which does not change, and what a check has found. The caller frees both. */
struct candor_json_schema;
struct candor_json_report;

/* A document that references may lead to. */
struct candor_json_schema_document {
    const char *uri; /* absolute, without a fragment */
    size_t uri_length;
    const char *text;
    size_t length;
};

/* All zeros: what is usual. */
struct candor_json_schema_options {
    const char *base; /* URI of a schema that has no $id; may be NULL */
    size_t base_length;
    const struct candor_json_schema_document *documents;
    size_t document_count;
    bool asserts_formats; /* "format" is not an annotation only */
};

enum { CANDOR_JSON_PLACE_SIZE = 1028, CANDOR_JSON_MESSAGE_SIZE = 256 };

/* Why a schema cannot be held to. Both end with NUL. */
struct candor_json_schema_fault {
    char place[CANDOR_JSON_PLACE_SIZE];     /* JSON Pointer, behind "URI#" in another document */
    char message[CANDOR_JSON_MESSAGE_SIZE]; /* a sentence without a full stop */
};

/* NULL, with *ret_fault, when the schema cannot be held to. `options` may be NULL. */
CANDOR_API struct candor_json_schema *candor_json_schema_compile(
    const char *text, size_t length, const struct candor_json_schema_options *options,
    struct candor_json_schema_fault *ret_fault);

/* Also for NULL. */
CANDOR_API void candor_json_schema_free(struct candor_json_schema *schema);

enum candor_json_verdict {
    CANDOR_JSON_VALID,
    CANDOR_JSON_VIOLATED,  /* the report has the violations */
    CANDOR_JSON_MALFORMED, /* no JSON, or longer or deeper than is read; the report has the place */
    CANDOR_JSON_TOO_COSTLY, /* to find out whether the text fits would take too much */
    CANDOR_JSON_NO_MEMORY
};

/* Checks a text. The report is NULL unless it has something to tell, which is freed by the caller;
 * it does not need the schema or the text. ret_report may be NULL. */
CANDOR_API enum candor_json_verdict candor_json_schema_check(
    const struct candor_json_schema *schema, const char *text, size_t length,
    struct candor_json_report **ret_report);

/* Also for NULL. */
CANDOR_API void candor_json_report_free(struct candor_json_report *report);

/* How many violations are told, and whether there are more than that. 0 for a malformed text. */
CANDOR_API size_t candor_json_report_count(const struct candor_json_report *report);
CANDOR_API bool candor_json_report_has_more(const struct candor_json_report *report);

/* Of the violation `index`, below the count. Text lives as long as the report. */

/* JSON Pointer to the value: "/items/0/price" */
CANDOR_API const char *candor_json_report_instance(const struct candor_json_report *report,
                                                   size_t index);
/* JSON Pointer to the keyword in the schema, behind "URI#" in another document. */
CANDOR_API const char *candor_json_report_place(const struct candor_json_report *report,
                                                size_t index);
/* "minimum" */
CANDOR_API const char *candor_json_report_keyword(const struct candor_json_report *report,
                                                  size_t index);
/* "a number of at least 0" */
CANDOR_API const char *candor_json_report_expected(const struct candor_json_report *report,
                                                   size_t index);
/* "the number -1" */
CANDOR_API const char *candor_json_report_found(const struct candor_json_report *report,
                                                size_t index);

/* Of a malformed text: what was expected, and where. NULL, and zeros, for one that is JSON. */
CANDOR_API const char *candor_json_report_message(const struct candor_json_report *report);
/* From 1; the column in characters. */
CANDOR_API size_t candor_json_report_line(const struct candor_json_report *report);
CANDOR_API size_t candor_json_report_column(const struct candor_json_report *report);
/* In bytes, from 0. */
CANDOR_API size_t candor_json_report_offset(const struct candor_json_report *report);

#ifdef __cplusplus
}
#endif

#endif
