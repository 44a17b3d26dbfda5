// SPDX-License-Identifier: MIT
#include "access/password_hash.h"

#include "base/ascii.h"
#include "base/limits.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <stdlib.h>

_Static_assert(LIMIT_PASSWORD < CRYPT_MAX_PASSPHRASE_SIZE, "libxcrypt takes no longer ones");

enum { BCRYPT_LENGTH = 60, SHA512_DIGITS = 86, SHA256_DIGITS = 43, YESCRYPT_DIGITS = 43 };
enum { SHA_ROUNDS_USUAL = 5000, SHA_SALT = 16 };

struct password_scratch {
    struct crypt_data data;
};

/* The digits of crypt(5): ./0-9A-Za-z. */
static bool is_digit(char c)
{
    return ascii_is(c, ASCII_ALPHA | ASCII_DIGIT) || c == '.' || c == '/';
}

static bool are_digits(struct span s, size_t count)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.ptr[i]))
            return false;
    return s.len == count;
}

static int digit_value(char c)
{
    static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static const char damaged[] = "is damaged: a hash of this kind has another form";

/* $2b$COST$, 22 digits of salt and 31 of the hash. */
static const char *read_bcrypt(struct span text, struct password_hash *ret)
{
    uint64_t cost = 0;

    if (text.len != BCRYPT_LENGTH || text.ptr[6] != '$' || !are_digits(span_from(text, 7), 53) ||
        !span_to_u64(span_of(text.ptr + 4, 2), 31, &cost) || cost < 4)
        return damaged;
    if (cost > LIMIT_BCRYPT_COST)
        return "would take too long to check: its cost is too high";
    ret->kind = PASSWORD_BCRYPT;
    ret->cost = (uint32_t)cost;
    return NULL;
}

/* $y$, flags, N and r, $, salt, $ and the hash. Other parameters are written by no program that
 * makes passwords. */
static const char *read_yescrypt(struct span text, struct password_hash *ret)
{
    struct span rest = span_from(text, 3), parameters = span_take_until(&rest, '$');
    struct span salt = span_take_until(&rest, '$');
    int n, r;

    if (!are_digits(rest, YESCRYPT_DIGITS) || salt.len == 0 || !are_digits(salt, salt.len))
        return damaged;
    n = parameters.len == 3 && parameters.ptr[0] == 'j' ? digit_value(parameters.ptr[1]) : -1;
    r = n >= 0 ? digit_value(parameters.ptr[2]) : -1;
    if (n < 0 || r < 0 || r > digit_value('T'))
        return "has parameters of yescrypt that are not known here";
    if (n > digit_value('9') + LIMIT_YESCRYPT_DOUBLINGS)
        return "would take too much memory to check: its cost is too high";
    ret->kind = PASSWORD_YESCRYPT;
    ret->cost = (uint32_t)(n * 64 + r);
    return NULL;
}

/* $6$ or $5$, perhaps rounds=NUMBER$, salt, $ and the hash. */
static const char *read_sha(struct span text, enum password_kind kind, size_t digits,
                            struct password_hash *ret)
{
    struct span rest = span_from(text, 3), salt = span_take_until(&rest, '$');
    uint64_t rounds = SHA_ROUNDS_USUAL;

    if (span_starts(salt, SPAN("rounds="))) {
        if (!span_to_u64(span_from(salt, 7), UINT32_MAX, &rounds) || rounds < 1000)
            return damaged;
        salt = span_take_until(&rest, '$');
    }
    if (!are_digits(rest, digits) || salt.len > SHA_SALT)
        return damaged;
    if (rounds > LIMIT_SHA_ROUNDS)
        return "would take too long to check: it has too many rounds";
    ret->kind = kind;
    ret->cost = (uint32_t)rounds;
    return NULL;
}

/* The kinds that are met in such files, and why they are not taken. */
static const char *refuse(struct span text)
{
    static const struct {
        struct span prefix;
        const char *why;
    } table[] = {
        {SPAN_INIT("$apr1$"), "is hashed by $apr1$, which is weak"},
        {SPAN_INIT("$1$"), "is hashed by $1$ (MD5), which is weak"},
        {SPAN_INIT("$2x$"), "is hashed by $2x$, a bcrypt with a known fault"},
        {SPAN_INIT("{SHA}"), "is hashed by {SHA}, which is weak and has no salt"},
        {SPAN_INIT("{SSHA}"), "is hashed by {SSHA}, which is weak"},
        {SPAN_INIT("{PLAIN}"), "stands there in clear"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (span_starts(text, table[i].prefix))
            return table[i].why;
    if (text.len == 0)
        return "is missing";
    if (text.ptr[0] == '*' || text.ptr[0] == '!')
        return "is locked: nobody could use it";
    if (text.ptr[0] == '$' || text.ptr[0] == '{')
        return "is hashed by something that is not known here";
    return "stands there in clear, or is hashed by DES, which is weak";
}

const char *password_hash_read(const char *text, struct password_hash *ret)
{
    struct span s = span_from_str(text);
    struct password_hash hash = {.text = text};
    const char *why;
    int salt;

    if (span_starts(s, SPAN("$2a$")) || span_starts(s, SPAN("$2b$")) ||
        span_starts(s, SPAN("$2y$")))
        why = read_bcrypt(s, &hash);
    else if (span_starts(s, SPAN("$y$")))
        why = read_yescrypt(s, &hash);
    else if (span_starts(s, SPAN("$6$")))
        why = read_sha(s, PASSWORD_SHA512, SHA512_DIGITS, &hash);
    else if (span_starts(s, SPAN("$5$")))
        why = read_sha(s, PASSWORD_SHA256, SHA256_DIGITS, &hash);
    else
        return refuse(s);
    salt = why ? CRYPT_SALT_OK : crypt_checksalt(text);
    if (salt != CRYPT_SALT_OK && salt != CRYPT_SALT_METHOD_LEGACY) // legacy: $5$, which is sound
        why = "is of a kind that this system's libcrypt does not check";
    if (!why)
        *ret = hash;
    return why;
}

struct password_scratch *password_scratch_new(void)
{
    return calloc(1, sizeof(struct password_scratch));
}

void password_scratch_free(struct password_scratch *s)
{
    free(s);
}

/* In `to`, with a NUL; false: it is longer than any, or has a NUL within. */
static bool copy_password(struct span password, char to[LIMIT_PASSWORD + 1])
{
    if (password.len > LIMIT_PASSWORD || span_find(password, '\0') != password.len)
        return false;
    if (password.len)
        memcpy(to, password.ptr, password.len);
    to[password.len] = '\0';
    return true;
}

enum password_verdict password_check(const struct password_hash *hash, struct span password,
                                     struct password_scratch *s)
{
    char phrase[LIMIT_PASSWORD + 1];
    enum password_verdict verdict = PASSWORD_WRONG;
    size_t length = strlen(hash->text);
    const char *made;

    if (!copy_password(password, phrase))
        return PASSWORD_WRONG;
    made = crypt_rn(phrase, hash->text, &s->data, sizeof s->data);
    if (!made)
        verdict = PASSWORD_UNABLE;
    else if (strlen(made) == length && CRYPTO_memcmp(made, hash->text, length) == 0)
        verdict = PASSWORD_RIGHT;
    OPENSSL_cleanse(phrase, sizeof phrase);
    OPENSSL_cleanse(&s->data, sizeof s->data);
    return verdict;
}

char *password_hash_make(struct span password)
{
    struct password_scratch *s = password_scratch_new();
    char phrase[LIMIT_PASSWORD + 1], setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *made = NULL;
    char *copy = NULL;

    if (s && copy_password(password, phrase) &&
        crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof setting))
        made = crypt_rn(phrase, setting, &s->data, sizeof s->data);
    if (made)
        copy = span_to_str(span_from_str(made));
    OPENSSL_cleanse(phrase, sizeof phrase);
    if (s)
        OPENSSL_cleanse(&s->data, sizeof s->data);
    password_scratch_free(s);
    return copy;
}
