// SPDX-License-Identifier: MIT
/*
 * What is answered to a recipe: which status, and then the fields and the body.
 */
#ifndef CANDOR_RESOURCE_MOCK_ANSWER_H
#define CANDOR_RESOURCE_MOCK_ANSWER_H

#include "resource/mock/mock.h"

enum {
#define MADE_UP(ident, code) MADE_UP_##ident = (code),
#include "resource/mock/status.def"
#undef MADE_UP
};

/* Makes the choices of the recipe; what does not happen by its chance is taken out of it. */
void mock_choose(struct mock_state *s);
/* Decides the status, whether it is a tunnel, and the fault. */
void mock_decide(struct mock_state *s);
/* Fills in fields and body. */
void mock_answer(struct mock_state *s);

#endif
