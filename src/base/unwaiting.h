// SPDX-License-Identifier: MIT
/*
 * Writing to what somebody else reads, a pipe, a terminal or a socket, without ever waiting for the
 * reader. A descriptor that was inherited is shared: O_NONBLOCK would be set for others as well.
 */
#ifndef CANDOR_BASE_UNWAITING_H
#define CANDOR_BASE_UNWAITING_H

#include "base/span.h"

#include <sys/types.h>

/* Another descriptor of what fd leads to, whose writes do not wait; for the caller to close. fd
 * itself where the system gives none: for a socket none is needed, for a file neither. */
int unwaiting_open(int fd);
/* As write; fails with EAGAIN where it would have to wait. fd is from unwaiting_open. */
ssize_t unwaiting_write(int fd, struct span bytes);

#endif
