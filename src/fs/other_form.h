// SPDX-License-Identifier: MIT
/*
 * Names that are one to people and two to the file system: macOS sends them decomposed (Unicode's
 * form NFD), others composed (NFC).
 */
#ifndef CANDOR_FS_OTHER_FORM_H
#define CANDOR_FS_OTHER_FORM_H

#include "fs/open.h"

#include <limits.h>

/*
 * Where nothing is at a path beneath the root: that path with those of its names that are not there
 * in the form NFC or NFD, where one of the two is, and not both. What is to be new stays as it is.
 * 1; 0: there is no such name; or a negated errno: nobody can know. A slash at the end is kept.
 * Costs nothing where all of it is ASCII, else some calls of the system for each name; blocks.
 */
int fs_other_form(const struct root *root, const char *path, char ret_path[PATH_MAX]);

#endif
