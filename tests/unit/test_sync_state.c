// SPDX-License-Identifier: MIT
#include "resource/dav/sync_state.h"

#include "base/error.h"
#include "unit.h"

#include <stdio.h>

static struct arena arena;

/* Members by one letter each, the name, and one for the tag: "a1 b1". */
static size_t members_of(const char *text, struct sync_member *members)
{
    size_t count = 0;

    for (; *text; text += text[2] ? 3 : 2) {
        members[count] = (struct sync_member){.path = span_of(text, 1)};
        memset(members[count].tag, text[1], sizeof members[count].tag);
        count++;
    }
    return count;
}

static bool update(struct sync_state *s, const char *text, uint64_t now)
{
    struct sync_member found[16];
    bool changed;

    assert_int_equal(sync_state_update(s, found, members_of(text, found), now, &arena, &changed),
                     0);
    return changed;
}

/* "b -a +": b has changed, a has gone, and there is more. */
static const char *told(const struct sync_state *s, const struct sync_token *token, size_t most,
                        struct sync_token *ret_token)
{
    static char text[64];
    struct sync_changes c;
    size_t at = 0;

    text[0] = '\0';
    assert_int_equal(sync_state_changes(s, token, most, &arena, &c), 0);
    for (size_t i = 0; i < c.count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s%.*s", i ? " " : "",
                               c.members[i]->flags & SYNC_GONE ? "-" : "",
                               SPAN_ARG(c.members[i]->path));
    if (c.cut)
        snprintf(text + at, sizeof text - at, " +");
    if (ret_token)
        *ret_token = c.token;
    return text;
}

static void what_has_changed_since_a_token_is_told(void **state)
{
    struct sync_state s = {.identity = 7};
    struct sync_token first, second;

    (void)state;
    assert_true(update(&s, "b1 a1", 1000));
    assert_string_equal(told(&s, NULL, 9, &first), "a b");
    assert_false(update(&s, "a1 b1", 2000));
    assert_string_equal(told(&s, &first, 9, NULL), "");
    assert_true(update(&s, "b2 c1", 500)); // the clock was set back
    assert_string_equal(told(&s, &first, 9, &second), "-a b c");
    assert_true(second.base > first.base);
    assert_string_equal(told(&s, NULL, 9, NULL), "b c");
    assert_true(update(&s, "a1 b2 c1", 3000));
    assert_string_equal(told(&s, &first, 9, NULL), "b c a");
    assert_string_equal(told(&s, &second, 9, NULL), "a");
    assert_true(sync_state_knows(&s, &first) && sync_state_knows(&s, &second));
}

static void nothing_is_a_state_as_well(void **state)
{
    struct sync_state s = {.identity = 7};
    struct sync_token token;

    (void)state;
    assert_true(update(&s, "", 1000));
    assert_string_equal(told(&s, NULL, 9, &token), "");
    assert_true(token.base > 0 && sync_state_knows(&s, &token));
    assert_false(update(&s, "", 2000));
}

// RFC 6578 §3.6
static void an_answer_that_was_cut_goes_on_where_it_ended(void **state)
{
    struct sync_state s = {.identity = 7};
    struct sync_token token, begun;

    (void)state;
    update(&s, "a1 b1 c1 d1 x1", 1000);
    told(&s, NULL, 9, &begun);
    update(&s, "a1 b1 c1 d1", 2000);
    assert_string_equal(told(&s, NULL, 2, &token), "a b +");
    assert_true(sync_state_knows(&s, &token));
    assert_string_equal(told(&s, &token, 9, NULL), "c d"); // and not that x has gone
    update(&s, "a1 c2 d1", 3000);
    assert_true(sync_state_knows(&s, &token));
    assert_string_equal(told(&s, &token, 1, &token), "d +");
    assert_string_equal(told(&s, &token, 1, &token), "-b +");
    assert_string_equal(told(&s, &token, 1, &token), "c");
    assert_int_equal(token.base, s.version);
    assert_string_equal(told(&s, &begun, 1, &token), "-x +");
    assert_string_equal(told(&s, &token, 9, NULL), "-b c");
}

static void the_oldest_tokens_are_forgotten_with_what_only_they_need(void **state)
{
    struct sync_state s = {.identity = 7};
    struct sync_token tokens[LIMIT_SYNC_TOKENS + 3], partial;

    (void)state;
    update(&s, "a1 b1 c1", 1000);
    told(&s, NULL, 9, &tokens[0]);
    update(&s, "", 2000); // a, b and c have gone
    told(&s, &tokens[0], 9, &tokens[1]);
    told(&s, &tokens[0], 1, &partial);
    assert_true(sync_state_knows(&s, &partial));
    for (size_t i = 2; i < sizeof tokens / sizeof *tokens; i++) {
        update(&s, i % 2 ? "x1" : "x2", 1000 * (i + 1));
        told(&s, &tokens[i - 1], 9, &tokens[i]);
        if (i == LIMIT_SYNC_TOKENS) {
            assert_false(sync_state_knows(&s, &tokens[0]));
            assert_true(sync_state_knows(&s, &tokens[1]));
            // Its base is known still, but what had gone before that is forgotten.
            assert_false(sync_state_knows(&s, &partial));
            assert_int_equal(s.count, 1);
        }
    }
    assert_int_equal(s.base_count, LIMIT_SYNC_TOKENS);
    assert_false(sync_state_knows(&s, &tokens[2]));
    assert_string_equal(told(&s, &tokens[3], 9, NULL), "x");
}

static void a_token_of_another_memory_is_not_known(void **state)
{
    struct sync_state s = {.identity = 7};
    struct sync_token token;

    (void)state;
    update(&s, "a1", 1000);
    told(&s, NULL, 9, &token);
    for (int i = 0; i < 4; i++) {
        struct sync_token other = token;

        other.identity += i == 0;
        other.base += i == 1 ? 1 : 0;
        other.at += i == 2;
        other.gone += i == 3;
        assert_false(sync_state_knows(&s, &other));
    }
    token.gone = s.bases[0] - 1;
    assert_false(sync_state_knows(&s, &token));
}

static void tokens_are_uris_and_read_back(void **state)
{
    static const char *const others[] = {"",
                                         "data:,candor-sync-",
                                         "data:,candor-sync-1",
                                         "data:,candor-sync-1-",
                                         "x",
                                         "data:,candor-sync-1-2-3",
                                         "data:,candor-sync-1-2-3-4-5",
                                         "data:,candor-sync-1-2-3-",
                                         "data:,candor-sync-1-G",
                                         "data:,candor-sync-1-00000000000000001",
                                         "data:,candor-sync-1-A"};
    struct sync_token whole = {UINT64_MAX, 0x123, 0x123, 0x123}, cut = {1, 5, 3, 4}, back;
    struct buf b = {0};

    (void)state;
    sync_token_write(&b, &whole);
    assert_true(span_eq(buf_span(&b), SPAN("data:,candor-sync-ffffffffffffffff-123")));
    assert_true(sync_token_read(buf_span(&b), &back));
    assert_memory_equal(&back, &whole, sizeof whole);
    buf_clear(&b);
    sync_token_write(&b, &cut);
    assert_true(span_eq(buf_span(&b), SPAN("data:,candor-sync-0000000000000001-5-3-4")));
    assert_true(sync_token_read(buf_span(&b), &back));
    assert_memory_equal(&back, &cut, sizeof cut);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(sync_token_read(span_from_str(others[i]), &back));
    buf_done(&b);
}

static void what_is_written_reads_back_and_nothing_else_is_taken_for_it(void **state)
{
    struct sync_state s = {.identity = UINT64_C(0x8877665544332211)}, back;
    struct buf b = {0}, again = {0};

    (void)state;
    update(&s, "a1 b1 c1", 1000);
    update(&s, "a1 c2", 2000);
    sync_state_write(&b, &s);
    assert_int_equal(sync_state_read(&arena, buf_span(&b), &back), 0);
    sync_state_write(&again, &back);
    assert_true(span_eq(buf_span(&b), buf_span(&again)));
    assert_string_equal(
        told(&back, &(struct sync_token){s.identity, s.bases[0], s.bases[0], s.bases[0]}, 9, NULL),
        "-b c");
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(sync_state_read(&arena, span_of(b.ptr, n), &back), -CANDOR_E_SYNTAX);
    buf_add_char(&b, 'x');
    assert_int_equal(sync_state_read(&arena, buf_span(&b), &back), -CANDOR_E_SYNTAX);
    for (size_t i = 17; i < 33; i++) { // how many there are
        buf_clear(&b);
        buf_add(&b, buf_span(&again));
        b.ptr[i] = '\xff';
        assert_int_equal(sync_state_read(&arena, buf_span(&b), &back), -CANDOR_E_SYNTAX);
    }
    buf_done(&b);
    buf_done(&again);
}

/* So many members with names of 4,000 octets, those from `first` on. */
static size_t long_members(struct sync_member *members, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *name = arena_alloc(&arena, 4000);

        assert_non_null(name);
        memset(name, 'x', 4000);
        snprintf(name, 20, "%08zu", first + i);
        name[8] = 'x';
        members[i] = (struct sync_member){.path = span_of(name, 4000)};
    }
    return count;
}

static void what_grows_too_large_forgets_tokens_and_then_is_refused(void **state)
{
    enum { ALL = LIMIT_SYNC_STATE / 4027 };
    static struct sync_member members[ALL + 1];
    struct sync_state s = {.identity = 7};
    struct sync_token first, second;
    struct buf b = {0};
    bool changed;

    (void)state;
    assert_int_equal(
        sync_state_update(&s, members, long_members(members, 0, ALL / 2), 1000, &arena, &changed),
        0);
    first = sync_state_token(&s);
    assert_int_equal(sync_state_update(&s, members, long_members(members, ALL, ALL / 2 - 2), 2000,
                                       &arena, &changed),
                     0);
    second = sync_state_token(&s);
    assert_true(sync_state_knows(&s, &first) && sync_state_knows(&s, &second));
    assert_int_equal(sync_state_update(&s, members, long_members(members, ALL, ALL / 2 + 2), 3000,
                                       &arena, &changed),
                     0);
    assert_false(sync_state_knows(&s, &first));
    assert_true(sync_state_knows(&s, &second));
    sync_state_write(&b, &s);
    assert_true(!b.failed && b.len <= LIMIT_SYNC_STATE);
    assert_int_equal(
        sync_state_update(&s, members, long_members(members, ALL, ALL + 1), 4000, &arena, &changed),
        -CANDOR_E_LIMIT);
    buf_done(&b);
}

static int set_up(void **state)
{
    (void)state;
    return arena_init(&arena, 4096);
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_has_changed_since_a_token_is_told),
        TEST(nothing_is_a_state_as_well),
        TEST(an_answer_that_was_cut_goes_on_where_it_ended),
        TEST(the_oldest_tokens_are_forgotten_with_what_only_they_need),
        TEST(a_token_of_another_memory_is_not_known),
        TEST(tokens_are_uris_and_read_back),
        TEST(what_is_written_reads_back_and_nothing_else_is_taken_for_it),
        TEST(what_grows_too_large_forgets_tokens_and_then_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
