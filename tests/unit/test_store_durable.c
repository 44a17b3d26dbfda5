// SPDX-License-Identifier: MIT
/* Threads, a killed process and a full disk. */
#include "store_unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { THREADS = 8, ROUNDS = 60 };

struct writer {
    struct fixture *f;
    int number;
    int failures;
    int result;
};

/* Sets, moves and reads in a corner of its own; every seventh call must fail, alone. */
static void *write_and_read(void *argument)
{
    struct writer *w = argument;
    struct store *s = w->f->store;
    char from[32], to[32], value[32];
    struct store_lock absent = lock_of("urn:absent", "");

    snprintf(from, sizeof from, "from%d", w->number);
    snprintf(to, sizeof to, "to%d", w->number);
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(value, sizeof value, "%d", i);
        struct store_change changes[] = {
            change_set(span_from_str(from), SPAN("x"), span_from_str(value)),
            {.kind = STORE_LOCK_REFRESH, .lock = &absent},
        };
        const struct store_intent move = {.kind = STORE_INTENT_MOVE,
                                          .source = span_from_str(from),
                                          .destination = span_from_str(to)};
        bool fails = i % 7 == 6;
        const struct store_following following = {
            .intent = &move, .first = changes, .count = fails ? 2 : 1};
        struct store_progress progress = {0};
        int result = store_follow(s, w->f->tree, &following, &progress);
        w->failures += result != (fails ? -CANDOR_E_ABSENT : 0);

        struct buf got = {0};
        if (!fails)
            w->failures += find_property(s, w->f->tree, span_from_str(to),
                                         SPAN("http://example.com/"), SPAN("x"), &got) <= 0 ||
                           !span_eq(buf_span(&got), span_from_str(value));
        w->failures += !store_tree_has_properties(s, w->f->tree);
        buf_done(&got);
    }
    return NULL;
}

static void threads_write_at_once_and_only_the_failing_call_fails(void **state)
{
    struct fixture *f = *state;
    struct writer writers[THREADS];
    pthread_t threads[THREADS];

    assert_int_equal(set_property(f, "there", "x", "1"), 0);
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.f = f, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_and_read, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(writers[i].failures, 0);
    }
    fixture_reopen(f);
    for (int i = 0; i < THREADS; i++) {
        char path[32], last[32];

        snprintf(path, sizeof path, "to%d", i);
        snprintf(last, sizeof last, "%d", ROUNDS - 1);
        assert_string_equal(get_property(f, span_from_str(path), "x"), last);
    }
}

/* ---- A killed process */

/* In the child: locks one after the other, each told through the pipe once it is acknowledged. */
static void *insert_for_ever(void *argument)
{
    struct writer *w = argument;
    char token[32];

    for (uint32_t i = 0;; i++) {
        snprintf(token, sizeof token, "t%d-%u", w->number, i);
        struct store_lock lock = lock_of(token, "a/b");
        uint32_t told[2] = {(uint32_t)w->number, i};
        if (insert_lock(w->f, &lock) < 0 || write(w->failures, told, sizeof told) != sizeof told)
            _exit(1);
    }
}

static void child_insert(struct fixture *f, int out)
{
    struct writer writers[4];
    pthread_t thread;

    buf_clear(&f->error);
    if (store_open(f->path, &f->store, &f->error) < 0 ||
        store_tree(f->store, SPAN("/srv/team"), &f->tree) < 0)
        _exit(1);
    for (int i = 0; i < 4; i++) {
        writers[i] = (struct writer){.f = f, .number = i, .failures = out};
        if (pthread_create(&thread, NULL, insert_for_ever, &writers[i]) != 0)
            _exit(1);
    }
    for (;;)
        pause();
}

struct presence {
    bool there[4][100000];
};

static int note_lock(void *context, const struct store_lock *lock)
{
    struct presence *p = context;
    uint64_t number;

    assert_true(lock->token.len > 3 && lock->token.ptr[1] >= '0' && lock->token.ptr[1] < '4');
    assert_true(span_to_u64(span_from(lock->token, 3), 99999, &number));
    p->there[lock->token.ptr[1] - '0'][number] = true;
    assert_true(span_eq(lock->path, SPAN("a/b")));
    return 0;
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    struct fixture *f = *state;
    static struct presence presence;

    for (int round = 0; round < 5; round++) {
        uint32_t told[2], acknowledged[4] = {0};
        int pipes[2], count = 0;

        store_close(f->store);
        f->store = NULL;
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            child_insert(f, pipes[1]);
        close(pipes[1]);
        while (read(pipes[0], told, sizeof told) == sizeof told) {
            acknowledged[told[0]] = told[1] + 1;
            if (++count == 37 * (round + 1))
                assert_int_equal(kill(child, SIGKILL), 0);
        }
        close(pipes[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && count >= 37 * (round + 1));

        fixture_open(f);
        memset(&presence, 0, sizeof presence);
        assert_int_equal(store_locks_visit(f->store, f->tree, note_lock, &presence), 0);
        for (int w = 0; w < 4; w++) {
            for (uint32_t i = 0; i < acknowledged[w]; i++)
                assert_true(presence.there[w][i]);
        }
        assert_int_equal(apply_one(f, change_path(STORE_LOCKS_DELETE, SPAN("a"))), 0);
    }
}

// While a process has the store, another cannot open it; once it is killed, it can.
static void the_lock_of_a_killed_process_is_gone(void **state)
{
    struct fixture *f = *state;
    int pipes[2];
    char ready;

    store_close(f->store);
    f->store = NULL;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (store_open(f->path, &f->store, &f->error) < 0 || write(pipes[1], "r", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &ready, 1), 1);
    close(pipes[0]);
    assert_int_equal(store_open(f->path, &f->store, &f->error), -CANDOR_E_BUSY);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    fixture_open(f);
}

/* ---- A full disk: in a child, where a file may not grow any more */

enum { FULL_FILE = 512 * 1024 };

static char big_value[32 * 1024];

/* Properties one after the other until one fails; the number of that one is left in failures. */
static void *fill_disk(void *argument)
{
    struct writer *w = argument;
    char path[32];
    int result = 0;

    for (w->failures = 0; result == 0 && w->failures < 1000; w->failures += result == 0) {
        snprintf(path, sizeof path, "p%d-%d", w->number, w->failures);
        result = apply_one(
            w->f, change_set(span_from_str(path), SPAN("x"), span_of(big_value, sizeof big_value)));
    }
    w->result = result;
    return NULL;
}

/* Whether what was acknowledged is there, and what failed is not. */
static bool is_true(struct fixture *f, const struct writer *w)
{
    char path[32];

    for (int i = 0; i <= w->failures; i++) {
        snprintf(path, sizeof path, "p%d-%d", w->number, i);
        bool there = strcmp(get_property(f, span_from_str(path), "x"), "-") != 0;
        if (there != (i < w->failures))
            return false;
    }
    return true;
}

/* 0, or the number of the step that went wrong. */
static int child_fill(struct fixture *f)
{
    struct rlimit limit = {FULL_FILE, RLIM_INFINITY};
    struct writer writers[4];
    pthread_t threads[4];
    struct buf text = {0};

    memset(big_value, 'v', sizeof big_value);
    signal(SIGXFSZ, SIG_IGN);
    if (store_open(f->path, &f->store, &f->error) < 0 ||
        store_tree(f->store, SPAN("/srv/team"), &f->tree) < 0)
        return 1;
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        return 2;
    for (int i = 0; i < 4; i++) {
        writers[i] = (struct writer){.f = f, .number = i};
        if (pthread_create(&threads[i], NULL, fill_disk, &writers[i]) != 0)
            return 3;
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++)
        if (writers[i].result != -CANDOR_E_FULL || !is_true(f, &writers[i]))
            return 4;
    store_describe_failure(f->store, &text);
    if (!text.len || !memmem(text.ptr, text.len, "File too large", 14))
        return 5;
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        return 6;
    if (store_is_unsure(f->store)) // nothing was written to its end
        return 9;
    const struct store_intent unknown = {.id = 12345};
    if (apply_one(f, (struct store_change){.kind = STORE_INTENT_FORGET, .intent = &unknown}) < 0 ||
        store_is_unsure(f->store))
        return 10;
    if (set_property(f, "p", "x", "fits") < 0)
        return 7;
    for (int i = 0; i < 4; i++)
        if (!is_true(f, &writers[i]))
            return 8;
    buf_done(&text);
    buf_done(&f->error);
    store_close(f->store);
    return 0;
}

static void a_full_disk_is_told_and_the_store_goes_on(void **state)
{
    struct fixture *f = *state;
    int status;

    store_close(f->store);
    f->store = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_fill(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    fixture_open(f);
    assert_string_equal(get_property(f, SPAN("p"), "x"), "fits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(threads_write_at_once_and_only_the_failing_call_fails),
        STORE_TEST(what_was_acknowledged_survives_a_kill),
        STORE_TEST(the_lock_of_a_killed_process_is_gone),
        STORE_TEST(a_full_disk_is_told_and_the_store_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
