// SPDX-License-Identifier: MIT
/* The public face of the table of outcomes. */
#include <candor/outcome.h>

#include "registry/outcome.h"
#include "registry/search.h"

static const struct outcome_info *info_of(const struct candor_outcome *outcome)
{
    return (const struct outcome_info *)(const void *)outcome;
}

static const struct candor_outcome *outcome_of(const struct outcome_info *info)
{
    return (const struct candor_outcome *)(const void *)info;
}

const struct candor_outcome *candor_outcome_from_token(const char *token, size_t length)
{
    enum outcome outcome = outcome_from_token(span_of(token, length));

    return outcome ? outcome_of(&outcome_table[outcome]) : NULL;
}

const struct candor_outcome *candor_outcome_next(const struct candor_outcome *outcome)
{
    const struct outcome_info *next = outcome ? info_of(outcome) + 1 : outcome_table + 1;

    return next < outcome_table + OUTCOME_COUNT ? outcome_of(next) : NULL;
}

bool candor_outcome_matches(const struct candor_outcome *outcome, const char *text, size_t length)
{
    return outcome_matches(info_of(outcome), span_of(text, length));
}

const char *candor_outcome_token(const struct candor_outcome *outcome)
{
    return info_of(outcome)->token.ptr;
}

int candor_outcome_status(const struct candor_outcome *outcome)
{
    return info_of(outcome)->status;
}

const char *candor_outcome_title(const struct candor_outcome *outcome)
{
    return info_of(outcome)->title.ptr;
}

const char *candor_outcome_client_advice(const struct candor_outcome *outcome)
{
    return info_of(outcome)->client_advice.ptr;
}

const char *candor_outcome_operator_advice(const struct candor_outcome *outcome)
{
    return info_of(outcome)->operator_advice.ptr;
}

const char *candor_outcome_proxy_error(const struct candor_outcome *outcome)
{
    return info_of(outcome)->proxy_error;
}
