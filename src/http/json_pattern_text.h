// SPDX-License-Identifier: MIT
/*
 * The regular expressions of ECMA-262 (2024, §22.2) as PCRE2 writes them.
 */
#ifndef CANDOR_HTTP_JSON_PATTERN_TEXT_H
#define CANDOR_HTTP_JSON_PATTERN_TEXT_H

#include "base/buf.h"

/* Adds the translation of a text in UTF-8. NULL, or what is wrong with it: a sentence of ours,
 * static. What PCRE2 finds by itself, such as an unclosed parenthesis, is left to it. */
const char *json_pattern_translate(struct span text, struct buf *out);

#endif
