// SPDX-License-Identifier: MIT
/*
 * What holds between the folders of a configuration. Two routes that write to the same files would
 * not know of each other's locks, temporaries and caches; and what Candor keeps for itself must
 * not be served.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_FOLDERS_H
#define CANDOR_SERVER_CONFIG_CONFIG_FOLDERS_H

#include "server/config/config.h"
#include "server/config/config_tree.h"

/*
 * Reports writable roots that are one folder or lie within one another, by what the system says
 * rather than by how they are written, and a store within a root. A folder that cannot be looked
 * at is passed over. The tree may be NULL: there is no file. -CANDOR_E_MEMORY.
 */
int config_check_folders(const struct config *config, const struct config_node *tree,
                         struct report *report);

#endif
