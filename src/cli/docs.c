// SPDX-License-Identifier: MIT
/* candor docs: the pages of docs/ that are made from the tables. For those who build Candor. */
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "graph/graph.h"
#include "registry/field.h"
#include "registry/method.h"
#include "registry/outcome.h"
#include "registry/status.h"
#include "server/config/config.h"
#include "server/memory.h"
#include "server/session/h1_session.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

static const char help[] =
    "usage: candor docs outcomes | questions | statuses | limits | fields |\n"
    "                   configuration\n"
    "\n"
    "Prints a page of the documentation, made from the program's tables, as\n"
    "Markdown.\n";

/* As Markdown text: what would be taken for markup is escaped. */
static void add_text(struct buf *b, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("\\`*_<>[]|", text.ptr[i]))
            buf_add_char(b, '\\');
        buf_add_char(b, text.ptr[i]);
    }
}

static void add_cell(struct buf *b, const char *text)
{
    buf_add(b, SPAN(" | "));
    add_text(b, span_from_str(text));
}

static void add_head(struct buf *b, const char *title, const char *name, const char *table)
{
    buf_addf(b, "<!-- Made by \"candor docs %s\" from %s: change it there. -->\n# %s\n\n", name,
             table, title);
}

static void add_outcomes(struct buf *b)
{
    add_head(b, "Outcomes", "outcomes", "src/registry/outcome.def");
    buf_add_str(b, "Everything that can become of a request. Each outcome has one status; its token"
                   " is in the access log and\nat the end of the type of a problem body, and"
                   " `candor why TOKEN` tells what is written here.\n\n"
                   "| outcome | status | what happened |\n| --- | --- | --- |\n");
    for (int o = 1; o < OUTCOME_COUNT; o++) {
        const struct outcome_info *info = &outcome_table[o];

        buf_addf(b, "| [%s](#%s) | %d | ", info->token.ptr, info->token.ptr, info->status);
        add_text(b, info->title);
        buf_add(b, SPAN(" |\n"));
    }
    for (int o = 1; o < OUTCOME_COUNT; o++) {
        const struct outcome_info *info = &outcome_table[o];

        buf_addf(b, "\n## %s\n\n**%d %s.** ", info->token.ptr, info->status,
                 status_from_code(info->status)->reason.ptr);
        add_text(b, info->title);
        buf_add(b, SPAN(".\n\n- The client: "));
        add_text(b, info->client_advice);
        buf_add(b, SPAN("\n- The operator: "));
        add_text(b, info->operator_advice);
        if (info->proxy_error)
            buf_addf(b, "\n- Proxy-Status: `%s`", info->proxy_error);
        buf_add_char(b, '\n');
    }
}

static const char *knower_name(enum fact_knower knower)
{
    switch (knower) {
    case KNOWER_HOST:
        return "the session";
    case KNOWER_RESOURCE:
        return "the resource";
    case KNOWER_GUARD:
        return "what guards the resource";
    case KNOWER_PAGE:
        return "the request itself";
    }
    return "";
}

static void add_questions(struct buf *b)
{
    add_head(b, "The page of questions", "questions", "src/graph/page.def and fact.def");
    buf_add_str(b, "Every request walks down this page, and where it leaves the page is its "
                   "outcome. A section is entered\nby its first question alone, its door. "
                   "`candor graph` draws the sections, and `candor graph SECTION` the\nquestions "
                   "of one: yes and no lead to the next question, to an outcome (round), or to the "
                   "door of another\nsection (an arrow).\n\n![The sections](graph.svg)\n\n"
                   "## Facts\n\nWhat questions need to know. A fact is established when it is "
                   "first needed; where it cannot be had, the walk\nends there with the outcome "
                   "that says why, and no question is asked. One that fades is established anew\n"
                   "when others have changed what the request is about.\n\n"
                   "| fact | what is known then | who knows | fades | section |\n"
                   "| --- | --- | --- | --- | --- |\n");
    for (int f = 0; f < FACT_COUNT; f++) {
        buf_addf(b, "| `%s`", fact_table[f].name.ptr);
        add_cell(b, fact_table[f].meaning);
        add_cell(b, knower_name(fact_table[f].knower));
        add_cell(b, fact_table[f].fades ? "yes" : "");
        add_cell(b, fact_table[f].section);
        buf_add(b, SPAN(" |\n"));
    }
    for (int s = 0; s < SECTION_COUNT; s++)
        buf_addf(b, "\n## %s\n\n%s %s.\n\n![%s](graph/%s.svg)\n", section_table[s].name.ptr,
                 section_table[s].title, section_table[s].section, section_table[s].title,
                 section_table[s].name.ptr);
}

static void add_status_row(struct buf *b, const struct status_info *info)
{
    buf_addf(b, "| %d", info->code);
    add_cell(b, info->reason.ptr);
    add_cell(b, info->section);
    add_cell(b, info->no_store ? "never" : info->cacheable ? "yes" : "");
    add_cell(b, info->retry ? "yes" : "");
    add_cell(b, info->must);
    add_cell(b, info->should);
    add_cell(b, info->may);
    buf_add(b, SPAN(" |\n"));
}

static void add_statuses(struct buf *b)
{
    add_head(b, "Status codes", "statuses", "src/registry/status.def");
    buf_add_str(b, "All status codes of IANA's registry. *Cached*: heuristically cacheable by"
                   " default (RFC 9110 §15.1).\n*Retry*: the same request may succeed later; by"
                   " itself a program repeats only an idempotent one.\n*Must*, *should*, *may*:"
                   " fields that go with it.\n206 and 304 also repeat what the 200 would have had"
                   " of " STATUS_REPEATED_FIELDS ".\n\n"
                   "| code | reason | defined in | cached | retry | must | should | may |\n"
                   "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < status_count; i++)
        add_status_row(b, &status_table[i]);
    for (size_t i = 0; i < status_count; i++) {
        buf_addf(b, "\n## %d %s\n\n", status_table[i].code, status_table[i].reason.ptr);
        add_text(b, span_from_str(status_table[i].meaning));
        buf_add_char(b, '\n');
    }
    buf_add_str(b, "\n## In use, registered nowhere\n\nTo be recognised; Candor sends 104 to"
                   " clients that ask for it, and none else of these.\n\n| code | used by | called "
                   "| meaning |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < status_unregistered_count; i++) {
        const struct status_unregistered *info = &status_unregistered_table[i];

        buf_addf(b, "| %d", info->code);
        add_cell(b, info->user);
        add_cell(b, info->name);
        add_cell(b, info->meaning);
        buf_add(b, SPAN(" |\n"));
    }
}

static_assert(sizeof(struct h1_session) <= MEMORY_SESSION, "");

static void add_memory_row(struct buf *b, const char *state, uint64_t bytes)
{
    static const unsigned connections[] = {1000, LIMIT_CONNECTIONS};

    buf_addf(b, "| %s | %" PRIu64, state, bytes);
    for (size_t i = 0; i < sizeof connections / sizeof *connections; i++)
        buf_addf(b, " | %" PRIu64, (bytes * connections[i] + (1 << 20) - 1) >> 20);
    buf_add(b, SPAN(" |\n"));
}

static void add_budgets(struct buf *b)
{
    buf_add_str(b, "\n## What is shared, and runs out\n\nA client is an address, or a network of 64"
                   " bits where that is of IPv6; all on Unix sockets are one. A proxy is one, too,"
                   "\nwhoever is behind it.\n\n"
                   "| limit | bounds | of | what is seen when there is no more |\n"
                   "| --- | --- | --- | --- |\n");
#define BUDGET(limit, subject, owner, seen)                                                        \
    static_assert(LIMIT_##limit, "");                                                              \
    buf_addf(b, "| `%s`", #limit);                                                                 \
    add_cell(b, subject);                                                                          \
    add_cell(b, owner);                                                                            \
    add_cell(b, seen);                                                                             \
    buf_add(b, SPAN(" |\n"));
#include "server/budgets.def"
#undef BUDGET
    buf_addf(b,
             "\n## Memory\n\nThe most that connections take, by what each of them is at, with the"
             " limits that are the default; the\nsystem's own buffers of sockets are not in it."
             " All of them together take `MEMORY` more (%d MiB) for\nwhat is counted there; files,"
             " answers and locks that are kept are bounded above. When clients have gone,\nwhat"
             " they took goes back to the system within a second or two.\n\n"
             "| a connection with | bytes | MiB for 1,000 | MiB for %d, the most of a worker |\n"
             "| --- | ---: | ---: | ---: |\n",
             LIMIT_MEMORY >> 20, LIMIT_CONNECTIONS);
#define MEMORY_OF(ident, bytes, state) add_memory_row(b, state, bytes);
#include "server/memory.def"
#undef MEMORY_OF
}

static void add_limits(struct buf *b)
{
    add_head(b, "Limits", "limits",
             "src/base/limits.def, src/server/budgets.def and src/server/memory.def");
    buf_add_str(b, "Every limit of the program. Sizes are bytes, times are milliseconds. Those with"
                   " a key can be set in the\nconfiguration.\n\n"
                   "| limit | default | key | meaning |\n| --- | ---: | --- | --- |\n");
    for (const struct limit *limit = limit_table; limit->name; limit++) {
        bool has_key = strcmp(limit->key, "-") != 0;

        buf_addf(b, "| `%s` | %d | %s%s%s", limit->name, limit->value, has_key ? "`" : "",
                 has_key ? limit->key : "", has_key ? "`" : "");
        add_cell(b, limit->meaning);
        buf_add(b, SPAN(" |\n"));
    }
    add_budgets(b);
}

static const char *once(unsigned flags)
{
    return flags & FIELD_FLAG_FIRST    ? "yes; the first counts"
           : flags & FIELD_FLAG_JOINED ? "yes; else ignored"
           : flags & FIELD_FLAG_ONE    ? "yes"
                                       : "";
}

static void add_fields(struct buf *b)
{
    add_head(b, "Fields and methods", "fields", "src/registry/field.def and method.def");
    buf_add_str(
        b, "The fields that Candor knows. Others pass without being looked at. Behind "
           "chunked content, "
           "in the trailer section, what is \"also a trailer\" counts as it does in the "
           "head (RFC 9110 "
           "§6.5.1), what is \"not a trailer\" is refused, and all else is ignored. Of a request "
           "in which a field comes more than \"once\", [strictness.md](strictness.md) tells what "
           "becomes.\n\n"
           "| field | defined in | list | once | hop by hop | secret | not a trailer | "
           "also a trailer |\n"
           "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (int f = 1; f < FIELD_COUNT; f++) {
        const struct field_info *info = &field_table[f];

        buf_addf(b, "| %s", info->name.ptr);
        add_cell(b, info->section);
        add_cell(b, info->flags & FIELD_FLAG_LIST ? "yes" : "");
        add_cell(b, once(info->flags));
        add_cell(b, info->flags & FIELD_FLAG_HOP ? "yes" : "");
        add_cell(b, info->flags & FIELD_FLAG_SECRET ? "yes" : "");
        add_cell(b, info->flags & FIELD_FLAG_FRAMING ? "yes" : "");
        add_cell(b, info->flags & FIELD_FLAG_TRAILER ? "yes" : "");
        buf_add(b, SPAN(" |\n"));
    }
    buf_add_str(b, "\nAnd the methods.\n\n| method | defined in | safe | idempotent |\n"
                   "| --- | --- | --- | --- |\n");
    for (int m = 1; m < METHOD_COUNT; m++) {
        buf_addf(b, "| %s", method_table[m].name.ptr);
        add_cell(b, method_table[m].section);
        add_cell(b, method_table[m].safe ? "yes" : "");
        add_cell(b, method_table[m].idempotent ? "yes" : "");
        buf_add(b, SPAN(" |\n"));
    }
}

static void add_configuration(struct buf *b)
{
    add_head(b, "Configuration", "configuration",
             "src/server/config/config.def and those of the kinds");
    config_describe(b);
}

static const struct page {
    const char *name;
    void (*add)(struct buf *b);
} pages[] = {
    {"outcomes", add_outcomes}, {"questions", add_questions}, {"statuses", add_statuses},
    {"limits", add_limits},     {"fields", add_fields},       {"configuration", add_configuration},
};

int cli_docs(int argc, char **argv)
{
    struct buf b = {0};

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return CLI_OK;
    }
    for (size_t i = 0; argc == 2 && i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(argv[1], pages[i].name) == 0) {
            pages[i].add(&b);
            return text_print(&b);
        }
    }
    fputs(help, stderr);
    return CLI_USAGE;
}
