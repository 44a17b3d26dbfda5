// SPDX-License-Identifier: MIT
/*
 * Facts (fact.def) and the steps that establish them. A step begins in the loop's thread, may run
 * in a thread of the pool, and ends in the loop's thread; graph_walk() drives it. A fact that
 * cannot be had has a cause (exchange_fail), and that ends the walk: no question is asked without
 * its facts.
 */
#ifndef CANDOR_GRAPH_FACT_H
#define CANDOR_GRAPH_FACT_H

#include "base/span.h"

struct exchange;

enum fact {
#define FACT(ident, knower, lasting, section, meaning) FACT_##ident,
#include "graph/fact.def"
#undef FACT
    FACT_COUNT
};

#define FACT_BIT(fact) (UINT32_C(1) << (fact))

enum fact_knower { KNOWER_HOST, KNOWER_RESOURCE, KNOWER_GUARD, KNOWER_PAGE };

struct fact_info {
    struct span name;
    enum fact_knower knower;
    bool fades;
    const char *section, *meaning;
};

extern const struct fact_info fact_table[FACT_COUNT];

/* How a step goes on. */
enum step {
    STEP_KNOWN,    // the fact is known, or has a cause
    STEP_RUN,      // run follows, in the pool, and then end
    STEP_RUN_LONG, // as STEP_RUN; it may take more than a moment (io/offload.h)
    STEP_WAIT,     // for something else: host->resume(x) follows, and then end
    STEP_PAUSE,    // from end alone: others are in the way (walk.way_cause tells who); run follows
                   // after a while, and then end
    STEP_STALE,    // from end alone: the look is stale; what fades is established anew
};

/*
 * How a fact is established; all zeros: it is known at once. While a step runs the loop's thread
 * touches nothing that belongs to it.
 */
struct fact_step {
    enum step (*begin)(struct exchange *x); // NULL: STEP_RUN where there is a run, else STEP_KNOWN
    void (*run)(struct exchange *x);        // in the pool
    enum step (*end)(struct exchange *x);   // NULL: STEP_KNOWN
};

#endif
