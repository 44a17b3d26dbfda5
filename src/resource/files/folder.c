// SPDX-License-Identifier: MIT
#include "resource/files/folder.h"

#include "base/ascii.h"
#include "base/hash.h"
#include "http/accept.h"
#include "http/disposition.h"
#include "resource/files/search.h"
#include "resource/files/snapshot.h"
#include "resource/page/listing.h"
#include "wire/query.h"

#include <errno.h>

enum { ETAG_LENGTH = sizeof((struct folder_answer *)0)->etag };

static enum folder_view find_archive(struct folder_answer *f, struct span format)
{
    for (int i = 0; i < ARCHIVE_FORMATS; i++) {
        if (f->place->options->archives && span_eq(format, span_from(archive_suffixes[i], 1))) {
            f->archive_format = (enum archive_format)i;
            return FOLDER_ARCHIVE;
        }
    }
    return FOLDER_UNKNOWN_ARCHIVE;
}

void folder_choose_view(struct folder_answer *f)
{
    struct exchange *x = f->x;
    struct span query = x->request.query, value;
    char *out;

    if (!query.len || !f->place->options->listing)
        return;
    out = arena_alloc(&x->arena, query.len);
    if (!out)
        exchange_set_cause(x, OUTCOME_resources_exhausted, 0);
    else if (query_find(query, SPAN("archive"), out, &value))
        f->view = find_archive(f, value);
    else if (f->place->options->search && query_find(query, SPAN("search"), out, &f->word) &&
             f->word.len)
        f->view = FOLDER_SEARCH;
}

static void listing_run(struct work *w)
{
    struct folder_answer *f = container_of(w, struct folder_answer, work);
    const struct files_options *options = f->place->options;
    const struct exchange *x = f->x;
    const struct listing_view view = {
        .shown = x->path.text,
        .has_parent = x->path.text.len > 1,
        .dotfiles = options->dotfiles,
        .writable = options->write,
        .has_archives = options->archives,
        .has_search = options->search,
        .format = f->format,
        .hurry = offload_hurry(f->place->pool),
    };

    f->error = f->view == FOLDER_SEARCH
                   ? search_read(f->place->root, f->folder, &view, f->word, &f->text)
                   : listing_read(f->place->root, f->folder, &view, &f->text);
}

static void listing_done(struct work *w)
{
    struct exchange *x = container_of(w, struct folder_answer, work)->x;

    x->host->resume(x);
}

/* In the format that was accepted. */
static bool begin_listing(struct folder_answer *f)
{
    struct exchange *x = f->x;
    int choice =
        accept_choose_type(exchange_field(x, FIELD_accept), listing_types, LISTING_FORMATS);

    x->representation.acceptable = choice >= 0;
    if (choice < 0)
        return true;
    f->format = (enum listing_format)choice;
    f->work.run = listing_run;
    f->work.done = listing_done;
    f->work.is_long = f->view == FOLDER_SEARCH;
    offload_submit(f->place->pool, f->place->loop, &f->work);
    return false;
}

/* The folder's name as clients know it: what is unpacked is in a folder of that name. */
static struct span archive_name(const struct exchange *x)
{
    struct span path = x->path.text, name = SPAN("");

    while (path.len)
        name = span_take_until(&path, '/');
    return name.len ? name : SPAN("archive");
}

static bool begin_archive(struct folder_answer *f)
{
    const struct archive_options options = {
        .root = f->place->root,
        .folder = f->folder,
        .name = archive_name(f->x),
        .dotfiles = f->place->options->dotfiles,
        .format = f->archive_format,
    };

    f->archive = archive_body_open(&f->place->yard, f->x, &options);
    if (!f->archive)
        exchange_set_cause(f->x, OUTCOME_resources_exhausted, 0);
    return !f->archive;
}

static bool begin(struct folder_answer *f, struct span path)
{
    struct exchange *x = f->x;
    struct representation *r = &x->representation;
    char *folder = arena_alloc(&x->arena, path.len + 1);

    f->begun = r->exists = r->readable = true;
    if (!folder) {
        exchange_set_cause(x, OUTCOME_resources_exhausted, 0);
        return true;
    }
    if (path.len)
        memcpy(folder, path.ptr, path.len);
    folder[path.len] = '\0';
    f->folder = folder;
    return f->view == FOLDER_ARCHIVE ? begin_archive(f) : begin_listing(f);
}

/* A weak validator: the same members with the same sizes and dates give the same bytes, and another
 * view or format others. */
static void make_etag(struct folder_answer *f)
{
    ascii_write_hex_u64(hash_add(HASH_BEGIN, buf_span(&f->text)), f->etag);
}

static void tell_failure(struct exchange *x, int error)
{
    struct representation *r = &x->representation;

    r->exists = !snapshot_error_is_absence(error);
    r->readable = error != EACCES && error != EPERM;
    if (r->exists && r->readable) {
        x->system_error = error == EINTR ? 0 : error;
        exchange_set_cause(x, snapshot_failure(error), 0);
    }
}

bool folder_represent(struct folder_answer *f, struct span path)
{
    struct representation *r = &f->x->representation;

    if (!f->begun)
        return begin(f, path);
    if (f->view == FOLDER_ARCHIVE)
        f->error = archive_body_error(f->archive);
    if (f->error) {
        tell_failure(f->x, -f->error);
        return true;
    }
    f->read = r->acceptable = true;
    r->validators.exists = true;
    if (f->view == FOLDER_ARCHIVE) {
        r->content_type = archive_types[f->archive_format];
        return true;
    }
    make_etag(f);
    r->length = f->text.len;
    r->content_type = listing_types[f->format];
    r->validators.has_etag = true;
    r->validators.etag =
        (struct entity_tag){.opaque = span_of(f->etag, sizeof f->etag), .weak = true};
    return true;
}

static void respond_listing(struct folder_answer *f)
{
    struct exchange *x = f->x;
    struct response *r = &x->response;

    exchange_add_fieldf(x, SPAN("ETag"), "W/\"%.*s\"", ETAG_LENGTH, f->etag);
    exchange_add_field(x, SPAN("Vary"), SPAN("Accept"));
    exchange_add_field(x, SPAN("Cache-Control"), SPAN("no-cache"));
    if (x->outcome != OUTCOME_ok)
        return;
    exchange_add_field(x, SPAN("Content-Type"), listing_types[f->format]);
    if (f->format == LISTING_HTML)
        exchange_add_field(x, SPAN("Content-Security-Policy"),
                           listing_policy(f->place->options->write));
    r->body = buf_span(&f->text);
    r->length = r->body.len;
    r->has_length = true;
}

/* Made anew for each request, without a validator: nothing to keep, nothing to go on with. */
static void respond_archive(struct folder_answer *f)
{
    struct exchange *x = f->x;
    struct buf value = {0};
    struct buf name = {0};
    struct span copy;

    if (x->outcome != OUTCOME_ok)
        return;
    buf_add(&name, archive_name(x));
    buf_add(&name, archive_suffixes[f->archive_format]);
    disposition_add_attachment(&value, buf_span(&name));
    copy =
        value.failed || name.failed ? SPAN("attachment") : arena_copy(&x->arena, buf_span(&value));
    buf_done(&value);
    buf_done(&name);
    exchange_add_field(x, SPAN("Content-Type"), archive_types[f->archive_format]);
    exchange_add_field(x, SPAN("Content-Disposition"), copy.ptr ? copy : SPAN("attachment"));
    exchange_add_field(x, SPAN("Cache-Control"), SPAN("no-store"));
    exchange_add_field(x, SPAN("Accept-Ranges"), SPAN("none"));
    archive_body_respond(f->archive);
}

void folder_respond(struct folder_answer *f)
{
    if (!f->read)
        return;
    if (f->view == FOLDER_ARCHIVE)
        respond_archive(f);
    else
        respond_listing(f);
}

void folder_release(struct folder_answer *f)
{
    archive_body_release(f->archive);
    buf_done(&f->text);
}
