// SPDX-License-Identifier: MIT
/*
 * A text file of which a command changes a line: it is read whole, and another one takes its place
 * at once, with the same mode and owner. What goes wrong is told on standard error.
 */
#ifndef CANDOR_CLI_EDITED_FILE_H
#define CANDOR_CLI_EDITED_FILE_H

#include "base/buf.h"

#include <sys/stat.h>

struct edited_file {
    const char *command; // for messages: "candor passwd"
    char *path;          // what symbolic links lead to
    int folder;          // locked, so that two commands do not lose each other's line
    struct stat was;     // st_nlink is 0 where there is no such file yet
    struct buf text;
};

/* False: it was told. In each case edited_file_done() is due. */
bool edited_file_open(struct edited_file *f, const char *command, const char *path);
bool edited_file_write(const struct edited_file *f, struct span text);
void edited_file_done(struct edited_file *f);

#endif
