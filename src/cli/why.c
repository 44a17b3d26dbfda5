// SPDX-License-Identifier: MIT
/* candor why: what an outcome means, and what to do about it. */
#include "cli/cli.h"
#include "cli/text.h"
#include "graph/graph.h"
#include "registry/search.h"

#include <stdio.h>

enum { TOKEN_COLUMNS = 36, CLOSE_MAX = 5, SOURCES_MAX = 8 };

static const char help[] =
    "usage: candor why [TOKEN | STATUS]\n"
    "\n"
    "Tells what an outcome means, which status it has, what the client can do, what\n"
    "the operator can do, and which questions lead to it. Every answer of Candor has\n"
    "an outcome: its token is in the access log, and at the end of the type of a\n"
    "problem body. With a STATUS such as 404 it lists the outcomes that have it.\n"
    "\n"
    "Without either it lists all outcomes. Exit code: 0, or 1 when there is no such\n"
    "outcome, or 2 when the command line is not as expected.\n";

static void add_section(struct buf *b, const char *heading, struct span text, size_t width)
{
    if (text.len == 0)
        return;
    buf_addf(b, "\n  %s\n", heading);
    text_add_paragraph(b, text, 4, width);
}

static void add_question(struct buf *b, enum node n, const char *answer, size_t width)
{
    struct buf line = {0};

    buf_addf(&line, "%s %s (%s, %.*s: %.*s)", node_table[n].question, answer, node_table[n].section,
             SPAN_ARG(section_table[node_table[n].of].name), SPAN_ARG(node_table[n].name));
    text_add_paragraph(b, buf_span(&line), 4, width);
    b->failed |= line.failed;
    buf_done(&line);
}

/* Whether the question's answer yes leads there, rather than no. */
static bool leads_by_yes(enum node n, enum outcome outcome)
{
    unsigned edge = node_table[n].edge[1];

    if (edge < NODE_COUNT && node_table[edge].is_end)
        edge = node_table[edge].edge[1];
    return edge == (unsigned)EDGE_OUTCOME + (unsigned)outcome;
}

/* The questions of the page whose answer is this outcome, or the facts that it may be the cause of
 * not being known. */
static void add_sources(struct buf *b, enum outcome outcome, size_t width)
{
    enum node nodes[SOURCES_MAX];
    size_t count = graph_find_sources(outcome, nodes, SOURCES_MAX);
    struct buf line = {0};

    buf_add_str(b, "\n  Where a request comes to it\n");
    for (size_t i = 0; i < count && i < SOURCES_MAX; i++)
        add_question(b, nodes[i], leads_by_yes(nodes[i], outcome) ? "Yes" : "No", width);
    if (count)
        return;
    if (outcome_table[outcome].proxy_error) {
        text_add_paragraph(
            b,
            SPAN("The route passes requests on, and the answer to this one cannot be "
                 "had; or it breaks off behind its head, and an attempt in the log has "
                 "this cause (fact answer, RFC 9110 §7.6)"),
            4, width);
        return;
    }
    text_add_paragraph(b,
                       SPAN("It is a cause for which something that a question needs to know "
                            "cannot be had, and then it ends the walk. What may be missing is"),
                       4, width);
    for (int f = 0; f < FACT_COUNT; f++) {
        buf_clear(&line);
        buf_addf(&line, "%s: %s (%s)", fact_table[f].name.ptr, fact_table[f].meaning,
                 fact_table[f].section);
        text_add_paragraph(b, buf_span(&line), 4, width);
    }
    b->failed |= line.failed;
    buf_done(&line);
}

static int show_outcome(const struct outcome_info *info)
{
    const struct status_info *status = status_from_code(info->status);
    struct buf b = {0}, title = {0};
    size_t width = text_width();

    buf_addf(&b, "%s: %d %s\n\n", info->token.ptr, info->status, status->reason.ptr);
    buf_add(&title, info->title);
    buf_add_char(&title, '.');
    text_add_paragraph(&b, buf_span(&title), 2, width);
    add_section(&b, "What the client can do", info->client_advice, width);
    add_section(&b, "What the operator can do", info->operator_advice, width);
    add_sources(&b, (enum outcome)(info - outcome_table), width);
    if (info->proxy_error)
        add_section(&b, "Error type in Proxy-Status (RFC 9209)", span_from_str(info->proxy_error),
                    width);
    buf_clear(&title);
    buf_addf(&title, "What %d means (%s)", info->status, status->section);
    add_section(&b, title.failed ? "What the status means" : title.ptr,
                span_from_str(status->meaning), width);
    buf_done(&title);
    return text_print(&b);
}

/* Those with a status, or all: status 0. */
static int show_list(int status)
{
    struct buf b = {0};
    size_t width = text_width();

    for (int o = 1; o < OUTCOME_COUNT; o++) {
        const struct outcome_info *info = &outcome_table[o];

        if (status && info->status != status)
            continue;
        buf_addf(&b, "%d  ", info->status);
        text_add_cell(&b, info->token, TOKEN_COLUMNS);
        text_add_wrapped(&b, info->title, TOKEN_COLUMNS + 5, width);
    }
    if (b.len || b.failed)
        return text_print(&b);
    fprintf(stderr,
            "candor why: no outcome has the status %d; candor status %d tells what it means\n",
            status, status);
    return CLI_FAILURE;
}

static int show_unknown(struct span typed)
{
    enum outcome close[CLOSE_MAX];
    size_t count = outcome_find_close(typed, close, CLOSE_MAX);

    fprintf(stderr, "candor why: there is no outcome \"%.*s\"", SPAN_ARG(typed));
    if (count == 0)
        fputs("; candor why lists them all\n", stderr);
    else
        fputs("; did you mean\n", stderr);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "  %s\n", outcome_table[close[i]].token.ptr);
    return CLI_FAILURE;
}

int cli_why(int argc, char **argv)
{
    struct span token;
    uint64_t status;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (argv[i][0] == '-' || argv[i][0] == '\0') {
            fprintf(stderr, "candor why: there is no option \"%s\"; see candor why --help\n",
                    argv[i]);
            return CLI_USAGE;
        }
    }
    if (argc > 2) {
        fputs("candor why: one outcome at a time\n", stderr);
        return CLI_USAGE;
    }
    if (argc == 1)
        return show_list(0);
    token = span_from_str(argv[1]);
    if (token.len == 3 && span_to_u64(token, 999, &status) && token.ptr[0] != '0')
        return show_list((int)status);
    for (int o = 1; o < OUTCOME_COUNT; o++)
        if (span_eq_nocase(outcome_table[o].token, token))
            return show_outcome(&outcome_table[o]);
    return show_unknown(token);
}
