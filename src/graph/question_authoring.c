// SPDX-License-Identifier: MIT
/*
 * The questions about methods that author: WebDAV's, and PUT, POST, PATCH and DELETE.
 */
#include "graph/question.h"

#include "graph/resource.h"
#include "http/dav_fields.h"
#include "http/upload_fields.h"

static bool is_one_of(const struct exchange *x, method_set methods)
{
    return (methods & METHOD_BIT(x->request.method)) != 0;
}

bool ask_asks_upload(const struct exchange *x)
{
    return x->request.method == METHOD_HEAD;
}

bool ask_gives_up_upload(const struct exchange *x)
{
    return x->request.method == METHOD_DELETE;
}

bool ask_piece_supported(const struct exchange *x)
{
    return ask_type_supported(x);
}

static enum upload_complete complete_of(const struct exchange *x)
{
    return upload_complete_parse(message_field(&x->request, FIELD_upload_complete));
}

/* False: it is there and no number. *ret_length is the fallback when it isn't there. */
static bool read_upload_length(const struct exchange *x, uint64_t fallback, uint64_t *ret_length)
{
    struct span value = message_field(&x->request, FIELD_upload_length);

    *ret_length = fallback;
    return !value.ptr || upload_number_parse(value, ret_length);
}

/* Whether content from an offset on agrees with the length of the whole, as far as can be told. */
static bool content_agrees(const struct exchange *x, uint64_t offset, uint64_t length)
{
    const struct message *m = &x->request;
    uint64_t content = m->framing == FRAMING_LENGTH ? m->content_length : 0;

    if (length == UINT64_MAX)
        return true;
    if (offset > length || content > length - offset)
        return false;
    return m->framing == FRAMING_OPEN || complete_of(x) != UPLOAD_COMPLETE_YES ||
           content == length - offset;
}

bool ask_piece_sound(const struct exchange *x)
{
    enum upload_complete complete = complete_of(x);
    uint64_t offset, length;

    return (complete == UPLOAD_COMPLETE_YES || complete == UPLOAD_COMPLETE_NO) &&
           upload_number_parse(message_field(&x->request, FIELD_upload_offset), &offset) &&
           read_upload_length(x, 0, &length);
}

bool ask_piece_follows(const struct exchange *x)
{
    uint64_t offset = 0;

    return upload_number_parse(message_field(&x->request, FIELD_upload_offset), &offset) &&
           offset == x->upload.offset;
}

bool ask_piece_fits(const struct exchange *x)
{
    uint64_t known = x->upload.has_length ? x->upload.length : UINT64_MAX, length;

    return read_upload_length(x, known, &length) && (known == UINT64_MAX || length == known) &&
           content_agrees(x, x->upload.offset, length);
}

bool ask_finishes_upload(const struct exchange *x)
{
    return x->upload.finishes;
}

/* Any page may make a browser send a POST, with a form; all else a browser asks for first. */
bool ask_from_this_site(const struct exchange *x)
{
    const struct message *m = &x->request;

    return m->method != METHOD_POST ||
           !upload_is_cross_site(message_field(m, FIELD_sec_fetch_site),
                                 message_field(m, FIELD_origin), message_field(m, FIELD_host));
}

bool ask_upload_fields_sound(const struct exchange *x)
{
    enum upload_complete complete = complete_of(x);
    uint64_t length;

    if (x->request.method != METHOD_PUT || complete == UPLOAD_COMPLETE_ABSENT)
        return true;
    return complete != UPLOAD_COMPLETE_MALFORMED && read_upload_length(x, UINT64_MAX, &length) &&
           content_agrees(x, 0, length) &&
           (complete == UPLOAD_COMPLETE_YES || !x->request.first[FIELD_content_range]);
}

/* An upload is opened without content as well: nothing is stored then. */
bool ask_length_told(const struct exchange *x)
{
    return x->request.framing != FRAMING_NONE || complete_of(x) == UPLOAD_COMPLETE_NO ||
           !is_one_of(x,
                      METHOD_BIT(METHOD_PUT) | METHOD_BIT(METHOD_PATCH) | METHOD_BIT(METHOD_POST));
}

bool ask_may_be_chunked(const struct exchange *x)
{
    return x->request.may_be_open;
}

static bool is_wanted(const struct exchange *x)
{
    return is_one_of(x, x->resource->wants);
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
        return is_wanted(x) || m->expect_continue || x->content_taken > 0;
    }
}

bool ask_content_uncoded(const struct exchange *x)
{
    struct span coding = span_trim(message_field(&x->request, FIELD_content_encoding));

    return coding.len == 0 || span_eq_nocase(coding, SPAN("identity")) || !is_wanted(x) ||
           !has_content(x);
}

bool ask_piece_uncoded(const struct exchange *x)
{
    return ask_content_uncoded(x);
}

bool ask_type_supported(const struct exchange *x)
{
    return !has_content(x) || !x->content_kind.type_refused;
}

static enum depth depth_of(const struct exchange *x)
{
    return depth_parse(message_field(&x->request, FIELD_depth));
}

bool ask_depth_sound(const struct exchange *x)
{
    return depth_of(x) != DEPTH_MALFORMED;
}

bool ask_depth_fits(const struct exchange *x)
{
    switch (depth_of(x)) {
    case DEPTH_0:
        return !is_one_of(x, METHOD_BIT(METHOD_MOVE)) && x->request.method != METHOD_DELETE;
    case DEPTH_1:
        return !is_one_of(x, METHOD_BIT(METHOD_COPY) | METHOD_BIT(METHOD_MOVE) |
                                 METHOD_BIT(METHOD_DELETE) | METHOD_BIT(METHOD_LOCK));
    default:
        return true;
    }
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
    return x->upload.finishes || is_one_of(x, METHOD_BIT(METHOD_PUT) | METHOD_BIT(METHOD_MKCOL) |
                                                  METHOD_BIT(METHOD_LOCK));
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
    return x->target.named_as_folder && x->request.method != METHOD_MKCOL;
}

bool ask_parent_there(const struct exchange *x)
{
    return x->target.parent_exists;
}

bool ask_makes_collection(const struct exchange *x)
{
    return x->request.method == METHOD_MKCOL;
}

bool ask_is_file_with_slash(const struct exchange *x)
{
    return x->target.named_as_folder && !x->target.is_collection;
}

bool ask_puts_on_collection(const struct exchange *x)
{
    return x->target.is_collection &&
           is_one_of(x, METHOD_BIT(METHOD_PUT) | METHOD_BIT(METHOD_PATCH));
}

bool ask_posts_on_file(const struct exchange *x)
{
    return !x->target.is_collection && x->request.method == METHOD_POST;
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
    return is_one_of(x, METHOD_BIT(METHOD_COPY) | METHOD_BIT(METHOD_MOVE));
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
    return is_one_of(x, METHOD_BIT(METHOD_GET) | METHOD_BIT(METHOD_HEAD));
}

bool ask_unlocks(const struct exchange *x)
{
    return x->request.method == METHOD_UNLOCK;
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

    return m->method == METHOD_LOCK &&
           (m->framing == FRAMING_NONE || (m->framing == FRAMING_LENGTH && !m->content_length));
}

bool ask_refreshed_lock_named(const struct exchange *x)
{
    return x->locks.token_known;
}

bool ask_needs_no_lock(const struct exchange *x)
{
    return x->request.method == METHOD_PROPFIND;
}

bool ask_unlocked(const struct exchange *x)
{
    return !x->locks.blocked;
}

bool ask_was_refresh(const struct exchange *x)
{
    return x->request.method == METHOD_LOCK && x->content_taken == 0;
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
    return is_one_of(x, METHOD_BIT(METHOD_PROPFIND) | METHOD_BIT(METHOD_PROPPATCH)) &&
           !x->effect.untold;
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
    return x->request.method == METHOD_PUT;
}

bool ask_was_created(const struct exchange *x)
{
    return x->effect.created;
}

bool ask_has_result(const struct exchange *x)
{
    return x->effect.has_result;
}
