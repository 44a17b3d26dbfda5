// SPDX-License-Identifier: MIT
#include "http/json_pattern.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/json_pattern_text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    PARENTHESES = 100,   // within each other
    CALLS_AT_FIRST = 64, // attempts from one place; most matches need fewer
    CALLS_MORE = 4,      // times as many, where they were too few
    CALLS_A_STEP = 16,
    BYTES_A_STEP = 64,
};

/* Where a match may begin, the callout in front counts the attempt. */
static const struct span before = SPAN_INIT("(?C1)(?:"), behind = SPAN_INIT(")");

struct json_pattern {
    pcre2_code *code;
};

static int fault(struct json_pattern_fault *f, int error, const char *message)
{
    snprintf(f->message, sizeof f->message, "%s", message);
    return error;
}

static int compile(struct span text, pcre2_code **ret, struct json_pattern_fault *ret_fault)
{
    const uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY |
                             PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
                             PCRE2_NEVER_BACKSLASH_C;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    unsigned char message[sizeof ret_fault->message];
    PCRE2_SIZE offset;
    int error;

    if (!context)
        return -CANDOR_E_MEMORY;
    pcre2_set_parens_nest_limit(context, PARENTHESES);
    *ret = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, options, &error, &offset, context);
    pcre2_compile_context_free(context);
    if (*ret)
        return 0;
    if (error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED)
        return -CANDOR_E_MEMORY;
    pcre2_get_error_message(error, message, sizeof message);
    return fault(ret_fault, -CANDOR_E_SYNTAX, (const char *)message);
}

int json_pattern_compile(struct span text, struct json_pattern **ret,
                         struct json_pattern_fault *ret_fault)
{
    struct json_pattern *p;
    struct buf b = {0};
    const char *wrong;
    int r;

    if (text.len > LIMIT_JSON_PATTERN)
        return fault(ret_fault, -CANDOR_E_LIMIT, "it is too long");
    buf_add(&b, before);
    wrong = json_pattern_translate(text, &b);
    buf_add(&b, behind);
    p = calloc(1, sizeof *p);
    if (wrong)
        r = fault(ret_fault, -CANDOR_E_SYNTAX, wrong);
    else if (b.failed || !p)
        r = -CANDOR_E_MEMORY;
    else
        r = compile(buf_span(&b), &p->code, ret_fault);
    buf_done(&b);
    if (r < 0)
        free(p);
    else
        *ret = p;
    return r;
}

void json_pattern_free(struct json_pattern *p)
{
    if (p)
        pcre2_code_free(p->code);
    free(p);
}

void json_matcher_done(struct json_matcher *m)
{
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->context);
    *m = (struct json_matcher){0};
}

static bool prepare(struct json_matcher *m)
{
    if (!m->data)
        m->data = pcre2_match_data_create(1, NULL);
    if (!m->context)
        m->context = pcre2_match_context_create(NULL);
    if (m->context)
        pcre2_set_heap_limit(m->context, LIMIT_JSON_PATTERN_HEAP / 1024);
    return m->data && m->context;
}

struct count {
    size_t *steps, most;
    size_t calls; // of PCRE2's match(), that each attempt may take
};

/* A match is tried from a place: what it may take is counted, in part, as few take all of that. */
static int count_attempt(pcre2_callout_block *block, void *context)
{
    struct count *c = context;

    *c->steps += c->calls / CALLS_A_STEP *
                 (1 + (block->subject_length - block->current_position) / BYTES_A_STEP);
    return *c->steps > c->most ? PCRE2_ERROR_CALLOUT : 0;
}

int json_pattern_matches(const struct json_pattern *p, struct json_matcher *m, struct span text,
                         size_t *steps, size_t most)
{
    const size_t highest = LIMIT_JSON_PATTERN_CALLS / (1 + text.len / BYTES_A_STEP);
    struct count c = {steps, most, CALLS_AT_FIRST};
    int r;

    if (!prepare(m))
        return -CANDOR_E_MEMORY;
    pcre2_set_callout(m->context, count_attempt, &c);
    do {
        pcre2_set_match_limit(m->context, (uint32_t)c.calls);
        pcre2_set_depth_limit(m->context, (uint32_t)c.calls);
        *steps += 4 + text.len / BYTES_A_STEP; // a look for where a match can begin
        r = pcre2_match(p->code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0,
                        PCRE2_NO_UTF_CHECK, m->data, m->context);
        c.calls *= CALLS_MORE;
    } while ((r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_DEPTHLIMIT) && c.calls <= highest &&
             *steps <= most);
    if (r >= 0)
        return 1;
    if (r == PCRE2_ERROR_NOMATCH)
        return *steps > most ? -CANDOR_E_LIMIT : 0;
    return r == PCRE2_ERROR_NOMEMORY ? -CANDOR_E_MEMORY : -CANDOR_E_LIMIT;
}
