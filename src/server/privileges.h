// SPDX-License-Identifier: MIT
/* Whose rights the server has, once it has what only root may take. */
#ifndef CANDOR_SERVER_PRIVILEGES_H
#define CANDOR_SERVER_PRIVILEGES_H

#include "server/config/config.h"

/*
 * Becomes the user and the group that the configuration names, with that user's further groups, for
 * good: with the sockets open, and before anything else is opened or a thread is started. What the
 * store's folder needs is made and given to the user before. Nothing where no user is named, or it
 * is this one. -CANDOR_E_SYSTEM: the operator was told why.
 */
int privileges_drop(const struct config *config);

#endif
