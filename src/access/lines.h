// SPDX-License-Identifier: MIT
/*
 * The lines of a text file that somebody keeps by hand: LF or CRLF, comments, empty lines, and a
 * byte order mark at the front.
 */
#ifndef CANDOR_ACCESS_LINES_H
#define CANDOR_ACCESS_LINES_H

#include "base/span.h"

struct lines {
    struct span rest;
    size_t number; // of the line that was given last, from 1
};

static inline struct lines lines_of(struct span text)
{
    if (span_starts(text, SPAN("\xef\xbb\xbf")))
        text = span_from(text, 3);
    return (struct lines){text, 0};
}

/* The next line that says something, without its end and blanks before it; false: none is left. */
static inline bool lines_next(struct lines *l, struct span *ret)
{
    while (l->rest.len) {
        struct span line = span_take_until(&l->rest, '\n'), trimmed;

        l->number++;
        while (line.len && strchr("\r \t", line.ptr[line.len - 1]) && line.ptr[line.len - 1])
            line.len--;
        trimmed = span_trim(line);
        if (trimmed.len == 0 || trimmed.ptr[0] == '#')
            continue;
        *ret = line;
        return true;
    }
    return false;
}

/* Takes the next word off the front of *rest, between blanks; empty: there is none. */
static inline struct span lines_take_word(struct span *rest)
{
    struct span word = span_trim(*rest);
    size_t n = 0;

    while (n < word.len && word.ptr[n] != ' ' && word.ptr[n] != '\t')
        n++;
    *rest = span_from(word, n);
    return span_first(word, n);
}

#endif
