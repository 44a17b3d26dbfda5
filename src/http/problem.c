// SPDX-License-Identifier: MIT
#include "http/problem.h"

#include "base/ascii.h"
#include "registry/status.h"

#include <assert.h>

void problem_type_uri(struct buf *b, enum outcome outcome)
{
    buf_add(b, SPAN(PROBLEM_TYPE_PREFIX));
    buf_add(b, outcome_table[outcome].token);
}

static int status_of(const struct problem *p)
{
    return p->status ? p->status : outcome_table[p->outcome].status;
}

static struct span reason_of(const struct problem *p)
{
    const struct status_info *status = status_from_code(status_of(p));

    return status ? status->reason : SPAN("Unassigned");
}

static struct span title_of(const struct problem *p)
{
    struct span title = outcome_table[p->outcome].title;

    return title.len ? title : reason_of(p);
}

/* Names come from the program, never from a client. */
static bool is_member_name(struct span name)
{
    static const struct span taken[] = {
        SPAN_INIT("type"),   SPAN_INIT("title"),    SPAN_INIT("status"),
        SPAN_INIT("detail"), SPAN_INIT("instance"), SPAN_INIT("advice"),
    };

    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (span_eq(name, taken[i]))
            return false;
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is(name.ptr[i], ASCII_ALPHA | ASCII_DIGIT) && name.ptr[i] != '_')
            return false;
    return name.len >= 3 && ascii_is(name.ptr[0], ASCII_ALPHA);
}

static void add_name(struct buf *b, struct span name)
{
    buf_add(b, SPAN(",\""));
    buf_add(b, name);
    buf_add(b, SPAN("\":"));
}

static void add_string(struct buf *b, struct span name, struct span text)
{
    add_name(b, name);
    buf_add_char(b, '"');
    buf_add_json(b, text);
    buf_add_char(b, '"');
}

static void add_member(struct buf *b, const struct problem_member *m)
{
    assert(is_member_name(m->name));
    switch (m->kind) {
    case PROBLEM_STRING:
        add_string(b, m->name, m->text);
        break;
    case PROBLEM_NUMBER:
        add_name(b, m->name);
        buf_add_u64(b, m->number);
        break;
    case PROBLEM_JSON:
        add_name(b, m->name);
        buf_add(b, m->text);
        break;
    }
}

void problem_write_json(struct buf *b, const struct problem *p)
{
    const struct outcome_info *outcome = &outcome_table[p->outcome];

    assert(p->outcome != OUTCOME_NONE);
    buf_add(b, SPAN("{\"type\":\""));
    problem_type_uri(b, p->outcome);
    buf_add_char(b, '"');
    add_string(b, SPAN("title"), title_of(p));
    add_name(b, SPAN("status"));
    buf_add_u64(b, (uint64_t)status_of(p));
    if (p->detail.len)
        add_string(b, SPAN("detail"), p->detail);
    if (p->instance.len)
        add_string(b, SPAN("instance"), p->instance);
    if (outcome->client_advice.len)
        add_string(b, SPAN("advice"), outcome->client_advice);
    for (size_t i = 0; i < p->member_count; i++)
        add_member(b, &p->members[i]);
    buf_add(b, SPAN("}\n"));
}

/* Text without C0 and C1 control characters: a terminal may obey them. */
static void add_plain(struct buf *b, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool c1 = c == 0xc2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] >= 0x80 &&
                  (unsigned char)text.ptr[i + 1] < 0xa0;

        if (c1)
            buf_addf(b, "\\x%02X", (unsigned)(unsigned char)text.ptr[++i]);
        else if (c < 0x20 || c == 0x7f)
            buf_addf(b, "\\x%02X", (unsigned)c);
        else
            buf_add_char(b, (char)c);
    }
}

static void add_paragraph(struct buf *b, struct span text)
{
    if (text.len) {
        buf_add_char(b, '\n');
        add_plain(b, text);
        buf_add_char(b, '\n');
    }
}

static void add_line(struct buf *b, struct span name, struct span text)
{
    buf_add(b, name);
    buf_add(b, SPAN(": "));
    add_plain(b, text);
    buf_add_char(b, '\n');
}

void problem_write_text(struct buf *b, const struct problem *p)
{
    const struct outcome_info *outcome = &outcome_table[p->outcome];

    assert(p->outcome != OUTCOME_NONE);
    buf_add_u64(b, (uint64_t)status_of(p));
    buf_add_char(b, ' ');
    buf_add(b, reason_of(p));
    buf_add_char(b, '\n');
    add_paragraph(b, outcome->title);
    add_paragraph(b, p->detail);
    add_paragraph(b, outcome->client_advice);
    buf_add(b, SPAN("\noutcome: "));
    buf_add(b, outcome->token);
    buf_add_char(b, '\n');
    if (p->instance.len)
        add_line(b, SPAN("instance"), p->instance);
    for (size_t i = 0; i < p->member_count; i++) {
        const struct problem_member *m = &p->members[i];

        if (m->kind != PROBLEM_NUMBER) {
            add_line(b, m->name, m->text);
            continue;
        }
        buf_add(b, m->name);
        buf_add(b, SPAN(": "));
        buf_add_u64(b, m->number);
        buf_add_char(b, '\n');
    }
}
