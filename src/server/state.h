// SPDX-License-Identifier: MIT
/*
 * Where the store is: in the file that the configuration names, else in a state directory, in a
 * folder of this configuration's own, so that several servers of one user do not meet.
 */
#ifndef CANDOR_SERVER_STATE_H
#define CANDOR_SERVER_STATE_H

#include "server/config.h"
#include "state/store.h"

/*
 * Opens the store; folders that are missing are made with mode 0700. *ret_store is NULL where no
 * route is writable. Tells the operator why it failed. -CANDOR_E_CONFIG where the file would be
 * within a folder that is served, otherwise as store_open.
 */
int state_open(const struct config *config, struct store **ret_store);

#endif
