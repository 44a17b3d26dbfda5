// SPDX-License-Identifier: MIT
#include "resource/dav/xml/multistatus_write.h"

#include "base/ascii.h"
#include "registry/status.h"
#include "resource/dav/xml/xml_write.h"

#include <assert.h>
#include <inttypes.h>

#define DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

static const struct span conditions[DAV_CONDITION_COUNT] = {
#define CONDITION(ident, element, section) [DAV_CONDITION_##ident] = SPAN_INIT(element),
#include "resource/dav/xml/condition.def"
#undef CONDITION
};

/* ---- Frame */

void multistatus_begin(struct buf *b)
{
    buf_add(b, SPAN(DECLARATION "<D:multistatus xmlns:D=\"DAV:\">\n"));
}

void multistatus_end(struct buf *b)
{
    buf_add(b, SPAN("</D:multistatus>\n"));
}

void multistatus_sync_token(struct buf *b, struct span token)
{
    buf_add(b, SPAN("<D:sync-token>"));
    xml_write_text(b, token);
    buf_add(b, SPAN("</D:sync-token>\n"));
}

/* Runs of what needs no encoding are copied at once: a listing is mostly that. */
void multistatus_path(struct buf *b, struct span path)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t from = 0;

    for (size_t at = 0; at < path.len; at++) {
        unsigned char c = (unsigned char)path.ptr[at];
        char encoded[] = {'%', digits[c >> 4], digits[c & 15]};

        if (c == '/' || (c != '&' && ascii_is((char)c, ASCII_PCHAR)))
            continue;
        buf_add(b, span_of(path.ptr + from, at - from));
        buf_add(b, c == '&' ? SPAN("&amp;") : span_of(encoded, sizeof encoded));
        from = at + 1;
    }
    if (path.len)
        buf_add(b, span_of(path.ptr + from, path.len - from));
}

void multistatus_href(struct buf *b, struct span path)
{
    buf_add(b, SPAN("<D:href>"));
    multistatus_path(b, path);
    buf_add(b, SPAN("</D:href>"));
}

void multistatus_response_begin(struct buf *b, struct span path)
{
    buf_add(b, SPAN("<D:response>"));
    multistatus_href(b, path);
}

void multistatus_collection_begin(struct buf *b, struct span path)
{
    buf_add(b, SPAN("<D:response><D:href>"));
    multistatus_path(b, path);
    if (!span_ends(path, SPAN("/")))
        buf_add_char(b, '/');
    buf_add(b, SPAN("</D:href>"));
}

void multistatus_response_end(struct buf *b)
{
    buf_add(b, SPAN("</D:response>\n"));
}

void multistatus_status(struct buf *b, int code)
{
    struct span line = status_line(code);

    assert(line.len > 2);
    buf_add(b, SPAN("<D:status>"));
    buf_add(b, span_first(line, line.len - 2)); // without its line end
    buf_add(b, SPAN("</D:status>"));
}

static void write_condition(struct buf *b, enum dav_condition condition, const struct span *paths,
                            size_t count)
{
    struct span element = conditions[condition];

    buf_add(b, SPAN("<D:"));
    buf_add(b, element);
    if (!count) {
        buf_add(b, SPAN("/>"));
        return;
    }
    buf_add_char(b, '>');
    for (size_t i = 0; i < count; i++)
        multistatus_href(b, paths[i]);
    buf_add(b, SPAN("</D:"));
    buf_add(b, element);
    buf_add_char(b, '>');
}

void multistatus_error(struct buf *b, enum dav_condition condition, const struct span *paths,
                       size_t count)
{
    if (condition == DAV_CONDITION_NONE)
        return;
    buf_add(b, SPAN("<D:error>"));
    write_condition(b, condition, paths, count);
    buf_add(b, SPAN("</D:error>"));
}

void multistatus_description(struct buf *b, struct span text)
{
    if (!text.len)
        return;
    buf_add(b, SPAN("<D:responsedescription>"));
    xml_write_text(b, text);
    buf_add(b, SPAN("</D:responsedescription>"));
}

/* ---- Properties */

void multistatus_propstat_begin(struct buf *b)
{
    buf_add(b, SPAN("<D:propstat><D:prop>"));
}

void multistatus_propstat_end(struct buf *b, int code, enum dav_condition condition,
                              struct span description)
{
    buf_add(b, SPAN("</D:prop>"));
    multistatus_status(b, code);
    multistatus_error(b, condition, NULL, 0);
    multistatus_description(b, description);
    buf_add(b, SPAN("</D:propstat>"));
}

/* The prefix for a namespace; nothing can be in that of xmlns, and no prefix can stand for it. */
static struct span prefix_of(struct span space)
{
    if (span_eq(space, XML_SPACE_DAV))
        return SPAN("D:");
    if (span_eq(space, XML_SPACE))
        return SPAN("xml:");
    if (!space.len || span_eq(space, SPAN("http://www.w3.org/2000/xmlns/")))
        return SPAN("");
    return SPAN("x:");
}

void multistatus_property_name(struct buf *b, struct xml_name name)
{
    struct span prefix = prefix_of(name.space);

    buf_add_char(b, '<');
    buf_add(b, prefix);
    xml_write_local_name(b, name.local);
    if (span_eq(prefix, SPAN("x:"))) {
        buf_add(b, SPAN(" xmlns:x=\""));
        xml_write_attribute_value(b, name.space);
        buf_add_char(b, '"');
    }
    buf_add(b, SPAN("/>"));
}

void multistatus_property_stored(struct buf *b, struct span value)
{
    buf_add(b, value);
}

void multistatus_resourcetype(struct buf *b, bool collection)
{
    buf_add(b, collection ? SPAN("<D:resourcetype><D:collection/></D:resourcetype>")
                          : SPAN("<D:resourcetype/>"));
}

/* ---- Locks */

static void write_scope_and_type(struct buf *b, bool exclusive)
{
    buf_add(b, exclusive ? SPAN("<D:lockscope><D:exclusive/></D:lockscope>")
                         : SPAN("<D:lockscope><D:shared/></D:lockscope>"));
    buf_add(b, SPAN("<D:locktype><D:write/></D:locktype>"));
}

static void write_active_lock(struct buf *b, const struct dav_active_lock *lock)
{
    buf_add(b, SPAN("<D:activelock>"));
    write_scope_and_type(b, lock->exclusive);
    buf_add(b, lock->infinite ? SPAN("<D:depth>infinity</D:depth>") : SPAN("<D:depth>0</D:depth>"));
    buf_add(b, lock->owner);
    buf_add(b, SPAN("<D:timeout>"));
    if (lock->timeout < 0)
        buf_add(b, SPAN("Infinite"));
    else
        buf_addf(b, "Second-%" PRId64, lock->timeout);
    buf_add(b, SPAN("</D:timeout><D:locktoken><D:href>"));
    xml_write_text(b, lock->token);
    buf_add(b, SPAN("</D:href></D:locktoken><D:lockroot>"));
    multistatus_href(b, lock->root);
    buf_add(b, SPAN("</D:lockroot></D:activelock>"));
}

void multistatus_lockdiscovery(struct buf *b, const struct dav_active_lock *locks, size_t count)
{
    if (!count) {
        buf_add(b, SPAN("<D:lockdiscovery/>"));
        return;
    }
    buf_add(b, SPAN("<D:lockdiscovery>"));
    for (size_t i = 0; i < count; i++)
        write_active_lock(b, &locks[i]);
    buf_add(b, SPAN("</D:lockdiscovery>"));
}

/* Every row of a listing may have it, so it is ready-made. */
void multistatus_supportedlock(struct buf *b, bool possible)
{
#define ENTRY(scope)                                                                               \
    "<D:lockentry><D:lockscope><D:" scope "/></D:lockscope>"                                       \
    "<D:locktype><D:write/></D:locktype></D:lockentry>"
    buf_add(b, possible ? SPAN("<D:supportedlock>" ENTRY("exclusive")
                                   ENTRY("shared") "</D:supportedlock>")
                        : SPAN("<D:supportedlock/>"));
#undef ENTRY
}

/* ---- Whole documents */

void multistatus_supported_report_set(struct buf *b, bool possible)
{
    if (possible)
        buf_add(b, SPAN("<D:supported-report-set><D:supported-report><D:report><D:sync-collection/>"
                        "</D:report></D:supported-report></D:supported-report-set>"));
    else
        buf_add(b, SPAN("<D:supported-report-set/>"));
}

void multistatus_lock_document(struct buf *b, const struct dav_active_lock *locks, size_t count)
{
    buf_add(b, SPAN(DECLARATION "<D:prop xmlns:D=\"DAV:\">"));
    multistatus_lockdiscovery(b, locks, count);
    buf_add(b, SPAN("</D:prop>\n"));
}

void multistatus_error_document(struct buf *b, enum dav_condition condition,
                                const struct span *paths, size_t count)
{
    assert(condition != DAV_CONDITION_NONE);
    buf_add(b, SPAN(DECLARATION "<D:error xmlns:D=\"DAV:\">"));
    write_condition(b, condition, paths, count);
    buf_add(b, SPAN("</D:error>\n"));
}
