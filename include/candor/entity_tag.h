// SPDX-License-Identifier: MIT
/*
 * Entity tags (RFC 9110 §8.8.3).
 */
#ifndef CANDOR_ENTITY_TAG_H
#define CANDOR_ENTITY_TAG_H

#include <candor/api.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A view of the text that was parsed, which must outlive it. */
struct candor_entity_tag {
    const char *opaque; // without the quotes; not ended with NUL
    size_t opaque_length;
    bool weak;
};

/* Reads one entity tag, such as W/"abc", that fills the whole text. False: malformed; *ret_tag is
 * untouched. */
CANDOR_API bool candor_entity_tag_parse(const char *text, size_t length,
                                        struct candor_entity_tag *ret_tag);

/* The strong comparison, never true of a weak tag, and the weak one (RFC 9110 §8.8.3.2). */
CANDOR_API bool candor_entity_tag_equal_strong(const struct candor_entity_tag *a,
                                               const struct candor_entity_tag *b);
CANDOR_API bool candor_entity_tag_equal_weak(const struct candor_entity_tag *a,
                                             const struct candor_entity_tag *b);

#ifdef __cplusplus
}
#endif

#endif
