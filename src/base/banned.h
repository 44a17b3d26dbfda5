// SPDX-License-Identifier: MIT
/*
 * Functions that are easy to use wrongly become compile errors. Every source is compiled with this
 * header in front of it (see meson.build).
 */
#ifndef CANDOR_BASE_BANNED_H
#define CANDOR_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#pragma GCC poison gets strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r
#pragma GCC poison gmtime localtime ctime ctime_r asctime asctime_r atoi atol atoll atof
#pragma GCC poison mktemp tmpnam tempnam sleep usleep rand srand

#endif
