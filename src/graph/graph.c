// SPDX-License-Identifier: MIT
#include "graph/graph.h"

#include "base/clock.h"
#include "base/limits.h"
#include "graph/page_facts.h"
#include "graph/question.h"
#include "graph/resource.h"

#define LASTS false
#define FADES true

#define FACT(ident, knower, lasting, section, meaning) +(lasting ? FACT_BIT(FACT_##ident) : 0)
static const uint32_t facts_that_fade =
#include "graph/fact.def"
    ;
#undef FACT

enum {
    LOOK_PAUSE_MS = 1,        // before the second time that something is looked at again
    LOOK_PAUSE_MOST_MS = 256, // each time it is twice as long, up to this
    WAY_PAUSE_MS = 20,        // while others are in the way, at first; then a quarter of the wait
};

static inline const struct fact_step *find_step(const struct exchange *x, enum fact fact,
                                                enum fact_knower knower)
{
    const struct resource *r = x->routing.resource;

    switch (knower) {
    case KNOWER_HOST:
        return &x->host->steps[fact];
    case KNOWER_PAGE:
        return &page_steps[fact];
    case KNOWER_GUARD:
        r = x->routing.guard ? x->routing.guard : r;
        break;
    case KNOWER_RESOURCE:
        break;
    }
    return r->ops->steps ? &r->ops->steps[fact] : NULL;
}

static void pause_walk(struct exchange *x, int64_t nanoseconds)
{
    x->walk.waits = WAITS_FOR_PAUSE;
    x->host->pause(x, nanoseconds);
}

/*
 * What was seen had changed before the method could be performed: it is looked at again, from the
 * first question that needed what fades. Somebody else has succeeded meanwhile, but that may be a
 * program that never pauses, so there is an end to it, and so there is when the server is to end:
 * then what failed has a cause.
 */
static void look_again(struct exchange *x)
{
    int64_t now = clock_monotonic();
    unsigned doublings = x->walk.looks;

    if (x->walk.stale_since == 0)
        x->walk.stale_since = now;
    if (now - x->walk.stale_since >= (int64_t)LIMIT_LOOK_AGAIN * CLOCK_MS)
        exchange_fail(x, OUTCOME_resources_exhausted, 0,
                      "What the request is about was changed by others all the time.");
    else if (x->urgency.hurried)
        exchange_fail(x, OUTCOME_server_stopping, 0, NULL);
    if (x->failure.cause != OUTCOME_NONE)
        return;
    x->walk.known &= ~facts_that_fade;
    for (unsigned i = 0; i < x->walk.trail_length; i++) {
        if (node_table[x->walk.trail[i] >> 1].facts & facts_that_fade) {
            x->walk.at = x->walk.trail[i] >> 1;
            x->walk.trail_length = (uint16_t)i;
        }
    }
    if (x->walk.looks++ && !x->urgency.cancelled) // at once, the first time
        pause_walk(x, doublings > 8 ? LOOK_PAUSE_MOST_MS * CLOCK_MS
                                    : (LOOK_PAUSE_MS * CLOCK_MS) << (doublings - 1));
}

/* Others are in the way of a step: it runs again in a while, more rarely the longer it waits. */
static void pause_step(struct exchange *x)
{
    int64_t now = clock_monotonic();

    if (x->walk.in_the_way_since == 0)
        x->walk.in_the_way_since = now;
    if (x->urgency.cancelled)
        exchange_fail(x, OUTCOME_client_gone, 0, NULL);
    else if (x->urgency.hurried)
        exchange_fail(x, OUTCOME_server_stopping, 0, NULL);
    else if (now - x->walk.in_the_way_since >= (int64_t)LIMIT_ROWS_WAIT * CLOCK_MS)
        exchange_fail(x, x->walk.way_cause, 0, NULL);
    else
        pause_walk(x, WAY_PAUSE_MS * CLOCK_MS + (now - x->walk.in_the_way_since) / 4);
}

/* Does what the step said. */
static void go_on(struct exchange *x, enum step step)
{
    x->walk.waits = WAITS_NOT;
    switch (step) {
    case STEP_KNOWN:
        x->walk.known |= FACT_BIT(x->walk.step_fact);
        x->walk.step = NULL;
        break;
    case STEP_RUN:
    case STEP_RUN_LONG:
        x->walk.waits = WAITS_FOR_RUN;
        x->walk.runs_long = step == STEP_RUN_LONG;
        x->host->run(x, x->walk.runs_long);
        break;
    case STEP_WAIT:
        x->walk.waits = WAITS_FOR_EVENT;
        break;
    case STEP_PAUSE:
        pause_step(x);
        break;
    case STEP_STALE:
        x->walk.step = NULL;
        look_again(x);
        break;
    }
}

/* True: the fact is known, as most are at once. False: the walk waits for it, or it has a cause. */
__attribute__((always_inline)) static inline bool establish(struct exchange *x, enum fact fact,
                                                            enum fact_knower knower)
{
    const struct fact_step *s = find_step(x, fact, knower);
    enum step step = STEP_KNOWN;

    x->walk.step_fact = (uint8_t)fact;
    if (s && (s->begin || s->run)) {
        if (x->urgency.cancelled) {
            exchange_fail(x, OUTCOME_client_gone, 0, NULL);
            return false;
        }
        step = s->begin ? s->begin(x) : STEP_RUN;
    }
    if (step != STEP_KNOWN) {
        x->walk.step = s;
        go_on(x, step);
        return false;
    }
    x->walk.known |= FACT_BIT(fact);
    return x->failure.cause == OUTCOME_NONE;
}

#define FACT(ident, knower, lasting, section, meaning)                                             \
    static bool establish_##ident(struct exchange *x)                                              \
    {                                                                                              \
        return establish(x, FACT_##ident, KNOWER_##knower);                                        \
    }
#include "graph/fact.def"
#undef FACT

static void end_step(struct exchange *x)
{
    enum step step = x->walk.step->end ? x->walk.step->end(x) : STEP_KNOWN;

    if (step != STEP_PAUSE) // it has come on
        x->walk.in_the_way_since = 0;
    go_on(x, step);
}

/* What the step under way waited for is there. */
static void resume_step(struct exchange *x)
{
    enum waits waited = x->walk.waits;

    x->walk.waits = WAITS_NOT;
    if (!x->walk.step) // a pause before a look
        return;
    if (waited != WAITS_FOR_PAUSE)
        end_step(x);
    else if (x->urgency.cancelled)
        exchange_fail(x, OUTCOME_client_gone, 0, NULL);
    else
        go_on(x, x->walk.runs_long ? STEP_RUN_LONG : STEP_RUN);
}

static void end_with_cause(struct exchange *x)
{
    // What was given up because nobody waits looks like what is given up for the stop.
    if (x->urgency.cancelled && x->failure.cause == OUTCOME_server_stopping && !x->urgency.hurried)
        x->failure.cause = OUTCOME_client_gone;
    x->walk.trail[x->walk.trail_length++] = (uint16_t)(TRAIL_FACT | x->walk.step_fact);
    x->outcome = x->failure.cause;
}

/* The facts that the question at x->walk.at lacks of those that it needs, which are a constant.
 * False: the walk waits for one, or one has a cause. */
__attribute__((always_inline)) static inline bool need(struct exchange *x, uint32_t facts)
{
#define FACT(ident, knower, lasting, section, meaning)                                             \
    if (facts & ~x->walk.known & FACT_BIT(FACT_##ident) && !establish_##ident(x))                  \
        return false;
#include "graph/fact.def"
#undef FACT
    return true;
}

// The page as code: a node is a few tests and a jump, where a table would have to be read for each.
#define F(fact) FACT_BIT(FACT_##fact)
#define N(node) goto node_##node
#define E(end) goto end_##end
#define D(section) goto door_##section
#define O(ident)                                                                                   \
    do {                                                                                           \
        x->outcome = OUTCOME_##ident;                                                              \
        goto decided;                                                                              \
    } while (0)
#define NEED(node, facts)                                                                          \
    if ((facts) & ~x->walk.known) {                                                                \
        x->walk.at = node;                                                                         \
        x->walk.trail_length = (uint16_t)(trail - x->walk.trail);                                  \
        if (!need(x, facts))                                                                       \
            return false;                                                                          \
    }

/* Asks from where x stands. True: x->outcome is decided. False: it waits, or has a cause. */
static bool ask(struct exchange *x)
{
    uint16_t *trail = x->walk.trail + x->walk.trail_length;

    // clang-format off
#define LABEL(name) name: __attribute__((unused))
    switch ((enum node)x->walk.at) {
#define SECTION(ident, section, title) LABEL(door_##ident);
#define NODE(ident, facts, yes, no, section, question)                                             \
    LABEL(node_##ident);                                                                           \
    case NODE_##ident:                                                                             \
        NEED(NODE_##ident, facts)                                                                  \
        if (ask_##ident(x)) {                                                                      \
            *trail++ = NODE_##ident << 1 | 1;                                                      \
            yes;                                                                                   \
        }                                                                                          \
        *trail++ = NODE_##ident << 1;                                                              \
        no;
#define END(ident, facts, outcome)                                                                 \
    LABEL(end_##ident);                                                                            \
    case END_##ident:                                                                              \
        NEED(END_##ident, facts)                                                                   \
        O(outcome);
#include "graph/page.def"
    default: // no walk stands elsewhere
        __builtin_unreachable();
    }
    // clang-format on
decided:
    x->walk.trail_length = (uint16_t)(trail - x->walk.trail);
    return true;
}

bool graph_walk(struct exchange *x)
{
    if (x->walk.waits)
        resume_step(x);
    while (!x->walk.waits) {
        if (x->failure.cause != OUTCOME_NONE) {
            end_with_cause(x);
            return true;
        }
        if (ask(x))
            return true;
    }
    return false;
}

void graph_run(struct exchange *x)
{
    x->walk.step->run(x);
}

bool graph_cancel(struct exchange *x)
{
    const struct resource *r = x->routing.resource;

    x->urgency.cancelled = true;
    hurry_begin(&x->urgency.hurry);
    if (x->walk.waits != WAITS_FOR_EVENT || !r || !r->ops->cancel || !r->ops->cancel(x))
        return false;
    graph_take_back(x);
    return true;
}

void graph_take_back(struct exchange *x)
{
    x->walk.waits = WAITS_NOT;
    exchange_fail(x, OUTCOME_client_gone, 0, NULL);
}

void graph_write_trail(struct buf *b, const uint16_t *trail, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (i)
            buf_add_char(b, ' ');
        if (trail[i] & TRAIL_FACT) {
            buf_add(b, fact_table[trail[i] & ~TRAIL_FACT].name);
            buf_add_char(b, '!');
        } else {
            buf_add(b, node_table[trail[i] >> 1].name);
            buf_add_char(b, trail[i] & 1 ? '+' : '-');
        }
    }
}
