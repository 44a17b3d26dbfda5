// SPDX-License-Identifier: MIT
/* Looks at what the system remembers. What it forgets, and when, is its own business. */
#include "unit.h"

#include "fs/open.h"
#include "fs/peek.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/candor-peek-XXXXXX";
static struct root *root;

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(root_open(folder, &root), 0);
    assert_int_equal(mkdirat(root->fd, "a", 0777), 0);
    close(openat(root->fd, "a/f", O_CREAT | O_WRONLY, 0666));
    assert_int_equal(symlinkat("a", root->fd, "link"), 0);
    return 0;
}

static int unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    root_unref(root);
    return nftw(folder, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int peek(const char *path, int flags)
{
    int fd = peek_open(root, root->fd, path, flags);

    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

/* Whether this system can be asked for what it remembers of this folder. */
static bool can_peek(void)
{
    return peek(".", 0) == 0;
}

static void what_was_just_made_is_remembered(void **state)
{
    struct stat st, seen;
    int fd;

    (void)state;
    if (!can_peek())
        skip();
    close(openat(root->fd, "a/new", O_CREAT | O_WRONLY, 0666));
    fd = peek_open(root, root->fd, "a/new", 0);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &seen), 0);
    assert_int_equal(fstatat(root->fd, "a/new", &st, 0), 0);
    assert_int_equal(seen.st_ino, st.st_ino);
    close(fd);
    assert_int_equal(unlinkat(root->fd, "a/new", 0), 0);
    assert_int_not_equal(peek("a/new", 0), 0);
}

static void what_nobody_has_looked_for_is_not_remembered(void **state)
{
    (void)state;
    assert_int_equal(peek("never", 0), -EAGAIN);
    assert_int_equal(peek("a/never", 0), -EAGAIN);
}

static void no_link_and_no_way_out_is_taken(void **state)
{
    (void)state;
    assert_int_equal(peek("link/f", 0), -EAGAIN);
    assert_int_equal(peek("link", 0), -EAGAIN);
    assert_int_equal(peek("link", O_NOFOLLOW), can_peek() ? 0 : -EAGAIN); // the link itself
    assert_int_equal(peek("..", 0), -EAGAIN);
    assert_int_equal(peek("/", 0), -EAGAIN);
    assert_int_equal(peek("a/f/g", 0), -EAGAIN);
    assert_int_equal(peek("a/f", O_DIRECTORY), -EAGAIN);
}

static void other_file_systems_are_left_to_who_may_wait(void **state)
{
    struct root *top;
    struct stat here, there;

    (void)state;
    assert_int_equal(root_open("/proc", &top), 0);
    assert_false(top->is_local);
    assert_int_equal(peek_open(top, top->fd, ".", 0), -EAGAIN);
    root_unref(top);
    assert_int_equal(root_open("/", &top), 0);
    assert_int_equal(fstat(top->fd, &here) | stat("/proc", &there), 0);
    assert_true(here.st_dev != there.st_dev);
    assert_int_equal(peek_open(top, top->fd, "proc", 0), -EAGAIN);
    root_unref(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_just_made_is_remembered),
        cmocka_unit_test(what_nobody_has_looked_for_is_not_remembered),
        cmocka_unit_test(no_link_and_no_way_out_is_taken),
        cmocka_unit_test(other_file_systems_are_left_to_who_may_wait),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
