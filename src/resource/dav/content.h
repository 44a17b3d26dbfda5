// SPDX-License-Identifier: MIT
/*
 * Content of every role: it is taken as it comes, performed when all has come, and given up.
 */
#ifndef CANDOR_RESOURCE_DAV_CONTENT_H
#define CANDOR_RESOURCE_DAV_CONTENT_H

#include "base/span.h"

struct authoring;

/* As resource_ops.take. */
bool content_take(struct authoring *a, struct span data);
/* The effect of a method whose content is stored, and of all that is asked of an upload: in the
 * pool; what fails is a->error. */
void content_commit(struct authoring *a);
/* At the end: gives back what is held of the content, and what was staged and not committed. */
void content_discard(struct authoring *a);

#endif
