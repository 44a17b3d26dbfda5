// SPDX-License-Identifier: MIT
#include "wire/field_block.h"

#include "base/error.h"

#include <assert.h>
#include <stdlib.h>

static size_t count_lines(struct span lines)
{
    size_t count = 0;

    for (size_t i = 0; i < lines.len; i++)
        count += lines.ptr[i] == '\n';
    return count;
}

static struct field_pair take_pair(struct span *lines)
{
    struct span line = span_take_until(lines, '\n');
    struct span name = span_take_until(&line, ':');

    assert(line.len >= 2 && line.ptr[0] == ' ' && line.ptr[line.len - 1] == '\r');
    return (struct field_pair){name, span_of(line.ptr + 1, line.len - 2)};
}

int field_block_make(struct span lines, struct field_block *ret_block)
{
    size_t count = count_lines(lines);
    struct field_pair *pairs = malloc(count * sizeof *pairs + lines.len);
    struct span rest;

    if (!pairs)
        return -CANDOR_E_MEMORY;
    rest = span_of((char *)(pairs + count), lines.len);
    memcpy(pairs + count, lines.ptr, lines.len);
    *ret_block = (struct field_block){rest, pairs, count};
    for (size_t i = 0; i < count; i++)
        pairs[i] = take_pair(&rest);
    return 0;
}

void field_block_done(struct field_block *b)
{
    free((struct field_pair *)(uintptr_t)b->pairs);
    *b = (struct field_block){0};
}
