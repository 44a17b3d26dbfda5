// SPDX-License-Identifier: MIT
#include "server/session/sessions.h"

#include "base/clock.h"
#include "base/error.h"
#include "server/session/call.h"

#include <stdlib.h>
#include <sys/random.h>

enum { CALLS_KEPT = 256 }; // by a worker, for reuse

int sessions_init(struct sessions *s, const struct config *config,
                  const struct media_type_map *types, struct loop *loop, struct offload *pool,
                  struct log_writer *log_writer)
{
    const struct config_limits *limits = &config->limits;

    *s = (struct sessions){.config = config, .types = types, .loop = loop, .pool = pool};
    list_init(&s->all);
    s->h1_limits = (struct h1_limits){.request_line = (uint32_t)limits->request_line,
                                      .field_section = (uint32_t)limits->field_section,
                                      .fields = (uint32_t)limits->fields};
    memcpy(s->date_line, "Date: ", sizeof "Date: " - 1);
    memcpy(s->date_line + sizeof "Date: " - 1 + DATE_LENGTH, "\r\nServer: candor\r\n",
           sizeof "\r\nServer: candor\r\n" - 1);
    access_log_init(&s->log, config, loop, log_writer);
    if (getrandom(&s->next_id, sizeof s->next_id, 0) != sizeof s->next_id)
        return -CANDOR_E_SYSTEM;
    return 0;
}

static void free_call(struct call *k)
{
    arena_done(&k->x.arena);
    free(k);
}

void sessions_done(struct sessions *s)
{
    while (s->calls_free) {
        struct call *k = s->calls_free;

        s->calls_free = k->next_free;
        free_call(k);
    }
    access_log_done(&s->log);
}

static void tell_all(struct sessions *s, bool stop)
{
    struct list *link, *next;

    for (link = s->all.next; link != &s->all; link = next) {
        struct session *session = list_entry(link, struct session, link);

        next = link->next; // it may end
        if (stop)
            session->ops->stop(session);
        else
            session->ops->hurry(session);
    }
}

void sessions_stop(struct sessions *s)
{
    tell_all(s, true);
}

void sessions_hurry(struct sessions *s)
{
    tell_all(s, false);
}

struct call *sessions_take_call(struct sessions *s)
{
    struct call *k = s->calls_free;

    if (k) {
        s->calls_free = k->next_free;
        s->calls_free_count--;
        return k;
    }
    k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    if (arena_init(&k->x.arena, CALL_ARENA) < 0) {
        free(k);
        return NULL;
    }
    exchange_reset(&k->x);
    return k;
}

void sessions_give_back_call(struct sessions *s, struct call *k)
{
    exchange_reset(&k->x); // what a large request took is not kept
    if (s->calls_free_count >= CALLS_KEPT) {
        free_call(k);
        return;
    }
    k->next_free = s->calls_free;
    s->calls_free = k;
    s->calls_free_count++;
}

struct span sessions_date_line(struct sessions *s, int64_t *ret_time)
{
    int64_t round = loop_now(s->loop);

    // The exact clock, not the coarse one: a file that was just written is never newer than Date.
    if (round >= s->date_until) {
        int64_t now = clock_realtime();

        s->date_second = now / CLOCK_SECOND;
        s->date_until = round + CLOCK_SECOND - now % CLOCK_SECOND;
        date_format(s->date_second, s->date_line + sizeof "Date: " - 1);
    }
    *ret_time = s->date_second;
    return span_of(s->date_line, sizeof s->date_line);
}
