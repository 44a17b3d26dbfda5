// SPDX-License-Identifier: MIT
/*
 * The tree that is walked here is made up: each folder of the same level has so many subfolders,
 * whose names are numbers with something long behind them.
 */
#include "fs/descent.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 4 };

struct shape {
    unsigned subfolders[LEVELS + 1]; // of a folder of each level
    size_t name;                     // its bytes
};

struct visit {
    const struct shape *shape;
    struct descent d;
    size_t read, left, most;
    char under_way[LEVELS + 2][LIMIT_TREE_PATH + 1]; // paths of the folders that were read from
};

static unsigned level_of(const char *path)
{
    unsigned level = *path != '\0';

    for (; *path; path++)
        level += *path == '/';
    return level;
}

static void make_name(char *name, unsigned number, size_t length)
{
    memset(name, 'x', length);
    name[length] = '\0';
    name[snprintf(name, length, "%u", number)] = '-';
}

/* As much as it is permitted to, from where it paused. */
static void read_folder(struct visit *v)
{
    struct descent *d = &v->d;
    unsigned level = level_of(d->path);
    char name[256];

    for (unsigned i = (unsigned)d->at; i < v->shape->subfolders[level]; i++) {
        make_name(name, i, v->shape->name);
        assert_int_equal(descent_add(d, name), 0);
        if (d->memory > v->most)
            v->most = d->memory;
        if (descent_is_full(d)) {
            descent_pause(d, i + 1);
            return;
        }
    }
    v->read++;
}

static void walk(struct visit *v)
{
    enum descent_event event;

    assert_int_equal(descent_begin(&v->d), 0);
    while ((event = descent_next(&v->d)) != DESCENT_END) {
        unsigned level = level_of(v->d.path);
        char *under_way = v->under_way[level];

        if (event == DESCENT_READ && v->d.at == 0)
            memcpy(under_way, v->d.path, sizeof v->d.path);
        assert_string_equal(under_way, v->d.path); // it goes on with, or leaves, what it began
        if (level)                                 // within what is under way above it
            assert_memory_equal(v->d.path, v->under_way[level - 1],
                                strlen(v->under_way[level - 1]));
        if (event == DESCENT_READ)
            read_folder(v);
        else
            v->left++;
    }
    descent_done(&v->d);
}

static size_t folders_of(const struct shape *s)
{
    size_t sum = 1, level = 1;

    for (unsigned i = 0; i < LEVELS; i++)
        sum += level *= s->subfolders[i];
    return sum;
}

static void every_folder_is_read_once_and_left_after_all_beneath_it(void **state)
{
    static const struct shape shapes[] = {
        {{0}, 8},          {{3, 0}, 8},          {{2, 3, 4, 5}, 8},
        {{50000, 2}, 200}, {{200, 200, 2}, 240}, {{7, 9000, 1, 1}, 100},
    };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct visit *v = calloc(1, sizeof *v);

        assert_non_null(v);
        v->shape = &shapes[i];
        walk(v);
        assert_int_equal(v->read, folders_of(&shapes[i]));
        assert_int_equal(v->left, v->read);
        // A few names for each level beyond the bound.
        assert_true(v->most <= LIMIT_TREE_DESCENT + (LEVELS + 1) * 17 * (shapes[i].name + 64));
        free(v);
    }
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    char name[256];
    struct descent *d = calloc(1, sizeof *d);
    size_t length = 0;

    (void)state;
    assert_non_null(d);
    make_name(name, 1, 255);
    assert_int_equal(descent_begin(d), 0);
    assert_int_equal(descent_next(d), DESCENT_READ);
    while (length + 1 + 255 <= LIMIT_TREE_PATH) {
        assert_int_equal(descent_add(d, name), 0);
        assert_int_equal(descent_next(d), DESCENT_READ);
        length = strlen(d->path);
    }
    assert_int_equal(descent_add(d, name), -ENAMETOOLONG);
    assert_int_equal(descent_add(d, "short"), 0);
    descent_done(d); // in the middle
    free(d);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_folder_is_read_once_and_left_after_all_beneath_it),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
