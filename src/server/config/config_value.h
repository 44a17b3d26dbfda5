// SPDX-License-Identifier: MIT
/*
 * The syntax of single values in the configuration: durations, sizes, booleans and the rest.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_VALUE_H
#define CANDOR_SERVER_CONFIG_CONFIG_VALUE_H

#include "base/buf.h"
#include "registry/outcome.h"
#include "resource/option.h"
#include "server/config/config.h"

/* "500ms", "5s", "10m", "1h", "2d" in milliseconds. -CANDOR_E_SYNTAX, or -CANDOR_E_RANGE: no room.
 */
int config_parse_duration(struct span text, uint64_t *ret_milliseconds);

/* "512", "64K", "10M", "2G" in bytes. -CANDOR_E_SYNTAX, or -CANDOR_E_RANGE: no room. */
int config_parse_size(struct span text, uint64_t *ret_bytes);

/* Exactly true, yes, on, false, no or off. -CANDOR_E_SYNTAX for anything else. */
int config_parse_boolean(struct span text, bool *ret_value);

/* A whole number; -CANDOR_E_SYNTAX, or -CANDOR_E_RANGE: no room. */
int config_parse_number(struct span text, uint64_t *ret_value);

/* The errors that a page is for: exactly one member is set. */
struct config_for {
    int status;           // 404
    int class_;           // 5 for "5xx"
    enum outcome outcome; // not-found
};

/* -CANDOR_E_SYNTAX: none of them. -CANDOR_E_RANGE: one that is no error, below 400. */
int config_parse_for(struct span text, struct config_for *ret_for);

/* Where the access log goes. */
struct config_log {
    enum access_log_to to;
    const char *file; // of ACCESS_LOG_FILE
};

/*
 * Reads a value by the syntax and the range of its key, or one of the values where the key takes a
 * list of them. NULL: it is fine, and in *to, which has the type that the key's kind tells; names,
 * paths of requests and hosts as parts of the text, and paths of files not at all. Otherwise how
 * the sentence goes on that begins with the value: "is not a duration".
 */
const char *config_value_read(const struct option_row *key, struct span text, void *to);
/* Likewise, of a host without a port. */
const char *config_host_wrong(struct span text);

/* The path of a file or folder that a value tells, as it is written; empty: it tells none. */
struct span config_value_path(const struct option_row *key, struct span text);

/* Adds what the key takes: "a duration from 1ms to 1h, like 500ms, 5s, 10m or 1h". */
void config_add_expected(struct buf *out, const struct option_row *key);

/* Adds a number as the key's kind writes it: 8K, 10s, true. */
void config_add_number(struct buf *out, enum option_kind kind, int64_t value);

#endif
