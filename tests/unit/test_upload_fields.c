// SPDX-License-Identifier: MIT
#include "unit.h"

#include "http/upload_fields.h"

static const struct span none = {NULL, 0};

/* RFC 9651 §3.3.6; draft-ietf-httpbis-resumable-upload §4.1.2 */
static void upload_complete_is_a_boolean(void **state)
{
    (void)state;
    assert_int_equal(upload_complete_parse(none), UPLOAD_COMPLETE_ABSENT);
    assert_int_equal(upload_complete_parse(SPAN("?1")), UPLOAD_COMPLETE_YES);
    assert_int_equal(upload_complete_parse(SPAN(" ?0;x=y")), UPLOAD_COMPLETE_NO);
    assert_int_equal(upload_complete_parse(SPAN("")), UPLOAD_COMPLETE_MALFORMED);
    assert_int_equal(upload_complete_parse(SPAN("1")), UPLOAD_COMPLETE_MALFORMED);
    assert_int_equal(upload_complete_parse(SPAN("?1?")), UPLOAD_COMPLETE_MALFORMED);
}

/* RFC 9651 §3.3.1 */
static void numbers_have_15_digits_and_no_sign(void **state)
{
    static const char *const wrong[] = {"", "-1", "+1", "1.0", "1 2", "x", "1234567890123456"};
    uint64_t n = 7;

    (void)state;
    assert_false(upload_number_parse(none, &n));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(upload_number_parse(span_from_str(wrong[i]), &n));
    assert_int_equal(n, 7);
    assert_true(upload_number_parse(SPAN("999999999999999"), &n));
    assert_true(n == UINT64_C(999999999999999));
    assert_true(upload_number_parse(SPAN("0"), &n));
    assert_int_equal(n, 0);
}

/* draft-ietf-httpbis-resumable-upload §4.1 */
static void a_field_that_is_malformed_says_nothing_and_is_told_from_one_that_is_absent(void **state)
{
    struct upload_values values = {0};
    struct upload_fields f = upload_fields_parse(&values);

    (void)state;
    assert_int_equal(f.complete, UPLOAD_COMPLETE_ABSENT);
    assert_false(f.has_offset || f.length_malformed);
    assert_true(f.length == UPLOAD_LENGTH_UNKNOWN);
    values = (struct upload_values){SPAN("?0"), none, SPAN("7"), SPAN("12"), none};
    f = upload_fields_parse(&values);
    assert_int_equal(f.complete, UPLOAD_COMPLETE_NO);
    assert_true(f.has_offset && !f.length_malformed && f.offset == 7 && f.length == 12);
    values = (struct upload_values){SPAN("no"), none, SPAN("x"), SPAN("y"), SPAN("z")};
    f = upload_fields_parse(&values);
    assert_int_equal(f.complete, UPLOAD_COMPLETE_MALFORMED);
    assert_true(!f.has_offset && f.length_malformed && f.length == UPLOAD_LENGTH_UNKNOWN);
}

/* Versions up to 3 of the draft have Upload-Incomplete. */
static void fields_mean_what_the_version_of_the_draft_says(void **state)
{
    static const struct {
        const char *complete, *incomplete, *version;
        unsigned known;
        enum upload_complete is;
    } cases[] = {
        {NULL, "?0", "3", 3, UPLOAD_COMPLETE_YES},
        {NULL, "?1", "3", 3, UPLOAD_COMPLETE_NO},
        {NULL, "1", "3", 3, UPLOAD_COMPLETE_MALFORMED},
        {NULL, NULL, "3", 3, UPLOAD_COMPLETE_ABSENT},
        {"?1", "?1", "3", 3, UPLOAD_COMPLETE_YES},
        {NULL, "?0", "4", 4, UPLOAD_COMPLETE_ABSENT},
        {NULL, "?0", NULL, 0, UPLOAD_COMPLETE_ABSENT},
        {"?0", NULL, "6", 6, UPLOAD_COMPLETE_NO},
        {"?1", NULL, "8", 8, UPLOAD_COMPLETE_YES},
        {"?1", NULL, "9", 0, UPLOAD_COMPLETE_YES},
        {"?1", NULL, "2", 0, UPLOAD_COMPLETE_YES},
        {"?1", NULL, "six", 0, UPLOAD_COMPLETE_YES},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct upload_values values = {
            .complete = cases[i].complete ? span_from_str(cases[i].complete) : none,
            .incomplete = cases[i].incomplete ? span_from_str(cases[i].incomplete) : none,
            .version = cases[i].version ? span_from_str(cases[i].version) : none,
        };
        struct upload_fields f = upload_fields_parse(&values);

        assert_int_equal(f.version, cases[i].known);
        assert_int_equal(f.complete, cases[i].is);
    }
}

/* tus 1.0.0, Creation: Upload-Metadata */
static void a_file_is_named_by_what_is_known_of_it(void **state)
{
    static const struct {
        const char *metadata, *name;
    } cases[] = {
        {"filename YSBmaWxtLm1wNA==", "a film.mp4"},
        {"filetype dmlkZW8vbXA0,filename YSBmaWxtLm1wNA==", "a film.mp4"},
        {"is_final, filename  Li4vLi4vZXRjL3Bhc3N3ZA==", "passwd"},
        {"filename Li4=", ""},
        {"filename !", ""},
        {"filename", ""},
        {"Filename YQ==", ""},
        {"", ""},
    };
    char out[LIMIT_FILE_NAME], long_value[8 * LIMIT_FILE_NAME] = "filename ";

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = upload_file_name(span_from_str(cases[i].metadata), false, out);

        assert_true(span_eq(span_of(out, length), span_from_str(cases[i].name)));
    }
    assert_int_equal(upload_file_name(none, false, out), 0);
    memset(long_value + strlen("filename "), 'A', sizeof long_value - strlen("filename ") - 1);
    assert_int_equal(upload_file_name(span_from_str(long_value), false, out), 0);
}

static void uploads_are_named_by_the_query_of_a_folder(void **state)
{
    struct span id;

    (void)state;
    assert_true(upload_name_parse(SPAN("upload=0f"), &id));
    assert_true(span_eq(id, SPAN("0f")));
    assert_true(upload_name_parse(SPAN("upload="), &id));
    assert_int_equal(id.len, 0);
    assert_false(upload_name_parse(SPAN("uploads=0f"), &id));
    assert_false(upload_name_parse(SPAN("x=1&upload=0f"), &id));
    assert_false(upload_name_parse(none, &id));
}

/* RFC 6454 §7; Fetch Metadata §2.3 */
static void pages_of_other_sites_are_told_by_what_browsers_say(void **state)
{
    static const struct {
        const char *site, *origin, *referer;
        bool cross;
    } cases[] = {
        {NULL, NULL, NULL, false},
        {NULL, "http://a.example", NULL, false},
        {NULL, "http://A.Example:80", NULL, false},
        {NULL, "https://a.example", NULL, false},
        {NULL, "http://a.example:8080", NULL, true},
        {NULL, "http://b.example", NULL, true},
        {NULL, "http://a.example.b.example", NULL, true},
        {NULL, "null", NULL, true},
        {NULL, "", NULL, true},
        {NULL, "a.example", NULL, true},
        {"same-origin", "http://b.example", NULL, false},
        {"none", NULL, NULL, false},
        {"same-site", NULL, NULL, true},
        {"cross-site", "http://a.example", NULL, true},
        {"", "http://b.example", NULL, true},
        {NULL, NULL, "http://a.example/page?x#y", false},
        {NULL, NULL, "https://A.example", false},
        {NULL, NULL, "http://b.example/http://a.example", true},
        {NULL, NULL, "http://a.example:81/", true},
        {NULL, NULL, "http://a.example.b.example/", true},
        {NULL, NULL, "http://b.example#://a.example", true},
        {NULL, NULL, "about:blank", true},
        {NULL, NULL, "", true},
        {NULL, "http://a.example", "http://b.example/", false},
        {"same-origin", NULL, "http://b.example/", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(upload_is_cross_site(span_from_str(cases[i].site),
                                              span_from_str(cases[i].origin),
                                              span_from_str(cases[i].referer), SPAN("a.example")),
                         cases[i].cross);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upload_complete_is_a_boolean),
        cmocka_unit_test(numbers_have_15_digits_and_no_sign),
        cmocka_unit_test(
            a_field_that_is_malformed_says_nothing_and_is_told_from_one_that_is_absent),
        cmocka_unit_test(fields_mean_what_the_version_of_the_draft_says),
        cmocka_unit_test(a_file_is_named_by_what_is_known_of_it),
        cmocka_unit_test(uploads_are_named_by_the_query_of_a_folder),
        cmocka_unit_test(pages_of_other_sites_are_told_by_what_browsers_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
