// SPDX-License-Identifier: MIT
/* The sockets that a server listens on, bound and listening; and what is told where one cannot be.
 */
#ifndef CANDOR_SERVER_BINDING_H
#define CANDOR_SERVER_BINDING_H

#include "server/config/config.h"

#include <sys/types.h>

/* An address that is bound. */
struct binding {
    struct sockaddr_storage address; // with the port that the system picked
    dev_t device;                    // of the file of a Unix socket,
    ino_t inode;                     // 0: it was not made
};

/*
 * A socket for each of `count` workers, in sockets[0], sockets[stride] and so on. -CANDOR_E_SYSTEM:
 * the operator was told why, and the program is to end, with what was opened.
 */
int binding_open(struct binding *b, const struct config_listen *listen, unsigned count,
                 int *sockets, size_t stride);

/*
 * Removes the file of a Unix socket, unless it has become another's; a second time it does nothing.
 * While the socket is open: its inode is then nobody else's.
 */
void binding_remove(struct binding *b);

#endif
