// SPDX-License-Identifier: MIT
#include "server/session/record.h"

#include "base/ascii.h"
#include "graph/relay.h"

#include <stdlib.h>

void request_id_print(uint64_t id, char out[REQUEST_ID_LENGTH])
{
    ascii_write_hex_u64(id, out);
}

struct span ending_name(enum ending ending)
{
    static const struct span names[] = {
        [ENDING_COMPLETE] = SPAN_INIT(""),
        [ENDING_CLIENT_GONE] = SPAN_INIT("client-gone"),
        [ENDING_SEND_TIMEOUT] = SPAN_INIT("send-timeout"),
        [ENDING_BODY_FAILED] = SPAN_INIT("body-failed"),
        [ENDING_FAULT] = SPAN_INIT("fault"),
    };

    return names[ending];
}

struct kept {
    struct record record;
    struct relay relay;
    struct attempt attempts[];
};

static struct span keep_text(char **at, struct span text)
{
    struct span copy = {text.ptr ? *at : NULL, text.len};

    if (text.len)
        memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return copy;
}

struct record *record_keep(const struct record *r)
{
    size_t text =
        r->request_line.len + r->method.len + r->target.len + r->referer.len + r->user_agent.len;
    size_t trail = r->trail_length * sizeof *r->trail, count = 0;
    struct kept *kept;
    char *at;

    for (const struct attempt *a = r->relay ? r->relay->attempts : NULL; a; a = a->next)
        count++;
    kept = malloc(sizeof *kept + count * sizeof *kept->attempts + trail + text);
    if (!kept)
        return NULL;
    kept->record = *r;
    at = (char *)(kept->attempts + count);
    memcpy(at, r->trail, trail);
    kept->record.trail = (uint16_t *)at;
    at += trail;
    kept->record.request_line = keep_text(&at, r->request_line);
    kept->record.method = keep_text(&at, r->method);
    kept->record.target = keep_text(&at, r->target);
    kept->record.referer = keep_text(&at, r->referer);
    kept->record.user_agent = keep_text(&at, r->user_agent);
    if (!r->relay)
        return &kept->record;
    kept->relay = *r->relay;
    kept->relay.attempts_end = &kept->relay.attempts;
    count = 0;
    for (const struct attempt *a = r->relay->attempts; a; a = a->next) {
        kept->attempts[count] = *a;
        *kept->relay.attempts_end = &kept->attempts[count];
        kept->relay.attempts_end = &kept->attempts[count++].next;
    }
    kept->record.relay = &kept->relay;
    return &kept->record;
}
