// SPDX-License-Identifier: MIT
#include "resource/files/digest_hash.h"

#include "base/error.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

struct digest_hash {
    EVP_MD_CTX *contexts[DIGEST_ALGORITHMS]; // NULL: not wanted
    bool failed;
};

static pthread_once_t loaded = PTHREAD_ONCE_INIT;
static EVP_MD *algorithms[DIGEST_ALGORITHMS]; // NULL: not to be had

static void load(void)
{
    static const char *const names[DIGEST_ALGORITHMS] = {
        [DIGEST_SHA_256] = "SHA2-256", [DIGEST_SHA_512] = "SHA2-512"};

    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
    for (int a = 0; a < DIGEST_ALGORITHMS; a++)
        algorithms[a] = EVP_MD_fetch(NULL, names[a], NULL);
}

int digest_hash_prepare(void)
{
    struct digests all = {.has = {true, true}};
    struct digest_hash *h;
    int error = digest_hash_new(&all, &h);

    if (error == 0) {
        error = digest_hash_finish(h, &all);
        digest_hash_free(h);
    }
    return error;
}

int digest_hash_new(const struct digests *wanted, struct digest_hash **ret)
{
    struct digest_hash *h = calloc(1, sizeof *h);
    int error = -CANDOR_E_MEMORY;

    if (!h)
        return error;
    pthread_once(&loaded, load);
    for (int a = 0; a < DIGEST_ALGORITHMS; a++) {
        if (!wanted->has[a])
            continue;
        h->contexts[a] = EVP_MD_CTX_new();
        if (!h->contexts[a])
            goto fail;
        if (!algorithms[a] || EVP_DigestInit_ex2(h->contexts[a], algorithms[a], NULL) != 1) {
            error = -CANDOR_E_SYSTEM;
            goto fail;
        }
    }
    *ret = h;
    return 0;
fail:
    digest_hash_free(h);
    return error;
}

void digest_hash_free(struct digest_hash *h)
{
    if (!h)
        return;
    for (int a = 0; a < DIGEST_ALGORITHMS; a++)
        EVP_MD_CTX_free(h->contexts[a]);
    free(h);
}

void digest_hash_add(struct digest_hash *h, struct span piece)
{
    for (int a = 0; piece.len && a < DIGEST_ALGORITHMS; a++)
        if (h->contexts[a] && EVP_DigestUpdate(h->contexts[a], piece.ptr, piece.len) != 1)
            h->failed = true;
}

int digest_hash_finish(struct digest_hash *h, struct digests *ret)
{
    struct digests d = {.has = {false}};

    for (int a = 0; a < DIGEST_ALGORITHMS; a++) {
        if (!h->contexts[a])
            continue;
        h->failed |= EVP_DigestFinal_ex(h->contexts[a], d.bytes[a], NULL) != 1;
        d.has[a] = true;
    }
    if (h->failed)
        return -CANDOR_E_SYSTEM;
    *ret = d;
    return 0;
}
