// SPDX-License-Identifier: MIT
#include "server/config/config_schema.h"

#include "base/limits.h"
#include "base/list.h"
#include "wire/message.h"

// The types of what only the server has keys for; the others are in resource/option.h.
#define OPTION_TYPE_ADDRESS struct listen_address
#define OPTION_TYPE_LOG struct config_log
#define OPTION_TYPE_FORMAT enum access_log_format
#define OPTION_TYPE_ERROR struct config_for

#define KIND(name, meaning) extern const struct resource_kind kind_##name;
#include "resource/kinds.def"
#undef KIND

static const struct option_row rows_route_limits[] = {
#define CONFIG_ROUTE_LIMITS(...) OPTION_ROW(struct route_limits, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_route_limits =
    OPTION_TABLE("routes.limits.", rows_route_limits, struct route_limits);

static const struct option_row rows_route_fault[] = {
#define CONFIG_ROUTE_FAULT(...) OPTION_ROW(struct route_fault, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_route_fault =
    OPTION_TABLE("routes.faults.", rows_route_fault, struct route_fault);

static const struct option_row rows_route[] = {
#define CONFIG_ROUTE(...) OPTION_ROW(struct route_draft, __VA_ARGS__)
#define CONFIG_ROUTE_BELOW(member, name, kind, need, below, ...)                                   \
    OPTION_ROW_BELOW(struct route_draft, member, name, kind, need, &below, __VA_ARGS__)
#include "server/config/config.def"
#define KIND(name, meaning)                                                                        \
    OPTION_ROW_BELOW(struct route_draft, kind, #name, SECTION, KIND_OF_ROUTE,                      \
                     &kind_##name.options, 0, 0, "", meaning)
#include "resource/kinds.def"
#undef KIND
};
const struct option_section config_schema_route =
    OPTION_TABLE("routes.", rows_route, struct route_draft);

static const struct option_row rows_page[] = {
#define CONFIG_PAGE(...) OPTION_ROW(struct page_draft, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_page =
    OPTION_TABLE("error_pages.", rows_page, struct page_draft);

static const struct option_row rows_limits[] = {
#define CONFIG_LIMITS(...) OPTION_ROW(struct config_limits, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_limits =
    OPTION_TABLE("limits.", rows_limits, struct config_limits);

static const struct option_row rows_listen[] = {
#define CONFIG_LISTEN(...) OPTION_ROW(struct config_listen, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_listen =
    OPTION_TABLE("listen.", rows_listen, struct config_listen);

static const struct option_row rows_top[] = {
#define CONFIG_TOP(...) OPTION_ROW(struct config_draft, __VA_ARGS__)
#define CONFIG_TOP_BELOW(member, name, kind, need, below, ...)                                     \
    OPTION_ROW_BELOW(struct config_draft, member, name, kind, need, &below, __VA_ARGS__)
#include "server/config/config.def"
};

const struct option_section config_schema = OPTION_TABLE("", rows_top, struct config_draft);

const struct resource_kind *config_kind(const struct option_row *row)
{
    return row->need == OPTION_KIND_OF_ROUTE
               ? container_of(row->section, const struct resource_kind, options)
               : NULL;
}
