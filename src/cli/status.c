// SPDX-License-Identifier: MIT
/* candor status: the table of status codes for people and, with --json, for programs. */
#include "cli/cli.h"
#include "cli/status_json.h"
#include "cli/text.h"
#include "registry/outcome.h"
#include "registry/search.h"

#include <stdio.h>

enum { CODE_COLUMNS = 5, LABEL_COLUMNS = 16, TOKEN_COLUMNS = 28 };

static const char help[] =
    "usage: candor status [CODE | 4xx | WORD] [--json]\n"
    "\n"
    "Tells what HTTP status codes mean: when each is true, what causes it, which\n"
    "fields go with it, whether it may be cached and whether a retry is worth it.\n"
    "\n"
    "  CODE     one code, such as 404; those that are in use without being\n"
    "           registered, such as 499, are recognised too\n"
    "  4xx      a class: 1xx, 2xx, 3xx, 4xx or 5xx\n"
    "  WORD     the codes whose reason, meaning or fields contain the word\n"
    "  --json   as JSON: an object for CODE, else an array of objects\n"
    "\n"
    "Without CODE, class or WORD it lists all. Exit code: 0, or 1 when nothing\n"
    "matches, or 2 when the command line is not as expected.\n";

static const char *const class_names[] = {
    "", "interim", "success", "redirection", "client error", "server error",
};

static void add_list_row(struct buf *b, const struct status_info *info, size_t width)
{
    buf_add(b, SPAN("  "));
    buf_addf(b, "%-*d", CODE_COLUMNS, info->code);
    text_add_cell(b, info->reason, 40);
    text_add_wrapped(b, span_from_str(info->section), CODE_COLUMNS + 42, width);
}

static void add_unregistered_row(struct buf *b, const struct status_unregistered *info,
                                 size_t width)
{
    struct buf text = {0};

    buf_addf(&text, "%s (%s)", info->name, info->user);
    buf_addf(b, "  %-*d", CODE_COLUMNS, info->code);
    text_add_wrapped(b, buf_span(&text), CODE_COLUMNS + 2, width);
    buf_done(&text);
}

static void add_fact(struct buf *b, const char *label, const char *text, size_t width)
{
    if (*text == '\0')
        return;
    buf_add(b, SPAN("  "));
    text_add_cell(b, span_from_str(label), LABEL_COLUMNS);
    text_add_wrapped(b, span_from_str(text), LABEL_COLUMNS + 2, width);
}

static const char *cache_text(const struct status_info *info)
{
    if (info->no_store)
        return "must not be stored";
    return info->cacheable ? "yes, unless a field says otherwise"
                           : "only when a field such as Cache-Control says so";
}

static const char *retry_text(const struct status_info *info)
{
    return info->retry ? "worth it; by itself only for an idempotent method" : "of no use";
}

/* The outcomes of Candor that have this status. */
static void add_outcomes(struct buf *b, int code, size_t width)
{
    bool found = false;

    for (int o = 1; o < OUTCOME_COUNT; o++) {
        if (outcome_table[o].status != code)
            continue;
        if (!found)
            buf_add(b, SPAN("\n  Candor sends it for (see candor why TOKEN)\n"));
        found = true;
        buf_add(b, SPAN("    "));
        text_add_cell(b, outcome_table[o].token, TOKEN_COLUMNS);
        if (outcome_table[o].token.len >= TOKEN_COLUMNS) {
            buf_add_char(b, '\n');
            text_add_paragraph(b, outcome_table[o].title, TOKEN_COLUMNS + 4, width);
        } else {
            text_add_wrapped(b, outcome_table[o].title, TOKEN_COLUMNS + 4, width);
        }
    }
}

static void add_detail(struct buf *b, const struct status_info *info, size_t width)
{
    buf_addf(b, "%d %s\n\n", info->code, info->reason.ptr);
    text_add_paragraph(b, span_from_str(info->meaning), 2, width);
    buf_add_char(b, '\n');
    add_fact(b, "Defined in", info->section, width);
    add_fact(b, "Class", class_names[info->code / 100], width);
    if (info->unused) {
        add_fact(b, "Use", "none any more; Candor never sends it", width);
        return;
    }
    add_fact(b, "Content", info->content ? "" : "none", width);
    add_fact(b, "Must carry", info->must, width);
    add_fact(b, "Should carry", info->should, width);
    add_fact(b, "Often carries", info->may, width);
    if (info->repeats)
        add_fact(b, "As in the 200", STATUS_REPEATED_FIELDS, width);
    add_fact(b, "Cacheable", info->code < 200 ? "" : cache_text(info), width);
    add_fact(b, "A retry is", info->code < 400 ? "" : retry_text(info), width);
    add_outcomes(b, info->code, width);
}

static int show_unregistered(int code, bool json)
{
    struct buf b = {0};
    size_t width = text_width();
    bool found = false;

    if (json && status_json_add_unregistered(&b, code)) {
        buf_add_char(&b, '\n');
        found = true;
    }
    for (size_t i = 0; i < status_unregistered_count && !json; i++) {
        const struct status_unregistered *info = &status_unregistered_table[i];

        if (info->code != code)
            continue;
        if (!found)
            buf_addf(&b, "%d is not registered; Candor %s\n", code,
                     info->is_sent ? "sends it to clients that ask for it" : "never sends it");
        found = true;
        buf_addf(&b, "\n  %s: %s\n", info->user, info->name);
        text_add_paragraph(&b, span_from_str(info->meaning), 4, width);
    }
    if (found)
        return text_print(&b);
    buf_done(&b);
    fprintf(stderr, "candor status: nothing is known of a status code %d", code);
    if (code >= 100 && code < 600)
        fprintf(stderr, "; a client treats it like %d (RFC 9110 §15)", code / 100 * 100);
    fputc('\n', stderr);
    return CLI_FAILURE;
}

static int show_code(int code, bool json)
{
    const struct status_info *info = status_from_code(code);
    struct buf b = {0};

    if (!info)
        return show_unregistered(code, json);
    if (json) {
        status_json_add(&b, info);
        buf_add_char(&b, '\n');
    } else {
        add_detail(&b, info, text_width());
    }
    return text_print(&b);
}

/* What a list is narrowed to: a class, a word, or neither. */
struct filter {
    int class_digit;
    struct span word;
};

static bool passes(const struct filter *filter, const struct status_info *info)
{
    if (filter->class_digit)
        return info->code / 100 == filter->class_digit;
    return filter->word.len == 0 || status_matches(info, filter->word);
}

static bool passes_unregistered(const struct filter *filter, const struct status_unregistered *info)
{
    if (filter->class_digit)
        return info->code / 100 == filter->class_digit;
    return filter->word.len == 0 || status_unregistered_matches(info, filter->word);
}

static size_t add_list(struct buf *b, const struct filter *filter, size_t width)
{
    size_t count = 0, unregistered = 0;
    int class_digit = 0;

    for (size_t i = 0; i < status_count; i++) {
        const struct status_info *info = &status_table[i];

        if (!passes(filter, info))
            continue;
        if (info->code / 100 != class_digit) {
            class_digit = info->code / 100;
            buf_addf(b, "%s%dxx %s\n", count ? "\n" : "", class_digit, class_names[class_digit]);
        }
        add_list_row(b, info, width);
        count++;
    }
    for (size_t i = 0; i < status_unregistered_count; i++) {
        if (!passes_unregistered(filter, &status_unregistered_table[i]))
            continue;
        if (unregistered++ == 0)
            buf_addf(b, "%sIn use, registered nowhere; never sent by Candor\n", count ? "\n" : "");
        add_unregistered_row(b, &status_unregistered_table[i], width);
    }
    return count + unregistered;
}

static size_t add_json_list(struct buf *b, const struct filter *filter)
{
    size_t count = 0;
    int told = 0; // a code with several uses is one object

    buf_add_char(b, '[');
    for (size_t i = 0; i < status_count; i++) {
        if (!passes(filter, &status_table[i]))
            continue;
        buf_add_str(b, count++ ? ",\n " : "\n ");
        status_json_add(b, &status_table[i]);
    }
    for (size_t i = 0; i < status_unregistered_count; i++) {
        int code = status_unregistered_table[i].code;

        if (code == told || !passes_unregistered(filter, &status_unregistered_table[i]))
            continue;
        buf_add_str(b, count++ ? ",\n " : "\n ");
        status_json_add_unregistered(b, code);
        told = code;
    }
    buf_add(b, SPAN("\n]\n"));
    return count;
}

static int show_list(const struct filter *filter, bool json)
{
    struct buf b = {0};
    size_t count = json ? add_json_list(&b, filter) : add_list(&b, filter, text_width());

    if (count)
        return text_print(&b);
    buf_done(&b);
    fprintf(stderr, "candor status: no status code has to do with \"%.*s\"\n",
            SPAN_ARG(filter->word));
    return CLI_FAILURE;
}

static int show(struct span what, bool json)
{
    struct filter filter = {.word = what};
    uint64_t code;

    if (what.len == 3 && span_to_u64(what, 999, &code) && what.ptr[0] != '0')
        return show_code((int)code, json);
    if (what.len == 3 && what.ptr[0] >= '1' && what.ptr[0] <= '5' &&
        span_eq_nocase(span_from(what, 1), SPAN("xx")))
        filter.class_digit = what.ptr[0] - '0';
    return show_list(&filter, json);
}

int cli_status(int argc, char **argv)
{
    const char *what = NULL;
    bool json = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (argv[i][0] == '-' || argv[i][0] == '\0') {
            fprintf(stderr, "candor status: there is no option \"%s\"; see candor status --help\n",
                    argv[i]);
            return CLI_USAGE;
        } else if (what) {
            fputs("candor status: one code, class or word at a time; quote a phrase\n", stderr);
            return CLI_USAGE;
        } else {
            what = argv[i];
        }
    }
    return show(span_from_str(what), json);
}
