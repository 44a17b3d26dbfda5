// SPDX-License-Identifier: MIT
#include "access/api_key.h"

#include "access/lines.h"
#include "access/user_name.h"
#include "base/ascii.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/hash_table.h"
#include "base/limits.h"
#include "base/list.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <sys/random.h>

struct kept_key {
    struct hash_link link;
    struct api_key key;
    size_t line;
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char text[];
};

struct api_keys {
    struct hash_table table;
    struct hash_key key;
};

static bool is_hex(struct span s, size_t count)
{
    for (size_t i = 0; i < s.len; i++)
        if (ascii_hex_value(s.ptr[i]) < 0 || (s.ptr[i] >= 'A' && s.ptr[i] <= 'F'))
            return false;
    return s.len == count;
}

bool api_key_is_one(struct span text)
{
    return text.len == API_KEY_LENGTH && span_starts(text, SPAN("ck_")) &&
           is_hex(span_of(text.ptr + 3, API_KEY_ID), API_KEY_ID) &&
           text.ptr[3 + API_KEY_ID] == '_' &&
           is_hex(span_from(text, 4 + API_KEY_ID), API_KEY_SECRET);
}

const char *api_key_scopes_fault(struct span scopes)
{
    while (scopes.len) {
        struct span scope = span_take_until(&scopes, ' ');

        for (size_t i = 0; i < scope.len; i++)
            if (scope.ptr[i] <= ' ' || scope.ptr[i] > '~' || scope.ptr[i] == '"' ||
                scope.ptr[i] == '\\')
                return "may have visible characters of ASCII only, without \" and \\";
    }
    return NULL;
}

static struct kept_key *find(const struct api_keys *k, struct span id)
{
    uint64_t hash = hash_keyed(&k->key, 0, id);

    for (struct hash_link *at = hash_table_find(&k->table, hash); at; at = hash_table_next(at)) {
        struct kept_key *kept = container_of(at, struct kept_key, link);

        if (span_eq(kept->key.id, id))
            return kept;
    }
    return NULL;
}

/* Why a line is none, and where. */
static const char *check_line(struct span name, struct span id, struct span hash,
                              struct span scopes, size_t *ret_at)
{
    const char *why = user_name_fault(name);

    *ret_at = 0;
    if (why)
        return why;
    *ret_at = name.len + 1;
    if (!is_hex(id, API_KEY_ID))
        return "is followed by the key's id, 16 hexadecimal digits in lower case";
    *ret_at += id.len + 1;
    if (!is_hex(hash, 2 * SHA256_DIGEST_LENGTH))
        return "and the id are followed by a SHA-256 of 64 hexadecimal digits in lower case";
    *ret_at += hash.len + 1;
    return api_key_scopes_fault(scopes) ? "is followed by a scope that has a foreign character"
                                        : NULL;
}

static int add_line(struct api_keys *k, struct span line, size_t number, struct faults *faults)
{
    struct span rest = line, name = span_take_until(&rest, ':'), id = span_take_until(&rest, ':');
    struct span hash = span_take_until(&rest, ':'), scopes = span_trim(rest);
    size_t at;
    const char *why = check_line(name, id, hash, scopes, &at);
    const struct kept_key *earlier = why ? NULL : find(k, id);
    struct kept_key *kept;

    if (why) {
        faults_add(faults, number, at < line.len ? at : line.len,
                   "the name %s; a line is NAME:ID:HASH or NAME:ID:HASH:SCOPES, as candor key "
                   "makes it",
                   why);
        return 0;
    }
    if (earlier) {
        faults_add(faults, number, name.len + 1, "the key of this id is in line %zu already",
                   earlier->line);
        return 0;
    }
    kept = calloc(1, sizeof *kept + line.len);
    if (!kept)
        return -CANDOR_E_MEMORY;
    memcpy(kept->text, line.ptr, line.len);
    kept->key.name = span_of(kept->text + (name.ptr - line.ptr), name.len);
    kept->key.id = span_of(kept->text + (id.ptr - line.ptr), id.len);
    if (scopes.len)
        kept->key.scopes = span_of(kept->text + (scopes.ptr - line.ptr), scopes.len);
    kept->line = number;
    for (size_t i = 0; i < sizeof kept->hash; i++)
        kept->hash[i] = (unsigned char)(ascii_hex_value(hash.ptr[2 * i]) << 4 |
                                        ascii_hex_value(hash.ptr[2 * i + 1]));
    hash_table_add(&k->table, &kept->link, hash_keyed(&k->key, 0, kept->key.id));
    return 0;
}

int api_keys_read(struct span text, struct faults *faults, struct api_keys **ret)
{
    struct faults mine = {0};
    struct lines lines = lines_of(text);
    struct api_keys *k;
    struct span line;
    int error;

    if (text.len > LIMIT_API_KEYS_FILE)
        return -CANDOR_E_LIMIT;
    k = calloc(1, sizeof *k);
    if (!k)
        return -CANDOR_E_MEMORY;
    error = hash_table_init(&k->table);
    if (error >= 0)
        error = hash_key_make(&k->key);
    if (!faults)
        faults = &mine;
    while (error >= 0 && lines_next(&lines, &line))
        error = add_line(k, line, lines.number, faults);
    if (error >= 0 && faults->count)
        error = -CANDOR_E_SYNTAX;
    faults_done(&mine);
    if (error < 0) {
        api_keys_free(k);
        return error;
    }
    *ret = k;
    return 0;
}

void api_keys_free(struct api_keys *k)
{
    if (!k)
        return;
    for (size_t i = 0; k->table.buckets && i <= k->table.mask; i++) {
        struct hash_link *at = k->table.buckets[i];

        while (at) {
            struct kept_key *kept = container_of(at, struct kept_key, link);

            at = at->next;
            free(kept);
        }
    }
    hash_table_done(&k->table);
    free(k);
}

bool api_keys_check(const struct api_keys *k, struct span text, struct api_key *ret)
{
    static const unsigned char nobody[SHA256_DIGEST_LENGTH];
    unsigned char hash[SHA256_DIGEST_LENGTH];
    const struct kept_key *kept;
    bool equal;

    if (!api_key_is_one(text))
        return false;
    kept = find(k, span_of(text.ptr + 3, API_KEY_ID));
    SHA256((const unsigned char *)text.ptr, text.len, hash);
    equal = CRYPTO_memcmp(hash, kept ? kept->hash : nobody, sizeof hash) == 0;
    if (!kept || !equal)
        return false;
    *ret = kept->key;
    return true;
}

int api_key_make(struct span name, struct span scopes, char ret_key[API_KEY_LENGTH],
                 struct buf *line)
{
    unsigned char random[(API_KEY_ID + API_KEY_SECRET) / 2], hash[SHA256_DIGEST_LENGTH];
    char hex[2 * sizeof hash];

    if (getrandom(random, sizeof random, 0) != sizeof random)
        return -CANDOR_E_SYSTEM;
    memcpy(ret_key, "ck_", 3);
    ascii_write_hex(random, API_KEY_ID / 2, ret_key + 3);
    ret_key[3 + API_KEY_ID] = '_';
    ascii_write_hex(random + API_KEY_ID / 2, API_KEY_SECRET / 2, ret_key + 4 + API_KEY_ID);
    SHA256((const unsigned char *)ret_key, API_KEY_LENGTH, hash);
    ascii_write_hex(hash, sizeof hash, hex);
    buf_add(line, name);
    buf_add_char(line, ':');
    buf_add(line, span_of(ret_key + 3, API_KEY_ID));
    buf_add_char(line, ':');
    buf_add(line, span_of(hex, sizeof hex));
    if (scopes.len) {
        buf_add_char(line, ':');
        buf_add(line, scopes);
    }
    buf_add_char(line, '\n');
    OPENSSL_cleanse(random, sizeof random);
    return line->failed ? -CANDOR_E_MEMORY : 0;
}
