// SPDX-License-Identifier: MIT
/*
 * Keys of the configuration as rows of tables: what a key takes, what holds without it, and the
 * member of a struct that its value goes to. The server has such tables, and so has each kind of
 * resource. server/config reads a file by them, and docs/configuration.md is made from them.
 */
#ifndef CANDOR_RESOURCE_OPTION_H
#define CANDOR_RESOURCE_OPTION_H

#include "base/span.h"

#include <stddef.h>

/* What a key takes; OPTION_TYPE_* below tells the type of the member that it goes to. */
enum option_kind {
    OPTION_NUMBER,
    OPTION_SIZE,     // bytes
    OPTION_DURATION, // milliseconds
    OPTION_BOOLEAN,
    OPTION_NAME,      // of a file in a folder
    OPTION_PATTERN,   // of names, or of paths below a folder
    OPTION_CACHING,   // of what was sent, by caches
    OPTION_PATH,      // of requests
    OPTION_HOST,      // in lower case
    OPTION_HOSTS,     // a list of those, each a struct span
    OPTION_FILE,      // the path of one that can be read
    OPTION_FOLDER,    // the path of one; what it holds is served, and nothing of the server's own
    OPTION_ADDRESS,   // to listen on
    OPTION_ADDRESSES, // a list of those, or of mappings whose first key is one
    OPTION_MODE,      // of a file, in octal
    OPTION_USER,      // by name or number, as the number
    OPTION_GROUP,     // likewise
    OPTION_LOG,       // stderr, off, or a file
    OPTION_FORMAT,    // of the access log
    OPTION_STATE,     // sqlite:FILE, as the path
    OPTION_ERROR,     // a status, a class or an outcome
    OPTION_WORD,        // one of those in standard_text, "a|b": the first holds without the key
    OPTION_UPSTREAM,    // the address of another server
    OPTION_UPSTREAMS,   // one or a list of those, or of mappings whose first key is one
    OPTION_BALANCE,     // how requests are spread over several
    OPTION_AUTHORITY,   // a host with or without a port, in lower case
    OPTION_RESOLVER,    // the address of a name server, with or without a port
    OPTION_FIELDS,      // a mapping of the names of fields to values
    OPTION_FIELD_NAMES, // a list of names
    OPTION_STATUSES,    // a list of statuses and classes
    OPTION_NETWORKS,    // a list of addresses and CIDR blocks
    OPTION_FAULT,     // of wire/fault.def, by name
    OPTION_CHANCE,    // in millionths
    OPTION_METHOD,    // by name
    OPTION_SECTION,   // a mapping; the member is the struct of the section below
    OPTION_SECTIONS,  // a list of mappings, each such a struct
};

#define OPTION_TYPE_NUMBER uint64_t
#define OPTION_TYPE_SIZE uint64_t
#define OPTION_TYPE_DURATION uint64_t
#define OPTION_TYPE_BOOLEAN bool
#define OPTION_TYPE_NAME struct span
#define OPTION_TYPE_PATH struct span
#define OPTION_TYPE_HOST struct span
#define OPTION_TYPE_HOSTS struct option_list
#define OPTION_TYPE_FILE const char *
#define OPTION_TYPE_FOLDER const char *
#define OPTION_TYPE_ADDRESSES struct option_list
#define OPTION_TYPE_MODE uint64_t
#define OPTION_TYPE_USER uint64_t
#define OPTION_TYPE_GROUP uint64_t
#define OPTION_TYPE_STATE const char *
#define OPTION_TYPE_FAULT enum fault
#define OPTION_TYPE_CHANCE uint64_t
#define OPTION_TYPE_METHOD enum method

#define OPTION_TYPE_WORD uint64_t // which one, from 0
#define OPTION_TYPE_UPSTREAM struct span
#define OPTION_TYPE_UPSTREAMS struct option_list
#define OPTION_TYPE_BALANCE struct option_balance
#define OPTION_TYPE_AUTHORITY struct span
#define OPTION_TYPE_RESOLVER struct span
#define OPTION_TYPE_FIELDS struct option_list      // of struct option_field
#define OPTION_TYPE_FIELD_NAMES struct option_list // of struct span
#define OPTION_TYPE_STATUSES struct option_list    // of struct option_statuses
#define OPTION_TYPE_NETWORKS struct option_list    // of struct option_network
#define OPTION_TYPE_PATTERN struct span
#define OPTION_TYPE_CACHING struct option_caching

/* What caches may do with what they keep: RFC 9111 §5.2.2. */
struct option_caching {
    enum {
        CACHING_ASKED,     // use it when the server was asked and says that it is still so
        CACHING_NEVER,     // nothing: it is not kept
        CACHING_FOR,       // use it for so long
        CACHING_IMMUTABLE, // use it for ever
        CACHING_UNSAID,    // what they guess, or what somebody on the way tells them
    } kind;
    uint64_t milliseconds; // of CACHING_FOR
};

/* How requests are spread over several servers. */
struct option_balance {
    enum { SPREAD_LEAST, SPREAD_ROUND_ROBIN, SPREAD_HASH } kind;
    enum { HASH_CLIENT, HASH_PATH, HASH_FIELD, HASH_COOKIE } of; // with SPREAD_HASH
    struct span name;                                            // of the field or the cookie
};

/* A field that is added to messages: none that their framing or the connection depends on. */
struct option_field {
    struct span name, value;
};

struct option_statuses {
    uint16_t low, high; // from, to
};

/* Addresses whose first bits are these. */
struct option_network {
    uint8_t family; // AF_INET, AF_INET6; AF_UNIX: whoever comes over a Unix socket
    uint8_t bits;
    unsigned char address[16];
};

struct option_list {
    void *items;
    size_t count;
};

enum option_need {
    OPTION_MAY,
    OPTION_MUST,
    OPTION_KIND_OF_ROUTE, // exactly one of those in a section
    OPTION_WRITABLE,      // only where the boolean "write" of the section is on
};

struct option_section;

struct option_row {
    struct span name;
    enum option_kind kind;
    enum option_need need;
    size_t offset;                        // of the member
    int64_t standard, low, high;          // of lists, low and high are how many members
    const struct option_section *section; // of OPTION_SECTION, OPTION_SECTIONS and OPTION_ADDRESSES
    const char *standard_text;            // where no number tells it; of a name, the name itself
    const char *meaning;
};

struct option_section {
    const char *path; // its keys' prefix in messages, "routes.files."; "" at the top
    const struct option_row *rows;
    size_t count;
    size_t size; // of the struct that the rows are about
};

/* A row for a member of a struct; does not compile where its type is not that of the kind. */
#define OPTION_ROW(type, member, name, kind, need, standard, low, high, text, meaning)             \
    {SPAN_INIT(name),                                                                              \
     OPTION_##kind,                                                                                \
     OPTION_##need,                                                                                \
     offsetof(type, member) + OPTION_CHECKED(type, member, OPTION_TYPE_##kind),                    \
     standard,                                                                                     \
     low,                                                                                          \
     high,                                                                                         \
     NULL,                                                                                         \
     text,                                                                                         \
     meaning},
/* 0. */
#define OPTION_CHECKED(type, member, wanted)                                                       \
    (0 * sizeof(struct {                                                                           \
         int none;                                                                                 \
         _Static_assert(__builtin_types_compatible_p(__typeof__(((type *)0)->member), wanted),     \
                        "a member has the type of its key");                                       \
     }))

/* A row for a member that is a section, or a list of them. */
#define OPTION_ROW_BELOW(type, member, name, kind, need, section, low, high, text, meaning)        \
    {SPAN_INIT(name), OPTION_##kind, OPTION_##need, offsetof(type, member), 0, low, high,          \
     section,         text,          meaning},

/* A section whose rows are an array. */
#define OPTION_TABLE(path, rows, type)                                                             \
    {                                                                                              \
        path, rows, sizeof(rows) / sizeof *(rows), sizeof(type)                                    \
    }

/* For the bounds of sizes in tables. */
#define OPTION_KIB INT64_C(1024)
#define OPTION_MIB (OPTION_KIB * OPTION_KIB)
#define OPTION_TIB (OPTION_MIB * OPTION_MIB)

/* The row of that name, or NULL. */
const struct option_row *option_find(const struct option_section *section, struct span name);

#endif
