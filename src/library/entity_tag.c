// SPDX-License-Identifier: MIT
#include <candor/entity_tag.h>

#include "http/entity_tag.h"

static struct entity_tag tag_of(const struct candor_entity_tag *tag)
{
    return (struct entity_tag){span_of(tag->opaque, tag->opaque_length), tag->weak};
}

bool candor_entity_tag_parse(const char *text, size_t length, struct candor_entity_tag *ret_tag)
{
    struct entity_tag tag;

    if (!entity_tag_parse(span_of(text, length), &tag))
        return false;
    *ret_tag = (struct candor_entity_tag){tag.opaque.ptr, tag.opaque.len, tag.weak};
    return true;
}

bool candor_entity_tag_equal_strong(const struct candor_entity_tag *a,
                                    const struct candor_entity_tag *b)
{
    return entity_tag_eq_strong(tag_of(a), tag_of(b));
}

bool candor_entity_tag_equal_weak(const struct candor_entity_tag *a,
                                  const struct candor_entity_tag *b)
{
    return entity_tag_eq_weak(tag_of(a), tag_of(b));
}
