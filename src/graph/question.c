// SPDX-License-Identifier: MIT
#include "graph/question.h"

#include "graph/author.h"
#include "graph/resource.h"

bool ask_capacity_left(const struct exchange *x)
{
    return !x->routing.over_capacity;
}

bool ask_targets_server(const struct exchange *x)
{
    return x->request.target.form == TARGET_ASTERISK;
}

bool ask_asks_tunnel(const struct exchange *x)
{
    return x->request.method == METHOD_CONNECT;
}

bool ask_host_known(const struct exchange *x)
{
    return x->routing.host_known;
}

bool ask_route_known(const struct exchange *x)
{
    return x->routing.resource != NULL;
}

bool ask_host_certain(const struct exchange *x)
{
    return !x->routing.host_doubtful;
}

bool ask_answers_itself(const struct exchange *x)
{
    return x->routing.resource->answers;
}

bool ask_answer_content_fits(const struct exchange *x)
{
    return ask_content_fits(x);
}

/* Max-Forwards counts for these two methods alone; one that is no number is ignored. */
bool ask_is_last_hop(const struct exchange *x)
{
    struct span hops = message_field(&x->request, FIELD_max_forwards);

    while (hops.len > 1 && hops.ptr[0] == '0')
        hops = span_from(hops, 1);
    return (ask_is_trace(x) || ask_is_options(x)) && span_eq(hops, SPAN("0"));
}

bool ask_last_hop_traces(const struct exchange *x)
{
    return ask_is_trace(x);
}

bool ask_echoes(const struct exchange *x)
{
    return (x->routing.allowed & METHOD_BIT(METHOD_TRACE)) != 0;
}

bool ask_is_tunnel(const struct exchange *x)
{
    return x->response.is_tunnel;
}

bool ask_was_made_up(const struct exchange *x)
{
    return x->routing.resource->makes_up;
}

bool ask_method_known(const struct exchange *x)
{
    return x->request.method != METHOD_UNKNOWN;
}

bool ask_method_registered(const struct exchange *x)
{
    return method_is_elsewhere(x->request.method_name);
}

bool ask_query_permits(const struct exchange *x)
{
    return !(x->routing.withheld & METHOD_BIT(x->request.method));
}

bool ask_method_allowed(const struct exchange *x)
{
    return (x->routing.allowed & METHOD_BIT(x->request.method)) != 0;
}

bool ask_is_trace(const struct exchange *x)
{
    return x->request.method == METHOD_TRACE;
}

bool ask_is_options(const struct exchange *x)
{
    return x->request.method == METHOD_OPTIONS;
}

bool ask_expectation_known(const struct exchange *x)
{
    return !x->request.expect_unknown;
}

bool ask_content_fits(const struct exchange *x)
{
    const struct message *m = &x->request;

    return m->framing != FRAMING_LENGTH || m->content_length <= x->content.limit;
}

bool ask_names_upload(const struct exchange *x)
{
    return x->upload.named;
}

/* OPTIONS and TRACE have left the page by now. */
static bool reads(const struct exchange *x)
{
    return method_is_in(x, methods_that_read);
}

bool ask_authors(const struct exchange *x)
{
    return !reads(x);
}

bool ask_changes(const struct exchange *x)
{
    return !reads(x) || (x->request.first[FIELD_if] && x->routing.guard);
}

bool ask_is_read(const struct exchange *x)
{
    return reads(x);
}

bool ask_exists(const struct exchange *x)
{
    return x->representation.exists;
}

bool ask_is_readable(const struct exchange *x)
{
    return x->representation.readable;
}

bool ask_lacks_slash(const struct exchange *x)
{
    return x->representation.lacks_slash;
}

bool ask_is_offered(const struct exchange *x)
{
    return !x->representation.lacks_form;
}

bool ask_is_acceptable(const struct exchange *x)
{
    return x->representation.acceptable;
}

static enum condition if_match(const struct exchange *x)
{
    return precondition_if_match(x->conditions.if_match, &x->representation.validators);
}

bool ask_has_if_match(const struct exchange *x)
{
    return x->conditions.if_match.ptr != NULL;
}

bool ask_if_match_sound(const struct exchange *x)
{
    return if_match(x) != CONDITION_MALFORMED;
}

bool ask_if_match_holds(const struct exchange *x)
{
    return if_match(x) == CONDITION_HOLDS;
}

static enum condition if_unmodified_since(const struct exchange *x)
{
    return precondition_if_unmodified_since(x->conditions.if_unmodified_since,
                                            &x->representation.validators, x->arrival.time);
}

bool ask_has_if_unmodified_since(const struct exchange *x)
{
    return x->conditions.if_unmodified_since.ptr && if_unmodified_since(x) != CONDITION_ABSENT;
}

bool ask_unmodified_since(const struct exchange *x)
{
    return if_unmodified_since(x) == CONDITION_HOLDS;
}

bool ask_has_if_none_match(const struct exchange *x)
{
    return x->conditions.if_none_match.ptr != NULL;
}

bool ask_if_none_match_holds(const struct exchange *x)
{
    return precondition_if_none_match(x->conditions.if_none_match, &x->representation.validators) ==
           CONDITION_HOLDS;
}

static enum condition if_modified_since(const struct exchange *x)
{
    return precondition_if_modified_since(x->conditions.if_modified_since,
                                          &x->representation.validators, x->arrival.time);
}

bool ask_has_if_modified_since(const struct exchange *x)
{
    return reads(x) && x->conditions.if_modified_since.ptr &&
           if_modified_since(x) != CONDITION_ABSENT;
}

bool ask_modified_since(const struct exchange *x)
{
    return if_modified_since(x) == CONDITION_HOLDS;
}

bool ask_has_range(const struct exchange *x)
{
    return x->request.first[FIELD_range] && x->request.method == METHOD_GET &&
           x->representation.has_ranges;
}

bool ask_has_if_range(const struct exchange *x)
{
    return x->conditions.if_range.ptr != NULL;
}

bool ask_if_range_holds(const struct exchange *x)
{
    return precondition_if_range(x->conditions.if_range, &x->representation.validators,
                                 x->arrival.time) == CONDITION_HOLDS;
}

bool ask_range_sound(const struct exchange *x)
{
    return x->representation.ranges.result != RANGE_IGNORE;
}

bool ask_range_satisfiable(const struct exchange *x)
{
    return x->representation.ranges.result == RANGE_SATISFIABLE;
}

bool ask_range_single(const struct exchange *x)
{
    return x->representation.ranges.count == 1;
}

void question_explain(struct exchange *x)
{
    if (x->outcome == OUTCOME_entity_tag_malformed)
        exchange_describe(x, "Byte %zu of If-Match is not where an entity tag begins and ends.",
                          entity_tags_fault(x->conditions.if_match));
    else if (x->outcome == OUTCOME_if_malformed)
        exchange_describe(x, "Byte %zu of it is where it does not.", x->locks.if_fault);
    else if (x->outcome == OUTCOME_name_hidden && !x->failure.detail.len)
        exchange_describe(x, "%s", x->target.name_hidden);
}
