// SPDX-License-Identifier: MIT
/*
 * The input is a file of keys; a token; and, up to the first NUL and behind it, header and claims
 * of a token that is signed here, so that what is behind the signature is reached.
 */
#include "access/jwt.h"
#include "base/buf.h"

#include <openssl/hmac.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct span audience = SPAN_INIT("files");
static const struct jwt_policy policies[] = {
    {.may_lack_expiry = true},
    {.issuer = SPAN_INIT("https://a/"), .audiences = &audience, .audience_count = 1, .skew = 60},
};

static void add_part(struct buf *b, struct span content)
{
    size_t from = b->len;

    if (!buf_reserve(b, content.len * 2 + 8))
        abort();
    b->len += (size_t)EVP_EncodeBlock((unsigned char *)b->ptr + from,
                                      (const unsigned char *)content.ptr, (int)content.len);
    while (b->len > from && b->ptr[b->len - 1] == '=')
        b->len--;
    for (size_t i = from; i < b->len; i++)
        b->ptr[i] = (char)(b->ptr[i] == '+' ? '-' : b->ptr[i] == '/' ? '_' : b->ptr[i]);
}

static void check(const struct jwt_keys *keys, struct span token, bool may_be_valid)
{
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct claims *claims = NULL;
        enum jwt_verdict verdict = jwt_check(keys, &policies[i], token, 1700000000, NULL, &claims);

        if ((verdict == JWT_VALID) != (claims != NULL) || (claims && !may_be_valid))
            abort();
        if (claims)
            (void)claims_have(claims, SPAN("scope"), SPAN("read"));
        claims_free(claims);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct span secret = SPAN_INIT("0123456789abcdef0123456789abcdef");
    struct span input = {(const char *)data, size}, payload = input;
    struct span header = span_take_until(&payload, '\0');
    struct jwt_keys *keys = NULL, *others = NULL;
    unsigned char mac[EVP_MAX_MD_SIZE];
    struct buf token = {0};
    unsigned length = 0;

    if (jwt_keys_read(SPAN("{\"kty\":\"oct\",\"k\":"
                           "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}"),
                      NULL, &keys) < 0)
        abort();
    check(keys, input, false);
    add_part(&token, header);
    buf_add_char(&token, '.');
    add_part(&token, payload);
    HMAC(EVP_sha256(), secret.ptr, (int)secret.len, (const unsigned char *)token.ptr, token.len,
         mac, &length);
    buf_add_char(&token, '.');
    add_part(&token, span_of((const char *)mac, length));
    check(keys, buf_span(&token), true);
    if (jwt_keys_read(input, NULL, &others) == 0)
        check(others, buf_span(&token), true);
    jwt_keys_free(others);
    jwt_keys_free(keys);
    buf_done(&token);
    return 0;
}
