// SPDX-License-Identifier: MIT
/*
 * Content that is XML: read as it comes, in the loop's thread, within the limits of the reader.
 */
#include "base/error.h"
#include "http/media_type.h"
#include "resource/dav/authoring.h"

#include <stdio.h>

enum { DETAIL_ROOM = 64 }; // for what stands around the texts of a fault

bool xml_is_content_of(enum method method)
{
    return method == METHOD_LOCK || method == METHOD_PROPFIND || method == METHOD_PROPPATCH;
}

bool xml_takes_type(const struct exchange *x)
{
    struct span type = message_field(&x->request, FIELD_content_type);
    struct media_type m;

    if (!x->request.first[FIELD_content_type])
        return true;
    return media_type_parse(type, &m) &&
           (media_type_is(&m, SPAN("application/xml")) || media_type_is(&m, SPAN("text/xml")) ||
            (m.subtype.len > 4 &&
             span_eq_nocase(span_from(m.subtype, m.subtype.len - 4), SPAN("+xml"))));
}

/* A sentence about this very content, for the error's detail. */
static void describe(struct exchange *x, const struct xml_fault *f)
{
    size_t room = DETAIL_ROOM + f->what.len + f->pointer.len;
    char *text = arena_alloc(&x->arena, room);
    int n;

    if (!text)
        return;
    if (f->pointer.len)
        n = snprintf(text, room, "%.*s: %.*s.", SPAN_ARG(f->pointer), SPAN_ARG(f->what));
    else
        n = snprintf(text, room, "Line %zu, column %zu: %.*s.", f->line, f->column,
                     SPAN_ARG(f->what));
    if (n > 0)
        x->detail = span_of(text, (size_t)n < room ? (size_t)n : room - 1);
}

static void set_cause(struct exchange *x, int error, const struct xml_fault *fault)
{
    switch (error) {
    case -CANDOR_E_SYNTAX:
        exchange_fail(x, OUTCOME_xml_malformed, 0, NULL);
        break;
    case -CANDOR_E_LIMIT:
        exchange_fail(x, OUTCOME_xml_too_large, 0, NULL);
        break;
    case -CANDOR_E_MEANING:
        exchange_fail(x, OUTCOME_xml_meaningless, 0, NULL);
        break;
    default:
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return;
    }
    describe(x, fault);
}

/* What is read of it is in the exchange's arena, and a text's beginning in the reader. */
static bool account(struct authoring *a)
{
    uint64_t come = a->x->content_taken;
    size_t held = come < LIMIT_XML_TEXT ? (size_t)come : LIMIT_XML_TEXT;

    a->dav->xml_memory -= a->xml.memory;
    a->xml.memory = arena_extra(&a->x->arena) + held;
    a->dav->xml_memory += a->xml.memory;
    return a->dav->xml_memory <= LIMIT_XML_MEMORY;
}

bool xml_take(struct authoring *a, struct span data)
{
    struct xml_fault fault;
    int error = 0;

    if (!account(a)) {
        exchange_fail(a->x, OUTCOME_xml_too_much, 0, NULL);
        return true;
    }

    if (!a->xml.reader)
        error = xml_reader_new(&a->x->arena, &xml_limits_usual, &a->xml.reader);
    if (error == 0)
        error = xml_reader_feed(a->xml.reader, data);
    if (error == -CANDOR_E_SYNTAX || error == -CANDOR_E_LIMIT)
        fault = xml_reader_fault(a->xml.reader);
    if (error < 0)
        set_cause(a->x, error, &fault);
    return true;
}

void xml_understand(struct authoring *a)
{
    struct arena *arena = &a->x->arena;
    struct xml_element *root = NULL;
    struct xml_fault fault;
    int error = a->xml.reader ? xml_reader_finish(a->xml.reader, &root) : 0;

    if (error == -CANDOR_E_SYNTAX || error == -CANDOR_E_LIMIT)
        fault = xml_reader_fault(a->xml.reader);
    xml_discard(a);
    if (error == 0 && a->x->request.method == METHOD_LOCK)
        error = dav_request_lock(arena, root, &a->xml.lockinfo, &fault);
    else if (error == 0 && a->x->request.method == METHOD_PROPFIND)
        error = dav_request_propfind(arena, root, &a->xml.propfind, &fault);
    else if (error == 0)
        error = dav_request_proppatch(arena, root, &a->xml.proppatch, &fault);
    (void)account(a);
    a->xml.understood = error == 0;
    if (error < 0)
        set_cause(a->x, error, &fault);
}

void xml_discard(struct authoring *a)
{
    xml_reader_free(a->xml.reader);
    a->xml.reader = NULL;
}
