// SPDX-License-Identifier: MIT
#include "http/if_header.h"

#include "base/limits.h"
#include "http/dav_fields.h"

void if_begin(struct if_cursor *c, struct span value)
{
    *c = (struct if_cursor){.value = value};
}

/* What is left, behind whitespace. */
static struct span skip_space(struct if_cursor *c)
{
    while (c->offset < c->value.len &&
           (c->value.ptr[c->offset] == ' ' || c->value.ptr[c->offset] == '\t'))
        c->offset++;
    return span_from(c->value, c->offset);
}

static void move_to(struct if_cursor *c, struct span rest)
{
    c->offset = c->value.len - rest.len;
}

/* Reads up to behind the "(" of the next list. IF_STEP_CONDITION: there is one. */
static enum if_step enter_list(struct if_cursor *c)
{
    for (;;) {
        struct span rest = skip_space(c), resource;

        if (rest.len == 0)
            return c->has_list && !c->tag_without_list ? IF_STEP_END : IF_STEP_MALFORMED;
        if (rest.ptr[0] == '(') {
            c->offset++;
            c->has_list = c->in_list = c->starts_list = true;
            c->tag_without_list = false;
            return IF_STEP_CONDITION;
        }
        // A tag needs a list behind it, and lists without a tag can't be followed by one with it.
        if (c->tag_without_list || (c->has_list && !c->resource.ptr))
            return IF_STEP_MALFORMED;
        if (!coded_url_take(&rest, &resource) ||
            (resource.ptr[0] != '/' && uri_scheme_length(resource) == 0))
            return IF_STEP_MALFORMED;
        c->resource = resource;
        c->tag_without_list = true;
        move_to(c, rest);
    }
}

static bool take_not(struct if_cursor *c)
{
    struct span rest = skip_space(c);

    if (!span_eq_nocase(span_first(rest, 3), SPAN("Not")))
        return false;
    c->offset += 3;
    return true;
}

static bool take_state(struct if_cursor *c, struct if_condition *condition)
{
    struct span rest = skip_space(c);

    if (rest.len == 0 || rest.ptr[0] != '[') {
        if (!coded_url_take(&rest, &condition->token))
            return false;
        move_to(c, rest);
        return true;
    }
    c->offset++;
    rest = skip_space(c);
    if (!entity_tag_take(&rest, &condition->tag))
        return false;
    move_to(c, rest);
    rest = skip_space(c);
    if (rest.len == 0 || rest.ptr[0] != ']')
        return false;
    c->offset++;
    condition->is_tag = true;
    return true;
}

enum if_step if_next(struct if_cursor *c, struct if_condition *ret)
{
    struct if_condition condition = {.is_tag = false};

    for (;;) {
        struct span rest = skip_space(c);

        if (!c->in_list) {
            enum if_step step = enter_list(c);

            if (step != IF_STEP_CONDITION)
                return step;
            continue;
        }
        if (c->starts_list || rest.len == 0 || rest.ptr[0] != ')')
            break;
        c->in_list = false;
        c->offset++;
    }
    if (c->conditions == LIMIT_IF_CONDITIONS)
        return IF_STEP_MALFORMED;
    condition.negated = take_not(c);
    if (!take_state(c, &condition))
        return IF_STEP_MALFORMED;
    c->conditions++;
    condition.starts_list = c->starts_list;
    condition.resource = c->resource;
    c->starts_list = false;
    *ret = condition;
    return IF_STEP_CONDITION;
}

static bool is_no_lock(struct span token)
{
    return span_eq(token, SPAN("DAV:no-lock"));
}

static bool holds(const struct if_condition *c, const struct if_matcher *m)
{
    bool match = c->is_tag
                     ? m->tag_matches(m->context, c->resource, c->tag)
                     : !is_no_lock(c->token) && m->token_matches(m->context, c->resource, c->token);

    return match != c->negated;
}

enum if_result if_evaluate(struct span value, const struct if_matcher *matcher, size_t *ret_offset)
{
    struct if_cursor c;
    struct if_condition condition;
    enum if_step step;
    bool list_holds = false;

    if_begin(&c, value);
    while ((step = if_next(&c, &condition)) == IF_STEP_CONDITION)
        ;
    if (step == IF_STEP_MALFORMED) {
        *ret_offset = c.offset;
        return IF_MALFORMED;
    }
    if_begin(&c, value);
    while (if_next(&c, &condition) == IF_STEP_CONDITION) {
        if (condition.starts_list) {
            if (list_holds)
                return IF_HOLDS;
            list_holds = true;
        }
        list_holds = list_holds && holds(&condition, matcher);
    }
    return list_holds ? IF_HOLDS : IF_FAILS;
}

bool if_next_submitted(struct if_cursor *c, struct if_condition *ret)
{
    while (if_next(c, ret) == IF_STEP_CONDITION)
        if (!ret->is_tag && !is_no_lock(ret->token))
            return true;
    return false;
}
