// SPDX-License-Identifier: MIT
/*
 * Golden trails: what is asked of a request, in which order, and what becomes of it. Each case is
 * walked with facts that are there at once and with facts that have to be waited for.
 */
#include "unit.h"

#include "graph_golden.h"

#include "base/clock.h"
#include "base/limits.h"
#include "graph/graph.h"
#include "graph/resource.h"
#include "wire/h1.h"

#include <stdlib.h>

enum { GOLDEN = sizeof golden / sizeof *golden };

static bool seen[NODE_COUNT][2];

/* The walk under test: which facts were asked for, and whether they make it wait. */
struct walk {
    struct exchange x;
    uint64_t state;
    bool waits;
    uint32_t waited, given;
};

static bool fact_arrives(struct walk *w, enum fact fact)
{
    if (w->waits && !(w->waited & fact)) {
        w->waited |= fact;
        return false;
    }
    assert_int_equal(w->given & fact, 0); // established once
    w->given |= fact;
    return true;
}

static struct resource resource;

static bool fake_host(struct exchange *x, enum fact fact)
{
    struct walk *w = x->carrier;

    if (!fact_arrives(w, fact))
        return false;
    if (fact == FACT_CONTENT || fact == FACT_UNWANTED) {
        bool is_wanted = x->request.method != METHOD_GET;

        if (w->state & CONTENT_BREAKS_OFF && is_wanted == (fact == FACT_CONTENT))
            exchange_set_cause(x, OUTCOME_content_incomplete, 1);
        x->content_taken = x->request.content_length;
        return true;
    }
    assert_int_equal(fact, FACT_ROUTE);
    x->host_doubtful = (w->state & HOST_UNNAMED) != 0;
    x->host_known = !(w->state & OTHER_HOST);
    x->resource = w->state & NO_ROUTE ? NULL : &resource;
    x->guard = w->state & GUARDED ? &resource : NULL;
    x->allowed = w->state & READ_ONLY ? METHOD_BIT(METHOD_GET) : ~METHOD_BIT(METHOD_TRACE);
    if (w->state & ALLOWS_TRACE)
        x->allowed |= METHOD_BIT(METHOD_TRACE);
    if (w->state & QUERY_READS)
        x->withheld = METHOD_BIT(METHOD_DELETE);
    x->content_limit = 10;
    x->upload.named = (w->state & UPLOAD) != 0;
    return true;
}

static void fake_representation(struct exchange *x, uint64_t state)
{
    if (state & LOOKUP_FAILS)
        exchange_set_cause(x, OUTCOME_read_failed, 0);
    x->representation = (struct representation){
        .exists = !(state & ABSENT),
        .readable = !(state & UNREADABLE),
        .lacks_slash = (state & FOLDER) != 0,
        .lacks_form = (state & UNOFFERED) != 0,
        .acceptable = !(state & UNACCEPTABLE),
        .has_ranges = !(state & NO_RANGES),
        .length = 100,
        .validators = {.exists = !(state & ABSENT),
                       .has_etag = true,
                       .etag = {.opaque = SPAN("v1")},
                       .has_last_modified = true,
                       .last_modified = MODIFIED},
    };
    x->target = (struct target_state){
        .is_collection = (state & COLLECTION) != 0,
        .name_possible = !(state & NAME_IMPOSSIBLE),
        .name_hidden = (state & NAME_HIDDEN) != 0,
        .named_as_folder = (state & SLASH) != 0,
        .parent_exists = !(state & ORPHAN),
        .lists_unlisted = (state & UNLISTED) != 0,
        .depth_unbounded = (state & TOO_DEEP) != 0,
    };
}

static void fake_upload(struct exchange *x, uint64_t state)
{
    if (state & UPLOAD_GONE)
        exchange_set_cause(x, OUTCOME_not_found, 0);
    // 90 of 100 bytes are there where the request says so, else 10
    x->upload.has_length = true;
    x->upload.length = 100;
    x->upload.offset =
        span_eq(message_field(&x->request, FIELD_upload_offset), SPAN("90")) ? 90 : 10;
}

static void fake_destination(struct exchange *x, uint64_t state)
{
    if (state & DESTINATION_FOREIGN)
        exchange_set_cause(x, OUTCOME_destination_foreign, 0);
    x->destination = (struct destination_state){
        .exists = (state & DESTINATION_TAKEN) != 0,
        .parent_exists = !(state & DESTINATION_ORPHAN),
        .named_as_folder = span_ends(message_field(&x->request, FIELD_destination), SPAN("/")),
        .overlaps = (state & OVERLAPS) != 0,
    };
}

static void fake_locks(struct exchange *x, uint64_t state)
{
    x->locks.if_malformed = (state & IF_MALFORMED) != 0;
    x->locks.if_holds = !(state & IF_FALSE);
    x->locks.token_known = !(state & TOKEN_UNKNOWN);
    x->locks.blocked = (state & LOCKED) != 0;
    if (state & STATE_UNKNOWN)
        exchange_set_cause(x, OUTCOME_read_failed, 0);
}

static void fake_effect(struct walk *w)
{
    struct exchange *x = &w->x;

    if (w->state & STALE_ONCE) {
        // What depends on the state of resources is established anew.
        w->state &= ~STALE_ONCE;
        w->given = w->waited = 0;
        x->stale = true;
        return;
    }
    if (w->state & STALE_ALWAYS) {
        w->given = w->waited = 0;
        x->stale = true;
        if (x->stale_since) // a long time passes
            x->stale_since -= (int64_t)LIMIT_LOOK_AGAIN * CLOCK_MS;
        return;
    }
    if (w->state & EFFECT_FAILS)
        exchange_set_cause(x, OUTCOME_write_failed, 0);
    x->effect = (struct effect){
        .partly = (w->state & PARTLY) != 0,
        .created = (w->state & CREATES) != 0,
        .from_form = (w->state & FROM_FORM) != 0,
        .has_result = (w->state & HAS_RESULT) != 0,
        .untold = (w->state & UNTOLD) != 0,
        .unfinished = (w->state & UNFINISHED) != 0,
    };
}

static bool fake_resource(struct exchange *x, enum fact fact)
{
    struct walk *w = x->carrier;

    if (!fact_arrives(w, fact))
        return false;
    if (fact == FACT_REPRESENTATION)
        fake_representation(x, w->state);
    else if (fact == FACT_UPLOAD)
        fake_upload(x, w->state);
    else if (fact == FACT_DESTINATION)
        fake_destination(x, w->state);
    else if (fact == FACT_LOCKS)
        fake_locks(x, w->state);
    else if (fact == FACT_PLACE && w->state & NO_ROOM)
        exchange_set_cause(x, OUTCOME_storage_full, 0);
    else if (fact == FACT_MEANING && w->state & MEANINGLESS)
        exchange_set_cause(x, OUTCOME_xml_meaningless, 0);
    else if (fact == FACT_MEANING)
        x->locks.conflicting = (w->state & CONFLICTING) != 0;
    else if (fact == FACT_EFFECT)
        fake_effect(w);
    return true;
}

static bool fake_type(const struct exchange *x)
{
    return !(((const struct walk *)x->carrier)->state & OTHER_TYPE);
}

static const struct resource_ops resource_ops = {.establish = fake_resource,
                                                 .takes_type = fake_type};
static struct resource resource = {
    .ops = &resource_ops,
    .wants = METHOD_BIT(METHOD_PUT) | METHOD_BIT(METHOD_PATCH) | METHOD_BIT(METHOD_POST) |
             METHOD_BIT(METHOD_LOCK) | METHOD_BIT(METHOD_PROPFIND) | METHOD_BIT(METHOD_PROPPATCH),
};
static const struct exchange_host host = {.establish = fake_host};

static void walk_once(struct walk *w, const struct golden *g)
{
    static const struct h1_limits limits = {1000, 1000, 100};
    struct exchange *x = &w->x;

    exchange_reset(x);
    w->state = g->state;
    w->waited = w->given = 0;
    x->known = FACT_MESSAGE;
    x->time = NOW;
    x->over_capacity = g->state & OVER_CAPACITY;
    x->hurried = g->state & HURRIED;
    if (h1_read_head(&x->request, span_from_str(g->request), 0, &limits) <= 0)
        exchange_set_cause(x, x->request.violation.outcome, x->request.violation.offset);
    for (int steps = 0; !graph_walk(x); steps++)
        assert_true(w->waits && steps < 16); // a wait for each fact and no more
}

static void check(struct walk *w, const struct golden *g)
{
    struct buf trail = {0};

    walk_once(w, g);
    graph_write_trail(&trail, &w->x);
    buf_add_char(&trail, '\0');
    if (w->x.outcome != g->outcome || strcmp(trail.ptr, g->trail) != 0)
        fail_msg("%s\nin state %#llx went\n  %s\nto %s, not\n  %s\nto %s", g->request,
                 (unsigned long long)g->state, trail.ptr, outcome_table[w->x.outcome].token.ptr,
                 g->trail, outcome_table[g->outcome].token.ptr);
    for (unsigned i = 0; i < w->x.trail_length; i++)
        seen[w->x.trail[i] >> 1][w->x.trail[i] & 1] = true;
    buf_done(&trail);
}

static void check_all(bool waits)
{
    struct walk *w = calloc(1, sizeof *w);

    w->waits = waits;
    w->x.host = &host;
    w->x.carrier = w;
    assert_int_equal(arena_init(&w->x.arena, 512), 0);
    for (int i = 0; i < GOLDEN; i++)
        check(w, &golden[i]);
    arena_done(&w->x.arena);
    free(w);
}

static void every_walk_goes_its_golden_way(void **state)
{
    (void)state;
    check_all(false);
}

static void waiting_for_facts_changes_no_walk(void **state)
{
    (void)state;
    check_all(true);
}

static void every_edge_of_the_page_was_taken(void **state)
{
    (void)state;
    for (int n = 0; n < NODE_COUNT; n++)
        for (int answer = 0; answer < 2; answer++)
            if (!seen[n][answer])
                fail_msg("no golden walk takes %s%c", node_table[n].name.ptr, answer ? '+' : '-');
}

static void the_sources_of_an_outcome_are_the_nodes_that_lead_to_it(void **state)
{
    enum node nodes[4];

    (void)state;
    assert_int_equal(graph_find_sources(OUTCOME_entity_tag_malformed, nodes, 4), 2);
    assert_int_equal(nodes[0], NODE_if_match_sound);
    assert_int_equal(nodes[1], NODE_if_none_match_sound);
    assert_int_equal(graph_find_sources(OUTCOME_ok, nodes, 1), 3);
    assert_int_equal(nodes[0], NODE_has_range);
    assert_int_equal(graph_find_sources(OUTCOME_header_timeout, nodes, 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_walk_goes_its_golden_way),
        cmocka_unit_test(waiting_for_facts_changes_no_walk),
        cmocka_unit_test(every_edge_of_the_page_was_taken),
        cmocka_unit_test(the_sources_of_an_outcome_are_the_nodes_that_lead_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
