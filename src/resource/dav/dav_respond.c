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

static void add_path(struct exchange *x, struct span field, struct span path)
{
    struct buf b = {0};

    uri_path_encode(&b, path);
    if (!b.failed)
        exchange_add_field(x, field, arena_copy(&x->arena, buf_span(&b)));
    buf_done(&b);
}

/* The file that the request stored, which isn't what it named where that was a folder. */
static void write_file_path(struct buf *b, const struct authoring *a)
{
    const struct exchange *x = a->x;

    if (x->upload.finishes) {
        buf_add(b, a->mount);
        buf_add(b, a->names.asked);
        return;
    }
    buf_add(b, x->path.text);
    if (x->request.method != METHOD_POST)
        return;
    if (!span_ends(x->path.text, SPAN("/")))
        buf_add_char(b, '/');
    buf_add(b, post_member_name(a));
}

static void respond_stored(struct exchange *x, struct authoring *a)
{
    bool is_elsewhere = x->request.method == METHOD_POST || x->upload.finishes;
    struct buf path = {0};

    add_validators(x, a);
    if (!is_elsewhere && a->written < 0)
        return;
    write_file_path(&path, a);
    if (is_elsewhere && !path.failed)
        add_path(x, SPAN("Location"), buf_span(&path));
    if (a->written >= 0 && !path.failed) {
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
    if (a->given_up) {
        multistatus_response_begin(&b, x->path.text);
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
        if (x->effect.untold)
            preference_applied(x, SPAN("return=minimal"));
        else
            respond_stored(x, a);
        break;
    case OUTCOME_partly_done:
        if (a->failed)
            respond_failed(x, a);
        break;
    case OUTCOME_uploaded:
        add_path(x, SPAN("Location"), x->path.text);
        break;
    case OUTCOME_content_coded: // RFC 9110 §12.5.3
        exchange_add_field(x, SPAN("Accept-Encoding"), SPAN("identity"));
        break;
    case OUTCOME_unsupported_media_type: // RFC 9110 §15.5.16, RFC 5789 §2.2
        if (x->request.method == METHOD_PATCH)
            add_accept_patch(x);
        else if (xml_is_content_of(x->request.method))
            exchange_add_field(x, SPAN("Accept"), SPAN("application/xml, text/xml"));
        break;
    default:
        break;
    }
}
