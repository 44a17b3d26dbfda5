// SPDX-License-Identifier: MIT
#include "http/json_schema.h"

#include "base/error.h"
#include "http/json_schema_build.h"

enum { FIRST_CHUNK = 4096 };

void json_schema_free(struct json_schema *s)
{
    if (!s)
        return;
    for (struct schema_document *d = s->documents; d; d = d->next)
        json_decref(d->json);
    for (struct schema_pattern *p = s->patterns; p; p = p->next)
        json_pattern_free(p->pattern);
    arena_done(&s->arena);
    free(s);
}

/* Until nothing is in the queue, and no reference waits. */
static int build(struct schema_builder *b)
{
    int r = 0;

    while (r == 0 && (b->queue || b->references)) {
        struct schema_node *node = b->queue;

        if (!node) {
            r = schema_references_resolve(b);
            continue;
        }
        b->queue = node->queued;
        if (!b->queue)
            b->queue_end = &b->queue;
        r = schema_node_compile(b, node);
        if (r == 0 && arena_extra(&b->schema->arena) > LIMIT_JSON_SCHEMA_MEMORY) {
            schema_refuse(b, node, SPAN(""), "the schema takes more than %d MiB of memory",
                          LIMIT_JSON_SCHEMA_MEMORY / (1024 * 1024));
            r = -CANDOR_E_LIMIT;
        }
    }
    return r;
}

int json_schema_compile(struct span text, const struct json_schema_options *options,
                        struct json_schema **ret, struct json_schema_fault *ret_fault)
{
    struct schema_builder b = {.options = options, .fault = ret_fault};
    struct json_schema *s = calloc(1, sizeof *s);
    int r = s ? hash_key_make(&s->key) : -CANDOR_E_MEMORY;

    b.schema = s;
    b.queue_end = &b.queue;
    b.nodes_end = &b.nodes;
    if (r == 0)
        r = arena_init(&s->arena, FIRST_CHUNK);
    if (r == 0)
        r = hash_table_init(&b.places);
    if (r == 0)
        r = hash_table_init(&b.by_json);
    if (r == 0)
        r = schema_document_load(&b, text, options ? options->base : SPAN(""), SPAN(""), &s->root);
    if (r == 0)
        r = build(&b);
    if (r == 0)
        r = schema_refuse_cycles(&b);
    hash_table_done(&b.places);
    hash_table_done(&b.by_json);
    if (r < 0)
        json_schema_free(s);
    else
        *ret = s;
    return r;
}
