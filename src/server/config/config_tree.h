// SPDX-License-Identifier: MIT
/*
 * A YAML file as a tree that knows where everything stands, and the report of what is wrong in it.
 * The tree is a small, harmless part of YAML: no anchors, aliases, tags, or second document.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_TREE_H
#define CANDOR_SERVER_CONFIG_CONFIG_TREE_H

#include "base/arena.h"
#include "base/buf.h"

enum config_node_kind { CONFIG_NODE_SCALAR, CONFIG_NODE_LIST, CONFIG_NODE_MAPPING };

struct config_node {
    enum config_node_kind kind;
    bool plain;                       // a scalar without quotes
    struct span text;                 // of a scalar; no control characters in it
    size_t line, column;              // from 1; columns in characters
    struct config_node *next;         // member of the same list, or key of the same mapping
    struct config_node *first, *last; // of a list: members; of a mapping: keys
    struct config_node *value;        // of a key
};

struct config_report {
    const char *file;
    struct buf text; // lines, without the last newline
    size_t count;
};

/*
 * One more error: "file:line:column: key "x": ", to which the caller adds the sentence. NULL for at
 * leaves out line and column; an empty section and name leave out the key. Returns NULL when no
 * more errors are told.
 */
struct buf *config_report_at(struct config_report *report, const struct config_node *at,
                             const char *section, struct span name);

/* The same, the sentence given. */
void config_report_add(struct config_report *report, const struct config_node *at,
                       const char *section, struct span name, const char *sentence);

/* A value as it is quoted in messages: escaped, shortened when it is long. */
void config_add_quoted(struct buf *out, struct span text);

/*
 * Reads the text into a tree in the arena. -CANDOR_E_CONFIG: the report says why; or
 * -CANDOR_E_MEMORY.
 */
int config_tree_parse(struct span text, struct arena *arena, struct config_report *report,
                      struct config_node **ret_root);

/* The value of a key, the member of a list; NULL when there is none, or no parent. */
const struct config_node *config_tree_key(const struct config_node *mapping, const char *name);
const struct config_node *config_tree_member(const struct config_node *list, size_t index);

/* Written as nothing, "~" or "null". */
bool config_node_is_null(const struct config_node *node);

#endif
