// SPDX-License-Identifier: MIT
#include "server/session/access_log.h"

#include "base/clock.h"
#include "graph/graph.h"
#include "server/config/listen.h"
#include "server/session/connection.h"
#include "server/session/respond.h"

#include <time.h>

enum {
    FLUSH_BYTES = 64 * 1024, // written out at once when there is this much
    FLUSH_MS = 250,          // and when the first line has waited this long
};

static const char *const ending_names[] = {
    [ENDING_COMPLETE] = "",
    [ENDING_CLIENT_GONE] = "client-gone",
    [ENDING_SEND_TIMEOUT] = "send-timeout",
    [ENDING_BODY_FAILED] = "body-failed",
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
static void add_time(struct buf *b)
{
    int64_t now = clock_realtime();
    time_t seconds = now / CLOCK_SECOND;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    buf_addf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%06lldZ", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (long long)(now % CLOCK_SECOND / 1000));
}

static void add_member(struct buf *b, const char *name, struct span text)
{
    buf_addf(b, ",\"%s\":\"", name);
    buf_add_json(b, text);
    buf_add_char(b, '"');
}

static void add_number(struct buf *b, const char *name, uint64_t number)
{
    buf_addf(b, ",\"%s\":", name);
    buf_add_u64(b, number);
}

static void add_json(struct buf *b, const struct carried *k)
{
    const struct exchange *x = &k->x;
    const struct outcome_info *outcome = &outcome_table[x->outcome];
    char client[LISTEN_TEXT], id[REQUEST_ID_LENGTH];
    size_t client_length = connection_print_client(k->connection, client);

    request_id_print(x->id, id);
    buf_add(b, SPAN("{\"time\":\""));
    add_time(b);
    buf_add_char(b, '"');
    add_member(b, "id", span_of(id, sizeof id));
    add_member(b, "client", span_of(client, client_length));
    add_member(b, "method", x->request.method_name);
    add_member(b, "target", x->request.target);
    add_number(b, "status", (uint64_t)exchange_status(x));
    add_member(b, "outcome", outcome->token);
    add_number(b, "bytes_in", k->bytes_in);
    add_number(b, "bytes_out", k->bytes_out);
    add_number(b, "duration_us", (uint64_t)(clock_monotonic() - x->started) / 1000);
    if (exchange_has_offset(x))
        add_number(b, "offset", x->cause_offset);
    if (exchange_status(x) >= 400) {
        buf_add(b, SPAN(",\"trail\":\""));
        graph_write_trail(b, x);
        buf_add_char(b, '"');
    }
    if (x->system_error)
        add_member(b, "error", error_name(x->system_error));
    if (k->ending != ENDING_COMPLETE)
        add_member(b, "ended", span_from_str(ending_names[k->ending]));
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

static void add_combined(struct buf *b, const struct carried *k)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const struct exchange *x = &k->x;
    char client[LISTEN_TEXT];
    size_t client_length = connection_print_client(k->connection, client);
    time_t seconds = clock_realtime() / CLOCK_SECOND;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    buf_add(b, span_of(client, client_length));
    buf_addf(b, " - - [%02d/%.3s/%04d:%02d:%02d:%02d +0000]", tm.tm_mday, months + 3 * tm.tm_mon,
             tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    add_quoted_member(b, k->head.request_line);
    buf_addf(b, " %d %llu", exchange_status(x), (unsigned long long)k->bytes_out);
    add_quoted_member(b, message_field(&x->request, FIELD_referer));
    add_quoted_member(b, message_field(&x->request, FIELD_user_agent));
    buf_add_char(b, '\n');
}

void access_log_add(struct access_log *log, const struct carried *k)
{
    size_t before = log->lines.len;

    if (!log->writer)
        return;
    if (log->lines.len == 0)
        timer_set(log->loop, &log->timer, loop_now(log->loop) + FLUSH_MS * CLOCK_MS);
    if (log->config->access_log_format == ACCESS_LOG_JSON)
        add_json(&log->lines, k);
    else
        add_combined(&log->lines, k);
    if (log->lines.failed) { // without memory there is no line, rather than a part of one
        log->lines.len = before;
        log->lines.failed = false;
    }
    if (log->lines.len >= FLUSH_BYTES)
        access_log_flush(log);
}
