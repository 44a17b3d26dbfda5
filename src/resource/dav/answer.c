// SPDX-License-Identifier: MIT
/*
 * The responses of methods that author: fields for what was done, and the multi-status of what was
 * done in part.
 */
#include "resource/dav/authoring.h"
#include "resource/dav/locking_answer.h"
#include "resource/dav/post.h"
#include "resource/dav/propfind.h"
#include "resource/dav/written.h"

#include "base/buf.h"
#include "graph/author.h"
#include "http/dav_fields.h"
#include "registry/status.h"
#include "resource/dav/xml/multistatus_write.h"
#include "tree/tree_result.h"
#include "wire/uri.h"

#include <errno.h>

static void add_accept_patch(struct exchange *x)
{
    exchange_add_field(x, SPAN("Accept-Patch"),
                       x->upload.named ? SPAN("application/partial-upload")
                                       : SPAN("application/x-sabredav-partialupdate"));
}

static void respond_options(struct exchange *x)
{
    exchange_add_field(x, SPAN("DAV"), SPAN("1, 2, 3"));
    exchange_add_field(x, SPAN("MS-Author-Via"), SPAN("DAV"));
    if (x->allowed & methods_that_patch)
        add_accept_patch(x);
}

static bool goes_elsewhere(const struct exchange *x)
{
    return author_of(x)->also & AUTHOR_ELSEWHERE;
}

static bool makes_members(const struct exchange *x)
{
    return author_of(x)->takes == TAKES_MEMBERS;
}

/* The validators of what was stored, so that the client need not ask: RFC 9110 §9.3.4. */
static void add_validators(struct exchange *x, const struct authoring *a)
{
    // What was replaced elsewhere is not what ETag would be of: §8.8.3. Of what is new it is.
    if (a->result.now.kind != TREE_FILE || post_made_several(a) ||
        (goes_elsewhere(x) && x->outcome != OUTCOME_created))
        return;
    exchange_add_fieldf(x, SPAN("ETag"), "\"%s\"", a->answer.etag);
    if (a->content.fields.modified_ns != TREE_NOW)
        exchange_add_field(x, SPAN("X-OC-MTime"), SPAN("accepted"));
}

/* What became of each property that a PROPPATCH changes. */
static void respond_properties(struct exchange *x, struct span told)
{
    exchange_add_field(x, SPAN("Content-Type"), MULTISTATUS_MEDIA_TYPE);
    x->response.body = told;
    x->response.length = told.len;
    x->response.has_length = true;
}

static void add_path(struct exchange *x, struct span field, struct span path)
{
    struct buf b = {0};

    uri_path_encode(&b, path);
    if (!b.failed)
        exchange_add_field(x, field, arena_copy(&x->arena, buf_span(&b)));
    buf_done(&b);
}

/* What the request made or stored, by the address that it has; a folder's ends with a slash. */
static void write_path_of_result(struct buf *b, const struct authoring *a)
{
    const struct exchange *x = a->x;
    bool makes_folder = a->result.now.kind == TREE_COLLECTION;

    if (x->upload.finishes || goes_elsewhere(x)) {
        buf_add(b, a->mount);
        buf_add(b, x->upload.finishes ? a->target.names.asked : a->destination.names.asked);
    } else {
        buf_add(b, x->path.text);
    }
    if ((makes_folder || makes_members(x)) && !span_ends(buf_span(b), SPAN("/")))
        buf_add_char(b, '/');
    if (makes_members(x))
        buf_add(b, post_member_name(a));
}

/* Whether what was made or stored has another address than the request's: RFC 9110 §15.3.2. */
static bool is_elsewhere(const struct exchange *x, const struct authoring *a)
{
    if (makes_members(x) || x->upload.finishes)
        return true;
    return x->outcome == OUTCOME_created &&
           (goes_elsewhere(x) ||
            (a->result.now.kind == TREE_COLLECTION && !span_ends(x->path.text, SPAN("/"))));
}

/* Which file of a form has which name, as one that was taken got another. */
static void respond_posted(struct exchange *x, const struct authoring *a)
{
    struct response *r = &x->response;
    struct buf b = {0}, folder = {0};

    buf_add(&folder, x->path.text);
    if (!span_ends(x->path.text, SPAN("/")))
        buf_add_char(&folder, '/');
    post_write_result(&b, a, buf_span(&folder));
    r->body =
        b.failed || folder.failed ? (struct span){NULL, 0} : arena_copy(&x->arena, buf_span(&b));
    r->length = r->body.len;
    r->has_length = true;
    buf_done(&b);
    buf_done(&folder);
    exchange_add_field(x, SPAN("Content-Type"), SPAN("application/json"));
}

static void respond_stored(struct exchange *x, struct authoring *a)
{
    bool elsewhere = is_elsewhere(x, a);
    struct buf path = {0};

    add_validators(x, a);
    if (!elsewhere && a->answer.written < 0)
        return;
    write_path_of_result(&path, a);
    if (elsewhere && !path.failed)
        add_path(x, SPAN("Location"), buf_span(&path));
    if (a->content.fields.role == CONTENT_FORM)
        respond_posted(x, a);
    if (a->answer.written >= 0 && !path.failed) {
        add_path(x, SPAN("Content-Location"), buf_span(&path));
        written_respond(a, buf_span(&path));
    }
    buf_done(&path);
}

/*
 * RFC 4918 §9.8.5, §9.9.4: each member of the source that could not be copied, and why. What is
 * below a folder that cannot be read has no row, as nobody knows it (and §9.8.3 asks for none); the
 * source itself has one where it stayed behind because of its members.
 */
static void respond_failed(struct exchange *x, const struct authoring *a)
{
    struct response *r = &x->response;
    struct buf b = {0}, path = {0};

    multistatus_begin(&b);
    for (const struct failed_member *f = a->failures.first; f; f = f->next) {
        enum outcome outcome = tree_result_outcome(-f->error);

        path.len = 0;
        buf_add(&path, x->path.text);
        if (!span_ends(x->path.text, SPAN("/")))
            buf_add_char(&path, '/');
        buf_add(&path, span_of(f->path, f->length));
        if (f->is_folder && !span_ends(buf_span(&path), SPAN("/")))
            buf_add_char(&path, '/');
        multistatus_response_begin(&b, buf_span(&path));
        multistatus_status(&b, outcome_table[outcome ? outcome : OUTCOME_not_found].status);
        multistatus_response_end(&b);
    }
    if (a->failures.gave_up) {
        path.len = 0;
        buf_add(&path, x->path.text);
        if (x->target.is_collection && !span_ends(x->path.text, SPAN("/")))
            buf_add_char(&path, '/');
        multistatus_response_begin(&b, buf_span(&path));
        multistatus_status(&b, 424);
        multistatus_response_end(&b);
    }
    multistatus_end(&b);
    r->body =
        b.failed || path.failed ? (struct span){NULL, 0} : arena_copy(&x->arena, buf_span(&b));
    r->has_length = true;
    r->length = r->body.len;
    buf_done(&b);
    buf_done(&path);
    exchange_add_field(x, SPAN("Content-Type"), MULTISTATUS_MEDIA_TYPE);
}

void authoring_respond(struct exchange *x)
{
    struct authoring *a = x->held;

    locks_respond(x);
    if (a)
        upload_respond(x);
    switch (x->outcome) {
    case OUTCOME_options_told:
        respond_options(x);
        break;
    case OUTCOME_properties_told:
        if (a->answer.telling || a->answer.kept)
            propfind_respond(a);
        else
            respond_properties(x, a->answer.properties);
        break;
    case OUTCOME_propfind_infinite:
        respond_condition(x, DAV_CONDITION_PROPFIND_FINITE_DEPTH, (struct span){NULL, 0}, false);
        break;
    case OUTCOME_created:
    case OUTCOME_done:
    case OUTCOME_result_told:
        if (x->effect.untold)
            preference_applied(x, SPAN("return=minimal"));
        else
            respond_stored(x, a);
        break;
    case OUTCOME_partly_done:
        if (a->failures.first)
            respond_failed(x, a);
        break;
    case OUTCOME_uploaded:
        add_path(x, SPAN("Location"), x->path.text);
        break;
    case OUTCOME_content_coded: // RFC 9110 §12.5.3
        exchange_add_field(x, SPAN("Accept-Encoding"), SPAN("identity"));
        break;
    case OUTCOME_unsupported_media_type: // RFC 9110 §15.5.16, RFC 5789 §2.2
        if (author_of(x)->takes == TAKES_PART)
            add_accept_patch(x);
        else if (author_of(x)->takes == TAKES_XML)
            exchange_add_field(x, SPAN("Accept"), SPAN("application/xml, text/xml"));
        break;
    default:
        break;
    }
}
