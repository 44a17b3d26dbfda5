// SPDX-License-Identifier: MIT
/*
 * Expat does the reading; here its events become a tree. Its namespace mode tells each name as
 * "namespace SEP local SEP prefix"; of that only local and prefix are taken, because the namespace
 * is already in the tree, in the declaration that the prefix leads to: names then cost nothing for
 * long namespaces.
 */
#include "resource/dav/xml/xml_read.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"

#include <assert.h>
#include <expat.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>

/* No XML document can contain it, so no namespace does. */
enum { SEPARATOR = '\1' };

enum { PART = 16 * 1024 }; // octets that expat gets at once

const struct xml_limits xml_limits_usual = {
    .size = LIMIT_XML_CONTENT,
    .depth = LIMIT_XML_DEPTH,
    .elements = LIMIT_XML_ELEMENTS,
    .attributes = LIMIT_XML_ATTRIBUTES,
    .namespaces = LIMIT_XML_NAMESPACES,
    .name = LIMIT_XML_NAME,
    .space = LIMIT_XML_NAMESPACE,
    .tag = LIMIT_XML_TAG,
    .text = LIMIT_XML_TEXT,
};

/* What expat has taken and given back in this thread, all in all: it does not say for whom. */
static _Thread_local ptrdiff_t held;

static void *counted(void *memory)
{
    held += (ptrdiff_t)malloc_usable_size(memory);
    return memory;
}

static void *count_malloc(size_t size)
{
    return counted(malloc(size));
}

static void *count_realloc(void *memory, size_t size)
{
    ptrdiff_t before = (ptrdiff_t)malloc_usable_size(memory);
    void *grown = realloc(memory, size);

    if (grown || !size)
        held -= before;
    return counted(grown);
}

static void count_free(void *memory)
{
    held -= (ptrdiff_t)malloc_usable_size(memory);
    free(memory);
}

static const XML_Memory_Handling_Suite counting = {count_malloc, count_realloc, count_free};

struct xml_reader {
    XML_Parser parser;
    ptrdiff_t memory; // of the parser
    struct arena *arena;
    struct xml_limits limits;
    struct xml_element *root, *open; // open: the innermost element without its end tag yet
    size_t size, depth, elements, in_scope;
    struct xml_namespace *declared; // by the start tag that comes next
    size_t declared_count;
    struct buf text; // since the last tag
    int result;      // the first error, final
    struct xml_fault fault;
};

bool xml_name_eq(struct xml_name a, struct xml_name b)
{
    return span_eq(a.local, b.local) && span_eq(a.space, b.space);
}

bool xml_is_dav(const struct xml_element *element, struct span local)
{
    return span_eq(element->name.local, local) && span_eq(element->name.space, XML_SPACE_DAV);
}

struct xml_namespace *xml_namespace_find(const struct xml_element *element, struct span prefix)
{
    for (; element; element = element->parent)
        for (struct xml_namespace *n = element->namespaces; n; n = n->next)
            if (span_eq(n->prefix, prefix))
                return n;
    return NULL;
}

/* ---- Errors */

/* The first one counts; expat stops as soon as it can, and may call handlers until then. */
static void fail(struct xml_reader *r, int error, struct span what)
{
    if (r->result)
        return;
    r->result = error;
    r->fault = (struct xml_fault){
        .line = XML_GetCurrentLineNumber(r->parser),
        .column = XML_GetCurrentColumnNumber(r->parser) + 1,
        .what = what,
    };
    XML_StopParser(r->parser, XML_FALSE);
}

static void fail_limit(struct xml_reader *r, const char *subject, size_t limit, const char *unit)
{
    struct buf what = {0};

    buf_addf(&what, "%s; the limit is %zu%s", subject, limit, unit);
    fail(r, -CANDOR_E_LIMIT, arena_copy(r->arena, buf_span(&what)));
    buf_done(&what);
}

static const char *syntax_text(enum XML_Error error)
{
    switch (error) {
    case XML_ERROR_NO_ELEMENTS:
        return "there is no element";
    case XML_ERROR_SYNTAX:
        return "something is here that cannot stand outside of every element";
    case XML_ERROR_INVALID_TOKEN:
        return "a character is here that XML does not allow in this place";
    case XML_ERROR_UNCLOSED_TOKEN:
        return "the content ends in the middle of a tag, a comment or a reference";
    case XML_ERROR_PARTIAL_CHAR:
        return "the content ends in the middle of a character";
    case XML_ERROR_DUPLICATE_ATTRIBUTE:
        return "an element has the same attribute twice";
    case XML_ERROR_JUNK_AFTER_DOC_ELEMENT:
        return "something follows the end of the root element";
    case XML_ERROR_UNDEFINED_ENTITY:
        return "an entity is used that XML does not define; &amp; &lt; &gt; &quot; and &apos; are"
               " all there are";
    case XML_ERROR_BAD_CHAR_REF:
        return "a character reference stands for no character of XML";
    case XML_ERROR_MISPLACED_XML_PI:
        return "the XML declaration is not at the very beginning";
    case XML_ERROR_UNKNOWN_ENCODING:
        return "the encoding is not one that is understood: UTF-8, UTF-16, ISO-8859-1 or US-ASCII";
    case XML_ERROR_INCORRECT_ENCODING:
        return "the encoding that the XML declaration names is not the one that is used";
    case XML_ERROR_UNCLOSED_CDATA_SECTION:
        return "the content ends in the middle of a CDATA section";
    case XML_ERROR_XML_DECL:
    case XML_ERROR_TEXT_DECL:
        return "the XML declaration is not as it must be";
    case XML_ERROR_UNBOUND_PREFIX:
        return "a prefix is used that no xmlns attribute declares";
    case XML_ERROR_UNDECLARING_PREFIX:
        return "a prefix is declared for an empty namespace, which Namespaces in XML does not "
               "allow";
    case XML_ERROR_RESERVED_PREFIX_XML:
    case XML_ERROR_RESERVED_PREFIX_XMLNS:
    case XML_ERROR_RESERVED_NAMESPACE_URI:
        return "the prefixes xml and xmlns, and their namespaces, may not be declared anew";
    default:
        return XML_ErrorString(error);
    }
}

/* What expat found, told with the element that is open where that helps. */
static int fail_syntax(struct xml_reader *r)
{
    enum XML_Error error = XML_GetErrorCode(r->parser);
    struct buf what = {0};

    if (r->result)
        return r->result;
    if (error == XML_ERROR_NO_MEMORY) {
        fail(r, -CANDOR_E_MEMORY, (struct span){0});
        return r->result;
    }
    if (r->open && (error == XML_ERROR_TAG_MISMATCH || error == XML_ERROR_NO_ELEMENTS)) {
        buf_addf(&what, error == XML_ERROR_TAG_MISMATCH
                            ? "the end tag is not that of the open element "
                            : "the content ends before the end tag of ");
        if (r->open->prefix.len)
            buf_addf(&what, "%.*s:", SPAN_ARG(r->open->prefix));
        buf_addf(&what, "%.*s", SPAN_ARG(r->open->name.local));
    } else {
        buf_add_str(&what, syntax_text(error));
    }
    fail(r, -CANDOR_E_SYNTAX, arena_copy(r->arena, buf_span(&what)));
    buf_done(&what);
    return r->result;
}

/* ---- Building the tree */

/* False, and failed, when out of memory. */
static bool keep(struct xml_reader *r, struct span s, struct span *ret_copy)
{
    struct span copy = arena_copy(r->arena, s);

    if (s.len && !copy.ptr) {
        fail(r, -CANDOR_E_MEMORY, (struct span){0});
        return false;
    }
    *ret_copy = copy;
    return true;
}

static void *make(struct xml_reader *r, size_t size)
{
    void *at = arena_alloc(r->arena, size);

    if (at)
        memset(at, 0, size);
    else
        fail(r, -CANDOR_E_MEMORY, (struct span){0});
    return at;
}

static void add_child(struct xml_reader *r, struct xml_element *element, struct span text)
{
    struct xml_node *node = make(r, sizeof *node);

    if (!node)
        return;
    node->element = element;
    node->text = text;
    if (r->open->last)
        r->open->last->next = node;
    else
        r->open->first = node;
    r->open->last = node;
}

/* What was gathered since the last tag becomes a node. */
static void end_text(struct xml_reader *r)
{
    struct span text;

    if (r->text.len && keep(r, buf_span(&r->text), &text))
        add_child(r, NULL, text);
    buf_clear(&r->text);
}

/* Takes a name apart as expat tells it; local and prefix are copied. */
static bool take_name(struct xml_reader *r, const char *told, const struct xml_element *element,
                      bool attribute, struct xml_name *ret_name, struct span *ret_prefix)
{
    struct span rest = span_from_str(told), local, prefix = {0};
    struct xml_name name = {0};
    bool in_namespace = span_find(rest, SEPARATOR) < rest.len;

    if (in_namespace)
        span_take_until(&rest, SEPARATOR);
    local = span_take_until(&rest, SEPARATOR);
    if (local.len > r->limits.name || rest.len > r->limits.name) {
        fail_limit(r, "a name is too long", r->limits.name, " octets");
        return false;
    }
    if (!keep(r, local, &name.local) || !keep(r, rest, &prefix))
        return false;
    if (in_namespace && (prefix.len || !attribute)) {
        const struct xml_namespace *n = xml_namespace_find(element, prefix);

        assert(n || span_eq(prefix, SPAN("xml")));
        name.space = n ? n->space : XML_SPACE;
    }
    *ret_name = name;
    *ret_prefix = prefix;
    return true;
}

static bool take_attributes(struct xml_reader *r, struct xml_element *element, const char **told)
{
    size_t count = 0;

    while (told[2 * count])
        count++;
    if (count + element->namespace_count > r->limits.attributes) {
        fail_limit(r, "an element has too many attributes", r->limits.attributes, "");
        return false;
    }
    if (!count)
        return true;
    element->attributes = make(r, count * sizeof *element->attributes);
    if (!element->attributes)
        return false;
    for (; element->attribute_count < count; told += 2) {
        struct xml_attribute *a = &element->attributes[element->attribute_count++];

        if (!take_name(r, told[0], element, true, &a->name, &a->prefix) ||
            !keep(r, span_from_str(told[1]), &a->value))
            return false;
        if (span_eq(a->name.local, SPAN("lang")) && span_eq(a->name.space, XML_SPACE)) {
            element->lang = a->value;
            element->has_lang = true;
        }
    }
    return true;
}

/* What expat has just read, whole. */
static void limit_tag(struct xml_reader *r)
{
    if ((size_t)XML_GetCurrentByteCount(r->parser) > r->limits.tag)
        fail_limit(r, "a tag or a comment is too long", r->limits.tag, " octets");
}

static bool within_limits(struct xml_reader *r)
{
    if (r->depth == r->limits.depth)
        fail_limit(r, "elements are nested too deep", r->limits.depth, "");
    else if (r->elements == r->limits.elements)
        fail_limit(r, "there are too many elements", r->limits.elements, "");
    else if (r->in_scope > r->limits.namespaces)
        fail_limit(r, "too many namespaces are declared", r->limits.namespaces, "");
    else
        limit_tag(r);
    return r->result == 0;
}

static void on_start(void *data, const char *name, const char **attributes)
{
    struct xml_reader *r = data;
    struct xml_element *element;

    if (r->result)
        return;
    end_text(r);
    r->in_scope += r->declared_count;
    if (!within_limits(r))
        return;
    element = make(r, sizeof *element);
    if (!element)
        return;
    element->parent = r->open;
    element->line = XML_GetCurrentLineNumber(r->parser);
    element->column = XML_GetCurrentColumnNumber(r->parser) + 1;
    element->namespaces = r->declared;
    element->namespace_count = r->declared_count;
    r->declared = NULL;
    r->declared_count = 0;
    if (element->parent) {
        element->lang = element->parent->lang;
        element->has_lang = element->parent->has_lang;
    }
    if (!take_name(r, name, element, false, &element->name, &element->prefix) ||
        !take_attributes(r, element, attributes))
        return;
    if (r->open)
        add_child(r, element, (struct span){0});
    else
        r->root = element;
    r->open = element;
    r->depth++;
    r->elements++;
}

static void on_end(void *data, const char *name)
{
    struct xml_reader *r = data;

    (void)name; // expat has seen to it that it is the open one's
    limit_tag(r);
    if (r->result)
        return;
    end_text(r);
    r->in_scope -= r->open->namespace_count;
    r->depth--;
    r->open = r->open->parent;
}

static void on_text(void *data, const char *text, int len)
{
    struct xml_reader *r = data;

    if (r->result)
        return;
    if ((size_t)len > r->limits.text - r->text.len) {
        fail_limit(r, "a text is too long", r->limits.text, " octets");
        return;
    }
    buf_add(&r->text, span_of(text, (size_t)len));
    if (r->text.failed)
        fail(r, -CANDOR_E_MEMORY, (struct span){0});
}

static void on_namespace(void *data, const char *prefix, const char *space)
{
    struct xml_reader *r = data;
    struct span name = span_from_str(space);
    struct xml_namespace *n, **end;

    if (r->result)
        return;
    if (span_from_str(prefix).len > r->limits.name)
        fail_limit(r, "a name is too long", r->limits.name, " octets");
    if (name.len > r->limits.space)
        fail_limit(r, "the name of a namespace is too long", r->limits.space, " octets");
    if (r->declared_count == r->limits.attributes)
        fail_limit(r, "an element has too many attributes", r->limits.attributes, "");
    n = r->result ? NULL : make(r, sizeof *n);
    if (!n || !keep(r, span_from_str(prefix), &n->prefix) || !keep(r, name, &n->space))
        return;
    for (end = &r->declared; *end; end = &(*end)->next)
        ;
    *end = n; // in the order of the tag
    r->declared_count++;
}

static void on_comment(void *data, const char *text)
{
    (void)text;
    limit_tag(data);
}

static void on_instruction(void *data, const char *target, const char *text)
{
    (void)target;
    (void)text;
    limit_tag(data);
}

static void on_doctype(void *data, const char *name, const char *system_id, const char *public_id,
                       int has_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    fail(data, -CANDOR_E_SYNTAX, SPAN("a document type declaration (<!DOCTYPE) is not accepted"));
}

/* ---- The reader */

int xml_reader_new(struct arena *arena, const struct xml_limits *limits,
                   struct xml_reader **ret_reader)
{
    static const char separator[] = {SEPARATOR, '\0'};
    struct xml_reader *r = calloc(1, sizeof *r);

    assert(limits->size <= INT_MAX);
    if (!r)
        return -CANDOR_E_MEMORY;
    r->memory = -held;
    r->parser = XML_ParserCreate_MM(NULL, &counting, separator);
    r->memory += held;
    if (!r->parser) {
        free(r);
        return -CANDOR_E_MEMORY;
    }
    r->arena = arena;
    r->limits = *limits;
    XML_SetUserData(r->parser, r);
    XML_SetReturnNSTriplet(r->parser, 1);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetCommentHandler(r->parser, on_comment);
    XML_SetProcessingInstructionHandler(r->parser, on_instruction);
    XML_SetStartNamespaceDeclHandler(r->parser, on_namespace);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    *ret_reader = r;
    return 0;
}

void xml_reader_free(struct xml_reader *r)
{
    if (!r)
        return;
    XML_ParserFree(r->parser);
    buf_done(&r->text);
    free(r);
}

/*
 * Expat keeps a tag or a comment until it is whole, and looks at it from its beginning each time
 * that more comes; so one that never ends is given up early.
 */
static void limit_unfinished(struct xml_reader *r)
{
    XML_Index taken = XML_GetCurrentByteIndex(r->parser);

    if (taken >= 0 && r->size - (size_t)taken > r->limits.tag + PART)
        fail_limit(r, "a tag or a comment is too long", r->limits.tag, " octets");
}

static enum XML_Status parse(struct xml_reader *r, struct span part, int is_final)
{
    ptrdiff_t before = held;
    enum XML_Status status = XML_Parse(r->parser, part.ptr, (int)part.len, is_final);

    r->memory += held - before;
    return status;
}

size_t xml_reader_memory(const struct xml_reader *r)
{
    return (size_t)r->memory + r->text.cap;
}

int xml_reader_feed(struct xml_reader *r, struct span piece)
{
    if (r->result || !piece.len)
        return r->result;
    if (piece.len > r->limits.size - r->size) {
        fail_limit(r, "the content is too large", r->limits.size, " octets");
        return r->result;
    }
    while (piece.len && !r->result) {
        struct span part = span_first(piece, PART);

        r->size += part.len;
        piece = span_from(piece, part.len);
        if (parse(r, part, XML_FALSE) != XML_STATUS_OK)
            return fail_syntax(r);
        limit_unfinished(r);
    }
    return r->result;
}

int xml_reader_finish(struct xml_reader *r, struct xml_element **ret_root)
{
    if (r->result)
        return r->result;
    if (r->size && parse(r, SPAN(""), XML_TRUE) != XML_STATUS_OK)
        return fail_syntax(r);
    if (r->result)
        return r->result;
    *ret_root = r->root;
    return 0;
}

struct xml_fault xml_reader_fault(const struct xml_reader *r)
{
    return r->fault;
}
