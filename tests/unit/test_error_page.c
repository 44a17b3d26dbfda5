// SPDX-License-Identifier: MIT
#include "resource/page/error_page.h"

#include "registry/status.h"
#include "resource/page/page.h"
#include "unit.h"

static const char *render(struct buf *b, struct error_page page)
{
    buf_clear(b);
    error_page_write_html(b, &page);
    buf_add_char(b, '\0');
    assert_false(b->failed);
    return b->ptr;
}

static void every_error_has_a_page_that_says_what_happened(void **state)
{
    struct buf b = {0};

    (void)state;
    for (int i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++) {
        const struct outcome_info *info = &outcome_table[i];
        const struct status_info *status = status_from_code(info->status);
        char expected[128];
        const char *html;

        if (info->status < 400)
            continue;
        html = render(&b,
                      (struct error_page){.outcome = (enum outcome)i, .request_id = SPAN("q7-42")});
        assert_non_null(status);
        snprintf(expected, sizeof expected, "<title>%d %.*s</title>", info->status,
                 SPAN_ARG(status->reason));
        assert_non_null(strstr(html, expected));
        snprintf(expected, sizeof expected, "<dd><code>%.*s</code></dd>", SPAN_ARG(info->token));
        assert_non_null(strstr(html, expected));
        assert_non_null(strstr(html, "<dd><code>q7-42</code></dd>"));
        assert_null(strstr(html, "<h1></h1>"));
        assert_true(span_starts(buf_span(&b), SPAN("<!DOCTYPE html>\n")));
    }
    buf_done(&b);
}

static void text_of_a_request_never_becomes_markup(void **state)
{
    struct buf b = {0};
    const char *html = render(&b, (struct error_page){.outcome = OUTCOME_host_malformed,
                                                      .request_id = SPAN("\"><i>"),
                                                      .detail = SPAN("<script>\x1b\xff & 'x'")});

    (void)state;
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "<i>"));
    assert_null(strchr(html, 0x1b));
    assert_non_null(strstr(html, "&lt;script&gt;\xe2\x90\x9b\xef\xbf\xbd &amp; &#39;x&#39;.</p>"));
    buf_done(&b);
}

static void what_is_empty_leaves_no_trace(void **state)
{
    struct buf b = {0};
    const char *html = render(&b, (struct error_page){.outcome = OUTCOME_header_timeout});

    (void)state;
    assert_null(strstr(html, "<p></p>"));
    assert_null(strstr(html, "<dt>Request</dt>"));
    assert_null(strstr(html, "trying again"));
    buf_done(&b);
}

// RFC 9110 §10.2.3: the page agrees with Retry-After, and never asks too early.
static void wait_is_told_in_words(void **state)
{
    static const struct {
        uint32_t seconds;
        const char *words;
    } rows[] = {
        {1, "in 1 second."},    {90, "in 90 seconds."}, {119, "in 119 seconds."},
        {120, "in 2 minutes."}, {121, "in 3 minutes."}, {7199, "in 120 minutes."},
        {7200, "in 2 hours."},  {7201, "in 3 hours."},  {UINT32_MAX, "in 1193047 hours."},
    };
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_non_null(strstr(render(&b, (struct error_page){.outcome = OUTCOME_overloaded,
                                                              .retry_after = rows[i].seconds}),
                               rows[i].words));
    buf_done(&b);
}

static void page_asks_for_nothing_else_and_runs_nothing(void **state)
{
    struct buf b = {0};
    const char *html = render(&b, (struct error_page){.outcome = OUTCOME_not_found});

    (void)state;
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, " onclick="));
    assert_null(strstr(html, " onload="));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "@import"));
    for (const char *at = html; (at = strstr(at, "url(")); at++)
        assert_true(strncmp(at, "url(\"data:image/svg+xml,", 24) == 0);
    assert_null(strstr(html, "style=\""));
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_page_that_says_what_happened),
        cmocka_unit_test(text_of_a_request_never_becomes_markup),
        cmocka_unit_test(what_is_empty_leaves_no_trace),
        cmocka_unit_test(wait_is_told_in_words),
        cmocka_unit_test(page_asks_for_nothing_else_and_runs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
