// SPDX-License-Identifier: MIT
#include "access/jwt_keys.h"

#include "access/json.h"
#include "base/error.h"
#include "base/limits.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

static const char pem_begin[] = "-----BEGIN ";

/* The public key of one block; NULL and *ret_why where there is none. */
static EVP_PKEY *key_of_block(const char *name, const unsigned char *data, long length,
                              const char **ret_why)
{
    EVP_PKEY *key = NULL;
    X509 *certificate;

    *ret_why = "is damaged";
    if (strcmp(name, PEM_STRING_PUBLIC) == 0) {
        key = d2i_PUBKEY(NULL, &data, length);
    } else if (strcmp(name, PEM_STRING_RSA_PUBLIC) == 0) {
        key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &data, length);
    } else if (strcmp(name, PEM_STRING_X509) == 0) {
        certificate = d2i_X509(NULL, &data, length);
        if (certificate)
            key = X509_get_pubkey(certificate);
        X509_free(certificate);
    } else if (strstr(name, "PRIVATE KEY")) {
        *ret_why = "is a private one, which has no business here; openssl pkey -pubout makes the "
                   "public one of it";
    } else {
        *ret_why = "is none: neither PUBLIC KEY nor CERTIFICATE";
    }
    ERR_clear_error();
    return key;
}

/* Takes the key in that has just been written behind the others; or NULL, or why not. */
static const char *take_in(struct jwt_keys *k, const char *why)
{
    struct jwt_key *key = &k->list[k->count];

    if (!why && !jwt_key_prepare(key)) {
        jwt_key_done(key);
        why = "cannot be used by libcrypto";
    }
    k->count += !why;
    return why;
}

static int read_pem(struct span text, struct faults *faults, struct jwt_keys *k)
{
    BIO *bio = text.len <= INT32_MAX ? BIO_new_mem_buf(text.ptr, (int)text.len) : NULL;
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    size_t number = 0;
    int error = bio ? 0 : -CANDOR_E_MEMORY;
    long length;

    while (error == 0 && PEM_read_bio(bio, &name, &header, &data, &length)) {
        const char *why;
        EVP_PKEY *key = key_of_block(name, data, length, &why);

        number++;
        if (number > LIMIT_JWT_KEYS) {
            EVP_PKEY_free(key);
            error = -CANDOR_E_LIMIT;
        } else {
            if (key)
                why = take_in(k, jwt_key_from_public(key, &k->list[k->count]));
            if (why)
                faults_add(faults, number, 0, "the key %s", why);
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)length);
    }
    if (error == 0 && bio && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        faults_add(faults, number + 1, 0, "the key is damaged: this is not PEM");
    ERR_clear_error();
    BIO_free(bio);
    return error;
}

static void add_jwk(struct jwt_keys *k, const json_t *jwk, size_t number, struct faults *faults)
{
    const char *why = take_in(k, jwt_key_from_jwk(jwk, &k->list[k->count]));
    struct span id = json_text(jwk, "kid");

    ERR_clear_error();
    if (why && id.len && id.len < 100)
        faults_add(faults, number, 0, "the key %.*s %s", SPAN_ARG(id), why);
    else if (why)
        faults_add(faults, number, 0, "the key %s", why);
}

static int read_jwks(struct span text, struct faults *faults, struct jwt_keys *k)
{
    size_t at = 0;
    json_t *root = json_read_object(text, LIMIT_JWT_DEPTH, &at);
    const json_t *keys = json_object_get(root, "keys");
    int error = 0;

    if (!root) {
        faults_add(faults, 0, at, "this is not JSON without a member that comes twice");
    } else if (json_array_size(keys) > LIMIT_JWT_KEYS) {
        error = -CANDOR_E_LIMIT;
    } else if (json_is_array(keys)) {
        for (size_t i = 0; i < json_array_size(keys); i++)
            add_jwk(k, json_array_get(keys, i), i + 1, faults);
    } else if (json_object_get(root, "kty")) {
        add_jwk(k, root, 1, faults);
    } else {
        faults_add(faults, 0, 0, "there is neither \"keys\" nor \"kty\" in this object");
    }
    json_decref(root);
    return error;
}

int jwt_keys_read(struct span text, struct faults *faults, struct jwt_keys **ret)
{
    struct span content = text;
    struct jwt_keys *k;
    int error;

    if (text.len > LIMIT_JWT_KEYS_FILE)
        return -CANDOR_E_LIMIT;
    k = calloc(1, sizeof *k);
    if (k)
        k->list = calloc(LIMIT_JWT_KEYS, sizeof *k->list);
    if (!k || !k->list) {
        jwt_keys_free(k);
        return -CANDOR_E_MEMORY;
    }
    while (content.len && content.ptr[0] && strchr(" \t\r\n", content.ptr[0]))
        content = span_from(content, 1);
    if (content.len && content.ptr[0] == '{')
        error = read_jwks(content, faults, k);
    else if (memmem(content.ptr ? content.ptr : "", content.len, pem_begin, sizeof pem_begin - 1))
        error = read_pem(text, faults, k);
    else
        error = -CANDOR_E_SYNTAX;
    if (error == 0 && k->count == 0)
        error = -CANDOR_E_SYNTAX;
    if (error == -CANDOR_E_SYNTAX && faults && faults->count == 0)
        faults_add(faults, 0, 0, "there is no key here: neither PEM nor a JWK Set");
    if (error < 0) {
        jwt_keys_free(k);
        return error;
    }
    *ret = k;
    return 0;
}

void jwt_keys_free(struct jwt_keys *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < k->count; i++)
        jwt_key_done(&k->list[i]);
    free(k->list);
    free(k);
}
