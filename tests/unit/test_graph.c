// SPDX-License-Identifier: MIT
/*
 * Golden trails: what is asked of a request, in which order, and what becomes of it. Each case is
 * walked with facts that are there at once and with facts that have to be waited for.
 */
#include "unit.h"

#include "graph_golden.h"

#include "base/clock.h"
#include "base/limits.h"
#include "graph/content_kind.h"
#include "graph/graph.h"
#include "graph/resource.h"
#include "wire/h1.h"

#include <stdlib.h>

enum { GOLDEN = sizeof golden / sizeof *golden };

static bool seen[NODE_COUNT][2];

/* The walk under test: which facts were asked for, and how they are established. */
struct trial {
    struct exchange x;
    uint64_t state;
    enum step step; // what each step begins with
    uint32_t given;
    bool is_running;
    unsigned pauses;
    int failing; // a fact that cannot be had; -1: none
    int64_t pause, last_pause;
    bool is_timeless; // no time passes while it looks again
};

static struct resource resource;

static void establish(struct trial *w, enum fact fact);
static enum step fake_effect(struct trial *w);

/* Each fact is established once, and only when a question needs it. */
static enum step end(struct exchange *x)
{
    struct trial *w = x->carrier;
    enum fact fact = x->walk.step_fact;

    assert_int_equal(w->given & FACT_BIT(fact), 0);
    w->given |= FACT_BIT(fact);
    if ((int)fact == w->failing) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return STEP_KNOWN;
    }
    if (fact == FACT_effect)
        return fake_effect(w);
    establish(w, fact);
    return STEP_KNOWN;
}

static enum step begin(struct exchange *x)
{
    struct trial *w = x->carrier;

    return w->step == STEP_KNOWN ? end(x) : w->step;
}

static void run(struct exchange *x)
{
    struct trial *w = x->carrier;

    assert_true(w->is_running);
}

static void fake_route(struct trial *w)
{
    struct exchange *x = &w->x;

    x->routing.host_doubtful = (w->state & HOST_UNNAMED) != 0;
    x->routing.host_known = !(w->state & OTHER_HOST);
    x->routing.resource = w->state & NO_ROUTE ? NULL : &resource;
    resource.answers = (w->state & ANSWERS) != 0;
    resource.makes_up = (w->state & MADE_UP) != 0;
    x->routing.guard = w->state & GUARDED ? &resource : NULL;
    x->routing.allowed = w->state & READ_ONLY ? METHOD_BIT(METHOD_GET) : ~METHOD_BIT(METHOD_TRACE);
    if (w->state & ALLOWS_TRACE)
        x->routing.allowed |= METHOD_BIT(METHOD_TRACE);
    if (w->state & QUERY_READS)
        x->routing.withheld = METHOD_BIT(METHOD_DELETE);
    x->content.limit = 10;
    x->upload.named = (w->state & UPLOAD) != 0;
}

static void fake_answer(struct exchange *x, uint64_t state)
{
    if (state & SILENT)
        exchange_fail(x, OUTCOME_upstream_silent, 0, NULL);
    x->response.is_tunnel = (state & TUNNELS) != 0;
}

static void fake_content_kind(struct exchange *x, uint64_t state)
{
    content_kind_read(x);
    x->content.kind.type_refused = (state & OTHER_TYPE) != 0;
}

static void fake_content(struct exchange *x, uint64_t state, bool wanted)
{
    bool is_wanted = x->request.method != METHOD_GET;

    if (state & CONTENT_BREAKS_OFF && is_wanted == wanted)
        exchange_fail(x, OUTCOME_content_incomplete, 1, NULL);
    x->content.taken = x->request.content_length;
}

static void fake_representation(struct exchange *x, uint64_t state)
{
    if (state & LOOKUP_FAILS)
        exchange_fail(x, OUTCOME_read_failed, 0, NULL);
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
        .name_hidden = state & NAME_HIDDEN ? "It is hidden." : NULL,
        .named_as_folder = (state & SLASH) != 0,
        .parent_exists = !(state & ORPHAN),
        .lists_unlisted = (state & UNLISTED) != 0,
        .depth_unbounded = (state & TOO_DEEP) != 0,
    };
}

static void fake_upload(struct exchange *x, uint64_t state)
{
    if (state & UPLOAD_GONE)
        exchange_fail(x, OUTCOME_not_found, 0, NULL);
    // 90 of 100 bytes are there where the request says so, else 10
    x->upload.has_length = true;
    x->upload.length = 100;
    x->upload.offset =
        span_eq(message_field(&x->request, FIELD_upload_offset), SPAN("90")) ? 90 : 10;
    x->upload.finishes = span_eq(message_field(&x->request, FIELD_upload_complete), SPAN("?1"));
}

static void fake_destination(struct exchange *x, uint64_t state)
{
    if (state & DESTINATION_FOREIGN)
        exchange_fail(x, OUTCOME_destination_foreign, 0, NULL);
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
        exchange_fail(x, OUTCOME_read_failed, 0, NULL);
}

static enum step fake_effect(struct trial *w)
{
    struct exchange *x = &w->x;

    if (w->state & STALE_ONCE) {
        // What depends on the state of resources is established anew.
        w->state &= ~STALE_ONCE;
        w->given &= x->walk.known & ~FACT_BIT(FACT_effect);
        for (int f = 0; f < FACT_COUNT; f++)
            if (fact_table[f].fades)
                w->given &= ~FACT_BIT(f);
        return STEP_STALE;
    }
    if (w->state & STALE_ALWAYS) {
        w->given = 0;
        if (x->walk.stale_since && !w->is_timeless) // a long time passes
            x->walk.stale_since -= (int64_t)LIMIT_LOOK_AGAIN * CLOCK_MS;
        return STEP_STALE;
    }
    if (w->state & EFFECT_FAILS)
        exchange_fail(x, OUTCOME_write_failed, 0, NULL);
    x->effect = (struct effect){
        .partly = (w->state & PARTLY) != 0,
        .created = (w->state & CREATES) != 0,
        .from_form = (w->state & FROM_FORM) != 0,
        .has_result = (w->state & HAS_RESULT) != 0,
        .untold = (w->state & UNTOLD) != 0,
        .unfinished = (w->state & UNFINISHED) != 0,
    };
    return STEP_KNOWN;
}

static void establish(struct trial *w, enum fact fact)
{
    struct exchange *x = &w->x;

    if (fact == FACT_route)
        fake_route(w);
    else if (fact == FACT_answer)
        fake_answer(x, w->state);
    else if (fact == FACT_opening)
        fake_content(x, w->state, true);
    else if (fact == FACT_content || fact == FACT_unwanted)
        fake_content(x, w->state, fact == FACT_content);
    else if (fact == FACT_content_kind)
        fake_content_kind(x, w->state);
    else if (fact == FACT_representation)
        fake_representation(x, w->state);
    else if (fact == FACT_upload)
        fake_upload(x, w->state);
    else if (fact == FACT_destination)
        fake_destination(x, w->state);
    else if (fact == FACT_locks)
        fake_locks(x, w->state);
    else if (fact == FACT_room && w->state & NO_ROOM)
        exchange_fail(x, OUTCOME_storage_full, 0, NULL);
    else if (fact == FACT_meaning && w->state & MEANINGLESS)
        exchange_fail(x, OUTCOME_xml_meaningless, 0, NULL);
    else if (fact == FACT_meaning)
        x->locks.conflicting = (w->state & CONFLICTING) != 0;
}

#define STEP(fact) [FACT_##fact] = {begin, run, end}
static const struct fact_step host_steps[FACT_COUNT] = {STEP(route), STEP(opening), STEP(unwanted),
                                                        STEP(content)};
static const struct fact_step resource_steps[FACT_COUNT] = {
    STEP(answer), STEP(content_kind), STEP(upload),  STEP(representation), STEP(destination),
    STEP(locks),  STEP(room),         STEP(meaning), STEP(effect),
};

static void host_run(struct exchange *x, bool is_long)
{
    struct trial *w = x->carrier;

    assert_int_equal(is_long, w->step == STEP_RUN_LONG);
    w->is_running = true;
}

static void host_pause(struct exchange *x, int64_t nanoseconds)
{
    struct trial *w = x->carrier;

    assert_true(nanoseconds > 0);
    w->pauses++;
    w->pause = nanoseconds;
}

static const struct resource_ops resource_ops = {.steps = resource_steps};
static struct resource resource = {
    .ops = &resource_ops,
    .wants = METHOD_BIT(METHOD_PUT) | METHOD_BIT(METHOD_PATCH) | METHOD_BIT(METHOD_POST) |
             METHOD_BIT(METHOD_LOCK) | METHOD_BIT(METHOD_PROPFIND) | METHOD_BIT(METHOD_PROPPATCH),
};
static const struct exchange_host host = {
    .steps = host_steps, .run = host_run, .pause = host_pause};

static void begin_walk(struct trial *w, const struct golden *g)
{
    static const struct h1_limits limits = {1000, 1000, 100};
    struct h1_head head;
    struct exchange *x = &w->x;

    exchange_reset(x);
    w->state = g->state;
    w->given = 0;
    w->pauses = 0;
    x->walk.known = FACT_BIT(FACT_message);
    x->arrival.time = NOW;
    x->routing.over_capacity = g->state & OVER_CAPACITY;
    x->urgency.hurried = g->state & HURRIED;
    if (h1_read_head(&x->request, &head, span_from_str(g->request), 0, &limits) <= 0)
        exchange_fail(x, x->request.violation.outcome, x->request.violation.offset, NULL);
}

static void walk_once(struct trial *w, const struct golden *g)
{
    struct exchange *x = &w->x;

    begin_walk(w, g);
    for (int waits = 0; !graph_walk(x); waits++) {
        assert_true(w->step != STEP_KNOWN && waits < 20); // a wait for each fact and no more
        assert_int_equal(w->is_running, x->walk.waits == WAITS_FOR_RUN);
        if (w->is_running)
            graph_run(x);
        w->is_running = false;
    }
}

static void check(struct trial *w, const struct golden *g)
{
    struct buf trail = {0};

    walk_once(w, g);
    graph_write_trail(&trail, w->x.walk.trail, w->x.walk.trail_length);
    buf_add_char(&trail, '\0');
    if (w->x.outcome != g->outcome || strcmp(trail.ptr, g->trail) != 0)
        fail_msg("%s\nin state %#llx went\n  %s\nto %s, not\n  %s\nto %s", g->request,
                 (unsigned long long)g->state, trail.ptr, outcome_table[w->x.outcome].token.ptr,
                 g->trail, outcome_table[g->outcome].token.ptr);
    for (unsigned i = 0; i < w->x.walk.trail_length; i++) {
        if (w->x.walk.trail[i] & TRAIL_FACT)
            assert_int_equal(i, w->x.walk.trail_length - 1);
        else
            seen[w->x.walk.trail[i] >> 1][w->x.walk.trail[i] & 1] = true;
    }
    buf_done(&trail);
}

static struct trial *walk_new(enum step step)
{
    struct trial *w = calloc(1, sizeof *w);

    assert_non_null(w);
    w->step = step;
    w->failing = -1;
    w->x.host = &host;
    w->x.carrier = w;
    assert_int_equal(arena_init(&w->x.arena, 512), 0);
    return w;
}

static void walk_free(struct trial *w)
{
    arena_done(&w->x.arena);
    free(w);
}

static void check_all(enum step step)
{
    struct trial *w = walk_new(step);

    for (int i = 0; i < GOLDEN; i++)
        check(w, &golden[i]);
    walk_free(w);
}

static void every_walk_goes_its_golden_way(void **state)
{
    (void)state;
    check_all(STEP_KNOWN);
}

static void waiting_for_facts_changes_no_walk(void **state)
{
    (void)state;
    check_all(STEP_WAIT);
    check_all(STEP_RUN);
    check_all(STEP_RUN_LONG);
}

static void every_edge_of_the_page_was_taken(void **state)
{
    (void)state;
    for (int n = 0; n < NODE_COUNT; n++)
        for (int answer = 0; !node_table[n].is_end && answer < 2; answer++)
            if (!seen[n][answer])
                fail_msg("no golden walk takes %s%c", node_table[n].name.ptr, answer ? '+' : '-');
}

static void assert_ends_at(const struct trial *w, int fact, enum outcome outcome)
{
    assert_int_equal(w->x.outcome, outcome);
    assert_int_equal(w->x.walk.trail[w->x.walk.trail_length - 1], TRAIL_FACT | fact);
}

/* No question is asked without its facts: for every method, and whichever fact it is. */
static void a_fact_that_cannot_be_had_ends_every_walk_that_needs_it(void **state)
{
    struct trial *w = walk_new(STEP_RUN);
    unsigned failed = 0;

    (void)state;
    for (int i = 0; i < GOLDEN; i++) {
        for (int f = 0; f < FACT_COUNT; f++) {
            w->failing = f;
            walk_once(w, &golden[i]);
            if (!(w->given & FACT_BIT(f)) || w->x.walk.trail_length == 0 ||
                w->x.failure.cause != OUTCOME_resources_exhausted)
                continue; // it was not needed, or another one failed before
            assert_ends_at(w, f, OUTCOME_resources_exhausted);
            failed++;
        }
        assert_true(w->x.failure.cause == OUTCOME_NONE || w->x.outcome == w->x.failure.cause);
    }
    assert_true(failed > GOLDEN);
    walk_free(w);
}

static void take_memory(struct arena *a)
{
    a->at = a->end;
    a->most = 0;
}

/* Memory for what the page works out by itself: RFC 9110 §5.3, §14.2. */
static void no_memory_for_a_condition_or_a_range_is_no_fault_of_the_client(void **state)
{
    static const struct golden joined = {GET("If-Match: \"v1\"\r\nIf-Match: \"v2\"\r\n"), 0, 0, ""},
                               ranges = {GET("Range: bytes=0-0\r\n"), 0, 0, ""};
    struct trial *w = walk_new(STEP_KNOWN);

    (void)state;
    begin_walk(w, &joined);
    take_memory(&w->x.arena);
    assert_true(graph_walk(&w->x));
    assert_ends_at(w, FACT_conditions, OUTCOME_resources_exhausted);
    w->x.arena.most = SIZE_MAX;
    begin_walk(w, &ranges);
    take_memory(&w->x.arena);
    assert_true(graph_walk(&w->x));
    assert_ends_at(w, FACT_ranges, OUTCOME_resources_exhausted);
    walk_free(w);
}

/* Goes on until the walk ends; at one of its waits the client leaves. */
static void walk_and_cancel(struct trial *w, const struct golden *g, int at, bool takes_back)
{
    struct exchange *x = &w->x;

    begin_walk(w, g);
    for (int waits = 0; !graph_walk(x); waits++) {
        bool over = false;

        if (waits == at)
            over = graph_cancel(x);
        if (waits == at && w->is_running && takes_back) {
            graph_take_back(x);
            w->is_running = false;
        } else if (w->is_running && !over) {
            graph_run(x);
        }
        w->is_running = false;
    }
}

static void when_nobody_waits_no_further_step_begins(void **state)
{
    static const struct golden put = {REQUEST("PUT /f", LENGTH), CREATES, 0, ""};
    struct trial *w = walk_new(STEP_RUN);
    int waits = 0;

    (void)state;
    begin_walk(w, &put);
    for (; !graph_walk(&w->x); w->is_running = false, waits++)
        graph_run(&w->x);
    assert_int_equal(w->x.outcome, OUTCOME_created);
    for (int at = 0; at < waits - 1; at++) {
        // What runs is ended, and then the walk is; what was taken back never ran.
        walk_and_cancel(w, &put, at, false);
        assert_int_equal(w->x.outcome, OUTCOME_client_gone);
        assert_false(w->given & FACT_BIT(FACT_effect));
        walk_and_cancel(w, &put, at, true);
        assert_int_equal(w->x.outcome, OUTCOME_client_gone);
        assert_false(w->given & FACT_BIT(FACT_effect));
    }
    walk_free(w);
}

/* What has begun to change something comes to what it comes to. */
static void an_effect_under_way_has_its_outcome_though_nobody_waits(void **state)
{
    static const struct golden put = {REQUEST("PUT /f", LENGTH), CREATES, 0, ""};
    struct trial *w = walk_new(STEP_RUN);
    int last = 0;

    (void)state;
    begin_walk(w, &put);
    for (; !graph_walk(&w->x); w->is_running = false, last++)
        graph_run(&w->x);
    walk_and_cancel(w, &put, last - 1, false);
    assert_int_equal(w->x.outcome, OUTCOME_created);
    assert_true(hurry_is_on(&w->x.urgency.hurry));
    walk_free(w);
}

/* Each look after the first comes later than the one before. */
static void looking_again_waits_longer_each_time(void **state)
{
    static const struct golden put = {REQUEST("PUT /f", LENGTH), STALE_ALWAYS, 0, ""};
    struct trial *w = walk_new(STEP_KNOWN);
    unsigned pauses = 0;

    (void)state;
    w->is_timeless = true;
    begin_walk(w, &put);
    while (!graph_walk(&w->x) && pauses < 12) {
        assert_int_equal(w->pauses, ++pauses); // it never looks twice without a pause
        if (pauses > 1 && pauses < 10)
            assert_int_equal(w->pause, 2 * w->last_pause);
        w->last_pause = w->pause;
    }
    assert_int_equal(pauses, 12);
    assert_int_equal(w->last_pause, w->pause);
    walk_free(w);
}

static void the_sources_of_an_outcome_are_the_nodes_that_lead_to_it(void **state)
{
    enum node nodes[4];

    (void)state;
    assert_int_equal(graph_find_sources(OUTCOME_entity_tag_malformed, nodes, 4), 1);
    assert_int_equal(nodes[0], NODE_if_match_sound);
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
        cmocka_unit_test(a_fact_that_cannot_be_had_ends_every_walk_that_needs_it),
        cmocka_unit_test(no_memory_for_a_condition_or_a_range_is_no_fault_of_the_client),
        cmocka_unit_test(when_nobody_waits_no_further_step_begins),
        cmocka_unit_test(an_effect_under_way_has_its_outcome_though_nobody_waits),
        cmocka_unit_test(looking_again_waits_longer_each_time),
        cmocka_unit_test(the_sources_of_an_outcome_are_the_nodes_that_lead_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
