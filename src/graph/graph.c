// SPDX-License-Identifier: MIT
#include "graph/graph.h"

#include "base/clock.h"
#include "base/limits.h"
#include "graph/page_facts.h"
#include "graph/question.h"
#include "graph/resource.h"

#include <assert.h>
#include <stddef.h>

#define LASTS false
#define FADES true

const struct fact_info fact_table[FACT_COUNT] = {
#define FACT(ident, knower, lasting, section, meaning)                                             \
    [FACT_##ident] = {SPAN_INIT(#ident), KNOWER_##knower, lasting, section, meaning},
#include "graph/fact.def"
#undef FACT
};

#define FACT(ident, knower, lasting, section, meaning) +(lasting ? FACT_BIT(FACT_##ident) : 0)
static const uint32_t facts_that_fade =
#include "graph/fact.def"
    ;
#undef FACT

// Each section as a struct with a member for each of its nodes, so that an edge within a section is
// one whose node is a member of the struct of HERE.
#define SECTION(ident, section, title) struct section_##ident {
#define NODE(ident, facts, yes, no, section, question) char node_##ident;
#define END(ident, facts, outcome) char end_##ident;
#define SECTION_END                                                                                \
    }                                                                                              \
    ;
#include "graph/page.def"

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define OF_HERE(member) (0 * (int)offsetof(struct PASTE(section_, HERE), member))

#define F(fact) FACT_BIT(FACT_##fact)
#define N(node) (NODE_##node + OF_HERE(node_##node))
#define E(end) (END_##end + OF_HERE(end_##end))
#define D(section) DOOR_##section
#define O(outcome) (EDGE_OUTCOME + OUTCOME_##outcome)

const struct node_info node_table[NODE_COUNT] = {
#define NODE(ident, facts, yes, no, section, question)                                             \
    [NODE_##ident] =                                                                               \
        {SPAN_INIT(#ident), PASTE(SECTION_, HERE), facts, ask_##ident, {no, yes}, section,         \
         question},
#define END(ident, facts, outcome)                                                                 \
    [END_##ident] = {SPAN_INIT(#ident),                                                            \
                     PASTE(SECTION_, HERE),                                                        \
                     facts,                                                                        \
                     NULL,                                                                         \
                     {O(outcome), O(outcome)},                                                     \
                     NULL,                                                                         \
                     NULL},
#include "graph/page.def"
};

const struct section_info section_table[SECTION_COUNT] = {
#define SECTION(ident, section, title)                                                             \
    [SECTION_##ident] = {SPAN_INIT(#ident), DOOR_##ident,                                          \
                         DOOR_##ident + sizeof(struct section_##ident), section, title},
#include "graph/page.def"
};

// Edges only point down the page: every walk ends.
#define NODE(ident, facts, yes, no, section, question)                                             \
    static_assert((int)(yes) > (int)NODE_##ident && (int)(no) > (int)NODE_##ident,                 \
                  "an edge of " #ident " points up the page");
#include "graph/page.def"
static_assert((int)NODE_COUNT < (int)TRAIL_LENGTH, "a trail must hold the longest walk");
static_assert((int)NODE_COUNT <= (int)TRAIL_FACT / 2, "a trail tells nodes from facts");
static_assert((int)FACT_COUNT <= 32, "the known facts are the bits of a word");

enum {
    LOOK_PAUSE_MS = 1,        // before the second time that something is looked at again
    LOOK_PAUSE_MOST_MS = 256, // each time it is twice as long, up to this
    WAY_PAUSE_MS = 20,        // while others are in the way, at first; then a quarter of the wait
};

static const struct fact_step *find_step(const struct exchange *x, enum fact fact)
{
    const struct resource *r = x->routing.resource;

    switch (fact_table[fact].knower) {
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

/* Most facts are known at once. */
static void begin_step(struct exchange *x, enum fact fact)
{
    const struct fact_step *s = find_step(x, fact);
    enum step step = STEP_KNOWN;

    x->walk.step_fact = (uint8_t)fact;
    if (s && (s->begin || s->run)) {
        if (x->urgency.cancelled) {
            exchange_fail(x, OUTCOME_client_gone, 0, NULL);
            return;
        }
        x->walk.step = s;
        step = s->begin ? s->begin(x) : STEP_RUN;
    }
    if (step == STEP_KNOWN) { // as most are
        x->walk.known |= FACT_BIT(fact);
        x->walk.step = NULL;
    } else {
        go_on(x, step);
    }
}

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

/* Asks as far as the facts go that are known. Which ones the next question lacks; 0: none, as the
 * outcome is decided. */
static uint32_t ask(struct exchange *x)
{
    const uint32_t unknown = ~x->walk.known;
    uint16_t *trail = x->walk.trail + x->walk.trail_length;
    unsigned at = x->walk.at;
    uint32_t missing = 0;

    while (at < EDGE_OUTCOME) {
        const struct node_info *node = &node_table[at];
        bool answer = false;

        missing = node->facts & unknown;
        if (missing)
            break;
        if (node->ask) {
            answer = node->ask(x);
            *trail++ = (uint16_t)(at << 1 | answer);
        }
        at = node->edge[answer];
    }
    x->walk.at = (uint16_t)at;
    x->walk.trail_length = (uint16_t)(trail - x->walk.trail);
    if (!missing)
        x->outcome = (enum outcome)(at - EDGE_OUTCOME);
    return missing;
}

bool graph_walk(struct exchange *x)
{
    if (x->walk.waits)
        resume_step(x);
    for (;;) {
        uint32_t missing;

        if (x->walk.waits)
            return false;
        if (x->failure.cause != OUTCOME_NONE) {
            end_with_cause(x);
            return true;
        }
        missing = ask(x);
        if (!missing)
            return true;
        begin_step(x, (enum fact)__builtin_ctz(missing));
    }
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

size_t graph_find_sources(enum outcome outcome, enum node *ret_nodes, size_t room)
{
    unsigned wanted = (unsigned)EDGE_OUTCOME + (unsigned)outcome;
    size_t count = 0;

    for (int n = 0; n < NODE_COUNT; n++) {
        const struct node_info *node = &node_table[n];

        // The edge to an end counts as one to its outcome.
        if (!node->ask)
            continue;
        for (int answer = 0; answer < 2; answer++) {
            unsigned edge = node->edge[answer];

            if (edge < NODE_COUNT && !node_table[edge].ask)
                edge = node_table[edge].edge[0];
            if (edge != wanted)
                continue;
            if (count < room)
                ret_nodes[count] = (enum node)n;
            count++;
            break;
        }
    }
    return count;
}

int graph_find_section(struct span name)
{
    for (int s = 0; s < SECTION_COUNT; s++)
        if (span_eq(section_table[s].name, name))
            return s;
    return -1;
}
