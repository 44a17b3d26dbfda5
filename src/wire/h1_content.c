// SPDX-License-Identifier: MIT
/*
 * Content: by length, chunked (RFC 9112 §7.1), or up to the end of the connection. The bytes of
 * chunk lines and trailers go one by one through a table of small steps, so that it makes no
 * difference where a piece of input ends; content itself and the values of trailers are passed on
 * in whole runs.
 */
#include "base/ascii.h"
#include "wire/h1_parts.h"

enum state {
    DONE, // the content is complete
    BAD,
    DATA,          // of the content, or of a chunk
    DATA_CR,       // the CR behind the data of a chunk
    DATA_LF,       // its LF
    SIZE_FIRST,    // the first digit of a chunk's size
    SIZE,          // further digits
    LINE_LF,       // the LF of a chunk line
    EXT_SEMICOLON, // behind whitespace: only ";" may follow
    EXT_NAME_FIRST,
    EXT_NAME,
    EXT_EQUALS, // whitespace behind a name
    EXT_VALUE_FIRST,
    EXT_VALUE,
    EXT_QUOTED,
    EXT_QUOTED_PAIR,
    EXT_QUOTED_END,
    TRAILER_FIRST,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF, // of the empty line
};

/* What a step answers when the byte was as it should be. */
#define TAKEN OUTCOME_NONE

void h1_content_begin(struct h1_content *c, enum framing framing, uint64_t length, uint64_t offset,
                      uint32_t trailer_section, uint32_t trailers)
{
    memset(c, 0, offsetof(struct h1_content, name));
    c->framing = framing;
    c->state = DONE;
    c->offset = offset;
    c->most_line = trailer_section;
    c->most_trailers = trailers;
    if (framing == FRAMING_OPEN) {
        c->state = SIZE_FIRST;
    } else if (framing == FRAMING_CLOSE) {
        c->state = DATA;
        c->left = UINT64_MAX;
    } else if (framing == FRAMING_LENGTH && length > 0) {
        c->state = DATA;
        c->left = length;
    }
}

void h1_content_init(struct h1_content *c, const struct message *m, size_t head_length,
                     const struct h1_limits *limits)
{
    h1_content_begin(c, m->framing, m->content_length, head_length, limits->field_section,
                     limits->fields);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static enum outcome go(struct h1_content *c, enum state state)
{
    c->state = (uint8_t)state;
    return TAKEN;
}

static enum outcome step_size(struct h1_content *c, char byte)
{
    int digit = ascii_hex_value(byte);

    if (digit >= 0) {
        if (c->left > (uint64_t)INT64_MAX >> 4)
            return OUTCOME_chunk_size_overflow;
        c->left = c->left << 4 | (unsigned)digit;
        return go(c, SIZE);
    }
    if (c->state == SIZE_FIRST)
        return OUTCOME_chunk_size_malformed;
    if (byte == ';')
        return go(c, EXT_NAME_FIRST);
    if (is_space(byte))
        return go(c, EXT_SEMICOLON);
    if (byte == '\r')
        return go(c, LINE_LF);
    return byte == '\n' ? OUTCOME_chunk_line_end_malformed : OUTCOME_chunk_size_malformed;
}

/* What may stand behind a complete name or value of an extension. */
static enum outcome step_extension_end(struct h1_content *c, char byte, enum state behind_space)
{
    if (byte == ';')
        return go(c, EXT_NAME_FIRST);
    if (is_space(byte))
        return go(c, behind_space);
    if (byte == '\r')
        return go(c, LINE_LF);
    return OUTCOME_chunk_extension_malformed;
}

static enum outcome step_quoted(struct h1_content *c, char byte)
{
    if (!ascii_is(byte, ASCII_FIELD_VCHAR))
        return OUTCOME_chunk_extension_malformed;
    if (c->state == EXT_QUOTED_PAIR)
        return go(c, EXT_QUOTED);
    if (byte == '"')
        return go(c, EXT_QUOTED_END);
    return byte == '\\' ? go(c, EXT_QUOTED_PAIR) : TAKEN;
}

/* chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ), RFC 9112 §7.1.1 */
static enum outcome step_extension(struct h1_content *c, char byte)
{
    bool tchar = ascii_is(byte, ASCII_TCHAR);

    if (byte == '\n')
        return OUTCOME_chunk_line_end_malformed;
    switch ((enum state)c->state) {
    case EXT_SEMICOLON:
        if (is_space(byte))
            return TAKEN;
        if (byte == '\r' && c->is_answer) // some servers fill the line up with spaces
            return go(c, LINE_LF);
        return byte == ';' ? go(c, EXT_NAME_FIRST) : OUTCOME_chunk_extension_malformed;
    case EXT_NAME_FIRST:
        if (is_space(byte))
            return TAKEN;
        return tchar ? go(c, EXT_NAME) : OUTCOME_chunk_extension_malformed;
    case EXT_NAME:
        if (tchar)
            return TAKEN;
        return byte == '=' ? go(c, EXT_VALUE_FIRST) : step_extension_end(c, byte, EXT_EQUALS);
    case EXT_EQUALS:
        if (is_space(byte))
            return TAKEN;
        if (byte == '=')
            return go(c, EXT_VALUE_FIRST);
        if (byte == '\r' && c->is_answer)
            return go(c, LINE_LF);
        return byte == ';' ? go(c, EXT_NAME_FIRST) : OUTCOME_chunk_extension_malformed;
    case EXT_VALUE_FIRST:
        if (is_space(byte))
            return TAKEN;
        if (byte == '"')
            return go(c, EXT_QUOTED);
        return tchar ? go(c, EXT_VALUE) : OUTCOME_chunk_extension_malformed;
    case EXT_VALUE:
        return tchar ? TAKEN : step_extension_end(c, byte, EXT_SEMICOLON);
    case EXT_QUOTED_END:
        return step_extension_end(c, byte, EXT_SEMICOLON);
    default:
        return step_quoted(c, byte);
    }
}

/* The LF of a chunk-size line. What the line is longer than its chunk may have is added up; chunks
 * that need less pay it back. */
static enum outcome step_chunk_line_end(struct h1_content *c, char byte)
{
    uint64_t fair = c->left + LIMIT_CHUNK_LINE;
    uint32_t overhead = c->overhead + c->line;

    if (byte != '\n')
        return OUTCOME_chunk_line_end_malformed;
    c->overhead = overhead > fair ? overhead - (uint32_t)fair : 0;
    if (c->overhead > LIMIT_CHUNK_OVERHEAD)
        return OUTCOME_chunk_overhead_too_large;
    c->line = 0;
    return go(c, c->left ? DATA : TRAILER_FIRST);
}

/* One byte of a chunk-size line with its extensions, RFC 9112 §7.1. */
static enum outcome step_chunk_line(struct h1_content *c, char byte)
{
    enum outcome outcome;

    if (c->state == LINE_LF)
        return step_chunk_line_end(c, byte);
    outcome =
        c->state == SIZE_FIRST || c->state == SIZE ? step_size(c, byte) : step_extension(c, byte);
    if (outcome == OUTCOME_NONE && c->state != LINE_LF && ++c->line > LIMIT_CHUNK_EXTENSION)
        return OUTCOME_chunk_extension_too_long;
    return outcome;
}

static enum outcome step_trailer_name(struct h1_content *c, char byte, uint64_t *bad)
{
    if (ascii_is(byte, ASCII_TCHAR)) {
        if (c->name_length < H1_TRAILER_NAME)
            c->name[c->name_length] = byte;
        c->name_length++;
        return TAKEN;
    }
    if (byte != ':' || c->name_length == 0)
        return OUTCOME_trailer_malformed;
    c->trailer = FIELD_OTHER;
    if (c->name_length <= H1_TRAILER_NAME)
        c->trailer = field_from_name(span_of(c->name, c->name_length));
    if (!c->is_answer && field_table[c->trailer].flags & FIELD_FLAG_FRAMING) {
        *bad = c->offset - c->name_length;
        return OUTCOME_trailer_forbidden;
    }
    return go(c, TRAILER_VALUE);
}

/* One byte of the trailer section, RFC 9112 §7.1.2. */
static enum outcome step_trailer(struct h1_content *c, char byte, uint64_t *bad)
{
    switch ((enum state)c->state) {
    case TRAILER_FIRST:
        if (byte == '\r')
            return go(c, LAST_LF);
        if (ascii_is(byte, ASCII_TCHAR) && c->trailers++ == c->most_trailers)
            return OUTCOME_trailers_too_large;
        c->name_length = 0;
        go(c, TRAILER_NAME);
        return step_trailer_name(c, byte, bad);
    case TRAILER_NAME:
        return step_trailer_name(c, byte, bad);
    case TRAILER_VALUE:
        if (byte == '\r')
            return go(c, TRAILER_LF);
        return ascii_is(byte, ASCII_FIELD_VCHAR) ? TAKEN : OUTCOME_trailer_malformed;
    case TRAILER_LF:
        return byte == '\n' ? go(c, TRAILER_FIRST) : OUTCOME_trailer_malformed;
    default: // LAST_LF
        return byte == '\n' ? go(c, DONE) : OUTCOME_trailer_malformed;
    }
}

static enum outcome step_trailer_bounded(struct h1_content *c, char byte, uint64_t *bad)
{
    enum outcome outcome = step_trailer(c, byte, bad);

    if (outcome == OUTCOME_NONE && c->state != LAST_LF && c->state != DONE &&
        ++c->line > c->most_line)
        return OUTCOME_trailers_too_large;
    return outcome;
}

/* One byte that is not content. A violation is at *bad, which is set to this byte before. */
static enum outcome step(struct h1_content *c, char byte, uint64_t *bad)
{
    if (c->state == DATA_CR)
        return byte == '\r' ? go(c, DATA_LF) : OUTCOME_chunk_data_unterminated;
    if (c->state == DATA_LF)
        return byte == '\n' ? go(c, SIZE_FIRST) : OUTCOME_chunk_data_unterminated;
    if (c->state >= TRAILER_FIRST)
        return step_trailer_bounded(c, byte, bad);
    return step_chunk_line(c, byte);
}

static enum h1_event take_data(struct h1_content *c, struct span *in, struct span *ret_data)
{
    size_t n = in->len < c->left ? in->len : (size_t)c->left;

    *ret_data = span_first(*in, n);
    *in = span_from(*in, n);
    c->offset += n;
    c->left -= n;
    if (c->left == 0)
        c->state = c->framing == FRAMING_OPEN ? DATA_CR : DONE;
    return H1_CONTENT_DATA;
}

/* As much of a trailer's value as is there; none where only a step can tell what comes. */
static struct span take_trailer(struct h1_content *c, struct span *in)
{
    size_t most = c->most_line - c->line, n = 0;
    struct span run;

    while (n < in->len && n < most && ascii_is(in->ptr[n], ASCII_FIELD_VCHAR))
        n++;
    run = span_first(*in, n);
    *in = span_from(*in, n);
    c->offset += n;
    c->line += (uint32_t)n;
    return run;
}

/* The byte of a trailer's name that a step has just read, and those that follow it. */
static struct span take_name(struct h1_content *c, struct span *in)
{
    size_t most = c->most_line - c->line + 1, n = 1;
    struct span run;

    for (; n < in->len && n < most && ascii_is(in->ptr[n], ASCII_TCHAR); n++) {
        if (c->name_length < H1_TRAILER_NAME)
            c->name[c->name_length] = in->ptr[n];
        c->name_length++;
    }
    run = span_first(*in, n);
    *in = span_from(*in, n);
    c->offset += n;
    c->line += (uint32_t)n - 1;
    return run;
}

enum h1_event h1_read_content(struct h1_content *c, struct span *in, struct span *ret_data)
{
    for (;;) {
        uint64_t bad = c->offset;
        bool ends_trailer = c->state == TRAILER_LF;
        enum outcome outcome;

        if (c->state == DONE)
            return H1_CONTENT_END;
        if (c->state == BAD)
            return H1_CONTENT_BAD;
        if (in->len == 0)
            return H1_CONTENT_MORE;
        if (c->state == DATA)
            return take_data(c, in, ret_data);
        if (c->state == TRAILER_VALUE && (*ret_data = take_trailer(c, in)).len)
            return H1_CONTENT_TRAILER;
        outcome = step(c, in->ptr[0], &bad);
        if (outcome != OUTCOME_NONE) {
            if (c->is_answer)
                outcome = h1_upstream_outcome(outcome);
            c->violation = (struct violation){outcome, bad};
            c->state = BAD;
            return H1_CONTENT_BAD;
        }
        if (c->wants_names && c->state == TRAILER_NAME) {
            *ret_data = take_name(c, in);
            return H1_CONTENT_NAME;
        }
        *in = span_from(*in, 1);
        c->offset++;
        if (ends_trailer) {
            *ret_data = (struct span){NULL, 0};
            return H1_CONTENT_TRAILER;
        }
    }
}

uint64_t h1_content_missing(const struct h1_content *c)
{
    if (c->state == DONE)
        return 0;
    if (c->framing == FRAMING_LENGTH)
        return c->left;
    return c->framing == FRAMING_CLOSE ? 0 : 1;
}
