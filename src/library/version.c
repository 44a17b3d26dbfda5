// SPDX-License-Identifier: MIT
#include <candor/api.h>

const char *candor_version(void)
{
    return CANDOR_VERSION;
}
