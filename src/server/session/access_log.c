// SPDX-License-Identifier: MIT
#include "server/session/access_log.h"

#include "base/clock.h"
#include "graph/graph.h"
#include "graph/relay.h"
#include "server/session/record.h"

#include <time.h>

enum {
    FLUSH_BYTES = 64 * 1024, // written out at once when there is this much
    FLUSH_MS = 250,          // and when the first line has waited this long
};

static void on_timer(struct timer *t)
{
    access_log_flush(container_of(t, struct access_log, timer));
}

void access_log_init(struct access_log *log, const struct config *config, struct loop *loop,
                     struct log_writer *writer)
{
    *log = (struct access_log){.config = config, .loop = loop, .writer = writer};
    timer_init(&log->timer, on_timer);
}

void access_log_flush(struct access_log *log)
{
    if (log->writer)
        log_writer_give(log->writer, &log->lines);
    timer_stop(&log->timer);
}

void access_log_reopen(struct access_log *log)
{
    if (!log->writer)
        return;
    access_log_flush(log);
    log_writer_reopen(log->writer);
}

void access_log_done(struct access_log *log)
{
    buf_done(&log->lines);
}

static struct span error_name(int error)
{
    const char *text = strerrordesc_np(error);

    return text ? span_from_str(text) : SPAN("an error that has no name");
}

/* "2026-11-22T08:49:37.123456Z" */
static void add_time(struct access_log *log, int64_t now)
{
    time_t seconds = now / CLOCK_SECOND;
    int64_t microseconds = now % CLOCK_SECOND / 1000;
    char fraction[] = ".000000Z";
    struct tm tm;

    if (log->second != seconds) {
        gmtime_r(&seconds, &tm);
        strftime(log->second_text, sizeof log->second_text, "%Y-%m-%dT%H:%M:%S", &tm);
        log->second = seconds;
    }
    for (int i = 6; i > 0; i--, microseconds /= 10)
        fraction[i] = (char)('0' + microseconds % 10);
    buf_add_str(&log->lines, log->second_text);
    buf_add(&log->lines, SPAN(fraction));
}

#define MEMBER(name) SPAN(",\"" name "\":")

static void add_text(struct buf *b, struct span member, struct span text)
{
    buf_add(b, member);
    buf_add_char(b, '"');
    buf_add_json(b, text);
    buf_add_char(b, '"');
}

static void add_number(struct buf *b, struct span member, uint64_t number)
{
    buf_add(b, member);
    buf_add_u64(b, number);
}

/* Which way the answer came, and how each attempt to get one went. */
static void add_relay(struct buf *b, const struct record *r)
{
    const struct relay *relay = r->relay;
    bool is_relayed = r->outcome == OUTCOME_relayed || r->outcome == OUTCOME_tunnelled;

    add_text(b, MEMBER("origin"), is_relayed ? SPAN("upstream") : SPAN("here"));
    if (relay->upstream.len)
        add_text(b, MEMBER("upstream"), relay->upstream);
    if (relay->received_status)
        add_number(b, MEMBER("upstream_status"), relay->received_status);
    if (relay->offset)
        add_number(b, MEMBER("upstream_offset"), relay->offset);
    buf_add(b, MEMBER("attempts"));
    buf_add_char(b, '[');
    for (const struct attempt *a = relay->attempts; a; a = a->next) {
        buf_add(b, a == relay->attempts ? SPAN("{\"phase\":\"") : SPAN(",{\"phase\":\""));
        buf_add(b, a->phase);
        buf_add_char(b, '"');
        if (a->upstream.len)
            add_text(b, MEMBER("upstream"), a->upstream);
        if (a->cause != OUTCOME_NONE)
            add_text(b, MEMBER("cause"), outcome_table[a->cause].token);
        if (a->system_error)
            add_text(b, MEMBER("error"), error_name(a->system_error));
        add_number(b, MEMBER("duration_us"), (uint64_t)a->duration / 1000);
        add_number(b, MEMBER("bytes_sent"), a->bytes_sent);
        if (a->sequel.len)
            add_text(b, MEMBER("sequel"), a->sequel);
        buf_add_char(b, '}');
    }
    buf_add_char(b, ']');
}

static void add_json(struct access_log *log, const struct record *r)
{
    struct buf *b = &log->lines;
    char client[CLIENT_TEXT], id[REQUEST_ID_LENGTH];
    size_t client_length = client_print(r->client, client);

    request_id_print(r->id, id);
    buf_add(b, SPAN("{\"time\":\""));
    add_time(log, r->time);
    buf_add_char(b, '"');
    add_text(b, MEMBER("id"), span_of(id, sizeof id));
    add_text(b, MEMBER("client"), span_of(client, client_length));
    add_text(b, MEMBER("method"), r->method);
    add_text(b, MEMBER("target"), r->target);
    add_number(b, MEMBER("status"), (uint64_t)r->status);
    add_text(b, MEMBER("outcome"), outcome_table[r->outcome].token);
    add_number(b, MEMBER("bytes_in"), r->bytes_in);
    add_number(b, MEMBER("bytes_out"), r->bytes_out);
    add_number(b, MEMBER("duration_us"),
               (uint64_t)(r->moments[MOMENT_ENDED] - r->moments[MOMENT_BEGUN]) / 1000);
    if (r->has_offset)
        add_number(b, MEMBER("offset"), r->offset);
    if (r->status >= 400) {
        buf_add(b, MEMBER("trail"));
        buf_add_char(b, '"');
        graph_write_trail(b, r->trail, r->trail_length);
        buf_add_char(b, '"');
    }
    if (r->relay)
        add_relay(b, r);
    if (r->system_error)
        add_text(b, MEMBER("error"), error_name(r->system_error));
    if (r->ending != ENDING_COMPLETE)
        add_text(b, MEMBER("ended"), ending_name(r->ending));
    buf_add(b, SPAN("}\n"));
}

/* Text between quotes in the combined format: what a terminal must not see becomes \xHH. */
static void add_quoted(struct buf *b, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c == '"' || c == '\\' || c < 0x20 || c >= 0x7f)
            buf_addf(b, "\\x%02X", c);
        else
            buf_add_char(b, (char)c);
    }
}

/* "-" where there is none, as other servers write it. */
static void add_quoted_member(struct buf *b, struct span value)
{
    buf_add(b, SPAN(" \""));
    if (value.len)
        add_quoted(b, value);
    else
        buf_add_char(b, '-');
    buf_add_char(b, '"');
}

static void add_combined(struct buf *b, const struct record *r)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char client[CLIENT_TEXT];
    size_t client_length = client_print(r->client, client);
    time_t seconds = r->time / CLOCK_SECOND;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    buf_add(b, span_of(client, client_length));
    buf_addf(b, " - - [%02d/%.3s/%04d:%02d:%02d:%02d +0000]", tm.tm_mday, months + 3 * tm.tm_mon,
             tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    add_quoted_member(b, r->request_line);
    buf_addf(b, " %d %llu", r->status, (unsigned long long)r->bytes_out);
    add_quoted_member(b, r->referer);
    add_quoted_member(b, r->user_agent);
    buf_add_char(b, '\n');
}

void access_log_add(struct access_log *log, const struct record *r)
{
    size_t before = log->lines.len;

    if (!log->writer)
        return;
    if (log->lines.len == 0)
        timer_set(log->loop, &log->timer, loop_now(log->loop) + FLUSH_MS * CLOCK_MS);
    if (log->config->access_log_format == ACCESS_LOG_JSON)
        add_json(log, r);
    else
        add_combined(&log->lines, r);
    if (log->lines.failed) { // without memory there is no line, rather than a part of one
        log->lines.len = before;
        log->lines.failed = false;
    }
    if (log->lines.len >= FLUSH_BYTES)
        access_log_flush(log);
}
