// SPDX-License-Identifier: MIT
/*
 * Which hosts are this machine's own. A page of any site may have a name of that site lead to an
 * address of this machine or of its network (DNS rebinding), and is then of the same origin as what
 * is served here. So what names no host, and is not meant for everybody, answers only for names
 * that no stranger can have.
 */
#ifndef CANDOR_SERVER_CONFIG_OWN_HOST_H
#define CANDOR_SERVER_CONFIG_OWN_HOST_H

#include "base/arena.h"
#include "base/span.h"

/* Names that are this machine's beside those that are so by their kind. */
struct own_hosts {
    struct span *names; // lower case, on an arena
    size_t count;
};

/* Adds the full names that the machine has by its own files. -CANDOR_E_MEMORY. */
int own_hosts_read(struct own_hosts *own, struct arena *arena);
/* Adds one; it is copied. -CANDOR_E_MEMORY. */
int own_hosts_add(struct own_hosts *own, struct span name, struct arena *arena);

/*
 * Whether a host (as in Host, without its port) is one of them, or one by its kind: an address; a
 * single label, such as "localhost"; a name that ends in one of .localhost, .local, .lan,
 * .home.arpa, .internal and .test; or none, which no browser sends.
 */
bool own_host_is(const struct own_hosts *own, struct span host);

#endif
