// SPDX-License-Identifier: MIT
/*
 * The access log of one worker: a line for each record, gathered in memory and handed to the
 * writer when there is much of it or when it has waited a moment.
 */
#ifndef CANDOR_SERVER_SESSION_ACCESS_LOG_H
#define CANDOR_SERVER_SESSION_ACCESS_LOG_H

#include "base/buf.h"
#include "io/loop.h"
#include "server/session/log_writer.h"

struct record;

struct access_log {
    const struct config *config;
    struct loop *loop;
    struct timer timer;
    struct buf lines;
    struct log_writer *writer; // borrowed; NULL: off
    int64_t second;            // since 1970, that second_text is of
    char second_text[32];
};

void access_log_init(struct access_log *log, const struct config *config, struct loop *loop,
                     struct log_writer *writer);
void access_log_add(struct access_log *log, const struct record *r);
/* Whether there is anything to add for. */
static inline bool access_log_is_on(const struct access_log *log)
{
    return log->writer != NULL;
}
void access_log_flush(struct access_log *log);
/* Behind what was logged so far, the file is opened by its name again. */
void access_log_reopen(struct access_log *log);
void access_log_done(struct access_log *log);

#endif
