// SPDX-License-Identifier: MIT
/*
 * API keys: ck_ID_SECRET, 16 and 64 hexadecimal digits in lower case, of which a file keeps lines
 * of NAME:ID:HASH or NAME:ID:HASH:SCOPES. The hash is the SHA-256 of the whole key: the secret has
 * 256 random bits, so nothing slower is needed. Scopes are separated by spaces (RFC 6749 §3.3).
 * A table does not change, and threads may share it.
 */
#ifndef CANDOR_ACCESS_API_KEY_H
#define CANDOR_ACCESS_API_KEY_H

#include "access/fault.h"
#include "base/buf.h"

enum { API_KEY_ID = 16, API_KEY_SECRET = 64, API_KEY_LENGTH = 3 + API_KEY_ID + 1 + API_KEY_SECRET };

struct api_keys;

struct api_key {
    struct span name, id, scopes; // views of the table
};

/* As htpasswd_read(); the file has at most LIMIT_API_KEYS_FILE bytes. */
int api_keys_read(struct span text, struct faults *faults, struct api_keys **ret);
void api_keys_free(struct api_keys *k);

/* Whether a text has the form of an API key, which no JWT has. */
bool api_key_is_one(struct span text);

/* The key that a text is; false: it is none of the table. Takes as long for every text of the form.
 */
bool api_keys_check(const struct api_keys *k, struct span text, struct api_key *ret);

/* NULL, or what is wrong with scopes: the rest of a sentence that begins with "a scope". */
const char *api_key_scopes_fault(struct span scopes);

/* Makes a key, in ret_key without a NUL, and its line with the line's end. scopes may be empty;
 * name and scopes are good ones. 0, -CANDOR_E_SYSTEM: no random bytes, -CANDOR_E_MEMORY. */
int api_key_make(struct span name, struct span scopes, char ret_key[API_KEY_LENGTH],
                 struct buf *line);

#endif
