// SPDX-License-Identifier: MIT
/*
 * A YAML file as a tree that knows where everything stands. It is a small, harmless part of YAML:
 * no anchors, aliases, tags, or second document.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_TREE_H
#define CANDOR_SERVER_CONFIG_CONFIG_TREE_H

#include "base/arena.h"
#include "resource/report.h"

enum config_node_kind { CONFIG_NODE_SCALAR, CONFIG_NODE_LIST, CONFIG_NODE_MAPPING };

struct config_node {
    enum config_node_kind kind;
    bool plain;       // a scalar without quotes
    struct span text; // of a scalar; no control characters in it
    struct position at;
    struct config_node *next;         // member of the same list, or key of the same mapping
    struct config_node *first, *last; // of a list: members; of a mapping: keys
    struct config_node *value;        // of a key
};

/*
 * Reads the text into a tree in the arena. -CANDOR_E_CONFIG: the report says why; or
 * -CANDOR_E_MEMORY.
 */
int config_tree_parse(struct span text, struct arena *arena, struct report *report,
                      struct config_node **ret_root);

/* The value of a key, the member of a list; NULL when there is none, or no parent. */
const struct config_node *config_tree_key(const struct config_node *mapping, const char *name);
const struct config_node *config_tree_member(const struct config_node *list, size_t index);

/* Where a node stands; nowhere for NULL. */
struct position config_tree_position(const struct config_node *node);

/* Written as nothing, "~" or "null". */
bool config_node_is_null(const struct config_node *node);

#endif
