// SPDX-License-Identifier: MIT
/*
 * What the operator must know, as lines on standard error: "candor: TOKEN: sentence". For the
 * server and the command line only; lower floors return errors instead.
 */
#ifndef CANDOR_BASE_OPLOG_H
#define CANDOR_BASE_OPLOG_H

/* One write, so that lines of several threads do not mix; none where nobody reads, for the server
 * waits for no reader. token: a stable name to search for. */
__attribute__((format(printf, 2, 3))) void oplog(const char *token, const char *format, ...);

#endif
