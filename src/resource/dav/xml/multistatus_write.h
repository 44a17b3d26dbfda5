// SPDX-License-Identifier: MIT
/*
 * The XML of WebDAV's answers: 207 Multi-Status (RFC 4918 §13, §14.16), error elements (§16), lock
 * discovery (§15.8). Each call appends one piece, so that a long answer can be sent as it grows;
 * the order of calls is the caller's care:
 *
 *   multistatus_begin
 *     multistatus_response_begin                        for each resource
 *       multistatus_status                              either one status for it all
 *       multistatus_propstat_begin, properties, _end    or groups of properties, one or more
 *       multistatus_error, multistatus_description      where there is more to tell
 *     multistatus_response_end
 *   multistatus_end
 *
 * "DAV:" has the prefix D throughout; there is no default namespace and no xml:lang, as
 * xml_write_fragment expects. Whatever octets go in, what comes out is well-formed UTF-8.
 */
#ifndef CANDOR_RESOURCE_DAV_XML_MULTISTATUS_WRITE_H
#define CANDOR_RESOURCE_DAV_XML_MULTISTATUS_WRITE_H

#include "base/buf.h"
#include "resource/dav/xml/xml_read.h"

#define MULTISTATUS_MEDIA_TYPE SPAN("application/xml; charset=utf-8")

enum dav_condition {
    DAV_CONDITION_NONE,
#define CONDITION(ident, element, section) DAV_CONDITION_##ident,
#include "resource/dav/xml/condition.def"
#undef CONDITION
    DAV_CONDITION_COUNT
};

void multistatus_begin(struct buf *b);
void multistatus_end(struct buf *b);
/* Between the last response and the end: RFC 6578 §6.4. */
void multistatus_sync_token(struct buf *b, struct span token);

/* path: absolute and decoded, as it is on the server; percent-encoded here. */
void multistatus_response_begin(struct buf *b, struct span path);
/* Of a collection, whose address ends with a slash, whether the path does or not: RFC 4918 §5.2. */
void multistatus_collection_begin(struct buf *b, struct span path);
void multistatus_response_end(struct buf *b);
/* Adds a decoded path as an href has it: percent-encoded, and fit for XML. */
void multistatus_path(struct buf *b, struct span path);
/* A further href in a response that has one status for several resources. */
void multistatus_href(struct buf *b, struct span path);
/* code: of a verdict, or of an outcome. */
void multistatus_status(struct buf *b, int code);
/* <error> with the condition, and in it the paths that it is about; nothing for NONE. */
void multistatus_error(struct buf *b, enum dav_condition condition, const struct span *paths,
                       size_t count);
/* For people; nothing when empty. */
void multistatus_description(struct buf *b, struct span text);

void multistatus_propstat_begin(struct buf *b);
/* Ends a group: all properties in it have that status, for that reason (NONE: no more to say). */
void multistatus_propstat_end(struct buf *b, int code, enum dav_condition condition,
                              struct span description);

/* A property without content: for propname, and for those that are not there. */
void multistatus_property_name(struct buf *b, struct xml_name name);
/* One from the store, as dav_request_proppatch gave it: copied. */
void multistatus_property_stored(struct buf *b, struct span value);

/* Live properties that have structure: RFC 4918 §15. */
void multistatus_resourcetype(struct buf *b, bool collection);

struct dav_active_lock {
    bool exclusive, infinite; // infinite: its depth, else 0
    struct span owner;        // as dav_request_lock gave it; empty: none
    struct span token;        // the URI: "urn:uuid:..."
    struct span root;         // absolute and decoded
    int64_t timeout;          // seconds left; negative: it never ends
};

void multistatus_lockdiscovery(struct buf *b, const struct dav_active_lock *locks, size_t count);
/* Both scopes of write locks when locks are possible; empty when they are not. */
void multistatus_supportedlock(struct buf *b, bool possible);

/* sync-collection alone, or none: RFC 3253 §3.1.5. */
void multistatus_supported_report_set(struct buf *b, bool possible);

/* Whole documents: what LOCK answers (§9.10.1), and the content of an error response (§14.5). */
void multistatus_lock_document(struct buf *b, const struct dav_active_lock *locks, size_t count);
void multistatus_error_document(struct buf *b, enum dav_condition condition,
                                const struct span *paths, size_t count);

#endif
