// SPDX-License-Identifier: MIT
#include "fs/root.h"
#include "resource/files/archive.h"

#include "base/buf.h"
#include "base/limits.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/*
 * A tree in a folder of its own, archived into a file beside it, which Python's zipfile and tarfile
 * then read: they are not ours.
 */
struct place {
    char path[64];
    struct root *root;
};

static const char *in_place(const struct place *p, const char *name)
{
    static char paths[4][4096];
    static int turn;
    char *path = paths[turn++ % 4];

    assert_true(snprintf(path, sizeof paths[0], "%s/%s", p->path, name) < (int)sizeof paths[0]);
    return path;
}

static int place_setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    assert_non_null(p);
    snprintf(p->path, sizeof p->path, "/tmp/candor-archive-XXXXXX");
    assert_non_null(mkdtemp(p->path));
    assert_int_equal(mkdir(in_place(p, "tree"), 0755), 0);
    assert_int_equal(root_open(p->path, &p->root), 0);
    *state = p;
    return 0;
}

static int place_teardown(void **state)
{
    struct place *p = *state;
    char command[256];

    root_unref(p->root);
    snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", p->path, p->path);
    assert_int_equal(system(command), 0);
    free(p);
    return 0;
}

static void make_file(const struct place *p, const char *name, const char *text)
{
    FILE *f = fopen(in_place(p, name), "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static struct archive *open_archive(const struct place *p, enum archive_format format)
{
    const struct archive_options options = {
        .root = p->root, .folder = "tree/", .name = SPAN("box"), .format = format};
    struct archive *a = NULL;

    assert_int_equal(archive_open(&options, &a), 0);
    return a;
}

/* Pulls all, with that much room, into the file "out"; the last result. */
static int pull_all(const struct place *p, struct archive *a, size_t room)
{
    FILE *f = fopen(in_place(p, "out"), "we");
    char *piece = malloc(room);
    size_t n = 0;
    int error;

    assert_non_null(f);
    assert_non_null(piece);
    while ((error = archive_pull(a, piece, room, &n)) == -EAGAIN || (error == 0 && n)) {
        if (error)
            continue;
        assert_true(n <= room);
        assert_int_equal(fwrite(piece, 1, n, f), n);
    }
    assert_int_equal(fclose(f), 0);
    free(piece);
    return error;
}

/* Runs Python, which finds the archive's path in sys.argv[1]; both formats are read alike. */
static void check(const struct place *p, const char *script)
{
    static const char reader[] = "import sys, zipfile, tarfile, io\n"
                                 "path = sys.argv[1]\n"
                                 "if zipfile.is_zipfile(path):\n"
                                 "    z = zipfile.ZipFile(path)\n"
                                 "    assert z.testzip() is None\n"
                                 "    names = [i.filename.rstrip('/') for i in z.infolist()]\n"
                                 "    read = z.read\n"
                                 "    mode = lambda n: z.getinfo(n).external_attr >> 16 & 0o777\n"
                                 "    size = lambda n: z.getinfo(n).file_size\n"
                                 "else:\n"
                                 "    t = tarfile.open(path, 'r:', errors='surrogateescape')\n"
                                 "    names = [m.name for m in t]\n"
                                 "    read = lambda n: t.extractfile(n).read()\n"
                                 "    mode = lambda n: t.getmember(n).mode\n"
                                 "    size = lambda n: t.getmember(n).size\n"
                                 "    mtime = lambda n: t.getmember(n).mtime\n"
                                 "names.sort()\n";
    char command[256];
    FILE *f = fopen(in_place(p, "check.py"), "we");

    assert_non_null(f);
    assert_true(fputs(reader, f) >= 0 && fputs(script, f) >= 0);
    assert_int_equal(fclose(f), 0);
    snprintf(command, sizeof command, "python3 %s/check.py %s/out", p->path, p->path);
    assert_int_equal(system(command), 0);
}

static void archive_and_check(const struct place *p, const char *script)
{
    static const size_t rooms[] = {1, 1000, LIMIT_ARCHIVE_PIECE};

    for (int format = 0; format < ARCHIVE_FORMATS; format++) {
        for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
            struct archive *a = open_archive(p, (enum archive_format)format);

            assert_int_equal(pull_all(p, a, rooms[i]), 0);
            archive_free(a);
        }
        check(p, script);
    }
}

static void other_programs_read_what_is_written(void **state)
{
    const struct place *p = *state;
    char deep[300] = "tree/";

    make_file(p, "tree/hello.txt", "hello\n");
    make_file(p, "tree/empty", "");
    make_file(p, "tree/run.sh", "#!/bin/sh\n");
    assert_int_equal(chmod(in_place(p, "tree/run.sh"), 0750), 0);
    assert_int_equal(mkdir(in_place(p, "tree/caf\xc3\xa9"), 0700), 0);
    make_file(p, "tree/caf\xc3\xa9/\xe6\x97\xa5.txt", "unicode");
    memset(deep + 5, 'x', 200);
    make_file(p, deep, "long name");
    archive_and_check(
        p, "assert names == sorted(['box/hello.txt', 'box/empty', 'box/run.sh', 'box/caf\\xe9',\n"
           "    'box/caf\\xe9/\\u65e5.txt', 'box/' + 'x' * 200]), names\n"
           "assert read('box/hello.txt') == b'hello\\n'\n"
           "assert read('box/empty') == b''\n"
           "assert read('box/caf\\xe9/\\u65e5.txt') == b'unicode'\n"
           "assert read('box/' + 'x' * 200) == b'long name'\n"
           "assert mode('box/hello.txt') == 0o644 and mode('box/run.sh') == 0o755\n");
}

static void content_of_many_pieces_comes_through(void **state)
{
    const struct place *p = *state;
    FILE *f = fopen(in_place(p, "tree/numbers.png"), "we"); // not to be compressed
    FILE *g = fopen(in_place(p, "tree/numbers"), "we");

    assert_non_null(f);
    assert_non_null(g);
    for (int i = 0; i < 50000; i++) {
        fprintf(f, "%d\n", i);
        fprintf(g, "%d\n", i);
    }
    assert_int_equal(fclose(f) | fclose(g), 0);
    archive_and_check(p,
                      "want = b''.join(b'%d\\n' % i for i in range(50000))\n"
                      "assert read('box/numbers') == want\n"
                      "assert read('box/numbers.png') == want\n"
                      "import os\n"
                      "assert 'z' not in globals() or os.path.getsize(path) < 1.7 * len(want)\n");
}

static void hidden_names_and_links_outward_are_left_out(void **state)
{
    const struct place *p = *state;

    make_file(p, "secret", "secret");
    make_file(p, "tree/.hidden", "x");
    make_file(p, "tree/.candor-tmp-0123456789abcdef", "x");
    make_file(p, "tree/a", "a");
    assert_int_equal(mkdir(in_place(p, "tree/d"), 0755), 0);
    assert_int_equal(symlink("../../secret", in_place(p, "tree/out")), 0);
    assert_int_equal(symlink("/etc/passwd", in_place(p, "tree/abs")), 0);
    assert_int_equal(symlink("../a", in_place(p, "tree/d/link")), 0); // beneath the root
    assert_int_equal(symlink(".", in_place(p, "tree/circle")), 0);
    assert_int_equal(symlink("nothing", in_place(p, "tree/dangling")), 0);
    assert_int_equal(mkfifo(in_place(p, "tree/pipe"), 0600), 0);
    archive_and_check(
        p, "assert names == ['box/LEFT-OUT.txt', 'box/a', 'box/d', 'box/d/link'], names\n"
           "assert read('box/d/link') == b'a'\n"
           "assert read('box/LEFT-OUT.txt') == b'box/circle: a link to a folder\\n'\n");
}

static void temporaries_stay_hidden_where_hidden_names_are_served(void **state)
{
    const struct place *p = *state;
    struct archive *a = NULL;
    const struct archive_options options = {
        .root = p->root, .folder = "tree/", .dotfiles = true, .format = ARCHIVE_TAR};

    make_file(p, "tree/.hidden", "x");
    make_file(p, "tree/.candor-tmp-0123456789abcdef", "x");
    assert_int_equal(archive_open(&options, &a), 0);
    assert_int_equal(pull_all(p, a, 4096), 0);
    archive_free(a);
    check(p, "assert names == ['.hidden'], names\n");
}

static void a_file_that_shrinks_breaks_the_archive(void **state)
{
    const struct place *p = *state;

    for (int format = 0; format < ARCHIVE_FORMATS; format++) {
        struct archive *a;
        char piece[512];
        size_t n = 0;

        make_file(p, "tree/big", "x");
        assert_int_equal(truncate(in_place(p, "tree/big"), 1 << 20), 0);
        a = open_archive(p, (enum archive_format)format);
        assert_int_equal(archive_pull(a, piece, 1, &n), 0); // the member has begun
        assert_int_equal(truncate(in_place(p, "tree/big"), 1000), 0);
        assert_int_equal(pull_all(p, a, 4096), -EIO);
        assert_int_equal(archive_pull(a, piece, sizeof piece, &n), -EIO); // and stays so
        archive_free(a);
    }
}

static void a_file_that_grows_is_sent_as_it_was(void **state)
{
    const struct place *p = *state;
    struct archive *a;
    char piece[1];
    size_t n = 0;

    make_file(p, "tree/log", "one\n");
    a = open_archive(p, ARCHIVE_TAR);
    assert_int_equal(archive_pull(a, piece, 1, &n), 0);
    make_file(p, "tree/log", "one\ntwo\n");
    assert_int_equal(pull_all(p, a, 4096), 0);
    archive_free(a);
}

// APPNOTE 6.3.10 §4.5.3; pax: a size that eleven octal digits cannot hold.
static void sizes_beyond_32_bits_are_told(void **state)
{
    const struct place *p = *state;
    const struct archive_options options = {
        .root = p->root, .folder = "tree/", .format = ARCHIVE_TAR};
    struct archive *a = NULL;
    char head[2048];
    size_t n = 0;

    make_file(p, "tree/sparse", "");
    assert_int_equal(truncate(in_place(p, "tree/sparse"), INT64_C(9) << 30), 0);
    assert_int_equal(archive_open(&options, &a), 0);
    assert_int_equal(archive_pull(a, head, sizeof head, &n), 0);
    archive_free(a);
    assert_int_equal(n, sizeof head);
    assert_memory_equal(head, "PaxHeader", 10);
    assert_memory_equal(head + 512, "19 size=9663676416\n", 19);
}

/* Content that packs well is much work for few bytes, and others are to have their turn. */
static void an_archive_lets_others_work_before_a_piece_is_full(void **state)
{
    const struct place *p = *state;
    struct archive *a;
    char piece[1024];
    size_t n = 0;
    int error, turns = 0;

    make_file(p, "tree/zeros", "");
    assert_int_equal(
        truncate(in_place(p, "tree/zeros"), 4 * LIMIT_ARCHIVE_STEPS * LIMIT_ARCHIVE_PIECE), 0);
    a = open_archive(p, ARCHIVE_ZIP);
    while ((error = archive_pull(a, piece, sizeof piece, &n)) == -EAGAIN || (error == 0 && n))
        turns += error == -EAGAIN || n < sizeof piece;
    assert_int_equal(error, 0);
    assert_true(turns >= 3);
    archive_free(a);
}

static void folders_too_deep_are_told(void **state)
{
    const struct place *p = *state;
    struct buf path = {0};

    buf_add(&path, SPAN("tree"));
    for (int i = 0; i < LIMIT_ARCHIVE_DEPTH + 5; i++) {
        buf_add(&path, SPAN("/d"));
        buf_add_char(&path, '\0');
        assert_int_equal(mkdir(in_place(p, path.ptr), 0755), 0);
        path.len--;
    }
    buf_done(&path);
    archive_and_check(p, "assert b'too deep' in read('box/LEFT-OUT.txt')\n"
                         "assert len(names) == 64, len(names)\n");
}

static void what_is_no_folder_has_no_archive(void **state)
{
    const struct place *p = *state;
    struct archive *a = NULL;
    struct archive_options options = {.root = p->root, .folder = "tree/nothing/"};

    assert_int_equal(archive_open(&options, &a), -ENOENT);
    make_file(p, "tree/file", "");
    options.folder = "tree/file";
    assert_int_equal(archive_open(&options, &a), -ENOTDIR);
    options.folder = "../";
    assert_int_equal(archive_open(&options, &a), -EXDEV);
    assert_null(a);
    archive_free(a);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        IN_PLACE(other_programs_read_what_is_written),
        IN_PLACE(content_of_many_pieces_comes_through),
        IN_PLACE(hidden_names_and_links_outward_are_left_out),
        IN_PLACE(temporaries_stay_hidden_where_hidden_names_are_served),
        IN_PLACE(a_file_that_shrinks_breaks_the_archive),
        IN_PLACE(a_file_that_grows_is_sent_as_it_was),
        IN_PLACE(sizes_beyond_32_bits_are_told),
        IN_PLACE(an_archive_lets_others_work_before_a_piece_is_full),
        IN_PLACE(folders_too_deep_are_told),
        IN_PLACE(what_is_no_folder_has_no_archive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
