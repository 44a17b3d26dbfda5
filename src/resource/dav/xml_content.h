// SPDX-License-Identifier: MIT
/*
 * Content that is XML, read in the thread of the loop as it comes.
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
    bool understood; // one of:
    struct dav_lockinfo lockinfo;
    struct dav_propfind propfind;
    struct dav_proppatch proppatch;
    struct dav_report report; // beside propfind, which has the properties
};

/* As resource_ops.take. */
bool xml_take(struct authoring *a, struct span data);
/* All has come: fills in what it asks for, or sets the cause. */
void xml_understand(struct authoring *a);
/* At the end. */
void xml_discard(struct authoring *a);

#endif
