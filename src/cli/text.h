// SPDX-License-Identifier: MIT
/*
 * Text for people on a terminal: wrapped, indented, aligned. Lengths are columns; a character of
 * UTF-8 takes one.
 */
#ifndef CANDOR_CLI_TEXT_H
#define CANDOR_CLI_TEXT_H

#include "base/buf.h"

/* Columns to fill: COLUMNS of the environment, else the terminal's, at most 100; 80 without one. */
size_t text_width(void);

/* `text` padded with spaces to `columns`; a longer one is followed by one space. */
void text_add_cell(struct buf *b, struct span text, size_t columns);

/* `text` broken between words so that no line is longer than `width`, and ended with a newline.
 * Its first line goes on at column `indent`, where the buffer's last line must have ended; the
 * others are indented by as much. */
void text_add_wrapped(struct buf *b, struct span text, size_t indent, size_t width);

/* `indent` spaces and the text wrapped behind them. */
void text_add_paragraph(struct buf *b, struct span text, size_t indent, size_t width);

/* Writes it to standard output and frees it. The exit code: CLI_OK or, with a word on standard
 * error, CLI_FAILURE. */
int text_print(struct buf *b);

#endif
