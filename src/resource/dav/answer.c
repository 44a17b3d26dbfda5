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
    exchange_add_field(x, SPAN("DAV"), SPAN("1, 2, 3, sabredav-partialupdate"));
    exchange_add_field(x, SPAN("MS-Author-Via"), SPAN("DAV"));
    if (x->routing.allowed & methods_that_patch)
        add_accept_patch(x);
}

static bool goes_elsewhere(const struct exchange *x)
{
    return author_of(x)->also & AUTHOR_ELSEWHERE;
}

/* The validators of what was stored, so that the client need not ask: RFC 9110 §9.3.4. */
static void add_validators(struct exchange *x, const struct authoring *a)
{
    // What was replaced elsewhere is not what ETag would be of: §8.8.3. Of what is new it is.
    if (a->result.now.kind != TREE_FILE || post_made_several(a) ||
        (goes_elsewhere(x) && x->outcome != OUTCOME_created))
        return;
    exchange_add_fieldf(x, SPAN("ETag"), "\"%s\"", a->answer.etag);
}

/* That was written before all was done, so that there is memory for it. */
static void respond_multistatus(struct exchange *x, struct span told)
{
    exchange_add_field(x, SPAN("Content-Type"), MULTISTATUS_MEDIA_TYPE);
    x->response.body = told;
    x->response.length = told.len;
    x->response.has_length = true;
}

enum {
    FIELDS_ROOM = 2048, // what all fields take but for paths, and again in the head
    ENCODED = 3         // bytes of an address for one of a path, at most
};

/* The longest path that could be told; a member's name may still change. */
static size_t path_room(const struct authoring *a)
{
    const struct exchange *x = a->x;

    return a->mount.len + x->path.text.len + a->target.names.asked.len +
           (a->destination ? a->destination->names.asked.len : 0) +
           (content_makes_member(x) ? LIMIT_FILE_NAME : 0) + 2;
}

bool answer_has_written(const struct authoring *a)
{
    return a->answer.written >= 0 && a->result.now.kind == TREE_FILE;
}

bool answer_reserve(struct authoring *a)
{
    size_t path = path_room(a);

    // The path itself, and as Location and Content-Location, which are copied into the head.
    return arena_reserve(&a->x->arena, FIELDS_ROOM + path + 4 * ENCODED * path +
                                           locks_room_to_tell(a) + post_result_room(a, path));
}

/* What the request made or stored, by the address that it has; a folder's ends with a slash. */
static struct span path_of_result(const struct authoring *a)
{
    struct exchange *x = a->x;
    bool makes_folder = a->result.now.kind == TREE_COLLECTION;
    size_t room = path_room(a);
    struct buf memory = buf_in(arena_alloc(&x->arena, room), room), *b = &memory;

    if (x->upload.finishes || goes_elsewhere(x)) {
        buf_add(b, a->mount);
        buf_add(b, x->upload.finishes ? a->target.names.asked : a->destination->names.asked);
    } else {
        buf_add(b, x->path.text);
    }
    if ((makes_folder || content_makes_member(x)) && !span_ends(buf_span(b), SPAN("/")))
        buf_add_char(b, '/');
    if (content_makes_member(x))
        buf_add(b, post_member_name(a));
    x->response.failed |= b->failed;
    return buf_span(b);
}

/* Whether what was made or stored has another address than the request's: RFC 9110 §15.3.2. */
static bool is_elsewhere(const struct exchange *x, const struct authoring *a)
{
    if (content_makes_member(x) || x->upload.finishes)
        return true;
    return x->outcome == OUTCOME_created &&
           (goes_elsewhere(x) ||
            (a->result.now.kind == TREE_COLLECTION && !span_ends(x->path.text, SPAN("/"))));
}

/* Which file of a form has which name, as one that was taken got another. */
static void respond_posted(struct exchange *x, const struct authoring *a)
{
    struct span folder = authoring_folder_path(x);
    size_t room = post_result_room(a, folder.len);
    struct buf b = buf_in(arena_alloc(&x->arena, room), room);

    post_write_result(&b, a, folder);
    exchange_set_body(x, &b, SPAN("application/json"));
}

/* A client that speaks of uploads learns that this one is complete. */
static bool completes_upload(const struct exchange *x, const struct authoring *a)
{
    return x->content.kind.upload.complete != UPLOAD_COMPLETE_ABSENT &&
           a->content.fields.role != CONTENT_PART && a->result.now.kind == TREE_FILE;
}

/* What was made or stored has the date that X-OC-Mtime asks for. A client that is told so does not
 * look, and one that is not told may send all of it again: so it is told where it is true. */
static bool has_date_asked(const struct authoring *a)
{
    int64_t asked = a->content.fields.modified_ns;
    const struct tree_seen *now = &a->result.now;

    return asked != TREE_NOW && now->kind != TREE_ABSENT && now->stamp.modified_ns == asked;
}

static void respond_stored(struct exchange *x, struct authoring *a)
{
    bool elsewhere = is_elsewhere(x, a);
    struct span path;

    add_validators(x, a);
    if (has_date_asked(a))
        exchange_add_field(x, SPAN("X-OC-MTime"), SPAN("accepted"));
    if (completes_upload(x, a))
        upload_add_state(x, a->result.now.stamp.size, true);
    if (!elsewhere && !answer_has_written(a))
        return;
    path = path_of_result(a);
    if (elsewhere)
        exchange_add_path(x, SPAN("Location"), path);
    if (a->content.fields.role == CONTENT_FORM)
        respond_posted(x, a);
    if (answer_has_written(a)) {
        exchange_add_path(x, SPAN("Content-Location"), path);
        written_respond(a, path);
    }
}

void authoring_respond(struct exchange *x)
{
    struct authoring *a = x->routing.resource_state;

    locks_respond(x);
    if (a)
        upload_respond(x);
    switch (x->outcome) {
    case OUTCOME_options_told:
        respond_options(x);
        break;
    case OUTCOME_properties_told:
        if (a->answer.telling || a->answer.remembered)
            propfind_respond(a);
        else
            respond_multistatus(x, a->answer.properties);
        break;
    case OUTCOME_propfind_infinite:
    case OUTCOME_propfind_too_many:
        respond_condition(x, DAV_CONDITION_PROPFIND_FINITE_DEPTH, (struct span){NULL, 0}, false);
        break;
    case OUTCOME_report_unsupported:
        respond_condition(x, DAV_CONDITION_SUPPORTED_REPORT, (struct span){NULL, 0}, false);
        break;
    case OUTCOME_sync_token_unknown:
        respond_condition(x, DAV_CONDITION_VALID_SYNC_TOKEN, (struct span){NULL, 0}, false);
        break;
    case OUTCOME_sync_infinite:
        respond_condition(x, DAV_CONDITION_SYNC_TRAVERSAL_SUPPORTED, (struct span){NULL, 0}, false);
        break;
    case OUTCOME_sync_too_many:
        respond_condition(x, DAV_CONDITION_NUMBER_OF_MATCHES_WITHIN_LIMITS, (struct span){NULL, 0},
                          false);
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
            respond_multistatus(x, buf_span(&a->failures.told));
        break;
    case OUTCOME_uploaded:
        exchange_add_folder(x, SPAN("Location"), false);
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
