// SPDX-License-Identifier: MIT
#include "resource/dav/room.h"

#include "graph/author.h"
#include "resource/dav/authoring.h"

enum { EARLY = 64 * 1024 }; // bytes of content, from which on it surely comes in pieces

/* Where a part of the representation goes. */
static enum outcome find_part(struct authoring *a)
{
    const struct content_fields *f = &a->content.fields;
    uint64_t length = a->x->content.kind.length, size = write_size_there(a);
    const struct content_range *range = &f->range.content;

    if (a->x->request.framing != FRAMING_LENGTH)
        return OUTCOME_length_required;
    if (!f->range_sound)
        return OUTCOME_content_range_malformed;
    if (author_of(a->x)->takes == TAKES_PART) {
        switch (update_range_place(&f->range.update, size, length, &a->content.part.first)) {
        case UPDATE_RANGE_OK:
            break;
        case UPDATE_RANGE_OUTSIDE:
            return OUTCOME_offset_differs;
        case UPDATE_RANGE_OTHER_LENGTH:
            return OUTCOME_content_range_malformed;
        }
    } else {
        if (range->last - range->first + 1 != length)
            return OUTCOME_content_range_malformed;
        if (range->first > size)
            return OUTCOME_offset_differs;
        a->content.part.is_last = range->has_size && range->last + 1 == range->size;
        if (range->has_size && size > range->size && !a->content.part.is_last)
            return OUTCOME_total_differs;
        a->content.part.first = range->first;
    }
    a->content.part.end = a->content.part.first + length;
    // What lies between the end and the content is stored as well.
    return a->content.part.end > size && a->content.part.end - size > a->x->content.limit
               ? OUTCOME_content_too_large
               : OUTCOME_NONE;
}

/* Nothing is staged in a folder that is not served any more: it all begins in the new one instead.
 */
void room_run(struct authoring *a)
{
    a->error = root_check(a->share->root);
    if (a->error)
        return;
    if (upload_opens_early(a))
        upload_room_run(a);
    else
        a->error = write_begin(a);
}

/*
 * A client that waits to be asked for its content learns here that there is no room; and so does
 * one with so much content that it comes in pieces. Anything else is one piece, and one step.
 */
enum step room_begin(struct authoring *a)
{
    struct exchange *x = a->x;
    enum content_role role = a->content.fields.role;
    uint64_t length = x->content.kind.length;
    enum outcome cause;

    if (role != CONTENT_WHOLE && role != CONTENT_PART && role != CONTENT_OPENING)
        return STEP_KNOWN;
    if (role == CONTENT_PART) {
        cause = find_part(a);
        if (cause) {
            exchange_fail(x, cause, 0, NULL);
            return STEP_KNOWN;
        }
    }
    if (a->content.stage || x->content.taken || a->content.whole.ptr || a->upload.claim.upload)
        return STEP_KNOWN; // the questions are asked again
    if (upload_opens_early(a))
        return STEP_RUN;
    if (!x->request.expect_continue && (length == CONTENT_LENGTH_UNKNOWN ||
                                        (x->request.framing == FRAMING_LENGTH && length < EARLY)))
        return STEP_KNOWN;
    return write_copies_much(a) ? STEP_RUN_LONG : STEP_RUN;
}

enum step room_end(struct authoring *a)
{
    upload_tell_address(a);
    return a->error ? authoring_end_failed(a) : STEP_KNOWN;
}
