// SPDX-License-Identifier: MIT
/*
 * A child changes a tree at random and is killed at random moments. Its journal, a pipe, tells
 * what it was about to do and what was acknowledged; after each kill the tree is swept and must
 * be the acknowledged state, or that with the change in flight wholly made.
 */
#include "tree_folder.h"

#include "base/clock.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

enum {
    FILES = 6,   // in each of two collections
    THREADS = 4, // of the child, each with its own two collections
    SLOTS = 3,   // collections of each: two of them exist
    KILLS = 60,
    LONGEST = 20000,
};

enum change { PUT, DELETE, MOVE, COPY, MAKE, DROP };

/*
 * One thread's world: collections "T-0" and up hold files "0" and up, whose content is a number
 * repeated; 0: no such file; -1 in member 0: no such collection.
 */
struct world {
    int32_t file[SLOTS][FILES];
};

struct entry {
    int thread;
    bool acknowledged;
    struct world after; // what the change makes of the world
};

static const struct tree_options plain = {.umask = 022};

static size_t content_length(int32_t number)
{
    return (size_t)number * 7919 % LONGEST + 1;
}

static void fill(char *content, int32_t number)
{
    for (size_t i = 0; i < content_length(number); i++)
        content[i] = (char)('!' + ((size_t)number + i) % 90);
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 12;
}

/* ---- The child */

struct worker {
    struct tree *tree;
    int journal, number;
    int32_t serial;
    struct world world;
    uint32_t seed;
    pthread_t thread;
};

static struct span name_of(char name[16], const struct worker *w, int slot, int file)
{
    int n = file < 0 ? snprintf(name, 16, "%d-%d", w->number, slot)
                     : snprintf(name, 16, "%d-%d/%d", w->number, slot, file);

    return span_of(name, (size_t)n);
}

static bool note(const struct worker *w, const struct world *after, bool acknowledged)
{
    struct entry e = {w->number, acknowledged, *after};

    return write(w->journal, &e, sizeof e) == sizeof e; // less than PIPE_BUF: whole or not at all
}

static int change(struct worker *w, enum change what, int from, int to, int file,
                  struct world *after)
{
    char a[16], b[16], content[LONGEST + 1];
    struct tree_result result;
    int32_t number = w->serial;

    switch (what) {
    case PUT:
        after->file[from][file] = number;
        fill(content, number);
        if (!note(w, after, false))
            return -EPIPE;
        return tree_put(w->tree, name_of(a, w, from, file),
                        span_of(content, content_length(number)), TREE_NOW, NULL, &result);
    case DELETE:
        after->file[from][file] = 0;
        if (!note(w, after, false))
            return -EPIPE;
        return w->world.file[from][file] ? tree_delete(w->tree, name_of(a, w, from, file), NULL)
                                         : 0;
    case MAKE:
    case DROP:
        memset(after->file[to], what == MAKE ? 0 : -1, sizeof after->file[to]);
        if (!note(w, after, false))
            return -EPIPE;
        return what == MAKE ? tree_mkdir(w->tree, name_of(a, w, to, -1), NULL, &result)
                            : tree_delete(w->tree, name_of(a, w, to, -1), NULL);
    default:
        memcpy(after->file[to], after->file[from], sizeof after->file[to]);
        if (what == MOVE)
            memset(after->file[from], -1, sizeof after->file[from]);
        if (!note(w, after, false))
            return -EPIPE;
        return what == MOVE ? tree_move(w->tree, name_of(a, w, from, -1), name_of(b, w, to, -1),
                                        NULL, NULL, &result)
                            : tree_copy(w->tree, name_of(a, w, from, -1), name_of(b, w, to, -1),
                                        NULL, NULL, &result);
    }
}

/* Moving onto a collection takes two steps; so that the states are two, only to a free name. */
static enum change choose(uint32_t dice, bool free_name)
{
    if (dice < 9)
        return dice < 6 ? PUT : dice < 8 ? DELETE : COPY;
    if (free_name)
        return dice == 9 ? MAKE : MOVE;
    return dice == 9 ? DROP : COPY;
}

static void *work(void *argument)
{
    struct worker *w = argument;
    int error = 0;

    while (error == 0) {
        struct world after = w->world;
        int from = (int)(next(&w->seed) % SLOTS), to;
        enum change what;

        while (w->world.file[from][0] < 0)
            from = (from + 1) % SLOTS;
        to = (from + 1 + (int)(next(&w->seed) % (SLOTS - 1))) % SLOTS;
        what = choose(next(&w->seed) % 12, w->world.file[to][0] < 0);
        w->serial++;
        error = change(w, what, from, to, (int)(next(&w->seed) % FILES), &after);
        if (error == 0 && !note(w, &after, true))
            error = -EPIPE;
        w->world = after;
    }
    fprintf(stderr, "a change failed: %d\n", error);
    _exit(1);
}

static void child(const struct tree_folder *f, const struct world *worlds, int32_t serial,
                  int journal)
{
    static struct worker workers[THREADS];
    struct tree *tree;

    if (tree_open(f->at, &plain, &tree) < 0)
        _exit(1);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.tree = tree,
                                     .journal = journal,
                                     .number = i,
                                     .serial = serial,
                                     .world = worlds[i],
                                     .seed = (uint32_t)(serial + 17 * i)};
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    _exit(1);
}

/* ---- The parent */

static int32_t check_file(const struct tree_folder *f, const char *path)
{
    char expected[LONGEST + 1];
    const char *content = tree_folder_read(f, path);
    size_t length = strlen(content);

    /* The content tells its number by its first character and its length. */
    for (int32_t number = 1; number < 1000000; number++) {
        if (content_length(number) != length || (char)('!' + (size_t)number % 90) != content[0])
            continue;
        fill(expected, number);
        if (memcmp(expected, content, length) == 0)
            return number;
    }
    fail_msg("%s is neither the old nor the new content (%zu bytes)", path, length);
    return -1;
}

/* Two numbers may have the same content; such are the same here. */
static bool same_number(int32_t a, int32_t b)
{
    return a == b || (a > 0 && b > 0 && content_length(a) == content_length(b) && a % 90 == b % 90);
}

static void read_world(const struct tree_folder *f, int thread, struct world *ret_world)
{
    char path[32];

    for (int slot = 0; slot < SLOTS; slot++) {
        int members, found = 0;

        snprintf(path, sizeof path, "%d-%d", thread, slot);
        members = tree_folder_count(f, path);
        for (int i = 0; i < FILES; i++) {
            snprintf(path, sizeof path, "%d-%d/%d", thread, slot, i);
            if (members < 0)
                ret_world->file[slot][i] = -1;
            else if (faccessat(f->root, path, F_OK, 0) < 0)
                ret_world->file[slot][i] = 0;
            else
                found++, ret_world->file[slot][i] = check_file(f, path);
        }
        if (members >= 0)
            assert_int_equal(found, members); // no stray file
    }
}

static bool same_world(const struct world *a, const struct world *b)
{
    for (int slot = 0; slot < SLOTS; slot++)
        for (int i = 0; i < FILES; i++)
            if (!same_number(a->file[slot][i], b->file[slot][i]))
                return false;
    return true;
}

/* Lets a child run, kills it, and reads what it said. Returns how many changes it made. */
static int run_and_kill(const struct tree_folder *f, const struct world *worlds, int32_t serial,
                        int64_t after_ns, struct entry last[THREADS][2])
{
    int64_t start = clock_monotonic();
    int acknowledged = 0, status;
    bool killed = false;
    struct entry e;
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(f, worlds, serial, ends[1]);
    close(ends[1]);
    while (true) {
        struct pollfd end = {.fd = ends[0], .events = POLLIN};
        int64_t left = after_ns - (clock_monotonic() - start);
        struct timespec timeout = {0, left > 0 ? left : 0};

        if (!killed && (left <= 0 || ppoll(&end, 1, &timeout, NULL) == 0)) {
            kill(pid, SIGKILL);
            killed = true; // and read what is left in the pipe
        }
        if (read(ends[0], &e, sizeof e) != sizeof e)
            break;
        last[e.thread][0] = e.acknowledged ? e : last[e.thread][0];
        last[e.thread][1] = e;
        acknowledged += e.acknowledged;
    }
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return acknowledged;
}

static void a_kill_at_any_moment_loses_nothing_and_leaves_nothing_half(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct world worlds[THREADS] = {0};
    uint32_t seed = (uint32_t)getpid();
    int changes = 0;
    size_t swept = 0;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        char name[16];

        for (int slot = 0; slot < SLOTS; slot++) {
            snprintf(name, sizeof name, "%d-%d", i, slot);
            if (slot < SLOTS - 1)
                assert_int_equal(tree_folder_mkdir(&f, name), 0);
            else
                memset(worlds[i].file[slot], -1, sizeof worlds[i].file[slot]);
        }
    }
    for (int round = 0; round < KILLS; round++) {
        struct entry last[THREADS][2];
        size_t removed;

        for (int i = 0; i < THREADS; i++)
            last[i][0] = last[i][1] = (struct entry){i, true, worlds[i]};
        changes +=
            run_and_kill(&f, worlds, 1 + round * 5000, (int64_t)(next(&seed) % 60000) * 1000, last);
        tree_folder_reopen(&f, plain);
        assert_int_equal(tree_sweep(f.tree, &removed), 0);
        swept += removed;
        for (int i = 0; i < THREADS; i++) {
            read_world(&f, i, &worlds[i]);
            if (!same_world(&worlds[i], &last[i][0].after) &&
                !same_world(&worlds[i], &last[i][1].after))
                fail_msg("round %d: the state is neither that before nor that after", round);
        }
        /* Nothing but the threads' collections beside each other. */
        for (int i = 0, members = 0; i < THREADS; i++) {
            for (int slot = 0; slot < SLOTS; slot++)
                members += worlds[i].file[slot][0] >= 0;
            if (i == THREADS - 1)
                assert_int_equal(tree_folder_count(&f, ""), members);
        }
    }
    print_message("%d changes acknowledged, %zu leftovers swept\n", changes, swept);
    assert_true(changes > KILLS);
    tree_folder_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_at_any_moment_loses_nothing_and_leaves_nothing_half),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
