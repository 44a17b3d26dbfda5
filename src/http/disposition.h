// SPDX-License-Identifier: MIT
/*
 * Content-Disposition (RFC 6266).
 */
#ifndef CANDOR_HTTP_DISPOSITION_H
#define CANDOR_HTTP_DISPOSITION_H

#include "base/buf.h"

/*
 * Adds "attachment; filename*=UTF-8''…" (RFC 8187 §3.2): to be stored under that name, of any
 * bytes. What is not UTF-8 becomes U+FFFD.
 */
void disposition_add_attachment(struct buf *b, struct span name);

#endif
