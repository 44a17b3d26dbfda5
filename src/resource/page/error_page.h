// SPDX-License-Identifier: MIT
/*
 * The page that a person sees when there is nothing else to send: what happened and what to do,
 * from the row of the outcome. It says nothing of the server's inside, and nothing of the request
 * but what the caller puts into detail.
 */
#ifndef CANDOR_RESOURCE_PAGE_ERROR_PAGE_H
#define CANDOR_RESOURCE_PAGE_ERROR_PAGE_H

#include "base/buf.h"
#include "registry/outcome.h"

struct error_page {
    enum outcome outcome;   // not OUTCOME_NONE
    int status;             // of the response; 0: that of the outcome
    struct span request_id; // by which the operator finds it in the log; may be empty
    struct span detail;     // one sentence about this very request, plain text; may be empty
    uint32_t retry_after;   // seconds, as in Retry-After; 0: not told
};

/* Both are text/html; charset=utf-8, to be sent with page_error_policy. The second is
 * for an outcome that is told elsewhere: at a location, a URI reference. */
void error_page_write_redirect_html(struct buf *b, enum outcome outcome, struct span location);
void error_page_write_html(struct buf *b, const struct error_page *page);

#endif
