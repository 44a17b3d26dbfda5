// SPDX-License-Identifier: MIT
#ifndef CANDOR_BASE_ZERO_H
#define CANDOR_BASE_ZERO_H

#include <stddef.h>
#include <string.h>

/* Zeros a few hundred bytes. A constant size of this magnitude would become "rep stos", which is
 * slow to start. */
static inline void zero(void *at, size_t size)
{
    __asm__("" : "+r"(size));
    memset(at, 0, size);
}

#endif
