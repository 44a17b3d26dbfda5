// SPDX-License-Identifier: MIT
#include "server/session/sessions.h"

#include "base/clock.h"
#include "base/error.h"
#include "server/session/connection.h"

#include <stdlib.h>
#include <sys/random.h>

int sessions_init(struct sessions *s, const struct config *config,
                  const struct media_type_map *types, struct loop *loop, struct offload *pool,
                  struct log_writer *log_writer)
{
    const struct config_limits *limits = &config->limits;

    *s = (struct sessions){.config = config, .types = types, .loop = loop, .pool = pool};
    list_init(&s->connections);
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

void sessions_done(struct sessions *s)
{
    while (s->carried_free) {
        struct carried *k = s->carried_free;

        s->carried_free = k->next_free;
        arena_done(&k->x.arena);
        free(k);
    }
    access_log_done(&s->log);
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
