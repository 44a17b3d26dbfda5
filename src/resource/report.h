// SPDX-License-Identifier: MIT
/*
 * What is wrong in a configuration, as lines of text: "file:line:column: key "x": what is wrong;
 * what was expected".
 */
#ifndef CANDOR_RESOURCE_REPORT_H
#define CANDOR_RESOURCE_REPORT_H

#include "base/buf.h"

/* Where something stands in a file, from 1; columns in characters. A line of 0: nowhere. */
struct position {
    size_t line, column;
};

struct report {
    const char *file;
    bool bare;       // there is no file that could be at fault: positions and keys are left out
    struct buf text; // lines, without the last line end
    size_t count;    // of errors, also of those that are told no more
};

/*
 * One more error: all up to the sentence, which the caller adds. A position of line 0 leaves out
 * line and column, an empty section and name leave out the key. NULL: no more errors are told.
 */
struct buf *report_at(struct report *report, struct position at, const char *section,
                      struct span name);

/* One more error, with its sentence. */
void report_add(struct report *report, struct position at, const char *section, struct span name,
                const char *sentence);

/* One more error, about a path: "does not exist", and what was expected instead. */
void report_path(struct report *report, struct position at, const char *section, struct span name,
                 const char *path, const char *wrong, const char *expected);

/* Adds a value as it is quoted in messages: escaped, shortened when it is long. */
void report_add_quoted(struct buf *out, struct span text);

/* Adds a path in quotes, escaped but whole: its end tells what it is. */
void report_add_path(struct buf *out, const char *path);

#endif
