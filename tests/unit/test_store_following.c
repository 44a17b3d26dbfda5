// SPDX-License-Identifier: MIT
/* Rows that follow their names, in bounded transactions. */
#include "store_unit.h"

enum { MANY = 2 * LIMIT_FOLLOWING_ROWS + 500, PER_PATH = 10 };

static void set_many(struct fixture *f, const char *folder, size_t count, struct span value)
{
    enum { TOGETHER = 500 };
    static char paths[TOGETHER][64], names[PER_PATH][16];
    static struct store_change changes[TOGETHER];

    for (size_t at = 0; at < count; at += TOGETHER) {
        size_t n = count - at < TOGETHER ? count - at : TOGETHER;

        for (size_t i = 0; i < n; i++) {
            snprintf(paths[i], sizeof paths[i], "%s/%06zu", folder, (at + i) / PER_PATH);
            snprintf(names[i % PER_PATH], sizeof names[0], "n%zu", i % PER_PATH);
            changes[i] =
                change_set(span_from_str(paths[i]), span_from_str(names[i % PER_PATH]), value);
        }
        assert_int_equal(store_apply(f->store, f->tree, changes, n, NULL), 0);
    }
}

static int count_property(void *context, size_t index, const struct store_property *p)
{
    (void)index, (void)p;
    ++*(size_t *)context;
    return 0;
}

static size_t count_many(struct fixture *f, const char *folder, size_t count)
{
    char path[64];
    size_t found = 0;

    for (size_t at = 0; at < count; at += PER_PATH) {
        snprintf(path, sizeof path, "%s/%06zu", folder, at / PER_PATH);
        const struct span paths[] = {span_from_str(path)};
        assert_int_equal(
            store_properties_visit(f->store, f->tree, paths, 1, false, count_property, &found), 0);
    }
    return found;
}

static struct store_intent begin_many(struct fixture *f, enum store_intent_kind kind)
{
    struct store_intent intent = {.id = store_intent_id(f->store),
                                  .kind = kind,
                                  .source = SPAN("a"),
                                  .destination =
                                      kind == STORE_INTENT_DELETE ? SPAN("") : SPAN("b")};

    assert_int_equal(
        apply_one(f, (struct store_change){.kind = STORE_INTENT_BEGIN, .intent = &intent}), 0);
    return intent;
}

static int note_intent(void *context, const struct store_intent *it)
{
    struct store_intent *copy = context;

    copy->id = it->id;
    copy->phase = it->phase;
    return 0;
}

/* Between two steps others write, and after a stop in the middle all of it can be begun anew. */
static void rows_follow_in_bounded_steps(void **state)
{
    struct fixture *f = *state;

    for (int kind = STORE_INTENT_MOVE; kind <= STORE_INTENT_COPY; kind++) {
        const bool moves = kind == STORE_INTENT_MOVE, copies = kind == STORE_INTENT_COPY;

        set_many(f, "a", MANY, SPAN("new"));
        set_many(f, "b", MANY, SPAN("old"));
        struct store_intent found = {0}, intent = begin_many(f, (enum store_intent_kind)kind);
        const struct store_following following = {.intent = &intent};
        struct store_progress progress = {0};
        size_t a = MANY, b = MANY;
        int steps = 0;

        while (!progress.is_done) {
            size_t a_before = a, b_before = b;

            assert_int_equal(store_follow(f->store, f->tree, &following, &progress), 0);
            a = count_many(f, "a", MANY);
            b = count_many(f, "b", MANY);
            assert_true(a_before - a <= LIMIT_FOLLOWING_ROWS);
            assert_true(b <= b_before + LIMIT_FOLLOWING_ROWS);
            assert_int_equal(set_property(f, "other", "x", "written meanwhile"), 0);
            if (++steps == 4) { // the process ends and another one goes on
                assert_int_equal(store_intents_visit(f->store, f->tree, note_intent, &found), 0);
                assert_int_equal(found.id, progress.is_done ? 0 : intent.id);
                if (!progress.is_done)
                    progress = (struct store_progress){.phase = copies ? 0 : found.phase};
            }
        }
        assert_true(steps >= MANY / LIMIT_FOLLOWING_ROWS);
        expect_intents(f, "");
        assert_int_equal(a, copies ? MANY : 0);
        assert_int_equal(b, MANY);
        assert_string_equal(get_property(f, SPAN("b/000003"), "n3"),
                            moves || copies ? "new" : "old");
        assert_int_equal(follow(f, STORE_INTENT_DELETE, SPAN("a"), SPAN("")), 0);
        assert_int_equal(follow(f, STORE_INTENT_DELETE, SPAN("b"), SPAN("")), 0);
        assert_int_equal(follow(f, STORE_INTENT_DELETE, SPAN("other"), SPAN("")), 0);
        assert_false(store_tree_has_properties(f->store, f->tree)); // the totals add up
    }
}

/* Large values, too: the octets of a step are bounded. */
static void large_rows_follow_in_more_steps(void **state)
{
    struct fixture *f = *state;
    static char value[LIMIT_PROPERTY_VALUE];
    const struct store_intent intent = {
        .kind = STORE_INTENT_MOVE, .source = SPAN("a"), .destination = SPAN("b")};
    const size_t count =
        8 * (size_t)LIMIT_FOLLOWING_SIZE / LIMIT_PROPERTY_VALUE / PER_PATH * PER_PATH;
    int steps;

    memset(value, 'v', sizeof value);
    set_many(f, "a", count, span_of(value, sizeof value));
    assert_int_equal(follow_all(f, &intent, false, &steps), 0);
    assert_true(steps >= 4);
    assert_int_equal(count_many(f, "b", count), count);
    assert_int_equal(count_many(f, "a", count), 0);
}

/* Of a copy that lacks members nothing is left when all stops before these were told. */
static void a_partial_copy_is_taken_back_by_the_next_start(void **state)
{
    struct fixture *f = *state;

    set_many(f, "a", MANY, SPAN("new"));
    struct store_intent found = {0}, intent = begin_many(f, STORE_INTENT_COPY);
    const struct store_following following = {.intent = &intent, .is_partial = true};
    struct store_progress progress = {0};

    while (!progress.is_done) {
        assert_int_equal(store_follow(f->store, f->tree, &following, &progress), 0);
        expect_intents(f, "1 2 b> 2 0.0 0.0\n");
    }
    assert_int_equal(count_many(f, "b", MANY), MANY);
    assert_int_equal(store_intents_visit(f->store, f->tree, note_intent, &found), 0);
    assert_int_equal(found.phase, STORE_FOLLOWING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(rows_follow_in_bounded_steps),
        STORE_TEST(large_rows_follow_in_more_steps),
        STORE_TEST(a_partial_copy_is_taken_back_by_the_next_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
