// SPDX-License-Identifier: MIT
/*
 * The facts that the page knows by itself, from the request alone.
 */
#ifndef CANDOR_GRAPH_PAGE_FACTS_H
#define CANDOR_GRAPH_PAGE_FACTS_H

#include "graph/fact.h"

extern const struct fact_step page_steps[FACT_COUNT];

#endif
