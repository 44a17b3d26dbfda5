// SPDX-License-Identifier: MIT
#include "resource/dav/content_role.h"

#include "base/clock.h"
#include "graph/author.h"
#include "graph/content_kind.h"
#include "http/accept.h"
#include "http/dav_fields.h"
#include "http/multipart_form.h"
#include "http/prefer.h"
#include "resource/dav/authoring.h"

static bool has_content(const struct message *m)
{
    return m->framing == FRAMING_OPEN || (m->framing == FRAMING_LENGTH && m->content_length);
}

/*
 * An upload of which more will come, or that is whole, but could go on after a break because its
 * client reads interim responses that tell where. One of no length is whole, whatever is said:
 * nothing can come any more, and there are clients that send nothing more.
 */
static bool opens_upload(const struct exchange *x)
{
    const struct upload_fields *u = &x->content.kind.upload;

    if (u->complete == UPLOAD_COMPLETE_NO)
        return u->length != 0;
    return u->complete == UPLOAD_COMPLETE_YES && u->version && x->request.may_be_open &&
           has_content(&x->request);
}

static enum content_role find_role(const struct exchange *x)
{
    const struct message *m = &x->request;

    if (x->upload.named)
        return CONTENT_PIECE;
    switch (author_of(x)->takes) {
    case TAKES_XML:
        return CONTENT_XML;
    case TAKES_MEMBERS:
        if (multipart_is_form(message_field(m, FIELD_content_type)))
            return CONTENT_FORM;
        return opens_upload(x) ? CONTENT_OPENING : CONTENT_MEMBER;
    case TAKES_PART:
        return CONTENT_PART;
    case TAKES_WHOLE:
        if (m->first[FIELD_content_range])
            return CONTENT_PART;
        return opens_upload(x) ? CONTENT_OPENING : CONTENT_WHOLE;
    default:
        return CONTENT_IGNORED;
    }
}

static bool ends_in(struct span s, struct span suffix)
{
    return s.len > suffix.len && span_eq_nocase(span_from(s, s.len - suffix.len), suffix);
}

/*
 * Whether it plainly says that the content is no XML. Libraries send XML as text/plain, as
 * application/octet-stream, or as application/x-www-form-urlencoded, which is what curl says by
 * itself; whether it is any shows when it is read. No page's form sends such a method.
 */
static bool is_no_xml(const struct media_type *m)
{
    static const struct span types[] = {SPAN_INIT("audio"),     SPAN_INIT("font"),
                                        SPAN_INIT("image"),     SPAN_INIT("model"),
                                        SPAN_INIT("multipart"), SPAN_INIT("video")};
    static const struct span essences[] = {
        SPAN_INIT("application/json"), SPAN_INIT("application/pdf"), SPAN_INIT("application/zip")};

    if (ends_in(m->subtype, SPAN("+xml")))
        return false; // image/svg+xml
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (span_eq_nocase(m->type, types[i]))
            return true;
    for (size_t i = 0; i < sizeof essences / sizeof *essences; i++)
        if (media_type_is(m, essences[i]))
            return true;
    return ends_in(m->subtype, SPAN("+json"));
}

static bool takes_type(const struct exchange *x, const struct content_fields *f)
{
    switch (f->role) {
    case CONTENT_IGNORED:
        return author_of(x)->takes != TAKES_NONE; // RFC 4918 §9.3: none has a meaning yet
    case CONTENT_XML:
        return !is_no_xml(&f->type);
    case CONTENT_PART:
        return author_of(x)->takes != TAKES_PART ||
               media_type_is(&f->type, SPAN("application/x-sabredav-partialupdate"));
    case CONTENT_MEMBER: // what a page's form sends without files is nothing to be stored
        return !media_type_is(&f->type, SPAN("application/x-www-form-urlencoded"));
    case CONTENT_PIECE:
        return media_type_is(&f->type, SPAN("application/partial-upload")) ||
               (x->content.kind.upload.version &&
                x->content.kind.upload.version <= UPLOAD_VERSION_UNTYPED);
    default:
        return true;
    }
}

static void read_range(const struct exchange *x, struct content_fields *f)
{
    const struct message *m = &x->request;

    if (author_of(x)->takes == TAKES_PART)
        f->range_sound =
            update_range_parse(message_field(m, FIELD_x_update_range), &f->range.update);
    else
        f->range_sound = content_range_parse(message_field(m, FIELD_content_range),
                                             &f->range.content) == CONTENT_RANGE_OK;
}

/* Whether Trailer names a field that counts (FIELD_FLAG_TRAILER): those are digests. */
static bool announces_digest(struct span trailer)
{
    while (trailer.len) {
        struct span name = span_trim(span_take_until(&trailer, ','));

        if (field_table[field_from_name(name)].flags & FIELD_FLAG_TRAILER)
            return true;
    }
    return false;
}

static bool wants_page(struct exchange *x)
{
    const struct span offers[] = {SPAN("text/html"), SPAN("application/json")};

    return accept_choose_type(exchange_field(x, FIELD_accept), offers, 2) == 0;
}

/* Of content that is stored. Lists are put together here, as that may fail. */
static void read_stored(struct exchange *x, struct content_fields *f)
{
    struct span prefer = exchange_field(x, FIELD_prefer);

    f->content_digest = exchange_field(x, FIELD_content_digest);
    f->repr_digest = exchange_field(x, FIELD_repr_digest);
    if (x->request.framing == FRAMING_OPEN)
        f->announces_digest = announces_digest(exchange_field(x, FIELD_trailer));
    f->wants_representation =
        prefer.ptr && prefer_parse(prefer).returning == PREFER_RETURN_REPRESENTATION;
    f->wants_page = f->role == CONTENT_FORM && wants_page(x);
}

enum step content_role_begin(struct authoring *a)
{
    struct exchange *x = a->x;
    const struct message *m = &x->request;
    struct content_fields *f = &a->content.fields;
    int64_t seconds;

    content_kind_read(x);
    f->role = find_role(x);
    if (!x->upload.named && (upload_use_of(x) != UPLOAD_OPENS || f->role == CONTENT_FORM))
        x->content.kind.upload = (struct upload_fields){.length = UPLOAD_LENGTH_UNKNOWN};
    f->modified_ns = TREE_NOW;
    if (oc_mtime_parse(message_field(m, FIELD_x_oc_mtime), &seconds))
        f->modified_ns = seconds * CLOCK_SECOND;
    if (f->role != CONTENT_IGNORED && f->role != CONTENT_XML)
        read_stored(x, f);
    if (f->role == CONTENT_PART)
        read_range(x, f);
    if (m->first[FIELD_content_type])
        (void)media_type_parse(message_field(m, FIELD_content_type), &f->type);
    x->content.kind.type_refused = !takes_type(x, f);
    return STEP_KNOWN;
}

bool content_is_of_upload(const struct authoring *a)
{
    return a->content.fields.role == CONTENT_OPENING || a->content.fields.role == CONTENT_PIECE;
}

bool content_completes_upload(const struct authoring *a)
{
    const struct exchange *x = a->x;

    return x->upload.finishes || (a->content.fields.role == CONTENT_OPENING &&
                                  x->content.kind.upload.complete == UPLOAD_COMPLETE_YES);
}

bool content_makes_member(const struct exchange *x)
{
    return author_of(x)->takes == TAKES_MEMBERS || x->upload.into_collection;
}
