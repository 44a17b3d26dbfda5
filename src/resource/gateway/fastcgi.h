// SPDX-License-Identifier: MIT
/*
 * A request as a FastCGI application gets it: the parameters of CGI/1.1 (RFC 3875) with those that
 * PHP-FPM needs. Which script answers is said by the path alone, and nothing is guessed: there is
 * no PATH_INFO.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_FASTCGI_H
#define CANDOR_RESOURCE_GATEWAY_FASTCGI_H

#include "resource/gateway/gateway.h"

/* The path of the script below the route's root; empty: there is none for such a path. On the
 * arena; ptr NULL: no memory. */
struct span fastcgi_script(struct exchange *x);

/* The records of the parameters, on the arena; ptr NULL: no memory. */
struct span fastcgi_params(struct passage *p, const struct upstream_address *address);

/* Whether the application complains that it does not find the script. */
bool fastcgi_is_script_unknown(struct span complaint);

#endif
