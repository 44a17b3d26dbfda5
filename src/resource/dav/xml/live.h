// SPDX-License-Identifier: MIT
/*
 * Live properties: what the server itself knows of a resource, from one look at it.
 */
#ifndef CANDOR_RESOURCE_DAV_XML_LIVE_H
#define CANDOR_RESOURCE_DAV_XML_LIVE_H

#include "resource/dav/xml/multistatus_write.h"
#include "resource/files/media_type_map.h"
#include "tree/tree.h"

enum live {
#define LIVE(ident, name, of, all, stored, section) LIVE_##ident,
#include "resource/dav/xml/live.def"
#undef LIVE
    LIVE_COUNT
};

#define LIVE_NONE LIVE_COUNT
#define LIVE_BIT(live) (UINT32_C(1) << (live))

/* Those that allprop tells; RFC 4331 §3 wants quotas to be asked for by name. */
extern const uint32_t live_of_allprop;
/* Those that something may be stored in the place of. */
extern const uint32_t live_storable;

/* LIVE_NONE: it is none, and may be stored. */
enum live live_find(struct xml_name name);
struct span live_name(enum live live);

/* What they are told about. */
struct live_subject {
    const struct tree_member *member;
    struct span display_name;
    const struct media_type_map *types;
    const struct dav_active_lock *locks;
    size_t lock_count;
    const struct tree_usage *usage; // NULL: unknown
    bool knows_used;                // of the usage
    bool can_lock, can_report;
    struct span sync_token; // ptr NULL: none
    int64_t now;            // seconds since 1970
};

/* Whether the subject has it. */
bool live_applies(enum live live, const struct live_subject *s);
/* Writes a property that the subject has. */
void live_write(struct buf *b, enum live live, const struct live_subject *s);

#endif
