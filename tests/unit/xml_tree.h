// SPDX-License-Identifier: MIT
/*
 * Reading XML in one call, and comparing trees: for the tests and fuzz targets of WebDAV.
 */
#ifndef CANDOR_TESTS_XML_TREE_H
#define CANDOR_TESTS_XML_TREE_H

#include "resource/dav/xml/xml_read.h"

/* In pieces of so many octets. The result of the first call that fails, and then the fault. */
static inline int xml_tree_read(struct arena *arena, const struct xml_limits *limits,
                                struct span text, size_t piece, struct xml_element **ret_root,
                                struct xml_fault *ret_fault)
{
    struct xml_reader *reader;
    int result = xml_reader_new(arena, limits, &reader);

    if (result)
        return result;
    for (; text.len && !result; text = span_from(text, piece))
        result = xml_reader_feed(reader, span_first(text, piece));
    if (!result)
        result = xml_reader_finish(reader, ret_root);
    *ret_fault = xml_reader_fault(reader);
    xml_reader_free(reader);
    return result;
}

/* Names, prefixes, attributes in their order, text, and the xml:lang in effect: whether b is a, or
 * what was read of a fragment written of a. */
static inline bool xml_tree_eq(const struct xml_element *a, const struct xml_element *b)
{
    const struct xml_node *m = a->first, *n = b->first;
    size_t added;

    if (!xml_name_eq(a->name, b->name) || !span_eq(a->prefix, b->prefix) ||
        a->has_lang != b->has_lang || (a->has_lang && !span_eq(a->lang, b->lang)))
        return false;
    // The root of a fragment may have got the xml:lang of its ancestors, as its first attribute.
    added = b->attribute_count - a->attribute_count;
    if (added > 1 || (added && !span_eq(b->attributes[0].name.local, SPAN("lang"))))
        return false;
    for (size_t i = 0; i < a->attribute_count; i++) {
        const struct xml_attribute *p = &a->attributes[i], *q = &b->attributes[i + added];

        if (!xml_name_eq(p->name, q->name) || !span_eq(p->prefix, q->prefix) ||
            !span_eq(p->value, q->value))
            return false;
    }
    for (; m && n; m = m->next, n = n->next) {
        if (!m->element != !n->element || !span_eq(m->text, n->text))
            return false;
        if (m->element && !xml_tree_eq(m->element, n->element))
            return false;
    }
    return !m && !n;
}

/* The child element number `index`. */
static inline struct xml_element *xml_tree_child(const struct xml_element *e, size_t index)
{
    for (const struct xml_node *n = e->first; n; n = n->next)
        if (n->element && index-- == 0)
            return n->element;
    return NULL;
}

#endif
