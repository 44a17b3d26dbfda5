// SPDX-License-Identifier: MIT
#include "resource/files/folder.h"

#include "base/clock.h"
#include "base/limits.h"
#include "fs/open.h"
#include "http/accept.h"
#include "http/disposition.h"
#include "resource/files/search.h"
#include "resource/files/snapshot.h"
#include "wire/query.h"

#include <errno.h>

static enum folder_view find_archive(struct folder_answer *f, struct span format)
{
    const struct files_options *options = f->folders->options;

    for (int i = 0; i < ARCHIVE_FORMATS; i++) {
        if (options->listing && options->archives &&
            span_eq(format, span_from(archive_suffixes[i], 1))) {
            f->archive_format = (enum archive_format)i;
            return FOLDER_ARCHIVE;
        }
    }
    return FOLDER_UNKNOWN_VIEW;
}

void folder_choose_view(struct folder_answer *f)
{
    const struct files_options *options = f->folders->options;
    struct exchange *x = f->x;
    struct span query = x->request.target.query, value;
    char *out;

    if (!query.len)
        return;
    out = arena_alloc(&x->arena, query.len);
    if (!out)
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
    else if (query_find(query, SPAN("archive"), out, &value))
        f->view = find_archive(f, value);
    else if (query_find(query, SPAN("search"), out, &f->word) && f->word.len)
        f->view = options->listing && options->search ? FOLDER_SEARCH : FOLDER_UNKNOWN_VIEW;
}

void folder_run(struct folder_answer *f)
{
    const struct folders *folders = f->folders;
    const struct listing_look look = {
        .dotfiles = folders->options->dotfiles,
        .hurry = &f->x->urgency.hurry,
        .most = f->is_long ? 0 : LIMIT_LISTING_SHORT,
        .client = f->x->arrival.client_number,
    };
    bool is_search = f->view == FOLDER_SEARCH;
    struct listing_body_options options = {
        .listing = {.path = f->x->path.text,
                    .has_parent = f->x->path.text.len > 1,
                    .writable = folders->options->write,
                    .has_archives = folders->options->archives,
                    .has_search = folders->options->search,
                    .search = is_search ? f->word : SPAN("")},
        .folder = f->folder,
        .look = look,
        .format = f->format,
        .gzip = f->gzip,
        .loop = folders->loop,
        .pool = folders->pool,
    };
    struct listing_found found;
    struct root *root = NULL;

    f->error = served_root(folders->served, clock_monotonic(), &root);
    if (f->error == 0)
        f->error = is_search ? search_read(root, f->folder, &look, f->word, &found)
                             : listing_read(root, f->folder, &look, &found);
    options.root = root;
    options.look.most = 0;
    if (f->error == 0)
        f->error = listing_body_open(f->x, &options, &found, &f->listing);
    root_unref(root);
}

/* Among gzip and no coding. False: neither is accepted. RFC 9110 §12.5.3. */
static bool choose_coding(struct folder_answer *f)
{
    const struct span gzip = file_coding_names[CODING_GZIP];
    struct span field = exchange_field(f->x, FIELD_accept_encoding);

    f->gzip = accept_choose_coding(field, &gzip, 1) == 0;
    return f->gzip || accept_coding_quality(field, file_coding_names[CODING_IDENTITY]) > 0;
}

/* In the format and the coding that were accepted. */
static enum step begin_listing(struct folder_answer *f)
{
    struct exchange *x = f->x;
    int choice =
        accept_choose_type(exchange_field(x, FIELD_accept), listing_types, LISTING_FORMATS);

    x->representation.acceptable = choice >= 0 && choose_coding(f);
    if (!x->representation.acceptable)
        return STEP_KNOWN;
    f->format = (enum listing_format)choice;
    f->is_long = f->view == FOLDER_SEARCH;
    return f->is_long ? STEP_RUN_LONG : STEP_RUN;
}

/* The folder's name as clients know it: what is unpacked is in a folder of that name. */
static struct span archive_name(const struct exchange *x)
{
    struct span path = x->path.text, name = SPAN("");

    while (path.len)
        name = span_take_until(&path, '/');
    return name.len ? name : SPAN("archive");
}

static enum step begin_archive(struct folder_answer *f)
{
    const struct archive_options options = {
        .folder = f->folder,
        .name = archive_name(f->x),
        .dotfiles = f->folders->options->dotfiles,
        .format = f->archive_format,
        .client = f->x->arrival.client_number,
        .hurry = &f->x->urgency.hurry,
    };

    f->archive = archive_body_open(&f->folders->yard, f->x, &options);
    if (!f->archive)
        exchange_fail(f->x, OUTCOME_resources_exhausted, 0, NULL);
    return f->archive ? STEP_WAIT : STEP_KNOWN;
}

static enum step begin(struct folder_answer *f, struct span path)
{
    struct exchange *x = f->x;
    struct representation *r = &x->representation;
    char *folder = arena_alloc(&x->arena, path.len + 1);

    f->begun = r->exists = r->readable = true;
    if (!folder) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return STEP_KNOWN;
    }
    if (path.len)
        memcpy(folder, path.ptr, path.len);
    folder[path.len] = '\0';
    f->folder = folder;
    return f->view == FOLDER_ARCHIVE ? begin_archive(f) : begin_listing(f);
}

static void tell_failure(struct exchange *x, int error)
{
    struct representation *r = &x->representation;

    r->exists = !fs_error_is_absence(error);
    r->readable = error != EACCES && error != EPERM;
    if (r->exists && r->readable) {
        x->failure.system_error = fs_failure_error(error);
        exchange_fail(x, fs_failure(error), 0, NULL);
    }
}

enum step folder_represent(struct folder_answer *f, struct span path)
{
    struct representation *r = &f->x->representation;

    if (!f->begun)
        return begin(f, path);
    if (f->view == FOLDER_ARCHIVE)
        f->error = archive_body_error(f->archive);
    if (f->error == -EFBIG && !f->is_long) {
        f->error = 0;
        f->is_long = true;
        return STEP_RUN_LONG;
    }
    if (f->error) {
        tell_failure(f->x, -f->error);
        return STEP_KNOWN;
    }
    f->read = r->acceptable = true;
    r->validators.exists = true;
    if (f->view == FOLDER_ARCHIVE) {
        r->content_type = archive_types[f->archive_format];
        return STEP_KNOWN;
    }
    r->content_type = listing_types[f->format];
    r->validators.has_etag = true;
    r->validators.etag = (struct entity_tag){.opaque = listing_body_etag(f->listing), .weak = true};
    return STEP_KNOWN;
}

static void respond_listing(struct folder_answer *f)
{
    struct exchange *x = f->x;

    exchange_add_fieldf(x, SPAN("ETag"), "W/\"%.*s\"", SPAN_ARG(listing_body_etag(f->listing)));
    exchange_add_field(x, SPAN("Vary"), SPAN("Accept, Accept-Encoding"));
    exchange_add_field(x, SPAN("Cache-Control"), SPAN("no-cache"));
    if (x->outcome != OUTCOME_ok)
        return;
    exchange_add_field(x, SPAN("Content-Type"), listing_types[f->format]);
    if (f->gzip)
        exchange_add_field(x, SPAN("Content-Encoding"), file_coding_names[CODING_GZIP]);
    // Names may be what others chose: no text of them is to be taken for a page.
    exchange_add_field(x, SPAN("X-Content-Type-Options"), SPAN("nosniff"));
    if (f->format == LISTING_HTML)
        exchange_add_field(x, SPAN("Content-Security-Policy"),
                           listing_policy(f->folders->options->write));
    listing_body_respond(f->listing);
}

/* Made anew for each request, without a validator: nothing to keep, nothing to go on with. */
static void respond_archive(struct folder_answer *f)
{
    struct exchange *x = f->x;
    struct buf value = {0};
    struct buf name = {0};
    struct span copy;

    if (x->outcome == OUTCOME_ok || x->outcome == OUTCOME_not_modified) // RFC 9110 §15.4.5
        exchange_add_field(x, SPAN("Cache-Control"), SPAN("no-store"));
    if (x->outcome != OUTCOME_ok)
        return;
    buf_add(&name, archive_name(x));
    buf_add(&name, archive_suffixes[f->archive_format]);
    disposition_add_attachment(&value, buf_span(&name));
    copy = value.failed || name.failed ? (struct span){NULL, 0}
                                       : arena_copy(&x->arena, buf_span(&value));
    buf_done(&value);
    buf_done(&name);
    exchange_add_field(x, SPAN("Content-Type"), archive_types[f->archive_format]);
    exchange_add_field(x, SPAN("Content-Disposition"), copy);
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

bool folder_cancel(struct folder_answer *f)
{
    return archive_body_cancel(f->archive) || listing_body_cancel(f->listing);
}

void folder_release(struct folder_answer *f)
{
    archive_body_release(f->archive);
    listing_body_free(f->listing);
}
