// SPDX-License-Identifier: MIT
#include "http/upload_fields.h"

#include "http/dav_fields.h"
#include "http/slug.h"
#include "http/structured.h"

enum { INTEGER_DIGITS = 15 }; // RFC 9651 §3.3.1

/* An item without its parameters, which say nothing here. */
static struct span bare_item(struct span value)
{
    return span_trim(span_first(value, span_find(value, ';')));
}

enum upload_complete upload_complete_parse(struct span value)
{
    struct span item;

    if (!value.ptr)
        return UPLOAD_COMPLETE_ABSENT;
    item = bare_item(value);
    if (span_eq(item, SPAN("?1")))
        return UPLOAD_COMPLETE_YES;
    return span_eq(item, SPAN("?0")) ? UPLOAD_COMPLETE_NO : UPLOAD_COMPLETE_MALFORMED;
}

bool upload_number_parse(struct span value, uint64_t *ret_number)
{
    struct span item;

    if (!value.ptr)
        return false;
    item = bare_item(value);
    return item.len <= INTEGER_DIGITS && span_to_u64(item, INT64_MAX, ret_number);
}

/* A version that is not known here says nothing. */
static unsigned version_parse(struct span value)
{
    uint64_t version;

    return upload_number_parse(value, &version) && version >= UPLOAD_VERSION_FIRST &&
                   version <= UPLOAD_VERSION_LAST
               ? (unsigned)version
               : 0;
}

static enum upload_complete inverse(enum upload_complete incomplete)
{
    switch (incomplete) {
    case UPLOAD_COMPLETE_YES:
        return UPLOAD_COMPLETE_NO;
    case UPLOAD_COMPLETE_NO:
        return UPLOAD_COMPLETE_YES;
    default:
        return incomplete;
    }
}

struct upload_fields upload_fields_parse(const struct upload_values *values)
{
    struct upload_fields f = {.complete = upload_complete_parse(values->complete),
                              .length = UPLOAD_LENGTH_UNKNOWN,
                              .version = version_parse(values->version)};

    if (f.version && f.version <= UPLOAD_VERSION_INVERSE && !values->complete.ptr)
        f.complete = inverse(upload_complete_parse(values->incomplete));
    f.has_offset = upload_number_parse(values->offset, &f.offset);
    f.length_malformed = values->length.ptr && !upload_number_parse(values->length, &f.length);
    return f;
}

/* Pairs of a key and base64, with a space between, and commas between the pairs. */
size_t upload_file_name(struct span metadata, bool dotfiles, char out[LIMIT_FILE_NAME])
{
    uint8_t bytes[4 * LIMIT_FILE_NAME];
    size_t length;

    while (metadata.len) {
        struct span pair = span_trim(span_take_until(&metadata, ','));
        struct span key = span_take_until(&pair, ' ');

        if (span_eq(key, SPAN("filename")) &&
            structured_decode_bytes(span_trim(pair), bytes, sizeof bytes, &length))
            return file_name_clean(file_name_base(span_of((char *)bytes, length)), dotfiles, out);
    }
    return 0;
}

bool upload_name_parse(struct span query, struct span *ret_id)
{
    const struct span name = SPAN("upload=");

    if (!query.ptr || !span_starts(query, name))
        return false;
    *ret_id = span_from(query, name.len);
    return true;
}

/* Of an address, up to its path; whatever is none is another's. */
static bool is_of_host(struct span address, struct span host)
{
    struct span rest = span_trim(address), scheme = span_first(rest, span_find(rest, ':'));
    size_t end = 0;

    rest = span_from(rest, scheme.len);
    if (!span_starts(rest, SPAN("://")))
        return false;
    rest = span_from(rest, 3);
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?' && rest.ptr[end] != '#')
        end++;
    return authority_eq(scheme, span_first(rest, end), scheme, span_trim(host));
}

bool upload_is_cross_site(struct span sec_fetch_site, struct span origin, struct span referer,
                          struct span host)
{
    struct span site = span_trim(sec_fetch_site);

    // What a browser says of itself stays true behind a proxy that changes Host.
    if (site.ptr && site.len)
        return !span_eq(site, SPAN("same-origin")) && !span_eq(site, SPAN("none"));
    // "null" is nobody's: a sandboxed page's, or one that hides where it is.
    if (origin.ptr)
        return !is_of_host(origin, host);
    return referer.ptr && !is_of_host(referer, host);
}
