// SPDX-License-Identifier: MIT
/* The classification of a list and the cursor over it must agree, and every tag be one by itself.
 */
#include "base/limits.h"
#include "http/precondition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span value = {(const char *)data, size}, rest = value;
    struct validators v = {.exists = true, .has_etag = true};
    enum entity_tags kind = entity_tags_classify(value);
    struct entity_tag tag, again;
    int count = 0;
    bool any;

    while (kind != ENTITY_TAGS_ANY && entity_tags_next(&rest, &tag)) {
        size_t head = tag.weak ? 3 : 1;

        if (!entity_tag_parse(span_of(tag.opaque.ptr - head, tag.opaque.len + head + 1), &again) ||
            !entity_tag_eq_weak(tag, again) || tag.weak != again.weak)
            abort();
        v.etag = tag;
        count++;
    }
    if ((kind == ENTITY_TAGS_LIST) != (rest.len == 0 && count <= LIMIT_ENTITY_TAGS) &&
        kind != ENTITY_TAGS_ANY)
        abort();
    if (count && kind == ENTITY_TAGS_LIST &&
        precondition_if_none_match(value, &v) != CONDITION_FAILS)
        abort();
    for (rest = value; entity_tags_skim(&rest, &tag, &any);)
        count--;
    if (kind == ENTITY_TAGS_LIST && count)
        abort();
    (void)precondition_if_match(value, &v);
    (void)precondition_if_range(value, &v, 0);
    return 0;
}
