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

/* Fills in x->response. x->outcome is decided, but becomes what respond_without_memory makes of it
 * where a field or the body that must be there cannot be had. */
void respond(struct exchange *x, const struct config *config, const struct media_type_map *types);

/*
 * A response that takes no memory: that there is none, or, where the method has been performed,
 * that what came of it cannot be told.
 */
void respond_without_memory(struct exchange *x);

#endif
