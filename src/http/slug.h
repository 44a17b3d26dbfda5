// SPDX-License-Identifier: MIT
/*
 * Names for new members of a collection from what a client proposes: Slug (RFC 5023 §9.7) and the
 * file names of forms (RFC 7578 §4.2). What comes out is one safe name: well-formed UTF-8 without
 * slash, backslash or control character (also none that changes the direction of text), that
 * begins with neither a dot nor a space, ends with neither, and has at most LIMIT_FILE_NAME bytes.
 * dotfiles: it may begin with one dot, where that is the one character in front.
 */
#ifndef CANDOR_HTTP_SLUG_H
#define CANDOR_HTTP_SLUG_H

#include "base/limits.h"
#include "base/span.h"

/*
 * The name for that text, which is not percent-encoded. What a name must not contain becomes "-",
 * and octets that are not UTF-8 "_". Too long a name is cut before its extension, between
 * characters. The length, 0: nothing usable is left. out gets no NUL.
 */
size_t file_name_clean(struct span text, bool dotfiles, char out[LIMIT_FILE_NAME]);

/* The name for the value of Slug, whose percent-encoding is decoded first; a "%" without two
 * hexadecimal digits stands for itself. */
size_t slug_file_name(struct span value, bool dotfiles, char out[LIMIT_FILE_NAME]);

/*
 * A name with a number: "name.ext" becomes "name (2).ext". Too long a name is cut before its
 * extension, between characters. The length.
 */
size_t file_name_number(struct span name, unsigned number, char out[LIMIT_FILE_NAME]);

/* What is behind the last slash or backslash: some clients send a whole path. */
struct span file_name_base(struct span path);

#endif
