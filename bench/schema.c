// SPDX-License-Identifier: MIT
/*
 * What reading and checking a JSON text of 1 KiB costs, by a schema of 50 keywords.
 * Usage: schema read|check COUNT. Prints the CPU time of each, in nanoseconds.
 */
#include "http/json.h"
#include "http/json_schema.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT(...) #__VA_ARGS__

// clang-format off
/* An order: what a shop's interface would take. */
static const char schema_text[] = TEXT({
    "type": "object",
    "required": ["id", "customer", "items", "total", "currency"],
    "properties": {
        "id": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{6}$"},
        "currency": {"enum": ["EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK"]},
        "total": {"type": "number", "minimum": 0, "multipleOf": 0.01},
        "note": {"type": ["string", "null"], "maxLength": 500},
        "customer": {
            "type": "object",
            "required": ["name", "email"],
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 80},
                "email": {"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$"},
                "age": {"type": "integer", "minimum": 0, "maximum": 150},
                "address": {"$ref": "#/$defs/address"}
            },
            "additionalProperties": false
        },
        "items": {
            "type": "array", "minItems": 1, "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["sku", "count", "price"],
                "properties": {
                    "sku": {"type": "string", "minLength": 4, "maxLength": 12},
                    "count": {"type": "integer", "exclusiveMinimum": 0},
                    "price": {"type": "number", "minimum": 0},
                    "tags": {"type": "array", "uniqueItems": true, "items": {"type": "string"}}
                }
            }
        }
    },
    "unevaluatedProperties": false,
    "$defs": {
        "address": {
            "anyOf": [{"required": ["street"]}, {"required": ["box"]}],
            "properties": {"zip": {"type": "string"}, "country": {"minLength": 2, "maxLength": 2}}
        }
    }
});

static const char value_text[] = TEXT({
    "id": "AB-123456", "currency": "CHF", "total": 1234.56,
    "note": "Please leave the parcel with the neighbours at number 12 if nobody opens the door.",
    "customer": {
        "name": "Joséphine Example", "email": "josephine@example.org", "age": 42,
        "address": {"street": "Rue de la Gare 7", "zip": "1003", "city": "Genève", "country": "CH"}
    },
    "items": [
        {"sku": "A-1001", "count": 2, "price": 99.9, "tags": ["blue", "large", "sale"]},
        {"sku": "A-1002", "count": 1, "price": 12.5, "tags": ["red"]},
        {"sku": "B-2001", "count": 10, "price": 3.25, "tags": []},
        {"sku": "B-2002", "count": 3, "price": 45, "tags": ["green", "small"]},
        {"sku": "C-3001", "count": 1, "price": 250.75, "tags": ["fragile", "heavy", "gift"]},
        {"sku": "C-3002", "count": 7, "price": 8.4, "tags": ["paper"]},
        {"sku": "D-4001", "count": 4, "price": 17.35, "tags": ["wood", "brown"]},
        {"sku": "D-4002", "count": 2, "price": 5, "tags": ["metal"]},
        {"sku": "E-5001", "count": 6, "price": 11.99, "tags": ["glass", "clear"]},
        {"sku": "E-5002", "count": 1, "price": 70, "tags": ["lamp"]}
    ]
});
// clang-format on

/* Of this thread, in nanoseconds. */
static int64_t cpu_time(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int main(int argc, char **argv)
{
    const struct span schema = SPAN(schema_text), text = SPAN(value_text);
    struct json_schema_fault schema_fault;
    struct json_fault fault;
    struct json_schema *s;
    json_t *value;
    long count;
    int64_t begin;

    if (argc != 3 || (count = strtol(argv[2], NULL, 10)) <= 0)
        return 2;
    if (json_schema_compile(schema, NULL, &s, &schema_fault) < 0 ||
        json_read(text, NULL, &value, &fault) < 0 || json_schema_check(s, value, NULL) != 1)
        return 1;
    begin = cpu_time();
    for (long i = 0; i < count; i++) {
        json_t *again;

        if (argv[1][0] == 'r') {
            if (json_read(text, NULL, &again, &fault) < 0)
                return 1;
            json_decref(again);
        } else if (json_schema_check(s, value, NULL) != 1) {
            return 1;
        }
    }
    printf("%.0f\n", (double)(cpu_time() - begin) / (double)count);
    json_decref(value);
    json_schema_free(s);
    return 0;
}
