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
    case -CANDOR_E_BUSY:
        return -EAGAIN;
    case -CANDOR_E_GONE:
        return -ENOLINK;
    default:
        return -EIO;
    }
}
