// SPDX-License-Identifier: MIT
#include <candor/accept.h>

#include "http/accept.h"

/* Fills spans from strings and returns how many there are room for. */
static size_t take_offers(struct span spans[CANDOR_OFFERS_MAX], const char *const *offers,
                          size_t count)
{
    if (count > CANDOR_OFFERS_MAX)
        count = CANDOR_OFFERS_MAX;
    for (size_t i = 0; i < count; i++)
        spans[i] = span_from_str(offers[i]);
    return count;
}

int candor_accept_choose_type(const char *accept, size_t length, const char *const *offers,
                              size_t count)
{
    struct span spans[CANDOR_OFFERS_MAX];

    count = take_offers(spans, offers, count);
    return accept_choose_type(span_of(accept, length), spans, count);
}

int candor_accept_choose_coding(const char *accept_encoding, size_t length,
                                const char *const *offers, size_t count)
{
    struct span spans[CANDOR_OFFERS_MAX];

    count = take_offers(spans, offers, count);
    return accept_choose_coding(span_of(accept_encoding, length), spans, count);
}

int candor_accept_coding_quality(const char *accept_encoding, size_t length, const char *coding)
{
    return accept_coding_quality(span_of(accept_encoding, length), span_from_str(coding));
}
