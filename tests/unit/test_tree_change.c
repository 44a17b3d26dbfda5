// SPDX-License-Identifier: MIT
/*
 * The tree of files behind authoring: collections, links, copying, moving, sweeping.
 */
#include "tree_folder.h"

#include "base/limits.h"
#include "tree/tree_parts.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>

static const struct tree_options plain = {.umask = 022, .dotfiles = true};

static void a_collection_is_made_once_and_removed_whole(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct tree_seen absent = {0};
    struct tree_seen seen;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "a"), -EEXIST);   // RFC 4918 §9.3.1: 405
    assert_int_equal(tree_folder_mkdir(&f, "b/c"), -ENOENT); // 409
    assert_int_equal(tree_folder_mkdir(&f, "a/b"), 0);
    assert_int_equal(tree_folder_put(&f, "a/f", "x"), 0);
    assert_int_equal(tree_folder_put(&f, "a/b/f", "x"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "a/f/g"), -ENOTDIR);
    assert_int_equal(symlinkat("/etc/passwd", openat(f.root, "a/b", O_PATH), "l"), 0);
    assert_int_equal(fchmodat(f.root, "a/b", 0500, 0), 0); // its members can't go at first
    assert_int_equal(tree_delete(f.tree, SPAN("a"), &(struct tree_terms){.target = &absent}),
                     -ESTALE);
    seen = look(&f, "a").here;
    assert_int_equal(tree_folder_put(&f, "a/g", "x"), 0); // the same collection still
    assert_int_equal(tree_delete(f.tree, SPAN("a"), &(struct tree_terms){.target = &seen}), 0);
    assert_int_equal(discard(&f, "a"), -ENOENT);
    assert_int_equal(tree_folder_count(&f, ""), 0);
    tree_folder_free(&f);
}

/* Changes take the paths that tree_locate() tells. */
static void links_are_never_followed_out_nor_through_when_changing(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct tree_folder outside = tree_folder_new(plain);

    (void)state;
    assert_int_equal(tree_folder_put(&outside, "secret", "s"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "d"), 0);
    assert_int_equal(tree_folder_put(&f, "d/f", "x"), 0);
    assert_int_equal(symlinkat(outside.path, f.root, "out"), 0);
    assert_int_equal(symlinkat("d", f.root, "in"), 0);
    assert_int_equal(symlinkat("d/f", f.root, "file"), 0);
    assert_int_equal(symlinkat("nowhere", f.root, "dangling"), 0);
    assert_int_equal(look(&f, "out").here.kind, TREE_OTHER);
    assert_int_equal(look(&f, "dangling").here.kind, TREE_OTHER);
    assert_int_equal(look(&f, "in/f").here.kind, TREE_ABSENT); // tree_locate() follows
    assert_int_equal(look(&f, "file").here.kind, TREE_FILE);
    assert_true(look(&f, "file").is_link && !look(&f, "d/f").is_link);
    assert_false(look(&f, "dangling").is_link);
    assert_int_equal(look(&f, "out/secret").here.kind, TREE_ABSENT);
    assert_int_equal(tree_folder_put(&f, "out/secret", "t"), -ESTALE);
    assert_int_equal(tree_folder_put(&f, "in/f", "t"), -ESTALE);
    assert_int_equal(tree_folder_mkdir(&f, "in/new"), -ESTALE);
    assert_int_equal(discard(&f, "in/f"), -ESTALE);
    assert_int_equal(tree_touch(f.tree, SPAN("in/f"), TREE_NOW, NULL), -ESTALE);
    assert_int_equal(tree_touch(f.tree, SPAN("file"), TREE_NOW, NULL), -ESTALE);
    assert_int_equal(tree_folder_put(&f, "out", "t"), -ENXIO);
    assert_int_equal(copy(&f, "out", "mine", true), -ENXIO);
    assert_int_equal(copy(&f, "d", "in/e", true), -ESTALE);
    assert_int_equal(move(&f, "in/f", "d/g", true), -ESTALE);
    assert_int_equal(move(&f, "in", "d", true), -EDEADLK); // onto what it leads to
    assert_int_equal(copy(&f, "d", "in", true), -EDEADLK);
    assert_int_equal(copy(&f, "d/f", "file", true), -EDEADLK);
    assert_int_equal(copy(&f, "in", "d/in", true), -EDEADLK); // and into it
    assert_int_equal(move(&f, "in", "d/in", true), 0);        // but the link itself may go there
    assert_int_equal(move(&f, "d/in", "in", true), -ENXIO);   // from there it leads nowhere
    assert_int_equal(discard(&f, "d/in"), -ENXIO);
    assert_int_equal(unlinkat(f.root, "d/in", 0), 0);
    assert_int_equal(symlinkat("d", f.root, "in"), 0);
    assert_int_equal(copy(&f, "file", "copy", true), 0); // what it stands for
    assert_string_equal(tree_folder_read(&f, "copy"), "x");
    assert_int_equal(tree_folder_put(&f, "file", "y"), -ESTALE);
    assert_int_equal(copy(&f, "copy", "file", true), 0); // the link itself is replaced
    assert_int_equal(tree_folder_put(&f, "file", "y"), 0);
    assert_string_equal(tree_folder_read(&f, "d/f"), "x");
    assert_int_equal(discard(&f, "in"), 0);
    assert_int_equal(symlinkat(outside.path, openat(f.root, "d", O_PATH), "out"), 0);
    assert_int_equal(discard(&f, "d"), 0);
    assert_string_equal(tree_folder_read(&outside, "secret"), "s");
    tree_folder_free(&f);
    tree_folder_free(&outside);
}

/* RFC 4918 §9.8, §9.9: Overwrite, and source and destination. */
static void copies_and_moves_replace_or_refuse(void **state)
{
    struct tree_folder f = tree_folder_new(plain);

    (void)state;
    for (int moving = 0; moving < 2; moving++) {
        int (*go)(struct tree_folder *, const char *, const char *, bool) = moving ? move : copy;

        assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
        assert_int_equal(tree_folder_mkdir(&f, "a/b"), 0);
        assert_int_equal(tree_folder_put(&f, "a/b/f", "deep"), 0);
        assert_int_equal(tree_folder_mkdir(&f, "old"), 0);
        assert_int_equal(tree_folder_put(&f, "old/gone", "x"), 0);
        assert_int_equal(tree_folder_put(&f, "file", "file"), 0);
        assert_int_equal(go(&f, "a", "a", true), -EDEADLK);
        assert_int_equal(go(&f, "a", "a/b/c", true), -EDEADLK);
        assert_int_equal(go(&f, "a/b", "a", true), -EDEADLK);
        assert_int_equal(go(&f, "no", "c", true), -ENOENT);
        assert_int_equal(go(&f, "a", "no/c", true), -ENOENT);
        assert_int_equal(go(&f, "a", "old", false), -EEXIST);
        assert_int_equal(go(&f, "file", "a/b/f", false), -EEXIST);
        assert_int_equal(go(&f, "file", "a/b/f", true), 0);
        assert_string_equal(tree_folder_read(&f, "a/b/f"), "file");
        assert_int_equal(go(&f, "a", "old", true), 0);
        assert_string_equal(tree_folder_read(&f, "old/b/f"), "file");
        assert_int_equal(tree_folder_count(&f, "old"), 1);
        assert_int_equal(tree_folder_count(&f, "a"), moving ? -1 : 1);
        assert_int_equal(go(&f, "old/b/f", "old/b2", false), 0);
        assert_int_equal(go(&f, "old/b2", "old/b", true), 0); // a file over a collection
        assert_string_equal(tree_folder_read(&f, "old/b"), "file");
        assert_int_equal(go(&f, "old", "old2", false), 0);
        assert_int_equal(tree_folder_count(&f, ""), moving ? 1 : 4);
        for (int i = 0; i < 4; i++)
            (void)discard(&f, (const char *[]){"a", "old", "old2", "file"}[i]);
        assert_int_equal(tree_folder_count(&f, ""), 0);
    }
    tree_folder_free(&f);
}

static void a_move_between_two_names_of_one_file_is_one_onto_itself(void **state)
{
    struct tree_folder f = tree_folder_new(plain);

    (void)state;
    assert_int_equal(tree_folder_put(&f, "a", "x"), 0);
    assert_int_equal(linkat(f.root, "a", f.root, "b", 0), 0);
    assert_int_equal(move(&f, "a", "b", true), -EDEADLK);
    assert_int_equal(tree_folder_count(&f, ""), 2);
    assert_string_equal(tree_folder_read(&f, "b"), "x");
    tree_folder_free(&f);
}

static void a_shallow_copy_has_no_members(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct tree_result result;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_put(&f, "a/f", "x"), 0);
    assert_int_equal(tree_copy(f.tree, SPAN("a"), SPAN("b"),
                               &(struct tree_copying){.shallow = true}, NULL, &result),
                     0);
    assert_true(result.created);
    assert_int_equal(result.now.kind, TREE_COLLECTION);
    assert_int_equal(tree_folder_count(&f, "b"), 0);
    tree_folder_free(&f);
}

struct failures {
    int count;
    bool go_on;
    char path[64];
    int error;
};

static bool note_failure(void *context, struct span member, int error)
{
    struct failures *n = context;

    n->count++;
    n->error = error;
    snprintf(n->path, sizeof n->path, "%.*s", SPAN_ARG(member));
    return n->go_on;
}

/* RFC 4918 §9.8.3: what could not be copied is told, member by member. */
/* Data at 1 MiB and a bit, in a file of 3 MiB and a bit. */
static void make_sparse(const struct tree_folder *f, const char *path)
{
    int fd = openat(f->root, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "data", 4, (1 << 20) + 100), 4);
    assert_int_equal(ftruncate(fd, (3 << 20) + 5), 0);
    close(fd);
}

static char *read_large(const struct tree_folder *f, const char *path, size_t length)
{
    char *content = malloc(length + 1);
    int fd = openat(f->root, path, O_RDONLY | O_CLOEXEC);

    assert_non_null(content);
    assert_int_equal(read(fd, content, length + 1), length);
    close(fd);
    return content;
}

static void holes_are_copied_as_holes_and_never_show_what_was_there(void **state)
{
    const size_t length = (3 << 20) + 5, front = (1 << 20) + 200;
    struct tree_folder f = tree_folder_new(plain);
    struct tree_seen seen;
    struct tree_result result;
    struct stage *s;
    struct stat from, to;
    char *content, *old, *junk = malloc(front);

    (void)state;
    assert_non_null(junk);
    make_sparse(&f, "a");
    seen = look(&f, "a").here;
    old = read_large(&f, "a", length);
    assert_int_equal(copy(&f, "a", "b", false), 0);
    content = read_large(&f, "b", length);
    assert_memory_equal(content, old, length);
    free(content);
    assert_int_equal(fstatat(f.root, "a", &from, 0) | fstatat(f.root, "b", &to, 0), 0);
    assert_true(to.st_blocks <= from.st_blocks + 64); // there may be some for the index

    // Over what was written there and cut off again.
    memset(junk, 'j', front);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("c"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_stage_write(s, span_of(junk, front)), 0);
    tree_stage_cut(s, 3);
    assert_int_equal(tree_stage_copy_from(s, SPAN("a"), &seen, 3, length - 3, NULL), 0);
    assert_int_equal(tree_stage_commit(s, NULL, &result), 0);
    tree_stage_free(s);
    content = read_large(&f, "c", length);
    assert_memory_equal(content, "jjj", 3);
    assert_memory_equal(content + 3, old + 3, length - 3);
    free(content);
    free(old);
    free(junk);
    tree_folder_free(&f);
}

static void a_member_that_cannot_be_copied_is_told(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct failures failures = {0};
    struct tree_copying how = {.failed = note_failure, .context = &failures};
    struct tree_result result;
    char name[201] = "";
    int fd, up;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_put(&f, "a/f", "x"), 0);
    /* A folder too deep for a path fails for every user, root too. */
    fd = openat(f.root, "a", O_PATH);
    memset(name, 'd', sizeof name - 1);
    for (size_t length = 0; length <= LIMIT_TREE_PATH + sizeof name; length += sizeof name) {
        assert_int_equal(mkdirat(fd, name, 0700), 0);
        up = openat(fd, name, O_PATH);
        close(fd);
        fd = up;
    }
    close(fd);
    assert_int_equal(tree_copy(f.tree, SPAN("a"), SPAN("b"), &how, NULL, &result), -ECANCELED);
    assert_int_equal(failures.count, 1);
    assert_int_equal(failures.error, ENAMETOOLONG);
    assert_int_equal(tree_folder_count(&f, ""), 1);
    failures = (struct failures){.go_on = true};
    assert_int_equal(tree_copy(f.tree, SPAN("a"), SPAN("b"), &how, NULL, &result), 0);
    assert_int_equal(failures.count, 1);
    assert_string_equal(tree_folder_read(&f, "b/f"), "x");
    assert_int_equal(discard(&f, "a"), 0); // deeper than any path, and gone
    assert_int_equal(discard(&f, "b"), 0);
    assert_int_equal(tree_folder_count(&f, ""), 0);
    tree_folder_free(&f);
}

/* ---- Leftovers */

static void a_sweep_removes_leftovers_and_only_them(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    size_t removed = 0;
    struct stage *s;
    int held;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(mkdirat(f.root, "a/.candor-tmp-0123456789abcdef", 0700), 0);
    assert_int_equal(mkdirat(f.root, "a/.candor-tmp-0123456789abcdef/x", 0700), 0);
    close(openat(f.root, "a/.candor-tmp-0123456789abcdef/x/y", O_CREAT | O_WRONLY, 0600));
    close(openat(f.root, ".candor-tmp-0000000000000000", O_CREAT | O_WRONLY, 0600));
    close(openat(f.root, ".candor-tmp-000000000000000", O_CREAT | O_WRONLY, 0600));
    close(openat(f.root, ".candor-tmp-000000000000000G", O_CREAT | O_WRONLY, 0600));
    assert_int_equal(symlinkat("a", f.root, ".candor-tmp-0000000000000001"), 0);
    held = openat(f.root, ".candor-tmp-0000000000000002", O_CREAT | O_WRONLY, 0600);
    assert_int_equal(flock(held, LOCK_SH), 0);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("f"), 1, &s), 0);
    assert_int_equal(tree_sweep(f.tree, &removed), 0);
    assert_int_equal(removed, 2);
    assert_int_equal(tree_folder_count(&f, "a"), 0);
    assert_int_equal(tree_folder_count(&f, ""), 6);
    assert_int_equal(tree_stage_write(s, SPAN("x")), 0);
    assert_int_equal(tree_stage_commit(s, NULL, &(struct tree_result){0}), 0);
    tree_stage_free(s);
    close(held);
    tree_folder_reopen(&f, plain);
    assert_int_equal(tree_sweep(f.tree, &removed), 0);
    assert_int_equal(removed, 1);
    tree_folder_free(&f);
}

/* More folders beside each other than a walk remembers at once. */
static void a_wide_folder_is_copied_counted_and_removed_whole(void **state)
{
    enum { NAME = 250, FOLDERS = 5000, FILES = 50 };
    static_assert(NAME * FOLDERS > LIMIT_TREE_DESCENT, "");
    struct tree_folder f = tree_folder_new((struct tree_options){.umask = 022, .quota = 1 << 30});
    char name[NAME + sizeof "/f"];
    struct tree_usage usage;
    int folder, file;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "wide"), 0);
    folder = openat(f.root, "wide", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < FOLDERS; i++) {
        snprintf(name, sizeof name, "%0*d", NAME, i);
        assert_int_equal(mkdirat(folder, name, 0700), 0);
        if (i % (FOLDERS / FILES))
            continue;
        memcpy(name + NAME, "/f", sizeof "/f");
        file = openat(folder, name, O_CREAT | O_WRONLY, 0600);
        assert_int_equal(write(file, "x", 1), 1);
        close(file);
    }
    close(folder);
    assert_int_equal(copy(&f, "wide", "copy", false), 0);
    assert_int_equal(tree_folder_count(&f, "copy"), FOLDERS);
    assert_int_equal(discard(&f, "wide"), 0);
    assert_int_equal(tree_folder_count(&f, "wide"), -1);
    tree_folder_reopen(&f, (struct tree_options){.umask = 022, .quota = 1 << 30});
    assert_int_equal(tree_sweep(f.tree, NULL), 0);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    // Of the copy: a byte in each file.
    assert_int_equal(usage.used, FILES + (FOLDERS + 1) * LIMIT_FOLDER_COST);
    tree_folder_free(&f);
}

/* ---- File systems */

/* What somebody watches is known to have changed by inodes, and by nothing else. */
static void a_watch_tells_changes_within_it_only(void **state)
{
    struct tree_folder f = tree_folder_new(plain);
    struct tree_watch w;
    struct tree_seen seen;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "a/b"), 0);
    assert_int_equal(tree_folder_put(&f, "a/b/f", "x"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "ab"), 0);
    seen = look(&f, "a").here;
    tree_watch_begin(f.tree, &w, &seen);
    assert_int_equal(tree_folder_put(&f, "ab/f", "x"), 0);
    assert_int_equal(tree_folder_put(&f, "f", "x"), 0);
    assert_int_equal(move(&f, "f", "g", false), 0);
    assert_int_equal(copy(&f, "ab", "abc", false), 0);
    assert_int_equal(tree_touch(f.tree, SPAN("ab/f"), 1000, NULL), 0);
    assert_int_equal(discard(&f, "abc"), 0);
    assert_false(w.changed);
    tree_watch_end(f.tree, &w);
    for (int change = 0; change < 8; change++) {
        tree_watch_begin(f.tree, &w, &seen);
        assert_int_equal(change == 0   ? tree_folder_put(&f, "a/b/f", "y")
                         : change == 1 ? tree_folder_put(&f, "a/b/new", "z")
                         : change == 2 ? tree_folder_mkdir(&f, "a/c")
                         : change == 3 ? move(&f, "g", "a/b/g", false)
                         : change == 4 ? move(&f, "a/b/g", "g", false)
                         : change == 5 ? copy(&f, "ab", "a/b/ab", false)
                         : change == 6 ? tree_touch(f.tree, SPAN("a/b/f"), 1000, NULL)
                                       : discard(&f, "a/b/f"),
                         0);
        assert_true(w.changed);
        tree_watch_end(f.tree, &w);
    }
    tree_folder_free(&f);
}

/* Room for three folders and little more: a move needs none. */
enum { LITTLE = 12 + 3 * LIMIT_FOLDER_COST };

struct elsewhere {
    struct tree_folder *f;
    atomic_bool ended;
    int error;
};

static void *write_elsewhere(void *context)
{
    struct elsewhere *e = context;
    struct tree_result result;

    do
        e->error = tree_put(e->f->tree, SPAN("else"), SPAN("x"), TREE_NOW, NULL, &result);
    while (!e->ended && !e->error);
    return NULL;
}

/* Writes that have nothing to do with it do not make it start again. */
static int move_while_others_write(struct tree_folder *f)
{
    struct elsewhere e = {.f = f};
    pthread_t thread;
    int error;

    // The folder counts twice until the one of before is removed, and the others need room.
    tree_folder_reopen(f, (struct tree_options){.quota = LITTLE + LIMIT_FOLDER_COST});
    error = tree_folder_mkdir(f, "m");
    for (int i = 0; i < 20 && error == 0; i++) {
        char name[16];

        snprintf(name, sizeof name, "m/%d", i);
        error = tree_folder_put(f, name, "");
    }
    if (error || pthread_create(&thread, NULL, write_elsewhere, &e))
        return __LINE__;
    for (int i = 0; i < 10 && error == 0; i++)
        error = move(f, i % 2 ? "other/m" : "m", i % 2 ? "m" : "other/m", false);
    e.ended = true;
    pthread_join(thread, NULL);
    return error || e.error || discard(f, "m") || discard(f, "else") ? __LINE__ : 0;
}

/* What is mounted cannot be moved away, which shows only after it was copied. */
static int move_of_what_cannot_go(struct tree_folder *f)
{
    char path[128];

    snprintf(path, sizeof path, "%s/second", f->path);
    if (mkdir(path, 0700) < 0 || mount("none", path, "tmpfs", 0, NULL) < 0)
        return 77;
    if (tree_folder_put(f, "second/f", "s") || move(f, "second", "other/s", true) != -EBUSY)
        return __LINE__;
    if (tree_folder_count(f, "other") != 2 || tree_folder_put(f, "other/s", "old"))
        return __LINE__;
    if (move(f, "second", "other/s", true) != -EBUSY || tree_folder_count(f, "other") != 3)
        return __LINE__;
    if (strcmp(tree_folder_read(f, "other/s"), "old") ||
        strcmp(tree_folder_read(f, "second/f"), "s"))
        return __LINE__;
    if (discard(f, "other/s") || discard(f, "second/f"))
        return __LINE__;
    return umount(path) < 0 || rmdir(path) < 0 ? __LINE__ : 0;
}

/* RFC 4918 §9.9.4: the member is told, and nothing was moved. */
static int move_of_what_cannot_be_read(struct tree_folder *f)
{
    struct failures failures = {.go_on = true};
    struct tree_copying how = {.failed = note_failure, .context = &failures};
    struct tree_result result;

    if (tree_folder_mkdir(f, "k") || tree_folder_put(f, "k/f", "") ||
        tree_folder_put(f, "k/secret", ""))
        return __LINE__;
    if (fchmodat(f->root, "k/secret", 0, 0) < 0 || fchown(f->root, 65534, 65534) < 0 ||
        fchownat(f->root, "k", 65534, 65534, 0) < 0 ||
        fchownat(f->root, "other", 65534, 65534, 0) < 0 || seteuid(65534) < 0)
        return __LINE__;
    if (tree_move(f->tree, SPAN("k"), SPAN("other/k"), &how, NULL, &result) != -ECANCELED)
        return __LINE__;
    if (failures.count != 1 || failures.error != EACCES || strcmp(failures.path, "secret") != 0)
        return __LINE__;
    if (tree_folder_count(f, "k") != 2 || tree_folder_count(f, "other") != 2)
        return __LINE__;
    if (fchmodat(f->root, "k", 0500, 0) < 0 || move(f, "k/f", "other/k", true) != -EACCES)
        return __LINE__;
    return tree_folder_count(f, "k") != 2 || tree_folder_count(f, "other") != 2 || seteuid(0) < 0 ||
                   discard(f, "k")
               ? __LINE__
               : 0;
}

static dev_t place_device(const struct tree_folder *f, const char *path)
{
    struct stat st = {0};

    assert_int_equal(fstatat(f->root, path, &st, 0), 0);
    return st.st_dev;
}

/* In a process of its own, which may mount. 0, or the line that failed; 77: it may not. */
static int move_between_file_systems(struct tree_folder *f)
{
    struct hurry gone = {0};
    const struct tree_terms at_once = {.at_once = true}, in_a_hurry = {.hurry = &gone};
    struct tree_result result;
    struct tree_usage usage;
    char path[128];
    int line;

    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 77;
    snprintf(path, sizeof path, "%s/other", f->path);
    if (mkdir(path, 0700) < 0 || mount("none", path, "tmpfs", 0, NULL) < 0)
        return 77;
    // The root that was open before is of the other namespace, where nothing is mounted.
    close(f->root);
    f->root = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tree_folder_reopen(f, (struct tree_options){.quota = LITTLE});
    if (tree_folder_count(f, "") != 2 || place_device(f, "other") == place_device(f, "a"))
        return __LINE__; // it would be of no use
    if (tree_folder_put(f, "a/f", "content") || tree_folder_put(f, "g", "old"))
        return __LINE__;
    if (tree_move(f->tree, SPAN("a"), SPAN("other/a"), NULL, &at_once, &result) != -EXDEV ||
        tree_folder_count(f, "other") != 0 || tree_folder_count(f, "") != 3)
        return __LINE__;
    if (symlinkat("f", openat(f->root, "a", O_PATH), "l") < 0)
        return __LINE__;
    hurry_begin(&gone);
    if (tree_move(f->tree, SPAN("a"), SPAN("other/a"), NULL, &in_a_hurry, &result) != -EINTR ||
        tree_folder_count(f, "other") != 0 || tree_folder_count(f, "a") != 2)
        return __LINE__;
    if (move(f, "a", "other/a", false) || move(f, "other/a", "g", true))
        return __LINE__;
    if (move(f, "g/l", "other/l", false) || move(f, "g/f", "other/f", false))
        return __LINE__;
    if (strcmp(tree_folder_read(f, "other/l"), "content") != 0)
        return __LINE__;
    if (tree_folder_count(f, "") != 2 || tree_folder_count(f, "g") != 0 ||
        tree_folder_count(f, "other") != 2)
        return __LINE__;
    line = move_of_what_cannot_go(f);
    if (line == 0)
        line = move_while_others_write(f);
    if (line == 0)
        line = move_of_what_cannot_be_read(f);
    if (line)
        return line;
    if (tree_usage(f->tree, &usage) || usage.used != 7 + 2 * LIMIT_FOLDER_COST)
        return __LINE__;
    return discard(f, "other") == -EBUSY ? 0 : __LINE__; // something is mounted there
}

static void a_move_between_file_systems_copies_and_removes(void **state)
{
    struct tree_folder f = tree_folder_new((struct tree_options){.quota = LITTLE});
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int line = move_between_file_systems(&f);

        if (line && line != 77)
            fprintf(stderr, "line %d\n", line);
        _exit(line == 77 ? 77 : line != 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    tree_folder_free(&f);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_collection_is_made_once_and_removed_whole),
        cmocka_unit_test(links_are_never_followed_out_nor_through_when_changing),
        cmocka_unit_test(copies_and_moves_replace_or_refuse),
        cmocka_unit_test(a_move_between_two_names_of_one_file_is_one_onto_itself),
        cmocka_unit_test(a_shallow_copy_has_no_members),
        cmocka_unit_test(holes_are_copied_as_holes_and_never_show_what_was_there),
        cmocka_unit_test(a_member_that_cannot_be_copied_is_told),
        cmocka_unit_test(a_sweep_removes_leftovers_and_only_them),
        cmocka_unit_test(a_wide_folder_is_copied_counted_and_removed_whole),
        cmocka_unit_test(a_watch_tells_changes_within_it_only),
        cmocka_unit_test(a_move_between_file_systems_copies_and_removes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
