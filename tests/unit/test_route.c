// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "server/config/route.h"
#include "unit.h"

#include <stdio.h>

struct row {
    const char *host, *path;
};

static struct arena arena;

static int begin(void **state)
{
    (void)state;
    return arena_init(&arena, 4096);
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static int table_make(struct route_table *table, const struct row *rows, size_t count,
                      size_t twins[2])
{
    struct route *routes = arena_alloc(&arena, count * sizeof *routes);

    for (size_t i = 0; i < count; i++)
        routes[i] = (struct route){
            .host = span_from_str(rows[i].host), .path = span_from_str(rows[i].path), .number = i};
    return route_table_init(table, routes, count, &arena, twins);
}

static const struct row rows[] = {
    {"", "/"},                       // 0
    {"", "/team/"},                  // 1
    {"", "/team/drafts/"},           // 2
    {"", "/team.html"},              // 3
    {"", "/robots.txt"},             // 4
    {"example.org", "/"},            // 5
    {"example.org", "/a/b/c/"},      // 6
    {"other.example", "/only/"},     // 7
    {"", "/both"},                   // 8
    {"", "/both/"},                  // 9
    {"", "/team-x/"},                // 10
    {"", "/team/drafts/readme.txt"}, // 11
};

static void longest_path_at_segment_boundaries_wins(void **state)
{
    static const struct {
        const char *host, *path;
        int number; // -1: none
        const char *rest;
    } cases[] = {
        {"", "/", 0, "/"},
        {"", "/x/y", 0, "/x/y"},
        {"", "/team/", 1, "/"},
        {"", "/team/x", 1, "/x"},
        {"", "/team", 1, ""}, // so that the resource can tell that the slash is missing
        {"", "/teamwork", 0, "/teamwork"},
        {"", "/team-", 0, "/team-"},
        {"", "/team-x", 10, ""},
        {"", "/team-x/1", 10, "/1"},
        {"", "/team/drafts", 2, ""},
        {"", "/team/drafts/", 2, "/"},
        {"", "/team/drafts/a/b", 2, "/a/b"},
        {"", "/team/draftsman", 1, "/draftsman"},
        {"", "/team/drafts/readme.txt", 11, "/readme.txt"},
        {"", "/team/drafts/readme.txt/", 2, "/readme.txt/"},
        {"", "/team/drafts/readme.txt2", 2, "/readme.txt2"},
        {"", "/team.html", 3, "/team.html"},
        {"", "/team.html/x", 0, "/team.html/x"}, // a whole path holds nothing below it
        {"", "/team.htm", 0, "/team.htm"},
        {"", "/robots.txt", 4, "/robots.txt"},
        {"", "/Robots.txt", 0, "/Robots.txt"},
        {"", "/both", 8, "/both"},
        {"", "/both/", 9, "/"},
        {"", "/both/1", 9, "/1"},
        {"", "/\xff", 0, "/\xff"},
        {"unknown.example", "/team/x", 1, "/x"},
    };
    struct route_table table;
    size_t twins[2];

    (void)state;
    assert_int_equal(table_make(&table, rows, sizeof rows / sizeof *rows, twins), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool known = false;
        struct span path = span_from_str(cases[i].path);
        const struct route *found =
            route_find_in(&table, span_from_str(cases[i].host), path, &known);

        assert_true(known);
        assert_non_null(found);
        assert_int_equal(found->number, cases[i].number);
        assert_true(span_eq(route_rest(found, path), span_from_str(cases[i].rest)));
    }
}

static void a_route_of_the_host_goes_before_a_longer_general_one(void **state)
{
    struct route_table table;
    size_t twins[2];
    bool known;

    (void)state;
    assert_int_equal(table_make(&table, rows, sizeof rows / sizeof *rows, twins), 0);
    assert_int_equal(
        route_find_in(&table, SPAN("example.org"), SPAN("/team/drafts/x"), &known)->number, 5);
    assert_int_equal(route_find_in(&table, SPAN("EXAMPLE.org"), SPAN("/a/b/c/d"), &known)->number,
                     6);
    assert_int_equal(route_find_in(&table, SPAN("other.example"), SPAN("/only/1"), &known)->number,
                     7);
    // None of that host has the path: the general ones.
    assert_int_equal(route_find_in(&table, SPAN("other.example"), SPAN("/team/1"), &known)->number,
                     1);
}

static void a_host_without_any_route_is_unknown(void **state)
{
    static const struct row named[] = {{"b.example", "/x/"}, {"a.example", "/"}};
    struct route_table table;
    size_t twins[2];
    bool known = true;

    (void)state;
    assert_int_equal(table_make(&table, named, 2, twins), 0);
    assert_null(route_find_in(&table, SPAN("c.example"), SPAN("/"), &known));
    assert_false(known);
    known = true;
    assert_null(route_find_in(&table, SPAN(""), SPAN("/"), &known));
    assert_false(known);
    assert_null(route_find_in(&table, SPAN("B.example"), SPAN("/"), &known));
    assert_true(known);
    assert_non_null(route_find_in(&table, SPAN("A.EXAMPLE"), SPAN("/"), &known));
}

static void twins_are_refused_and_named(void **state)
{
    static const struct row twice[] = {
        {"", "/a/"}, {"h", "/a/"}, {"", "/b/"}, {"h", "/b/"}, {"h", "/a/"}};
    struct route_table table;
    size_t twins[2] = {9, 9};

    (void)state;
    assert_int_equal(table_make(&table, twice, 5, twins), -CANDOR_E_CONFIG);
    assert_int_equal(twins[0], 1);
    assert_int_equal(twins[1], 4);
}

/* The rule itself, by trying every route. */
static const struct route *find_slowly(const struct route_table *table, struct span path)
{
    const struct route *best = NULL;

    for (size_t i = 0; i < table->count; i++) {
        const struct route *r = &table->routes[i];
        struct span folder = span_first(r->path, r->path.len - 1);
        bool fits = span_ends(r->path, SPAN("/"))
                        ? span_starts(path, r->path) || span_eq(path, folder)
                        : span_eq(path, r->path);

        if (!fits)
            continue;
        if (span_eq(r->path, path))
            return r;
        if (!best || r->path.len > best->path.len)
            best = r;
    }
    return best;
}

static void the_table_finds_what_a_full_search_finds(void **state)
{
    static const char alphabet[] = {'/', 'a', '-', 'b'};
    char texts[600][8];
    struct row many[600];
    size_t count = 0, twins[2];
    struct route_table table;

    (void)state;
    // Every path of up to five letters over a small alphabet; a third of them are routes.
    for (unsigned code = 0; code < 1024 + 256 + 64 + 16; code++) {
        unsigned rest = code;
        size_t len = 1;

        if (code % 3)
            continue;
        texts[count][0] = '/';
        while (rest) {
            texts[count][len++] = alphabet[rest % 4];
            rest /= 4;
        }
        texts[count][len] = '\0';
        if (strstr(texts[count], "//"))
            continue;
        many[count] = (struct row){"", texts[count]};
        count++;
    }
    assert_int_equal(table_make(&table, many, count, twins), 0);
    for (unsigned code = 0; code < 65536; code++) {
        char path[16] = "/";
        unsigned rest = code;
        size_t len = 1;
        bool known;

        while (rest) {
            path[len++] = alphabet[rest % 4];
            rest /= 4;
        }
        assert_ptr_equal(route_find_in(&table, SPAN("h"), span_of(path, len), &known),
                         find_slowly(&table, span_of(path, len)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(longest_path_at_segment_boundaries_wins, begin, end),
        cmocka_unit_test_setup_teardown(a_route_of_the_host_goes_before_a_longer_general_one, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_host_without_any_route_is_unknown, begin, end),
        cmocka_unit_test_setup_teardown(twins_are_refused_and_named, begin, end),
        cmocka_unit_test_setup_teardown(the_table_finds_what_a_full_search_finds, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
