// SPDX-License-Identifier: MIT
#include "base/hash.h"

#include "base/error.h"

#include <sys/random.h>

int hash_key_make(struct hash_key *ret_key)
{
    struct hash_key key;

    if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
        return -CANDOR_E_SYSTEM;
    key.word[1] |= 1;
    *ret_key = key;
    return 0;
}
