// SPDX-License-Identifier: MIT
/* Responses for which there is no memory: none says less than the truth. */
#include "unit.h"

#include "server/session/respond.h"

static struct exchange x;
static const struct config config;

static void add_location(struct exchange *made)
{
    exchange_add_field(made, SPAN("Location"), SPAN("/there"));
}

static const struct resource_ops ops = {.respond = add_location};
static struct resource resource = {.ops = &ops};

static int setup(void **state)
{
    (void)state;
    if (arena_init(&x.arena, 4096) < 0)
        return -1;
    exchange_reset(&x);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&x.arena);
    return 0;
}

/* From now on the arena has so many bytes and no more. */
static void leave(size_t bytes)
{
    arena_alloc(&x.arena, (size_t)(x.arena.end - x.arena.at) - bytes);
    x.arena.most = 0;
}

static void assert_field(const char *name, const char *value)
{
    const struct response_field *f = x.response.fields;

    while (f && !span_eq(f->name, span_from_str(name)))
        f = f->next;
    assert_int_equal(f != NULL, value != NULL);
    assert_true(!f || span_eq(f->value, span_from_str(value)));
}

static void assert_response(enum outcome outcome, const char *retry_after)
{
    assert_int_equal(x.outcome, outcome);
    assert_false(x.response.failed);
    assert_true(x.response.has_length);
    assert_int_equal(x.response.length, 0);
    assert_field("Cache-Control", "no-store");
    assert_field("Retry-After", retry_after);
    assert_field("Location", NULL);
    assert_field("Allow", NULL);
}

static void begin(enum method method, enum outcome outcome)
{
    x.request.method = method;
    x.outcome = outcome;
    x.routing.resource = &resource;
}

static void what_has_memory_is_told(void **state)
{
    (void)state;
    begin(METHOD_PUT, OUTCOME_created);
    x.walk.known = FACT_BIT(FACT_effect);
    respond(&x, &config, NULL);
    assert_int_equal(x.outcome, OUTCOME_created);
    assert_field("Location", "/there");
}

static void nothing_was_done_and_it_can_be_asked_again(void **state)
{
    (void)state;
    begin(METHOD_GET, OUTCOME_ok);
    leave(0);
    respond(&x, &config, NULL);
    assert_response(OUTCOME_resources_exhausted, "1");
}

static void what_was_done_is_not_told_as_if_it_had_not_been(void **state)
{
    (void)state;
    begin(METHOD_PUT, OUTCOME_created);
    x.walk.known = FACT_BIT(FACT_effect);
    leave(0);
    respond(&x, &config, NULL);
    assert_response(OUTCOME_done_untold, NULL);
}

static void a_safe_method_has_changed_nothing(void **state)
{
    (void)state;
    begin(METHOD_PROPFIND, OUTCOME_ok);
    x.walk.known = FACT_BIT(FACT_effect);
    leave(0);
    respond(&x, &config, NULL);
    assert_response(OUTCOME_resources_exhausted, "1");
}

/* RFC 9110 §9.3.7: an Allow without methods would say that there are none. */
static void the_methods_on_offer_are_told_or_nothing_is(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 64; bytes += 16) {
        exchange_reset(&x);
        x.arena.most = SIZE_MAX;
        begin(METHOD_OPTIONS, OUTCOME_options_told);
        x.routing.resource = NULL;
        x.routing.allowed = METHOD_BIT(METHOD_GET) | METHOD_BIT(METHOD_HEAD);
        leave(bytes);
        respond(&x, &config, NULL);
        if (bytes < 16 + sizeof(struct response_field))
            assert_response(OUTCOME_resources_exhausted, "1");
        else
            assert_field("Allow", "GET, HEAD");
    }
}

/* Its status says enough. */
static void an_error_does_without_its_page(void **state)
{
    (void)state;
    begin(METHOD_GET, OUTCOME_not_found);
    x.routing.resource = NULL;
    leave(4 * sizeof(struct response_field));
    respond(&x, &config, NULL);
    assert_int_equal(x.outcome, OUTCOME_not_found);
    assert_int_equal(x.response.body.len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_has_memory_is_told),
        TEST(nothing_was_done_and_it_can_be_asked_again),
        TEST(what_was_done_is_not_told_as_if_it_had_not_been),
        TEST(a_safe_method_has_changed_nothing),
        TEST(the_methods_on_offer_are_told_or_nothing_is),
        TEST(an_error_does_without_its_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
