// SPDX-License-Identifier: MIT
#include "base/ascii.h"

// Ranges in designators are an extension of gcc and clang that keeps the table readable.
#pragma GCC diagnostic ignored "-Wpedantic"

#define T ASCII_TCHAR
#define V ASCII_FIELD_VCHAR
#define D ASCII_DIGIT
#define H ASCII_HEX
#define P ASCII_PCHAR
#define U ASCII_URI_HOST
#define A ASCII_ALPHA
#define E ASCII_ETAGC
#define R ASCII_RAW

const uint16_t ascii_classes[256] = {
    ['\t'] = V,
    [' '] = V,
    ['!'] = T | V | P | U | E,
    ['"'] = V,
    ['#'] = T | V | E,
    ['$'] = T | V | P | U | E,
    ['%'] = T | V | E,
    ['&'] = T | V | P | U | E,
    ['\''] = T | V | P | U | E,
    ['('] = V | P | U | E,
    [')'] = V | P | U | E,
    ['*'] = T | V | P | U | E,
    ['+'] = T | V | P | U | E,
    [','] = V | P | U | E,
    ['-'] = T | V | P | U | E,
    ['.'] = T | V | P | U | E,
    ['/'] = V | E,
    ['0' ... '9'] = T | V | D | H | P | U | E,
    [':'] = V | P | E,
    [';'] = V | P | U | E,
    ['<'] = V | E,
    ['='] = V | P | U | E,
    ['>'] = V | E,
    ['?'] = V | E,
    ['@'] = V | P | E,
    ['A' ... 'F'] = T | V | H | P | U | A | E,
    ['G' ... 'Z'] = T | V | P | U | A | E,
    ['['] = V | E | R,
    ['\\'] = V | E,
    [']'] = V | E | R,
    ['^'] = T | V | E | R,
    ['_'] = T | V | P | U | E,
    ['`'] = T | V | E | R,
    ['a' ... 'f'] = T | V | H | P | U | A | E,
    ['g' ... 'z'] = T | V | P | U | A | E,
    ['{'] = V | E | R,
    ['|'] = T | V | E | R,
    ['}'] = V | E | R,
    ['~'] = T | V | P | U | E,
    [0x80 ... 0xff] = V | E,
};
