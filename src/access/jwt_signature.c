// SPDX-License-Identifier: MIT
/* Checks of signatures, by the families of jwt_algorithm.def. */
#include "access/jwt_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

enum family { FAMILY_HMAC, FAMILY_RSA, FAMILY_RSA_PSS, FAMILY_ECDSA, FAMILY_EDDSA };

static const struct algorithm {
    struct span name;
    enum family family;
    const EVP_MD *(*digest)(void); // NULL: none beside its own
    size_t size;
} algorithms[] = {
#define JWT_ALGORITHM(ident, name, family, digest, size, section)                                  \
    [JWT_##ident] = {SPAN_INIT(name), FAMILY_##family, digest, size},
#include "access/jwt_algorithm.def"
#undef JWT_ALGORITHM
};

bool jwt_algorithm_from_name(struct span name, enum jwt_algorithm *ret)
{
    for (size_t i = 0; i < JWT_ALGORITHM_COUNT; i++)
        if (span_eq(algorithms[i].name, name)) {
            *ret = (enum jwt_algorithm)i;
            return true;
        }
    if (!span_eq(name, SPAN("EdDSA"))) // RFC 8037 §3.1
        return false;
    *ret = JWT_ED25519;
    return true;
}

static EVP_MAC_CTX *begin_mac(const struct jwt_key *k, const struct algorithm *a)
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                         (char *)(uintptr_t)EVP_MD_get0_name(a->digest()), 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

    EVP_MAC_free(hmac);
    if (mac && EVP_MAC_init(mac, k->secret, k->secret_length, parameters))
        return mac;
    EVP_MAC_CTX_free(mac);
    return NULL;
}

static EVP_MD_CTX *begin_check(const struct jwt_key *k, const struct algorithm *a)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pc = NULL;
    bool good =
        c && EVP_DigestVerifyInit(c, &pc, a->digest ? a->digest() : NULL, NULL, k->public_key) > 0;

    // The salt is as long as the hash: RFC 7518 §3.5.
    if (good && a->family == FAMILY_RSA_PSS)
        good = EVP_PKEY_CTX_set_rsa_padding(pc, RSA_PKCS1_PSS_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(pc, a->digest()) > 0 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, RSA_PSS_SALTLEN_DIGEST) > 0;
    if (good)
        return c;
    EVP_MD_CTX_free(c);
    return NULL;
}

bool jwt_key_prepare(struct jwt_key *k)
{
    for (size_t i = 0; i < JWT_ALGORITHM_COUNT; i++) {
        if (!(k->algorithms & JWT_BIT(i)))
            continue;
        if (k->secret)
            k->begun_macs[i] = begin_mac(k, &algorithms[i]);
        else
            k->begun[i] = begin_check(k, &algorithms[i]);
        // A key of RSA-PSS may be bound to one hash; then it is for that alone.
        if (!k->begun_macs[i] && !k->begun[i])
            k->algorithms &= ~JWT_BIT(i);
    }
    ERR_clear_error();
    return k->algorithms != 0;
}

static bool check_hmac(const EVP_MAC_CTX *begun, const struct algorithm *a, struct span message,
                       struct span signature)
{
    EVP_MAC_CTX *mac = EVP_MAC_CTX_dup(begun);
    unsigned char made[EVP_MAX_MD_SIZE];
    size_t length = 0;
    bool good = mac && EVP_MAC_update(mac, (const unsigned char *)message.ptr, message.len) &&
                EVP_MAC_final(mac, made, &length, sizeof made) && length == a->size &&
                signature.len == length && CRYPTO_memcmp(made, signature.ptr, length) == 0;

    EVP_MAC_CTX_free(mac);
    return good;
}

/* r and s, each as long as the curve's coordinates (RFC 7518 §3.4), as the DER that libcrypto
 * takes; its length, or 0. *ret_der is given back with OPENSSL_free(). */
static int signature_to_der(const struct jwt_key *k, struct span signature, unsigned char **ret_der)
{
    int half = (EVP_PKEY_get_bits(k->public_key) + 7) / 8, length = 0;
    const unsigned char *bytes = (const unsigned char *)signature.ptr;
    ECDSA_SIG *pair;
    BIGNUM *r, *s;

    if (signature.len != 2 * (size_t)half)
        return 0;
    pair = ECDSA_SIG_new();
    r = BN_bin2bn(bytes, half, NULL);
    s = BN_bin2bn(bytes + half, half, NULL);
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s)) {
        r = s = NULL; // the pair has them now
        length = i2d_ECDSA_SIG(pair, ret_der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return length > 0 ? length : 0;
}

static bool check_public(const EVP_MD_CTX *begun, struct span message, struct span signature)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool good = c && EVP_MD_CTX_copy_ex(c, begun) &&
                EVP_DigestVerify(c, (const unsigned char *)signature.ptr, signature.len,
                                 (const unsigned char *)message.ptr, message.len) == 1;

    EVP_MD_CTX_free(c);
    ERR_clear_error();
    return good;
}

bool jwt_key_verifies(const struct jwt_key *k, enum jwt_algorithm which, struct span message,
                      struct span signature)
{
    const struct algorithm *a = &algorithms[which];
    unsigned char *der = NULL;
    bool good;
    int length;

    if (!(k->algorithms & JWT_BIT(which)) || signature.len == 0)
        return false;
    if (a->family == FAMILY_HMAC)
        return check_hmac(k->begun_macs[which], a, message, signature);
    if (a->family != FAMILY_ECDSA)
        return check_public(k->begun[which], message, signature);
    length = signature_to_der(k, signature, &der);
    good = length &&
           check_public(k->begun[which], message, span_of((const char *)der, (size_t)length));
    OPENSSL_free(der);
    return good;
}
