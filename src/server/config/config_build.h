// SPDX-License-Identifier: MIT
/*
 * The last step of loading: a draft becomes a struct config, and what its values mean for one
 * another is checked.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_BUILD_H
#define CANDOR_SERVER_CONFIG_CONFIG_BUILD_H

#include "server/config/config_schema.h"
#include "server/config/config_tree.h"

/*
 * Fills in a config in whose arena the draft's texts and options live; the options become final.
 * root: the tree that the draft was read from, for positions; NULL where there is no file.
 * -CANDOR_E_CONFIG: the report says why. -CANDOR_E_MEMORY.
 */
int config_build(struct config *config, const struct config_draft *draft,
                 const struct config_node *root, struct report *report);

/* One address to listen on, as it is written, without more keys. Errors of listen_parse. */
int config_listen_init(struct config_listen *listen, struct span text);

#endif
