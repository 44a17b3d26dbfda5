// SPDX-License-Identifier: MIT
/*
 * The last step of loading: what libcyaml read becomes a struct config, and what only the system
 * can tell is checked (folders, error pages).
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_BUILD_H
#define CANDOR_SERVER_CONFIG_CONFIG_BUILD_H

#include "base/buf.h"
#include "server/config/config.h"
#include "server/config/config_schema.h"
#include "server/config/config_tree.h"

/*
 * Fills in a config whose arena is ready. raw has passed config_check; its strings are copied. With
 * a tree, name is a file and relative paths are relative to its folder; without one (root NULL)
 * name is the folder to serve, and messages have no line.
 * -CANDOR_E_CONFIG: the report says why. -CANDOR_E_MEMORY.
 */
int config_build(struct config *config, const struct raw_top *raw, const struct config_node *root,
                 const char *name, struct config_report *report);

#endif
