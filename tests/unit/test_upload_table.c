// SPDX-License-Identifier: MIT
#include "tree_folder.h"

#include "base/limits.h"
#include "upload/upload_table.h"

#include <pthread.h>

enum {
    AGE = LIMIT_UPLOAD_AGE / 1000,
    AGE_EMPTY = LIMIT_UPLOAD_AGE_EMPTY / 1000,
    QUIET = LIMIT_UPLOAD_QUIET / 1000
};

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

static void remove_upload(const struct upload_claim *c)
{
    enum upload_state state;

    assert_non_null(upload_enter(table, c, &state));
    upload_remove(table, c);
}

static void complete_upload_is_known_for_some_time(void **state)
{
    struct upload_claim c, other;
    uint64_t length = 0;
    char ids[LIMIT_UPLOADS + 2][UPLOAD_ID];

    (void)state;
    for (int64_t i = 0; i < LIMIT_UPLOADS + 2; i++) {
        enum upload_state unused;

        c = open_at("file", i);
        memcpy(ids[i], upload_id(&c).ptr, UPLOAD_ID);
        write_to(&c, "abc", i);
        assert_false(upload_was_complete(table, upload_id(&c), SPAN(""), &length));
        assert_non_null(upload_enter(table, &c, &unused));
        upload_remove_complete(table, &c, i);
        assert_int_equal(state_of(&c), UPLOAD_GONE);
        upload_drop(table, &c);
    }
    assert_false(upload_claim(table, span_of(ids[5], UPLOAD_ID), SPAN(""), &other));
    assert_false(upload_was_complete(table, span_of(ids[1], UPLOAD_ID), SPAN(""), &length));
    assert_false(upload_was_complete(table, span_of(ids[2], UPLOAD_ID), SPAN("sub"), &length));
    assert_false(upload_was_complete(table, span_of(ids[2], UPLOAD_ID - 1), SPAN(""), &length));
    assert_true(upload_was_complete(table, span_of(ids[2], UPLOAD_ID), SPAN(""), &length));
    assert_int_equal(length, 3);
    assert_false(upload_table_is_empty(table));
    assert_int_equal(upload_table_expire(table, 3 + LIMIT_UPLOAD_KNOWN / 1000), 0);
    assert_false(upload_was_complete(table, span_of(ids[3], UPLOAD_ID), SPAN(""), &length));
    assert_true(upload_was_complete(table, span_of(ids[4], UPLOAD_ID), SPAN(""), &length));
    (void)upload_table_expire(table, LIMIT_UPLOADS + 2 + LIMIT_UPLOAD_KNOWN / 1000);
    assert_true(upload_table_is_empty(table));
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
    assert_int_equal(state_of(&first), UPLOAD_TAKEN_OVER);
    remove_upload(&second);
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
    write_to(&silent, "x", 100);
    write_to(&busy, "x", 100);
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

static void upload_without_a_byte_is_forgotten_after_minutes(void **state)
{
    struct upload_claim empty = open_at("a", 0), begun = open_at("b", 0);

    (void)state;
    write_to(&begun, "x", 0);
    assert_int_equal(upload_table_expire(table, AGE_EMPTY - 1), 0);
    assert_int_equal(upload_table_expire(table, AGE_EMPTY), 1);
    assert_int_equal(state_of(&empty), UPLOAD_GONE);
    assert_int_equal(state_of(&begun), UPLOAD_MINE);
    upload_drop(table, &empty);
    upload_drop(table, &begun);
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

static int open_one_more(int64_t now, struct upload_claim *ret_claim)
{
    struct upload_opening opening = {.path = SPAN("one-more")};
    struct stage *stage;
    int error;

    assert_int_equal(tree_stage_begin(folder.tree, opening.path, 1, &stage), 0);
    error = upload_open(table, &opening, stage, now, ret_claim);
    if (error)
        tree_stage_free(stage);
    return error;
}

static void there_are_only_so_many_and_the_idle_make_room(void **state)
{
    enum { N = LIMIT_UPLOADS };
    struct upload_claim claims[N], more[4];
    enum upload_state unused;
    char name[16];

    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "f%d", i);
        claims[i] = open_at(name, i < 2 ? 5 : 10);
        if (i >= 2)
            write_to(&claims[i], "x", i == 7 ? 8 : 10);
    }
    assert_non_null(upload_enter(table, &claims[0], &unused)); // somebody is at work on it
    assert_int_equal(open_one_more(10, &more[0]), 0);
    assert_int_equal(state_of(&claims[1]), UPLOAD_GONE); // empty
    write_to(&more[0], "x", 10);
    assert_int_equal(open_one_more(8 + QUIET - 1, &more[1]), -EUSERS);
    assert_int_equal(open_one_more(8 + QUIET, &more[1]), 0);
    assert_int_equal(state_of(&claims[7]), UPLOAD_GONE); // silent for longest
    assert_int_equal(open_one_more(10 + QUIET, &more[2]), 0);
    assert_int_equal(state_of(&more[1]), UPLOAD_GONE); // empty, though it is the youngest
    upload_leave(table, &claims[0], 10);
    assert_int_equal(state_of(&claims[0]), UPLOAD_MINE);
    for (int i = 0; i < 3; i++)
        upload_drop(table, &more[i]);
    for (int i = 0; i < N; i++)
        upload_drop(table, &claims[i]);
}

/* Who waits for an upload in a loop, and what it was told at last. */
struct waiter {
    struct upload_waiting waiting;
    struct upload_claim claim;
    enum upload_state state;
    unsigned waits, messages;
};

static struct loop *loop;

static void look_again(struct waiter *w)
{
    if (upload_wait(table, &w->claim, loop, &w->waiting, &w->state))
        w->waits++;
    else
        loop_stop(loop);
}

static void on_left(struct loop_message *m)
{
    struct waiter *w = container_of(m, struct waiter, waiting.message);

    w->messages++;
    look_again(w);
}

static void claim_as(struct waiter *w, const struct upload_claim *of)
{
    *w = (struct waiter){.waiting.message.on_arrival = on_left};
    assert_true(upload_claim(table, upload_id(of), SPAN(""), &w->claim));
    look_again(w);
}

static void *write_and_leave(void *context)
{
    const struct upload_claim *c = context;

    upload_leave(table, c, 0);
    return NULL;
}

static void claim_waits_in_its_loop_for_a_write_that_is_under_way(void **state)
{
    struct upload_claim first = open_at("f", 0);
    enum upload_state now;
    struct stage *stage = upload_enter(table, &first, &now);
    struct waiter w;
    pthread_t writer;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_non_null(stage);
    claim_as(&w, &first);
    assert_int_equal(w.waits, 1);
    assert_int_equal(tree_stage_write(stage, SPAN("12345")), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_and_leave, &first), 0);
    assert_int_equal(loop_run(loop), 0);
    pthread_join(writer, NULL);
    assert_int_equal(w.messages, 1);
    assert_int_equal(w.state, UPLOAD_MINE);
    assert_int_equal(upload_offset(table, &w.claim), 5);
    assert_int_equal(state_of(&first), UPLOAD_TAKEN_OVER);
    assert_int_equal(state_of(&w.claim), UPLOAD_MINE);
    upload_drop(table, &first);
    upload_drop(table, &w.claim);
    loop_free(loop);
}

static void of_those_who_wait_only_the_last_one_goes_on(void **state)
{
    struct upload_claim first = open_at("f", 0);
    enum upload_state now;
    struct waiter second, third;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_non_null(upload_enter(table, &first, &now));
    claim_as(&second, &first);
    claim_as(&third, &first);
    assert_int_equal(loop_run(loop), 0); // the write is still under way
    assert_int_equal(second.messages, 1);
    assert_int_equal(second.state, UPLOAD_TAKEN_OVER);
    assert_int_equal(third.messages, 0);
    upload_leave(table, &first, 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(third.state, UPLOAD_MINE);
    upload_drop(table, &first);
    upload_drop(table, &second.claim);
    upload_drop(table, &third.claim);
    loop_free(loop);
}

static void a_waiter_that_is_gone_is_not_told(void **state)
{
    struct upload_claim first = open_at("f", 0);
    struct waiter gone = {.waiting.message.on_arrival = on_left}, other;
    enum upload_state now;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_non_null(upload_enter(table, &first, &now));
    assert_false(upload_wait_cancel(table, &gone.waiting)); // it does not wait yet
    claim_as(&gone, &first);
    assert_int_equal(gone.waits, 1);
    assert_true(upload_wait_cancel(table, &gone.waiting));
    assert_false(upload_wait_cancel(table, &gone.waiting));
    claim_as(&other, &first);
    upload_leave(table, &first, 0); // both would be told now
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(other.messages, 1);
    assert_int_equal(gone.messages, 0);
    upload_drop(table, &first);
    upload_drop(table, &gone.claim);
    upload_drop(table, &other.claim);
    loop_free(loop);
}

static void a_message_that_is_on_its_way_is_not_taken_back(void **state)
{
    struct upload_claim first = open_at("f", 0);
    enum upload_state now;
    struct waiter w;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_non_null(upload_enter(table, &first, &now));
    claim_as(&w, &first);
    upload_leave(table, &first, 0);
    assert_false(upload_wait_cancel(table, &w.waiting));
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(w.messages, 1);
    upload_drop(table, &first);
    upload_drop(table, &w.claim);
    loop_free(loop);
}

static void who_waits_for_an_upload_that_is_completed_finds_it_gone(void **state)
{
    struct upload_claim first = open_at("f", 0);
    struct tree_result result;
    enum upload_state now;
    struct stage *stage = upload_enter(table, &first, &now);
    struct waiter w;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(tree_stage_write(stage, SPAN("abc")), 0);
    claim_as(&w, &first);
    assert_int_equal(tree_stage_commit(stage, NULL, &result), 0);
    upload_remove(table, &first);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(w.state, UPLOAD_GONE);
    assert_string_equal(tree_folder_read(&folder, "f"), "abc");
    upload_drop(table, &first);
    upload_drop(table, &w.claim);
    loop_free(loop);
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
        HERE(complete_upload_is_known_for_some_time),
        HERE(later_claim_ends_the_earlier_one),
        HERE(removed_upload_is_gone_for_whoever_claims_it),
        HERE(upload_is_forgotten_after_a_day_of_silence),
        HERE(upload_without_a_byte_is_forgotten_after_minutes),
        HERE(upload_that_is_written_to_is_not_forgotten),
        HERE(there_are_only_so_many_and_the_idle_make_room),
        HERE(claim_waits_in_its_loop_for_a_write_that_is_under_way),
        HERE(of_those_who_wait_only_the_last_one_goes_on),
        HERE(a_waiter_that_is_gone_is_not_told),
        HERE(a_message_that_is_on_its_way_is_not_taken_back),
        HERE(who_waits_for_an_upload_that_is_completed_finds_it_gone),
        HERE(what_was_cut_off_a_stage_is_not_in_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
