// SPDX-License-Identifier: MIT
#include "cli/status_json.h"

#include "registry/outcome.h"

static void add_text(struct buf *b, const char *key, struct span text)
{
    buf_addf(b, ",\"%s\":\"", key);
    buf_add_json(b, text);
    buf_add_char(b, '"');
}

static void add_bool(struct buf *b, const char *key, bool value)
{
    buf_addf(b, ",\"%s\":%s", key, value ? "true" : "false");
}

/* Names separated by ", " as an array. */
static void add_names(struct buf *b, const char *key, const char *names)
{
    struct span rest = span_from_str(names);
    bool first = true;

    buf_addf(b, ",\"%s\":[", key);
    while (rest.len) {
        buf_add_str(b, first ? "\"" : ",\"");
        buf_add_json(b, span_trim(span_take_until(&rest, ',')));
        buf_add_char(b, '"');
        first = false;
    }
    buf_add_char(b, ']');
}

void status_json_add(struct buf *b, const struct status_info *info)
{
    bool first = true;

    buf_addf(b, "{\"code\":%d,\"registered\":true", info->code);
    add_text(b, "reason", info->reason);
    add_text(b, "section", span_from_str(info->section));
    add_bool(b, "unused", info->unused);
    add_bool(b, "content", info->content);
    add_bool(b, "cacheable", info->cacheable);
    add_bool(b, "no_store", info->no_store);
    add_bool(b, "retry", info->retry);
    add_names(b, "must", info->must);
    add_names(b, "should", info->should);
    add_names(b, "may", info->may);
    add_names(b, "repeated", info->repeats ? STATUS_REPEATED_FIELDS : "");
    add_text(b, "meaning", span_from_str(info->meaning));
    buf_add(b, SPAN(",\"outcomes\":["));
    for (int o = 1; o < OUTCOME_COUNT; o++) {
        if (outcome_table[o].status != info->code)
            continue;
        buf_addf(b, "%s\"%s\"", first ? "" : ",", outcome_table[o].token.ptr);
        first = false;
    }
    buf_add(b, SPAN("]}"));
}

bool status_json_add_unregistered(struct buf *b, int code)
{
    bool found = false;

    for (size_t i = 0; i < status_unregistered_count; i++) {
        const struct status_unregistered *info = &status_unregistered_table[i];

        if (info->code != code)
            continue;
        if (found)
            buf_add_char(b, ',');
        else
            buf_addf(b, "{\"code\":%d,\"registered\":false,\"uses\":[", code);
        buf_add(b, SPAN("{\"user\":\""));
        buf_add_json(b, span_from_str(info->user));
        buf_add_char(b, '"');
        add_text(b, "name", span_from_str(info->name));
        add_text(b, "meaning", span_from_str(info->meaning));
        buf_add_char(b, '}');
        found = true;
    }
    if (found)
        buf_add(b, SPAN("]}"));
    return found;
}
