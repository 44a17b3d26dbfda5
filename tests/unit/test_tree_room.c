// SPDX-License-Identifier: MIT
/*
 * The tree's room: the quota, the members, and the disk.
 */
#include "tree_folder.h"

#include "tree/tree_parts.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const struct tree_options plain = {.umask = 022, .dotfiles = true};

enum { FOLDER = LIMIT_FOLDER_COST };

/* Who announces much and sends little keeps about as much as came from others. */
static void space_is_taken_as_content_comes(void **state)
{
    enum { LEAST = LIMIT_TREE_STEP_LEAST, LARGE = 64 * 1024 * 1024, PIECE = 64 * 1024 };
    struct tree_folder f = tree_folder_new((struct tree_options){.quota = 2 * LARGE});
    static const char piece[PIECE];
    struct tree_result result;
    struct tree_usage usage;
    struct stat st;
    struct stage *s;

    (void)state;
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), LARGE, &s), 0);
    assert_int_equal(fstat(s->fd, &st), 0);
    assert_int_equal(st.st_blocks, 0);
    for (size_t come = PIECE; come <= 32 * PIECE; come += PIECE) {
        size_t most = 2 * come > come + LEAST ? 2 * come : come + LEAST;

        assert_int_equal(tree_stage_write(s, span_of(piece, PIECE)), 0);
        assert_int_equal(fstat(s->fd, &st), 0);
        assert_true((size_t)st.st_blocks * 512 <= most + 4096);
        assert_int_equal(tree_usage(f.tree, &usage), 0);
        assert_true(usage.available + most >= 2 * LARGE);
    }
    assert_int_equal(tree_stage_commit(s, NULL, &result), 0);
    tree_stage_free(s);
    assert_int_equal(look(&f, "f").here.stamp.size, 32 * PIECE);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 32 * PIECE);
    assert_true(usage.available <= 2 * LARGE - 32 * PIECE);
    tree_folder_free(&f);
}

/* What was never counted is not taken off either: RFC 4331 §4. */
static void content_that_was_staged_in_a_removed_folder_counts_for_nothing(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.quota = 100 + FOLDER});
    struct tree_usage usage;
    struct stage *s;

    (void)state;
    assert_int_equal(tree_folder_put(&f, "keep", "1234567890"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "d"), 0);
    assert_int_equal(tree_folder_put(&f, "d/f", "123"), 0);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("d/g"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_stage_write(s, SPAN("12345")), 0);
    assert_int_equal(discard(&f, "d"), 0);
    tree_stage_free(s);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 10);
    assert_int_equal(usage.available, 90 + FOLDER);
    tree_folder_free(&f);
}

static void the_quota_is_refused_before_the_first_byte_or_midway_and_counts_exactly(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.quota = 10});
    struct tree_usage usage;
    struct stage *s, *other;

    (void)state;
    assert_int_equal(tree_folder_put(&f, "f", "12345678"), 0);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 8);
    assert_int_equal(usage.available, 2);
    assert_int_equal(tree_folder_put(&f, "g", "123"), -EDQUOT);
    assert_int_equal(tree_folder_put(&f, "f", "1234567890"), 0); // it replaces the old one
    assert_int_equal(tree_folder_put(&f, "f", "1234567"), 0);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("g"), 4, &other), -EDQUOT);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("g"), 3, &other), 0);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.available, 3); // what was only announced takes nothing from others
    assert_int_equal(tree_stage_write(other, SPAN("1")), 0); // claims the rest
    assert_int_equal(tree_stage_begin(f.tree, SPAN("h"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_stage_write(s, SPAN("1")), -EDQUOT);
    tree_stage_free(other);
    assert_int_equal(tree_stage_write(s, SPAN("123")), 0);
    assert_int_equal(tree_stage_write(s, SPAN("4")), -EDQUOT);
    tree_stage_free(s);
    assert_int_equal(copy(&f, "f", "g", true), -EDQUOT);
    assert_int_equal(move(&f, "f", "g", true), 0);
    assert_int_equal(discard(&f, "g"), 0);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 0);
    assert_int_equal(usage.available, 10);
    assert_int_equal(tree_folder_count(&f, ""), 0);
    tree_folder_free(&f);
}

static void usage_follows_collections_and_a_new_count_agrees(void **state)
{
    struct tree_options options = {.quota = 1000 + 6 * FOLDER};
    struct tree_folder f = tree_folder_new(options);
    struct tree_usage usage;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "a/b"), 0);
    assert_int_equal(tree_folder_put(&f, "a/f", "123"), 0);
    assert_int_equal(tree_folder_put(&f, "a/b/g", "12345"), 0);
    assert_int_equal(copy(&f, "a", "c", true), 0);
    assert_int_equal(copy(&f, "a", "c", true), 0);
    assert_int_equal(tree_folder_put(&f, "d", "1234567"), 0);
    assert_int_equal(move(&f, "c", "d", true), 0);
    assert_int_equal(copy(&f, "a/f", "d/b", true), 0); // a file over a collection
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 8 + 3 + 3 + 3 * FOLDER);
    tree_folder_reopen(&f, options);
    assert_int_equal(tree_sweep(f.tree, NULL), 0);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 8 + 3 + 3 + 3 * FOLDER);
    tree_folder_free(&f);
}

/* How many members there may still be: as many files as can be staged at once. */
static size_t members_left(struct tree_folder *f)
{
    struct stage *stages[32];
    size_t count = 0;
    char name[16];
    int error = 0;

    while (error == 0 && count < sizeof stages / sizeof *stages) {
        snprintf(name, sizeof name, "stage-%zu", count);
        error = tree_stage_begin(f->tree, span_from_str(name), 0, &stages[count]);
        count += error == 0;
    }
    assert_int_equal(error, TREE_TOO_MANY);
    for (size_t i = 0; i < count; i++)
        tree_stage_free(stages[i]);
    return count;
}

static void a_folder_takes_of_the_quota(void **state)
{
    struct tree_options options = {.quota = 3 * FOLDER + 2};
    struct tree_folder f = tree_folder_new(options);
    struct tree_usage usage;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "a/b"), 0);
    assert_int_equal(copy(&f, "a", "c", false), -EDQUOT);
    assert_int_equal(tree_folder_count(&f, ""), 1);
    assert_int_equal(copy(&f, "a/b", "c", false), 0);
    assert_int_equal(tree_folder_mkdir(&f, "d"), -EDQUOT);
    assert_int_equal(tree_folder_put(&f, "c/f", "123"), -EDQUOT);
    assert_int_equal(tree_folder_put(&f, "c/f", "12"), 0);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 3 * FOLDER + 2);
    assert_int_equal(usage.available, 0);
    assert_int_equal(copy(&f, "c/f", "c/f", true), -EDEADLK);
    assert_int_equal(move(&f, "c/f", "a/b", true), 0); // a file over a collection
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 2 * FOLDER + 2);
    tree_folder_reopen(&f, options);
    assert_int_equal(tree_sweep(f.tree, NULL), 0);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 2 * FOLDER + 2);
    tree_folder_free(&f);
}

static void there_are_no_more_members_than_there_may_be(void **state)
{
    struct tree_options options = {.max_members = 6};
    struct tree_folder f = tree_folder_new(options);
    struct tree_result result;
    struct stage *s;

    (void)state;
    assert_int_equal(members_left(&f), 6);
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(symlinkat("nowhere", f.root, "uncounted"), 0); // another program's
    assert_int_equal(tree_folder_put(&f, "a/f", ""), 0);
    assert_int_equal(tree_folder_put(&f, "a/f", "again"), 0);
    assert_int_equal(members_left(&f), 4);
    assert_int_equal(copy(&f, "a", "b", false), 0);
    assert_int_equal(copy(&f, "a/f", "b/f", true), 0); // in the place of another
    assert_int_equal(members_left(&f), 2);
    tree_folder_reopen(&f, options);
    assert_int_equal(tree_sweep(f.tree, NULL), 0);
    assert_int_equal(members_left(&f), 1); // now the link counts
    assert_int_equal(copy(&f, "a", "c", false), TREE_TOO_MANY);
    assert_int_equal(tree_folder_count(&f, ""), 3);
    assert_int_equal(members_left(&f), 1);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("s"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_folder_mkdir(&f, "c"), TREE_TOO_MANY);
    assert_int_equal(tree_folder_put(&f, "c", ""), TREE_TOO_MANY);
    assert_int_equal(tree_folder_put(&f, "a/f", "is no member more"), 0);
    assert_int_equal(tree_stage_commit(s, NULL, &result), 0);
    tree_stage_free(s);
    assert_int_equal(members_left(&f), 0);
    assert_int_equal(move(&f, "s", "t", false), 0);
    assert_int_equal(move(&f, "t", "b/f", true), 0);
    assert_int_equal(members_left(&f), 1);
    assert_int_equal(discard(&f, "uncounted"), -ENXIO);
    assert_int_equal(discard(&f, "b"), 0);
    assert_int_equal(members_left(&f), 3);
    tree_folder_free(&f);
}

/* Two have begun what replaces a file that goes meanwhile. */
static void what_takes_the_place_of_nothing_any_more_is_one_member_more(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.max_members = 1});
    struct tree_result result;
    struct stage *s;

    (void)state;
    assert_int_equal(tree_folder_put(&f, "f", "old"), 0);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(move(&f, "f", "g", false), 0);
    assert_int_equal(tree_stage_commit(s, NULL, &result), TREE_TOO_MANY);
    assert_int_equal(discard(&f, "g"), 0);
    assert_int_equal(tree_stage_commit(s, NULL, &result), 0);
    tree_stage_free(s);
    assert_int_equal(members_left(&f), 0);
    tree_folder_free(&f);
}

static void several_stages_are_so_many_members(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.max_members = 2});
    struct stage *stages[3];
    struct stage_group *g;
    struct tree_result result;
    size_t at;

    (void)state;
    assert_int_equal(tree_group_begin(f.tree, SPAN("a"), &g), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(tree_group_stage(g, span_of(&"abc"[i], 1), &stages[i]),
                         i == 2 ? TREE_TOO_MANY : 0);
    assert_int_equal(tree_stage_commit_new(stages, 2, NULL, &at, &result), 0);
    for (int i = 0; i < 2; i++)
        tree_stage_free(stages[i]);
    tree_group_free(g);
    assert_int_equal(members_left(&f), 0);
    tree_folder_free(&f);
}

static void a_file_system_that_takes_no_more_leaves_the_old_content(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct tree_options greedy = {.reserve = UINT64_MAX / 2};
    struct rlimit old, tiny;
    char content[8192];

    (void)state;
    memset(content, 'x', sizeof content);
    assert_int_equal(tree_folder_put(&f, "f", "old"), 0);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    tiny = (struct rlimit){4096, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tiny);
    assert_int_equal(tree_put(f.tree, SPAN("f"), span_of(content, sizeof content), TREE_NOW, NULL,
                              &(struct tree_result){0}),
                     -EFBIG);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_string_equal(tree_folder_read(&f, "f"), "old");
    tree_folder_reopen(&f, greedy);
    assert_int_equal(tree_folder_put(&f, "f", "new"), -ENOSPC);
    assert_string_equal(tree_folder_read(&f, "f"), "old");
    assert_int_equal(tree_folder_count(&f, ""), 1);
    tree_folder_free(&f);
}

/* In a process of its own, which may mount. 0, or the line that failed; 77: it may not. */
static int make_files_until_few_are_left(struct tree_folder *f)
{
    enum { SOME = 50, INODES = LIMIT_RESERVE_INODES + SOME };
    char options[32], name[16];
    int error = 0, made = 0;

    snprintf(options, sizeof options, "nr_inodes=%d", INODES);
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", f->path, "tmpfs", 0, options) < 0)
        return 77;
    close(f->root);
    f->root = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tree_folder_reopen(f, (struct tree_options){.umask = 022, .reserve = 1});
    while (error == 0 && made <= SOME) {
        snprintf(name, sizeof name, "%d", made);
        error = made % 2 ? tree_folder_mkdir(f, name) : tree_folder_put(f, name, "");
        made += error == 0;
    }
    if (error != -ENOSPC || made < SOME / 2)
        return __LINE__;
    if (tree_folder_put(f, "more", "") != -ENOSPC || tree_folder_mkdir(f, "more") != -ENOSPC ||
        copy(f, "1", "more", false) != -ENOSPC || tree_folder_count(f, "") != made)
        return __LINE__;
    if (tree_folder_put(f, "0", "in its place") || discard(f, "1") || discard(f, "0") ||
        tree_folder_mkdir(f, "more"))
        return __LINE__;
    tree_folder_reopen(f, (struct tree_options){.umask = 022});
    return copy(f, "3", "again", false) || copy(f, "3", "and again", false) ? __LINE__ : 0;
}

static void the_reserve_leaves_room_for_files_of_others(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    int status;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        int line = make_files_until_few_are_left(&f);

        if (line && line != 77)
            fprintf(stderr, "line %d\n", line);
        _exit(line == 77 ? 77 : line != 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    tree_folder_free(&f);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(space_is_taken_as_content_comes),
        cmocka_unit_test(content_that_was_staged_in_a_removed_folder_counts_for_nothing),
        cmocka_unit_test(the_quota_is_refused_before_the_first_byte_or_midway_and_counts_exactly),
        cmocka_unit_test(usage_follows_collections_and_a_new_count_agrees),
        cmocka_unit_test(a_folder_takes_of_the_quota),
        cmocka_unit_test(there_are_no_more_members_than_there_may_be),
        cmocka_unit_test(what_takes_the_place_of_nothing_any_more_is_one_member_more),
        cmocka_unit_test(several_stages_are_so_many_members),
        cmocka_unit_test(a_file_system_that_takes_no_more_leaves_the_old_content),
        cmocka_unit_test(the_reserve_leaves_room_for_files_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
