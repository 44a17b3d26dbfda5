// SPDX-License-Identifier: MIT
/*
 * Proactive negotiation: Accept and Accept-Encoding (RFC 9110 §12.4, §12.5). A field value whose
 * ptr is NULL is absent. Members that break their syntax are skipped, and only the first
 * LIMIT_ACCEPT_ITEMS members are looked at. Where a field came in several lines, the caller joins
 * them with commas first (RFC 9110 §5.3). Qualities are in thousandths: 0 (not acceptable) to 1000.
 */
#ifndef CANDOR_HTTP_ACCEPT_H
#define CANDOR_HTTP_ACCEPT_H

#include "base/span.h"

enum { ACCEPT_QUALITY_MAX = 1000 };

/*
 * §12.5.1: the index of the best of the media types on offer ("text/html; charset=utf-8"), or -1
 * when none is acceptable. Of the ranges that match an offer the most specific decides; a parameter
 * of a range must be in the offer with the same value. Equal qualities: the first offer wins.
 * A field that is absent or has no well-formed member accepts everything: 0. -1 when count is 0.
 */
int accept_choose_type(struct span field, const struct span *offers, size_t count);

/*
 * §12.5.3: the quality of a content coding. x-gzip and x-compress mean gzip and compress.
 * An absent field accepts every coding. "identity" without any mention (by name or by "*") is
 * acceptable, but the last choice: 1.
 */
int accept_coding_quality(struct span field, struct span coding);

/*
 * The index of the best of the content codings on offer, -1 for none of them: identity, unless its
 * quality is 0 as well. Equal qualities: the first offer wins, and any offer wins over identity.
 * Always -1 for an absent field: who says nothing of codings may know none.
 */
int accept_choose_coding(struct span field, const struct span *offers, size_t count);

#endif
