// SPDX-License-Identifier: MIT
/*
 * Request content on its way from the connection to whoever wants it.
 */
#ifndef CANDOR_SERVER_SESSION_CONTENT_H
#define CANDOR_SERVER_SESSION_CONTENT_H

#include "server/session/connection.h"

/*
 * FACT_content: the content went to the resource that wants it. FACT_unwanted: content that nobody
 * wants was read to its end, so that a fault in it is found before the answer. True: known now.
 * False: connection_content_arrived follows.
 */
bool content_establish(struct carried *k, enum fact fact);

/* The resource has taken the piece that it was given; connection_content_arrived may follow. */
void content_taken(struct carried *k);

/*
 * After the response: throws away what is left of the content, up to LIMIT_DRAIN.
 * connection_content_drained follows, perhaps before this returns.
 */
void content_drain(struct carried *k);

/* Whether what is left of the content is worth reading to keep the connection. */
bool content_is_drainable(const struct carried *k);

#endif
