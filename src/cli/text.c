// SPDX-License-Identifier: MIT
#include "cli/text.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 80, WIDTH_LEAST = 40, WIDTH_MOST = 100 };

size_t text_width(void)
{
    uint64_t columns = WIDTH_DEFAULT;
    struct winsize size;

    if (!span_to_u64(span_from_str(getenv("COLUMNS")), UINT16_MAX, &columns) &&
        isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        columns = size.ws_col;
    if (columns < WIDTH_LEAST)
        return WIDTH_LEAST;
    return columns > WIDTH_MOST ? WIDTH_MOST : (size_t)columns;
}

static size_t columns_of(struct span text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return n;
}

static void add_spaces(struct buf *b, size_t n)
{
    while (n--)
        buf_add_char(b, ' ');
}

void text_add_cell(struct buf *b, struct span text, size_t columns)
{
    size_t taken = columns_of(text);

    buf_add(b, text);
    add_spaces(b, taken < columns ? columns - taken : 1);
}

void text_add_wrapped(struct buf *b, struct span text, size_t indent, size_t width)
{
    size_t at = indent;
    bool first = true;

    while (text.len) {
        struct span word = span_take_until(&text, ' ');
        size_t columns = columns_of(word);

        if (!first && at + 1 + columns > width) {
            buf_add_char(b, '\n');
            add_spaces(b, indent);
            at = indent;
        } else if (!first) {
            buf_add_char(b, ' ');
            at++;
        }
        buf_add(b, word);
        at += columns;
        first = false;
    }
    buf_add_char(b, '\n');
}

void text_add_paragraph(struct buf *b, struct span text, size_t indent, size_t width)
{
    add_spaces(b, indent);
    text_add_wrapped(b, text, indent, width);
}

int text_print(struct buf *b)
{
    bool written = !b->failed && fwrite(b->ptr, 1, b->len, stdout) == b->len && fflush(stdout) == 0;

    if (b->failed)
        fputs("candor: out of memory\n", stderr);
    else if (!written)
        fprintf(stderr, "candor: cannot write to standard output: %s\n", strerror(errno));
    buf_done(b);
    return written ? CLI_OK : CLI_FAILURE;
}
