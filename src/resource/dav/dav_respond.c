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
    exchange_add_field(x, SPAN("Accept-Patch"), SPAN("application/x-sabredav-partialupdate"));
}

static void respond_options(struct exchange *x)
{
    exchange_add_field(x, SPAN("DAV"), SPAN("1, 3"));
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

void authoring_respond(struct exchange *x)
{
    struct authoring *a = x->held;

    switch (x->outcome) {
    case OUTCOME_options_told:
        respond_options(x);
        break;
    case OUTCOME_created:
    case OUTCOME_done:
    case OUTCOME_result_told:
        add_validators(x, a);
        break;
    case OUTCOME_unsupported_media_type: // RFC 5789 §2.2
        if (x->request.method == METHOD_PATCH)
            add_accept_patch(x);
        break;
    default:
        break;
    }
}
