// SPDX-License-Identifier: MIT
/* Input: the value of If. What a cursor says and what the evaluation says must agree. */
#include "base/limits.h"
#include "http/if_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct look {
    struct span value;
    bool answer;
};

static void check_inside(const struct look *l, struct span s)
{
    if (s.ptr && (s.ptr < l->value.ptr || s.ptr + s.len > l->value.ptr + l->value.len))
        abort();
}

static bool token_matches(void *context, struct span resource, struct span token)
{
    struct look *l = context;

    check_inside(l, resource);
    check_inside(l, token);
    if (token.len == 0 || span_eq(token, SPAN("DAV:no-lock")))
        abort();
    return l->answer;
}

static bool tag_matches(void *context, struct span resource, struct entity_tag tag)
{
    struct look *l = context;

    check_inside(l, resource);
    check_inside(l, tag.opaque);
    return l->answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct look look = {span_of((const char *)data, size), false};
    struct if_matcher matcher = {token_matches, tag_matches, &look};
    struct if_cursor c;
    struct if_condition condition;
    enum if_step step;
    size_t offset = SIZE_MAX, n = 0, submitted = 0;
    enum if_result result;

    if_begin(&c, look.value);
    while ((step = if_next(&c, &condition)) == IF_STEP_CONDITION)
        n++;
    result = if_evaluate(look.value, &matcher, &offset);
    if ((result == IF_MALFORMED) != (step == IF_STEP_MALFORMED) || n > LIMIT_IF_CONDITIONS)
        abort();
    if (result == IF_MALFORMED && (offset > size || offset != c.offset))
        abort();
    if (step == IF_STEP_END && n == 0)
        abort();
    look.answer = true;
    if_evaluate(look.value, &matcher, &offset);
    if_begin(&c, look.value);
    while (if_next_submitted(&c, &condition))
        submitted++;
    if (submitted > n)
        abort();
    return 0;
}
