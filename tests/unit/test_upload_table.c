// SPDX-License-Identifier: MIT
#include "tree_folder.h"

#include "base/limits.h"
#include "resource/dav/upload_table.h"

#include <pthread.h>
#include <stdatomic.h>

enum { AGE = LIMIT_UPLOAD_AGE / 1000 };

static struct tree_folder folder;
static struct upload_table *table;

static int set_up(void **state)
{
    (void)state;
    folder = tree_folder_new((struct tree_options){0});
    return upload_table_new(&table);
}

static int tear_down(void **state)
{
    (void)state;
    upload_table_free(table);
    tree_folder_free(&folder);
    return 0;
}

static struct upload_claim open_at(const char *path, int64_t now)
{
    const char *slash = strrchr(path, '/');
    struct upload_opening opening = {.path = span_from_str(path),
                                     .folder = span_of(path, slash ? (size_t)(slash - path) : 0),
                                     .if_match = SPAN("\"tag\""),
                                     .length = 10,
                                     .modified_ns = TREE_NOW};
    struct upload_claim claim;
    struct stage *stage;

    assert_int_equal(tree_stage_begin(folder.tree, opening.path, 10, &stage), 0);
    assert_int_equal(upload_open(table, &opening, stage, now, &claim), 0);
    return claim;
}

static void write_to(const struct upload_claim *c, const char *text, int64_t now)
{
    enum upload_state state;
    struct stage *stage = upload_enter(table, c, &state);

    assert_non_null(stage);
    assert_int_equal(tree_stage_write(stage, span_from_str(text)), 0);
    upload_leave(table, c, now);
}

static enum upload_state state_of(const struct upload_claim *c)
{
    enum upload_state state;

    if (upload_enter(table, c, &state))
        upload_leave(table, c, 0);
    return state;
}

static void upload_is_found_by_its_name_in_its_folder_only(void **state)
{
    struct upload_claim c, found;
    char id[UPLOAD_ID];

    (void)state;
    assert_true(upload_table_is_empty(table));
    assert_int_equal(tree_folder_mkdir(&folder, "sub"), 0);
    c = open_at("sub/file", 0);
    assert_false(upload_table_is_empty(table));
    memcpy(id, upload_id(&c).ptr, sizeof id);
    assert_false(upload_claim(table, span_of(id, sizeof id), SPAN(""), &found));
    assert_false(upload_claim(table, span_of(id, sizeof id - 1), SPAN("sub"), &found));
    assert_true(upload_claim(table, span_of(id, sizeof id), SPAN("sub"), &found));
    assert_true(span_eq(upload_opening(&found)->path, SPAN("sub/file")));
    assert_true(span_eq(upload_opening(&found)->if_match, SPAN("\"tag\"")));
    assert_null(upload_opening(&found)->if_none_match.ptr);
    id[7] ^= 1;
    upload_drop(table, &c);
    assert_false(upload_claim(table, span_of(id, sizeof id), SPAN("sub"), &c));
    upload_drop(table, &found);
    upload_drop(table, &found); // a claim of nothing
}

static void later_claim_ends_the_earlier_one(void **state)
{
    struct upload_claim first = open_at("f", 0), second;

    (void)state;
    write_to(&first, "abc", 0);
    assert_true(upload_claim(table, upload_id(&first), SPAN(""), &second));
    assert_int_equal(state_of(&first), UPLOAD_TAKEN_OVER);
    assert_int_equal(upload_offset(table, &second), 3);
    write_to(&second, "def", 0);
    assert_int_equal(upload_offset(table, &second), 6);
    upload_drop(table, &first);
    assert_int_equal(state_of(&second), UPLOAD_MINE);
    upload_drop(table, &second);
}

static void removed_upload_is_gone_for_whoever_claims_it(void **state)
{
    struct upload_claim first = open_at("f", 0), second;

    (void)state;
    assert_true(upload_claim(table, upload_id(&first), SPAN(""), &second));
    upload_remove(table, &second);
    upload_remove(table, &first); // has no effect any more
    assert_int_equal(state_of(&first), UPLOAD_GONE);
    assert_int_equal(state_of(&second), UPLOAD_GONE);
    assert_int_equal(tree_folder_count(&folder, ""), 0);
    assert_true(upload_table_is_empty(table));
    upload_drop(table, &first);
    upload_drop(table, &second);
}

static void upload_is_forgotten_after_a_day_of_silence(void **state)
{
    struct upload_claim silent = open_at("a", 100), busy = open_at("b", 100);

    (void)state;
    assert_int_equal(upload_table_expire(table, 100 + AGE - 1), 0);
    write_to(&busy, "x", 200);
    assert_int_equal(upload_table_expire(table, 100 + AGE), 1);
    assert_int_equal(state_of(&silent), UPLOAD_GONE);
    assert_int_equal(tree_folder_count(&folder, ""), 1);
    upload_drop(table, &silent);
    upload_drop(table, &busy);
    assert_int_equal(upload_table_expire(table, 199 + AGE), 0);
    assert_int_equal(upload_table_expire(table, 200 + AGE), 1);
    assert_int_equal(tree_folder_count(&folder, ""), 0);
}

static void upload_that_is_written_to_is_not_forgotten(void **state)
{
    struct upload_claim c = open_at("a", 0);
    enum upload_state now;

    (void)state;
    assert_non_null(upload_enter(table, &c, &now));
    assert_int_equal(upload_table_expire(table, 2 * AGE), 0);
    upload_leave(table, &c, 2 * AGE);
    assert_int_equal(upload_table_expire(table, 2 * AGE), 0);
    upload_drop(table, &c);
}

static void there_are_only_so_many(void **state)
{
    struct upload_opening opening = {.path = SPAN("one-more")};
    struct upload_claim claims[LIMIT_UPLOADS], c;
    struct stage *stage;
    char name[16];

    (void)state;
    for (int i = 0; i < LIMIT_UPLOADS; i++) {
        snprintf(name, sizeof name, "f%d", i);
        claims[i] = open_at(name, 0);
    }
    assert_int_equal(tree_stage_begin(folder.tree, opening.path, 1, &stage), 0);
    assert_int_equal(upload_open(table, &opening, stage, 0, &c), -EUSERS);
    upload_remove(table, &claims[3]);
    assert_int_equal(upload_open(table, &opening, stage, 0, &c), 0);
    upload_drop(table, &c);
    for (int i = 0; i < LIMIT_UPLOADS; i++)
        upload_drop(table, &claims[i]);
}

static atomic_bool has_claim;

static void *claim_later(void *context)
{
    struct upload_claim c;
    struct upload_claim *first = context;

    assert_true(upload_claim(table, upload_id(first), SPAN(""), &c));
    has_claim = true;
    assert_int_equal(upload_offset(table, &c), 5);
    upload_drop(table, &c);
    return NULL;
}

static void claim_waits_for_a_write_that_is_under_way(void **state)
{
    struct upload_claim first = open_at("f", 0);
    enum upload_state now;
    struct stage *stage = upload_enter(table, &first, &now);
    pthread_t other;

    (void)state;
    assert_non_null(stage);
    has_claim = false;
    assert_int_equal(pthread_create(&other, NULL, claim_later, &first), 0);
    assert_int_equal(tree_stage_write(stage, SPAN("12345")), 0);
    assert_false(has_claim);
    upload_leave(table, &first, 0);
    pthread_join(other, NULL);
    assert_true(has_claim);
    assert_int_equal(state_of(&first), UPLOAD_TAKEN_OVER);
    upload_drop(table, &first);
}

static void what_was_cut_off_a_stage_is_not_in_the_file(void **state)
{
    struct tree_result result;
    struct stage *s;

    (void)state;
    assert_int_equal(tree_stage_begin(folder.tree, SPAN("f"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_stage_write(s, SPAN("abcdef")), 0);
    tree_stage_cut(s, 9);
    assert_int_equal(tree_stage_length(s), 6);
    tree_stage_cut(s, 2);
    assert_int_equal(tree_stage_write(s, SPAN("X")), 0);
    assert_int_equal(tree_stage_commit(s, NULL, &result), 0);
    tree_stage_free(s);
    assert_string_equal(tree_folder_read(&folder, "f"), "abX");
    assert_int_equal(result.now.stamp.size, 3);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE(upload_is_found_by_its_name_in_its_folder_only),
        HERE(later_claim_ends_the_earlier_one),
        HERE(removed_upload_is_gone_for_whoever_claims_it),
        HERE(upload_is_forgotten_after_a_day_of_silence),
        HERE(upload_that_is_written_to_is_not_forgotten),
        HERE(there_are_only_so_many),
        HERE(claim_waits_for_a_write_that_is_under_way),
        HERE(what_was_cut_off_a_stage_is_not_in_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
