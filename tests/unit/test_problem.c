// SPDX-License-Identifier: MIT
#include "http/problem.h"

#include "registry/status.h"
#include "unit.h"

/* Where text begins in b, or NULL. */
static const char *find(const struct buf *b, const char *text)
{
    return memmem(b->ptr, b->len, text, strlen(text));
}

static void assert_has(const struct buf *b, const char *text)
{
    if (!find(b, text))
        fail_msg("no %s in %.*s", text, SPAN_ARG(buf_span(b)));
}

// RFC 9457 §3.1.1
static void the_type_is_an_absolute_uri_with_the_token(void **state)
{
    struct buf b = {0};

    (void)state;
    problem_type_uri(&b, OUTCOME_not_found);
    assert_true(span_eq(buf_span(&b), SPAN("urn:candor:outcome:not-found")));
    buf_done(&b);
}

// RFC 9457 §3.1
static void status_title_and_advice_come_from_the_registry(void **state)
{
    (void)state;
    for (int o = OUTCOME_NONE + 1; o < OUTCOME_COUNT; o++) {
        const struct outcome_info *info = &outcome_table[o];
        struct problem p = {.outcome = (enum outcome)o};
        struct buf json = {0}, text = {0};
        char expected[128];

        problem_write_json(&json, &p);
        problem_write_text(&text, &p);
        assert_false(json.failed || text.failed);
        snprintf(expected, sizeof expected, "{\"type\":\"urn:candor:outcome:%.*s\",\"title\":\"",
                 SPAN_ARG(info->token));
        assert_true(span_starts(buf_span(&json), span_from_str(expected)));
        assert_null(find(&json, "\"title\":\"\""));
        snprintf(expected, sizeof expected, ",\"status\":%d", info->status);
        assert_has(&json, expected);
        assert_true(span_ends(buf_span(&json), SPAN("}\n")));
        assert_int_equal(find(&json, "\"advice\":") != NULL, info->client_advice.len > 0);
        snprintf(expected, sizeof expected, "%d %.*s\n", info->status,
                 SPAN_ARG(status_from_code(info->status)->reason));
        assert_true(span_starts(buf_span(&text), span_from_str(expected)));
        snprintf(expected, sizeof expected, "\noutcome: %.*s\n", SPAN_ARG(info->token));
        assert_has(&text, expected);
        buf_done(&json);
        buf_done(&text);
    }
}

static const struct problem_member members[] = {
    {SPAN_INIT("offset"), PROBLEM_NUMBER, {NULL, 0}, 17},
    {SPAN_INIT("field_name"), PROBLEM_STRING, SPAN_INIT("Ho\"st"), 0},
    {SPAN_INIT("errors"), PROBLEM_JSON, SPAN_INIT("[{\"pointer\":\"/a\"}]"), 0},
};
static const struct problem whole = {
    .outcome = OUTCOME_not_found,
    .instance = SPAN_INIT("urn:uuid:1"),
    .detail = SPAN_INIT("\"\xc3\xa9\" \x1b[31m\r\nX: y\\ \xff \xc2\x9b"),
    .members = members,
    .member_count = 3,
};

// RFC 9457 §3.2
static void json_has_every_member_and_escapes_every_text(void **state)
{
    struct buf b = {0};

    (void)state;
    problem_write_json(&b, &whole);
    assert_has(&b, ",\"detail\":\"\\\"\xc3\xa9\\\" \\u001b[31m\\u000d\\nX: y\\\\ \\u00ff "
                   "\\u009b\",\"instance\":\"urn:uuid:1\"");
    assert_has(&b,
               ",\"offset\":17,\"field_name\":\"Ho\\\"st\",\"errors\":[{\"pointer\":\"/a\"}]}\n");
    buf_done(&b);
}

static void text_has_every_member_and_no_control_character(void **state)
{
    struct buf b = {0};

    (void)state;
    problem_write_text(&b, &whole);
    assert_has(&b, "\n\"\xc3\xa9\" \\x1B[31m\\x0D\\x0AX: y\\ \xff \\x9B\n");
    assert_has(&b, "\noutcome: not-found\ninstance: urn:uuid:1\noffset: 17\nfield_name: Ho\"st\n"
                   "errors: [{\"pointer\":\"/a\"}]\n");
    for (size_t i = 0; i < b.len; i++)
        assert_true((unsigned char)b.ptr[i] >= 0x20 || b.ptr[i] == '\n');
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_type_is_an_absolute_uri_with_the_token),
        cmocka_unit_test(status_title_and_advice_come_from_the_registry),
        cmocka_unit_test(json_has_every_member_and_escapes_every_text),
        cmocka_unit_test(text_has_every_member_and_no_control_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
