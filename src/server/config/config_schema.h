// SPDX-License-Identifier: MIT
/*
 * The rows of config.def as tables: for the checker and the documentation (struct config_section),
 * and for libcyaml, which loads a checked file into struct raw_top. Every value stays a string
 * there: durations, sizes and booleans are our own syntax (config_value.h), and libcyaml would take
 * any unknown word for a true boolean.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_SCHEMA_H
#define CANDOR_SERVER_CONFIG_CONFIG_SCHEMA_H

#include "base/span.h"

#include <cyaml/cyaml.h>

enum config_kind {
    CONFIG_ADDRESSES, // a list of addresses to listen on
    CONFIG_NUMBER,
    CONFIG_SIZE,     // bytes
    CONFIG_DURATION, // milliseconds
    CONFIG_BOOLEAN,
    CONFIG_LOG,    // stderr, off, or a file
    CONFIG_FORMAT, // of the access log
    CONFIG_STATE,  // sqlite:FILE
    CONFIG_ERROR,  // a status, a class or an outcome
    CONFIG_FILE,
    CONFIG_FOLDER,
    CONFIG_NAME, // of a file in a folder
    CONFIG_PATH, // of requests
    CONFIG_HOST,
    CONFIG_HOSTS,    // a list of those
    CONFIG_SECTION,  // a mapping
    CONFIG_SECTIONS, // a list of mappings
};

enum config_need {
    CONFIG_MAY,
    CONFIG_MUST,
    CONFIG_KIND_OF_ROUTE, // exactly one of those in a section
    CONFIG_WRITABLE,      // only where "write" is on
};

struct config_section;

struct config_key {
    struct span name;
    enum config_kind kind;
    enum config_need need;
    int64_t standard, low, high;
    const struct config_section *section; // of CONFIG_SECTION and CONFIG_SECTIONS
    const char *standard_text;
    const char *meaning;
};

struct config_section {
    const char *path; // its keys' prefix in messages, "routes.files."; "" at the top
    const struct config_key *keys;
    size_t count;
};

enum { CONFIG_SECTION_KEYS = 16 }; // no section has more

extern const struct config_section config_schema;

/* What shape each kind has in YAML. */
#define CONFIG_SHAPE_ADDRESSES STRINGS
#define CONFIG_SHAPE_NUMBER STRING
#define CONFIG_SHAPE_SIZE STRING
#define CONFIG_SHAPE_DURATION STRING
#define CONFIG_SHAPE_BOOLEAN STRING
#define CONFIG_SHAPE_LOG STRING
#define CONFIG_SHAPE_FORMAT STRING
#define CONFIG_SHAPE_STATE STRING
#define CONFIG_SHAPE_ERROR STRING
#define CONFIG_SHAPE_FILE STRING
#define CONFIG_SHAPE_FOLDER STRING
#define CONFIG_SHAPE_NAME STRING
#define CONFIG_SHAPE_PATH STRING
#define CONFIG_SHAPE_HOST STRING
#define CONFIG_SHAPE_HOSTS STRINGS
#define CONFIG_SHAPE_SECTION SECTION
#define CONFIG_SHAPE_SECTIONS SECTIONS

#define CONFIG_PASTE_(a, b) a##b
#define CONFIG_PASTE(a, b) CONFIG_PASTE_(a, b)

/* NULL stands for a key that is not there. */
#define CONFIG_RAW_STRING(member, section) char *member;
#define CONFIG_RAW_STRINGS(member, section)                                                        \
    char **member;                                                                                 \
    unsigned member##_count;
#define CONFIG_RAW_SECTION(member, section) struct raw_##section *member;
#define CONFIG_RAW_SECTIONS(member, section)                                                       \
    struct raw_##section *member;                                                                  \
    unsigned member##_count;
#define CONFIG_RAW(member, name, kind, need, standard, ...)                                        \
    CONFIG_PASTE(CONFIG_RAW_, CONFIG_SHAPE_##kind)(member, standard)

struct raw_files {
#define CONFIG_FILES CONFIG_RAW
#include "server/config/config.def"
};

struct raw_route_limits {
#define CONFIG_ROUTE_LIMITS CONFIG_RAW
#include "server/config/config.def"
};

struct raw_route {
#define CONFIG_ROUTE CONFIG_RAW
#include "server/config/config.def"
};

struct raw_page {
#define CONFIG_PAGE CONFIG_RAW
#include "server/config/config.def"
};

struct raw_limits {
#define CONFIG_LIMITS CONFIG_RAW
#include "server/config/config.def"
};

struct raw_top {
#define CONFIG_TOP CONFIG_RAW
#include "server/config/config.def"
};

/* Of a struct raw_top, for libcyaml. */
extern const cyaml_schema_value_t config_cyaml_schema;

/* The row of that name, or NULL. */
const struct config_key *config_section_key(const struct config_section *section, struct span name);

#endif
