// SPDX-License-Identifier: MIT
/*
 * Does a JSON text fit a schema? Build it against the installed library:
 *
 *     cc -o json_schema json_schema.c $(pkg-config --cflags --libs candor)
 *     ./json_schema '{"required": ["name"]}' '{}'
 */
#include <candor/json_schema.h>

#include <stdio.h>
#include <string.h>

static void print_report(const struct candor_json_report *report)
{
    if (candor_json_report_message(report))
        printf("line %zu, column %zu: %s\n", candor_json_report_line(report),
               candor_json_report_column(report), candor_json_report_message(report));
    for (size_t i = 0; i < candor_json_report_count(report); i++)
        printf("\"%s\": expected %s; found %s (%s)\n", candor_json_report_instance(report, i),
               candor_json_report_expected(report, i), candor_json_report_found(report, i),
               candor_json_report_place(report, i));
}

int main(int argc, char **argv)
{
    struct candor_json_schema_fault fault;
    struct candor_json_schema *schema;
    struct candor_json_report *report;
    enum candor_json_verdict verdict;

    if (argc != 3) {
        fprintf(stderr, "usage: json_schema SCHEMA TEXT\n");
        return 2;
    }
    schema = candor_json_schema_compile(argv[1], strlen(argv[1]), NULL, &fault);
    if (!schema) {
        fprintf(stderr, "the schema cannot be used: %s: %s\n", fault.place, fault.message);
        return 2;
    }
    verdict = candor_json_schema_check(schema, argv[2], strlen(argv[2]), &report);
    if (report)
        print_report(report);
    else
        printf(verdict == CANDOR_JSON_VALID ? "it fits\n" : "nobody can tell\n");
    candor_json_report_free(report);
    candor_json_schema_free(schema);
    return verdict == CANDOR_JSON_VALID ? 0 : 1;
}
