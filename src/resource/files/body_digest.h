// SPDX-License-Identifier: MIT
#ifndef CANDOR_RESOURCE_FILES_BODY_DIGEST_H
#define CANDOR_RESOURCE_FILES_BODY_DIGEST_H

#include "graph/exchange.h"
#include "resource/files/snapshot.h"

/*
 * Adds the digests that the client wishes for (Want-Repr-Digest and Want-Content-Digest, RFC 9530
 * §4) to a response that body_respond has filled in. Only of content that is in memory: of any
 * other file a wish, which is no more than that, would cost reading all of it.
 */
void body_add_digests(struct exchange *x, struct file_variant *v);

#endif
