// SPDX-License-Identifier: MIT
#include "access/verified.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <sys/random.h>

enum { WAYS = 4, SETS = LIMIT_VERIFIED / WAYS, KEY = 32 };
_Static_assert((SETS & (SETS - 1)) == 0 && SETS * WAYS == LIMIT_VERIFIED, "a power of two");

struct entry {
    struct verified_hash hash;
    int64_t until; // 0: none
};

struct verified {
    EVP_MAC_CTX *mac; // has the key
    struct entry entries[SETS][WAYS];
};

static EVP_MAC_CTX *mac_new(const unsigned char key[KEY])
{
    char name[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

    EVP_MAC_free(hmac);
    if (mac && EVP_MAC_init(mac, key, KEY, parameters))
        return mac;
    EVP_MAC_CTX_free(mac);
    return NULL;
}

int verified_new(struct verified **ret)
{
    unsigned char key[KEY];
    struct verified *v;

    if (getrandom(key, sizeof key, 0) != sizeof key)
        return -CANDOR_E_SYSTEM;
    v = calloc(1, sizeof *v);
    if (v)
        v->mac = mac_new(key);
    OPENSSL_cleanse(key, sizeof key);
    if (!v || !v->mac) {
        verified_free(v);
        return -CANDOR_E_MEMORY;
    }
    *ret = v;
    return 0;
}

void verified_free(struct verified *v)
{
    if (!v)
        return;
    EVP_MAC_CTX_free(v->mac);
    free(v);
}

bool verified_hash(struct verified *v, uint64_t of, struct span user, struct span password,
                   struct verified_hash *ret)
{
    uint64_t head[2] = {of, user.len}; // the length keeps user and password apart
    size_t length = 0;

    return EVP_MAC_init(v->mac, NULL, 0, NULL) &&
           EVP_MAC_update(v->mac, (const unsigned char *)head, sizeof head) &&
           EVP_MAC_update(v->mac, (const unsigned char *)user.ptr, user.len) &&
           EVP_MAC_update(v->mac, (const unsigned char *)password.ptr, password.len) &&
           EVP_MAC_final(v->mac, ret->bytes, &length, sizeof ret->bytes) &&
           length == sizeof ret->bytes;
}

static size_t set_of(const struct verified_hash *hash)
{
    uint32_t word;

    memcpy(&word, hash->bytes, sizeof word);
    return word & (SETS - 1);
}

bool verified_knows(const struct verified *v, const struct verified_hash *hash, int64_t now)
{
    const struct entry *set = v->entries[set_of(hash)];
    bool known = false;

    for (size_t i = 0; i < WAYS; i++)
        known |= set[i].until > now &&
                 CRYPTO_memcmp(set[i].hash.bytes, hash->bytes, sizeof hash->bytes) == 0;
    return known;
}

void verified_remember(struct verified *v, const struct verified_hash *hash, int64_t now)
{
    struct entry *set = v->entries[set_of(hash)], *oldest = set;

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].until && memcmp(&set[i].hash, hash, sizeof *hash) == 0) {
            oldest = &set[i];
            break;
        }
        if (set[i].until < oldest->until)
            oldest = &set[i];
    }
    oldest->hash = *hash;
    oldest->until = now + LIMIT_VERIFIED_TIME * CLOCK_MS;
}
