// SPDX-License-Identifier: MIT
/*
 * Golden trails: what is asked of a request, in which order, and what becomes of it. Each case is
 * walked with facts that are there at once and with facts that have to be waited for.
 */
#include "unit.h"

#include "graph/graph.h"
#include "graph/resource.h"
#include "wire/h1.h"

#include <stdlib.h>

/* What the fake host and the fake resource say; without a flag it is a readable file of 100 bytes
 * with the tag "v1", modified at 1994-11-06T08:49:37Z, and everything goes well. */
enum state {
    OVER_CAPACITY = 1 << 0,
    OTHER_HOST = 1 << 1,
    NO_ROUTE = 1 << 2,
    ALLOWS_TRACE = 1 << 3,
    CONTENT_BREAKS_OFF = 1 << 4,
    LOOKUP_FAILS = 1 << 5,
    ABSENT = 1 << 6,
    UNREADABLE = 1 << 7,
    FOLDER = 1 << 8,
    UNACCEPTABLE = 1 << 9,
    NO_RANGES = 1 << 10,
    UNOFFERED = 1 << 11,
};

#define THEN "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sat, 05 Nov 1994 08:49:37 GMT"
enum { MODIFIED = 784111777, NOW = 1800000000 };

#define REQUEST(line, fields) line " HTTP/1.1\r\nHost: a\r\n" fields "\r\n"
#define GET(fields) REQUEST("GET /f", fields)

#define TO_ROUTE "message_sound+ capacity_left+ targets_server- asks_tunnel- host_known"
#define TO_METHOD TO_ROUTE "+ route_known+ method_known"
#define TO_CONTENT TO_METHOD "+ method_allowed+ is_trace- is_options- expectation_known"
#define TO_LOOKUP TO_CONTENT "+ content_fits+ content_sound+ lookup_worked"
#define TO_IF_MATCH                                                                                \
    TO_LOOKUP "+ exists+ is_readable+ lacks_slash- is_offered+ is_acceptable+ has_if_match"
#define TO_NONE_MATCH TO_IF_MATCH "- has_if_unmodified_since- has_if_none_match"
#define TO_RANGE TO_NONE_MATCH "- has_if_modified_since- has_range"

static const struct golden {
    const char *request;
    unsigned state;
    enum outcome outcome;
    const char *trail;
} golden[] = {
    // Message, capacity, route
    {"GET /f HTTP/1.1\r\n\r\n", 0, OUTCOME_host_missing, "message_sound-"},
    {"GET /f HTTP/1.1\r\n\r\n", OVER_CAPACITY, OUTCOME_host_missing, "message_sound-"},
    {GET(""), OVER_CAPACITY, OUTCOME_overloaded, "message_sound+ capacity_left-"},
    {REQUEST("OPTIONS *", ""), OTHER_HOST, OUTCOME_options_told,
     "message_sound+ capacity_left+ targets_server+"},
    {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 0, OUTCOME_connect_unsupported,
     "message_sound+ capacity_left+ targets_server- asks_tunnel+"},
    {GET(""), OTHER_HOST, OUTCOME_host_unknown, TO_ROUTE "-"},
    {GET(""), NO_ROUTE, OUTCOME_no_route, TO_ROUTE "+ route_known-"},
    // Method
    {REQUEST("BREW /f", ""), 0, OUTCOME_method_unknown, TO_METHOD "-"},
    {REQUEST("DELETE /f", ""), ABSENT, OUTCOME_method_not_allowed, TO_METHOD "+ method_allowed-"},
    {REQUEST("TRACE /f", ""), 0, OUTCOME_method_not_allowed, TO_METHOD "+ method_allowed-"},
    {REQUEST("TRACE /f", ""), ALLOWS_TRACE, OUTCOME_trace_echoed,
     TO_METHOD "+ method_allowed+ is_trace+"},
    {REQUEST("OPTIONS /f", ""), ABSENT, OUTCOME_options_told,
     TO_METHOD "+ method_allowed+ is_trace- is_options+"},
    // Expectation, content
    {GET("Expect: a miracle\r\n"), 0, OUTCOME_expectation_unknown, TO_CONTENT "-"},
    {GET("Content-Length: 11\r\n"), 0, OUTCOME_content_too_large, TO_CONTENT "+ content_fits-"},
    {GET("Content-Length: 10\r\n"), CONTENT_BREAKS_OFF | ABSENT, OUTCOME_content_incomplete,
     TO_CONTENT "+ content_fits+ content_sound-"},
    // Existence, negotiation
    {GET(""), LOOKUP_FAILS, OUTCOME_read_failed, TO_LOOKUP "-"},
    {GET("If-Match: \"v0\"\r\n"), ABSENT, OUTCOME_not_found, TO_LOOKUP "+ exists-"},
    {GET(""), UNREADABLE, OUTCOME_not_readable, TO_LOOKUP "+ exists+ is_readable-"},
    {GET(""), FOLDER, OUTCOME_slash_missing, TO_LOOKUP "+ exists+ is_readable+ lacks_slash+"},
    {GET(""), UNOFFERED, OUTCOME_archive_unknown,
     TO_LOOKUP "+ exists+ is_readable+ lacks_slash- is_offered-"},
    {GET("If-Match: \"v0\"\r\n"), UNACCEPTABLE, OUTCOME_not_acceptable,
     TO_LOOKUP "+ exists+ is_readable+ lacks_slash- is_offered+ is_acceptable-"},
    // RFC 9110 §13.2.2, steps 1 and 2
    {GET("If-Match: v1\r\n"), 0, OUTCOME_entity_tag_malformed, TO_IF_MATCH "+ if_match_sound-"},
    {GET("If-Match: \"v0\"\r\nIf-None-Match: \"v1\"\r\n"), 0, OUTCOME_if_match_failed,
     TO_IF_MATCH "+ if_match_sound+ if_match_holds-"},
    {GET("If-Match: \"v0\", \"v1\"\r\nIf-Unmodified-Since: " BEFORE "\r\n"), 0, OUTCOME_ok,
     TO_IF_MATCH "+ if_match_sound+ if_match_holds+ has_if_none_match- has_if_modified_since- "
                 "has_range-"},
    {GET("If-Unmodified-Since: " BEFORE "\r\n"), 0, OUTCOME_if_unmodified_since_failed,
     TO_IF_MATCH "- has_if_unmodified_since+ unmodified_since-"},
    {GET("If-Unmodified-Since: " THEN "\r\n"), 0, OUTCOME_ok,
     TO_IF_MATCH "- has_if_unmodified_since+ unmodified_since+ has_if_none_match- "
                 "has_if_modified_since- has_range-"},
    {GET("If-Unmodified-Since: yesterday\r\n"), 0, OUTCOME_ok, TO_RANGE "-"},
    // Steps 3 and 4
    {GET("If-None-Match: v1\r\n"), 0, OUTCOME_entity_tag_malformed,
     TO_NONE_MATCH "+ if_none_match_sound-"},
    {GET("If-None-Match: W/\"v1\"\r\nRange: bytes=0-1\r\n"), 0, OUTCOME_not_modified,
     TO_NONE_MATCH "+ if_none_match_sound+ if_none_match_holds-"},
    {GET("If-None-Match: \"v0\"\r\nIf-Modified-Since: " THEN "\r\n"), 0, OUTCOME_ok,
     TO_NONE_MATCH "+ if_none_match_sound+ if_none_match_holds+ has_range-"},
    {GET("If-Modified-Since: " THEN "\r\n"), 0, OUTCOME_not_modified,
     TO_NONE_MATCH "- has_if_modified_since+ modified_since-"},
    {GET("If-Modified-Since: " BEFORE "\r\n"), 0, OUTCOME_ok,
     TO_NONE_MATCH "- has_if_modified_since+ modified_since+ has_range-"},
    // Step 5 and the range itself
    {GET("Range: bytes=0-1\r\n"), NO_RANGES, OUTCOME_ok, TO_RANGE "-"},
    {REQUEST("HEAD /f", "Range: bytes=0-1\r\n"), 0, OUTCOME_ok, TO_RANGE "-"},
    {GET("Range: bytes=0-1\r\nIf-Range: \"v0\"\r\n"), 0, OUTCOME_ok,
     TO_RANGE "+ has_if_range+ if_range_holds-"},
    {GET("Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n"), 0, OUTCOME_partial,
     TO_RANGE "+ has_if_range+ if_range_holds+ range_sound+ range_satisfiable+ range_single+"},
    {GET("Range: lines=0-1\r\n"), 0, OUTCOME_ok, TO_RANGE "+ has_if_range- range_sound-"},
    {GET("Range: bytes=100-\r\n"), 0, OUTCOME_range_not_satisfiable,
     TO_RANGE "+ has_if_range- range_sound+ range_satisfiable-"},
    {GET("Range: bytes=0-1\r\n"), 0, OUTCOME_partial,
     TO_RANGE "+ has_if_range- range_sound+ range_satisfiable+ range_single+"},
    {GET("Range: bytes=0-0,99-99\r\n"), 0, OUTCOME_partial_many,
     TO_RANGE "+ has_if_range- range_sound+ range_satisfiable+ range_single-"},
};

enum { GOLDEN = sizeof golden / sizeof *golden };

static bool seen[NODE_COUNT][2];

/* The walk under test: which facts were asked for, and whether they make it wait. */
struct walk {
    struct exchange x;
    unsigned state;
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
    if (fact == FACT_CONTENT) {
        if (w->state & CONTENT_BREAKS_OFF)
            exchange_set_cause(x, OUTCOME_content_incomplete, 1);
        return true;
    }
    assert_int_equal(fact, FACT_ROUTE);
    x->host_known = !(w->state & OTHER_HOST);
    x->resource = w->state & NO_ROUTE ? NULL : &resource;
    x->allowed = METHOD_BIT(METHOD_GET) | METHOD_BIT(METHOD_HEAD) | METHOD_BIT(METHOD_OPTIONS) |
                 (w->state & ALLOWS_TRACE ? METHOD_BIT(METHOD_TRACE) : 0);
    x->content_limit = 10;
    return true;
}

static bool fake_resource(struct exchange *x, enum fact fact)
{
    struct walk *w = x->carrier;

    assert_int_equal(fact, FACT_REPRESENTATION);
    if (!fact_arrives(w, fact))
        return false;
    if (w->state & LOOKUP_FAILS)
        exchange_set_cause(x, OUTCOME_read_failed, 0);
    x->representation = (struct representation){
        .exists = !(w->state & ABSENT),
        .readable = !(w->state & UNREADABLE),
        .lacks_slash = w->state & FOLDER,
        .lacks_form = w->state & UNOFFERED,
        .acceptable = !(w->state & UNACCEPTABLE),
        .has_ranges = !(w->state & NO_RANGES),
        .length = 100,
        .validators = {.exists = true,
                       .has_etag = true,
                       .etag = {.opaque = SPAN("v1")},
                       .has_last_modified = true,
                       .last_modified = MODIFIED},
    };
    return true;
}

static const struct resource_ops resource_ops = {.establish = fake_resource};
static struct resource resource = {.ops = &resource_ops};
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
    if (h1_read_head(&x->request, span_from_str(g->request), 0, &limits) <= 0)
        exchange_set_cause(x, x->request.violation.outcome, x->request.violation.offset);
    for (int steps = 0; !graph_walk(x); steps++)
        assert_true(w->waits && steps < 3); // a wait for each fact and no more
}

static void check(struct walk *w, const struct golden *g)
{
    struct buf trail = {0};

    walk_once(w, g);
    graph_write_trail(&trail, &w->x);
    buf_add_char(&trail, '\0');
    if (w->x.outcome != g->outcome || strcmp(trail.ptr, g->trail) != 0)
        fail_msg("%s\nin state %#x went\n  %s\nto %s, not\n  %s\nto %s", g->request, g->state,
                 trail.ptr, outcome_table[w->x.outcome].token.ptr, g->trail,
                 outcome_table[g->outcome].token.ptr);
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
