// SPDX-License-Identifier: MIT
#include "tree_folder.h"

#include "base/hurry.h"

#include <string.h>
#include <sys/stat.h>

static const struct tree_options plain = {.umask = 022};

struct visited {
    size_t count, stop_at;
    char paths[16][32];
};

static int visit(void *context, struct span folder, const struct tree_member *m)
{
    struct visited *v = context;

    snprintf(v->paths[v->count++], sizeof v->paths[0], "%.*s/%.*s", SPAN_ARG(folder),
             SPAN_ARG(m->name));
    return v->count == v->stop_at;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void all_below_a_folder_is_visited_but_not_through_links(void **state)
{
    static const char *const deep[] = {"a/b", "a/b/c", "a/b/link", "a/file"};
    struct tree_folder f = tree_folder_new(plain);
    const struct hurry hurry = {.since = 1};
    struct visited v = {0};

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "a/b"), 0);
    assert_int_equal(tree_folder_put(&f, "a/file", ""), 0);
    assert_int_equal(tree_folder_put(&f, "a/b/c", ""), 0);
    assert_int_equal(tree_folder_put(&f, "beside", ""), 0);
    assert_int_equal(symlinkat("..", f.root, "a/b/link"), 0);
    assert_int_equal(tree_list_below(f.tree, SPAN("a"), true, NULL, visit, &v), 0);
    assert_int_equal(v.count, 4);
    qsort(v.paths, v.count, sizeof v.paths[0], compare_paths);
    for (size_t i = 0; i < v.count; i++)
        assert_string_equal(v.paths[i], deep[i]);
    v = (struct visited){0};
    assert_int_equal(tree_list_below(f.tree, SPAN("a"), false, NULL, visit, &v), 0);
    assert_int_equal(v.count, 2);
    v = (struct visited){.stop_at = 3};
    assert_int_equal(tree_list_below(f.tree, SPAN("a"), true, NULL, visit, &v), 1);
    assert_int_equal(v.count, 3);
    assert_int_equal(tree_list_below(f.tree, SPAN("a"), true, &hurry, visit, &v), -EINTR);
    assert_int_equal(tree_list_below(f.tree, SPAN("z"), true, NULL, visit, &v), -ENOENT);
    tree_folder_free(&f);
}

static int count(void *context, struct span folder, const struct tree_member *m)
{
    size_t *counts = context; // of folders, of what is in them, which is named as its folder

    counts[folder.len > 1]++;
    assert_true(folder.len == 1 || span_eq(span_from(folder, 2), m->name));
    return 0;
}

/* Their names take more than LIMIT_TREE_DESCENT. */
static void a_wide_folder_is_visited_in_turns_and_each_member_once(void **state)
{
    enum { WIDTH = LIMIT_TREE_DESCENT / 240 };
    struct tree_folder f = tree_folder_new(plain);
    size_t counts[2] = {0};
    char path[512];

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    for (int i = 0; i < WIDTH; i++) {
        snprintf(path, sizeof path, "a/%0240d", i);
        assert_int_equal(mkdirat(f.root, path, 0700), 0);
        snprintf(path, sizeof path, "a/%0240d/%0240d", i, i);
        assert_int_equal(mkdirat(f.root, path, 0700), 0);
    }
    assert_int_equal(tree_list_below(f.tree, SPAN("a"), true, NULL, count, counts), 0);
    assert_int_equal(counts[0], WIDTH);
    assert_int_equal(counts[1], WIDTH);
    tree_folder_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_below_a_folder_is_visited_but_not_through_links),
        cmocka_unit_test(a_wide_folder_is_visited_in_turns_and_each_member_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
