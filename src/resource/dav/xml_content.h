// SPDX-License-Identifier: MIT
/*
 * Content that is XML, read as it comes: where, is its caller's to say.
 */
#ifndef CANDOR_RESOURCE_DAV_XML_CONTENT_H
#define CANDOR_RESOURCE_DAV_XML_CONTENT_H

#include "base/budget.h"
#include "graph/exchange.h"
#include "resource/dav/xml/dav_request.h"

struct authoring;

/* Content that is XML. */
struct xml_content {
    struct xml_reader *reader;
    struct budget_part memory;
    int error; // why it cannot be read or understood
    struct xml_fault fault;
    bool understood; // one of:
    struct dav_lockinfo lockinfo;
    struct dav_propfind propfind;
    struct dav_proppatch proppatch;
    struct dav_report report; // beside propfind, which has the properties
};

/* In any thread: reads the next piece, or finds out why it cannot. */
void xml_read(struct authoring *a, struct span data);
/* In any thread, when all has come: fills in what it asks for, or finds out why it cannot. */
void xml_understand(struct authoring *a);
/* In the loop's thread, after each of them: sets the cause, if there is one. */
void xml_explain(struct authoring *a);
/* At the end. */
void xml_discard(struct authoring *a);

#endif
