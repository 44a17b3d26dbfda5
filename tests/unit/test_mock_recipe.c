// SPDX-License-Identifier: MIT
#include "resource/mock/recipe.h"

#include "base/buf.h"
#include "base/clock.h"
#include "registry/status.h"
#include "unit.h"

static struct mock_recipe recipe;
static struct mock_complaint complaint;
static char room[4096];

static bool parse(const char *address)
{
    struct span query = span_from_str(address), path = span_take_until(&query, '?');

    memset(room, '!', sizeof room); // nothing of it is read before it is written
    return mock_recipe_parse(path, query, room, &recipe, &complaint);
}

static void understood(const char *address)
{
    if (!parse(address))
        fail_msg("%s: %s", address, complaint.text);
}

static void paths_have_their_arguments(void **state)
{
    (void)state;
    understood("");
    assert_int_equal(recipe.path, MOCK_home);
    understood("status/503");
    assert_int_equal(recipe.path, MOCK_status);
    assert_int_equal(recipe.choices[0].code, 503);
    understood("status/200:9,503");
    assert_int_equal(recipe.choice_count, 2);
    assert_int_equal(recipe.choices[0].weight, 9);
    assert_int_equal(recipe.choices[1].weight, 1);
    understood("drip");
    assert_int_equal(recipe.size, 10);
    assert_int_equal(recipe.time, 2000 * CLOCK_MS);
    understood("drip/1k/500ms");
    assert_int_equal(recipe.size, 1024);
    assert_int_equal(recipe.time, 500 * CLOCK_MS);
    understood("basic-auth/ann/s3cret/");
    assert_true(span_eq(recipe.first, SPAN("ann")) && span_eq(recipe.second, SPAN("s3cret")));
    understood("bearer");
    assert_null(recipe.first.ptr);
    understood("anything/a/b/c");
    understood("etag/v1");
    understood("cache/1m");
    assert_int_equal(recipe.time, 60000 * CLOCK_MS);
    understood("redirect/1000");
}

static void each_status_of_the_registry_can_be_asked_for(void **state)
{
    char address[32];

    (void)state;
    for (int code = 0; code <= 999; code++) {
        snprintf(address, sizeof address, "status/%d", code);
        if (parse(address) != (status_from_code(code) != NULL))
            fail_msg("%d", code);
    }
}

static void the_query_composes(void **state)
{
    (void)state;
    understood(
        "status/429?delay=200ms&retry-after=3&body=1k&rate=10k&chance=0.1&seed=7&close=reset");
    assert_int_equal(recipe.delay, 200 * CLOCK_MS);
    assert_int_equal(recipe.retry_after, 3);
    assert_int_equal(recipe.body, 1024);
    assert_int_equal(recipe.rate, 10240);
    assert_int_equal(recipe.chance, MOCK_CERTAIN / 10);
    assert_int_equal(recipe.seed, 7);
    assert_int_equal(recipe.fault.fault, FAULT_reset);
    assert_true(recipe.fault.at == FAULT_AT_NATURAL);
    understood("bytes/10?fault=body-close&at=100&text=a%20b%0Ac&type=text/csv&chunked=1&turn=5");
    assert_int_equal(recipe.fault.fault, FAULT_body_close);
    assert_int_equal(recipe.fault.at, 100);
    assert_true(span_eq(recipe.text, SPAN("a b\nc")));
    assert_true(span_eq(recipe.type, SPAN("text/csv")));
    assert_true(mock_has(&recipe, MOCK_KEY_chunked) && recipe.turn == 5);
    understood("status/200?interim=103:3&interim=102&field=A:b&field=C:%20d&trailer=E:");
    assert_int_equal(recipe.interim_count, 2);
    assert_int_equal(recipe.interims[0].count, 3);
    assert_int_equal(recipe.field_count, 2);
    assert_true(span_eq(recipe.fields[1].name, SPAN("C")));
    assert_true(span_eq(recipe.fields[1].value, SPAN("d")));
    assert_int_equal(recipe.trailer_count, 1);
    understood("anything?whatever=1&else&&");
    understood("redirect/2?to=/elsewhere?x");
    assert_true(span_eq(recipe.to, SPAN("/elsewhere?x")));
}

static void times_and_chances_have_fractions(void **state)
{
    (void)state;
    understood("delay/1.5");
    assert_int_equal(recipe.delay, 1500 * CLOCK_MS);
    understood("delay/0.25s");
    assert_int_equal(recipe.delay, 250 * CLOCK_MS);
    understood("delay/10m");
    assert_int_equal(recipe.delay, (int64_t)LIMIT_MOCK_DELAY * CLOCK_MS);
    understood("delay/0.5ms");
    assert_int_equal(recipe.delay, CLOCK_MS / 2);
    understood("status/200?chance=25%25");
    assert_int_equal(recipe.chance, MOCK_CERTAIN / 4);
    understood("status/200?chance=1");
    assert_int_equal(recipe.chance, MOCK_CERTAIN);
}

static void what_is_not_in_the_grammar_is_told_with_its_place(void **state)
{
    static const struct {
        const char *address;
        bool is_unknown, is_in_query;
        size_t offset;
        const char *says;
    } cases[] = {
        {"nope", true, false, 0, "\"nope\""},
        {"status", true, false, 0, "more or fewer segments"},
        {"status/", true, false, 0, "more or fewer segments"},
        {"status/200/x", true, false, 0, "more or fewer segments"},
        {"basic-auth/ann", true, false, 0, "more or fewer segments"},
        {"status/099", false, false, 7, "status of IANA's registry"},
        {"status/200:0", false, false, 7, "weight"},
        {"status/200:1000001", false, false, 7, "weight"},
        {"status/200,", false, true, 0, NULL}, // a comma at the end is nothing
        {"delay/11m", false, false, 6, "at most 10 minutes"},
        {"delay/-1s", false, false, 6, "a time"},
        {"delay/1.s", false, false, 6, "a time"},
        {"bytes/2G", false, false, 6, "at most 1G"},
        {"bytes/1.5k", false, false, 6, "a size"},
        {"redirect/0", false, false, 9, "from 1 to 1000"},
        {"redirect/1001", false, false, 9, "from 1 to 1000"},
        {"stream/1000001", false, false, 7, "from 1 to 1000000"},
        {"etag/a\"b", false, false, 5, "entity tag"},
        {"status/200?x=1", false, true, 0, "\"x\" is unknown"},
        {"status/200?seed=1&seed=2", false, true, 7, "comes twice"},
        {"status/200?close=body&fault=reset", false, true, 11, "besides another"},
        {"status/200?delay=%zz", false, true, 0, "two digits"},
        {"status/200?text=%4", false, true, 0, "two digits"},
        {"status/200?delay=soon", false, true, 6, "a time"},
        {"status/200?chance=1.1", false, true, 7, "a chance"},
        {"status/200?chance=101%25", false, true, 7, "a chance"},
        {"status/200?rate=0", false, true, 5, "bytes in a second"},
        {"status/200?field=a%0Ab:c", false, true, 6, "the name of a field"},
        {"status/200?field=a:b%0D%0AContent-Length:%200", false, true, 6, "without line ends"},
        {"status/200?field=Content-Length:3", false, true, 6, "framing"},
        {"status/200?field=Transfer-Encoding:chunked", false, true, 6, "framing"},
        {"status/200?field=Connection:close", false, true, 6, "framing"},
        {"status/200?trailer=Content-Length:3", false, true, 8, "framing"},
        {"status/200?type=a%00b", false, true, 5, "control"},
        {"status/200?interim=101", false, true, 8, "other than 101"},
        {"status/200?interim=200", false, true, 8, "interim status"},
        {"status/200?interim=103:101", false, true, 8, "100 times"},
        {"status/200?interim=103:60&interim=102:41", false, true, 23, "100 interim"},
        {"status/200?fault=lightning", false, true, 6, "name of a fault"},
        {"status/200?close=never", false, true, 6, "before, head, body"},
        {"redirect/1?to=//elsewhere/", false, true, 3, "single slash"},
        {"redirect/1?to=http://elsewhere/", false, true, 3, "single slash"},
        {"redirect/1?to=/%5Celsewhere/", false, true, 3, "single slash"},
        {"redirect/1?to=/a%0D%0Ab", false, true, 3, "single slash"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (parse(cases[i].address) != !cases[i].says)
            fail_msg("%s: %s", cases[i].address, complaint.text);
        if (!cases[i].says)
            continue;
        if (!strstr(complaint.text, cases[i].says) || complaint.offset != cases[i].offset ||
            complaint.is_unknown != cases[i].is_unknown ||
            complaint.is_in_query != cases[i].is_in_query)
            fail_msg("%s: %zu: %s", cases[i].address, complaint.offset, complaint.text);
    }
}

/* `count` pairs of that query. */
static bool takes(const char *pair, int count)
{
    char address[2048] = "status/200?";

    for (int i = 0; i < count; i++)
        snprintf(address + strlen(address), sizeof address - strlen(address), "%s&", pair);
    return parse(address);
}

static void lists_have_a_limit(void **state)
{
    struct buf address = {0};

    (void)state;
    assert_true(takes("field=a:b", LIMIT_MOCK_FIELDS));
    assert_false(takes("field=a:b", LIMIT_MOCK_FIELDS + 1));
    assert_true(takes("trailer=a:b", LIMIT_MOCK_FIELDS));
    assert_false(takes("trailer=a:b", LIMIT_MOCK_FIELDS + 1));
    assert_true(takes("interim=103", LIMIT_MOCK_INTERIMS));
    assert_false(takes("interim=103", LIMIT_MOCK_INTERIMS + 1));
    assert_true(takes("interim=103:100", LIMIT_MOCK_INTERIM_COUNT / 100));
    buf_add(&address, SPAN("status/200"));
    for (int i = 1; i < LIMIT_MOCK_CHOICES; i++)
        buf_add(&address, SPAN(",503"));
    assert_true(mock_recipe_parse(buf_span(&address), SPAN(""), room, &recipe, &complaint));
    buf_add(&address, SPAN(",503"));
    assert_false(mock_recipe_parse(buf_span(&address), SPAN(""), room, &recipe, &complaint));
    buf_done(&address);
    assert_true(parse("redirect/1000"));
    assert_int_equal(recipe.count, LIMIT_MOCK_REDIRECTS);
    assert_true(parse("stream/1000000"));
    assert_int_equal(recipe.count, LIMIT_MOCK_COUNT);
    assert_true(parse("bytes/1G"));
    assert_int_equal(recipe.size, LIMIT_MOCK_BODY);
}

static void each_example_of_the_page_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOCK_PATHS; i++) {
        understood(mock_paths[i].example.ptr);
        assert_int_equal(recipe.path, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_have_their_arguments),
        cmocka_unit_test(each_status_of_the_registry_can_be_asked_for),
        cmocka_unit_test(the_query_composes),
        cmocka_unit_test(times_and_chances_have_fractions),
        cmocka_unit_test(what_is_not_in_the_grammar_is_told_with_its_place),
        cmocka_unit_test(lists_have_a_limit),
        cmocka_unit_test(each_example_of_the_page_is_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
