// SPDX-License-Identifier: MIT
/*
 * The running server: binds what the configuration says, starts a worker per core, and ends when a
 * signal asks for it.
 */
#ifndef CANDOR_SERVER_SERVER_H
#define CANDOR_SERVER_SERVER_H

#include "server/config/config.h"

/*
 * Serves until SIGTERM or SIGINT: then stops accepting, finishes what runs and returns 0. A second
 * such signal ends at once. SIGUSR1 reopens the access log. When it cannot start or go on, it says
 * why on standard error and returns a negated error. Prints "listening on http://ADDRESS:PORT/" to
 * standard error for each address when it is ready.
 */
int server_run(const struct config *config);

#endif
