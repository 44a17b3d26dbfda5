// SPDX-License-Identifier: MIT
/*
 * FACT_effect: the method is performed, in the pool.
 */
#ifndef CANDOR_RESOURCE_DAV_EFFECT_H
#define CANDOR_RESOURCE_DAV_EFFECT_H

#include "graph/exchange.h"

struct authoring;

enum step effect_begin(struct authoring *a);
void effect_run(struct authoring *a);
enum step effect_end(struct authoring *a);

#endif
