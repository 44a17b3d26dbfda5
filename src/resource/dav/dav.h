// SPDX-License-Identifier: MIT
/*
 * A folder that clients may change: WebDAV classes 1, 2 and 3 (RFC 4918), PUT, PATCH, POST and
 * DELETE. What reads goes to a files resource; what authors is here. Everything that blocks runs in
 * the pool. A change is made under terms: what the questions saw must still be there, otherwise
 * they are asked again.
 */
#ifndef CANDOR_RESOURCE_DAV_DAV_H
#define CANDOR_RESOURCE_DAV_DAV_H

#include "graph/resource.h"
#include "io/offload.h"
#include "resource/files/files.h"
#include "state/store.h"

/* What all workers share of one route: the trees that its path leads to, one after the other, with
 * their locks and properties. */
struct dav_site;

/*
 * Opens it, removes what a crash has left, and reads the locks that the store has; NULL: locks end
 * with the process. What it is given must outlive it. -CANDOR_E_SYSTEM (see errno) when the root
 * cannot be opened or the store does not answer, -CANDOR_E_MEMORY.
 */
int dav_site_open(const struct files_options *options, struct served *served, struct store *store,
                  const struct media_type_map *types, const struct hurry *hurry,
                  struct dav_site **ret_site);
/* When no instance is left. Accepts NULL. */
void dav_site_free(struct dav_site *site);

/* An instance for one worker; reader answers GET and HEAD and is freed with it. */
int dav_open(struct dav_site *site, struct resource *reader, struct loop *loop,
             struct offload *pool, struct resource **ret_resource);

#endif
