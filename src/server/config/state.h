// SPDX-License-Identifier: MIT
/*
 * Where the store is: in the file that the configuration names, else in a state directory, in a
 * folder of this configuration's own, so that several servers of one user do not meet.
 */
#ifndef CANDOR_SERVER_CONFIG_STATE_H
#define CANDOR_SERVER_CONFIG_STATE_H

#include "server/config/config_schema.h"
#include "state/store.h"

/*
 * The store's file, by its real path and ended by NUL, added to a buffer; neither the file nor its
 * folders need to be there yet. -CANDOR_E_CONFIG: nothing tells a place. -CANDOR_E_SYSTEM: errno
 * tells why the path cannot be followed. -CANDOR_E_MEMORY.
 */
int state_find(const struct config *config, struct buf *ret_file);

/*
 * Checks that the store is in none of the folders that the routes (of struct route_draft) serve,
 * and where nobody named it, that it can be made where it would be. at: of the key "state".
 * -CANDOR_E_MEMORY.
 */
int state_check(const struct config *config, const struct option_list *routes, struct position at,
                struct report *report);

/* What is missing of the folders of a state directory is made, for that user. A negated errno. */
int state_give(const struct config *config, uint64_t user);

/*
 * Opens the store. What is missing of the folders of a state directory is made with mode 0700, but
 * nothing around a file that the configuration names. *ret_store is NULL where no route needs
 * it. Tells the operator why it failed; errors as state_find and store_open.
 */
int state_open(const struct config *config, struct store **ret_store);

#endif
