// SPDX-License-Identifier: MIT
/*
 * The responses of methods that author: fields for what was done, and the multi-status of what was
 * done in part.
 */
#include "resource/dav/dav_parts.h"

#include "base/buf.h"
#include "http/dav_fields.h"
#include "registry/status.h"
#include "resource/dav/multistatus_write.h"
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
    if (x->allowed & METHOD_BIT(METHOD_PATCH))
        add_accept_patch(x);
}

/* The validators of what was stored, so that the client need not ask: RFC 9110 §9.3.4. */
static void add_validators(struct exchange *x, const struct authoring *a)
{
    int64_t seconds;

    if (a->result.now.kind != TREE_FILE || x->request.method == METHOD_COPY ||
        x->request.method == METHOD_MOVE)
        return;
    exchange_add_fieldf(x, SPAN("ETag"), "\"%s\"", a->etag);
    if (oc_mtime_parse(message_field(&x->request, FIELD_x_oc_mtime), &seconds))
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

static void add_location(struct exchange *x, struct span path)
{
    struct buf b = {0};

    uri_path_encode(&b, path);
    if (!b.failed)
        exchange_add_fieldf(x, SPAN("Location"), "%.*s", SPAN_ARG(buf_span(&b)));
    buf_done(&b);
}

/* Where the new member is: the collection's path, perhaps named without its slash, and the name. */
static void add_member_location(struct exchange *x, const struct authoring *a)
{
    struct buf path = {0};

    buf_add(&path, x->path.text);
    if (!span_ends(x->path.text, SPAN("/")))
        buf_add_char(&path, '/');
    buf_add(&path, post_member_name(a));
    if (!path.failed)
        add_location(x, buf_span(&path));
    buf_done(&path);
}

/* Of the file that an upload has become, which isn't what the request named. */
static void add_file_location(struct exchange *x, const struct authoring *a)
{
    struct buf path = {0};

    buf_add(&path, span_first(x->path.text, x->resource->mount_length));
    buf_add(&path, a->names.asked);
    if (!path.failed)
        add_location(x, buf_span(&path));
    buf_done(&path);
}

/* RFC 4918 §9.8.5: each member of the source that is not at the destination, and why. */
static void respond_failed(struct exchange *x, const struct authoring *a)
{
    struct response *r = &x->response;
    struct buf b = {0}, path = {0};

    multistatus_begin(&b);
    for (const struct failed_member *f = a->failed; f; f = f->next) {
        enum outcome outcome = authoring_outcome(-f->error);

        path.len = 0;
        buf_add(&path, x->path.text);
        if (!span_ends(x->path.text, SPAN("/")))
            buf_add_char(&path, '/');
        buf_add(&path, span_of(f->path, f->length));
        multistatus_response_begin(&b, buf_span(&path));
        multistatus_status(&b, outcome_table[outcome ? outcome : OUTCOME_not_found].status);
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
        if (a->telling || a->answer)
            propfind_respond(a);
        else
            respond_properties(x, a->told);
        break;
    case OUTCOME_propfind_infinite:
        respond_condition(x, DAV_CONDITION_PROPFIND_FINITE_DEPTH, (struct span){NULL, 0});
        break;
    case OUTCOME_created:
    case OUTCOME_done:
    case OUTCOME_result_told:
        add_validators(x, a);
        if (x->request.method == METHOD_POST)
            add_member_location(x, a);
        else if (x->upload.finishes)
            add_file_location(x, a);
        break;
    case OUTCOME_partly_done:
        if (x->request.method == METHOD_COPY)
            respond_failed(x, a);
        break;
    case OUTCOME_uploaded:
        add_location(x, x->path.text);
        break;
    case OUTCOME_unsupported_media_type: // RFC 5789 §2.2
        if (x->request.method == METHOD_PATCH)
            add_accept_patch(x);
        break;
    default:
        break;
    }
}
