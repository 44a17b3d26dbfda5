// SPDX-License-Identifier: MIT
/* Dead properties follow their resource, also through a crash: RFC 4918 §4, §9.8.2, §9.9.1. */
#include "resource/dav/dav.h"
#include "resource/dav/rows.h"
#include "store_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

struct crash {
    struct fixture *store;
    char root[64];
    struct files_options options;
};

static void path_in(const struct crash *c, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", c->root, name);
}

static uint64_t make_file(const struct crash *c, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int fd;

    path_in(c, name, path);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    return st.st_ino;
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

static void begin_intent(struct crash *c, enum store_intent_kind kind, uint64_t source,
                         uint64_t destination)
{
    const struct store_intent intent = {
        .id = store_intent_id(c->store->store),
        .kind = kind,
        .source = SPAN("a"),
        .destination = kind == STORE_INTENT_DELETE ? SPAN("") : SPAN("b"),
        .source_inode = source,
        .destination_inode = destination,
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
    uint64_t inode;

    begin_crash(&c, state);
    inode = make_file(&c, "b"); // it was "a"
    set_property(c.store, "a", "colour", "red");
    set_property(c.store, "b", "colour", "old");
    begin_intent(&c, STORE_INTENT_MOVE, inode, inode + 1);
    start_again(&c);
    assert_colours(&c, "-", "red");
    remove_file(&c, "b");
    end_crash(&c);
}

static void a_move_that_did_not_happen_is_forgotten(void **state)
{
    struct crash c;
    uint64_t a, b;

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
    uint64_t a;

    begin_crash(&c, state);
    a = make_file(&c, "a");
    set_property(c.store, "a", "colour", "red");
    begin_intent(&c, STORE_INTENT_DELETE, a, 0);
    start_again(&c);
    assert_colours(&c, "red", "-");
    begin_intent(&c, STORE_INTENT_DELETE, a, 0);
    remove_file(&c, "a");
    start_again(&c);
    assert_colours(&c, "-", "-");
    end_crash(&c);
}

static void a_copy_is_completed_or_forgotten(void **state)
{
    struct crash c;
    uint64_t a;

    begin_crash(&c, state);
    a = make_file(&c, "a");
    set_property(c.store, "a", "colour", "red");
    begin_intent(&c, STORE_INTENT_COPY, a, 0);
    start_again(&c);
    assert_colours(&c, "red", "-");
    begin_intent(&c, STORE_INTENT_COPY, a, 0);
    make_file(&c, "b");
    start_again(&c);
    assert_colours(&c, "red", "red");
    remove_file(&c, "a");
    remove_file(&c, "b");
    end_crash(&c);
}

/* ---- Claims */

static void only_what_is_renamed_is_waited_for(void **state)
{
    struct rows *rows;
    struct rows_claim patch = {.paths = {SPAN("a/b"), {NULL, 0}}};
    struct rows_claim other_patch = {.paths = {SPAN("a/b"), {NULL, 0}}};
    struct rows_claim near = {.paths = {SPAN("a/bc"), {NULL, 0}}, .renames = true};
    struct rows_claim above = {.paths = {SPAN("x"), SPAN("a")}, .renames = true};

    (void)state;
    assert_int_equal(rows_new(&rows), 0);
    assert_int_equal(rows_claim(rows, &patch, true), 0);
    assert_int_equal(rows_claim(rows, &other_patch, true), 0);
    assert_int_equal(rows_claim(rows, &near, true), 0);
    rows_release(rows, &near);
    // LIMIT_ROWS_WAIT is reached.
    assert_int_equal(rows_claim(rows, &above, false), -ETIMEDOUT);
    rows_release(rows, &patch);
    rows_release(rows, &other_patch);
    assert_int_equal(rows_claim(rows, &above, false), 0);
    rows_release(rows, &above);
    rows_free(rows);
}

static void renamers_wait_for_each_other_where_there_are_rows(void **state)
{
    struct rows *rows;
    struct rows_claim first = {.paths = {SPAN("a"), {NULL, 0}}, .renames = true};
    struct rows_claim second = {.paths = {SPAN("a/b"), {NULL, 0}}, .renames = true};

    (void)state;
    assert_int_equal(rows_new(&rows), 0);
    assert_int_equal(rows_claim(rows, &first, false), 0);
    assert_int_equal(rows_claim(rows, &second, false), 0);
    rows_release(rows, &second);
    assert_int_equal(rows_claim(rows, &second, true), -ETIMEDOUT);
    rows_release(rows, &first);
    rows_free(rows);
}

/* A thread of the pool's is not to be kept by that. */
static void who_is_quick_does_not_wait_for_who_takes_long(void **state)
{
    struct rows *rows;
    struct rows_claim copy = {.paths = {SPAN("a"), {NULL, 0}}, .renames = true, .is_long = true};
    struct rows_claim patch = {.paths = {SPAN("a/b"), {NULL, 0}}};
    struct rows_claim other = {.paths = {SPAN("b"), {NULL, 0}}};
    int64_t before = clock_monotonic();

    (void)state;
    assert_int_equal(rows_new(&rows), 0);
    assert_int_equal(rows_claim(rows, &copy, true), 0);
    assert_int_equal(rows_claim(rows, &patch, true), -EAGAIN);
    assert_true(clock_monotonic() - before < (int64_t)LIMIT_ROWS_WAIT * CLOCK_MS);
    assert_int_equal(rows_claim(rows, &other, true), 0);
    rows_release(rows, &copy);
    assert_int_equal(rows_claim(rows, &patch, true), 0);
    rows_release(rows, &patch);
    rows_release(rows, &other);
    rows_free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_move_that_happened_before_the_crash_is_completed),
        STORE_TEST(a_move_that_did_not_happen_is_forgotten),
        STORE_TEST(a_removal_is_completed_or_forgotten),
        STORE_TEST(a_copy_is_completed_or_forgotten),
        cmocka_unit_test(only_what_is_renamed_is_waited_for),
        cmocka_unit_test(renamers_wait_for_each_other_where_there_are_rows),
        cmocka_unit_test(who_is_quick_does_not_wait_for_who_takes_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
