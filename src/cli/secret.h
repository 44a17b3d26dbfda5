// SPDX-License-Identifier: MIT
/*
 * A secret that somebody types, without an echo, or that a program writes in one line.
 */
#ifndef CANDOR_CLI_SECRET_H
#define CANDOR_CLI_SECRET_H

#include "base/span.h"

enum { SECRET_ROOM = 4096 };

/* One line of standard input into memory, without its end; from a terminal after the prompt. False:
 * there is none, or it is too long; it was told. */
bool secret_read(const char *command, const char *prompt, char memory[SECRET_ROOM],
                 struct span *ret);

#endif
