// SPDX-License-Identifier: MIT
#include "resource/dav/xml/xml_write.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/utf8.h"

enum { MENTIONS = 1000 }; // of prefixes in a fragment's text that are looked up one by one

#define REPLACEMENT SPAN("\xef\xbf\xbd") // U+FFFD

/* The length of the character at the front when XML has it, 0 when it does not: XML 1.0 §2.2. */
static size_t char_length(struct span s)
{
    size_t n = utf8_length(s);

    if (n == 1 && (unsigned char)s.ptr[0] < 0x20)
        return s.ptr[0] == '\t' || s.ptr[0] == '\n' || s.ptr[0] == '\r';
    if (n == 3 && memcmp(s.ptr, "\xef\xbf", 2) == 0 && (unsigned char)s.ptr[2] >= 0xbe)
        return 0; // U+FFFE, U+FFFF
    return n;
}

/* Empty when the character stands for itself. */
static struct span escape_of(char c, bool attribute)
{
    switch (c) {
    case '&':
        return SPAN("&amp;");
    case '<':
        return SPAN("&lt;");
    case '>':
        return SPAN("&gt;"); // "]]>" must not occur in text
    case '\r':
        return SPAN("&#13;"); // a reader makes a line feed of a bare one
    case '"':
        return attribute ? SPAN("&quot;") : SPAN("");
    case '\n':
        return attribute ? SPAN("&#10;") : SPAN(""); // and spaces of these, in an attribute
    case '\t':
        return attribute ? SPAN("&#9;") : SPAN("");
    default:
        return SPAN("");
    }
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '&' && c != '<' &&
           c != '>' && c != '"';
}

static void write_escaped(struct buf *b, struct span s, bool attribute)
{
    size_t from = 0, at = 0;

    while (at < s.len) {
        struct span instead;
        size_t n;

        if (is_plain(s.ptr[at])) {
            at++;
            continue;
        }
        n = char_length(span_from(s, at));
        instead = n == 1 ? escape_of(s.ptr[at], attribute) : n ? SPAN("") : REPLACEMENT;
        if (instead.len) {
            buf_add(b, span_of(s.ptr + from, at - from));
            buf_add(b, instead);
        }
        if (!n) // a well-formed sequence that is no character of XML goes as a whole
            n = utf8_length(span_from(s, at)) + (utf8_length(span_from(s, at)) == 0);
        at += n;
        if (instead.len)
            from = at;
    }
    if (s.len)
        buf_add(b, span_of(s.ptr + from, at - from));
}

void xml_write_text(struct buf *b, struct span text)
{
    write_escaped(b, text, false);
}

void xml_write_attribute_value(struct buf *b, struct span value)
{
    write_escaped(b, value, true);
}

/* ---- Names */

static uint32_t code_point(const char *ptr, size_t n)
{
    const unsigned char *p = (const unsigned char *)ptr;
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = p[0] & first_bits[n];

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3fU);
    return c;
}

/* Beyond ASCII: NameStartChar and NameChar, XML 1.0 §2.3. */
static bool is_name_char(uint32_t c, bool first)
{
    static const struct {
        uint32_t low, high;
        bool first; // may begin a name
    } ranges[] = {
        {0xb7, 0xb7, false},    {0xc0, 0xd6, true},     {0xd8, 0xf6, true},
        {0xf8, 0x2ff, true},    {0x300, 0x36f, false},  {0x370, 0x37d, true},
        {0x37f, 0x1fff, true},  {0x200c, 0x200d, true}, {0x203f, 0x2040, false},
        {0x2070, 0x218f, true}, {0x2c00, 0x2fef, true}, {0x3001, 0xd7ff, true},
        {0xf900, 0xfdcf, true}, {0xfdf0, 0xfffd, true}, {0x10000, 0xeffff, true},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].low && c <= ranges[i].high)
            return ranges[i].first || !first;
    return false;
}

static bool is_ascii_name_char(char c, bool first)
{
    return ascii_is(c, ASCII_ALPHA) || c == '_' ||
           (!first && (ascii_is(c, ASCII_DIGIT) || c == '-' || c == '.'));
}

void xml_write_local_name(struct buf *b, struct span local)
{
    if (!local.len)
        buf_add_char(b, '_');
    for (size_t at = 0; at < local.len;) {
        size_t n = utf8_length(span_from(local, at));
        bool good = n == 1  ? is_ascii_name_char(local.ptr[at], at == 0)
                    : n > 1 ? is_name_char(code_point(local.ptr + at, n), at == 0)
                            : false;

        if (good)
            buf_add(b, span_of(local.ptr + at, n));
        else
            buf_add_char(b, '_');
        at += n ? n : 1;
    }
}

/* ---- Elements */

/* The declaration is wanted when it belongs to an ancestor of the fragment's root. */
static void want(const struct xml_element *at, const struct xml_element *root, struct span prefix)
{
    for (const struct xml_element *e = at;; e = e->parent) {
        struct xml_namespace *n;

        for (n = e->namespaces; n && !span_eq(n->prefix, prefix); n = n->next)
            ;
        if (n)
            return;
        if (e == root)
            break;
    }
    if (root->parent) {
        struct xml_namespace *n = xml_namespace_find(root->parent, prefix);

        if (n)
            n->wanted_by = root;
    }
}

static bool may_be_in_prefix(char c)
{
    return is_ascii_name_char(c, false) || (unsigned char)c >= 0x80;
}

/* Rather too many declarations than a search for each of very many mentions. */
static void want_everything(const struct xml_element *root)
{
    for (const struct xml_element *e = root->parent; e; e = e->parent)
        for (const struct xml_namespace *n = e->namespaces; n; n = n->next)
            if (n->prefix.len)
                want(root, root, n->prefix);
}

/* Names in content ("xsi:type", XPath) need their prefixes declared as much as tags do. mentions
 * counts them, up to MENTIONS. */
static void want_mentioned(const struct xml_element *at, const struct xml_element *root,
                           struct span text, size_t *mentions)
{
    for (size_t from = 0; *mentions < MENTIONS;) {
        size_t colon = from + span_find(span_from(text, from), ':'), start = colon;

        if (colon >= text.len)
            return;
        while (start > from && may_be_in_prefix(text.ptr[start - 1]))
            start--;
        if (start < colon) {
            want(at, root, span_of(text.ptr + start, colon - start));
            if (++*mentions == MENTIONS)
                want_everything(root);
        }
        from = colon + 1;
    }
}

static void want_all(const struct xml_element *e, const struct xml_element *root, size_t *mentions)
{
    want(e, root, e->prefix);
    for (size_t i = 0; i < e->attribute_count; i++) {
        if (e->attributes[i].prefix.len)
            want(e, root, e->attributes[i].prefix);
        want_mentioned(e, root, e->attributes[i].value, mentions);
    }
    for (const struct xml_node *n = e->first; n; n = n->next) {
        if (n->element)
            want_all(n->element, root, mentions); // no deeper than the reader's limit
        else
            want_mentioned(e, root, n->text, mentions);
    }
}

static void write_name(struct buf *b, struct span prefix, struct span local)
{
    if (prefix.len) {
        buf_add(b, prefix);
        buf_add_char(b, ':');
    }
    buf_add(b, local);
}

static void write_namespace(struct buf *b, const struct xml_namespace *n)
{
    buf_add(b, SPAN(" xmlns"));
    if (n->prefix.len) {
        buf_add_char(b, ':');
        buf_add(b, n->prefix);
    }
    buf_add(b, SPAN("=\""));
    xml_write_attribute_value(b, n->space);
    buf_add_char(b, '"');
}

/* What the root of a fragment takes over from its ancestors. */
static void write_inherited(struct buf *b, const struct xml_element *root)
{
    bool own_lang = false;

    for (const struct xml_element *e = root->parent; e; e = e->parent)
        for (const struct xml_namespace *n = e->namespaces; n; n = n->next)
            if (n->wanted_by == root && (n->prefix.len || n->space.len))
                write_namespace(b, n);
    for (size_t i = 0; i < root->attribute_count; i++)
        own_lang = own_lang || (span_eq(root->attributes[i].name.local, SPAN("lang")) &&
                                span_eq(root->attributes[i].name.space, XML_SPACE));
    if (root->has_lang && !own_lang) {
        buf_add(b, SPAN(" xml:lang=\""));
        xml_write_attribute_value(b, root->lang);
        buf_add_char(b, '"');
    }
}

static void write_element(struct buf *b, const struct xml_element *e,
                          const struct xml_element *root)
{
    buf_add_char(b, '<');
    write_name(b, e->prefix, e->name.local);
    for (const struct xml_namespace *n = e->namespaces; n; n = n->next)
        write_namespace(b, n);
    if (e == root)
        write_inherited(b, root);
    for (size_t i = 0; i < e->attribute_count; i++) {
        buf_add_char(b, ' ');
        write_name(b, e->attributes[i].prefix, e->attributes[i].name.local);
        buf_add(b, SPAN("=\""));
        xml_write_attribute_value(b, e->attributes[i].value);
        buf_add_char(b, '"');
    }
    if (!e->first) {
        buf_add(b, SPAN("/>"));
        return;
    }
    buf_add_char(b, '>');
    for (const struct xml_node *n = e->first; n; n = n->next) {
        if (n->element)
            write_element(b, n->element, root);
        else
            xml_write_text(b, n->text);
    }
    buf_add(b, SPAN("</"));
    write_name(b, e->prefix, e->name.local);
    buf_add_char(b, '>');
}

int xml_write_fragment(struct buf *b, const struct xml_element *element, size_t limit)
{
    size_t before = b->len;
    size_t mentions = 0;
    int result = 0;

    want_all(element, element, &mentions);
    write_element(b, element, element);
    if (b->failed)
        result = -CANDOR_E_MEMORY;
    else if (b->len - before > limit)
        result = -CANDOR_E_LIMIT;
    if (result)
        b->len = before;
    return result;
}
