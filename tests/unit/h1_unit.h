// SPDX-License-Identifier: MIT
/* Request heads as rows: an input, the outcome that it must have, and the byte where it is found.
 */
#ifndef CANDOR_TESTS_H1_UNIT_H
#define CANDOR_TESTS_H1_UNIT_H

#include "unit.h"
#include "wire/h1.h"

static const struct h1_limits limits = {LIMIT_REQUEST_LINE, LIMIT_FIELD_SECTION, LIMIT_FIELDS};
static struct message message;
static struct h1_head head;

struct row {
    struct span in;
    enum outcome outcome;
    uint64_t offset;
};

#define ROW(text, outcome, offset)                                                                 \
    {                                                                                              \
        SPAN_INIT(text), OUTCOME_##outcome, offset                                                 \
    }
#define H "Host: a\r\n"
#define G "GET / HTTP/1.1\r\n" // 16 bytes
#define GH G H                 // 25 bytes
#define E "\r\n"

/* The input from memory of its own, so that a read beyond it is seen by the sanitizer. */
static inline ptrdiff_t read_exact(struct span in, size_t seen, const struct h1_limits *l,
                                   char **ret_copy)
{
    char *copy = malloc(in.len ? in.len : 1);

    assert_non_null(copy);
    if (in.len)
        memcpy(copy, in.ptr, in.len);
    *ret_copy = copy;
    return h1_read_head(&message, &head, span_of(copy, in.len), seen, l);
}

static inline void expect(struct span in, enum outcome outcome, uint64_t offset,
                          const struct h1_limits *l)
{
    char *copy;
    ptrdiff_t n = read_exact(in, 0, l, &copy);

    if (n != (outcome ? H1_BAD : (ptrdiff_t)offset) || message.violation.outcome != outcome ||
        (outcome && message.violation.offset != offset))
        fail_msg("\"%.*s\": result %td, outcome %s at %llu; expected %s at %llu", SPAN_ARG(in), n,
                 outcome_table[message.violation.outcome].token.ptr,
                 (unsigned long long)message.violation.offset, outcome_table[outcome].token.ptr,
                 (unsigned long long)offset);
    free(copy);
}

/* Alike when the bytes come one by one; a violation may then be seen only when its line ends. */
static inline void expect_dripped(struct span in, enum outcome outcome, uint64_t offset)
{
    ptrdiff_t n = H1_MORE;
    char *copy;

    for (size_t i = 1; i <= in.len && n == H1_MORE; i++) {
        n = read_exact(span_first(in, i), i - 1, &limits, &copy);
        free(copy);
    }
    if (n == H1_MORE) {
        n = read_exact(in, 0, &limits, &copy);
        free(copy);
    }
    if (n != (outcome ? H1_BAD : (ptrdiff_t)offset) ||
        (outcome && (message.violation.outcome != outcome || message.violation.offset != offset)))
        fail_msg("\"%.*s\" byte by byte: result %td, outcome %s at %llu", SPAN_ARG(in), n,
                 outcome_table[message.violation.outcome].token.ptr,
                 (unsigned long long)message.violation.offset);
}

static inline void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        expect(rows[i].in, rows[i].outcome, rows[i].offset, &limits);
        expect_dripped(rows[i].in, rows[i].outcome, rows[i].offset);
    }
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

static inline void parse(struct span in)
{
    assert_int_equal(h1_read_head(&message, &head, in, 0, &limits), in.len);
}

#define ASSERT_SPAN(s, text) assert_true(span_eq(s, SPAN(text)))

#endif
