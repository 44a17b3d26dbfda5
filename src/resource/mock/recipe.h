// SPDX-License-Identifier: MIT
/*
 * What an address asks for of a route that makes its answers up (docs/mock.md): the path and the
 * query, understood. Bytes only; nothing here knows an exchange.
 */
#ifndef CANDOR_RESOURCE_MOCK_RECIPE_H
#define CANDOR_RESOURCE_MOCK_RECIPE_H

#include "base/limits.h"
#include "base/span.h"
#include "wire/fault.h"

enum { MOCK_ANY = 1 << 16 };

enum mock_path {
#define MOCK(ident, ...) MOCK_##ident,
#include "resource/mock/path.def"
#undef MOCK
    MOCK_PATHS
};

enum mock_key {
#define KEY(ident, ...) MOCK_KEY_##ident,
#include "resource/mock/key.def"
#undef KEY
    MOCK_KEYS
};

struct mock_path_info {
    struct span name, arguments, example;
    unsigned fewest, most;
    struct span meaning;
};
extern const struct mock_path_info mock_paths[MOCK_PATHS];

enum mock_value {
    MOCK_VALUE_TIME,
    MOCK_VALUE_SECONDS,
    MOCK_VALUE_SIZE,
    MOCK_VALUE_TEXT,
    MOCK_VALUE_VALUE, // of a field
    MOCK_VALUE_FLAG,
    MOCK_VALUE_CHANCE,
    MOCK_VALUE_NUMBER,
    MOCK_VALUE_CLOSE,
    MOCK_VALUE_FAULT,
    MOCK_VALUE_REFERENCE,
    MOCK_VALUE_FIELD,
    MOCK_VALUE_INTERIM,
};

struct mock_key_info {
    struct span name;
    enum mock_value value;
    struct span example, meaning;
};
extern const struct mock_key_info mock_keys[MOCK_KEYS];

struct mock_choice {
    unsigned code, weight;
};

struct mock_interim {
    unsigned code, count;
};

struct mock_field {
    struct span name, value;
};

enum { MOCK_CERTAIN = 1000 * 1000 }; // a chance of 1

struct mock_recipe {
    enum mock_path path;
    uint32_t given;       // bits of enum mock_key
    uint64_t count, size; // of the path: lines, events or redirections; bytes
    int64_t time;         // of the path, ns
    struct span first, second;
    struct mock_choice choices[LIMIT_MOCK_CHOICES];
    size_t choice_count;

    int64_t delay, every; // ns
    uint64_t retry_after; // s
    uint64_t body, rate;  // bytes; a second
    struct span text, type, to;
    uint32_t chance; // of MOCK_CERTAIN
    uint64_t seed, turn;
    struct wire_fault fault;
    struct mock_field fields[LIMIT_MOCK_FIELDS], trailers[LIMIT_MOCK_FIELDS];
    size_t field_count, trailer_count;
    struct mock_interim interims[LIMIT_MOCK_INTERIMS];
    size_t interim_count;
};

static inline bool mock_has(const struct mock_recipe *r, enum mock_key key)
{
    return (r->given & UINT32_C(1) << key) != 0;
}

/* What is wrong with an address. */
struct mock_complaint {
    bool is_unknown;  // nothing is called so; else what is called so has no such value
    bool is_in_query; // offset counts there, else in the path
    size_t offset;
    char text[320]; // a sentence
};

/*
 * Reads a path below that of the route, decoded and without the slash before it, and a query as it
 * was sent. room has query.len bytes, which the recipe points into, as it does into path. False:
 * ret_complaint says why, and ret_recipe is nothing.
 */
bool mock_recipe_parse(struct span path, struct span query, char *room,
                       struct mock_recipe *ret_recipe, struct mock_complaint *ret_complaint);

/* Whether a response of that name would not be framed any more, or another's field changed. */
bool mock_field_is_reserved(struct span name);

#endif
