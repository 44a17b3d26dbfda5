// SPDX-License-Identifier: MIT
/* Dead properties follow their resource, also through a crash: RFC 4918 §4, §9.8.2, §9.9.1. */
#include "base/clock.h"
#include "resource/dav/dav.h"
#include "resource/dav/rows.h"
#include "store_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct store_identity nothing;

struct crash {
    struct fixture *store;
    char root[64];
    struct files_options options;
};

static void path_in(const struct crash *c, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", c->root, name);
}

static struct store_identity make_file(const struct crash *c, const char *name)
{
    char path[PATH_MAX];
    struct statx st;
    int fd;

    path_in(c, name, path);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st), 0);
    close(fd);
    return (struct store_identity){
        st.stx_ino,
        st.stx_mask & STATX_BTIME ? clock_join(st.stx_btime.tv_sec, st.stx_btime.tv_nsec) : 0};
}

static void remove_file(const struct crash *c, const char *name)
{
    char path[PATH_MAX];

    path_in(c, name, path);
    unlink(path);
}

static void begin_crash(struct crash *c, void **state)
{
    char real[PATH_MAX];

    *c = (struct crash){.store = *state, .root = "/tmp/candor-rows-XXXXXX"};
    assert_non_null(mkdtemp(c->root));
    assert_non_null(realpath(c->root, real));
    assert_int_equal(store_tree(c->store->store, span_from_str(real), &c->store->tree), 0);
    c->options = (struct files_options){.root = c->root, .write = true};
}

/* The next start, and its end. */
static void start_again(struct crash *c)
{
    struct served *served;
    struct dav_site *site;

    assert_int_equal(served_open(c->root, NULL, NULL, &served), 0);
    assert_int_equal(dav_site_open(&c->options, served, c->store->store, NULL, NULL, &site), 0);
    dav_site_free(site);
    served_free(served);
}

static void end_crash(struct crash *c)
{
    assert_int_equal(rmdir(c->root), 0);
}

static int count_intent(void *context, const struct store_intent *intent)
{
    (void)intent;
    ++*(int *)context;
    return 0;
}

static int count_intents(const struct crash *c)
{
    int count = 0;

    assert_int_equal(store_intents_visit(c->store->store, c->store->tree, count_intent, &count), 0);
    return count;
}

static void begin_intent(struct crash *c, enum store_intent_kind kind, struct store_identity source,
                         struct store_identity destination)
{
    const struct store_intent intent = {
        .id = store_intent_id(c->store->store),
        .kind = kind,
        .source = SPAN("a"),
        .destination = kind == STORE_INTENT_DELETE ? SPAN("") : SPAN("b"),
        .source_is = source,
        .destination_is = destination,
    };
    struct store_change change = {.kind = STORE_INTENT_BEGIN, .intent = &intent};

    assert_int_equal(apply_one(c->store, change), 0);
}

static void assert_colours(struct crash *c, const char *a, const char *b)
{
    assert_int_equal(count_intents(c), 0);
    assert_string_equal(get_property(c->store, SPAN("a"), "colour"), a);
    assert_string_equal(get_property(c->store, SPAN("b"), "colour"), b);
}

static void a_move_that_happened_before_the_crash_is_completed(void **state)
{
    struct crash c;
    struct store_identity was, other;

    begin_crash(&c, state);
    was = other = make_file(&c, "b"); // it was "a"
    other.inode++;
    set_property(c.store, "a", "colour", "red");
    set_property(c.store, "b", "colour", "old");
    begin_intent(&c, STORE_INTENT_MOVE, was, other);
    start_again(&c);
    assert_colours(&c, "-", "red");
    remove_file(&c, "b");
    end_crash(&c);
}

static void a_move_that_did_not_happen_is_forgotten(void **state)
{
    struct crash c;
    struct store_identity a, b;

    begin_crash(&c, state);
    a = make_file(&c, "a");
    b = make_file(&c, "b");
    set_property(c.store, "a", "colour", "red");
    set_property(c.store, "b", "colour", "old");
    begin_intent(&c, STORE_INTENT_MOVE, a, b);
    start_again(&c);
    assert_colours(&c, "red", "old");
    remove_file(&c, "a");
    remove_file(&c, "b");
    end_crash(&c);
}

static void a_removal_is_completed_or_forgotten(void **state)
{
    struct crash c;
    struct store_identity a;

    begin_crash(&c, state);
    a = make_file(&c, "a");
    set_property(c.store, "a", "colour", "red");
    begin_intent(&c, STORE_INTENT_DELETE, a, nothing);
    start_again(&c);
    assert_colours(&c, "red", "-");
    begin_intent(&c, STORE_INTENT_DELETE, a, nothing);
    remove_file(&c, "a");
    start_again(&c);
    assert_colours(&c, "-", "-");
    end_crash(&c);
}

static void a_copy_is_completed_or_forgotten(void **state)
{
    struct crash c;
    struct store_identity a;

    begin_crash(&c, state);
    a = make_file(&c, "a");
    set_property(c.store, "a", "colour", "red");
    begin_intent(&c, STORE_INTENT_COPY, a, nothing);
    start_again(&c);
    assert_colours(&c, "red", "-");
    begin_intent(&c, STORE_INTENT_COPY, a, nothing);
    make_file(&c, "b");
    start_again(&c);
    assert_colours(&c, "red", "red");
    remove_file(&c, "a");
    remove_file(&c, "b");
    end_crash(&c);
}

/* Inodes are used again at once: a file that somebody stored after the DELETE has that number. */
static void another_file_with_the_inode_of_one_that_went_is_not_it(void **state)
{
    struct crash c;
    struct store_identity a;

    begin_crash(&c, state);
    a = make_file(&c, "a");
    if (!a.born) { // this file system does not know
        remove_file(&c, "a");
        end_crash(&c);
        skip();
    }
    a.born--;
    set_property(c.store, "a", "colour", "red");
    begin_intent(&c, STORE_INTENT_DELETE, a, nothing);
    start_again(&c);
    assert_colours(&c, "-", "-");
    set_property(c.store, "a", "colour", "red");
    a.born = 0; // an older program did not write it down
    begin_intent(&c, STORE_INTENT_DELETE, a, nothing);
    start_again(&c);
    assert_colours(&c, "red", "-");
    remove_file(&c, "a");
    end_crash(&c);
}

/* The phase tells that it had happened, whatever is at the names now. */
static void what_was_half_done_goes_on_where_it_was(void **state)
{
    const struct store_intent intent = {.id = 77,
                                        .kind = STORE_INTENT_MOVE,
                                        .source = SPAN("a"),
                                        .destination = SPAN("b"),
                                        .source_is = {1, 1}};
    const struct store_following following = {.intent = &intent};
    struct store_change begin = {.kind = STORE_INTENT_BEGIN, .intent = &intent};
    struct store_progress progress = {0};
    struct crash c;
    char name[16];

    begin_crash(&c, state);
    for (int i = 0; i < LIMIT_FOLLOWING_ROWS + 200; i++) {
        snprintf(name, sizeof name, "a/%d", i / 200);
        set_property(c.store, name, (char[]){(char)('A' + i / 200), (char)(i % 200 + 1), 0}, "1");
    }
    assert_int_equal(apply_one(c.store, begin), 0);
    assert_int_equal(store_follow(c.store->store, c.store->tree, &following, &progress), 0);
    assert_false(progress.is_done);
    start_again(&c);
    assert_int_equal(count_intents(&c), 0);
    assert_int_equal(store_has_below(c.store->store, c.store->tree, SPAN("a")), 0);
    assert_string_equal(get_property(c.store, SPAN("b/0"), "A\x01"), "1");
    snprintf(name, sizeof name, "b/%d", LIMIT_FOLLOWING_ROWS / 200);
    assert_int_equal(store_has_below(c.store->store, c.store->tree, span_from_str(name)), 1);
    end_crash(&c);
}

/* ---- Claims */

static struct rows_claim renaming(struct span from, struct span to)
{
    return (struct rows_claim){.paths = {from, to}, .renames = true};
}

static struct rows_claim setting(struct span path)
{
    return (struct rows_claim){.paths = {path}};
}

#define NO_PATH ((struct span){NULL, 0})

static void only_what_is_renamed_is_in_the_way(void **state)
{
    struct rows *rows;
    struct rows_claim patch = setting(SPAN("a/b")), other = setting(SPAN("a/b"));
    struct rows_claim near = renaming(SPAN("a/bc"), NO_PATH);
    struct rows_claim above = renaming(SPAN("x"), SPAN("a"));

    (void)state;
    assert_int_equal(rows_new(&rows), 0);
    assert_int_equal(rows_claim(rows, &patch, true), 0);
    assert_int_equal(rows_claim(rows, &other, true), 0);
    assert_int_equal(rows_claim(rows, &near, true), 0);
    rows_release(rows, &near);
    assert_int_equal(rows_claim(rows, &above, false), -EAGAIN);
    rows_release(rows, &patch);
    rows_release(rows, &other);
    assert_int_equal(rows_claim(rows, &above, false), 0);
    assert_int_equal(rows_claim(rows, &patch, true), -EAGAIN);
    rows_release(rows, &above);
    assert_int_equal(rows_claim(rows, &patch, true), 0);
    rows_release(rows, &patch);
    rows_free(rows);
}

static void renamers_are_in_each_others_way_where_there_are_rows(void **state)
{
    struct rows *rows;
    struct rows_claim first = renaming(SPAN("a"), NO_PATH), second = renaming(SPAN("a/b"), NO_PATH);

    (void)state;
    assert_int_equal(rows_new(&rows), 0);
    assert_int_equal(rows_claim(rows, &first, false), 0);
    assert_int_equal(rows_claim(rows, &second, false), 0);
    rows_release(rows, &second);
    assert_int_equal(rows_claim(rows, &second, true), -EAGAIN);
    rows_release(rows, &first);
    assert_int_equal(rows_claim(rows, &second, true), 0);
    rows_release(rows, &second);
    rows_free(rows);
}

/* However many set properties below a folder, whoever moves it has its turn. */
static void who_waits_has_its_turn_before_who_comes_later(void **state)
{
    struct rows *rows;
    struct rows_claim first = setting(SPAN("a/b")), later = setting(SPAN("a/c"));
    struct rows_claim move = renaming(SPAN("a"), SPAN("z"));
    struct rows_claim next = renaming(SPAN("a"), NO_PATH);

    (void)state;
    assert_int_equal(rows_new(&rows), 0);
    assert_int_equal(rows_claim(rows, &first, true), 0);
    assert_int_equal(rows_claim(rows, &move, true), -EAGAIN);
    assert_int_equal(rows_claim(rows, &next, true), -EAGAIN);
    assert_int_equal(rows_claim(rows, &later, true), -EAGAIN);
    rows_release(rows, &first);
    assert_int_equal(rows_claim(rows, &next, true), -EAGAIN);
    assert_int_equal(rows_claim(rows, &later, true), -EAGAIN);
    assert_int_equal(rows_claim(rows, &move, true), 0);
    rows_release(rows, &move);
    rows_release(rows, &next); // it gives up
    assert_int_equal(rows_claim(rows, &later, true), 0);
    rows_release(rows, &later);
    rows_free(rows);
}

/* A copy needs its source only while rows follow; and as it was, when that has to wait. */
static void the_source_of_a_copy_is_left_alone_while_rows_follow(void **state)
{
    struct rows *rows;
    struct rows_claim copy = renaming(SPAN("new"), SPAN("old")), patch = setting(SPAN("old/x"));
    struct rows_claim move = renaming(SPAN("old/x"), SPAN("y"));

    (void)state;
    copy.copies = true;
    assert_int_equal(rows_new(&rows), 0);
    assert_int_equal(rows_claim(rows, &copy, true), 0);
    assert_int_equal(rows_claim(rows, &move, true), 0);
    rows_release(rows, &move);
    rows_set_state(rows, &copy, ROWS_FOLLOWING);
    assert_int_equal(rows_claim(rows, &move, true), -EAGAIN);
    rows_release(rows, &move);
    assert_int_equal(rows_claim(rows, &patch, true), 0);
    rows_release(rows, &patch);
    assert_true(rows_are_moving(rows, SPAN("new/x")));
    assert_false(rows_are_moving(rows, SPAN("old/x")));
    rows_set_state(rows, &copy, ROWS_PENDING);
    assert_int_equal(rows_claim(rows, &patch, true), -EAGAIN);
    rows_release(rows, &copy);
    assert_false(rows_are_moving(rows, SPAN("new/x")));
    rows_free(rows);
}

static void what_is_pending_is_settled_by_one_at_a_time(void **state)
{
    struct rows *rows;
    struct rows_claim a = renaming(SPAN("a"), SPAN("b")), c = renaming(SPAN("c/d"), NO_PATH), *got;

    (void)state;
    assert_int_equal(rows_new(&rows), 0);
    assert_false(rows_are_pending(rows));
    assert_int_equal(rows_take_pending(rows, NO_PATH, &got), 0);
    rows_add_pending(rows, &a);
    rows_add_pending(rows, &c);
    assert_true(rows_are_pending(rows));
    assert_int_equal(rows_take_pending(rows, SPAN("x"), &got), 0);
    assert_int_equal(rows_take_pending(rows, SPAN("c"), &got), 1); // it holds that
    assert_ptr_equal(got, &c);
    assert_int_equal(rows_take_pending(rows, SPAN("c/d/e"), &got), -EAGAIN);
    assert_int_equal(rows_take_pending(rows, NO_PATH, &got), 1);
    assert_ptr_equal(got, &a);
    assert_false(rows_are_full(rows));
    static struct rows_claim more[LIMIT_ROWS_PENDING];
    for (size_t i = 2; i < LIMIT_ROWS_PENDING; i++) {
        more[i] = renaming(SPAN("more"), NO_PATH);
        rows_add_pending(rows, &more[i]);
    }
    assert_true(rows_are_full(rows));
    for (size_t i = 2; i < LIMIT_ROWS_PENDING; i++)
        rows_release(rows, &more[i]);
    rows_leave(rows, &a);
    rows_leave(rows, &c);
    assert_int_equal(rows_take_pending(rows, NO_PATH, &got), 1);
    assert_ptr_equal(got, &a); // it was left first
    rows_release(rows, &a);
    rows_release(rows, &c);
    assert_false(rows_are_pending(rows));
    rows_free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_move_that_happened_before_the_crash_is_completed),
        STORE_TEST(a_move_that_did_not_happen_is_forgotten),
        STORE_TEST(a_removal_is_completed_or_forgotten),
        STORE_TEST(a_copy_is_completed_or_forgotten),
        STORE_TEST(another_file_with_the_inode_of_one_that_went_is_not_it),
        STORE_TEST(what_was_half_done_goes_on_where_it_was),
        cmocka_unit_test(only_what_is_renamed_is_in_the_way),
        cmocka_unit_test(renamers_are_in_each_others_way_where_there_are_rows),
        cmocka_unit_test(who_waits_has_its_turn_before_who_comes_later),
        cmocka_unit_test(the_source_of_a_copy_is_left_alone_while_rows_follow),
        cmocka_unit_test(what_is_pending_is_settled_by_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
