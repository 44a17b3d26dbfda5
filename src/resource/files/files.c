// SPDX-License-Identifier: MIT
#include "resource/files/files.h"

#include "base/error.h"
#include "http/accept.h"
#include "resource/files/body.h"
#include "resource/files/cache.h"
#include "resource/files/listing_read.h"
#include "resource/page/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

struct files {
    struct resource resource;
    struct files_options options;
    struct loop *loop;
    struct offload *pool;
    int root;
    struct file_cache *cache;
};

/* What an exchange holds of a files resource; on the exchange's arena. */
struct held {
    struct exchange *x;
    struct file_waiter waiter;
    struct snapshot *snapshot;
    const struct file_variant *variant; // the one selected; NULL for a listing
    struct work listing_work;
    struct files *files;
    const char *folder; // NUL-terminated, relative
    enum listing_format format;
    int listing_error;
    bool listed;
    struct buf listing;
    char listing_etag[16];
};

static struct span relative_path(const struct exchange *x)
{
    // The route "/docs/" also answers "/docs", which then names the root without its slash.
    return span_from(x->path.text, x->resource->mount_length);
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
    return x->path.has_nul || x->path.has_encoded_slash || x->path.has_empty_segment ||
           (x->path.has_dot_file &&
            ((!f->options.dotfiles && has_dot_file(x)) || has_reserved_name(x)));
}

static void listing_run(struct work *w)
{
    struct held *h = container_of(w, struct held, listing_work);
    const struct exchange *x = h->x;
    const struct listing_view view = {
        .shown = x->path.text,
        .has_parent = x->path.text.len > 1,
        .dotfiles = h->files->options.dotfiles,
        .writable = h->files->options.write,
        .format = h->format,
    };

    h->listing_error = listing_read(h->files->root, h->folder, &view, &h->listing);
}

static void listing_done(struct work *w)
{
    struct held *h = container_of(w, struct held, listing_work);

    h->listed = true;
    h->x->host->resume(h->x);
}

/* A weak validator: the same members with the same sizes and dates give the same bytes. */
static void listing_tag(struct held *h)
{
    static const char hex[] = "0123456789abcdef";
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < h->listing.len; i++)
        hash = (hash ^ (unsigned char)h->listing.ptr[i]) * UINT64_C(0x100000001b3);
    for (int i = 0; i < 16; i++)
        h->listing_etag[i] = hex[hash >> (60 - 4 * i) & 15];
}

/* The representation of a folder: known when it has been read in the format that was accepted. */
static bool represent_listing(struct held *h)
{
    struct exchange *x = h->x;
    struct representation *r = &x->representation;
    int choice;

    if (!h->listed) {
        struct span folder = relative_path(x);
        char *name = arena_alloc(&x->arena, folder.len + 1);

        choice =
            accept_choose_type(exchange_field(x, FIELD_accept), listing_types, LISTING_FORMATS);
        r->exists = r->readable = true;
        r->acceptable = choice >= 0;
        if (choice < 0)
            return true;
        if (!name) {
            exchange_set_cause(x, OUTCOME_resources_exhausted, 0);
            return true;
        }
        memcpy(name, folder.ptr, folder.len);
        name[folder.len] = '\0';
        h->folder = name;
        h->format = (enum listing_format)choice;
        h->listing_work.run = listing_run;
        h->listing_work.done = listing_done;
        offload_submit(h->files->pool, h->files->loop, &h->listing_work);
        return false;
    }
    if (h->listing_error) {
        r->exists = !snapshot_error_is_absence(-h->listing_error);
        r->readable = h->listing_error != -EACCES;
        if (r->exists && r->readable) {
            x->system_error = -h->listing_error;
            exchange_set_cause(x, snapshot_failure(-h->listing_error), 0);
        }
        return true;
    }
    listing_tag(h);
    r->length = h->listing.len;
    r->content_type = listing_types[h->format];
    r->validators = (struct validators){
        .exists = true,
        .has_etag = true,
        .etag = {.opaque = span_of(h->listing_etag, sizeof h->listing_etag), .weak = true}};
    return true;
}

/* The variant that Accept-Encoding prefers, or NULL: none will do. RFC 9110 §12.5.3. */
static const struct file_variant *select_variant(struct exchange *x, const struct snapshot *s)
{
    struct span offers[CODING_COUNT], field;
    int codings[CODING_COUNT];
    size_t count = 0;
    int choice;

    if (!x->request.first[FIELD_accept_encoding])
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

static void represent_file(struct held *h)
{
    struct exchange *x = h->x;
    struct representation *r = &x->representation;
    const struct file_variant *v = select_variant(x, h->snapshot);

    h->variant = v;
    r->exists = r->readable = true;
    if (!v)
        return;
    r->acceptable = r->has_ranges = true;
    r->length = v->length;
    r->content_type = h->snapshot->content_type;
    r->validators = (struct validators){.exists = true,
                                        .has_etag = true,
                                        .etag = v->etag,
                                        .has_last_modified = true,
                                        .last_modified = v->last_modified};
}

/* Turns the snapshot into facts. False: more must be read. */
static bool represent(struct held *h)
{
    struct exchange *x = h->x;
    struct representation *r = &x->representation;

    if (!h->snapshot) {
        exchange_set_cause(x, OUTCOME_resources_exhausted, 0);
        return true;
    }
    switch (h->snapshot->kind) {
    case SNAPSHOT_ABSENT:
        return true;
    case SNAPSHOT_UNREADABLE:
        r->exists = true;
        return true;
    case SNAPSHOT_FAILED:
        x->system_error = h->snapshot->error;
        exchange_set_cause(x, h->snapshot->failure, 0);
        return true;
    case SNAPSHOT_SLASH_LACKING:
        r->exists = r->readable = r->lacks_slash = true;
        return true;
    case SNAPSHOT_FOLDER:
        return represent_listing(h);
    case SNAPSHOT_FILE:
        represent_file(h);
        return true;
    }
    return true;
}

static void on_found(struct file_waiter *w, struct snapshot *s)
{
    struct held *h = container_of(w, struct held, waiter);

    h->snapshot = s;
    if (!s)
        exchange_set_cause(h->x, OUTCOME_resources_exhausted, 0);
    h->x->host->resume(h->x);
}

static bool files_establish(struct exchange *x, enum fact fact)
{
    struct files *f = container_of(x->resource, struct files, resource);
    struct held *h = x->held;

    (void)fact;
    if (h)
        return represent(h);
    if (x->request.method == METHOD_OPTIONS)
        return true; // the same methods everywhere, also where nothing is
    if (is_out_of_bounds(x, f))
        return true;
    if (x->path.text.len < x->resource->mount_length) {
        x->representation.exists = x->representation.readable = true;
        x->representation.lacks_slash = true;
        return true;
    }
    h = arena_alloc(&x->arena, sizeof *h);
    if (!h) {
        exchange_set_cause(x, OUTCOME_resources_exhausted, 0);
        return true;
    }
    memset(h, 0, sizeof *h);
    h->x = x;
    h->files = f;
    h->waiter.on_found = on_found;
    x->held = h;
    if (!file_cache_find(f->cache, relative_path(x), x->time, &h->waiter, &h->snapshot))
        return false;
    return represent(h);
}

static void respond_listing(struct exchange *x, struct held *h)
{
    struct response *r = &x->response;

    exchange_add_fieldf(x, SPAN("ETag"), "W/\"%.*s\"", 16, h->listing_etag);
    exchange_add_field(x, SPAN("Vary"), SPAN("Accept"));
    exchange_add_field(x, SPAN("Cache-Control"), SPAN("no-cache"));
    if (x->outcome != OUTCOME_ok)
        return;
    exchange_add_field(x, SPAN("Content-Type"), listing_types[h->format]);
    if (h->format == LISTING_HTML)
        exchange_add_field(x, SPAN("Content-Security-Policy"),
                           listing_policy(h->files->options.write));
    r->body = buf_span(&h->listing);
    r->length = r->body.len;
    r->has_length = true;
}

static void files_respond(struct exchange *x)
{
    struct held *h = x->held;

    if (!h || !(x->known & FACT_REPRESENTATION))
        return;
    if (h->variant)
        body_respond(x, h->variant);
    else if (h->listed && !h->listing_error)
        respond_listing(x, h);
}

static void files_release(struct exchange *x)
{
    struct held *h = x->held;

    if (!h)
        return;
    snapshot_unref(h->snapshot);
    buf_done(&h->listing);
    x->held = NULL;
}

static void files_free(struct resource *r)
{
    struct files *f = container_of(r, struct files, resource);

    file_cache_free(f->cache);
    if (f->root >= 0)
        close(f->root);
    free(f);
}

static const struct resource_ops files_ops = {
    .name = "files",
    .establish = files_establish,
    .respond = files_respond,
    .release = files_release,
    .free = files_free,
};

int files_open(const struct files_options *options, const _Atomic uint64_t *changes,
               struct loop *loop, struct offload *pool, const struct media_type_map *types,
               struct resource **ret_resource)
{
    struct files *f = calloc(1, sizeof *f);
    int error;

    if (!f)
        return -CANDOR_E_MEMORY;
    f->resource.ops = &files_ops;
    f->resource.methods =
        METHOD_BIT(METHOD_GET) | METHOD_BIT(METHOD_HEAD) | METHOD_BIT(METHOD_OPTIONS);
    f->options = *options;
    f->loop = loop;
    f->pool = pool;
    f->root = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (f->root < 0) {
        free(f);
        return -CANDOR_E_SYSTEM;
    }
    error = file_cache_open(f->root, &f->options, changes, loop, pool, types, &f->cache);
    if (error < 0) {
        files_free(&f->resource);
        return error;
    }
    *ret_resource = &f->resource;
    return 0;
}
