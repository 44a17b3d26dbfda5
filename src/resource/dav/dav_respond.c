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

static void respond_options(struct exchange *x)
{
    exchange_add_field(x, SPAN("DAV"), SPAN("1, 2, 3"));
    exchange_add_field(x, SPAN("MS-Author-Via"), SPAN("DAV"));
    if (x->allowed & METHOD_BIT(METHOD_PATCH))
        exchange_add_field(x, SPAN("Accept-Patch"), SPAN("application/x-sabredav-partialupdate"));
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

void authoring_respond(struct exchange *x)
{
    struct authoring *a = x->held;

    locks_respond(x);
    switch (x->outcome) {
    case OUTCOME_options_told:
        respond_options(x);
        break;
    case OUTCOME_properties_told:
        if (a->telling)
            propfind_respond(a);
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
        break;
    case OUTCOME_uploaded:
        add_location(x, x->path.text);
        break;
    default:
        break;
    }
}
