// SPDX-License-Identifier: MIT
/* Snapshots of a temporary folder, and the cache that believes them for a moment. */
#include "unit.h"

#include "base/clock.h"
#include "base/limits.h"
#include "fs/peek.h"
#include "resource/files/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/candor-unit-XXXXXX";
static int root;
static struct served *served;
static struct root *at;
static struct media_type_map *types;
static struct files_options options = {
    .index = SPAN_INIT("index.html"), .listing = true, .precompressed = true};
static struct loop *loop;
static struct offload *pool;
static struct file_cache *cache;

static void put(const char *path, const char *content)
{
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
}

static void put_large(void)
{
    int fd = openat(root, "large", O_WRONLY | O_CREAT, 0644);

    assert_int_equal(ftruncate(fd, LIMIT_FILE_IN_MEMORY + 1), 0);
    close(fd);
}

static struct snapshot *take(const char *path, const struct snapshot *old)
{
    struct snapshot_request request = {
        .root = at, .options = &options, .types = types, .path = path, .old = old};
    struct snapshot *s;

    assert_int_equal(snapshot_take(&request, &s), 0);
    return s;
}

static void assert_content(const struct file_variant *v, const char *expected)
{
    assert_true(v->present);
    assert_int_equal(v->length, strlen(expected));
    assert_memory_equal(v->content, expected, v->length);
}

static void what_is_at_a_path_has_its_kind(void **state)
{
    static const struct {
        const char *path;
        enum snapshot_kind kind;
    } cases[] = {
        {"file.txt", SNAPSHOT_FILE},
        {"empty", SNAPSHOT_FILE},
        {"", SNAPSHOT_FOLDER},
        {"with-index/", SNAPSHOT_FILE},
        {"with-index", SNAPSHOT_SLASH_LACKING},
        {"without-index/", SNAPSHOT_FOLDER},
        {"none", SNAPSHOT_ABSENT},
        {"file.txt/", SNAPSHOT_ABSENT},
        {"file.txt/none", SNAPSHOT_ABSENT},
        {"pipe", SNAPSHOT_ABSENT},
        {"inside", SNAPSHOT_FILE},
        {"outside", SNAPSHOT_ABSENT},
        {"absolute", SNAPSHOT_ABSENT},
        {"circle", SNAPSHOT_ABSENT},
        {"../etc/passwd", SNAPSHOT_ABSENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct snapshot *s = take(cases[i].path, NULL);

        if (s->kind != cases[i].kind)
            fail_msg("\"%s\" has kind %d, not %d", cases[i].path, s->kind, cases[i].kind);
        snapshot_unref(s);
    }
}

static void a_folder_that_is_not_listed_is_not_there(void **state)
{
    struct snapshot *s;

    (void)state;
    options.listing = false;
    s = take("without-index/", NULL);
    options.listing = true;
    assert_int_equal(s->kind, SNAPSHOT_ABSENT);
    snapshot_unref(s);
}

/* RFC 9110 §8.8.1, §12.5.3: each coding is a representation of its own. */
static void a_file_comes_with_its_precompressed_neighbours(void **state)
{
    struct snapshot *s = take("file.txt", NULL);
    const struct file_variant *plain = &s->variants[CODING_IDENTITY];
    const struct file_variant *gzip = &s->variants[CODING_GZIP];

    (void)state;
    assert_content(plain, "content\n");
    assert_content(gzip, "compressed");
    assert_false(s->variants[CODING_BROTLI].present);
    assert_int_equal(s->memory, strlen("content\n") + strlen("compressed"));
    assert_false(span_eq(plain->etag.opaque, gzip->etag.opaque));
    assert_false(plain->etag.weak);
    assert_true(span_starts(s->content_type, SPAN("text/plain")));
    snapshot_unref(s);
}

static void a_large_file_stays_open_instead_of_in_memory(void **state)
{
    struct snapshot *s;

    (void)state;
    put_large();
    s = take("large", NULL);
    assert_int_equal(s->kind, SNAPSHOT_FILE);
    assert_null(s->variants[CODING_IDENTITY].content);
    assert_true(s->variants[CODING_IDENTITY].fd >= 0);
    assert_int_equal(s->variants[CODING_IDENTITY].length, LIMIT_FILE_IN_MEMORY + 1);
    assert_int_equal(s->memory, 0);
    snapshot_unref(s);
}

/* Looks until the same is found again: a file that has just changed is not believed at once. */
static struct snapshot *settle(const char *path)
{
    struct snapshot *s = take(path, NULL), *next;

    while ((next = take(path, s))) {
        assert_true(clock_realtime() - s->taken_ns < 10 * CLOCK_SECOND);
        snapshot_unref(s);
        s = next;
    }
    return s;
}

static void what_has_not_changed_needs_no_new_snapshot(void **state)
{
    static const char *const paths[] = {"file.txt", "with-index/", "without-index/", "with-index"};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        snapshot_unref(settle(paths[i]));
    }
}

/* RFC 9110 §8.8.1: a strong validator changes with every change, however quick. */
static void a_second_change_within_a_tick_of_the_clock_is_seen(void **state)
{
    struct snapshot *old = NULL, *new;

    (void)state;
    for (int i = 0; i < 50; i++) {
        put("twice", "one");
        old = take("twice", NULL);
        put("twice", "two");
        new = take("twice", old);
        assert_non_null(new);
        assert_content(&new->variants[CODING_IDENTITY], "two");
        assert_false(span_eq(old->variants[CODING_IDENTITY].etag.opaque,
                             new->variants[CODING_IDENTITY].etag.opaque));
        snapshot_unref(old);
        snapshot_unref(new);
    }
}

static void every_kind_of_change_is_seen(void **state)
{
    struct snapshot *old, *new;

    (void)state;
    put("changing", "one");
    old = take("changing", NULL);
    put("changing.new", "two"); // of the same length, put in its place
    assert_int_equal(renameat(root, "changing.new", root, "changing"), 0);
    new = take("changing", old);
    assert_content(&new->variants[CODING_IDENTITY], "two");
    assert_false(span_eq(old->variants[CODING_IDENTITY].etag.opaque,
                         new->variants[CODING_IDENTITY].etag.opaque));
    assert_content(&old->variants[CODING_IDENTITY], "one"); // whoever holds it sends it whole
    snapshot_unref(old);
    old = new;
    put("changing.br", "neighbour");
    new = take("changing", old);
    assert_content(&new->variants[CODING_BROTLI], "neighbour");
    snapshot_unref(old);
    old = new;
    unlinkat(root, "changing.br", 0);
    unlinkat(root, "changing", 0);
    new = take("changing", old);
    assert_int_equal(new->kind, SNAPSHOT_ABSENT);
    snapshot_unref(old);
    snapshot_unref(new);
}

/* RFC 9110 §8.8.2.1 */
static void last_modified_is_never_later_than_the_response(void **state)
{
    int64_t before = clock_realtime() / CLOCK_SECOND;
    const struct timespec future[2] = {{.tv_sec = before + 5000}, {.tv_sec = before + 5000}};
    struct snapshot *s;

    (void)state;
    put("future", "x");
    assert_int_equal(utimensat(root, "future", future, 0), 0);
    s = take("future", NULL);
    assert_in_range(s->variants[CODING_IDENTITY].last_modified, before,
                    clock_realtime() / CLOCK_SECOND);
    snapshot_unref(s);
}

/* The cache. */

struct asker {
    struct file_waiter waiter;
    struct snapshot *found;
};

static unsigned expected, told;

static void on_found(struct file_waiter *w, struct snapshot *s)
{
    container_of(w, struct asker, waiter)->found = s;
    if (++told == expected)
        loop_stop(loop);
}

/* Asks and does not wait. True: it was known. */
static bool ask(struct asker *a, const char *path)
{
    *a = (struct asker){.waiter.on_found = on_found};
    return file_cache_find(cache, span_from_str(path), &a->waiter, &a->found);
}

static void wait_for(unsigned count)
{
    expected = count;
    if (told < expected)
        loop_run(loop);
    assert_int_equal(told, expected);
    told = 0;
}

static struct snapshot *find(const char *path)
{
    struct asker a;

    if (!ask(&a, path))
        wait_for(1);
    assert_non_null(a.found);
    return a.found;
}

static int open_cache(void **state)
{
    (void)state;
    told = 0;
    if (loop_open(64, &loop) < 0 || offload_open(2, 1, &pool) < 0)
        return -1;
    return file_cache_open(served, &options, loop, pool, types, &cache);
}

static int close_cache(void **state)
{
    (void)state;
    offload_free(pool);
    file_cache_free(cache);
    loop_free(loop);
    return 0;
}

static void who_asks_while_it_is_looked_for_waits_for_the_same_snapshot(void **state)
{
    struct asker askers[10];

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_false(ask(&askers[i], "file.txt"));
    assert_int_equal(told, 0);
    wait_for(10);
    for (int i = 0; i < 10; i++)
        assert_ptr_equal(askers[i].found, askers[0].found);
    assert_int_equal(askers[0].found->references, 11);
    for (int i = 0; i < 10; i++)
        snapshot_unref(askers[i].found);
}

static void what_was_just_found_is_known_at_once(void **state)
{
    struct snapshot *first = find("file.txt"), *absent = find("none");
    struct asker a;

    (void)state;
    assert_true(ask(&a, "file.txt"));
    assert_ptr_equal(a.found, first);
    snapshot_unref(a.found);
    assert_true(ask(&a, "none"));
    assert_ptr_equal(a.found, absent);
    snapshot_unref(a.found);
    snapshot_unref(first);
    snapshot_unref(absent);
}

static void stop_loop(struct timer *t)
{
    (void)t;
    loop_stop(loop);
}

/* The loop's clock moves on while it runs. */
static void let_it_get_old(void)
{
    struct timer t;

    timer_init(&t, stop_loop);
    timer_set(loop, &t, loop_now(loop) + LIMIT_FILES_FRESH * CLOCK_MS);
    loop_run(loop);
}

static void what_is_old_is_looked_at_again_and_kept_if_it_still_holds(void **state)
{
    struct snapshot *before, *same, *after;
    struct asker a;

    (void)state;
    put("fresh", "one");
    snapshot_unref(settle("fresh"));
    before = find("fresh");
    let_it_get_old();
    assert_false(ask(&a, "fresh"));
    wait_for(1);
    same = a.found;
    assert_ptr_equal(same, before);
    put("fresh", "three");
    let_it_get_old();
    after = find("fresh");
    assert_content(&after->variants[CODING_IDENTITY], "three");
    assert_content(&before->variants[CODING_IDENTITY], "one");
    snapshot_unref(before);
    snapshot_unref(same);
    snapshot_unref(after);
}

static void the_least_recently_used_go_when_there_are_too_many(void **state)
{
    struct asker a;
    char path[32];

    (void)state;
    put("eldest", "read in the pool, whenever it is not remembered");
    snapshot_unref(find("file.txt"));
    snapshot_unref(find("eldest"));
    for (int i = 0; i < LIMIT_FILES_CACHED - 2; i++) {
        snprintf(path, sizeof path, "none-%d", i);
        snapshot_unref(find(path));
    }
    assert_true(ask(&a, "file.txt")); // used: now the youngest
    snapshot_unref(a.found);
    snapshot_unref(find("one-more"));
    assert_true(ask(&a, "file.txt"));
    snapshot_unref(a.found);
    assert_false(ask(&a, "eldest"));
    wait_for(1);
    snapshot_unref(a.found);
}

/* Whether the system here tells what it remembers. */
static bool can_peek(void)
{
    int fd = peek_open(at, at->fd, ".", 0);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void what_the_system_remembers_takes_no_way_through_the_pool(void **state)
{
    static const char *const paths[] = {"with-index", "kept", "none"};

    (void)state;
    put("kept", "one");
    snapshot_unref(settle("kept"));
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct snapshot *first = find(paths[i]);
        struct asker a;
        bool at_once;

        atomic_fetch_add(served_changes(served), 1); // nothing is believed any more
        at_once = ask(&a, paths[i]);
        if (i == 0) // some file systems do not remember what is not there, as neighbours are not
            assert_int_equal(at_once, can_peek());
        if (!at_once)
            wait_for(1);
        assert_int_equal(a.found->kind, first->kind);
        if (first->kind == SNAPSHOT_FILE)
            assert_ptr_equal(a.found, first);
        snapshot_unref(a.found);
        snapshot_unref(first);
    }
}

static void what_is_gone_is_not_remembered(void **state)
{
    struct snapshot *s;

    (void)state;
    put("going", "one");
    snapshot_unref(settle("going"));
    snapshot_unref(find("going"));
    assert_int_equal(unlinkat(root, "going", 0), 0);
    atomic_fetch_add(served_changes(served), 1);
    s = find("going");
    assert_int_equal(s->kind, SNAPSHOT_ABSENT);
    snapshot_unref(s);
}

static void what_has_changed_is_read_in_the_pool(void **state)
{
    struct asker a;

    (void)state;
    put("changing", "one");
    snapshot_unref(settle("changing"));
    snapshot_unref(find("changing"));
    put("changing", "three");
    atomic_fetch_add(served_changes(served), 1);
    assert_false(ask(&a, "changing"));
    wait_for(1);
    assert_content(&a.found->variants[CODING_IDENTITY], "three");
    snapshot_unref(a.found);
}

static int count_open(void)
{
    int n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void open_files_are_bounded(void **state)
{
    int before;
    char path[32];

    (void)state;
    put_large();
    before = count_open();
    for (int i = 0; i < LIMIT_FILES_CACHED_OPEN + 20; i++) {
        snprintf(path, sizeof path, "large-%d", i);
        assert_int_equal(linkat(root, "large", root, path, 0), 0);
        snapshot_unref(find(path));
        assert_true(count_open() - before <= LIMIT_FILES_CACHED_OPEN);
    }
    assert_int_equal(count_open() - before, LIMIT_FILES_CACHED_OPEN);
}

static void what_an_exchange_holds_outlives_the_cache(void **state)
{
    struct snapshot *s = find("file.txt");

    close_cache(state);
    assert_content(&s->variants[CODING_IDENTITY], "content\n");
    assert_int_equal(s->references, 1);
    snapshot_unref(s);
    assert_int_equal(open_cache(state), 0);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || media_type_map_new("/nonexistent", &types) < 0)
        return -1;
    root = open(folder, O_PATH | O_DIRECTORY);
    assert_int_equal(root_open(folder, &at), 0);
    assert_int_equal(served_open(folder, NULL, NULL, &served), 0);
    put("file.txt", "content\n");
    put("file.txt.gz", "compressed");
    put("empty", "");
    mkdirat(root, "with-index", 0755);
    put("with-index/index.html", "<p>index");
    mkdirat(root, "without-index", 0755);
    mkfifoat(root, "pipe", 0644);
    return symlinkat("with-index/index.html", root, "inside") ||
           symlinkat("../../etc/passwd", root, "outside") ||
           symlinkat("/etc/passwd", root, "absolute") || symlinkat("circle", root, "circle");
}

static int remove_folder(void **state)
{
    char command[64];

    (void)state;
    close(root);
    root_unref(at);
    served_free(served);
    media_type_map_free(types);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command); // the name is from mkdtemp
}

/* Memory and descriptors may be there again at once. */
static void a_failure_is_told_to_who_waits_for_it_and_to_nobody_else(void **state)
{
    struct rlimit limit, none;
    struct asker askers[3];

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_max = limit.rlim_max};
    for (int known = 0; known < 2; known++) {
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        for (int i = 0; i < 3; i++)
            assert_false(ask(&askers[i], "file.txt"));
        wait_for(3);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        for (int i = 0; i < 3; i++) {
            assert_non_null(askers[i].found);
            assert_int_equal(askers[i].found->kind, SNAPSHOT_FAILED);
            assert_int_equal(askers[i].found->error, EMFILE);
            assert_int_equal(askers[i].found->failure, OUTCOME_resources_exhausted);
            snapshot_unref(askers[i].found);
        }
        askers[0].found = find("file.txt");
        assert_int_equal(askers[0].found->kind, SNAPSHOT_FILE);
        snapshot_unref(askers[0].found);
        let_it_get_old();
    }
}

static void who_waits_no_more_is_not_told(void **state)
{
    struct asker askers[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_false(ask(&askers[i], "file.txt"));
    assert_true(file_cache_cancel(&askers[1].waiter));
    assert_false(file_cache_cancel(&askers[1].waiter));
    wait_for(2);
    assert_null(askers[1].found);
    assert_ptr_equal(askers[0].found, askers[2].found);
    assert_false(file_cache_cancel(&askers[0].waiter));
    snapshot_unref(askers[0].found);
    snapshot_unref(askers[2].found);
}

#define CACHE_TEST(name) cmocka_unit_test_setup_teardown(name, open_cache, close_cache)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_at_a_path_has_its_kind),
        cmocka_unit_test(a_folder_that_is_not_listed_is_not_there),
        cmocka_unit_test(a_file_comes_with_its_precompressed_neighbours),
        cmocka_unit_test(a_large_file_stays_open_instead_of_in_memory),
        cmocka_unit_test(what_has_not_changed_needs_no_new_snapshot),
        cmocka_unit_test(a_second_change_within_a_tick_of_the_clock_is_seen),
        cmocka_unit_test(every_kind_of_change_is_seen),
        cmocka_unit_test(last_modified_is_never_later_than_the_response),
        CACHE_TEST(who_asks_while_it_is_looked_for_waits_for_the_same_snapshot),
        CACHE_TEST(what_was_just_found_is_known_at_once),
        CACHE_TEST(what_is_old_is_looked_at_again_and_kept_if_it_still_holds),
        CACHE_TEST(the_least_recently_used_go_when_there_are_too_many),
        CACHE_TEST(what_the_system_remembers_takes_no_way_through_the_pool),
        CACHE_TEST(what_is_gone_is_not_remembered),
        CACHE_TEST(what_has_changed_is_read_in_the_pool),
        CACHE_TEST(open_files_are_bounded),
        CACHE_TEST(what_an_exchange_holds_outlives_the_cache),
        CACHE_TEST(who_waits_no_more_is_not_told),
        CACHE_TEST(a_failure_is_told_to_who_waits_for_it_and_to_nobody_else),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
