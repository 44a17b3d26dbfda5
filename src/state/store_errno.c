// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "state/store.h"

#include <errno.h>

int store_errno(int error)
{
    switch (error) {
    case 0:
        return 0;
    case -CANDOR_E_FULL:
        return -ENOSPC;
    case -CANDOR_E_MEMORY:
        return -ENOMEM;
    case -CANDOR_E_ABSENT:
        return -ESTALE;
    default:
        return -EIO;
    }
}
