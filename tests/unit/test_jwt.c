// SPDX-License-Identifier: MIT
#include "access/jwt.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"

#include "unit.h"

#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define NOW 1700000000
#define GOOD_CLAIMS "{\"exp\":1700000060,\"sub\":\"ann\"}"
#define SECRET "0123456789abcdef0123456789abcdef"
#define SECRET_JWK                                                                                 \
    "{\"kty\":\"oct\",\"kid\":\"one\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}"

static void add_base64(struct buf *b, struct span bytes)
{
    size_t from = b->len;

    assert_true(buf_reserve(b, bytes.len * 2 + 8));
    b->len += (size_t)EVP_EncodeBlock((unsigned char *)b->ptr + from,
                                      (const unsigned char *)bytes.ptr, (int)bytes.len);
    while (b->len > from && b->ptr[b->len - 1] == '=')
        b->len--;
    for (size_t i = from; i < b->len; i++)
        b->ptr[i] = (char)(b->ptr[i] == '+' ? '-' : b->ptr[i] == '/' ? '_' : b->ptr[i]);
}

/* A token of these texts, signed by HS256; the caller frees it. */
static struct buf make(struct span header, struct span claims, struct span secret)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length;
    struct buf b = {0};

    add_base64(&b, header);
    buf_add_char(&b, '.');
    add_base64(&b, claims);
    HMAC(EVP_sha256(), secret.ptr, (int)secret.len, (const unsigned char *)b.ptr, b.len, mac,
         &length);
    buf_add_char(&b, '.');
    add_base64(&b, span_of((const char *)mac, length));
    return b;
}

static struct jwt_keys *keys_of(struct span text)
{
    struct faults faults = {0};
    struct jwt_keys *keys = NULL;

    if (jwt_keys_read(text, &faults, &keys) < 0)
        fail_msg("%.*s: %s", SPAN_ARG(text), faults.list ? faults.list[0].reason : "?");
    faults_done(&faults);
    return keys;
}

static enum jwt_verdict check(struct span token, const struct jwt_policy *policy, int64_t now)
{
    struct jwt_keys *keys = keys_of(SPAN(SECRET_JWK));
    struct claims *claims = NULL;
    enum jwt_verdict verdict = jwt_check(keys, policy, token, now, NULL, &claims);

    assert_int_equal(verdict == JWT_VALID, claims != NULL);
    claims_free(claims);
    jwt_keys_free(keys);
    return verdict;
}

static void expect(const char *header, const char *text, const struct jwt_policy *policy,
                   enum jwt_verdict expected)
{
    static const struct jwt_policy any = {.skew = 0};
    struct buf token = make(span_from_str(header), span_from_str(text), SPAN(SECRET));
    enum jwt_verdict verdict = check(buf_span(&token), policy ? policy : &any, NOW);

    if (verdict != expected)
        fail_msg("%s %s: %s", header, text, jwt_verdict_table[verdict].token.ptr);
    buf_done(&token);
}

#define HS256 "{\"alg\":\"HS256\"}"

// RFC 7515 §4, RFC 8725 §3
static void the_header_chooses_nothing(void **state)
{
    static const struct {
        const char *header;
        enum jwt_verdict verdict;
    } table[] = {
        {HS256, JWT_VALID},
        {"{\"alg\":\"HS256\",\"kid\":\"one\",\"typ\":\"JWT\",\"x\":[1]}", JWT_VALID},
        {"{\"alg\":\"HS256\",\"jku\":\"http://x/\",\"x5u\":\"http://x/\",\"x5c\":[\"x\"],"
         "\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
         JWT_VALID}, // they are not looked at
        {"{\"alg\":\"HS256\",\"kid\":\"two\"}", JWT_UNKNOWN_KEY},
        {"{\"alg\":\"HS256\",\"kid\":\"\"}", JWT_UNKNOWN_KEY},
        {"{\"alg\":\"HS256\",\"kid\":1}", JWT_MALFORMED},
        {"{\"alg\":\"none\"}", JWT_UNSIGNED},
        {"{\"alg\":\"nOnE\"}", JWT_UNSIGNED},
        {"{\"alg\":\"hs256\"}", JWT_UNKNOWN_ALGORITHM},
        {"{\"alg\":\"ES256K\"}", JWT_UNKNOWN_ALGORITHM},
        {"{\"alg\":\"RS256\"}", JWT_WRONG_ALGORITHM},
        {"{\"alg\":\"EdDSA\"}", JWT_WRONG_ALGORITHM},
        {"{\"alg\":\"HS512\"}", JWT_WRONG_ALGORITHM}, // the secret is too short for it
        {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", JWT_CRITICAL},
        {"{\"alg\":\"HS256\",\"crit\":[]}", JWT_CRITICAL},
        {"{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", JWT_CRITICAL},
        {"{\"alg\":\"HS256\",\"alg\":\"HS256\"}", JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", JWT_MALFORMED}, // "alg" twice
        {"{\"alg\":[\"HS256\"]}", JWT_MALFORMED},
        {"{\"typ\":\"JWT\"}", JWT_MALFORMED},
        {"[\"HS256\"]", JWT_MALFORMED},
        {"{\"alg\":\"HS256\"} x", JWT_MALFORMED},
        {"{\"alg\":\"HS256\"", JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"x\":\"\xff\"}", JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"x\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}", JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"x\":\"[[[[[[[[[[[[[[[[[[[[\\\"[[[\"}", JWT_VALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect(table[i].header, GOOD_CLAIMS, NULL, table[i].verdict);
}

// RFC 7519 §4.1
static void claims_are_held_to_the_policy(void **state)
{
    static const struct span audiences[] = {SPAN_INIT("files"), SPAN_INIT("photos")};
    static const struct jwt_policy strict = {
        .issuer = SPAN_INIT("https://a/"), .audiences = audiences, .audience_count = 2};
    static const struct jwt_policy lax = {.skew = 30, .may_lack_expiry = true};
    static const struct {
        const char *claims;
        const struct jwt_policy *policy;
        enum jwt_verdict verdict;
    } table[] = {
        {"{\"exp\":1700000001}", NULL, JWT_VALID},
        {"{\"exp\":1700000000}", NULL, JWT_EXPIRED},
        {"{\"exp\":1700000000.9}", NULL, JWT_EXPIRED},
        {"{\"exp\":1700000001.5}", NULL, JWT_VALID},
        {"{\"exp\":1699999971}", &lax, JWT_VALID},
        {"{\"exp\":1699999970}", &lax, JWT_EXPIRED},
        {"{\"exp\":9223372036854775807}", &lax, JWT_VALID},
        {"{\"exp\":-9223372036854775807}", NULL, JWT_EXPIRED},
        {"{\"exp\":9223372036854775808}", NULL, JWT_MALFORMED},
        {"{\"exp\":1e300}", NULL, JWT_BAD_CLAIM},
        {"{\"exp\":1e999}", NULL, JWT_MALFORMED},
        {"{\"exp\":\"1700000060\"}", NULL, JWT_BAD_CLAIM},
        {"{\"exp\":null}", &lax, JWT_BAD_CLAIM},
        {"{\"exp\":true}", &lax, JWT_BAD_CLAIM},
        {"{}", NULL, JWT_NO_EXPIRY},
        {"{}", &lax, JWT_VALID},
        {"{\"exp\":1700000060,\"nbf\":1700000000}", NULL, JWT_VALID},
        {"{\"exp\":1700000060,\"nbf\":1700000001}", NULL, JWT_NOT_YET},
        {"{\"exp\":1700000060,\"nbf\":1700000030}", &lax, JWT_VALID},
        {"{\"exp\":1700000060,\"nbf\":1700000031}", &lax, JWT_NOT_YET},
        {"{\"exp\":1700000060,\"nbf\":\"x\"}", NULL, JWT_BAD_CLAIM},
        {"{\"exp\":1700000060,\"iat\":1700000001}", NULL, JWT_NOT_YET},
        {"{\"exp\":1700000060,\"iat\":[]}", NULL, JWT_BAD_CLAIM},
        {"{\"exp\":1700000060,\"exp\":1700000060}", NULL, JWT_MALFORMED},
        {"{\"exp\":1700000060,\"iss\":\"https://a/\",\"aud\":\"files\"}", &strict, JWT_VALID},
        {"{\"exp\":1700000060,\"iss\":\"https://a/\",\"aud\":[\"x\",\"photos\"]}", &strict,
         JWT_VALID},
        {"{\"exp\":1700000060,\"iss\":\"https://a/\",\"aud\":[\"x\"]}", &strict,
         JWT_WRONG_AUDIENCE},
        {"{\"exp\":1700000060,\"iss\":\"https://a/\",\"aud\":[]}", &strict, JWT_WRONG_AUDIENCE},
        {"{\"exp\":1700000060,\"iss\":\"https://a/\",\"aud\":\"file\"}", &strict,
         JWT_WRONG_AUDIENCE},
        {"{\"exp\":1700000060,\"iss\":\"https://a/\",\"aud\":\"files photos\"}", &strict,
         JWT_WRONG_AUDIENCE},
        {"{\"exp\":1700000060,\"iss\":\"https://a/\"}", &strict, JWT_WRONG_AUDIENCE},
        {"{\"exp\":1700000060,\"iss\":\"https://a/\",\"aud\":[\"files\",1]}", &strict,
         JWT_BAD_CLAIM},
        {"{\"exp\":1700000060,\"iss\":\"https://a/\",\"aud\":{}}", &strict, JWT_BAD_CLAIM},
        {"{\"exp\":1700000060,\"iss\":\"https://a\",\"aud\":\"files\"}", &strict, JWT_WRONG_ISSUER},
        {"{\"exp\":1700000060,\"aud\":\"files\"}", &strict, JWT_WRONG_ISSUER},
        {"{\"exp\":1700000060,\"iss\":[\"https://a/\"],\"aud\":\"files\"}", &strict, JWT_BAD_CLAIM},
        {"{\"exp\":1700000060,\"sub\":7}", NULL, JWT_BAD_CLAIM},
        {"{\"exp\":1700000060,\"sub\":\"a\\u0000b\"}", NULL, JWT_MALFORMED},
        {"[1]", NULL, JWT_MALFORMED},
        {"\"x\"", NULL, JWT_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect(HS256, table[i].claims, table[i].policy, table[i].verdict);
}

static void any_other_byte_makes_another_token(void **state)
{
    static const struct jwt_policy any = {.skew = 0};
    struct buf b = make(SPAN(HS256), SPAN(GOOD_CLAIMS), SPAN(SECRET));
    char longest[LIMIT_JWT + 1];

    (void)state;
    assert_int_equal(check(buf_span(&b), &any, NOW), JWT_VALID);
    for (size_t i = 0; i < b.len; i++) {
        static const char others[] = "A._=-+ \0";
        char was = b.ptr[i];

        for (size_t j = 0; j < sizeof others - 1; j++) {
            b.ptr[i] = others[j];
            if (others[j] != was)
                assert_int_not_equal(check(buf_span(&b), &any, NOW), JWT_VALID);
        }
        b.ptr[i] = was;
        assert_int_not_equal(check(span_first(buf_span(&b), i), &any, NOW), JWT_VALID);
    }
    buf_add_char(&b, '.');
    assert_int_equal(check(buf_span(&b), &any, NOW), JWT_MALFORMED);
    memset(longest, 'a', sizeof longest);
    assert_int_equal(check(span_of(longest, LIMIT_JWT), &any, NOW), JWT_MALFORMED);
    assert_int_equal(check(span_of(longest, LIMIT_JWT + 1), &any, NOW), JWT_TOO_LARGE);
    assert_int_equal(check(SPAN(""), &any, NOW), JWT_MALFORMED);
    assert_int_equal(check(SPAN(".."), &any, NOW), JWT_MALFORMED);
    buf_done(&b);
}

// RFC 8725 §2.1: a public key is no secret
static void a_public_key_is_no_secret(void **state)
{
    static const struct jwt_policy any = {.skew = 0};
    EVP_PKEY *pair = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    struct claims *claims = NULL;
    struct jwt_keys *keys;
    struct buf token;
    char *pem;
    long length;

    (void)state;
    assert_int_equal(PEM_write_bio_PUBKEY(bio, pair), 1);
    length = BIO_get_mem_data(bio, &pem);
    keys = keys_of(span_of(pem, (size_t)length));
    token = make(SPAN(HS256), SPAN(GOOD_CLAIMS), span_of(pem, (size_t)length));
    assert_int_equal(jwt_check(keys, &any, buf_span(&token), NOW, NULL, &claims),
                     JWT_WRONG_ALGORITHM);
    buf_done(&token);
    jwt_keys_free(keys);
    BIO_free(bio);
    EVP_PKEY_free(pair);
}

static void check_key_refused(const char *text, const char *word)
{
    struct faults faults = {0};
    struct jwt_keys *keys;

    assert_int_equal(jwt_keys_read(span_from_str(text), &faults, &keys), -CANDOR_E_SYNTAX);
    if (faults.count != 1 || !strstr(faults.list[0].reason, word))
        fail_msg("%s: %s", text, faults.list ? faults.list[0].reason : "?");
    faults_done(&faults);
}

#define P256(x, y) "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" x "\",\"y\":\"" y "\"}"
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// RFC 7517 §4, RFC 7518 §6
static void keys_of_no_use_are_told(void **state)
{
    struct faults faults = {0};
    struct jwt_keys *keys;
    struct buf many = {0};

    (void)state;
    check_key_refused("", "no key");
    check_key_refused("x", "no key");
    check_key_refused("{", "not JSON");
    check_key_refused("{}", "neither");
    check_key_refused("{\"keys\":[],\"keys\":[]}", "not JSON");
    check_key_refused("{\"keys\":[1]}", "not an object");
    check_key_refused("{\"kty\":\"foo\"}", "kty");
    check_key_refused("{\"kty\":\"oct\"}", "\"k\"");
    check_key_refused("{\"kty\":\"oct\",\"k\":\"AAAA\"}", "32 bytes");
    check_key_refused("{\"kty\":\"oct\",\"k\":\"" ZEROS "=\"}", "\"k\"");
    check_key_refused("{\"kty\":\"oct\",\"k\":\"" ZEROS "\",\"alg\":\"HS512\"}", "shorter");
    check_key_refused("{\"kty\":\"oct\",\"k\":\"" ZEROS "\",\"alg\":\"ES256\"}", "not for it");
    check_key_refused("{\"kty\":\"oct\",\"k\":\"" ZEROS "\",\"alg\":\"dir\"}", "not known");
    check_key_refused("{\"kty\":\"oct\",\"k\":\"" ZEROS "\",\"use\":\"enc\"}", "not for checking");
    check_key_refused("{\"kty\":\"oct\",\"k\":\"" ZEROS "\",\"key_ops\":[\"sign\"]}",
                      "not for checking");
    check_key_refused("{\"kty\":\"oct\",\"k\":\"" ZEROS "\",\"kid\":3}", "kid");
    check_key_refused(P256(ZEROS, ZEROS), "no key"); // is not on the curve
    check_key_refused(P256(ZEROS, "AA"), "no key");
    check_key_refused("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ZEROS "\"}", "no key");
    check_key_refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "no key");
    check_key_refused("{\"kty\":\"RSA\",\"n\":\"" ZEROS "\",\"e\":\"AQAB\"}", "2048");
    check_key_refused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "damaged");
    check_key_refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "pubout");
    check_key_refused("-----BEGIN PUBLIC KEY-----\nAAAA\n", "damaged");
    // One of use among others is enough.
    assert_int_equal(jwt_keys_read(SPAN("{\"keys\":[{\"kty\":\"foo\",\"kid\":\"bar\"}," SECRET_JWK
                                        ",{\"kty\":\"oct\",\"k\":\"" ZEROS
                                        "\",\"use\":\"sig\",\"key_ops\":[\"sign\",\"verify\"],"
                                        "\"alg\":\"HS256\"}]}"),
                                   &faults, &keys),
                     0);
    assert_int_equal(keys->count, 2);
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.list[0].line, 1);
    assert_non_null(strstr(faults.list[0].reason, "bar"));
    faults_done(&faults);
    jwt_keys_free(keys);
    buf_add_str(&many, "{\"keys\":[1");
    for (int i = 0; i < LIMIT_JWT_KEYS; i++)
        buf_add_str(&many, ",1");
    buf_add_str(&many, "]}");
    assert_int_equal(jwt_keys_read(buf_span(&many), NULL, &keys), -CANDOR_E_LIMIT);
    assert_true(buf_reserve(&many, LIMIT_JWT_KEYS_FILE));
    assert_int_equal(jwt_keys_read(span_of(many.ptr, LIMIT_JWT_KEYS_FILE + 1), NULL, &keys),
                     -CANDOR_E_LIMIT);
    buf_done(&many);
}

static void a_token_is_tried_with_few_keys(void **state)
{
    static const struct jwt_policy any = {.skew = 0};
    struct buf token = make(SPAN(HS256), SPAN(GOOD_CLAIMS), SPAN(SECRET));

    (void)state;
    for (int others = LIMIT_JWT_TRIES - 1; others <= LIMIT_JWT_TRIES; others++) {
        struct claims *claims = NULL;
        struct jwt_keys *keys;
        struct buf set = {0};

        buf_add_str(&set, "{\"keys\":[");
        for (int i = 0; i < others; i++)
            buf_add_str(&set, "{\"kty\":\"oct\",\"k\":\"" ZEROS "\"},");
        buf_add_str(&set, SECRET_JWK "]}");
        keys = keys_of(buf_span(&set));
        assert_int_equal(jwt_check(keys, &any, buf_span(&token), NOW, NULL, &claims),
                         others < LIMIT_JWT_TRIES ? JWT_VALID : JWT_BAD_SIGNATURE);
        claims_free(claims);
        jwt_keys_free(keys);
        buf_done(&set);
    }
    buf_done(&token);
}

static void claims_are_found_by_name(void **state)
{
    static const struct jwt_policy any = {.skew = 0};
    struct buf token = make(SPAN(HS256),
                            SPAN("{\"exp\":1700000060,\"sub\":\"ann\",\"scope\":\"read  write\","
                                 "\"roles\":[\"admin\",7],\"n\":12,\"yes\":true,\"o\":{}}"),
                            SPAN(SECRET));
    struct jwt_keys *keys = keys_of(SPAN(SECRET_JWK));
    struct claims *c = NULL;

    (void)state;
    assert_int_equal(jwt_check(keys, &any, buf_span(&token), NOW, NULL, &c), JWT_VALID);
    assert_true(span_eq(claims_text(c, SPAN("sub")), SPAN("ann")));
    assert_null(claims_text(c, SPAN("n")).ptr);
    assert_true(claims_have(c, SPAN("scope"), SPAN("read")));
    assert_true(claims_have(c, SPAN("scope"), SPAN("write")));
    assert_false(claims_have(c, SPAN("scope"), SPAN("writ")));
    assert_false(claims_have(c, SPAN("scope"), SPAN("read  write")));
    assert_false(claims_have(c, SPAN("scope"), SPAN("")));
    assert_true(claims_have(c, SPAN("roles"), SPAN("admin")));
    assert_true(claims_have(c, SPAN("roles"), SPAN("7")));
    assert_false(claims_have(c, SPAN("roles"), SPAN("admi")));
    assert_true(claims_have(c, SPAN("n"), SPAN("12")));
    assert_false(claims_have(c, SPAN("n"), SPAN("012")));
    assert_true(claims_have(c, SPAN("yes"), SPAN("true")));
    assert_false(claims_have(c, SPAN("o"), SPAN("")));
    assert_false(claims_have(c, SPAN("nothing"), SPAN("")));
    assert_false(claims_have(c, SPAN(""), SPAN("")));
    claims_free(c);
    jwt_keys_free(keys);
    buf_done(&token);
}

static void a_token_that_was_right_is_remembered(void **state)
{
    static const struct jwt_policy any = {.skew = 0}, other = {.issuer = SPAN_INIT("x")};
    struct buf token = make(SPAN(HS256), SPAN(GOOD_CLAIMS), SPAN(SECRET));
    struct jwt_keys *keys = keys_of(SPAN(SECRET_JWK)), *strange;
    struct jwt_memory memory = {.of = 1, .now = 1};
    struct claims *claims = NULL;

    (void)state;
    strange = keys_of(SPAN("{\"kty\":\"oct\",\"k\":\"" ZEROS "\"}"));
    assert_int_equal(verified_new(&memory.verified), 0);
    assert_int_equal(jwt_check(strange, &any, buf_span(&token), NOW, &memory, &claims),
                     JWT_BAD_SIGNATURE);
    assert_int_equal(jwt_check(keys, &any, buf_span(&token), NOW + 60, &memory, &claims),
                     JWT_EXPIRED);
    assert_int_equal(jwt_check(keys, &any, buf_span(&token), NOW, &memory, &claims), JWT_VALID);
    claims_free(claims);
    // Now no key is asked, but what the token says is held to all the same.
    assert_int_equal(jwt_check(strange, &any, buf_span(&token), NOW, &memory, &claims), JWT_VALID);
    assert_true(claims_have(claims, SPAN("sub"), SPAN("ann")));
    claims_free(claims);
    assert_int_equal(jwt_check(keys, &any, buf_span(&token), NOW + 60, &memory, &claims),
                     JWT_EXPIRED);
    assert_int_equal(jwt_check(keys, &other, buf_span(&token), NOW, &memory, &claims),
                     JWT_WRONG_ISSUER);
    // Other keys, another token, or later: it is nothing that is remembered.
    memory.of = 2;
    assert_int_equal(jwt_check(strange, &any, buf_span(&token), NOW, &memory, &claims),
                     JWT_BAD_SIGNATURE);
    memory.of = 1;
    token.ptr[token.len - 2] = token.ptr[token.len - 2] == 'A' ? 'B' : 'A';
    assert_int_equal(jwt_check(keys, &any, buf_span(&token), NOW, &memory, &claims),
                     JWT_BAD_SIGNATURE);
    verified_free(memory.verified);
    jwt_keys_free(keys);
    jwt_keys_free(strange);
    buf_done(&token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_chooses_nothing),
        cmocka_unit_test(claims_are_held_to_the_policy),
        cmocka_unit_test(any_other_byte_makes_another_token),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(keys_of_no_use_are_told),
        cmocka_unit_test(a_token_is_tried_with_few_keys),
        cmocka_unit_test(claims_are_found_by_name),
        cmocka_unit_test(a_token_that_was_right_is_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
