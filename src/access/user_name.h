// SPDX-License-Identifier: MIT
/*
 * Names of users, of groups and of keys, as files and rules have them.
 */
#ifndef CANDOR_ACCESS_USER_NAME_H
#define CANDOR_ACCESS_USER_NAME_H

#include "base/span.h"

/* NULL, or what is wrong with it: the rest of a sentence that begins with "the name". */
const char *user_name_fault(struct span name);

#endif
