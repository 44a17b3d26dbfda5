// SPDX-License-Identifier: MIT
/*
 * A file of groups: lines of NAME: USER USER ..., as Apache httpd's AuthGroupFile. A group of
 * several lines has the users of all. A table does not change, and threads may share it.
 */
#ifndef CANDOR_ACCESS_GROUPS_H
#define CANDOR_ACCESS_GROUPS_H

#include "access/fault.h"

struct groups;

/* As htpasswd_read(); the file has at most LIMIT_GROUPS_FILE bytes. */
int groups_read(struct span text, struct faults *faults, struct groups **ret);
void groups_free(struct groups *g);

/* Also for a null pointer: there are none. */
bool groups_have(const struct groups *g, struct span group);
bool groups_have_user(const struct groups *g, struct span group, struct span user);

#endif
