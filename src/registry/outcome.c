// SPDX-License-Identifier: MIT
#include "registry/outcome.h"

const struct outcome_info outcome_table[OUTCOME_COUNT] = {
    [OUTCOME_NONE] = {SPAN_INIT(""), 0, SPAN_INIT(""), SPAN_INIT(""), SPAN_INIT(""), NULL},
#define OUTCOME(ident, token, status, title, client, operator_, proxy)                             \
    [OUTCOME_##ident] = {SPAN_INIT(token),     status, SPAN_INIT(title), SPAN_INIT(client),        \
                         SPAN_INIT(operator_), proxy},
#include "registry/outcome.def"
#undef OUTCOME
};

enum outcome outcome_from_token(struct span token)
{
    for (int o = 1; o < OUTCOME_COUNT; o++)
        if (span_eq(outcome_table[o].token, token))
            return (enum outcome)o;
    return OUTCOME_NONE;
}
