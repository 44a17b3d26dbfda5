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

/* Fortified, these are macros for clang; only what is none can be poisoned. */
#undef sprintf
#undef vsprintf

#pragma GCC poison gets strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r
#pragma GCC poison gmtime localtime ctime ctime_r asctime asctime_r atoi atol atoll atof
#pragma GCC poison mktemp tmpnam tempnam sleep usleep srand

/* libcrypto's headers name parameters "rand", so that word can't be poisoned: a call of it is one
 * of a function that does not exist. */
#define rand rand_is_banned_use_getrandom

#endif
