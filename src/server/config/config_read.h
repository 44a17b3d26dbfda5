// SPDX-License-Identifier: MIT
/*
 * Reads a tree by the rows of config.def: every key known and there once, every value of the right
 * type and in range, nothing missing, nothing idle, and every path one that the system lets us use.
 * Each value is stored as it is checked. What values mean for one another is left to config_build.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_READ_H
#define CANDOR_SERVER_CONFIG_CONFIG_READ_H

#include "base/arena.h"
#include "server/config/config_schema.h"
#include "server/config/config_tree.h"

/*
 * folder: what relative paths begin with, "" or "…/". Lists and positions live in scratch; paths,
 * other text and the options of kinds in the arena. -CANDOR_E_CONFIG when something was added to
 * the report. -CANDOR_E_MEMORY.
 */
int config_read(const struct config_node *root, struct span folder, struct arena *arena,
                struct arena *scratch, struct report *report, struct config_draft *ret_draft);

/* Makes the struct of a section what it is without any key. */
void config_read_nothing(const struct option_section *section, void *to);

#endif
