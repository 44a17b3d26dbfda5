// SPDX-License-Identifier: MIT
/* What a worker remembers of its answers to PROPFIND, and for how long. */
#include "unit.h"

#include "base/clock.h"
#include "base/limits.h"
#include "resource/dav/answer_cache.h"

#include <stdio.h>
#include <stdlib.h>

static struct answer_cache *cache;
static const struct answer_terms asked = {
    .key = SPAN_INIT("1 /folder/"), .changes = 7, .now = 100 * CLOCK_SECOND, .time = 1800000000};

static int set_up(void **state)
{
    (void)state;
    return answer_cache_new(&cache);
}

static int tear_down(void **state)
{
    (void)state;
    answer_cache_free(cache);
    return 0;
}

static bool knows(struct answer_terms terms)
{
    struct answer *a = answer_cache_find(cache, &terms);

    answer_unref(a);
    return a;
}

static bool put(struct span key, struct span content)
{
    struct answer_terms terms = asked;
    struct answer *a;

    terms.key = key;
    a = answer_cache_put(cache, &terms, content, SPAN(""));
    answer_unref(a);
    return a;
}

static void an_answer_comes_back_as_it_was(void **state)
{
    struct answer *made = answer_cache_put(cache, &asked, SPAN("rows"), SPAN("return=minimal"));
    struct answer *found = answer_cache_find(cache, &asked);

    (void)state;
    assert_ptr_equal(made, found);
    assert_true(span_eq(answer_content(found), SPAN("rows")));
    assert_true(span_eq(answer_applied(found), SPAN("return=minimal")));
    answer_unref(made);
    answer_unref(found);
}

static void another_question_has_another_answer(void **state)
{
    struct answer_terms terms = asked;

    (void)state;
    assert_true(put(asked.key, SPAN("rows")));
    terms.key = SPAN("0 /folder/");
    assert_false(knows(terms));
    terms.key = span_first(asked.key, asked.key.len - 1);
    assert_false(knows(terms));
    assert_true(knows(asked));
}

static void a_change_a_second_and_another_second_end_an_answer(void **state)
{
    struct answer_terms terms = asked;

    (void)state;
    assert_true(put(asked.key, SPAN("rows")));
    terms.now += LIMIT_FILES_FRESH * CLOCK_MS - 1;
    assert_true(knows(terms));
    terms.now++;
    assert_false(knows(terms));

    terms = asked;
    assert_true(put(asked.key, SPAN("rows")));
    terms.changes++;
    assert_false(knows(terms));

    terms = asked;
    assert_true(put(asked.key, SPAN("rows")));
    terms.time++; // what a lock has left is told in seconds
    assert_false(knows(terms));
}

static void the_least_recently_used_of_too_many_goes(void **state)
{
    struct answer_terms terms = asked;
    char key[16];

    (void)state;
    for (int i = 0; i <= LIMIT_ANSWERS; i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_true(put(span_from_str(key), SPAN("rows")));
        terms.key = SPAN("0");
        assert_true(knows(terms)); // and is used
    }
    terms.key = SPAN("1");
    assert_false(knows(terms));
    terms.key = SPAN("2");
    assert_true(knows(terms));
}

static void memory_is_bounded_with_what_is_sent_and_made(void **state)
{
    const size_t size = LIMIT_ANSWER / 2;
    struct answer *sent[LIMIT_ANSWERS_MEMORY / (LIMIT_ANSWER / 2)];
    size_t n = 0, reserved = 0;
    char *content = calloc(1, LIMIT_ANSWER);
    struct answer_terms terms = asked;
    char key[16];

    (void)state;
    assert_non_null(content);
    assert_false(put(asked.key, span_of(content, LIMIT_ANSWER))); // with its key it is too large
    for (int i = 0; i < 100; i++) { // nobody holds them: there is always room
        snprintf(key, sizeof key, "%d", i);
        assert_true(put(span_from_str(key), span_of(content, size)));
    }
    for (;; n++) { // somebody holds them: there is not
        snprintf(key, sizeof key, "held %zu", n);
        terms.key = span_from_str(key);
        assert_true(n <= sizeof sent / sizeof *sent);
        struct answer *a = answer_cache_put(cache, &terms, span_of(content, size), SPAN(""));

        if (!a)
            break;
        sent[n] = a;
    }
    assert_true((n + 1) * size >= LIMIT_ANSWERS_MEMORY - LIMIT_ANSWER);
    assert_false(answer_cache_reserve(cache));
    terms.key = SPAN("held 0"); // what is sent is not forgotten for want of room
    assert_true(knows(terms));
    while (n)
        answer_unref(sent[--n]);
    while (answer_cache_reserve(cache))
        reserved++;
    assert_int_equal(reserved, LIMIT_ANSWERS_MEMORY / LIMIT_ANSWER);
    assert_false(knows(terms));
    assert_false(put(asked.key, SPAN("rows")));
    while (reserved--)
        answer_cache_give_back(cache);
    assert_true(put(asked.key, SPAN("rows")));
    free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_comes_back_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_question_has_another_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_a_second_and_another_second_end_an_answer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_least_recently_used_of_too_many_goes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(memory_is_bounded_with_what_is_sent_and_made, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
