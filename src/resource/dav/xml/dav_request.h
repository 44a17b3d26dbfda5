// SPDX-License-Identifier: MIT
/*
 * What the XML of a WebDAV request asks for: RFC 4918 §14. Elements that WebDAV does not know, or
 * that are in no place for them, are passed over (§17); what is then missing or contradictory is
 * told with a pointer to the element and what was expected.
 *
 * Each function takes the root that xml_reader_finish gave (NULL: there was no content) and returns
 * 0; -CANDOR_E_SYNTAX where content is needed and there is none; -CANDOR_E_MEANING when it is
 * well-formed but asks for nonsense (422); -CANDOR_E_LIMIT (413); or -CANDOR_E_MEMORY. *ret_fault
 * is written with the first three. Results and faults live in the arena, or in the tree's.
 */
#ifndef CANDOR_RESOURCE_DAV_XML_DAV_REQUEST_H
#define CANDOR_RESOURCE_DAV_XML_DAV_REQUEST_H

#include "http/dav_fields.h"
#include "resource/dav/xml/xml_read.h"

enum dav_propfind_kind {
    DAV_PROPFIND_ALLPROP,  // all that are cheap, and those in names (include)
    DAV_PROPFIND_PROPNAME, // the names of all
    DAV_PROPFIND_PROP,     // those in names
};

struct dav_propfind {
    enum dav_propfind_kind kind;
    struct xml_name *names; // each once, in the order of the request
    size_t count;           // may be 0 for any kind
};

/* No content is allprop: §9.1. */
int dav_request_propfind(struct arena *arena, const struct xml_element *root,
                         struct dav_propfind *ret_propfind, struct xml_fault *ret_fault);

/* The report DAV:sync-collection, beside the properties that it asks for: RFC 6578 §6.1. */
struct dav_report {
    struct span token; // empty: none yet
    bool deep;         // all levels, not the members alone
    size_t most;       // of members in one answer; SIZE_MAX: all
};

/* Depth counts where the level is not told, as before the RFC. -CANDOR_E_ABSENT: another report. */
int dav_request_report(struct arena *arena, const struct xml_element *root, enum depth depth,
                       struct dav_report *ret_report, struct dav_propfind *ret_propfind,
                       struct xml_fault *ret_fault);

/* One instruction of a PROPPATCH. */
struct dav_change {
    bool remove;
    struct xml_name name;
    struct span value; // to set: the property's element with its content, as XML that stands alone
    const struct xml_element *element; // that property, for who looks into it
};

struct dav_proppatch {
    struct dav_change *changes; // to be carried out in this order: §9.2
    size_t count;               // at least 1
};

int dav_request_proppatch(struct arena *arena, const struct xml_element *root,
                          struct dav_proppatch *ret_proppatch, struct xml_fault *ret_fault);

struct dav_lockinfo {
    bool exclusive;    // else shared; the type is always write
    struct span owner; // the element with its content, as XML that stands alone; empty: none
};

/* A LOCK without content is a refresh: the caller knows, and need not ask. */
int dav_request_lock(struct arena *arena, const struct xml_element *root,
                     struct dav_lockinfo *ret_lockinfo, struct xml_fault *ret_fault);

/* All text within the element, in order, without markup: for properties that are plain values.
 * -CANDOR_E_MEMORY. */
int dav_element_text(struct arena *arena, const struct xml_element *element, struct span *ret_text);

#endif
