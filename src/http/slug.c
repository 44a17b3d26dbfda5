// SPDX-License-Identifier: MIT
/*
 * The text is read character by character through a source that decodes escapes if wanted, so that
 * a value of any length needs no memory beside the name.
 */
#include "http/slug.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <stdio.h>

enum {
    EXTENSION_MAX = 16, // bytes of an extension, with its dot, that a cut name keeps
    NUMBER_LENGTH = 16  // " (4294967295)" and a NUL
};

struct source {
    struct span rest;
    bool decode;
};

/* The octet at the front, *ret_length bytes long in the source. */
static unsigned char peek(const struct source *s, size_t at, size_t *ret_length)
{
    struct span rest = span_from(s->rest, at);

    *ret_length = 1;
    if (s->decode && rest.ptr[0] == '%' && rest.len > 2) {
        int high = ascii_hex_value(rest.ptr[1]), low = ascii_hex_value(rest.ptr[2]);

        if (high >= 0 && low >= 0) {
            *ret_length = 3;
            return (unsigned char)(high << 4 | low);
        }
    }
    return (unsigned char)rest.ptr[0];
}

/* Takes one character, at most 4 octets, off the source; what is not UTF-8 octet by octet as "_".
 * 0: the end. */
static size_t take_character(struct source *s, char out[4])
{
    size_t ends[4], count = 0, at = 0, length;

    while (count < 4 && at < s->rest.len) {
        out[count] = (char)peek(s, at, &length);
        at += length;
        ends[count++] = at;
    }
    if (count == 0)
        return 0;
    length = utf8_length(span_of(out, count));
    if (length == 0) {
        out[0] = '_';
        length = 1;
    }
    s->rest = span_from(s->rest, ends[length - 1]);
    return length;
}

/* U+0080 to U+009F, and the marks and overrides of direction, which make one name look like
 * another: U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069. */
static bool is_treacherous(const char *c, size_t length)
{
    const unsigned char *u = (const unsigned char *)c;

    if (length == 1)
        return u[0] < 0x20 || u[0] == 0x7f || u[0] == '/' || u[0] == '\\';
    if (length == 2)
        return u[0] == 0xc2 && u[1] < 0xa0;
    if (length == 3 && u[0] == 0xe2 && u[1] == 0x80)
        return u[2] == 0x8e || u[2] == 0x8f || (u[2] >= 0xa8 && u[2] <= 0xae);
    return length == 3 && u[0] == 0xe2 && u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9;
}

static bool is_edge(char c)
{
    return c == '.' || c == ' ';
}

/* The name before any cut is made of at most this much; more can't matter but for the extension. */
struct name {
    char text[LIMIT_FILE_NAME + 4];
    size_t len;
    char tail[EXTENSION_MAX + 4]; // the characters since the last dot, with it, once it is too long
    size_t tail_len;              // 0: there is none, or it is too long itself
    bool too_long;
};

static void add_tail(struct name *n, const char *c, size_t length)
{
    if (length == 1 && c[0] == '.')
        n->tail_len = 0;
    else if (n->tail_len == 0)
        return;
    if (n->tail_len + length > EXTENSION_MAX) {
        n->tail_len = 0;
        return;
    }
    memcpy(n->tail + n->tail_len, c, length);
    n->tail_len += length;
}

/* The offset of the character that contains the byte at that offset of well-formed text. */
static size_t find_boundary(const char *text, size_t at)
{
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static size_t finish(struct name *n, char out[LIMIT_FILE_NAME])
{
    size_t len = n->len;

    while (n->tail_len && is_edge(n->tail[n->tail_len - 1]))
        n->tail_len--;
    if (n->too_long) {
        len = LIMIT_FILE_NAME - n->tail_len;
        len = len < n->len ? find_boundary(n->text, len) : n->len;
        memcpy(n->text + len, n->tail, n->tail_len);
        len += n->tail_len;
    }
    while (len && is_edge(n->text[len - 1]))
        len--;
    memcpy(out, n->text, len);
    return len;
}

static size_t clean(struct source source, bool dotfiles, char out[LIMIT_FILE_NAME])
{
    struct name n = {.len = 0};
    char c[4];
    size_t length, skipped = 0;
    bool by_dot = false; // what was skipped last was one

    while ((length = take_character(&source, c)) > 0) {
        if (is_treacherous(c, length)) {
            c[0] = '-';
            length = 1;
        }
        if (n.len == 0 && is_edge(c[0])) {
            by_dot = c[0] == '.';
            skipped++;
            continue;
        }
        if (n.len == 0 && dotfiles && by_dot && skipped == 1)
            n.text[n.len++] = '.';
        add_tail(&n, c, length);
        if (n.len + length > LIMIT_FILE_NAME)
            n.too_long = true;
        if (n.too_long)
            continue;
        memcpy(n.text + n.len, c, length);
        n.len += length;
    }
    return finish(&n, out);
}

size_t file_name_clean(struct span text, bool dotfiles, char out[LIMIT_FILE_NAME])
{
    return clean((struct source){span_trim(text), false}, dotfiles, out);
}

size_t slug_file_name(struct span value, bool dotfiles, char out[LIMIT_FILE_NAME])
{
    return clean((struct source){span_trim(value), true}, dotfiles, out);
}

/* The offset of the dot of an extension; the length of the name when there is none. */
static size_t find_extension(struct span name)
{
    size_t dot = name.len;

    while (dot > 0 && name.ptr[dot - 1] != '.')
        dot--;
    return dot > 1 && name.len - (dot - 1) <= EXTENSION_MAX ? dot - 1 : name.len;
}

size_t file_name_number(struct span name, unsigned number, char out[LIMIT_FILE_NAME])
{
    char text[NUMBER_LENGTH];
    size_t digits = (size_t)snprintf(text, sizeof text, " (%u)", number);
    size_t stem = find_extension(name), extension = name.len - stem, dot = stem;

    if (stem > LIMIT_FILE_NAME - digits - extension)
        stem = find_boundary(name.ptr, LIMIT_FILE_NAME - digits - extension);
    memcpy(out, name.ptr, stem);
    memcpy(out + stem, text, digits);
    memcpy(out + stem + digits, name.ptr + dot, extension);
    return stem + digits + extension;
}

struct span file_name_base(struct span path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '/' || path.ptr[i - 1] == '\\')
            return span_from(path, i);
    return path;
}
