// SPDX-License-Identifier: MIT
#include "resource/files/media_type_map.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "unit.h"

#include <sys/stat.h>

#define assert_type(map, name, expected)                                                           \
    do {                                                                                           \
        struct span type_ = media_type_for_name(map, SPAN(name));                                  \
        char text_[128];                                                                           \
        snprintf(text_, sizeof text_, "%.*s", SPAN_ARG(type_));                                    \
        assert_string_equal(text_, expected);                                                      \
    } while (0)

static struct media_type_map *map_of(struct span text)
{
    struct media_type_map *map = NULL;

    assert_int_equal(media_type_map_from_text(text, &map), 0);
    assert_non_null(map);
    return map;
}

// RFC 9110 §8.3: a recipient acts on the type that it is told.
static void types_of_the_web_are_right_without_a_system_table(void **state)
{
    struct media_type_map *map = map_of(SPAN(""));

    (void)state;
    assert_type(map, "index.html", "text/html; charset=utf-8");
    assert_type(map, "app.mjs", "text/javascript; charset=utf-8");
    assert_type(map, "a.wasm", "application/wasm");
    assert_type(map, "a.woff2", "font/woff2");
    assert_type(map, "a.avif", "image/avif");
    assert_type(map, "a.svg", "image/svg+xml");
    assert_type(map, "README.md", "text/markdown; charset=utf-8");
    assert_type(map, "a.json", "application/json");
    assert_type(map, "a.webmanifest", "application/manifest+json");
    assert_type(map, "a.yaml", "application/yaml");
    media_type_map_free(map);
}

static void only_text_says_its_charset(void **state)
{
    struct media_type_map *map = map_of(SPAN("TEXT/x-strange st\napplication/x-strange as\n"));

    (void)state;
    assert_type(map, "a.st", "TEXT/x-strange; charset=utf-8");
    assert_type(map, "a.as", "application/x-strange");
    assert_type(map, "a.xml", "application/xml");
    media_type_map_free(map);
}

static void case_of_an_extension_does_not_matter(void **state)
{
    struct media_type_map *map = map_of(SPAN("image/x-photo PhOtO\n"));

    (void)state;
    assert_type(map, "HOLIDAY.JPG", "image/jpeg");
    assert_type(map, "a.photo", "image/x-photo");
    assert_type(map, "a.PHOTO", "image/x-photo");
    media_type_map_free(map);
}

static void unknown_names_are_plain_octets(void **state)
{
    struct media_type_map *map = map_of(SPAN(""));

    (void)state;
    assert_type(map, "", "application/octet-stream");
    assert_type(map, "Makefile", "application/octet-stream");
    assert_type(map, "html", "application/octet-stream");
    assert_type(map, ".html", "application/octet-stream");
    assert_type(map, ".", "application/octet-stream");
    assert_type(map, "name.", "application/octet-stream");
    assert_type(map, "html.", "application/octet-stream");
    assert_type(map, "a.nobody-knows-this", "application/octet-stream");
    assert_type(map, "a.html\xff", "application/octet-stream");
    assert_type(map, "a.abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz.x",
                "application/octet-stream");
    media_type_map_free(map);
}

static void the_longest_known_extension_counts(void **state)
{
    struct media_type_map *map = map_of(SPAN("application/spdx+json spdx.json\n"));

    (void)state;
    assert_type(map, "candor.spdx.json", "application/spdx+json");
    assert_type(map, "v1.candor.spdx.json", "application/spdx+json");
    assert_type(map, "spdx.json", "application/json");
    assert_type(map, ".config.json", "application/json");
    assert_type(map, "jquery.min.js", "text/javascript; charset=utf-8");
    assert_type(map, "backup.tar.gz", "application/gzip");
    assert_type(map, "double..html", "text/html; charset=utf-8");
    media_type_map_free(map);
}

static void what_is_gzip_by_its_name_has_a_type_within(void **state)
{
    struct media_type_map *map = map_of(SPAN("image/svg+xml svg svgz\nmodel/x3d+xml x3dz\n"));

    (void)state;
    // The bytes as they are, whatever the system's table says.
    assert_type(map, "a.svgz", "application/gzip");
    assert_type(map, "a.x3dz", "application/gzip");
    assert_true(span_eq(media_type_within_gzip(SPAN("a.svgz")), SPAN("image/svg+xml")));
    assert_true(span_eq(media_type_within_gzip(SPAN("a.b.SVGZ")), SPAN("image/svg+xml")));
    assert_true(span_eq(media_type_within_gzip(SPAN("a.x3dz")), SPAN("model/x3d+xml")));
    assert_true(span_eq(media_type_within_gzip(SPAN("a.x3dvz")), SPAN("model/x3d-vrml")));
    assert_int_equal(media_type_within_gzip(SPAN("a.svg")).len, 0);
    assert_int_equal(media_type_within_gzip(SPAN("a.tgz")).len, 0);
    assert_int_equal(media_type_within_gzip(SPAN("a.svg.gz")).len, 0);
    assert_int_equal(media_type_within_gzip(SPAN("a.svgz.txt")).len, 0);
    assert_int_equal(media_type_within_gzip(SPAN("svgz")).len, 0);
    assert_int_equal(media_type_within_gzip(SPAN(".svgz")).len, 0);
    assert_int_equal(media_type_within_gzip(SPAN("a.")).len, 0);
    assert_int_equal(media_type_within_gzip(SPAN("")).len, 0);
    media_type_map_free(map);
}

static void system_table_stands_between_fixed_and_fallback(void **state)
{
    struct media_type_map *map = map_of(SPAN("application/javascript js\n"
                                             "text/x-yaml yaml\n"
                                             "image/first two\n"
                                             "image/second two\n"));

    (void)state;
    assert_type(map, "a.js", "text/javascript; charset=utf-8");
    assert_type(map, "a.yaml", "text/x-yaml; charset=utf-8");
    assert_type(map, "a.yml", "application/yaml");
    assert_type(map, "a.two", "image/first");
    media_type_map_free(map);
}

// RFC 9110 §5.5: nothing from the table may break a field line.
static void what_is_no_media_type_is_passed_over(void **state)
{
    struct media_type_map *map = map_of(SPAN("# comment c1\n"
                                             "nothing n1\n"
                                             "/x n2\nx/ n3\nx/y/z n4\n"
                                             "x/\x01y n5\n"
                                             "  \n\n\r\n"
                                             "x/lonely\n"
                                             "x/good\t  g1  (bad) g2 # g3\r\n"
                                             "x/last g4"));

    (void)state;
    assert_type(map, "a.c1", "application/octet-stream");
    assert_type(map, "a.n1", "application/octet-stream");
    assert_type(map, "a.n2", "application/octet-stream");
    assert_type(map, "a.n3", "application/octet-stream");
    assert_type(map, "a.n4", "application/octet-stream");
    assert_type(map, "a.n5", "application/octet-stream");
    assert_type(map, "a.g1", "x/good");
    assert_type(map, "a.g2", "x/good");
    assert_type(map, "a.g3", "application/octet-stream");
    assert_type(map, "a.g4", "x/last");
    media_type_map_free(map);
}

static void limits_of_the_table_hold(void **state)
{
    struct media_type_map *map = NULL;
    struct buf text = {0};

    (void)state;
    buf_add(&text, SPAN("x/y"));
    while (text.len <= LIMIT_MEDIA_TYPES_LINE)
        buf_add(&text, SPAN(" a"));
    assert_int_equal(media_type_map_from_text(buf_span(&text), &map), -CANDOR_E_LIMIT);
    buf_clear(&text);
    for (int i = 0; i <= LIMIT_MEDIA_TYPES; i++)
        buf_addf(&text, "x/y e%d\n", i);
    assert_int_equal(media_type_map_from_text(buf_span(&text), &map), -CANDOR_E_LIMIT);
    buf_clear(&text);
    while (text.len <= LIMIT_MEDIA_TYPES_FILE)
        buf_add(&text, SPAN("# nothing but comments, and yet too many of them\n"));
    assert_int_equal(media_type_map_from_text(buf_span(&text), &map), -CANDOR_E_LIMIT);
    assert_null(map);
    buf_done(&text);
}

static void many_extensions_are_all_found(void **state)
{
    struct media_type_map *map;
    struct buf text = {0};

    (void)state;
    for (int i = 0; i < 10000; i++)
        buf_addf(&text, "x/y%d e%d\n", i, i);
    map = map_of(buf_span(&text));
    buf_done(&text);
    for (int i = 0; i < 10000; i++) {
        char name[32], expected[32];

        snprintf(name, sizeof name, "file.e%d", i);
        snprintf(expected, sizeof expected, "x/y%d", i);
        assert_true(
            span_eq(media_type_for_name(map, span_from_str(name)), span_from_str(expected)));
    }
    media_type_map_free(map);
}

static void table_is_read_from_its_file(void **state)
{
    char folder[] = "/tmp/candor-test-XXXXXX";
    struct media_type_map *map = NULL;
    char path[64];
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/types", folder);
    assert_int_equal(media_type_map_new(path, &map), 0); // not there: the built-in types
    assert_type(map, "a.html", "text/html; charset=utf-8");
    media_type_map_free(map);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("x/from-file ours\n", file);
    fclose(file);
    assert_int_equal(media_type_map_new(path, &map), 0);
    assert_type(map, "a.ours", "x/from-file");
    media_type_map_free(map);
    map = NULL;
    assert_int_equal(media_type_map_new(folder, &map), -CANDOR_E_SYSTEM);
    assert_int_equal(truncate(path, LIMIT_MEDIA_TYPES_FILE + 1), 0);
    assert_int_equal(media_type_map_new(path, &map), -CANDOR_E_LIMIT);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(media_type_map_new(path, &map), -CANDOR_E_SYSTEM); // and does not hang
    assert_null(map);
    unlink(path);
    rmdir(folder);
    assert_int_equal(media_type_map_new(NULL, &map), 0);
    media_type_map_free(map);
    media_type_map_free(NULL);
}

static void debians_table_is_within_the_limits(void **state)
{
    struct media_type_map *map = NULL;

    (void)state;
    if (access(MEDIA_TYPE_MAP_SYSTEM_PATH, R_OK) < 0)
        skip();
    assert_int_equal(media_type_map_new(MEDIA_TYPE_MAP_SYSTEM_PATH, &map), 0);
    assert_type(map, "a.dcm", "application/dicom");
    assert_type(map, "a.ts", "video/mp2t");
    media_type_map_free(map);
}

static void a_type_has_an_extension_that_leads_back_to_it(void **state)
{
    struct media_type_map *map = map_of(SPAN("image/jpeg jpe\nx/y longer yz yy\ntext/x-log log\n"));

    (void)state;
    assert_true(span_eq(media_type_extension(map, SPAN("image/jpeg")), SPAN("jpg")));
    assert_true(span_eq(media_type_extension(map, SPAN("TEXT/plain")), SPAN("txt")));
    assert_true(span_eq(media_type_extension(map, SPAN("X/Y")), SPAN("yy")));
    assert_true(span_eq(media_type_extension(map, SPAN("text/x-log")), SPAN("log")));
    assert_int_equal(media_type_extension(map, SPAN("no/body")).len, 0);
    assert_int_equal(media_type_extension(map, SPAN("")).len, 0);
    media_type_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_has_an_extension_that_leads_back_to_it),
        cmocka_unit_test(types_of_the_web_are_right_without_a_system_table),
        cmocka_unit_test(only_text_says_its_charset),
        cmocka_unit_test(case_of_an_extension_does_not_matter),
        cmocka_unit_test(unknown_names_are_plain_octets),
        cmocka_unit_test(the_longest_known_extension_counts),
        cmocka_unit_test(what_is_gzip_by_its_name_has_a_type_within),
        cmocka_unit_test(system_table_stands_between_fixed_and_fallback),
        cmocka_unit_test(what_is_no_media_type_is_passed_over),
        cmocka_unit_test(limits_of_the_table_hold),
        cmocka_unit_test(many_extensions_are_all_found),
        cmocka_unit_test(table_is_read_from_its_file),
        cmocka_unit_test(debians_table_is_within_the_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
