// SPDX-License-Identifier: MIT
/* The input is a file of users, and one of API keys. */
#include "access/api_key.h"
#include "access/htpasswd.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct faults *f, int error)
{
    if ((error < 0) != (f->count > 0))
        abort();
    for (size_t i = 0; i < faults_kept(f); i++)
        if (f->list[i].line == 0 || f->list[i].reason[0] == '\0')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct faults faults = {0};
    struct htpasswd *users = NULL;
    struct api_keys *keys = NULL;

    check(&faults, htpasswd_read(text, &faults, &users));
    faults_done(&faults);
    htpasswd_free(users);
    check(&faults, api_keys_read(text, &faults, &keys));
    faults_done(&faults);
    api_keys_free(keys);
    return 0;
}
