// SPDX-License-Identifier: MIT
#include "graph/question.h"

#include "graph/resource.h"
#include "http/dav_fields.h"
#include "http/upload_fields.h"

bool ask_message_sound(struct exchange *x)
{
    return x->cause == OUTCOME_NONE;
}

bool ask_capacity_left(struct exchange *x)
{
    return !x->over_capacity;
}

bool ask_targets_server(struct exchange *x)
{
    return x->request.form == TARGET_ASTERISK;
}

bool ask_asks_tunnel(struct exchange *x)
{
    return x->request.method == METHOD_CONNECT;
}

bool ask_host_known(struct exchange *x)
{
    return x->host_known;
}

bool ask_route_known(struct exchange *x)
{
    return x->resource != NULL;
}

bool ask_host_certain(struct exchange *x)
{
    return !x->host_doubtful;
}

bool ask_method_known(struct exchange *x)
{
    return x->request.method != METHOD_UNKNOWN;
}

bool ask_method_registered(struct exchange *x)
{
    return method_is_elsewhere(x->request.method_name);
}

bool ask_query_permits(struct exchange *x)
{
    return !(x->withheld & METHOD_BIT(x->request.method));
}

bool ask_method_allowed(struct exchange *x)
{
    return (x->allowed & METHOD_BIT(x->request.method)) != 0;
}

bool ask_allowed_known(struct exchange *x)
{
    return x->cause == OUTCOME_NONE;
}

bool ask_is_trace(struct exchange *x)
{
    return x->request.method == METHOD_TRACE;
}

bool ask_is_options(struct exchange *x)
{
    return x->request.method == METHOD_OPTIONS;
}

bool ask_options_known(struct exchange *x)
{
    return x->cause == OUTCOME_NONE;
}

bool ask_expectation_known(struct exchange *x)
{
    return !x->request.expect_unknown;
}

bool ask_content_fits(struct exchange *x)
{
    const struct message *m = &x->request;
    uint64_t length = 0; // of content in chunks, as it is expected; of the upload that is opened

    if (m->framing == FRAMING_LENGTH && m->content_length > x->content_limit)
        return false;
    if (m->framing == FRAMING_CHUNKED && m->first[FIELD_x_expected_entity_length] &&
        expected_length_parse(message_field(m, FIELD_x_expected_entity_length), &length) &&
        length > x->content_limit)
        return false;
    return !m->first[FIELD_upload_length] ||
           !upload_number_parse(message_field(m, FIELD_upload_length), &length) ||
           length <= x->content_limit;
}

bool ask_content_sound(struct exchange *x)
{
    return x->cause == OUTCOME_NONE;
}

bool ask_names_upload(struct exchange *x)
{
    return x->upload.named;
}

/* GET and HEAD ask for a representation; OPTIONS and TRACE have left the page by now. */
static bool reads(const struct exchange *x)
{
    return x->request.method == METHOD_GET || x->request.method == METHOD_HEAD;
}

bool ask_authors(struct exchange *x)
{
    return !reads(x);
}

bool ask_changes(struct exchange *x)
{
    return !reads(x) || (x->request.first[FIELD_if] && x->guard);
}

bool ask_is_read(struct exchange *x)
{
    return reads(x);
}

bool ask_lookup_worked(struct exchange *x)
{
    return x->cause == OUTCOME_NONE;
}

bool ask_exists(struct exchange *x)
{
    return x->representation.exists;
}

bool ask_is_readable(struct exchange *x)
{
    return x->representation.readable;
}

bool ask_lacks_slash(struct exchange *x)
{
    return x->representation.lacks_slash;
}

bool ask_is_offered(struct exchange *x)
{
    return !x->representation.lacks_form;
}

bool ask_is_acceptable(struct exchange *x)
{
    return x->representation.acceptable;
}

/* A condition of the request, or of the one that opened the upload which it completes. */
static struct span condition(struct exchange *x, enum field field)
{
    if (!x->upload.finishes)
        return exchange_field(x, field);
    switch (field) {
    case FIELD_if_match:
        return x->upload.if_match;
    case FIELD_if_none_match:
        return x->upload.if_none_match;
    case FIELD_if_unmodified_since:
        return x->upload.if_unmodified_since;
    default:
        return (struct span){NULL, 0};
    }
}

static bool has_condition(struct exchange *x, enum field field)
{
    return x->upload.finishes ? condition(x, field).ptr != NULL : x->request.first[field] != 0;
}

static enum condition if_match(struct exchange *x)
{
    return precondition_if_match(condition(x, FIELD_if_match), &x->representation.validators);
}

bool ask_has_if_match(struct exchange *x)
{
    return has_condition(x, FIELD_if_match);
}

static bool is_sound(struct exchange *x, enum field field, enum condition found)
{
    if (found == CONDITION_MALFORMED)
        exchange_describef(x, "Byte %zu of %.*s is not where an entity tag begins and ends.",
                           entity_tags_fault(condition(x, field)),
                           SPAN_ARG(field_table[field].name));
    return found != CONDITION_MALFORMED;
}

bool ask_if_match_sound(struct exchange *x)
{
    return is_sound(x, FIELD_if_match, if_match(x));
}

bool ask_if_match_holds(struct exchange *x)
{
    return if_match(x) == CONDITION_HOLDS;
}

static enum condition if_unmodified_since(struct exchange *x)
{
    return precondition_if_unmodified_since(condition(x, FIELD_if_unmodified_since),
                                            &x->representation.validators, x->time);
}

bool ask_has_if_unmodified_since(struct exchange *x)
{
    return has_condition(x, FIELD_if_unmodified_since) &&
           if_unmodified_since(x) != CONDITION_ABSENT;
}

bool ask_unmodified_since(struct exchange *x)
{
    return if_unmodified_since(x) == CONDITION_HOLDS;
}

static enum condition if_none_match(struct exchange *x)
{
    return precondition_if_none_match(condition(x, FIELD_if_none_match),
                                      &x->representation.validators);
}

bool ask_has_if_none_match(struct exchange *x)
{
    return has_condition(x, FIELD_if_none_match);
}

bool ask_if_none_match_sound(struct exchange *x)
{
    return is_sound(x, FIELD_if_none_match, if_none_match(x));
}

bool ask_if_none_match_holds(struct exchange *x)
{
    return if_none_match(x) == CONDITION_HOLDS;
}

static enum condition if_modified_since(struct exchange *x)
{
    return precondition_if_modified_since(message_field(&x->request, FIELD_if_modified_since),
                                          &x->representation.validators, x->time);
}

bool ask_has_if_modified_since(struct exchange *x)
{
    return reads(x) && x->request.first[FIELD_if_modified_since] &&
           if_modified_since(x) != CONDITION_ABSENT;
}

bool ask_modified_since(struct exchange *x)
{
    return if_modified_since(x) == CONDITION_HOLDS;
}

bool ask_has_range(struct exchange *x)
{
    return x->request.first[FIELD_range] && x->request.method == METHOD_GET &&
           x->representation.has_ranges;
}

bool ask_has_if_range(struct exchange *x)
{
    return x->request.first[FIELD_if_range] != 0;
}

bool ask_if_range_holds(struct exchange *x)
{
    return precondition_if_range(message_field(&x->request, FIELD_if_range),
                                 &x->representation.validators, x->time) == CONDITION_HOLDS;
}

bool ask_range_sound(struct exchange *x)
{
    x->ranges = arena_alloc(&x->arena, LIMIT_RANGES * sizeof *x->ranges);
    x->range_result = RANGE_IGNORE;
    if (x->ranges)
        x->range_result = range_parse(message_field(&x->request, FIELD_range),
                                      x->representation.length, x->ranges, &x->range_count);
    return x->range_result != RANGE_IGNORE;
}

bool ask_range_satisfiable(struct exchange *x)
{
    return x->range_result == RANGE_SATISFIABLE;
}

bool ask_range_single(struct exchange *x)
{
    return x->range_count == 1;
}
