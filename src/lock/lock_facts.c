// SPDX-License-Identifier: MIT
#include "lock/lock_facts.h"

#include "base/error.h"
#include "base/path.h"
#include "http/dav_fields.h"
#include "http/if_header.h"
#include "wire/uri.h"

#include <assert.h>
#include <errno.h>

/* From a Resource-Tag to a path of the tree. A tag that has none matches nothing. */
static int resolve(const struct lock_facts *f, struct arena *arena, struct if_resource *r)
{
    struct destination d;
    struct uri_path path;
    struct span folder = span_first(f->target.mount, f->target.mount.len - 1);
    size_t offset;
    char *text;

    if (destination_parse(r->tag, &d, &offset) != DESTINATION_OK ||
        !destination_is_here(&d, f->target.host))
        return 0;
    text = arena_alloc(arena, d.path.len);
    if (!text)
        return -CANDOR_E_MEMORY;
    if (uri_path_decode(d.path, text, &path, &offset) != OUTCOME_NONE)
        return 0;
    if (!span_starts(path.text, f->target.mount) && !span_eq(path.text, folder))
        return 0;
    path.text = uri_path_trim(span_from(path.text, folder.len));
    r->names = (struct tree_names){path.text, path.text, path.text};
    r->here = true;
    return 0;
}

static struct if_resource *find(const struct lock_facts *f, struct span tag)
{
    for (size_t i = 0; i < f->resource_count; i++)
        if ((f->resources[i].tag.ptr == NULL) == (tag.ptr == NULL) &&
            span_eq(f->resources[i].tag, tag))
            return &f->resources[i];
    return NULL;
}

/* Reads to the end; *ret_conditions tells how much room it takes. */
static bool is_sound(struct lock_facts *f, size_t *ret_conditions)
{
    struct if_condition condition;
    struct if_cursor c;
    enum if_step step;

    if_begin(&c, f->value);
    while ((step = if_next(&c, &condition)) == IF_STEP_CONDITION)
        ;
    f->offset = c.offset;
    *ret_conditions = c.conditions;
    return step == IF_STEP_END;
}

static int read_resources(struct lock_facts *f, struct arena *arena)
{
    struct if_condition condition;
    struct if_cursor c;
    int error = 0;

    if_begin(&c, f->value);
    while (error == 0 && if_next(&c, &condition) == IF_STEP_CONDITION) {
        struct if_resource *r = find(f, condition.resource);

        if (!r) {
            r = &f->resources[f->resource_count++];
            *r = (struct if_resource){.tag = condition.resource};
            error = resolve(f, arena, r);
        }
        r->tag_asked |= condition.is_tag;
    }
    return error;
}

int lock_facts_read(struct lock_facts *f, struct arena *arena, struct span if_value,
                    const struct lock_target *target)
{
    struct if_condition condition;
    struct if_cursor c;
    size_t conditions;

    *f = (struct lock_facts){.target = *target, .value = if_value};
    if (!if_value.ptr)
        return 0;
    if (!is_sound(f, &conditions)) {
        f->malformed = true;
        return 0;
    }
    f->tokens = arena_alloc(arena, conditions * sizeof *f->tokens);
    f->resources = arena_alloc(arena, (conditions + 1) * sizeof *f->resources);
    if (!f->tokens || !f->resources)
        return -CANDOR_E_MEMORY;
    f->resources[f->resource_count++] = (struct if_resource){.here = true, .names = target->names};
    if_begin(&c, f->value);
    while (if_next_submitted(&c, &condition))
        f->tokens[f->token_count++] = condition.token;
    return read_resources(f, arena);
}

static void add_change(struct lock_facts *f, struct span path, enum lock_reach reach)
{
    assert(f->change_count < LOCK_CHANGES);
    f->changes[f->change_count++] = (struct lock_change){path, reach};
}

void lock_facts_change(struct lock_facts *f, const struct tree_names *names, enum lock_reach reach)
{
    struct span paths[TREE_NAMES];
    size_t n = tree_names_list(names, paths);
    bool is_link = !span_eq(names->name, names->thing);

    for (size_t i = 0; i < n; i++)
        add_change(f, paths[i], i == 0 && is_link ? LOCK_REACH_RESOURCE : reach);
}

void lock_facts_change_parent(struct lock_facts *f, const struct tree_names *names)
{
    if (names->name.len)
        add_change(f, path_parent(names->name), LOCK_REACH_RESOURCE);
}

int lock_facts_look(struct lock_facts *f, struct tree *tree, struct arena *arena)
{
    for (size_t i = 0; i < f->resource_count; i++) {
        struct if_resource *r = &f->resources[i];
        struct tree_look look;
        int error;

        if (!r->here)
            continue;
        if (!r->tag_asked && span_eq(r->names.asked, f->target.names.asked)) {
            r->names = f->target.names;
            continue;
        }
        error = tree_locate(tree, r->names.asked, arena, &look, &r->names);
        if (error && (r->tag_asked || (error != -EACCES && error != -EPERM)))
            return error;
        if (error)
            continue; // by the path that it was named
        r->has_etag = look.here.kind == TREE_FILE;
        if (r->has_etag)
            stamp_etag(&look.here.stamp, 0, SPAN(""), r->etag);
    }
    return 0;
}

const struct lock *lock_facts_find(struct lock_table *table, struct span token,
                                   const struct tree_names *names, int64_t now)
{
    struct span paths[TREE_NAMES];
    size_t n = tree_names_list(names, paths);
    const struct lock *lock = NULL;

    for (size_t i = 0; i < n && !lock; i++)
        lock = lock_table_find(table, token, paths[i], now);
    return lock;
}

struct deciding {
    const struct lock_facts *f;
    struct lock_table *table;
    int64_t now;
};

static bool token_matches(void *context, struct span resource, struct span token)
{
    const struct deciding *d = context;
    const struct if_resource *r = find(d->f, resource);

    return r && r->here && lock_facts_find(d->table, token, &r->names, d->now);
}

static bool tag_matches(void *context, struct span resource, struct entity_tag tag)
{
    const struct deciding *d = context;
    const struct if_resource *r = find(d->f, resource);

    return r && r->here && r->has_etag && !tag.weak &&
           span_eq(tag.opaque, span_of(r->etag, STAMP_ETAG_OPAQUE));
}

int lock_facts_decide(const struct lock_facts *f, struct lock_table *table, int64_t now,
                      struct arena *arena, struct lock_verdict *ret_verdict)
{
    struct deciding d = {f, table, now};
    const struct if_matcher matcher = {token_matches, tag_matches, &d};
    const struct lock_submission submitted = {f->tokens, f->token_count, f->principal};
    struct lock_verdict verdict = {.if_holds = true};
    const struct lock *blocking = NULL;
    size_t offset;

    if (f->value.ptr && !f->malformed)
        verdict.if_holds = if_evaluate(f->value, &matcher, &offset) == IF_HOLDS;
    for (size_t i = 0; i < f->change_count && !blocking; i++)
        blocking =
            lock_table_blocks(table, f->changes[i].path, f->changes[i].reach, &submitted, now);
    if (blocking) {
        verdict.blocked = true;
        verdict.blocking = arena_copy(arena, blocking->path);
        if (blocking->path.len && !verdict.blocking.ptr)
            return -CANDOR_E_MEMORY;
    }
    *ret_verdict = verdict;
    return 0;
}

const struct lock *lock_facts_named(const struct lock_facts *f, struct lock_table *table,
                                    int64_t now)
{
    const struct lock *named = NULL;

    for (size_t i = 0; i < f->token_count; i++) {
        const struct lock *lock = lock_facts_find(table, f->tokens[i], &f->target.names, now);

        if (lock && named && lock != named)
            return NULL;
        named = lock ? lock : named;
    }
    return named;
}
