// SPDX-License-Identifier: MIT
/*
 * Answers that are a text of their own, and who tells them.
 */
#ifndef CANDOR_RESOURCE_MOCK_TEXT_H
#define CANDOR_RESOURCE_MOCK_TEXT_H

#include "resource/mock/mock.h"

/* The body is this text: it lives as long as the exchange, or b is done with. */
void mock_set_text(struct mock_state *s, struct span text, struct span type);
void mock_set_buf(struct mock_state *s, struct buf *b, struct span type);

/* anything.c: what was understood, as JSON. */
void mock_tell_request(struct mock_state *s);
/* home.c: the page of all that can be asked for. */
void mock_tell_grammar(struct mock_state *s);
/* auth.c: whether the request has the credentials that the path wants. */
bool mock_is_authorized(const struct mock_state *s);

#endif
