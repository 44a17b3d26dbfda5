// SPDX-License-Identifier: MIT
/* Checks of signatures, by the families of jwt_algorithm.def. */
#include "access/jwt_key.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
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

static bool check_hmac(const struct jwt_key *k, const struct algorithm *a, struct span message,
                       struct span signature)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    return HMAC(a->digest(), k->secret, (int)k->secret_length, (const unsigned char *)message.ptr,
                message.len, mac, &length) &&
           length == a->size && signature.len == length &&
           CRYPTO_memcmp(mac, signature.ptr, length) == 0;
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

static bool check_public(const struct jwt_key *k, const struct algorithm *a, struct span message,
                         struct span signature)
{
    const unsigned char *bytes = (const unsigned char *)signature.ptr;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pc = NULL;
    bool good =
        c && EVP_DigestVerifyInit(c, &pc, a->digest ? a->digest() : NULL, NULL, k->public_key) > 0;

    // The salt is as long as the hash: RFC 7518 §3.5.
    if (good && a->family == FAMILY_RSA_PSS)
        good = EVP_PKEY_CTX_set_rsa_padding(pc, RSA_PKCS1_PSS_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(pc, a->digest()) > 0 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, RSA_PSS_SALTLEN_DIGEST) > 0;
    good = good && EVP_DigestVerify(c, bytes, signature.len, (const unsigned char *)message.ptr,
                                    message.len) == 1;
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
        return check_hmac(k, a, message, signature);
    if (a->family != FAMILY_ECDSA)
        return check_public(k, a, message, signature);
    length = signature_to_der(k, signature, &der);
    good = length && check_public(k, a, message, span_of((const char *)der, (size_t)length));
    OPENSSL_free(der);
    return good;
}
