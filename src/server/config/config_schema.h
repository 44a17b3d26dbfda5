// SPDX-License-Identifier: MIT
/*
 * The rows of config.def, and what a file becomes by them: a draft, whose values are fine one by
 * one but have not been compared with one another (config_build.h does that).
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_SCHEMA_H
#define CANDOR_SERVER_CONFIG_CONFIG_SCHEMA_H

#include "resource/option.h"
#include "server/config/config.h"
#include "server/config/config_value.h"

struct config_draft {
    struct option_list listen; // struct config_listen
    uint64_t workers, user, group;
    struct config_log access_log;
    enum access_log_format access_log_format;
    const char *state_file;
    bool trace;
    struct option_list trusted_proxies; // struct option_network
    struct config_limits limits;
    struct option_list pages;  // struct page_draft
    struct option_list routes; // struct route_draft
};

struct page_draft {
    struct config_for for_;
    const char *file;
};

struct route_limits {
    uint64_t content; // UINT64_MAX: not said
};

struct route_draft {
    struct span path, host;
    struct option_list hosts; // struct span
    struct route_limits limits;
    struct option_list faults; // struct route_fault
    struct kind_route kind;    // the last key: one row for each kind of resource
};

/* Of a struct config_draft. */
extern const struct option_section config_schema;
/* Of a struct route_draft. */
extern const struct option_section config_schema_route;

/* The kind of resource that a row of a route is for, or NULL. */
const struct resource_kind *config_kind(const struct option_row *row);

#endif
