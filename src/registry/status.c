// SPDX-License-Identifier: MIT
#include "registry/status.h"

#include <assert.h>

enum { CODE_FIRST = 100, CODE_END = 600 };

enum flag {
    CACHE = 1 << 0,
    RETRY = 1 << 1,
    EMPTY = 1 << 2,
    NO_STORE = 1 << 3,
    REPEAT = 1 << 4,
    UNUSED = 1 << 5,
};

const struct status_info status_table[] = {
#define STATUS(code, reason, section, flags, must, should, may, meaning)                           \
    {code,                                                                                         \
     SPAN_INIT(reason),                                                                            \
     section,                                                                                      \
     ((flags)&CACHE) != 0,                                                                         \
     ((flags)&RETRY) != 0,                                                                         \
     ((flags)&EMPTY) == 0,                                                                         \
     ((flags)&NO_STORE) != 0,                                                                      \
     ((flags)&REPEAT) != 0,                                                                        \
     ((flags)&UNUSED) != 0,                                                                        \
     must,                                                                                         \
     should,                                                                                       \
     may,                                                                                          \
     meaning},
#include "registry/status.def"
#undef STATUS
};
const size_t status_count = sizeof status_table / sizeof *status_table;

const struct status_unregistered status_unregistered_table[] = {
#define SENT true
#define NEVER false
#define UNREGISTERED(code, sent, user, name, meaning) {code, sent, user, name, meaning},
#include "registry/unregistered.def"
#undef UNREGISTERED
#undef NEVER
#undef SENT
};
const size_t status_unregistered_count =
    sizeof status_unregistered_table / sizeof *status_unregistered_table;

/* The rows' indices in the table, so that the tables below can be made by the compiler. */
enum row {
#define STATUS(code, reason, section, flags, must, should, may, meaning) ROW_##code,
#include "registry/status.def"
#undef STATUS
    ROW_COUNT
};

static_assert(ROW_COUNT < UINT8_MAX, "an index into the table of status codes fits into a byte");

/* By code: the row's index plus one; 0 where there is no such code. */
static const uint8_t rows[CODE_END - CODE_FIRST] = {
#define STATUS(code, reason, section, flags, must, should, may, meaning)                           \
    [code - CODE_FIRST] = ROW_##code + 1,
#include "registry/status.def"
#undef STATUS
};

static const struct span lines[ROW_COUNT + 1] = {
#define STATUS(code, reason, section, flags, must, should, may, meaning)                           \
    [ROW_##code + 1] = SPAN_INIT("HTTP/1.1 " #code " " reason "\r\n"),
#include "registry/status.def"
#undef STATUS
};

static size_t row_from_code(int code)
{
    return code >= CODE_FIRST && code < CODE_END ? rows[code - CODE_FIRST] : 0;
}

const struct status_info *status_from_code(int code)
{
    size_t row = row_from_code(code);

    return row ? &status_table[row - 1] : NULL;
}

struct span status_line(int code)
{
    return lines[row_from_code(code)];
}

struct span status_line_of_any(int code, char room[STATUS_LINE])
{
    static const char pattern[STATUS_LINE + 1] = "HTTP/1.1 000 \r\n";
    char *digits = room + sizeof "HTTP/1.1 " - 1;

    if (row_from_code(code))
        return status_line(code);
    memcpy(room, pattern, STATUS_LINE);
    for (int i = 2; i >= 0; i--, code /= 10)
        digits[i] = (char)('0' + code % 10);
    return span_of(room, STATUS_LINE);
}
