// SPDX-License-Identifier: MIT
/*
 * The access log of one worker: a line for each exchange, gathered in memory and written out when
 * there is much of it or when it has waited a moment.
 */
#ifndef CANDOR_SERVER_ACCESS_LOG_H
#define CANDOR_SERVER_ACCESS_LOG_H

#include "base/buf.h"
#include "io/loop.h"
#include "server/config.h"

struct carried;

struct access_log {
    const struct config *config;
    struct loop *loop;
    struct timer timer;
    struct buf lines;
    int fd;      // -1: off
    bool failed; // told once
};

/* -CANDOR_E_SYSTEM (see errno) when the file cannot be opened. */
int access_log_open(struct access_log *log, const struct config *config, struct loop *loop);
void access_log_add(struct access_log *log, const struct carried *k);
void access_log_flush(struct access_log *log);
/* Writes out, then opens the file by its name again; keeps the old one when that fails. */
void access_log_reopen(struct access_log *log);
void access_log_done(struct access_log *log);

#endif
