// SPDX-License-Identifier: MIT
/*
 * Classes of octets, as one table of bits: locale-free, and one load per octet.
 */
#ifndef CANDOR_BASE_ASCII_H
#define CANDOR_BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ascii_class {
    ASCII_TCHAR = 1 << 0,       // token, RFC 9110 §5.6.2
    ASCII_FIELD_VCHAR = 1 << 1, // VCHAR, obs-text, SP, HTAB: RFC 9110 §5.5
    ASCII_DIGIT = 1 << 2,
    ASCII_HEX = 1 << 3,
    ASCII_PCHAR = 1 << 4,    // pchar without "%": RFC 3986 §3.3
    ASCII_URI_HOST = 1 << 5, // reg-name without "%": RFC 3986 §3.2.2
    ASCII_ALPHA = 1 << 6,
    ASCII_ETAGC = 1 << 7, // etagc, RFC 9110 §8.8.3
    ASCII_RAW = 1 << 8,   // no pchar, but sent unescaped in paths by browsers and others
};

extern const uint16_t ascii_classes[256];

static inline bool ascii_is(char c, unsigned classes)
{
    return (ascii_classes[(unsigned char)c] & classes) != 0;
}

/* token, RFC 9110 §5.6.2 */
static inline bool ascii_is_token(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!ascii_is(ptr[i], ASCII_TCHAR))
            return false;
    return len > 0;
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The value of a hexadecimal digit, or -1. */
static inline int ascii_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Writes 2 * count lower-case hexadecimal digits; no NUL. */
static inline void ascii_write_hex(const unsigned char *bytes, size_t count, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

/* A number in 16 hexadecimal digits, the highest first. */
static inline void ascii_write_hex_u64(uint64_t value, char out[16])
{
    unsigned char bytes[sizeof value];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(value >> (56 - 8 * i));
    ascii_write_hex(bytes, sizeof bytes, out);
}

#endif
