// SPDX-License-Identifier: MIT
#include "tree_folder.h"

#include "base/clock.h"
#include "fs/open.h"
#include "fs/served.h"
#include "fs/walk.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static struct tree_folder folder;
static struct root *at; // by a link to it, from beside it
static char beside[80];
static char parent_and_name[96];

static const char *in(const char *place, const char *path)
{
    static char texts[4][PATH_MAX];
    static int next;
    char *text = texts[next++ % 4];

    snprintf(text, PATH_MAX, "%s/%s", place, path);
    return text;
}

static void make_link(const char *text, const char *path)
{
    assert_int_equal(symlinkat(text, folder.root, path), 0);
}

static int set_up(void **state)
{
    const char *name;

    (void)state;
    folder = tree_folder_new((struct tree_options){.umask = 022});
    name = strrchr(folder.path, '/') + 1;
    snprintf(beside, sizeof beside, "%s-beside", folder.path);
    assert_int_equal(mkdir(beside, 0700), 0);
    assert_int_equal(close(open(in(beside, "secret"), O_CREAT | O_WRONLY, 0600)), 0);
    assert_int_equal(symlink(folder.path, in(beside, "current")), 0);
    assert_int_equal(root_open(in(beside, "current"), &at), 0);
    assert_int_equal(tree_folder_mkdir(&folder, "a"), 0);
    assert_int_equal(tree_folder_mkdir(&folder, "a/b"), 0);
    assert_int_equal(tree_folder_put(&folder, "a/b/f", "f"), 0);
    assert_int_equal(tree_folder_put(&folder, "g", "g"), 0);
    assert_int_equal(mkfifoat(folder.root, "pipe", 0600), 0);
    // Links that stay beneath the root.
    make_link("a", "l");
    make_link("a/", "l-slash");
    make_link("g/", "g-slash");
    make_link("b/../b/./f", "a/lf");
    make_link("l/b", "twice");
    make_link("..", "a/up");
    make_link(".", "self");
    make_link("././/a//b///", "slashes");
    make_link("pipe", "to-pipe");
    make_link("nowhere", "nowhere-link");
    make_link("a/b/f/../f", "through-file");
    make_link("no/../a", "through-nothing");
    make_link("circle", "circle");
    // Links that leave it and come back.
    make_link(in(folder.path, "a/b/f"), "absolute");
    make_link(in(folder.path, "a"), "absolute-folder");
    make_link(folder.path, "absolute-root");
    make_link(in(in(beside, "current"), "a/b/f"), "by-the-other-name");
    make_link(in(in("..", name), "a/b/f"), "up-and-back");
    make_link(in(in("../..", name), "g"), "a/up-and-back");
    make_link(in(in("../../../../../..", folder.path + 1), "g"), "a/b/far-up");
    make_link("absolute", "chain");
    make_link(in(folder.path, "./a/../../none/.."), "out-behind-the-root");
    // Links that lead out of it.
    make_link("/etc/passwd", "out");
    make_link("..", "parent");
    make_link("../..", "a/parent");
    make_link(in(in("parent", name), "a/b/f"), "parent-and-back");
    snprintf(parent_and_name, sizeof parent_and_name, "parent/%s/a/b/f", name);
    make_link(in(beside, "secret"), "to-secret");
    make_link(in(folder.path, "../../etc/passwd"), "out-by-the-root");
    make_link(in("..", in(strrchr(beside, '/') + 1, "secret")), "up-to-secret");
    // What begins like the root is not the root.
    make_link(beside, "longer-name");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    root_unref(at);
    tree_folder_free(&folder);
    unlink(in(beside, "secret"));
    unlink(in(beside, "current"));
    return rmdir(beside);
}

/* What was opened, or the error. */
static int64_t what(int fd)
{
    struct stat st;

    if (fd < 0)
        return fd;
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    return (int64_t)st.st_ino;
}

static int64_t inode_of(const char *path)
{
    struct stat st;

    assert_int_equal(fstatat(folder.root, path, &st, AT_SYMLINK_NOFOLLOW), 0);
    return (int64_t)st.st_ino;
}

static const char *const beneath[] = {
    "",
    ".",
    "a",
    "a/",
    "a/b/f",
    "a/b/f/",
    "g",
    "g/",
    "g/x",
    "none",
    "none/x",
    "l",
    "l/",
    "l/b/f",
    "l/none",
    "l-slash",
    "l-slash/b",
    "g-slash",
    "a/lf",
    "l/lf",
    "twice",
    "twice/f",
    "a/up",
    "a/up/g",
    "a/up/a/lf",
    "self",
    "self/self/g",
    "slashes",
    "slashes/f",
    "pipe",
    "to-pipe",
    "nowhere-link",
    "circle",
    "circle/x",
    "through-file",
    "through-nothing/b",
    "a//b///f",
    "./a/./b",
    "self/",
    "nowhere-link/",
    "..",
    "a/../..",
    "/",
    "/etc/passwd",
    "a/../g",
    "parent",
    "a/parent",
    "parent/tmp",
    "out",
    "out/x",
    "to-secret",
    "longer-name",
    "longer-name/secret",
};

static void name_by_name_a_path_leads_where_the_system_leads_it(void **state)
{
    static const int flags[] = {
        O_PATH,
        O_PATH | O_DIRECTORY,
        O_PATH | O_NOFOLLOW,
        O_PATH | O_DIRECTORY | O_NOFOLLOW,
        O_RDONLY | O_NONBLOCK,
        O_RDONLY | O_NONBLOCK | O_NOFOLLOW,
        O_RDONLY | O_DIRECTORY,
        O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
    };
    const struct root nameless = {.fd = folder.root};

    (void)state;
    if (!fs_has_openat2())
        skip();
    for (size_t i = 0; i < sizeof beneath / sizeof *beneath; i++) {
        for (size_t j = 0; j < sizeof flags / sizeof *flags; j++) {
            int64_t system = what(fs_open(&nameless, beneath[i], flags[j]));
            int64_t walked = what(walk_open(&nameless, beneath[i], flags[j], false));

            if (system != walked)
                fail_msg("%s, %o: %lld, not %lld", beneath[i], flags[j], (long long)walked,
                         (long long)system);
            system = what(fs_open_straight(folder.root, beneath[i], flags[j]));
            walked = what(walk_open(&nameless, beneath[i], flags[j], true));
            if (system != walked)
                fail_msg("%s, %o, through no link: %lld, not %lld", beneath[i], flags[j],
                         (long long)walked, (long long)system);
        }
    }
}

static const struct {
    const char *path, *thing; // NULL: out of the root
} returning[] = {
    {"absolute", "a/b/f"},
    {"absolute-folder/b/f", "a/b/f"},
    {"absolute-root", "."},
    {"absolute-root/a/lf", "a/b/f"},
    {"absolute-root/absolute-root/chain", "a/b/f"},
    {"by-the-other-name", "a/b/f"},
    {"up-and-back", "a/b/f"},
    {"a/up-and-back", "g"},
    {"twice/far-up", "g"},
    {"chain", "a/b/f"},
    {"out-behind-the-root", NULL},
    {"out", NULL},
    {"parent", NULL},
    {"a/parent", NULL},
    {"to-secret", NULL},
    {"out-by-the-root", NULL},
    {"up-to-secret", NULL},
    {"longer-name/secret", NULL},
    // Only links come back: nobody may ask for what the root is called.
    {"a/../../x", NULL},
    {"parent-and-back", "a/b/f"},
    {NULL, NULL}, // "parent/" and the root's own name
};

static void a_link_that_leaves_the_root_and_comes_back_leads_there(void **state)
{
    char path[PATH_MAX];
    size_t length;

    (void)state;
    for (size_t i = 0; i < sizeof returning / sizeof *returning; i++) {
        const char *thing = returning[i].thing;
        int64_t expected = thing ? inode_of(thing) : -EXDEV;
        const char *asked = returning[i].path ? returning[i].path : parent_and_name;
        int64_t opened = what(fs_open(at, asked, O_PATH));
        int error = walk_follow(at, asked, true, path, &length);

        if (opened != expected)
            fail_msg("%s: %lld, not %lld", asked, (long long)opened, (long long)expected);
        if (thing && strcmp(thing, ".") == 0)
            thing = "";
        if (error != (thing ? 0 : -EXDEV) ||
            (thing && !span_eq(span_of(path, length), span_from_str(thing))))
            fail_msg("%s: %d, %.*s", asked, error, (int)length, path);
    }
}

static void a_root_without_names_has_no_way_back(void **state)
{
    const struct root nameless = {.fd = folder.root};

    (void)state;
    assert_int_equal(fs_open(&nameless, "absolute", O_PATH), -EXDEV);
    assert_int_equal(fs_open(&nameless, "up-and-back", O_PATH), -EXDEV);
}

static void links_end_where_the_system_ends_them(void **state)
{
    char text[32], path[PATH_MAX];
    size_t length;

    (void)state;
    make_link("g", "n0");
    for (int i = 1; i <= LIMIT_TREE_LINKS; i++) {
        snprintf(text, sizeof text, "n%d", i - 1);
        snprintf(path, sizeof path, "n%d", i);
        make_link(text, path);
    }
    snprintf(text, sizeof text, "n%d", LIMIT_TREE_LINKS - 1); // that many, with n0
    assert_int_equal(what(fs_open(at, text, O_PATH)), inode_of("g"));
    assert_int_equal(what(walk_open(at, text, O_PATH, false)), inode_of("g"));
    assert_int_equal(walk_follow(at, text, true, path, &length), 0);
    snprintf(text, sizeof text, "n%d", LIMIT_TREE_LINKS);
    assert_int_equal(fs_open(at, text, O_PATH), -ELOOP);
    assert_int_equal(walk_open(at, text, O_PATH, false), -ELOOP);
    assert_int_equal(walk_follow(at, text, true, path, &length), -ELOOP);
}

static void too_long_a_name_or_a_way_is_refused(void **state)
{
    char name[NAME_MAX + 2], way[PATH_MAX + 2];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(walk_open(at, name, O_PATH, false), -ENAMETOOLONG);
    for (size_t i = 0; i < sizeof way - 1; i++)
        way[i] = i % 2 ? '/' : '.';
    way[sizeof way - 1] = '\0';
    assert_int_equal(walk_open(at, way, O_PATH, false), -ENAMETOOLONG);
}

static atomic_bool over;

/* A folder goes out of the root and back, and a link turns, all the time. */
static void *rename_all_the_time(void *unused)
{
    (void)unused;
    while (!atomic_load(&over)) {
        (void)rename(in(folder.path, "race/in"), in(beside, "moved"));
        (void)!symlinkat(beside, folder.root, "race/in");
        (void)unlinkat(folder.root, "race/in", 0);
        (void)rename(in(beside, "moved"), in(folder.path, "race/in"));
    }
    return NULL;
}

static void whatever_is_renamed_meanwhile_nothing_outside_is_opened(void **state)
{
    static const char *const tries[] = {"race/in/up", "race/in/up2/secret", "race/in/deep/up3",
                                        "race/in/secret", "race/in/deep/../../secret"};
    struct stat secret, st;
    pthread_t thread;
    int opened = 0;

    (void)state;
    assert_int_equal(mkdirat(folder.root, "race", 0700), 0);
    assert_int_equal(mkdirat(folder.root, "race/in", 0700), 0);
    assert_int_equal(mkdirat(folder.root, "race/in/deep", 0700), 0);
    make_link("../secret", "race/in/up"); // beside, once the folder is there
    make_link("..", "race/in/up2");
    make_link("../../secret", "race/in/deep/up3");
    assert_int_equal(tree_folder_put(&folder, "race/secret", "may be seen"), 0);
    assert_int_equal(stat(in(beside, "secret"), &secret), 0);
    assert_int_equal(pthread_create(&thread, NULL, rename_all_the_time, NULL), 0);
    for (int i = 0; i < 20000; i++) {
        int fd = walk_open(at, tries[i % 5], O_PATH, false);

        if (fd < 0)
            continue;
        assert_int_equal(fstat(fd, &st), 0);
        close(fd);
        opened++;
        assert_false(st.st_ino == secret.st_ino && st.st_dev == secret.st_dev);
    }
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    assert_true(opened > 0);
}

static void a_root_knows_whether_its_path_still_leads_to_it(void **state)
{
    char path[] = "/tmp/candor-root-XXXXXX", other[80], link[80];
    struct root *r, *by_link;

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(other, sizeof other, "%s-other", path);
    snprintf(link, sizeof link, "%s-link", path);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(root_open(path, &r), 0);
    assert_int_equal(root_open(link, &by_link), 0);
    assert_int_equal(root_check(r), 0);
    assert_int_equal(root_check(by_link), 0);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(root_check(r), -ROOT_GONE);
    assert_int_equal(root_check(by_link), -ROOT_GONE);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(root_check(r), -ROOT_EXCHANGED);
    assert_int_equal(root_check(by_link), -ROOT_EXCHANGED);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink(other, link), 0);
    assert_int_equal(root_check(by_link), 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
    assert_int_equal(root_check(r), -ROOT_GONE);
    root_unref(r);
    root_unref(by_link);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(rmdir(other), 0);
    assert_int_equal(root_open(path, &r), -ENOENT);
}

struct told {
    int count;
    enum served_event last;
    int error;
};

static void tell(void *context, const char *path, enum served_event event, int error)
{
    struct told *told = context;

    assert_int_equal(path[0], '/');
    *told = (struct told){told->count + 1, event, error};
}

/* What the path is taken to lead to at that time; NULL: to nothing. */
static ino_t served_at(struct served *s, int64_t now)
{
    struct root *root;
    ino_t inode;

    if (served_root(s, now, &root) < 0)
        return 0;
    inode = root->inode;
    root_unref(root);
    return inode;
}

static void what_is_known_of_a_served_folder_is_had_at_once_until_it_is_to_be_looked_at(
    void **state)
{
    char path[] = "/tmp/candor-served-XXXXXX";
    struct served *s;
    struct root *root, *at_once;
    int64_t now;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(served_open(path, NULL, NULL, &s), 0);
    now = clock_monotonic() + LIMIT_ROOT_LOOK * CLOCK_MS;
    assert_null(served_root_at_once(s, now));
    assert_int_equal(served_root(s, now, &root), 0);
    at_once = served_root_at_once(s, now + LIMIT_ROOT_LOOK * CLOCK_MS - 1);
    assert_ptr_equal(at_once, root);
    assert_null(served_root_at_once(s, now + LIMIT_ROOT_LOOK * CLOCK_MS));
    served_distrust(s);
    assert_null(served_root_at_once(s, now));
    // Gone: that is not had without a look.
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(served_at(s, now), 0);
    assert_null(served_root_at_once(s, now));
    root_unref(at_once);
    root_unref(root);
    served_free(s);
}

static void a_served_folder_is_looked_at_again_after_a_while(void **state)
{
    const int64_t later = LIMIT_ROOT_LOOK * CLOCK_MS;
    char path[] = "/tmp/candor-served-XXXXXX", other[80];
    struct told told = {0};
    struct served *s;
    ino_t first, second;
    uint64_t changes;
    int64_t now;

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(other, sizeof other, "%s-other", path);
    assert_int_equal(served_open(path, tell, &told, &s), 0);
    now = clock_monotonic() + later;
    first = served_at(s, now);
    changes = atomic_load(served_changes(s));
    assert_true(served_holds(s, now + LIMIT_FILES_FRESH * CLOCK_MS - 1));
    assert_false(served_holds(s, now + LIMIT_FILES_FRESH * CLOCK_MS));
    // Another one: it is seen at the next look, and not before.
    assert_int_equal(rename(path, other) | mkdir(path, 0700), 0);
    assert_int_equal(served_at(s, now + later - 1), first);
    now += later;
    second = served_at(s, now);
    assert_true(second && second != first);
    assert_true(told.count == 1 && told.last == SERVED_EXCHANGED);
    assert_true(atomic_load(served_changes(s)) > changes);
    // It is gone, and told once, however often it is looked for.
    assert_int_equal(rmdir(path), 0);
    served_distrust(s);
    for (int i = 0; i < 3; i++)
        assert_int_equal(served_at(s, now += later), 0);
    assert_false(served_holds(s, now));
    assert_true(told.count == 2 && told.last == SERVED_GONE && told.error == ENOENT);
    // Back as the first one.
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(served_at(s, now + later - 1), 0);
    assert_int_equal(served_at(s, now += later), first);
    assert_true(served_holds(s, now));
    assert_true(told.count == 3 && told.last == SERVED_BACK);
    assert_int_equal(served_at(s, now + 10 * later), first);
    assert_int_equal(told.count, 3);
    served_free(s);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(served_open(path, NULL, NULL, &s), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_by_name_a_path_leads_where_the_system_leads_it),
        cmocka_unit_test(a_link_that_leaves_the_root_and_comes_back_leads_there),
        cmocka_unit_test(a_root_without_names_has_no_way_back),
        cmocka_unit_test(links_end_where_the_system_ends_them),
        cmocka_unit_test(too_long_a_name_or_a_way_is_refused),
        cmocka_unit_test(whatever_is_renamed_meanwhile_nothing_outside_is_opened),
        cmocka_unit_test(a_root_knows_whether_its_path_still_leads_to_it),
        cmocka_unit_test(a_served_folder_is_looked_at_again_after_a_while),
        cmocka_unit_test(
            what_is_known_of_a_served_folder_is_had_at_once_until_it_is_to_be_looked_at),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
