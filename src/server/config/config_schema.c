// SPDX-License-Identifier: MIT
#include "server/config/config_schema.h"

#include "base/limits.h"
#include "wire/message.h"

// The types of what only the server has keys for; the others are in resource/option.h.
#define OPTION_TYPE_LOG struct config_log
#define OPTION_TYPE_FORMAT enum access_log_format
#define OPTION_TYPE_ERROR struct config_for

#define SECTION(path, rows, type)                                                                  \
    {                                                                                              \
        path, rows, sizeof(rows) / sizeof *(rows), sizeof(type)                                    \
    }

static const struct option_row rows_files[] = {
#define CONFIG_FILES(...) OPTION_ROW(struct files_options, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_files =
    SECTION("routes.files.", rows_files, struct files_options);

static const struct option_row rows_route_limits[] = {
#define CONFIG_ROUTE_LIMITS(...) OPTION_ROW(struct route_limits, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_route_limits =
    SECTION("routes.limits.", rows_route_limits, struct route_limits);

static const struct option_row rows_route[] = {
#define CONFIG_ROUTE(...) OPTION_ROW(struct route_draft, __VA_ARGS__)
#define CONFIG_ROUTE_BELOW(member, name, kind, need, below, ...)                                   \
    OPTION_ROW_BELOW(struct route_draft, member, name, kind, need, &section_##below, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_route =
    SECTION("routes.", rows_route, struct route_draft);

static const struct option_row rows_page[] = {
#define CONFIG_PAGE(...) OPTION_ROW(struct page_draft, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_page =
    SECTION("error_pages.", rows_page, struct page_draft);

static const struct option_row rows_limits[] = {
#define CONFIG_LIMITS(...) OPTION_ROW(struct config_limits, __VA_ARGS__)
#include "server/config/config.def"
};
static const struct option_section section_limits =
    SECTION("limits.", rows_limits, struct config_limits);

static const struct option_row rows_top[] = {
#define CONFIG_TOP(...) OPTION_ROW(struct config_draft, __VA_ARGS__)
#define CONFIG_TOP_BELOW(member, name, kind, need, below, ...)                                     \
    OPTION_ROW_BELOW(struct config_draft, member, name, kind, need, &section_##below, __VA_ARGS__)
#include "server/config/config.def"
};

const struct option_section config_schema = SECTION("", rows_top, struct config_draft);
