// SPDX-License-Identifier: MIT
/*
 * From the outcome to the response: what the resource gives, and what the server itself answers:
 * errors, redirections, OPTIONS and TRACE.
 */
#ifndef CANDOR_SERVER_SESSION_RESPOND_H
#define CANDOR_SERVER_SESSION_RESPOND_H

#include "graph/resource.h"
#include "resource/files/media_type_map.h"
#include "server/config/config.h"

/* Fills in x->response. x->outcome is decided. */
void respond(struct exchange *x, const struct config *config, const struct media_type_map *types);

#endif
