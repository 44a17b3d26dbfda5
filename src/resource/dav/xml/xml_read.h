// SPDX-License-Identifier: MIT
/*
 * XML content, read in pieces as it comes, into a tree on an arena. Bounded in every direction;
 * a document type declaration is refused, so the five predefined entities are all there are.
 * UTF-8, UTF-16, ISO-8859-1 and US-ASCII are read; the tree is UTF-8.
 *
 * The tree keeps what RFC 4918 §4.3 wants of a property's value: elements, attributes, text in its
 * place between them, prefixes and their declarations, xml:lang. Comments and processing
 * instructions are dropped, CDATA sections and character references become text.
 *
 * Everything a tree or a fault points to lives in the arena that the reader was opened with.
 */
#ifndef CANDOR_RESOURCE_DAV_XML_XML_READ_H
#define CANDOR_RESOURCE_DAV_XML_XML_READ_H

#include "base/arena.h"
#include "base/span.h"

/* What "xml" stands for without being declared, and "DAV:". */
#define XML_SPACE SPAN("http://www.w3.org/XML/1998/namespace")
#define XML_SPACE_DAV SPAN("DAV:")

/* A name as Namespaces in XML has it; the prefix is no part of it. */
struct xml_name {
    struct span space; // empty: in no namespace
    struct span local;
};

struct xml_attribute {
    struct xml_name name;
    struct span prefix; // empty: none
    struct span value;
};

/* xmlns:prefix="space", or xmlns="space" where the prefix is empty. */
struct xml_namespace {
    struct xml_namespace *next;
    struct span prefix, space;
    const void *wanted_by; // for xml_write_fragment alone
};

struct xml_node {
    struct xml_node *next;       // sibling
    struct xml_element *element; // NULL: it is text
    struct span text;            // never empty where it is text
};

struct xml_element {
    struct xml_name name;
    struct span prefix; // empty: none
    struct xml_element *parent;
    struct xml_node *first, *last;    // children, in order
    struct xml_namespace *namespaces; // declared here
    struct xml_attribute *attributes;
    size_t attribute_count, namespace_count;
    struct span lang;    // the xml:lang in effect; meaningful when has_lang
    bool has_lang;       // it may be "", which says that there is none
    size_t line, column; // of its start tag, from 1
};

/* Why content was refused. */
struct xml_fault {
    size_t line, column; // from 1; the column counts characters
    struct span what;    // a sentence without its full stop
    struct span pointer; // "/propertyupdate/set[2]/prop"; empty when it is about the syntax
};

/* Each in octets or a count; none may be 0, and size at most INT_MAX. */
struct xml_limits {
    size_t size, depth, elements;
    size_t attributes; // of one element, declarations of namespaces included
    size_t namespaces; // declarations in force at one place
    size_t name;       // a prefix or a local name
    size_t space;      // the name of a namespace
    size_t tag;        // or a comment, or a processing instruction
    size_t text;       // between two tags
};

/* Those of limits.def. */
extern const struct xml_limits xml_limits_usual;

struct xml_reader;

/* The arena must outlive the reader and the tree. limits is copied. -CANDOR_E_MEMORY. */
int xml_reader_new(struct arena *arena, const struct xml_limits *limits,
                   struct xml_reader **ret_reader);
/* NULL is fine. */
void xml_reader_free(struct xml_reader *reader);

/* Bytes that it takes now, beside those of the arena. */
size_t xml_reader_memory(const struct xml_reader *reader);

/*
 * The next octets. -CANDOR_E_SYNTAX: not well-formed, or names in it are not (RFC 4918 §8.2 wants
 * 400 for both); -CANDOR_E_LIMIT; -CANDOR_E_MEMORY. An error is final: later calls repeat it.
 */
int xml_reader_feed(struct xml_reader *reader, struct span piece);

/* There is no more; called once. *ret_root is NULL when not one octet came. Errors as above. */
int xml_reader_finish(struct xml_reader *reader, struct xml_element **ret_root);

/* After -CANDOR_E_SYNTAX or -CANDOR_E_LIMIT; lives as long as the arena. */
struct xml_fault xml_reader_fault(const struct xml_reader *reader);

bool xml_name_eq(struct xml_name a, struct xml_name b);
/* Whether it is an element of WebDAV with that local name. */
bool xml_is_dav(const struct xml_element *element, struct span local);
/* The declaration in force for a prefix ("" for the default); NULL when there is none. */
struct xml_namespace *xml_namespace_find(const struct xml_element *element, struct span prefix);

#endif
