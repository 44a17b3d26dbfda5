// SPDX-License-Identifier: MIT
/*
 * The response that a file gives: the fields and the body of 200, 206, 304 and 416.
 */
#ifndef CANDOR_RESOURCE_FILES_BODY_H
#define CANDOR_RESOURCE_FILES_BODY_H

#include "resource/files/snapshot.h"

/* Fills in x->response for x->outcome. The variant must live as long as x holds its snapshot. */
void body_respond(struct exchange *x, const struct file_variant *v);

#endif
