// SPDX-License-Identifier: MIT
#include "resource/dav/xml/live.h"

#include "http/date.h"
#include "resource/dav/xml/xml_write.h"

enum live_of { OF_ALL, OF_FILES, OF_COLLECTIONS };

static const struct {
    struct span name, begin, end; // its tags
    enum live_of of;
} live_table[LIVE_COUNT] = {
#define LIVE(ident, name, of, all, stored, section)                                                \
    [LIVE_##ident] = {SPAN_INIT(name), SPAN_INIT("<D:" name ">"), SPAN_INIT("</D:" name ">"), of},
#include "resource/dav/xml/live.def"
#undef LIVE
};

const uint32_t live_of_allprop = 0
#define LIVE(ident, name, of, all, stored, section) | ((all) ? LIVE_BIT(LIVE_##ident) : 0)
#include "resource/dav/xml/live.def"
#undef LIVE
    ;

const uint32_t live_storable = 0
#define LIVE(ident, name, of, all, stored, section) | ((stored) ? LIVE_BIT(LIVE_##ident) : 0)
#include "resource/dav/xml/live.def"
#undef LIVE
    ;

enum live live_find(struct xml_name name)
{
    if (!span_eq(name.space, XML_SPACE_DAV))
        return LIVE_NONE;
    for (int i = 0; i < LIVE_COUNT; i++)
        if (span_eq(name.local, live_table[i].name))
            return (enum live)i;
    return LIVE_NONE;
}

struct span live_name(enum live live)
{
    return live_table[live].name;
}

bool live_applies(enum live live, const struct live_subject *s)
{
    enum tree_kind kind = s->member->seen.kind;

    if ((live_table[live].of == OF_FILES && kind != TREE_FILE) ||
        (live_table[live].of == OF_COLLECTIONS && kind != TREE_COLLECTION))
        return false;
    switch (live) {
    case LIVE_CREATIONDATE:
        return s->member->created != TREE_NOW;
    case LIVE_QUOTA_AVAILABLE_BYTES:
        return s->usage != NULL;
    case LIVE_QUOTA_USED_BYTES:
        return s->usage != NULL && s->knows_used;
    case LIVE_SYNC_TOKEN:
        return s->sync_token.ptr != NULL;
    default:
        return true;
    }
}

static void write_creation_date(struct buf *b, int64_t seconds)
{
    char date[DATE_RFC3339_LENGTH];

    date_format_rfc3339(seconds, date);
    buf_add(b, SPAN("<D:creationdate>"));
    buf_add(b, span_of(date, sizeof date));
    buf_add(b, SPAN("</D:creationdate>"));
}

static void write_last_modified(struct buf *b, int64_t seconds)
{
    char date[DATE_LENGTH];

    date_format(seconds, date);
    buf_add(b, SPAN("<D:getlastmodified>"));
    buf_add(b, span_of(date, sizeof date));
    buf_add(b, SPAN("</D:getlastmodified>"));
}

static void write_etag(struct buf *b, const struct file_stamp *stamp)
{
    char etag[STAMP_ETAG_OPAQUE + 1];

    stamp_etag(stamp, 0, SPAN(""), etag);
    buf_add(b, SPAN("<D:getetag>\""));
    buf_add(b, span_of(etag, STAMP_ETAG_OPAQUE));
    buf_add(b, SPAN("\"</D:getetag>"));
}

static void write_number(struct buf *b, enum live live, uint64_t value)
{
    buf_add(b, live_table[live].begin);
    buf_add_u64(b, value);
    buf_add(b, live_table[live].end);
}

static void write_text(struct buf *b, enum live live, struct span text)
{
    buf_add(b, live_table[live].begin);
    xml_write_text(b, text);
    buf_add(b, live_table[live].end);
}

void live_write(struct buf *b, enum live live, const struct live_subject *s)
{
    const struct tree_member *m = s->member;
    const struct file_stamp *stamp = &m->seen.stamp;

    switch (live) {
    case LIVE_CREATIONDATE:
        write_creation_date(b, m->created);
        break;
    case LIVE_DISPLAYNAME:
        write_text(b, live, s->display_name);
        break;
    case LIVE_GETCONTENTLENGTH:
        write_number(b, live, stamp->size);
        break;
    case LIVE_GETCONTENTTYPE:
        write_text(b, live, media_type_for_name(s->types, s->display_name));
        break;
    case LIVE_GETETAG:
        write_etag(b, stamp);
        break;
    case LIVE_GETLASTMODIFIED:
        write_last_modified(b, stamp_last_modified(stamp, s->now));
        break;
    case LIVE_RESOURCETYPE:
        multistatus_resourcetype(b, m->seen.kind == TREE_COLLECTION);
        break;
    case LIVE_SUPPORTEDLOCK:
        multistatus_supportedlock(b, s->can_lock);
        break;
    case LIVE_LOCKDISCOVERY:
        multistatus_lockdiscovery(b, s->locks, s->lock_count);
        break;
    case LIVE_QUOTA_AVAILABLE_BYTES:
        write_number(b, live, s->usage->available);
        break;
    case LIVE_QUOTA_USED_BYTES:
        write_number(b, live, s->usage->used);
        break;
    case LIVE_SUPPORTED_REPORT_SET:
        multistatus_supported_report_set(b, s->can_report);
        break;
    case LIVE_SYNC_TOKEN:
        write_text(b, live, s->sync_token);
        break;
    case LIVE_COUNT:
        break;
    }
}
