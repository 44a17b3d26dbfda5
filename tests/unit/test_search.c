// SPDX-License-Identifier: MIT
#include "resource/files/search.h"

#include "base/limits.h"
#include "listing_unit.h"
#include "unit.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char place[64];
static int root = -1;
static struct root *at;

static const char *in_place(const char *name)
{
    static char path[4096];

    assert_true(snprintf(path, sizeof path, "%s/%s", place, name) < (int)sizeof path);
    return path;
}

static int place_setup(void **state)
{
    (void)state;
    snprintf(place, sizeof place, "/tmp/candor-search-XXXXXX");
    assert_non_null(mkdtemp(place));
    root = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root < 0 || root_open(place, &at) < 0;
}

static int place_teardown(void **state)
{
    char command[256];

    (void)state;
    close(root);
    root_unref(at);
    snprintf(command, sizeof command, "rm -rf %s", place);
    return system(command);
}

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(in_place(name), 0755), 0);
}

static void make_file(const char *name)
{
    int fd = open(in_place(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    close(fd);
}

/* The answer as text, NUL-terminated. */
static const char *find(struct buf *b, const char *folder, struct span word,
                        enum listing_format format)
{
    const struct listing_look look = {.dotfiles = false};
    struct listing_found found;

    buf_done(b);
    assert_int_equal(search_read(at, folder, &look, word, &found), 0);
    const struct listing listing = {.path = SPAN("/"),
                                    .entries = found.entries,
                                    .count = found.count,
                                    .truncated = found.truncated,
                                    .search = word};

    listing_write_whole(b, &listing, format);
    listing_found_done(&found);
    buf_add_char(b, '\0');
    assert_false(b->failed);
    return b->ptr;
}

static void words_are_found_whatever_their_case(void **state)
{
    (void)state;
    assert_true(search_matches(SPAN("Report.PDF"), SPAN("port.pdf")));
    assert_true(search_matches(SPAN("\xc3\x89t\xc3\xa9"), SPAN("\xc3\xa9T\xc3\x89")));
    assert_true(search_matches(SPAN("\xd0\x9f\xd1\x80\xd0\xb8"), SPAN("\xd0\xbf\xd0\xa0")));
    assert_true(search_matches(SPAN("\xce\xa9mega"), SPAN("\xcf\x89")));
    assert_true(search_matches(SPAN("\xc5\xbd"), SPAN("\xc5\xbe")));
    assert_true(search_matches(SPAN("aab"), SPAN("ab")));
    assert_true(search_matches(SPAN("a\xff z"), SPAN("\xff")));
    assert_false(search_matches(SPAN("a\xff z"), SPAN("\xfe")));
    assert_false(search_matches(SPAN("ab"), SPAN("abc")));
    assert_false(search_matches(SPAN("\xc3\x97"), SPAN("\xc3\xb7"))); // times, divided by
    assert_false(search_matches(SPAN("abc"), SPAN("")));
    assert_false(search_matches(SPAN(""), SPAN("a")));
}

static void names_are_found_below_nearest_first(void **state)
{
    struct buf b = {0};

    (void)state;
    make_folder("a");
    make_folder("a/Sun");
    make_file("a/Sun/x sun.txt");
    make_file("sun");
    make_file("a/moon");
    assert_string_equal(find(&b, "", SPAN("SUN"), LISTING_TEXT), "sun\na/Sun/\na/Sun/x sun.txt\n");
    assert_string_equal(find(&b, "a/Sun/", SPAN("sun"), LISTING_TEXT), "x sun.txt\n");
    assert_string_equal(find(&b, "", SPAN("mars"), LISTING_TEXT), "");
    assert_non_null(strstr(find(&b, "", SPAN("x S"), LISTING_JSON),
                           "\"search\": \"x S\",\n\"truncated\": false,\n\"entries\": [\n"
                           "{\"name\": \"a/Sun/x sun.txt\", \"href\": \"./a/Sun/x%20sun.txt\""));
    assert_non_null(strstr(find(&b, "", SPAN("mars"), LISTING_HTML), "Nothing was found."));
    buf_done(&b);
}

/* A byte that is no UTF-8 is found as that alone, never within a character. */
static void a_search_compares_characters(void **state)
{
    (void)state;
    assert_false(search_matches(SPAN("\xc3\xa9"), SPAN("\xa9")));
    assert_false(search_matches(SPAN("\xc3\xa9"), SPAN("\xc3")));
    assert_true(search_matches(SPAN("x\xa9y"), SPAN("\xa9Y")));
    assert_true(search_matches(SPAN("\xc3\xc3\xa9"), SPAN("\xc3\x89")));
    assert_false(search_matches(SPAN("\xfe\xa9"), SPAN("\xa9x")));
}

/* More folders beside each other than are remembered: every one is looked into. */
static void a_wide_folder_is_searched_whole(void **state)
{
    enum { NAME = 250, FOLDERS = 4500, EACH = 500 };
    struct buf b = {0};
    char name[NAME + sizeof "/found"];
    const char *text;
    int lines = 0;

    (void)state;
    static_assert(NAME * FOLDERS > LIMIT_SEARCH_PENDING, "");
    for (int i = 0; i < FOLDERS; i++) {
        snprintf(name, sizeof name, "%0*d", NAME, i);
        make_folder(name);
        if (i % EACH)
            continue;
        memcpy(name + NAME, "/found", sizeof "/found");
        make_file(name);
    }
    text = find(&b, "", SPAN("FOUND"), LISTING_TEXT);
    for (; (text = strchr(text, '\n')); text++)
        lines++;
    assert_int_equal(lines, FOLDERS / EACH);
    buf_done(&b);
}

/* What memory has no room for is read when it is its turn; nothing twice, nothing left out. */
static void a_large_folder_is_listed_in_parts(void **state)
{
    enum { NAME = 200, FILES = 9000, FOLDERS = 300 };
    const struct listing_look look = {.dotfiles = false};
    struct listing_found found;
    struct listing_entry last = {.name = SPAN("")};
    char name[NAME + 1], last_name[NAME + 1] = "";
    unsigned told = 0, parts = 0;

    (void)state;
    static_assert((NAME + sizeof last) * FILES > 2 * LIMIT_LISTING_MEMORY, "");
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%0*d", NAME, (i * 7919) % FILES);
        make_file(name);
    }
    for (int i = 0; i < FOLDERS; i++) {
        snprintf(name, sizeof name, "z%0*d", NAME - 1, i);
        make_folder(name);
    }
    assert_int_equal(symlink(name, in_place("link")), 0); // is a folder
    assert_int_equal(listing_read(at, "", &look, &found), 0);
    assert_int_equal(found.totals.folders, FOLDERS + 1);
    assert_int_equal(found.totals.files, FILES);
    for (bool more = true; more; parts++) {
        assert_in_range(found.names_length + found.count * sizeof last, 1, LIMIT_LISTING_MEMORY);
        for (size_t i = 0; i < found.count; i++, told++) {
            assert_true(!told || listing_compare(&last, &found.entries[i]) < 0);
            last = found.entries[i];
        }
        memcpy(last_name, last.name.ptr, last.name.len);
        last.name.ptr = last_name;
        more = found.follows;
        if (more)
            assert_int_equal(listing_read_on(at, "", &look, &found), 0);
    }
    assert_int_equal(told, FILES + FOLDERS + 1);
    assert_in_range(parts, 3, 8);
    listing_found_done(&found);
}

static void what_listings_hide_is_not_found(void **state)
{
    struct buf b = {0};

    (void)state;
    make_folder(".x");
    make_file(".x/x");
    make_folder("d");
    make_file("d/.x");
    make_file("d/.candor-tmp-0123456789abcdex");
    assert_int_equal(symlink("../..", in_place("d/xup")), 0);
    assert_int_equal(symlink(".", in_place("d/xhere")), 0); // a circle: found, not followed
    assert_int_equal(symlink("/etc", in_place("xetc")), 0);
    assert_string_equal(find(&b, "", SPAN("x"), LISTING_TEXT), "d/xhere/\n");
    buf_done(&b);
}

static void results_are_bounded_and_it_is_told(void **state)
{
    struct buf b = {0};
    const char *text;
    int lines = 0;

    (void)state;
    for (int i = 0; i <= LIMIT_SEARCH_RESULTS; i++) {
        char name[16];

        snprintf(name, sizeof name, "n%d", i);
        make_file(name);
    }
    text = find(&b, "", SPAN("n"), LISTING_TEXT);
    for (; (text = strchr(text, '\n')); text++)
        lines++;
    assert_int_equal(lines, LIMIT_SEARCH_RESULTS);
    assert_non_null(strstr(find(&b, "", SPAN("n"), LISTING_JSON), "\"truncated\": true"));
    assert_non_null(strstr(find(&b, "", SPAN("n1000"), LISTING_JSON), "\"truncated\": false"));
    buf_done(&b);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    const struct listing_look look = {.dotfiles = false};
    struct listing_found found;

    (void)state;
    assert_int_equal(search_read(at, "none/", &look, SPAN("x"), &found), -ENOENT);
    assert_int_equal(search_read(at, "../", &look, SPAN("x"), &found), -EXDEV);
    assert_null(found.entries);
}

static void a_search_ends_when_the_program_is_to_end(void **state)
{
    struct hurry hurry = {0};
    const struct listing_look look = {.hurry = &hurry};
    struct listing_found found;

    (void)state;
    make_file("x");
    assert_int_equal(search_read(at, "", &look, SPAN("x"), &found), 0);
    listing_found_done(&found);
    hurry_begin(&hurry);
    assert_int_equal(search_read(at, "", &look, SPAN("x"), &found), -EINTR);
    assert_null(found.entries);
    assert_int_equal(listing_read(at, "", &look, &found), -EINTR);
    assert_null(found.entries);
}

static void a_short_listing_ends_where_the_folder_is_large(void **state)
{
    struct listing_look look = {.most = 2};
    struct listing_found found;

    (void)state;
    make_file("x");
    make_file("y");
    assert_int_equal(listing_read(at, "", &look, &found), 0);
    assert_int_equal(found.count, 2);
    listing_found_done(&found);
    make_file("z");
    assert_int_equal(listing_read(at, "", &look, &found), -EFBIG);
    assert_null(found.entries);
    look.most = 0;
    assert_int_equal(listing_read(at, "", &look, &found), 0);
    assert_int_equal(found.count, 3);
    listing_found_done(&found);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_whatever_their_case),
        cmocka_unit_test(a_search_compares_characters),
        IN_PLACE(a_wide_folder_is_searched_whole),
        IN_PLACE(names_are_found_below_nearest_first),
        IN_PLACE(a_large_folder_is_listed_in_parts),
        IN_PLACE(what_listings_hide_is_not_found),
        IN_PLACE(results_are_bounded_and_it_is_told),
        IN_PLACE(a_folder_that_is_not_there_is_an_error),
        IN_PLACE(a_search_ends_when_the_program_is_to_end),
        IN_PLACE(a_short_listing_ends_where_the_folder_is_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
