// SPDX-License-Identifier: MIT
/* What a host to listen on stands for: the system is asked, which may ask a name server. */
#ifndef CANDOR_SERVER_CONFIG_LISTEN_RESOLVE_H
#define CANDOR_SERVER_CONFIG_LISTEN_RESOLVE_H

#include "server/config/listen.h"

/*
 * The addresses of a host that this machine has, in the order that the system tells, at most
 * `room`. It blocks. NULL, or why there is none: "Name or service not known".
 */
const char *listen_resolve(const struct listen_address *host, struct listen_address *ret,
                           size_t room, size_t *ret_count);

#endif
