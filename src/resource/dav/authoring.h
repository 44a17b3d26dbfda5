// SPDX-License-Identifier: MIT
/*
 * An exchange that authors: what it holds, and how its steps fail.
 */
#ifndef CANDOR_RESOURCE_DAV_AUTHORING_H
#define CANDOR_RESOURCE_DAV_AUTHORING_H

#include "resource/dav/answer.h"
#include "resource/dav/change.h"
#include "resource/dav/content_digest.h"
#include "resource/dav/locking.h"
#include "resource/dav/share.h"
#include "resource/dav/target.h"
#include "resource/dav/terms.h"
#include "resource/dav/upload.h"
#include "resource/dav/write.h"
#include "resource/dav/xml_content.h"

#include <errno.h>

/* What an exchange that authors holds; on its arena, until its release. */
struct authoring {
    struct exchange *x;
    struct dav *dav;
    struct dav_share *share; // of the folder that it is about, from its first step in the pool on
    struct span mount;       // the route's path, which ends with a slash
    bool in_the_way;         // others were in the way of the step: it is to be made again
    bool goes_on;            // the step is to go on at once, in another work of the pool
    int error;               // of the last step: 0, or a negated errno
    enum outcome cause;      // of the last step, where an errno does not tell
    struct target target;
    struct dav_destination *destination; // COPY and MOVE; else NULL
    struct content content;
    struct content_digests digests;
    struct upload_part upload;
    struct locking locking;
    struct xml_content *xml; // of a method that takes XML; else NULL
    struct failures failures;
    struct rows_following *following; // while names change and their rows follow
    struct tree_result result;
    struct answer_parts answer;
};

/* A path of the tree as clients see it; a folder's ends with a slash (RFC 4918 §5.2). ptr NULL: no
 * memory. */
struct span authoring_outside(const struct authoring *a, struct arena *arena, struct span path,
                              bool is_folder);

/* The request's path, which is a folder's; where it cannot be made the response has failed. */
struct span authoring_folder_path(struct exchange *x);

/*
 * In the pool, after what may have failed there. What is stale because the folder itself went, or
 * was exchanged, is not looked at again there: nothing that is done to it helps.
 */
void authoring_explain(struct authoring *a);

/* How a step that has failed goes on: with the cause, or it is stale. */
enum step authoring_end_failed(struct authoring *a);
/* For a step that cannot be made again, as it had content that is gone: there always is a cause. */
void authoring_set_final_cause(struct authoring *a);

/* The step fails with an outcome that no errno tells; returns what a->error is to be. */
int authoring_fail(struct authoring *a, enum outcome cause);
/* Others are in the way of the step, and it fails with that when they stay so. Returns -EAGAIN. */
static inline int authoring_in_the_way(struct authoring *a, enum outcome cause)
{
    a->in_the_way = true;
    a->cause = cause;
    return -EAGAIN;
}

#endif
