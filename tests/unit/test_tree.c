// SPDX-License-Identifier: MIT
/*
 * The tree of files behind authoring: looking, content, races.
 */
#include "tree_folder.h"

#include "resource/files/snapshot.h"
#include "tree/tree_parts.h"

#include <pthread.h>

static const struct tree_options plain = {.umask = 022, .dotfiles = true};

/* ---- Looking */

static void look_tells_kinds_and_parents(void **state)
{
    struct tree_folder f = tree_folder_new(plain);

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_put(&f, "a/f", "x"), 0);
    assert_int_equal(mkfifoat(f.root, "pipe", 0600), 0);
    assert_int_equal(look(&f, "").here.kind, TREE_COLLECTION);
    assert_int_equal(look(&f, "a").here.kind, TREE_COLLECTION);
    assert_int_equal(look(&f, "a/f").here.kind, TREE_FILE);
    assert_int_equal(look(&f, "a/f").parent, TREE_COLLECTION);
    assert_int_equal(look(&f, "a/g").here.kind, TREE_ABSENT);
    assert_int_equal(look(&f, "a/g").parent, TREE_COLLECTION);
    assert_int_equal(look(&f, "b/g").parent, TREE_ABSENT);
    assert_int_equal(look(&f, "a/f/g").parent, TREE_FILE);
    assert_int_equal(look(&f, "pipe").here.kind, TREE_OTHER);
    tree_folder_free(&f);
}

static void names_that_cannot_be_are_told_apart(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.umask = 022});
    char name[300], path[5000];

    (void)state;
    memset(name, 'n', sizeof name);
    memset(path, '/', sizeof path);
    for (size_t i = 0; i < sizeof path; i += 2)
        path[i] = 'p';
    assert_int_equal(tree_check_path(f.tree, span_of(name, 255)), TREE_NAME_OK);
    assert_int_equal(tree_check_path(f.tree, span_of(name, 256)), TREE_NAME_TOO_LONG);
    assert_int_equal(tree_check_path(f.tree, span_of(path, 4999)), TREE_NAME_TOO_LONG);
    assert_int_equal(tree_check_path(f.tree, SPAN("a\0b")), TREE_NAME_NUL);
    assert_int_equal(tree_check_path(f.tree, SPAN("a//b")), TREE_NAME_MALFORMED);
    assert_int_equal(tree_check_path(f.tree, SPAN("/a")), TREE_NAME_MALFORMED);
    assert_int_equal(tree_check_path(f.tree, SPAN("a/")), TREE_NAME_MALFORMED);
    assert_int_equal(tree_check_path(f.tree, SPAN("a/../b")), TREE_NAME_MALFORMED);
    assert_int_equal(tree_check_path(f.tree, SPAN(".")), TREE_NAME_MALFORMED);
    assert_int_equal(tree_check_path(f.tree, SPAN("a/.candor-tmp-x")), TREE_NAME_RESERVED);
    assert_int_equal(tree_check_path(f.tree, SPAN("a/.b")), TREE_NAME_DOT);
    assert_int_equal(tree_check_path(f.tree, SPAN("a/b.c")), TREE_NAME_OK);
    assert_int_equal(tree_folder_put(&f, "../x", ""), -EINVAL);
    assert_int_equal(tree_folder_put(&f, "", ""), -EBUSY);
    assert_int_equal(tree_folder_mkdir(&f, ""), -EEXIST);
    assert_int_equal(discard(&f, ""), -EBUSY);
    tree_folder_free(&f);
}

/* ---- Content */

/* RFC 9110 §8.8.3: PUT's tag is the one that GET will send. */
static void the_result_of_a_put_has_the_stamp_and_the_tag_that_a_reader_finds(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct media_type_map *types = NULL;
    struct files_options options = {.write = true};
    struct snapshot_request request = {.options = &options, .types = types, .path = "f"};
    struct snapshot *snapshot = NULL;
    struct tree_result result;
    char tag[STAMP_ETAG_OPAQUE + 1];

    (void)state;
    assert_int_equal(tree_put(f.tree, SPAN("f"), SPAN("content"), TREE_NOW, NULL, &result), 0);
    assert_true(result.created);
    assert_true(
        tree_seen_eq(&result.now, &(struct tree_seen){TREE_FILE, look(&f, "f").here.stamp}));
    request.root = f.at;
    assert_int_equal(snapshot_take(&request, &snapshot), 0);
    assert_int_equal(snapshot->kind, SNAPSHOT_FILE);
    stamp_etag(&result.now.stamp, CODING_IDENTITY, span_of(NULL, 0), tag);
    assert_true(span_eq(snapshot->variants[0].etag.opaque, span_from_str(tag)));
    snapshot_unref(snapshot);
    assert_int_equal(tree_put(f.tree, SPAN("f"), SPAN("CONTENT"), TREE_NOW, NULL, &result), 0);
    assert_false(result.created);
    assert_string_equal(tree_folder_read(&f, "f"), "CONTENT");
    assert_int_equal(tree_folder_count(&f, ""), 1);
    tree_folder_free(&f);
}

static void a_set_time_is_kept_and_modes_are_as_the_umask_and_the_old_file_say(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.umask = 027});
    struct tree_result result;
    struct stat st;

    (void)state;
    assert_int_equal(tree_put(f.tree, SPAN("f"), SPAN("x"), -1500000000, NULL, &result), 0);
    assert_int_equal(result.now.stamp.modified_ns, -1500000000);
    assert_int_equal(fstatat(f.root, "f", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(fchmodat(f.root, "f", 0604, 0), 0);
    assert_int_equal(tree_folder_put(&f, "f", "y"), 0);
    assert_int_equal(fstatat(f.root, "f", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0604);
    tree_folder_free(&f);
}

static void a_stage_that_is_given_up_leaves_the_old_content_and_nothing_else(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct stage *s;

    (void)state;
    assert_int_equal(tree_folder_put(&f, "f", "old"), 0);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), 5 << 20, &s), 0);
    assert_int_equal(tree_stage_write(s, SPAN("new")), 0);
    assert_int_equal(tree_stage_sync(s), 0);
    assert_int_equal(tree_folder_count(&f, ""), 2);
    tree_stage_free(s);
    assert_int_equal(tree_folder_count(&f, ""), 1);
    assert_string_equal(tree_folder_read(&f, "f"), "old");
    tree_folder_free(&f);
}

static void a_stage_can_take_parts_of_a_file(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct tree_result result;
    struct tree_seen seen;
    struct stage *s;

    (void)state;
    assert_int_equal(tree_folder_put(&f, "f", "0123456789"), 0);
    seen = look(&f, "f").here;
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_stage_copy_from(s, SPAN("f"), &seen, 0, 3, NULL), 0);
    assert_int_equal(tree_stage_write(s, SPAN("abc")), 0);
    assert_int_equal(tree_stage_copy_from(s, SPAN("f"), &seen, 6, 4, NULL), 0);
    assert_int_equal(tree_stage_copy_from(s, SPAN("f"), &seen, 6, 5, NULL), -ERANGE);
    assert_int_equal(tree_stage_length(s), 10);
    assert_int_equal(tree_stage_commit(s, &(struct tree_terms){.target = &seen}, &result), 0);
    tree_stage_free(s);
    assert_string_equal(tree_folder_read(&f, "f"), "012abc6789");
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_stage_copy_from(s, SPAN("f"), &seen, 0, 3, NULL), -ESTALE);
    tree_stage_free(s);
    assert_int_equal(tree_folder_count(&f, ""), 1);
    tree_folder_free(&f);
}

static int forbid(void *context)
{
    ++*(int *)context;
    return -ECANCELED;
}

static void a_stage_can_take_parts_of_another_stage(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.quota = 10});
    struct tree_result result;
    struct stage *first, *second;

    (void)state;
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), 8, &first), 0);
    assert_int_equal(tree_stage_write(first, SPAN("abcdefgh")), 0);
    /* The second takes the place of the first: both need not fit into the quota. */
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), 7, &second), -EDQUOT);
    tree_stage_unclaim(first);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), 7, &second), 0);
    assert_int_equal(tree_stage_write(second, SPAN("--")), 0);
    assert_int_equal(tree_stage_copy_stage(second, first, 2, 5, NULL), 0);
    assert_int_equal(tree_stage_length(second), 7);
    assert_int_equal(tree_stage_copy_stage(second, first, 0, 4, NULL), -EDQUOT); // 11
    assert_int_equal(tree_stage_copy_stage(second, first, 6, 3, NULL), -EIO);    // there are but 2
    assert_int_equal(tree_stage_length(second), 7);
    tree_stage_free(first);
    assert_int_equal(tree_stage_commit(second, NULL, &result), 0);
    assert_string_equal(tree_folder_read(&f, "f"), "--cdefg");
    tree_stage_free(second);
    assert_int_equal(tree_folder_count(&f, ""), 1);
    tree_folder_free(&f);
}

/* Another program: it takes the name after it was found free. */
static int take_name(void *context)
{
    const struct tree_folder *f = context;
    int fd = openat(f->root, "c", O_CREAT | O_WRONLY, 0600);

    close(fd);
    return 0;
}

static void a_stage_can_leave_a_gap_which_is_zeros_and_for_which_there_must_be_room(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.umask = 022, .quota = 20});
    struct tree_result r;
    char text[11] = "";
    struct stage *s;

    (void)state;
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_stage_write(s, SPAN("ab---")), 0);
    tree_stage_cut(s, 2); // what was there must not show through
    assert_int_equal(tree_stage_skip(s, UINT64_MAX), -EFBIG);
    assert_int_equal(tree_stage_skip(s, 19), -EDQUOT);
    assert_int_equal(tree_stage_length(s), 2);
    assert_int_equal(tree_stage_skip(s, 6), 0);
    assert_int_equal(tree_stage_write(s, SPAN("cd")), 0);
    assert_int_equal(tree_stage_length(s), 10);
    assert_int_equal(tree_stage_read(s, 0, 10, text), 0);
    assert_memory_equal(text, "ab\0\0\0\0\0\0cd", 10);
    assert_int_equal(tree_stage_sync(s), 0);
    assert_int_equal(tree_stage_commit(s, NULL, &r), 0);
    assert_int_equal(r.now.stamp.size, 10);
    tree_stage_free(s);
    tree_folder_free(&f);
}

static void several_stages_become_files_together_or_not_at_all(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.quota = 100});
    struct tree_terms terms = {.check = take_name, .context = &f};
    struct tree_result result;
    struct tree_usage usage;
    struct stage *stages[3];
    size_t at = 0;

    (void)state;
    assert_int_equal(tree_folder_put(&f, "b", "old"), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tree_stage_begin(f.tree, span_of(&"abc"[i], 1), 2, &stages[i]), 0);
        assert_int_equal(tree_stage_write(stages[i], SPAN("xy")), 0);
    }
    assert_int_equal(tree_stage_commit_new(stages, 3, &terms, &at, &result), -EEXIST);
    assert_int_equal(at, 1);
    assert_string_equal(tree_folder_read(&f, "a"), "-");
    assert_int_equal(tree_stage_rename(stages[1], SPAN("b2")), 0);
    assert_int_equal(tree_stage_commit_new(stages, 3, &terms, &at, &result), -EEXIST);
    assert_int_equal(at, 2); // "a" and "b2" were there for a moment
    assert_string_equal(tree_folder_read(&f, "a"), "-");
    assert_string_equal(tree_folder_read(&f, "b2"), "-");
    assert_int_equal(tree_stage_rename(stages[2], SPAN("c2")), 0);
    assert_int_equal(tree_stage_commit_new(stages, 3, NULL, &at, &result), 0);
    assert_true(result.created);
    assert_true(
        tree_seen_eq(&result.now, &(struct tree_seen){TREE_FILE, look(&f, "a").here.stamp}));
    assert_string_equal(tree_folder_read(&f, "b"), "old");
    assert_string_equal(tree_folder_read(&f, "c2"), "xy");
    for (int i = 0; i < 3; i++)
        tree_stage_free(stages[i]);
    assert_int_equal(tree_folder_count(&f, ""), 5);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 3 + 3 * 2);
    assert_int_equal(usage.available, 100 - 9); // no claim is left
    tree_folder_free(&f);
}

static void count(void *context)
{
    ++*(int *)context;
}

static void a_commit_is_refused_when_the_terms_are_not_met_and_can_be_tried_again(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct tree_seen absent = {0};
    struct tree_result result;
    struct stage *s;
    int called = 0;

    (void)state;
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), 3, &s), 0);
    assert_int_equal(tree_stage_write(s, SPAN("new")), 0);
    assert_int_equal(tree_folder_put(&f, "f", "old"), 0);
    assert_int_equal(tree_stage_commit(s, &(struct tree_terms){.target = &absent}, &result),
                     -ESTALE);
    assert_int_equal(tree_stage_commit(s, &(struct tree_terms){.must_not_exist = true}, &result),
                     -EEXIST);
    assert_int_equal(
        tree_stage_commit(
            s, &(struct tree_terms){.check = forbid, .done = count, .context = &called}, &result),
        -ECANCELED);
    assert_int_equal(called, 1);
    assert_string_equal(tree_folder_read(&f, "f"), "old");
    assert_int_equal(
        tree_stage_commit(s, &(struct tree_terms){.done = count, .context = &called}, &result), 0);
    assert_int_equal(called, 2);
    tree_stage_free(s);
    assert_string_equal(tree_folder_read(&f, "f"), "new");
    tree_folder_free(&f);
}

static void content_does_not_replace_a_collection_nor_a_pipe(void **state)
{
    struct tree_folder f = tree_folder_new(plain);

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "d"), 0);
    assert_int_equal(mkfifoat(f.root, "pipe", 0600), 0);
    assert_int_equal(tree_folder_put(&f, "d", "x"), -EISDIR);
    assert_int_equal(tree_folder_put(&f, "pipe", "x"), -ENXIO);
    assert_int_equal(tree_folder_put(&f, "no/f", "x"), -ENOENT);
    assert_int_equal(tree_folder_count(&f, ""), 2);
    tree_folder_free(&f);
}

/* A folder that was moved or removed takes no content any more, though it is still open. */
static void a_commit_notices_that_its_folder_has_gone(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct tree_result result;
    struct stage *s;

    (void)state;
    for (int removed = 0; removed < 2; removed++) {
        assert_int_equal(tree_folder_mkdir(&f, "d"), 0);
        assert_int_equal(tree_stage_begin(f.tree, SPAN("d/f"), 3, &s), 0);
        assert_int_equal(tree_stage_write(s, SPAN("new")), 0);
        assert_int_equal(removed ? discard(&f, "d") : move(&f, "d", "e", true), 0);
        assert_int_equal(tree_stage_commit(s, NULL, &result), -ESTALE);
        assert_int_equal(tree_folder_mkdir(&f, "d"), 0); // another folder of that name
        assert_int_equal(tree_stage_commit(s, NULL, &result), -ESTALE);
        tree_stage_free(s);
        assert_int_equal(tree_folder_count(&f, "d"), 0);
        assert_int_equal(discard(&f, "d"), 0);
    }
    assert_int_equal(tree_folder_count(&f, "e"), 0);
    tree_folder_free(&f);
}

struct racer {
    struct tree_folder *folder;
    const struct tree_seen *seen;
    pthread_barrier_t *barrier;
    pthread_t thread;
    char content;
    int result;
};

static void *race(void *argument)
{
    struct racer *r = argument;
    struct tree_terms terms = {.target = r->seen, .must_not_exist = !r->seen};
    struct tree_result result;

    pthread_barrier_wait(r->barrier);
    r->result =
        tree_put(r->folder->tree, SPAN("f"), span_of(&r->content, 1), TREE_NOW, &terms, &result);
    return NULL;
}

static void of_threads_that_race_for_one_target_exactly_one_wins(void **state)
{
    enum { RACERS = 8, ROUNDS = 40 };
    struct tree_folder f = tree_folder_new(plain);
    pthread_barrier_t barrier;
    struct racer racers[RACERS];

    (void)state;
    pthread_barrier_init(&barrier, NULL, RACERS);
    for (int round = 0; round < ROUNDS; round++) {
        struct tree_seen seen = look(&f, "f").here;
        int winner = -1;

        for (int i = 0; i < RACERS; i++) {
            racers[i] = (struct racer){&f, round ? &seen : NULL, &barrier, 0, (char)('a' + i), 0};
            pthread_create(&racers[i].thread, NULL, race, &racers[i]);
        }
        for (int i = 0; i < RACERS; i++) {
            pthread_join(racers[i].thread, NULL);
            if (racers[i].result == 0) {
                assert_int_equal(winner, -1);
                winner = i;
            } else {
                assert_int_equal(racers[i].result, round ? -ESTALE : -EEXIST);
            }
        }
        assert_true(winner >= 0);
        assert_int_equal(tree_folder_read(&f, "f")[0], 'a' + winner);
    }
    assert_int_equal(tree_folder_count(&f, ""), 1);
    pthread_barrier_destroy(&barrier);
    tree_folder_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_tells_kinds_and_parents),
        cmocka_unit_test(names_that_cannot_be_are_told_apart),
        cmocka_unit_test(the_result_of_a_put_has_the_stamp_and_the_tag_that_a_reader_finds),
        cmocka_unit_test(a_set_time_is_kept_and_modes_are_as_the_umask_and_the_old_file_say),
        cmocka_unit_test(a_stage_that_is_given_up_leaves_the_old_content_and_nothing_else),
        cmocka_unit_test(a_stage_can_take_parts_of_a_file),
        cmocka_unit_test(a_stage_can_take_parts_of_another_stage),
        cmocka_unit_test(a_stage_can_leave_a_gap_which_is_zeros_and_for_which_there_must_be_room),
        cmocka_unit_test(several_stages_become_files_together_or_not_at_all),
        cmocka_unit_test(a_commit_is_refused_when_the_terms_are_not_met_and_can_be_tried_again),
        cmocka_unit_test(content_does_not_replace_a_collection_nor_a_pipe),
        cmocka_unit_test(a_commit_notices_that_its_folder_has_gone),
        cmocka_unit_test(of_threads_that_race_for_one_target_exactly_one_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
