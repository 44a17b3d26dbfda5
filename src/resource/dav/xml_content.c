// SPDX-License-Identifier: MIT
/*
 * Content that is XML: read as it comes, within the limits of the reader.
 */
#include "base/error.h"
#include "graph/author.h"
#include "resource/dav/authoring.h"

#include <errno.h>

static enum outcome cause_of(int error)
{
    switch (error) {
    case -CANDOR_E_SYNTAX:
        return OUTCOME_xml_malformed;
    case -CANDOR_E_LIMIT:
        return OUTCOME_xml_too_large;
    case -CANDOR_E_MEANING:
        return OUTCOME_xml_meaningless;
    case -CANDOR_E_ABSENT:
        return OUTCOME_report_unsupported;
    case -ENOBUFS:
        return OUTCOME_xml_too_much;
    case -EUSERS:
        return OUTCOME_client_too_much;
    default:
        return OUTCOME_resources_exhausted;
    }
}

/* fault: of this very content, but where there was no memory. */
static void set_cause(struct exchange *x, int error, const struct xml_fault *fault)
{
    enum outcome cause = cause_of(error);

    if (error != -CANDOR_E_SYNTAX && error != -CANDOR_E_LIMIT && error != -CANDOR_E_MEANING)
        exchange_fail(x, cause, 0, NULL);
    else if (fault->pointer.len)
        exchange_fail(x, cause, 0, "%.*s: %.*s.", SPAN_ARG(fault->pointer), SPAN_ARG(fault->what));
    else
        exchange_fail(x, cause, 0, "Line %zu, column %zu: %.*s.", fault->line, fault->column,
                      SPAN_ARG(fault->what));
}

/* What is read of it is in the exchange's arena and in the reader; `more` is to come. As
 * budget_set. */
static int account(struct authoring *a, size_t more)
{
    size_t read = a->xml->reader ? xml_reader_memory(a->xml->reader) : 0;

    a->xml->memory.budget = &budget_memory;
    a->xml->memory.client = a->x->arrival.client_number;
    return budget_set(&a->xml->memory, arena_extra(&a->x->arena) + read + more);
}

void xml_read(struct authoring *a, struct span data)
{
    int error = account(a, data.len);

    if (error == 0 && !a->xml->reader)
        error = xml_reader_new(&a->x->arena, &xml_limits_usual, &a->xml->reader);
    if (error == 0)
        error = xml_reader_feed(a->xml->reader, data);
    if (error == -CANDOR_E_SYNTAX || error == -CANDOR_E_LIMIT)
        a->xml->fault = xml_reader_fault(a->xml->reader);
    a->xml->error = error ? error : account(a, 0);
}

static void free_reader(struct authoring *a)
{
    xml_reader_free(a->xml->reader);
    a->xml->reader = NULL;
}

void xml_understand(struct authoring *a)
{
    struct arena *arena = &a->x->arena;
    struct xml_element *root = NULL;
    struct xml_fault *fault = &a->xml->fault;
    int error = a->xml->reader ? xml_reader_finish(a->xml->reader, &root) : 0;

    if (error == -CANDOR_E_SYNTAX || error == -CANDOR_E_LIMIT)
        *fault = xml_reader_fault(a->xml->reader);
    free_reader(a);
    if (error == 0 && author_of(a->x)->also & AUTHOR_LOCKS)
        error = dav_request_lock(arena, root, &a->xml->lockinfo, fault);
    else if (error == 0 && author_of(a->x)->also & AUTHOR_REPORTS)
        error = dav_request_report(arena, root, depth_of(a->x), &a->xml->report, &a->xml->propfind,
                                   fault);
    else if (error == 0 && author_of(a->x)->changes == 0)
        error = dav_request_propfind(arena, root, &a->xml->propfind, fault);
    else if (error == 0)
        error = dav_request_proppatch(arena, root, &a->xml->proppatch, fault);
    (void)account(a, 0);
    a->xml->understood = error == 0;
    a->xml->error = error;
}

void xml_explain(struct authoring *a)
{
    if (a->xml->error < 0)
        set_cause(a->x, a->xml->error, &a->xml->fault);
}

void xml_discard(struct authoring *a)
{
    if (!a->xml)
        return;
    free_reader(a);
    (void)budget_set(&a->xml->memory, 0);
}
