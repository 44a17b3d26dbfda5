// SPDX-License-Identifier: MIT
#include "access/jwt_key.h"

#include "access/json.h"
#include "base/base64.h"
#include "base/limits.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <stdlib.h>

enum { MOST_COORDINATE = 66, ED25519_KEY = 32, LEAST_RSA_BITS = 2048 };

enum { RSA_SET = JWT_BIT(JWT_RS256) | JWT_BIT(JWT_RS384) | JWT_BIT(JWT_RS512) };
enum { PSS_SET = JWT_BIT(JWT_PS256) | JWT_BIT(JWT_PS384) | JWT_BIT(JWT_PS512) };

static const struct curve {
    const char *name, *group;
    size_t coordinate; // bytes
    enum jwt_algorithm algorithm;
} curves[] = {
    {"P-256", "prime256v1", 32, JWT_ES256},
    {"P-384", "secp384r1", 48, JWT_ES384},
    {"P-521", "secp521r1", 66, JWT_ES512},
};
enum { CURVES = sizeof curves / sizeof *curves };

static const char no_memory[] = "cannot be kept: out of memory";

/* A member that is base64url, decoded into memory that the caller frees; NULL: it is none. */
static unsigned char *take_bytes(const json_t *jwk, const char *name, size_t *ret_length)
{
    struct span text = json_text(jwk, name);
    size_t room = base64_room(text.len);
    unsigned char *bytes = text.len ? malloc(room) : NULL;

    if (bytes && !base64_decode(text, BASE64_URL_BARE, bytes, room, ret_length, NULL)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

static EVP_PKEY *key_from_parameters(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (parameters && c && EVP_PKEY_fromdata_init(c) > 0 &&
        EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(c);
    OSSL_PARAM_free(parameters);
    return key;
}

static EVP_PKEY *make_rsa(const json_t *jwk)
{
    size_t n_length = 0, e_length = 0;
    unsigned char *n = take_bytes(jwk, "n", &n_length), *e = take_bytes(jwk, "e", &e_length);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = NULL, *exponent = NULL;
    EVP_PKEY *key = NULL;

    if (n && e && n_length <= LIMIT_RSA_BITS / 8 + 1 && e_length <= 8) {
        modulus = BN_bin2bn(n, (int)n_length, NULL);
        exponent = BN_bin2bn(e, (int)e_length, NULL);
    }
    if (modulus && exponent && build &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
        key = key_from_parameters("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    free(n);
    free(e);
    return key;
}

static EVP_PKEY *make_ec(const json_t *jwk)
{
    struct span name = json_text(jwk, "crv");
    unsigned char *x, *y, point[1 + 2 * MOST_COORDINATE] = {4}; // uncompressed
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    const struct curve *curve = NULL;
    size_t x_length = 0, y_length = 0;
    EVP_PKEY *key = NULL;

    for (size_t i = 0; i < CURVES; i++)
        if (span_eq(name, span_from_str(curves[i].name)))
            curve = &curves[i];
    x = take_bytes(jwk, "x", &x_length);
    y = take_bytes(jwk, "y", &y_length);
    if (curve && x && y && x_length == curve->coordinate && y_length == curve->coordinate) {
        memcpy(point + 1, x, x_length);
        memcpy(point + 1 + x_length, y, y_length);
        if (build &&
            OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) &&
            OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                             1 + 2 * x_length))
            key = key_from_parameters("EC", build);
    }
    OSSL_PARAM_BLD_free(build);
    free(x);
    free(y);
    return key;
}

static EVP_PKEY *make_okp(const json_t *jwk)
{
    size_t length = 0;
    unsigned char *x = take_bytes(jwk, "x", &length);
    EVP_PKEY *key = NULL;

    if (x && length == ED25519_KEY && span_eq(json_text(jwk, "crv"), SPAN("Ed25519")))
        key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, length);
    free(x);
    return key;
}

static const char *check_rsa(EVP_PKEY *key)
{
    BIGNUM *e = NULL;
    int bits = EVP_PKEY_get_bits(key);
    bool sound =
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) && BN_is_odd(e) && !BN_is_one(e);

    BN_free(e);
    if (bits < LEAST_RSA_BITS)
        return "is of RSA with fewer than 2048 bits, which is weak";
    if (bits > LIMIT_RSA_BITS)
        return "is of RSA with so many bits that each check would take long";
    return sound ? NULL : "is of RSA with an exponent that makes no sense";
}

static const char *check_ec(EVP_PKEY *key, uint32_t *ret_algorithms)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
    char group[64] = "";
    bool sound = c && EVP_PKEY_public_check(c) > 0;

    EVP_PKEY_CTX_free(c);
    EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
    for (size_t i = 0; i < CURVES; i++)
        if (strcmp(group, curves[i].group) == 0)
            *ret_algorithms = JWT_BIT(curves[i].algorithm);
    if (!*ret_algorithms)
        return "is on a curve that is not known here; P-256, P-384 and P-521 are";
    return sound ? NULL : "is no point of its curve";
}

const char *jwt_key_from_public(EVP_PKEY *public_key, struct jwt_key *ret)
{
    const char *why = NULL;
    uint32_t algorithms = 0;

    switch (EVP_PKEY_get_base_id(public_key)) {
    case EVP_PKEY_RSA:
        algorithms = RSA_SET | PSS_SET;
        why = check_rsa(public_key);
        break;
    case EVP_PKEY_RSA_PSS:
        algorithms = PSS_SET;
        why = check_rsa(public_key);
        break;
    case EVP_PKEY_EC:
        why = check_ec(public_key, &algorithms);
        break;
    case EVP_PKEY_ED25519:
        algorithms = JWT_BIT(JWT_ED25519);
        break;
    default:
        why = "is of a kind that is not known here; RSA, EC and Ed25519 are";
    }
    if (why)
        EVP_PKEY_free(public_key);
    else
        *ret = (struct jwt_key){.public_key = public_key, .algorithms = algorithms};
    return why;
}

static const char *take_secret(const json_t *jwk, struct jwt_key *k)
{
    static const struct {
        enum jwt_algorithm algorithm;
        size_t least; // RFC 7518 §3.2: as long as the hash
    } table[] = {{JWT_HS256, 32}, {JWT_HS384, 48}, {JWT_HS512, 64}};

    k->secret = take_bytes(jwk, "k", &k->secret_length);
    if (!k->secret)
        return "is a secret without a \"k\" in base64url";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (k->secret_length >= table[i].least)
            k->algorithms |= JWT_BIT(table[i].algorithm);
    return k->algorithms ? NULL : "is a secret of fewer than 32 bytes, which is weak";
}

static const char *take_material(const json_t *jwk, struct jwt_key *k)
{
    struct span type = json_text(jwk, "kty");
    EVP_PKEY *key;

    if (span_eq(type, SPAN("oct")))
        return take_secret(jwk, k);
    if (span_eq(type, SPAN("RSA")))
        key = make_rsa(jwk);
    else if (span_eq(type, SPAN("EC")))
        key = make_ec(jwk);
    else if (span_eq(type, SPAN("OKP")))
        key = make_okp(jwk);
    else
        return "has a \"kty\" that is not known here; RSA, EC, OKP and oct are";
    if (!key)
        return "has parameters that make no key of its \"kty\" and \"crv\"";
    return jwt_key_from_public(key, k);
}

/* use and key_ops (RFC 7517 §4.2, §4.3): both may be absent. */
static bool may_verify(const json_t *jwk)
{
    const json_t *use = json_object_get(jwk, "use"), *ops = json_object_get(jwk, "key_ops");

    if (use && !span_eq(json_text(jwk, "use"), SPAN("sig")))
        return false;
    for (size_t i = 0; i < json_array_size(ops); i++) {
        const char *op = json_string_value(json_array_get(ops, i));

        if (op && strcmp(op, "verify") == 0)
            return true;
    }
    return !ops;
}

static const char *narrow(const json_t *jwk, struct jwt_key *k)
{
    enum jwt_algorithm a;

    if (!json_object_get(jwk, "alg"))
        return NULL;
    if (!jwt_algorithm_from_name(json_text(jwk, "alg"), &a))
        return "is for an algorithm (\"alg\") that is not known here";
    k->algorithms &= JWT_BIT(a);
    if (k->algorithms)
        return NULL;
    return k->secret ? "is a secret that is shorter than the hash of its \"alg\", or not for it"
                     : "does not fit its \"alg\"";
}

const char *jwt_key_from_jwk(const json_t *jwk, struct jwt_key *ret)
{
    const json_t *id = json_object_get(jwk, "kid");
    struct jwt_key k = {0};
    const char *why;

    if (!json_is_object(jwk))
        return "is not an object";
    if (id && !json_is_string(id))
        return "has a \"kid\" that is no string";
    if (!may_verify(jwk))
        return "is not for checking signatures (\"use\", \"key_ops\")";
    why = take_material(jwk, &k);
    if (!why)
        why = narrow(jwk, &k);
    if (!why && id) {
        k.id = span_to_str(json_text(jwk, "kid"));
        why = k.id ? NULL : no_memory;
    }
    if (why)
        jwt_key_done(&k);
    else
        *ret = k;
    return why;
}

void jwt_key_done(struct jwt_key *k)
{
    for (size_t i = 0; i < JWT_ALGORITHM_COUNT; i++) {
        EVP_MD_CTX_free(k->begun[i]);
        EVP_MAC_CTX_free(k->begun_macs[i]);
    }
    EVP_PKEY_free(k->public_key);
    if (k->secret)
        OPENSSL_cleanse(k->secret, k->secret_length);
    free(k->secret);
    free(k->id);
    *k = (struct jwt_key){0};
}
