// SPDX-License-Identifier: MIT
/*
 * The effect of PROPPATCH, for the pool.
 */
#ifndef CANDOR_RESOURCE_DAV_PROPPATCH_H
#define CANDOR_RESOURCE_DAV_PROPPATCH_H

struct authoring;

void change_properties(struct authoring *a);

#endif
