// SPDX-License-Identifier: MIT
/*
 * What it costs to know who a request comes from: nanoseconds of the thread for Basic credentials
 * that are remembered, from the field to the answer, for an API key, and for a JWT of each kind of
 * key, from the field to the claims. Usage: access [MILLISECONDS for each]. The median of some
 * rounds is printed, so that a busy machine tells about as much as a quiet one.
 */
#include "access/api_key.h"
#include "access/authorization.h"
#include "access/jwt.h"
#include "access/verified.h"
#include "base/clock.h"
#include "base/limits.h"

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 9 };

struct job {
    const char *name, *most; // most: what it may take
    struct span field;
    struct verified *verified;
    struct api_keys *api_keys;
    struct jwt_keys *keys;
    struct jwt_memory memory;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "access: %s\n", what);
    exit(1);
}

static bool run(const struct job *j)
{
    static const struct jwt_policy policy = {.issuer = SPAN_INIT("https://login.example/")};
    char memory[LIMIT_BASIC_CREDENTIALS];
    struct basic_credentials basic;
    struct verified_hash hash;
    struct authorization a;
    struct claims *claims;
    struct api_key key;
    struct span token;
    struct fault f;

    if (authorization_parse(j->field, &a, &f) < 0)
        return false;
    if (j->verified)
        return authorization_read_basic(&a, memory, sizeof memory, &basic, &f) == 0 &&
               verified_hash(j->verified, 1, basic.user, basic.password, &hash) &&
               verified_knows(j->verified, &hash, 1);
    if (authorization_read_bearer(&a, &token, &f) < 0)
        return false;
    if (j->api_keys)
        return api_keys_check(j->api_keys, token, &key);
    if (jwt_check(j->keys, &policy, token, 1700000000, j->memory.verified ? &j->memory : NULL,
                  &claims) != JWT_VALID)
        return false;
    claims_free(claims);
    return true;
}

static int64_t thread_time(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return clock_join(ts.tv_sec, ts.tv_nsec);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(const struct job *j, int64_t duration)
{
    double rounds[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        int64_t from = thread_time(), took;
        long done = 0;

        do {
            for (int k = 0; k < 10; k++, done++)
                if (!run(j))
                    fail("something is refused that is right");
            took = thread_time() - from;
        } while (took < duration / ROUNDS);
        rounds[i] = (double)took / (double)done;
    }
    qsort(rounds, ROUNDS, sizeof *rounds, compare);
    printf("%-18s %9.0f  %s\n", j->name, rounds[ROUNDS / 2], j->most);
}

static void add_base64(struct buf *b, struct span bytes)
{
    size_t from = b->len;

    if (!buf_reserve(b, bytes.len * 2 + 8))
        fail("out of memory");
    b->len += (size_t)EVP_EncodeBlock((unsigned char *)b->ptr + from,
                                      (const unsigned char *)bytes.ptr, (int)bytes.len);
    while (b->len > from && b->ptr[b->len - 1] == '=')
        b->len--;
    for (size_t i = from; i < b->len; i++)
        b->ptr[i] = (char)(b->ptr[i] == '+' ? '-' : b->ptr[i] == '/' ? '_' : b->ptr[i]);
}

/* r and s of ES256, from DER. */
static size_t unpack(unsigned char *signature, size_t length)
{
    const unsigned char *at = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)length);

    if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) < 0)
        fail("no signature");
    ECDSA_SIG_free(pair);
    return 64;
}

/* The field with a token of usual claims, signed by that key. */
static struct buf make_field(const char *algorithm, EVP_PKEY *key)
{
    bool edwards = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    struct buf field = {0}, header = {0};
    unsigned char signature[1024];
    size_t length = sizeof signature, prefix = strlen("Bearer ");

    buf_addf(&header, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", algorithm);
    buf_add(&field, SPAN("Bearer "));
    add_base64(&field, buf_span(&header));
    buf_add_char(&field, '.');
    add_base64(&field,
               SPAN("{\"iss\":\"https://login.example/\",\"sub\":\"ann\",\"aud\":[\"files\","
                    "\"photos\"],\"exp\":1700003600,\"iat\":1699999000,\"nbf\":1699999000,"
                    "\"scope\":\"read write\",\"jti\":\"0123456789abcdef\"}"));
    if (!c || EVP_DigestSignInit(c, NULL, edwards ? NULL : EVP_sha256(), NULL, key) <= 0 ||
        EVP_DigestSign(c, signature, &length, (unsigned char *)field.ptr + prefix,
                       field.len - prefix) <= 0)
        fail("nothing can be signed");
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
        length = unpack(signature, length);
    buf_add_char(&field, '.');
    add_base64(&field, span_of((const char *)signature, length));
    EVP_MD_CTX_free(c);
    buf_done(&header);
    return field;
}

static void measure_token(struct job j, const char *algorithm, EVP_PKEY *pair, int64_t duration)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct buf field;
    char *pem;
    long length;

    if (!pair || !bio || PEM_write_bio_PUBKEY(bio, pair) != 1)
        fail("no key");
    length = BIO_get_mem_data(bio, &pem);
    if (jwt_keys_read(span_of(pem, (size_t)length), NULL, &j.keys) < 0)
        fail("no key");
    field = make_field(algorithm, pair);
    j.field = buf_span(&field);
    measure(&j, duration);
    if (verified_new(&j.memory.verified) < 0)
        fail("out of memory");
    j.name = "  remembered";
    measure(&j, duration);
    verified_free(j.memory.verified);
    jwt_keys_free(j.keys);
    buf_done(&field);
    BIO_free(bio);
    EVP_PKEY_free(pair);
}

static void measure_secret(int64_t duration)
{
    static const unsigned char secret[32] = "0123456789abcdef0123456789abcde";
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, secret, sizeof secret);
    struct job j = {.name = "JWT, HS256", .most = "15000"};
    struct buf field, jwk = {0};

    buf_add(&jwk, SPAN("{\"kty\":\"oct\",\"k\":\""));
    add_base64(&jwk, span_of((const char *)secret, sizeof secret));
    buf_add(&jwk, SPAN("\"}"));
    if (!key || jwt_keys_read(buf_span(&jwk), NULL, &j.keys) < 0)
        fail("no key");
    field = make_field("HS256", key);
    j.field = buf_span(&field);
    measure(&j, duration);
    jwt_keys_free(j.keys);
    buf_done(&field);
    buf_done(&jwk);
    EVP_PKEY_free(key);
}

static void measure_basic(int64_t duration)
{
    struct job j = {.name = "Basic, remembered",
                    .most = "2000",
                    .field = SPAN("Basic YW5uOmNvcnJlY3QgaG9yc2UgYmF0dGVyeSBzdGFwbGU=")};
    struct verified_hash hash;

    if (verified_new(&j.verified) < 0 ||
        !verified_hash(j.verified, 1, SPAN("ann"), SPAN("correct horse battery staple"), &hash))
        fail("out of memory");
    verified_remember(j.verified, &hash, 0);
    measure(&j, duration);
    verified_free(j.verified);
}

static void measure_api_key(int64_t duration)
{
    struct job j = {.name = "API key", .most = ""};
    struct buf line = {0}, field = {0};
    char key[API_KEY_LENGTH];

    if (api_key_make(SPAN("ci"), SPAN("read"), key, &line) < 0 ||
        api_keys_read(buf_span(&line), NULL, &j.api_keys) < 0)
        fail("no key");
    buf_add(&field, SPAN("Bearer "));
    buf_add(&field, span_of(key, sizeof key));
    j.field = buf_span(&field);
    measure(&j, duration);
    api_keys_free(j.api_keys);
    buf_done(&field);
    buf_done(&line);
}

int main(int argc, char **argv)
{
    int64_t duration = (argc > 1 ? strtoll(argv[1], NULL, 10) : 500) * CLOCK_MS;

    printf("%-18s %9s  %s\n", "", "ns", "at most");
    measure_basic(duration);
    measure_api_key(duration);
    measure_secret(duration);
    measure_token((struct job){.name = "JWT, ES256", .most = "60000"}, "ES256", EVP_EC_gen("P-256"),
                  duration);
    measure_token((struct job){.name = "JWT, EdDSA", .most = ""}, "EdDSA",
                  EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), duration);
    measure_token((struct job){.name = "JWT, RS256", .most = ""}, "RS256", EVP_RSA_gen(2048),
                  duration);
    return 0;
}
