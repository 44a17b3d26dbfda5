// SPDX-License-Identifier: MIT
/*
 * The questions about methods that author: WebDAV's, and PUT, POST, PATCH and DELETE.
 */
#include "graph/question.h"

#include "graph/author.h"
#include "graph/resource.h"
#include "http/dav_fields.h"

bool ask_announced_fits(const struct exchange *x)
{
    const struct content_kind *c = &x->content.kind;

    return (c->length == CONTENT_LENGTH_UNKNOWN || c->length <= x->content.limit) &&
           (c->upload.length == UPLOAD_LENGTH_UNKNOWN || c->upload.length <= x->content.limit);
}

bool ask_upload_fits(const struct exchange *x)
{
    return ask_announced_fits(x);
}

bool ask_asks_upload(const struct exchange *x)
{
    return upload_use_of(x) == UPLOAD_ASKS;
}

bool ask_gives_up_upload(const struct exchange *x)
{
    return upload_use_of(x) == UPLOAD_GIVES_UP;
}

bool ask_piece_supported(const struct exchange *x)
{
    return ask_type_supported(x);
}

/* Whether content from an offset on agrees with the length of the whole, as far as can be told. */
static bool content_agrees(const struct exchange *x, uint64_t offset, uint64_t length)
{
    const struct message *m = &x->request;
    uint64_t content = m->framing == FRAMING_LENGTH ? m->content_length : 0;

    if (length == UPLOAD_LENGTH_UNKNOWN)
        return true;
    if (offset > length || content > length - offset)
        return false;
    return m->framing == FRAMING_OPEN || x->content.kind.upload.complete != UPLOAD_COMPLETE_YES ||
           content == length - offset;
}

bool ask_piece_sound(const struct exchange *x)
{
    const struct upload_fields *u = &x->content.kind.upload;

    return (u->complete == UPLOAD_COMPLETE_YES || u->complete == UPLOAD_COMPLETE_NO) &&
           u->has_offset && !u->length_malformed;
}

bool ask_piece_follows(const struct exchange *x)
{
    return x->content.kind.upload.offset == x->upload.offset;
}

bool ask_piece_fits(const struct exchange *x)
{
    uint64_t told = x->content.kind.upload.length,
             known = x->upload.has_length ? x->upload.length : told;

    return (told == UPLOAD_LENGTH_UNKNOWN || told == known) &&
           content_agrees(x, x->upload.offset, known);
}

bool ask_finishes_upload(const struct exchange *x)
{
    return x->upload.finishes;
}

/* Any page may make a browser send a POST, with a form; all else a browser asks for first. */
bool ask_from_this_site(const struct exchange *x)
{
    const struct message *m = &x->request;

    return !(author_of(x)->also & AUTHOR_BY_FORM) ||
           !upload_is_cross_site(message_field(m, FIELD_sec_fetch_site),
                                 message_field(m, FIELD_origin), message_field(m, FIELD_referer),
                                 message_field(m, FIELD_host));
}

bool ask_upload_fields_sound(const struct exchange *x)
{
    const struct upload_fields *u = &x->content.kind.upload;

    if (upload_use_of(x) != UPLOAD_OPENS || u->complete == UPLOAD_COMPLETE_ABSENT)
        return true;
    // What opens an upload begins it: a later part would be stored as if it were the first.
    return u->complete != UPLOAD_COMPLETE_MALFORMED && !u->length_malformed &&
           (!x->request.first[FIELD_upload_offset] || (u->has_offset && u->offset == 0)) &&
           content_agrees(x, 0, u->length) &&
           (u->complete == UPLOAD_COMPLETE_YES || !x->request.first[FIELD_content_range]);
}

/* An upload is opened without content as well: nothing is stored then. */
bool ask_length_told(const struct exchange *x)
{
    return x->request.framing != FRAMING_NONE ||
           x->content.kind.upload.complete == UPLOAD_COMPLETE_NO ||
           !method_is_in(x, methods_that_store);
}

bool ask_may_be_chunked(const struct exchange *x)
{
    return x->request.may_be_open;
}

static bool is_wanted(const struct exchange *x)
{
    return method_is_in(x, x->routing.resource->wants);
}

/* As far as is known: content that nobody wants has come by now, other content has not. */
static bool has_content(const struct exchange *x)
{
    const struct message *m = &x->request;

    switch (m->framing) {
    case FRAMING_NONE:
        return false;
    case FRAMING_LENGTH:
        return m->content_length > 0;
    default:
        return is_wanted(x) || m->expect_continue || x->content.taken > 0;
    }
}

bool ask_content_uncoded(const struct exchange *x)
{
    return !x->content.kind.is_coded || !is_wanted(x) || !has_content(x);
}

bool ask_piece_uncoded(const struct exchange *x)
{
    return ask_content_uncoded(x);
}

bool ask_type_supported(const struct exchange *x)
{
    return !has_content(x) || !x->content.kind.type_refused;
}

bool ask_depth_sound(const struct exchange *x)
{
    return depth_of(x) != DEPTH_MALFORMED;
}

bool ask_depth_fits(const struct exchange *x)
{
    return author_of(x)->depths & 1u << depth_of(x);
}

bool ask_depth_fits_collection(const struct exchange *x)
{
    return !x->target.is_collection || author_of(x)->depths_of_collection & 1u << depth_of(x);
}

bool ask_overwrite_sound(const struct exchange *x)
{
    return overwrite_parse(message_field(&x->request, FIELD_overwrite)) != OVERWRITE_MALFORMED;
}

bool ask_target_exists(const struct exchange *x)
{
    return x->representation.exists;
}

bool ask_makes_anew(const struct exchange *x)
{
    return (x->upload.finishes && !x->upload.into_collection) ||
           author_of(x)->makes != MAKES_NOTHING;
}

bool ask_name_possible(const struct exchange *x)
{
    return x->target.name_possible;
}

bool ask_name_visible(const struct exchange *x)
{
    return !x->target.name_hidden;
}

bool ask_makes_file_with_slash(const struct exchange *x)
{
    return x->target.named_as_folder && author_of(x)->makes != MAKES_COLLECTION;
}

bool ask_parent_there(const struct exchange *x)
{
    return x->target.parent_exists;
}

bool ask_makes_collection(const struct exchange *x)
{
    return author_of(x)->makes == MAKES_COLLECTION;
}

bool ask_is_file_with_slash(const struct exchange *x)
{
    return x->target.named_as_folder && !x->target.is_collection;
}

bool ask_puts_on_collection(const struct exchange *x)
{
    enum author_takes takes = author_of(x)->takes;

    return x->target.is_collection && !x->upload.into_collection &&
           (takes == TAKES_WHOLE || takes == TAKES_PART);
}

bool ask_posts_on_file(const struct exchange *x)
{
    return !x->target.is_collection &&
           (author_of(x)->takes == TAKES_MEMBERS || x->upload.into_collection);
}

bool ask_reports_on_file(const struct exchange *x)
{
    return !x->target.is_collection && author_of(x)->also & AUTHOR_REPORTS;
}

bool ask_lists_unlisted(const struct exchange *x)
{
    return x->target.lists_unlisted;
}

bool ask_walks_too_deep(const struct exchange *x)
{
    return x->target.depth_unbounded;
}

bool ask_goes_elsewhere(const struct exchange *x)
{
    return author_of(x)->also & AUTHOR_ELSEWHERE;
}

bool ask_destination_sent(const struct exchange *x)
{
    return x->request.first[FIELD_destination] != 0;
}

bool ask_destination_apart(const struct exchange *x)
{
    return !x->destination.overlaps;
}

bool ask_destination_parent_there(const struct exchange *x)
{
    return x->destination.parent_exists;
}

bool ask_moves_file_to_slash(const struct exchange *x)
{
    return x->destination.named_as_folder && !x->destination.is_collection &&
           !x->target.is_collection;
}

bool ask_destination_free(const struct exchange *x)
{
    return !x->destination.exists ||
           overwrite_parse(message_field(&x->request, FIELD_overwrite)) == OVERWRITE_T;
}

bool ask_has_if(const struct exchange *x)
{
    return x->request.first[FIELD_if] != 0;
}

bool ask_if_sound(const struct exchange *x)
{
    return !x->locks.if_malformed;
}

bool ask_if_holds(const struct exchange *x)
{
    return x->locks.if_holds;
}

bool ask_only_reads(const struct exchange *x)
{
    return method_is_in(x, methods_that_read);
}

bool ask_unlocks(const struct exchange *x)
{
    return author_of(x)->also & AUTHOR_UNLOCKS;
}

bool ask_lock_token_sent(const struct exchange *x)
{
    struct span token;

    return lock_token_parse(message_field(&x->request, FIELD_lock_token), &token);
}

bool ask_lock_token_known(const struct exchange *x)
{
    return x->locks.token_known;
}

bool ask_refreshes_lock(const struct exchange *x)
{
    const struct message *m = &x->request;

    return author_of(x)->also & AUTHOR_LOCKS &&
           (m->framing == FRAMING_NONE || (m->framing == FRAMING_LENGTH && !m->content_length));
}

bool ask_refreshed_lock_named(const struct exchange *x)
{
    return x->locks.token_known;
}

bool ask_needs_no_lock(const struct exchange *x)
{
    return method_table[x->request.method].safe;
}

bool ask_unlocked(const struct exchange *x)
{
    return !x->locks.blocked;
}

bool ask_was_refresh(const struct exchange *x)
{
    return author_of(x)->also & AUTHOR_LOCKS && x->content.taken == 0;
}

bool ask_refreshed_in_chunks(const struct exchange *x)
{
    return ask_refreshed_lock_named(x);
}

bool ask_lock_grantable(const struct exchange *x)
{
    return !x->locks.conflicting;
}

bool ask_effect_whole(const struct exchange *x)
{
    return !x->effect.partly;
}

bool ask_tells_properties(const struct exchange *x)
{
    return author_of(x)->also & AUTHOR_TELLS && !x->effect.untold;
}

bool ask_came_from_form(const struct exchange *x)
{
    return x->effect.from_form;
}

bool ask_leaves_unfinished(const struct exchange *x)
{
    return x->effect.unfinished;
}

bool ask_was_opened(const struct exchange *x)
{
    return upload_use_of(x) == UPLOAD_OPENS;
}

bool ask_was_created(const struct exchange *x)
{
    return x->effect.created;
}

bool ask_has_result(const struct exchange *x)
{
    return x->effect.has_result;
}
