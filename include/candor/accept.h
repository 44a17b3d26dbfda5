// SPDX-License-Identifier: MIT
/*
 * Proactive negotiation: Accept and Accept-Encoding (RFC 9110 §12.5). A field value of NULL means
 * that the field was not sent. Where it came in several lines, join them with commas
 * (RFC 9110 §5.3). Members that break their syntax are skipped.
 */
#ifndef CANDOR_ACCEPT_H
#define CANDOR_ACCEPT_H

#include <candor/api.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CANDOR_OFFERS_MAX = 32 }; // offers that are looked at; those after them are not

/*
 * The index of the best of the media types on offer ("text/html; charset=utf-8", ended with NUL),
 * or -1 when none is acceptable or none is offered. Equal qualities: the first offer wins.
 */
CANDOR_API int candor_accept_choose_type(const char *accept, size_t length,
                                         const char *const *offers, size_t count);

/*
 * The index of the best of the content codings on offer ("br", "gzip", ended with NUL), or -1 for
 * none of them: identity, unless candor_accept_coding_quality of "identity" is 0 as well.
 */
CANDOR_API int candor_accept_choose_coding(const char *accept_encoding, size_t length,
                                           const char *const *offers, size_t count);

/* The quality of one content coding, ended with NUL, in thousandths: 0 is not acceptable. */
CANDOR_API int candor_accept_coding_quality(const char *accept_encoding, size_t length,
                                            const char *coding);

#ifdef __cplusplus
}
#endif

#endif
