// SPDX-License-Identifier: MIT
/*
 * What was written, told in the answer: "Prefer: return=representation" (RFC 7240 §4.2, RFC 8144
 * §3.1). The descriptor is the one that the content went through, so it is what this very request
 * has stored, whatever became of the name since.
 */
#include "resource/dav/written.h"
#include "base/clock.h"
#include "base/path.h"
#include "http/date.h"
#include "resource/dav/authoring.h"
#include "resource/files/snapshot.h"

void preference_applied(struct exchange *x, struct span preference)
{
    exchange_add_field(x, SPAN("Preference-Applied"), preference);
    exchange_add_field(x, SPAN("Vary"), SPAN("Prefer"));
}

static void add_last_modified(struct exchange *x, const struct file_stamp *stamp)
{
    char date[DATE_LENGTH];

    if (!stamp_date_tells(stamp))
        return;
    // Of now, as the content was written behind the arrival of the request.
    date_format(stamp_last_modified(stamp, clock_realtime() / CLOCK_SECOND), date);
    exchange_add_fieldf(x, SPAN("Last-Modified"), "%.*s", DATE_LENGTH, date);
}

static void next_piece(struct exchange *x, struct piece *ret_piece)
{
    struct authoring *a = x->response.source;

    if (a->answer.written_whole)
        *ret_piece = (struct piece){.kind = PIECE_END};
    else
        *ret_piece = (struct piece){
            .kind = PIECE_FILE, .file = a->answer.written, .length = a->result.now.stamp.size};
    a->answer.written_whole = true;
}

void written_respond(struct authoring *a, struct span path)
{
    struct exchange *x = a->x;
    struct response *r = &x->response;
    struct span type = media_type_for_name(a->share->types, path_leaf(path));

    exchange_add_field(x, SPAN("Content-Type"), type);
    exchange_add_field(x, SPAN("X-Content-Type-Options"), SPAN("nosniff"));
    exchange_add_field(x, SPAN("Cross-Origin-Resource-Policy"), SPAN("same-origin"));
    if (snapshot_can_hold_scripts(type))
        exchange_add_field(x, SPAN("Content-Security-Policy"), SPAN("sandbox"));
    add_last_modified(x, &a->result.now.stamp);
    preference_applied(x, SPAN("return=representation"));
    r->has_length = true;
    r->length = a->result.now.stamp.size;
    r->source = a;
    if (r->length)
        r->next = next_piece;
}
