// SPDX-License-Identifier: MIT
#include "server/config/config_schema.h"

#include "base/limits.h"
#include "wire/message.h"

// What the checker knows of each key.
#define BELOW_STRING(standard) (standard), NULL
#define BELOW_STRINGS(standard) (standard), NULL
#define BELOW_SECTION(section) 0, &section_##section
#define BELOW_SECTIONS(section) 0, &section_##section
#define CONFIG_ROW(member, name, kind, need, standard, low, high, text, meaning)                   \
    CONFIG_ROW_(name, kind, need, CONFIG_PASTE(BELOW_, CONFIG_SHAPE_##kind)(standard), low, high,  \
                text, meaning)
#define CONFIG_ROW_(name, kind, need, below, low, high, text, meaning)                             \
    CONFIG_ROW__(name, kind, need, below, low, high, text, meaning)
#define CONFIG_ROW__(name, kind, need, standard, section, low, high, text, meaning)                \
    {SPAN_INIT(name), CONFIG_##kind, CONFIG_##need, standard, low, high, section, text, meaning},
#define SECTION(id, path)                                                                          \
    _Static_assert(sizeof keys_##id / sizeof *keys_##id <= CONFIG_SECTION_KEYS, "a limit");        \
    static const struct config_section section_##id = {path, keys_##id,                            \
                                                       sizeof keys_##id / sizeof *keys_##id}

static const struct config_key keys_files[] = {
#define CONFIG_FILES CONFIG_ROW
#include "server/config/config.def"
};
SECTION(files, "routes.files.");

static const struct config_key keys_route_limits[] = {
#define CONFIG_ROUTE_LIMITS CONFIG_ROW
#include "server/config/config.def"
};
SECTION(route_limits, "routes.limits.");

static const struct config_key keys_route[] = {
#define CONFIG_ROUTE CONFIG_ROW
#include "server/config/config.def"
};
SECTION(route, "routes.");

static const struct config_key keys_page[] = {
#define CONFIG_PAGE CONFIG_ROW
#include "server/config/config.def"
};
SECTION(page, "error_pages.");

static const struct config_key keys_limits[] = {
#define CONFIG_LIMITS CONFIG_ROW
#include "server/config/config.def"
};
SECTION(limits, "limits.");

static const struct config_key keys_top[] = {
#define CONFIG_TOP CONFIG_ROW
#include "server/config/config.def"
};
_Static_assert(sizeof keys_top / sizeof *keys_top <= CONFIG_SECTION_KEYS, "a limit");

const struct config_section config_schema = {"", keys_top, sizeof keys_top / sizeof *keys_top};

// What libcyaml knows of each key. The number of members of a list has been checked before.
#define CYAML_STRING_ROW(raw, member, name, section)                                               \
    CYAML_FIELD_STRING_PTR(name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, raw, member, 0,         \
                           CYAML_UNLIMITED),
#define CYAML_STRINGS_ROW(raw, member, name, section)                                              \
    CYAML_FIELD_SEQUENCE(name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, raw, member,              \
                         &value_string, 0, CYAML_UNLIMITED),
#define CYAML_SECTION_ROW(raw, member, name, section)                                              \
    CYAML_FIELD_MAPPING_PTR(name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, raw, member,           \
                            fields_##section),
#define CYAML_SECTIONS_ROW(raw, member, name, section)                                             \
    CYAML_FIELD_SEQUENCE(name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, raw, member,              \
                         &value_##section, 0, CYAML_UNLIMITED),
#define CONFIG_FIELD(raw, member, name, kind, standard)                                            \
    CONFIG_PASTE(CONFIG_PASTE(CYAML_, CONFIG_SHAPE_##kind), _ROW)(raw, member, name, standard)

static const cyaml_schema_value_t value_string = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t fields_files[] = {
#define CONFIG_FILES(member, name, kind, need, standard, ...)                                      \
    CONFIG_FIELD(struct raw_files, member, name, kind, standard)
#include "server/config/config.def"
    CYAML_FIELD_END};

static const cyaml_schema_field_t fields_route_limits[] = {
#define CONFIG_ROUTE_LIMITS(member, name, kind, need, standard, ...)                               \
    CONFIG_FIELD(struct raw_route_limits, member, name, kind, standard)
#include "server/config/config.def"
    CYAML_FIELD_END};

static const cyaml_schema_field_t fields_route[] = {
#define CONFIG_ROUTE(member, name, kind, need, standard, ...)                                      \
    CONFIG_FIELD(struct raw_route, member, name, kind, standard)
#include "server/config/config.def"
    CYAML_FIELD_END};

static const cyaml_schema_value_t value_route = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_route, fields_route),
};

static const cyaml_schema_field_t fields_page[] = {
#define CONFIG_PAGE(member, name, kind, need, standard, ...)                                       \
    CONFIG_FIELD(struct raw_page, member, name, kind, standard)
#include "server/config/config.def"
    CYAML_FIELD_END};

static const cyaml_schema_value_t value_page = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_page, fields_page),
};

static const cyaml_schema_field_t fields_limits[] = {
#define CONFIG_LIMITS(member, name, kind, need, standard, ...)                                     \
    CONFIG_FIELD(struct raw_limits, member, name, kind, standard)
#include "server/config/config.def"
    CYAML_FIELD_END};

static const cyaml_schema_field_t fields_top[] = {
#define CONFIG_TOP(member, name, kind, need, standard, ...)                                        \
    CONFIG_FIELD(struct raw_top, member, name, kind, standard)
#include "server/config/config.def"
    CYAML_FIELD_END};

const cyaml_schema_value_t config_cyaml_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_top, fields_top),
};

const struct config_key *config_section_key(const struct config_section *section, struct span name)
{
    for (size_t i = 0; i < section->count; i++)
        if (span_eq(section->keys[i].name, name))
            return &section->keys[i];
    return NULL;
}
