// SPDX-License-Identifier: MIT
/*
 * Where the lines of all workers go out: one thread with a bounded queue, so that whoever reads a
 * log too slowly, or not at all, costs lines and never an answer.
 */
#ifndef CANDOR_SERVER_SESSION_LOG_WRITER_H
#define CANDOR_SERVER_SESSION_LOG_WRITER_H

#include "base/buf.h"
#include "server/config/config.h"

struct log_writer;

/*
 * *ret_writer is NULL when the configuration wants no log. -CANDOR_E_SYSTEM (see errno) when the
 * file cannot be opened or no thread started. Block all signals before.
 */
int log_writer_open(const struct config *config, struct log_writer **ret_writer);
/* From any thread: takes whole lines, and empties the buffer. Beyond LIMIT_LOG_WAITING they are
 * lost, and counted. */
void log_writer_give(struct log_writer *w, struct buf *lines);
/* From any thread: behind what was given, opens the file by its name again; keeps the old one when
 * that fails. */
void log_writer_reopen(struct log_writer *w);
/* Waits at most LIMIT_STOP_LOG until everything is out. Accepts NULL. */
void log_writer_close(struct log_writer *w);

#endif
