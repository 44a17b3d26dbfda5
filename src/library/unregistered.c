// SPDX-License-Identifier: MIT
/* The public face of the table of unregistered codes. */
#include <candor/status.h>

#include "registry/status.h"

static const struct status_unregistered *info_of(const struct candor_unregistered *unregistered)
{
    return (const struct status_unregistered *)(const void *)unregistered;
}

const struct candor_unregistered *candor_unregistered_next(
    const struct candor_unregistered *unregistered)
{
    const struct status_unregistered *next =
        unregistered ? info_of(unregistered) + 1 : status_unregistered_table;

    if (next >= status_unregistered_table + status_unregistered_count)
        return NULL;
    return (const struct candor_unregistered *)(const void *)next;
}

int candor_unregistered_code(const struct candor_unregistered *unregistered)
{
    return info_of(unregistered)->code;
}

const char *candor_unregistered_user(const struct candor_unregistered *unregistered)
{
    return info_of(unregistered)->user;
}

const char *candor_unregistered_name(const struct candor_unregistered *unregistered)
{
    return info_of(unregistered)->name;
}

const char *candor_unregistered_meaning(const struct candor_unregistered *unregistered)
{
    return info_of(unregistered)->meaning;
}
