// SPDX-License-Identifier: MIT
#include "resource/page/listing.h"

#include "base/limits.h"
#include "listing_unit.h"
#include "resource/page/page.h"
#include "sha256.h"
#include "unit.h"

#define FILE_NAMED(literal)                                                                        \
    {                                                                                              \
        SPAN_INIT(literal), false, 0, 0                                                            \
    }
#define FOLDER_NAMED(literal)                                                                      \
    {                                                                                              \
        SPAN_INIT(literal), true, 0, 0                                                             \
    }
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *render(struct buf *b, enum listing_format format, struct listing listing)
{
    buf_clear(b);
    listing_write_whole(b, &listing, format);
    buf_add_char(b, '\0');
    assert_false(b->failed);
    return b->ptr;
}

static void folders_come_first_and_numbers_count(void **state)
{
    struct listing_entry entries[] = {
        FILE_NAMED("file10"),
        FILE_NAMED("File2"),
        FOLDER_NAMED("zoo"),
        FILE_NAMED("file2b"),
        FILE_NAMED("file"),
        FILE_NAMED("apple"),
        FILE_NAMED("file02"),
        FILE_NAMED("Banana"),
        FOLDER_NAMED("10"),
        FOLDER_NAMED("9"),
        FILE_NAMED("\xc3\xa9t\xc3\xa9"),
        FILE_NAMED("file2"),
        FILE_NAMED("v1.10"),
        FILE_NAMED("v1.9"),
        FILE_NAMED("_x"),
        FILE_NAMED("n99999999999999999999999"),
        FILE_NAMED("n100000000000000000000000"),
    };
    const char *expected = "9/\n10/\nzoo/\n_x\napple\nBanana\nfile\nFile2\nfile02\nfile2\nfile2b\n"
                           "file10\nn99999999999999999999999\nn100000000000000000000000\n"
                           "v1.9\nv1.10\n\xc3\xa9t\xc3\xa9\n";
    struct buf b = {0};

    (void)state;
    listing_sort(entries, COUNT(entries));
    assert_string_equal(
        render(&b, LISTING_TEXT,
               (struct listing){.path = SPAN("/"), .entries = entries, .count = COUNT(entries)}),
        expected);
    listing_sort(NULL, 0);
    buf_done(&b);
}

/* The sign of the order of two names, as the sort sees it. */
static int order(struct span a, struct span b)
{
    struct listing_entry pair[] = {{b, false, 0, 0}, {a, false, 1, 0}};

    listing_sort(pair, 2);
    return span_eq(a, b) ? 0 : pair[0].size == 1 ? -1 : 1;
}

static void order_of_names_is_total(void **state)
{
    static const struct span names[] = {
        SPAN_INIT("a"),  SPAN_INIT("A"),   SPAN_INIT("a0"),   SPAN_INIT("a00"), SPAN_INIT("a01"),
        SPAN_INIT("a1"), SPAN_INIT("a1b"), SPAN_INIT("a01a"), SPAN_INIT("0"),   SPAN_INIT("00"),
        SPAN_INIT("a-"), SPAN_INIT("a:"),  SPAN_INIT("\xff"), SPAN_INIT("a10"), SPAN_INIT("A1B"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t j = 0; j < COUNT(names); j++) {
            assert_int_equal(order(names[i], names[j]), -order(names[j], names[i]));
            for (size_t k = 0; k < COUNT(names); k++)
                if (order(names[i], names[j]) <= 0 && order(names[j], names[k]) <= 0)
                    assert_true(order(names[i], names[k]) <= 0);
        }
    }
}

// RFC 3986 §4.2: a first segment with a colon would be a scheme.
static void no_name_becomes_markup_or_a_scheme(void **state)
{
    const struct listing_entry entries[] = {
        FILE_NAMED("javascript:alert(1)"),
        FILE_NAMED("<script>\"x\"&'y'"),
        FILE_NAMED("//evil.example"),
        FILE_NAMED("100%?#"),
        FOLDER_NAMED("a b"),
    };
    struct buf b = {0};
    const char *html = render(&b, LISTING_HTML,
                              (struct listing){.path = SPAN("/<i>/"),
                                               .entries = entries,
                                               .count = COUNT(entries),
                                               .has_parent = true});

    (void)state;
    assert_non_null(strstr(html, "href=\"./javascript:alert(1)\""));
    assert_non_null(strstr(html, "href=\"./%3Cscript%3E%22x%22%26%27y%27\""));
    assert_non_null(strstr(html, "<bdi>&lt;script&gt;&quot;x&quot;&amp;&#39;y&#39;</bdi>"));
    assert_non_null(strstr(html, "href=\"./%2F%2Fevil.example\""));
    assert_non_null(strstr(html, "href=\"./100%25%3F%23\""));
    assert_non_null(strstr(html, "href=\"./a%20b/\"><bdi>a b</bdi>/</a>"));
    assert_non_null(strstr(html, "<title>Index of /&lt;i&gt;/</title>"));
    html = strstr(html, "<script") + 1; // our own, the only one
    assert_null(strstr(html, "<script"));
    assert_null(strstr(b.ptr, "<i>"));
    buf_done(&b);
}

static void names_that_are_not_utf8_are_shown_and_linked(void **state)
{
    const struct listing_entry entries[] = {FILE_NAMED("caf\xe9"), FILE_NAMED("a\nb\x1b[1m\x7f"),
                                            FILE_NAMED("\xc2\x9b\xe2\x80\xa8z")};
    const struct listing listing = {
        .path = SPAN_INIT("/"), .entries = entries, .count = COUNT(entries)};
    struct buf b = {0};
    const char *text = render(&b, LISTING_HTML, listing);

    (void)state;
    assert_non_null(strstr(text, "href=\"./caf%E9\"><bdi>caf\xef\xbf\xbd</bdi>"));
    assert_non_null(strstr(text, "href=\"./a%0Ab%1B%5B1m%7F\""));
    assert_non_null(strstr(text, "<bdi>a\xe2\x90\x8a"
                                 "b\xe2\x90\x9b[1m\xe2\x90\xa1</bdi>"));
    text = render(&b, LISTING_TEXT, listing);
    assert_string_equal(text, "caf\xef\xbf\xbd\na\xe2\x90\x8a"
                              "b\xe2\x90\x9b[1m\xe2\x90\xa1\n"
                              "\xef\xbf\xbd\xef\xbf\xbdz\n");
    text = render(&b, LISTING_JSON, listing);
    assert_non_null(
        strstr(text, "{\"name\": \"caf\\ufffd\", \"utf8\": false, \"href\": \"./caf%E9\""));
    buf_done(&b);
}

static void links_upward_never_name_an_authority(void **state)
{
    struct buf b = {0};
    const char *html = render(
        &b, LISTING_HTML, (struct listing){.path = SPAN("//evil.example/x/"), .has_parent = true});

    (void)state;
    assert_null(strstr(html, "href=\"/"));
    assert_non_null(strstr(html, "<li><a href=\"../../../\"><bdi>Home</bdi></a></li>"));
    assert_non_null(strstr(html, "<li><a href=\"../\"><bdi>evil.example</bdi></a></li>"));
    assert_non_null(strstr(html, "<h1><bdi>x</bdi></h1>"));
    html = render(&b, LISTING_HTML, (struct listing){.path = SPAN("/a/b/")});
    assert_null(strstr(html, "=\"../"));
    html = render(&b, LISTING_HTML, (struct listing){.path = SPAN("/")});
    assert_null(strstr(html, "<nav"));
    assert_non_null(strstr(html, "This folder is empty."));
    buf_done(&b);
}

static void breadcrumbs_of_a_deep_path_are_bounded(void **state)
{
    struct buf b = {0}, path = {0};
    const char *html, *end;
    int links = 0;

    (void)state;
    buf_add_char(&path, '/');
    while (path.len < LIMIT_REQUEST_LINE)
        buf_add(&path, SPAN("a/"));
    html = render(&b, LISTING_HTML, (struct listing){.path = buf_span(&path), .has_parent = true});
    for (const char *at = html; (at = strstr(at, "<li><a ")); at++)
        links++;
    assert_int_equal(links, LIMIT_BREADCRUMBS + 1); // and the root
    assert_non_null(strstr(html, "<li>\xe2\x80\xa6</li>"));
    end = strstr(html, "</header>");
    assert_true((size_t)(end - strstr(html, "<header>")) < 3 * LIMIT_REQUEST_LINE);
    buf_done(&path);
    buf_done(&b);
}

static void sizes_are_short_and_exact(void **state)
{
    static const struct {
        uint64_t size;
        const char *exact, *human;
    } rows[] = {
        {0, "0 bytes", "0 B"},
        {1, "1 byte", "1 B"},
        {999, "999 bytes", "999 B"},
        {1000, "1,000 bytes", "1.0 kB"},
        {9949, "9,949 bytes", "9.9 kB"},
        {9950, "9,950 bytes", "10 kB"},
        {999499, "999,499 bytes", "999 kB"},
        {999500, "999,500 bytes", "1.0 MB"},
        {1234567, "1,234,567 bytes", "1.2 MB"},
        {4294967296, "4,294,967,296 bytes", "4.3 GB"},
        {UINT64_MAX, "18,446,744,073,709,551,615 bytes", "18 EB"},
    };
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct listing_entry entry = {SPAN_INIT("f"), false, rows[i].size, 0};
        char expected[128];

        snprintf(expected, sizeof expected, "<data value=\"%llu\" title=\"%s\">%s</data>",
                 (unsigned long long)rows[i].size, rows[i].exact, rows[i].human);
        assert_non_null(
            strstr(render(&b, LISTING_HTML,
                          (struct listing){.path = SPAN("/"), .entries = &entry, .count = 1}),
                   expected));
    }
    buf_done(&b);
}

// RFC 3339 §5.6
static void dates_are_told_in_utc_or_not_at_all(void **state)
{
    const struct listing_entry entries[] = {
        {SPAN_INIT("a"), false, 0, 1709251199},   {SPAN_INIT("b"), false, 0, -1},
        {SPAN_INIT("c"), false, 0, 253402300799}, {SPAN_INIT("d"), false, 0, 253402300800},
        {SPAN_INIT("e"), false, 0, INT64_MAX},    {SPAN_INIT("f"), false, 0, INT64_MIN},
    };
    const struct listing listing = {
        .path = SPAN_INIT("/"), .entries = entries, .count = COUNT(entries), .truncated = true};
    struct buf b = {0};
    const char *text = render(&b, LISTING_HTML, listing);

    (void)state;
    assert_non_null(
        strstr(text, "<time datetime=\"2024-02-29T23:59:59Z\">2024-02-29 23:59</time>"));
    assert_non_null(strstr(text, "There is more in this folder"));
    text = render(&b, LISTING_JSON, listing);
    assert_string_equal(
        text, "{\n\"path\": \"/\",\n\"truncated\": true,\n\"entries\": [\n"
              "{\"name\": \"a\", \"href\": \"./a\", \"type\": \"file\", \"size\": 0, "
              "\"modified\": \"2024-02-29T23:59:59Z\"},\n"
              "{\"name\": \"b\", \"href\": \"./b\", \"type\": \"file\", \"size\": 0, "
              "\"modified\": \"1969-12-31T23:59:59Z\"},\n"
              "{\"name\": \"c\", \"href\": \"./c\", \"type\": \"file\", \"size\": 0, "
              "\"modified\": \"9999-12-31T23:59:59Z\"},\n"
              "{\"name\": \"d\", \"href\": \"./d\", \"type\": \"file\", \"size\": 0},\n"
              "{\"name\": \"e\", \"href\": \"./e\", \"type\": \"file\", \"size\": 0},\n"
              "{\"name\": \"f\", \"href\": \"./f\", \"type\": \"file\", \"size\": 0}\n]\n}\n");
    buf_done(&b);
}

static void an_empty_folder_is_valid_in_every_form(void **state)
{
    const struct listing listing = {.path = SPAN_INIT("/e/"), .has_parent = true};
    struct buf b = {0};

    (void)state;
    assert_string_equal(render(&b, LISTING_TEXT, listing), "");
    assert_string_equal(render(&b, LISTING_JSON, listing),
                        "{\n\"path\": \"/e/\",\n\"truncated\": false,\n\"entries\": []\n}\n");
    assert_null(strstr(render(&b, LISTING_HTML, listing), "<table"));
    buf_done(&b);
}

/* The hash source of what stands between the tags of the only element of that name. */
static void add_hash_source(struct buf *b, const char *html, const char *open, const char *close)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *from = strstr(html, open) + strlen(open), *to = strstr(html, close);
    unsigned char hash[33] = {0};

    assert_null(strstr(from, open));
    sha256(span_of(from, (size_t)(to - from)), hash);
    buf_add(b, SPAN("'sha256-"));
    for (int i = 0; i < 33; i += 3) {
        uint32_t bits =
            (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8 | (i < 30 ? hash[i + 2] : 0u);

        for (int shift = 18; shift >= 0; shift -= 6)
            buf_add_char(b, digits[bits >> shift & 63]);
    }
    b->len--; // 32 bytes are 43 digits and one "="
    buf_add(b, SPAN("='"));
}

// CSP Level 3 §6.7.3: the hash is over the bytes between the tags of the element.
static void policy_permits_the_style_and_script_that_are_sent(void **state)
{
    unsigned char hash[33];
    struct buf b = {0}, expected = {0};

    (void)state;
    sha256(SPAN("abc"), hash);
    assert_memory_equal(hash, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8);
    for (int writable = 0; writable < 2; writable++) {
        const char *html =
            render(&b, LISTING_HTML, (struct listing){.path = SPAN("/"), .writable = writable});

        buf_clear(&expected);
        buf_add(&expected, SPAN("default-src 'none'; style-src "));
        add_hash_source(&expected, html, "<style>", "</style>");
        buf_add(&expected, SPAN("; script-src "));
        add_hash_source(&expected, html, "<script>", "</script>");
        buf_add(&expected, SPAN("; connect-src 'self'; img-src 'self' data: blob:; "
                                "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"));
        assert_true(span_eq(buf_span(&expected), listing_policy(writable)));
    }
    buf_done(&expected);
    buf_done(&b);
}

static void only_what_is_possible_is_offered(void **state)
{
    const struct listing_entry entry = FILE_NAMED("f");
    struct buf b = {0};
    const char *html = render(&b, LISTING_HTML,
                              (struct listing){.path = SPAN("/"), .entries = &entry, .count = 1});

    (void)state;
    assert_null(strstr(html, "<form"));
    assert_null(strstr(html, "./?archive="));
    assert_null(strstr(html, "MKCOL"));
    assert_non_null(strstr(html, "<main>"));
    html = render(&b, LISTING_HTML,
                  (struct listing){.path = SPAN("/"), .has_search = true, .has_archives = true});
    assert_non_null(strstr(html, "name=\"search\""));
    assert_non_null(strstr(html, "href=\"./?archive=zip\""));
    assert_non_null(strstr(html, "href=\"./?archive=tar\""));
    assert_null(strstr(html, "multipart/form-data"));
    assert_non_null(strstr(html, "<main data-archives>"));
    html = render(&b, LISTING_HTML, (struct listing){.path = SPAN("/"), .writable = true});
    assert_non_null(strstr(html, "method=\"post\" action=\"./\" enctype=\"multipart/form-data\""));
    assert_non_null(strstr(html, "<main data-writable>"));
    assert_non_null(strstr(html, "MKCOL"));
    buf_done(&b);
}

static void what_a_search_found_is_shown_with_its_path(void **state)
{
    const struct listing_entry entries[] = {FILE_NAMED("a b/c&d/x.txt"), FOLDER_NAMED("x")};
    const struct listing listing = {.path = SPAN("/p/"),
                                    .entries = entries,
                                    .count = COUNT(entries),
                                    .has_parent = true,
                                    .has_search = true,
                                    .search = SPAN("<X\"")};
    struct buf b = {0};
    const char *text = render(&b, LISTING_HTML, listing);

    (void)state;
    assert_non_null(strstr(text, "href=\"./a%20b/c%26d/x.txt\"><bdi>x.txt</bdi> <small>in "
                                 "<bdi>a b/c&amp;d</bdi></small></a>"));
    assert_non_null(strstr(text, "href=\"./x/\"><bdi>x</bdi></a>"));
    assert_non_null(strstr(text, "value=\"&lt;X&quot;\""));
    assert_null(strstr(text, "<X"));
    text = render(&b, LISTING_JSON, listing);
    assert_non_null(strstr(text, "\"path\": \"/p/\",\n\"search\": \"<X\\\"\","));
    assert_non_null(strstr(text, "{\"name\": \"a b/c&d/x.txt\", \"href\": "
                                 "\"./a%20b/c%26d/x.txt\", \"type\": \"file\""));
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_come_first_and_numbers_count),
        cmocka_unit_test(order_of_names_is_total),
        cmocka_unit_test(no_name_becomes_markup_or_a_scheme),
        cmocka_unit_test(names_that_are_not_utf8_are_shown_and_linked),
        cmocka_unit_test(links_upward_never_name_an_authority),
        cmocka_unit_test(breadcrumbs_of_a_deep_path_are_bounded),
        cmocka_unit_test(sizes_are_short_and_exact),
        cmocka_unit_test(dates_are_told_in_utc_or_not_at_all),
        cmocka_unit_test(an_empty_folder_is_valid_in_every_form),
        cmocka_unit_test(policy_permits_the_style_and_script_that_are_sent),
        cmocka_unit_test(only_what_is_possible_is_offered),
        cmocka_unit_test(what_a_search_found_is_shown_with_its_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
