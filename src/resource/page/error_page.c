// SPDX-License-Identifier: MIT
#include "resource/page/error_page.h"

#include "registry/status.h"
#include "resource/page/page.h"

#include <assert.h>

/* Texts of the tables are sentences that may lack their full stop. */
static void write_sentence(struct buf *b, struct span text)
{
    if (!text.len)
        return;
    buf_add(b, SPAN("<p>"));
    page_write_text(b, text);
    if (!strchr(".!?", text.ptr[text.len - 1]))
        buf_add_char(b, '.');
    buf_add(b, SPAN("</p>\n"));
}

static void write_wait(struct buf *b, uint32_t seconds)
{
    static const struct {
        uint32_t seconds;
        const char *name;
    } units[] = {{3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    uint32_t n;

    if (!seconds)
        return;
    // A unit is used from twice its length on: "90 seconds", but "3 minutes". Never too early.
    while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
        i++;
    n = seconds / units[i].seconds + (seconds % units[i].seconds != 0);
    buf_addf(b, "<p>It is worth trying again in %u %s%s.</p>\n", n, units[i].name,
             n == 1 ? "" : "s");
}

static void write_reference(struct buf *b, const char *term, struct span value)
{
    if (!value.len)
        return;
    buf_addf(b, "<div><dt>%s</dt><dd><code>", term);
    page_write_text(b, value);
    buf_add(b, SPAN("</code></dd></div>\n"));
}

static void write_title(struct buf *title, int status, struct span reason)
{
    buf_add_u64(title, (uint64_t)status);
    buf_add_char(title, ' ');
    buf_add(title, reason);
}

static void write_head(struct buf *b, enum outcome outcome, int code)
{
    const struct outcome_info *info = &outcome_table[outcome];
    const struct status_info *status = status_from_code(code);
    struct span reason = status ? status->reason : SPAN("Unknown Status");
    struct buf title = {0};

    assert(outcome > OUTCOME_NONE && outcome < OUTCOME_COUNT);
    write_title(&title, code, reason);
    page_write_begin(b, buf_span(&title));
    buf_add(b, page_styles[PAGE_STYLE_ERROR].text);
    page_write_body(b, code < 500 ? "error" : "error server");
    b->failed |= title.failed;
    buf_done(&title);
    buf_addf(b, "<main>\n<p class=\"status\"><strong>%d</strong> ", code);
    page_write_text(b, reason);
    buf_add(b, SPAN("</p>\n<h1>"));
    page_write_text(b, info->title.len ? info->title : reason);
    buf_add(b, SPAN("</h1>\n"));
}

void error_page_write_redirect_html(struct buf *b, enum outcome outcome, struct span location)
{
    write_head(b, outcome, outcome_table[outcome].status);
    buf_add(b, SPAN("<p class=\"action\"><a href=\""));
    page_write_text(b, location);
    buf_add(b, SPAN("\">"));
    page_write_text(b, location);
    buf_add(b, SPAN("</a></p>\n</main>\n"));
    page_write_end(b);
}

void error_page_write_html(struct buf *b, const struct error_page *page)
{
    const struct outcome_info *info = &outcome_table[page->outcome];
    int status = page->status ? page->status : info->status;

    write_head(b, page->outcome, status);
    write_sentence(b, page->detail);
    write_sentence(b, info->client_advice);
    write_wait(b, page->retry_after);
    if (status == 404 || status == 403 || status == 410)
        buf_add(b, SPAN("<p class=\"action\"><a href=\"/\">Go to the start page</a></p>\n"));
    buf_add(b, SPAN("</main>\n<footer>\n<dl>\n"));
    write_reference(b, "Outcome", info->token);
    write_reference(b, "Request", page->request_id);
    buf_add(b, SPAN("</dl>\n</footer>\n"));
    page_write_end(b);
}
