// SPDX-License-Identifier: MIT
#include "resource/files/cache_control.h"

#include "unit.h"

#include <stdlib.h>

static bool matches(const char *pattern, const char *path)
{
    const struct cache_rule rule = {.match = span_from_str(pattern)};

    return cache_rule_matches(&rule, span_from_str(path));
}

static void pattern_without_a_slash_is_of_names(void **state)
{
    (void)state;
    assert_true(matches("*.js", "app.js"));
    assert_true(matches("*.js", "deep/er/app.min.js"));
    assert_true(matches("*.js", "deep/.js"));
    assert_false(matches("*.js", "app.js/readme"));
    assert_false(matches("*.js", "app.jsx"));
    assert_false(matches("*.js", "app.JS"));
    assert_true(matches("app.*.js", "assets/app.0f3a.js"));
    assert_false(matches("app.*.js", "assets/app.js"));
    assert_true(matches("robots.txt", "robots.txt"));
    assert_true(matches("robots.txt", "a/robots.txt"));
    assert_false(matches("robots.txt", "a/robots.txt2"));
    assert_false(matches("robots.txt", "robots.tx"));
    assert_true(matches("*", ""));
    assert_true(matches("*", "a/b"));
    assert_true(matches("a?[b]", "a?[b]"));
    assert_false(matches("a?[b]", "axb"));
}

static void pattern_with_a_slash_is_of_paths(void **state)
{
    (void)state;
    assert_true(matches("/assets/*", "assets/a"));
    assert_true(matches("/assets/*", "assets/deep/er/a.js"));
    assert_false(matches("/assets/*", "other/assets/a"));
    assert_false(matches("/assets/*", "assets"));
    assert_true(matches("/assets/", "assets/deep/er/a.js"));
    assert_false(matches("/assets/", "assets2/a"));
    assert_false(matches("/assets", "assets/a"));
    assert_true(matches("/", "a"));
    assert_true(matches("/", "a/b"));
    assert_true(matches("/*/img/", "a/b/img/c.png"));
    assert_false(matches("/*/img/", "a/b/img"));
    assert_true(matches("/*.png", "deep/a.png"));
    assert_true(matches("/index.html", "index.html"));
    assert_false(matches("/index.html", "sub/index.html"));
}

/* Many stars, and text that nearly is of the pattern: each byte is looked at a few times only. */
static void pattern_of_stars_is_soon_decided(void **state)
{
    enum { STARS = 2000, BYTES = 4000 };
    char *pattern = malloc(2 * STARS + 2), *path = malloc(BYTES + 1);

    (void)state;
    for (int i = 0; i < STARS; i++)
        memcpy(pattern + 2 * i, "*a", 2);
    memcpy(pattern + 2 * STARS, "b", 2);
    memset(path, 'a', BYTES);
    path[BYTES] = '\0';
    assert_false(matches(pattern, path));
    path[BYTES - 1] = 'b';
    assert_true(matches(pattern, path));
    free(pattern);
    free(path);
}

static void assert_line(const struct option_list *rules, const char *path, const char *expected)
{
    struct buf b = {0};

    assert_int_equal(cache_control_add(&b, rules, span_from_str(path)), expected != NULL);
    assert_true(span_eq(buf_span(&b), span_from_str(expected ? expected : "")));
    buf_done(&b);
}

/* RFC 9111 §5.2.2, RFC 8246 §2 */
static void first_rule_that_matches_decides(void **state)
{
    struct cache_rule list[] = {
        {SPAN_INIT("own.js"), {.kind = CACHING_ASKED}},
        {SPAN_INIT("*.js"), {.kind = CACHING_FOR, .milliseconds = 3600000}},
        {SPAN_INIT("*.png"), {.kind = CACHING_IMMUTABLE}},
        {SPAN_INIT("*.key"), {.kind = CACHING_NEVER}},
        {SPAN_INIT("/proxied/"), {.kind = CACHING_UNSAID}},
        {SPAN_INIT("/proxied/*"), {.kind = CACHING_NEVER}},
    };
    const struct option_list rules = {list, sizeof list / sizeof *list}, none = {0};

    (void)state;
    assert_line(&rules, "own.js", "Cache-Control: no-cache\r\n");
    assert_line(&rules, "a/b.js", "Cache-Control: max-age=3600\r\n");
    assert_line(&rules, "proxied/b.js", "Cache-Control: max-age=3600\r\n");
    assert_line(&rules, "b.png", "Cache-Control: max-age=31536000, immutable\r\n");
    assert_line(&rules, "b.key", "Cache-Control: no-store\r\n");
    assert_line(&rules, "proxied/b", NULL);
    assert_line(&rules, "b", "Cache-Control: no-cache\r\n");
    assert_line(&none, "b.js", "Cache-Control: no-cache\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern_without_a_slash_is_of_names),
        cmocka_unit_test(pattern_with_a_slash_is_of_paths),
        cmocka_unit_test(pattern_of_stars_is_soon_decided),
        cmocka_unit_test(first_rule_that_matches_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
