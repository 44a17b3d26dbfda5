// SPDX-License-Identifier: MIT
/*
 * A delimiter is CR LF "--" boundary. CR is nowhere else in it, so that where a match breaks off, a
 * new one can begin only at the byte that broke it. The content begins as if CR LF were before it.
 */
#include "http/multipart_form.h"

#include "base/ascii.h"
#include "http/media_type.h"

enum state {
    STATE_PREAMBLE,  // before the first delimiter; thrown away
    STATE_DELIMITED, // behind a delimiter
    STATE_DASH,      // behind a delimiter and "-"
    STATE_PADDING,   // whitespace behind a delimiter
    STATE_LINE_END,  // behind a delimiter and CR
    STATE_HEAD,
    STATE_DATA,
    STATE_EPILOGUE,
    STATE_MALFORMED,
};

static bool is_boundary(struct span s)
{
    if (s.len == 0 || s.len > MULTIPART_BOUNDARY_MAX || s.ptr[s.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is(s.ptr[i], ASCII_ALPHA | ASCII_DIGIT) &&
            span_find(SPAN("'()+_,-./:=? "), s.ptr[i]) == 13)
            return false;
    return true;
}

bool multipart_is_form(struct span content_type)
{
    struct span essence = span_trim(span_first(content_type, span_find(content_type, ';')));

    return span_eq_nocase(essence, SPAN("multipart/form-data"));
}

enum multipart_begin multipart_begin(struct multipart_form *f, struct span content_type)
{
    struct media_type type;
    struct parameter boundary;

    if (!multipart_is_form(content_type))
        return MULTIPART_BEGIN_OTHER_TYPE;
    if (!media_type_parse(span_trim(content_type), &type) ||
        !media_type_find(&type, SPAN("boundary"), &boundary) || !is_boundary(boundary.value))
        return MULTIPART_BEGIN_NO_BOUNDARY;
    f->offset = 0;
    f->state = STATE_PREAMBLE;
    f->fault = MULTIPART_FAULT_NONE;
    f->parts = 0;
    f->matched = f->assumed = 2;
    f->head_len = 0;
    memcpy(f->delimiter, "\r\n--", 4);
    memcpy(f->delimiter + 4, boundary.value.ptr, boundary.value.len);
    f->delimiter_len = 4 + boundary.value.len;
    return MULTIPART_BEGIN_OK;
}

static void consume(struct multipart_form *f, struct span *piece, size_t n)
{
    *piece = span_from(*piece, n);
    f->offset += n;
}

static enum multipart_event fail(struct multipart_form *f, enum multipart_fault fault,
                                 struct multipart_output *ret)
{
    f->state = STATE_MALFORMED;
    f->fault = ret->fault = fault;
    return MULTIPART_MALFORMED;
}

/* The offset in the piece at which a delimiter begins, or at its end may begin; its length: none.
 */
static size_t find_delimiter(const struct multipart_form *f, struct span piece)
{
    for (size_t i = 0;; i++) {
        struct span rest;

        i += span_find(span_from(piece, i), '\r');
        if (i >= piece.len)
            return piece.len;
        rest = span_first(span_from(piece, i), f->delimiter_len);
        if (memcmp(rest.ptr, f->delimiter, rest.len) == 0)
            return i;
    }
}

/* Data, or the preamble, up to a delimiter. */
static enum multipart_event read_data(struct multipart_form *f, struct span *piece,
                                      struct multipart_output *ret)
{
    bool is_data = f->state == STATE_DATA;
    size_t n;

    while (piece->len) {
        if (f->matched == 0 && (n = find_delimiter(f, *piece)) > 0) {
            ret->data = span_first(*piece, n);
            consume(f, piece, n);
            if (is_data)
                return MULTIPART_DATA;
            continue;
        }
        while (piece->len && f->matched < f->delimiter_len &&
               piece->ptr[0] == f->delimiter[f->matched]) {
            f->matched++;
            consume(f, piece, 1);
        }
        if (f->matched == f->delimiter_len) {
            f->matched = f->assumed = 0;
            f->state = STATE_DELIMITED;
            if (is_data)
                return MULTIPART_PART_END;
            return MULTIPART_MORE;
        }
        if (piece->len) { // what was held back was data after all, but for a line end assumed
            ret->data = span_from(span_of(f->delimiter, f->matched), f->assumed);
            f->matched = f->assumed = 0;
            if (is_data && ret->data.len)
                return MULTIPART_DATA;
        }
    }
    return MULTIPART_MORE;
}

/* One byte behind a delimiter. False: it may not be there. */
static bool read_delimiter_end(struct multipart_form *f, char c)
{
    switch ((enum state)f->state) {
    case STATE_DELIMITED:
    case STATE_PADDING:
        if (c == ' ' || c == '\t')
            f->state = STATE_PADDING;
        else if (c == '\r')
            f->state = STATE_LINE_END;
        else if (c == '-' && f->state == STATE_DELIMITED)
            f->state = STATE_DASH;
        else
            return false;
        return true;
    case STATE_DASH:
        f->state = STATE_EPILOGUE;
        return c == '-';
    case STATE_LINE_END:
        f->state = STATE_HEAD;
        f->head_len = 0;
        return c == '\n';
    default:
        return false;
    }
}

/* Undoes what browsers do to names in quotes: %22, %0D and %0A (WHATWG HTML §4.10.21.8), and \" and
 * \\ (RFC 9110 §5.6.4); any other backslash is part of a Windows path. In place. */
static struct span decode_quoted(char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        struct span rest = span_of(text + i, len - i);
        char c = text[i];

        if (c == '\\' && rest.len > 1 && (rest.ptr[1] == '"' || rest.ptr[1] == '\\')) {
            c = rest.ptr[1];
            i++;
        } else if (span_starts(rest, SPAN("%22"))) {
            c = '"';
            i += 2;
        } else if (span_eq_nocase(span_first(rest, 3), SPAN("%0D"))) {
            c = '\r';
            i += 2;
        } else if (span_eq_nocase(span_first(rest, 3), SPAN("%0A"))) {
            c = '\n';
            i += 2;
        }
        text[n++] = c;
    }
    return span_of(text, n);
}

/* Decodes an extended value (RFC 8187 §3.2.1) in UTF-8, in place. False: not one. */
static bool decode_extended(char *text, size_t len, struct span *ret)
{
    struct span rest = span_of(text, len);
    struct span charset = span_take_until(&rest, '\'');
    size_t n = 0, from;

    if (!span_eq_nocase(charset, SPAN("UTF-8")) || span_find(rest, '\'') == rest.len)
        return false;
    span_take_until(&rest, '\'');
    from = len - rest.len;
    for (size_t i = 0; i < rest.len; i++) // looks before it writes: a bad one stays as it was
        if (rest.ptr[i] == '%' && (rest.len - i < 3 || ascii_hex_value(rest.ptr[i + 1]) < 0 ||
                                   ascii_hex_value(rest.ptr[i + 2]) < 0))
            return false;
    for (size_t i = from; i < len; i++) {
        char c = text[i];

        if (c == '%') {
            c = (char)(unsigned char)(ascii_hex_value(text[i + 1]) << 4 |
                                      ascii_hex_value(text[i + 2]));
            i += 2;
        }
        text[from + n++] = c;
    }
    *ret = span_of(text + from, n);
    return true;
}

/* Reads the value of Content-Disposition, which is in f->head. */
static bool read_disposition(struct multipart_form *f, struct span value,
                             struct multipart_part *part)
{
    struct span rest = value, extended = {NULL, 0};
    struct parameter p;
    enum parameter_result result;

    if (!span_eq_nocase(token_take(&rest), SPAN("form-data")))
        return false;
    while ((result = parameter_next(&rest, &p)) == PARAMETER_FOUND) {
        char *text = f->head + (p.value.ptr - f->head);
        bool is_name = span_eq_nocase(p.name, SPAN("name"));

        if (span_eq_nocase(p.name, SPAN("filename*")) && !p.quoted)
            (void)decode_extended(text, p.value.len, &extended);
        else if (is_name && !part->name.ptr)
            part->name = decode_quoted(text, p.value.len);
        else if (span_eq_nocase(p.name, SPAN("filename")) && !part->file_name.ptr)
            part->file_name = decode_quoted(text, p.value.len);
    }
    if (extended.ptr)
        part->file_name = extended;
    return result == PARAMETER_END && part->name.ptr;
}

/* Reads one line of the head. */
static enum multipart_fault read_field(struct multipart_form *f, struct span line,
                                       struct multipart_part *part)
{
    struct span name = token_take(&line), value;

    if (name.len == 0 || line.len == 0 || line.ptr[0] != ':')
        return MULTIPART_FAULT_HEAD;
    value = span_trim(span_from(line, 1));
    for (size_t i = 0; i < value.len; i++)
        if (!ascii_is(value.ptr[i], ASCII_FIELD_VCHAR))
            return MULTIPART_FAULT_HEAD;
    if (span_eq_nocase(name, SPAN("Content-Disposition"))) {
        if (part->name.ptr || !read_disposition(f, value, part))
            return MULTIPART_FAULT_DISPOSITION;
    } else if (span_eq_nocase(name, SPAN("Content-Type"))) {
        part->content_type = value;
    }
    return MULTIPART_FAULT_NONE;
}

/* Whether the head in f->head is whole: it ends with an empty line. */
static bool is_head_whole(const struct multipart_form *f)
{
    struct span head = span_of(f->head, f->head_len);

    return span_eq(head, SPAN("\r\n")) || span_ends(head, SPAN("\r\n\r\n"));
}

static enum multipart_event begin_part(struct multipart_form *f, struct multipart_output *ret)
{
    struct span rest = span_of(f->head, f->head_len - 2);

    ret->part = (struct multipart_part){.name = {NULL, 0}};
    while (rest.len) {
        size_t n = span_find(rest, '\r');
        enum multipart_fault fault;

        if (n + 1 >= rest.len || rest.ptr[n + 1] != '\n')
            return fail(f, MULTIPART_FAULT_HEAD, ret);
        fault = read_field(f, span_first(rest, n), &ret->part);
        if (fault != MULTIPART_FAULT_NONE)
            return fail(f, fault, ret);
        rest = span_from(rest, n + 2);
    }
    if (!ret->part.name.ptr)
        return fail(f, MULTIPART_FAULT_DISPOSITION, ret);
    if (f->parts++ == LIMIT_FORM_PARTS)
        return fail(f, MULTIPART_FAULT_TOO_MANY_PARTS, ret);
    f->state = STATE_DATA;
    f->matched = f->assumed = 2; // the line end before the delimiter of an empty part may be the
                                 // one that ended the head
    return MULTIPART_PART_BEGIN;
}

static enum multipart_event read_head(struct multipart_form *f, struct span *piece,
                                      struct multipart_output *ret)
{
    while (piece->len) {
        if (f->head_len == sizeof f->head)
            return fail(f, MULTIPART_FAULT_HEAD_TOO_LONG, ret);
        f->head[f->head_len++] = piece->ptr[0];
        consume(f, piece, 1);
        if (piece->ptr[-1] == '\n' && is_head_whole(f))
            return begin_part(f, ret);
    }
    return MULTIPART_MORE;
}

enum multipart_event multipart_next(struct multipart_form *f, struct span *piece,
                                    struct multipart_output *ret)
{
    while (piece->len) {
        enum multipart_event event = MULTIPART_MORE;

        switch ((enum state)f->state) {
        case STATE_PREAMBLE:
        case STATE_DATA:
            event = read_data(f, piece, ret);
            break;
        case STATE_HEAD:
            event = read_head(f, piece, ret);
            break;
        case STATE_EPILOGUE:
            consume(f, piece, piece->len);
            break;
        case STATE_MALFORMED:
            return fail(f, f->fault, ret);
        default:
            if (!read_delimiter_end(f, piece->ptr[0]))
                return fail(f, MULTIPART_FAULT_DELIMITER, ret);
            consume(f, piece, 1);
            if (f->state == STATE_EPILOGUE)
                return MULTIPART_END;
        }
        if (event != MULTIPART_MORE)
            return event;
    }
    return MULTIPART_MORE;
}

bool multipart_is_complete(const struct multipart_form *f)
{
    return f->state == STATE_EPILOGUE;
}
