// SPDX-License-Identifier: MIT
#include "resource/files/files.h"

#include "base/error.h"
#include "base/zero.h"
#include "fs/open.h"
#include "graph/author.h"
#include "http/accept.h"
#include "resource/files/body.h"
#include "resource/files/body_digest.h"
#include "resource/files/cache.h"
#include "resource/files/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

struct files {
    struct resource resource;
    struct files_options options;
    struct folders folders;
    struct file_cache *cache;
};

/* An exchange that reads: what it holds of the resource; on its arena. */
struct reading {
    struct exchange *x;
    struct file_waiter waiter;
    struct snapshot *snapshot;
    struct file_variant *variant; // the one selected; NULL for a folder
    struct folder_answer folder;
};

static struct span relative_path(const struct exchange *x)
{
    // The route "/docs/" also answers "/docs", which then names the root without its slash.
    return span_from(x->path.text, x->routing.resource->mount_length);
}

/* Whether a name below the route begins with a dot; the route's own path hides nothing. */
static bool has_dot_file(const struct exchange *x)
{
    struct span path = x->path.has_dot_file ? relative_path(x) : SPAN("");

    while (path.len)
        if (span_starts(span_take_until(&path, '/'), SPAN(".")))
            return true;
    return false;
}

/* A temporary of a writer, or what is in one. */
static bool has_reserved_name(const struct exchange *x)
{
    return memmem(x->path.text.ptr, x->path.text.len, "/" TEMPORARY_PREFIX,
                  sizeof "/" TEMPORARY_PREFIX - 1) != NULL;
}

/* Names that cannot be, or are not to be seen: as if nothing were there. */
static bool is_out_of_bounds(const struct exchange *x, const struct files *f)
{
    return x->path.has_nul || x->path.has_encoded_slash ||
           (x->path.has_dot_file &&
            ((!f->options.dotfiles && has_dot_file(x)) || has_reserved_name(x)));
}

/* The variant that Accept-Encoding prefers, or NULL: none will do. RFC 9110 §12.5.3. */
static struct file_variant *select_variant(struct exchange *x, struct snapshot *s)
{
    struct span offers[CODING_COUNT], field;
    int codings[CODING_COUNT];
    size_t count = 0;
    int choice;

    // What there is in one coding alone is sent so: no refusal would help anybody (§15.5.7).
    if (!x->request.first[FIELD_accept_encoding] || s->is_gzip)
        return &s->variants[CODING_IDENTITY];
    for (int i = 1; i < CODING_COUNT; i++) {
        if (s->variants[i].present) {
            offers[count] = file_coding_names[i];
            codings[count++] = i;
        }
    }
    field = exchange_field(x, FIELD_accept_encoding);
    choice = accept_choose_coding(field, offers, count);
    if (choice >= 0)
        return &s->variants[codings[choice]];
    return accept_coding_quality(field, file_coding_names[CODING_IDENTITY])
               ? &s->variants[CODING_IDENTITY]
               : NULL;
}

static bool has_neighbours(const struct snapshot *s)
{
    for (int i = 1; i < CODING_COUNT; i++)
        if (s->variants[i].present)
            return true;
    return false;
}

static void represent_file(struct reading *reading)
{
    struct exchange *x = reading->x;
    struct representation *r = &x->representation;
    struct file_variant *v = select_variant(x, reading->snapshot);

    reading->variant = v;
    r->exists = r->readable = true;
    if (!v)
        return;
    r->acceptable = true;
    r->has_ranges = !v->unsized;
    r->length = v->length;
    r->content_type = reading->snapshot->content_type;
    r->validators = (struct validators){.exists = true,
                                        .has_etag = !v->unsized,
                                        .etag = v->etag,
                                        .has_last_modified = v->has_date,
                                        .last_modified = v->last_modified,
                                        .date_is_shared = has_neighbours(reading->snapshot)};
}

/* The query names a view that there is not, or that is switched off. */
static bool lacks_form(struct reading *reading)
{
    struct representation *r = &reading->x->representation;

    if (reading->folder.view != FOLDER_UNKNOWN_VIEW)
        return false;
    r->exists = r->readable = r->lacks_form = true;
    return true;
}

/* Turns the snapshot into facts; of a folder, more must be read. */
static enum step represent(struct reading *reading)
{
    struct exchange *x = reading->x;
    struct representation *r = &x->representation;

    if (folder_needs_no_index(&reading->folder))
        return folder_represent(&reading->folder, relative_path(x));
    if (!reading->snapshot) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return STEP_KNOWN;
    }
    switch (reading->snapshot->kind) {
    case SNAPSHOT_ABSENT:
        return STEP_KNOWN;
    case SNAPSHOT_UNREADABLE:
        r->exists = true;
        return STEP_KNOWN;
    case SNAPSHOT_FAILED:
        x->failure.system_error = fs_failure_error(reading->snapshot->error);
        exchange_fail(x, reading->snapshot->failure, 0, NULL);
        return STEP_KNOWN;
    case SNAPSHOT_SLASH_LACKING:
        r->exists = r->readable = r->lacks_slash = true;
        return STEP_KNOWN;
    case SNAPSHOT_FOLDER:
        if (lacks_form(reading))
            return STEP_KNOWN;
        return folder_represent(&reading->folder, reading->snapshot->other
                                                      ? span_from_str(reading->snapshot->other)
                                                      : relative_path(x));
    case SNAPSHOT_FILE:
        if (!lacks_form(reading))
            represent_file(reading);
        return STEP_KNOWN;
    }
    return STEP_KNOWN;
}

static void on_found(struct file_waiter *w, struct snapshot *s)
{
    struct reading *reading = container_of(w, struct reading, waiter);

    reading->snapshot = s;
    if (!s)
        exchange_fail(reading->x, OUTCOME_resources_exhausted, 0, NULL);
    reading->x->host->resume(reading->x);
}

static enum step begin_representation(struct exchange *x)
{
    struct files *f = container_of(x->routing.resource, struct files, resource);
    struct reading *reading;

    if (!method_is_in(x, methods_that_read))
        return STEP_KNOWN; // the same methods everywhere, also where nothing is
    if (is_out_of_bounds(x, f))
        return STEP_KNOWN;
    if (x->path.text.len < x->routing.resource->mount_length) {
        x->representation.exists = x->representation.readable = true;
        x->representation.lacks_slash = true;
        return STEP_KNOWN;
    }
    reading = arena_alloc(&x->arena, sizeof *reading);
    if (!reading) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return STEP_KNOWN;
    }
    zero(reading, sizeof *reading);
    reading->x = x;
    reading->folder.x = x;
    reading->folder.folders = &f->folders;
    reading->waiter.on_found = on_found;
    x->routing.resource_state = reading;
    if (span_ends(x->path.text, SPAN("/")))
        folder_choose_view(&reading->folder);
    if (folder_needs_no_index(&reading->folder))
        return represent(reading);
    if (!file_cache_find(f->cache, relative_path(x), &reading->waiter, &reading->snapshot))
        return STEP_WAIT;
    return represent(reading);
}

static void run_representation(struct exchange *x)
{
    struct reading *reading = x->routing.resource_state;

    folder_run(&reading->folder);
}

static enum step end_representation(struct exchange *x)
{
    return represent(x->routing.resource_state);
}

static void files_respond(struct exchange *x)
{
    struct reading *reading = x->routing.resource_state;

    if (!reading || !(x->walk.known & FACT_BIT(FACT_representation)))
        return;
    if (!reading->variant) {
        folder_respond(&reading->folder);
        return;
    }
    body_respond(x, reading->variant);
    if (!reading->variant->unsized &&
        (x->request.first[FIELD_want_repr_digest] || x->request.first[FIELD_want_content_digest]))
        body_add_digests(x, reading->variant);
}

static bool files_cancel(struct exchange *x)
{
    struct reading *reading = x->routing.resource_state;

    return reading && (file_cache_cancel(&reading->waiter) || folder_cancel(&reading->folder));
}

static void files_release(struct exchange *x)
{
    struct reading *reading = x->routing.resource_state;

    if (!reading)
        return;
    snapshot_unref(reading->snapshot);
    folder_release(&reading->folder);
    x->routing.resource_state = NULL;
}

static void files_free(struct resource *r)
{
    struct files *f = container_of(r, struct files, resource);

    file_cache_free(f->cache);
    archive_yard_done(&f->folders.yard);
    free(f);
}

static const struct fact_step files_steps[FACT_COUNT] = {
    [FACT_representation] = {.begin = begin_representation,
                             .run = run_representation,
                             .end = end_representation},
};

static const struct resource_ops files_ops = {
    .name = "files",
    .steps = files_steps,
    .respond = files_respond,
    .cancel = files_cancel,
    .release = files_release,
    .free = files_free,
};

int files_open(const struct files_options *options, struct served *served, struct loop *loop,
               struct offload *pool, const struct media_type_map *types,
               struct resource **ret_resource)
{
    struct files *f = calloc(1, sizeof *f);
    int error;

    if (!f)
        return -CANDOR_E_MEMORY;
    f->resource.ops = &files_ops;
    f->resource.methods = methods_that_read | methods_that_explain;
    f->options = *options;
    archive_yard_init(&f->folders.yard, served, loop, pool);
    f->folders.options = &f->options;
    f->folders.loop = loop;
    f->folders.pool = pool;
    f->folders.served = served;
    error = file_cache_open(served, &f->options, loop, pool, types, &f->cache);
    if (error < 0) {
        files_free(&f->resource);
        return error;
    }
    *ret_resource = &f->resource;
    return 0;
}
