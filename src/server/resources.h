// SPDX-License-Identifier: MIT
/*
 * What is behind the routes, by their numbers: for each what all workers share, and for each worker
 * a resource. Only the table of kinds tells which kinds there are.
 */
#ifndef CANDOR_SERVER_RESOURCES_H
#define CANDOR_SERVER_RESOURCES_H

#include "graph/resource.h"
#include "server/config/config.h"

/* What all workers share of a route. */
struct share {
    const struct resource_kind *kind; // NULL: not opened
    void *shared;
};

/* Once for the program, which ends them. Tells the operator why it failed. */
int shares_open(const struct route_table *routes, const struct kind_means *means,
                struct share **ret_shares);
/* When no worker has resources any more. Accepts NULL. */
void shares_free(const struct route_table *routes, struct share *shares);

/* For one worker, whose loop is in means. Tells the operator why it failed. */
int resources_open(const struct route_table *routes, const struct kind_means *means,
                   const struct share *shares, struct resource ***ret_resources);
/* Accepts NULL. */
void resources_free(const struct route_table *routes, struct resource **resources);

#endif
