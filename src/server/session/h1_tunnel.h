// SPDX-License-Identifier: MIT
/*
 * A tunnel without a call: once nothing is under way over it, all that is kept of it is the two
 * connections and what there is to tell in the end. So many that are idle take little memory.
 */
#ifndef CANDOR_SERVER_SESSION_H1_TUNNEL_H
#define CANDOR_SERVER_SESSION_H1_TUNNEL_H

#include "server/session/h1_session.h"

struct h1_tunnel;

/* In the loop, of a session whose call is a tunnel. Where nothing is under way the call ends, and
 * h->tunnel takes its place until `over`, which is to close the connection; else, and without
 * memory, all stays as it is. */
void h1_tunnel_begin(struct h1_session *h, void (*over)(struct h1_session *h));
/* The worker stops: the upstream sees an end, and the tunnel ends when that has. */
void h1_tunnel_stop(struct h1_tunnel *t);
/* The worker cannot wait any longer: `over` follows at once. */
void h1_tunnel_hurry(struct h1_tunnel *t);

#endif
