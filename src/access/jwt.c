// SPDX-License-Identifier: MIT
#include "access/jwt.h"

#include "access/json.h"
#include "base/base64.h"
#include "base/limits.h"

#include <stdlib.h>

const struct jwt_verdict_info jwt_verdict_table[JWT_VERDICT_COUNT] = {
#define JWT_VERDICT(ident, token, text) [JWT_##ident] = {SPAN_INIT(token), SPAN_INIT(text)},
#include "access/jwt_verdict.def"
#undef JWT_VERDICT
};

/* Room for what a token decodes to: a part at a time, and the signature. */
struct decoded {
    unsigned char *part, *signature;
    size_t size, signature_length;
};

struct parts {
    struct span header, payload, signature, message;
};

/* Exactly three parts; the signature may be empty, which only "none" has. */
static bool split(struct span token, struct parts *ret)
{
    struct span rest = token;

    ret->header = span_take_until(&rest, '.');
    if (ret->header.len == token.len)
        return false;
    ret->payload = span_take_until(&rest, '.');
    ret->message = span_first(token, ret->header.len + 1 + ret->payload.len);
    if (ret->message.len == token.len)
        return false;
    ret->signature = rest;
    return ret->header.len && ret->payload.len;
}

static json_t *read_part(struct span text, struct decoded *d)
{
    size_t length;

    if (!base64_decode(text, BASE64_URL_BARE, d->part, d->size, &length, NULL))
        return NULL;
    return json_read_object(span_of((const char *)d->part, length), LIMIT_JWT_DEPTH, NULL);
}

/* Which keys may have signed it: those of its kid, or where no key has that, those without one. */
static bool is_candidate(const struct jwt_key *k, struct span id, bool by_id)
{
    if (!id.ptr)
        return true;
    return by_id ? k->id && span_eq(span_from_str(k->id), id) : !k->id;
}

static enum jwt_verdict check_signature(const struct jwt_keys *keys, struct span id,
                                        enum jwt_algorithm a, struct span message,
                                        struct span signature)
{
    enum jwt_verdict verdict = JWT_UNKNOWN_KEY;
    bool by_id = false;
    size_t tries = 0;

    for (size_t i = 0; i < keys->count; i++)
        by_id |= id.ptr && keys->list[i].id && span_eq(span_from_str(keys->list[i].id), id);
    for (size_t i = 0; i < keys->count && tries < LIMIT_JWT_TRIES; i++) {
        const struct jwt_key *k = &keys->list[i];

        if (!is_candidate(k, id, by_id))
            continue;
        if (!(k->algorithms & JWT_BIT(a))) {
            verdict = verdict == JWT_UNKNOWN_KEY ? JWT_WRONG_ALGORITHM : verdict;
            continue;
        }
        if (jwt_key_verifies(k, a, message, signature))
            return JWT_VALID;
        verdict = JWT_BAD_SIGNATURE;
        tries++;
    }
    return verdict;
}

static enum jwt_verdict check_header(const struct jwt_keys *keys, const struct parts *p,
                                     struct decoded *d)
{
    json_t *header = read_part(p->header, d);
    const json_t *id = json_object_get(header, "kid");
    struct span name = json_text(header, "alg");
    enum jwt_verdict verdict = JWT_MALFORMED;
    enum jwt_algorithm a;

    if (!header || !name.ptr || (id && !json_is_string(id)) ||
        !base64_decode(p->signature, BASE64_URL_BARE, d->signature, d->size, &d->signature_length,
                       NULL))
        verdict = JWT_MALFORMED;
    else if (span_eq_nocase(name, SPAN("none")))
        verdict = JWT_UNSIGNED;
    else if (json_object_get(header, "crit")) // RFC 7515 §4.1.11
        verdict = JWT_CRITICAL;
    else if (!jwt_algorithm_from_name(name, &a))
        verdict = JWT_UNKNOWN_ALGORITHM;
    else
        verdict = check_signature(keys, json_text(header, "kid"), a, p->message,
                                  span_of((const char *)d->signature, d->signature_length));
    json_decref(header);
    return verdict;
}

/* NumericDate (RFC 7519 §2). False: it is there and no number. */
static bool read_date(const json_t *claims, const char *name, bool *ret_is_there, int64_t *ret)
{
    const json_t *value = json_object_get(claims, name);
    double real;

    *ret_is_there = value != NULL;
    if (!value)
        return true;
    if (json_is_integer(value)) {
        *ret = json_integer_value(value);
        return true;
    }
    real = json_real_value(value);
    if (!json_is_real(value) || !(real > -1e15 && real < 1e15))
        return false;
    *ret = (int64_t)real - (real < 0); // a second too early rather than too late
    return true;
}

/* The sum, or the end of the range. */
static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

static enum jwt_verdict check_times(const json_t *claims, const struct jwt_policy *p, int64_t now)
{
    int64_t expiry = 0, from = 0, issued = 0;
    bool has_expiry, has_from, has_issued;

    if (!read_date(claims, "exp", &has_expiry, &expiry) ||
        !read_date(claims, "nbf", &has_from, &from) ||
        !read_date(claims, "iat", &has_issued, &issued))
        return JWT_BAD_CLAIM;
    if (!has_expiry && !p->may_lack_expiry)
        return JWT_NO_EXPIRY;
    if (has_expiry && now >= add(expiry, p->skew))
        return JWT_EXPIRED;
    if ((has_from && add(now, p->skew) < from) || (has_issued && add(now, p->skew) < issued))
        return JWT_NOT_YET;
    return JWT_VALID;
}

static bool is_wanted(const struct jwt_policy *p, const json_t *audience)
{
    struct span text = json_is_string(audience)
                           ? span_of(json_string_value(audience), json_string_length(audience))
                           : span_of(NULL, 0);

    for (size_t i = 0; text.ptr && i < p->audience_count; i++)
        if (span_eq(p->audiences[i], text))
            return true;
    return false;
}

/* aud is a string or a list of strings (RFC 7519 §4.1.3). */
static enum jwt_verdict check_audience(const json_t *claims, const struct jwt_policy *p)
{
    const json_t *audience = json_object_get(claims, "aud");
    bool wanted = p->audience_count == 0 || is_wanted(p, audience);

    if (audience && !json_is_string(audience) && !json_is_array(audience))
        return JWT_BAD_CLAIM;
    for (size_t i = 0; i < json_array_size(audience); i++) {
        if (!json_is_string(json_array_get(audience, i)))
            return JWT_BAD_CLAIM;
        wanted |= is_wanted(p, json_array_get(audience, i));
    }
    return wanted ? JWT_VALID : JWT_WRONG_AUDIENCE;
}

static enum jwt_verdict check_claims(const json_t *claims, const struct jwt_policy *p, int64_t now)
{
    static const char *const texts[] = {"iss", "sub", "jti", "scope"};
    enum jwt_verdict verdict;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const json_t *value = json_object_get(claims, texts[i]);

        // A list of scopes is in the wild, and as clear.
        if (value && !json_is_string(value) && !(i == 3 && json_is_array(value)))
            return JWT_BAD_CLAIM;
    }
    if (p->issuer.len && !span_eq(json_text(claims, "iss"), p->issuer))
        return JWT_WRONG_ISSUER;
    verdict = check_audience(claims, p);
    return verdict == JWT_VALID ? check_times(claims, p, now) : verdict;
}

/* A token that is remembered was the same to the byte, and so was what was found of its header. The
 * name of no user has a line's end, so no credentials of Basic have that hash. */
static bool recall(const struct jwt_memory *m, struct span token, struct verified_hash *hash)
{
    return m && verified_hash(m->verified, m->of, SPAN("\n"), token, hash) &&
           verified_knows(m->verified, hash, m->now);
}

enum jwt_verdict jwt_check(const struct jwt_keys *keys, const struct jwt_policy *policy,
                           struct span token, int64_t now, const struct jwt_memory *memory,
                           struct claims **ret_claims)
{
    struct verified_hash hash = {{0}};
    enum jwt_verdict verdict;
    json_t *claims = NULL;
    struct decoded d;
    struct parts p;
    bool known;

    if (token.len > LIMIT_JWT)
        return JWT_TOO_LARGE;
    if (!split(token, &p))
        return JWT_MALFORMED;
    d = (struct decoded){.size = base64_room(token.len)};
    d.part = malloc(2 * d.size);
    if (!d.part)
        return JWT_UNABLE;
    d.signature = d.part + d.size;
    known = recall(memory, token, &hash);
    verdict = known ? JWT_VALID : check_header(keys, &p, &d);
    if (verdict == JWT_VALID) {
        claims = read_part(p.payload, &d);
        verdict = claims ? check_claims(claims, policy, now) : JWT_MALFORMED;
    }
    free(d.part);
    if (verdict != JWT_VALID) {
        json_decref(claims);
        return verdict;
    }
    if (memory && !known)
        verified_remember(memory->verified, &hash, memory->now);
    *ret_claims = (struct claims *)claims;
    return JWT_VALID;
}
