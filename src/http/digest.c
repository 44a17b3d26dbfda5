// SPDX-License-Identifier: MIT
#include "http/digest.h"

#include "http/structured.h"

enum { PREFERENCE_MAX = 10 }; // RFC 9530 §4

static const struct {
    struct span name;
    size_t length;
} algorithms[DIGEST_ALGORITHMS] = {
    [DIGEST_SHA_256] = {SPAN_INIT("sha-256"), 32},
    [DIGEST_SHA_512] = {SPAN_INIT("sha-512"), 64},
};

size_t digest_length(enum digest_algorithm algorithm)
{
    return algorithms[algorithm].length;
}

/* The algorithm of that name, or DIGEST_ALGORITHMS. */
static int find_algorithm(struct span name)
{
    int a = 0;

    while (a < DIGEST_ALGORITHMS && !span_eq(algorithms[a].name, name))
        a++;
    return a;
}

bool digest_parse(struct span value, struct digests *ret, size_t *ret_offset)
{
    struct span rest = value;
    struct structured_member m;
    struct digests d = {.has = {false}};
    enum structured_step step;

    while ((step = structured_next_member(&rest, &m)) == STRUCTURED_MEMBER) {
        int a = find_algorithm(m.key);
        size_t length;

        if (a == DIGEST_ALGORITHMS)
            continue;
        if (m.type != STRUCTURED_BYTES ||
            !structured_decode_bytes(m.text, d.bytes[a], DIGEST_LENGTH_MAX, &length) ||
            length != algorithms[a].length) {
            *ret_offset = (size_t)(m.key.ptr - value.ptr);
            return false;
        }
        d.has[a] = true;
    }
    if (step == STRUCTURED_MALFORMED) {
        *ret_offset = (size_t)(rest.ptr - value.ptr);
        return false;
    }
    *ret = d;
    return true;
}

bool digest_agree(const struct digests *sent, const struct digests *computed)
{
    for (int a = 0; a < DIGEST_ALGORITHMS; a++)
        if (sent->has[a] && (!computed->has[a] ||
                             memcmp(sent->bytes[a], computed->bytes[a], algorithms[a].length) != 0))
            return false;
    return true;
}

void digest_write(struct buf *b, enum digest_algorithm algorithm, const uint8_t *bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = algorithms[algorithm].length;

    buf_add(b, algorithms[algorithm].name);
    buf_add(b, SPAN("=:"));
    for (size_t i = 0; i < length; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16;

        bits |= i + 1 < length ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= i + 2 < length ? (uint32_t)bytes[i + 2] : 0;
        buf_add_char(b, alphabet[bits >> 18]);
        buf_add_char(b, alphabet[bits >> 12 & 63]);
        buf_add_char(b, i + 1 < length ? alphabet[bits >> 6 & 63] : '=');
        buf_add_char(b, i + 2 < length ? alphabet[bits & 63] : '=');
    }
    buf_add_char(b, ':');
}

bool digest_wanted(struct span value, enum digest_algorithm *ret)
{
    int64_t wishes[DIGEST_ALGORITHMS] = {0}, most = 0;
    enum digest_algorithm best = DIGEST_SHA_256;
    struct structured_member m;
    enum structured_step step;

    while ((step = structured_next_member(&value, &m)) == STRUCTURED_MEMBER) {
        int a = find_algorithm(m.key);

        if (a == DIGEST_ALGORITHMS)
            continue;
        wishes[a] = m.type == STRUCTURED_INTEGER && m.integer <= PREFERENCE_MAX ? m.integer : 0;
    }
    for (int a = 0; a < DIGEST_ALGORITHMS; a++) {
        if (wishes[a] > most) {
            most = wishes[a];
            best = (enum digest_algorithm)a;
        }
    }
    if (step == STRUCTURED_MALFORMED || most == 0)
        return false;
    *ret = best;
    return true;
}
