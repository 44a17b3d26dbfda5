// SPDX-License-Identifier: MIT
#include "http/entity_tag.h"

#include "base/ascii.h"
#include "base/limits.h"

bool entity_tag_take(struct span *rest, struct entity_tag *ret)
{
    struct span s = *rest;
    bool weak = span_starts(s, SPAN("W/"));
    size_t n = 0;

    if (weak)
        s = span_from(s, 2);
    if (s.len == 0 || s.ptr[0] != '"')
        return false;
    s = span_from(s, 1);
    while (n < s.len && ascii_is(s.ptr[n], ASCII_ETAGC))
        n++;
    if (n == s.len || s.ptr[n] != '"')
        return false;
    *ret = (struct entity_tag){span_first(s, n), weak};
    *rest = span_from(s, n + 1);
    return true;
}

bool entity_tag_parse(struct span text, struct entity_tag *ret)
{
    struct entity_tag tag;

    if (!entity_tag_take(&text, &tag) || text.len)
        return false;
    *ret = tag;
    return true;
}

bool entity_tag_eq_strong(struct entity_tag a, struct entity_tag b)
{
    return !a.weak && !b.weak && span_eq(a.opaque, b.opaque);
}

bool entity_tag_eq_weak(struct entity_tag a, struct entity_tag b)
{
    return span_eq(a.opaque, b.opaque);
}

bool entity_tags_next(struct span *rest, struct entity_tag *ret)
{
    struct span s = span_trim(*rest), behind;
    struct entity_tag tag;

    while (s.len && s.ptr[0] == ',')
        s = span_trim(span_from(s, 1));
    *rest = s;
    if (s.len == 0 || !entity_tag_take(&s, &tag))
        return false;
    behind = span_trim(s);
    if (behind.len && behind.ptr[0] != ',') // two tags without a comma between them
        return false;
    *rest = behind;
    *ret = tag;
    return true;
}

enum entity_tags entity_tags_classify(struct span value)
{
    struct span rest = span_trim(value);
    struct entity_tag tag;
    int count = 0;

    if (span_eq(rest, SPAN("*")))
        return ENTITY_TAGS_ANY;
    while (entity_tags_next(&rest, &tag))
        if (++count > LIMIT_ENTITY_TAGS)
            return ENTITY_TAGS_MALFORMED;
    return rest.len ? ENTITY_TAGS_MALFORMED : ENTITY_TAGS_LIST;
}

bool entity_tags_skim(struct span *rest, struct entity_tag *ret, bool *ret_any)
{
    *ret_any = false;
    while (!entity_tags_next(rest, ret)) {
        if (rest->len == 0)
            return false;
        if (span_eq(span_trim(span_take_until(rest, ',')), SPAN("*"))) {
            *ret_any = true;
            return true;
        }
    }
    return true;
}

size_t entity_tags_fault(struct span value)
{
    struct span rest = span_trim(value);
    struct entity_tag tag;

    for (int count = 0; count <= LIMIT_ENTITY_TAGS && entity_tags_next(&rest, &tag);)
        count++;
    return rest.len ? (size_t)(rest.ptr - value.ptr) : value.len;
}
