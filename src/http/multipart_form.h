// SPDX-License-Identifier: MIT
/*
 * A parser for multipart/form-data (RFC 7578, RFC 2046 §5.1), as browsers send it: pushed pieces of
 * any size, pulled events. It holds back no content but the few bytes that may begin a delimiter,
 * and no field section longer than LIMIT_FORM_PART_HEAD. No allocation.
 */
#ifndef CANDOR_HTTP_MULTIPART_FORM_H
#define CANDOR_HTTP_MULTIPART_FORM_H

#include "base/limits.h"
#include "base/span.h"

enum { MULTIPART_BOUNDARY_MAX = 70 }; // RFC 2046 §5.1.1

enum multipart_event {
    MULTIPART_MORE,       // the piece is used up: bring the next one, or call multipart_is_complete
    MULTIPART_PART_BEGIN, // output.part is set
    MULTIPART_DATA,       // output.data is set: never empty
    MULTIPART_PART_END,
    MULTIPART_END,       // the last delimiter was read; whatever follows is passed over
    MULTIPART_MALFORMED, // output.fault is set; it stays so
};

enum multipart_fault {
    MULTIPART_FAULT_NONE,
    MULTIPART_FAULT_DELIMITER,     // a delimiter is followed by neither "--" nor a line end
    MULTIPART_FAULT_HEAD,          // a field of a part breaks its syntax
    MULTIPART_FAULT_HEAD_TOO_LONG, // more than LIMIT_FORM_PART_HEAD bytes
    MULTIPART_FAULT_DISPOSITION,   // no Content-Disposition: form-data with a name (RFC 7578 §4.2)
    MULTIPART_FAULT_TOO_MANY_PARTS, // more than LIMIT_FORM_PARTS
};

/* Spans that live until the next call of multipart_next. */
struct multipart_part {
    struct span name;         // decoded, as the form has it; any octets
    struct span file_name;    // decoded, as the client has it: see file_name_base and
                              // file_name_clean; ptr NULL: not a file
    struct span content_type; // ptr NULL: not sent, so text/plain (§4.4)
};

struct multipart_output {
    struct multipart_part part;
    struct span data; // into the piece, or into the parser
    enum multipart_fault fault;
};

/* Plain data that may be moved; nobody but multipart_form.c looks inside. */
struct multipart_form {
    uint64_t offset; // bytes consumed so far: with MALFORMED, where the fault was seen
    int state;
    enum multipart_fault fault;
    unsigned parts;
    size_t matched; // bytes of the delimiter that the last bytes were
    size_t assumed; // of these, those that were not read as such but stand before the content
    size_t delimiter_len, head_len;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX]; // CR LF "--" boundary
    char head[LIMIT_FORM_PART_HEAD];
};

enum multipart_begin {
    MULTIPART_BEGIN_OK,
    MULTIPART_BEGIN_OTHER_TYPE,  // the content is not multipart/form-data
    MULTIPART_BEGIN_NO_BOUNDARY, // it is, but without a (valid) boundary: malformed
};

/* content_type: the value of the request's Content-Type; ptr NULL: there is none. */
enum multipart_begin multipart_begin(struct multipart_form *f, struct span content_type);
/* Whether the content says that it is a form; it may be one without a boundary. */
bool multipart_is_form(struct span content_type);

/* Takes what makes the next event off the front of *piece. Call it until MULTIPART_MORE. */
enum multipart_event multipart_next(struct multipart_form *f, struct span *piece,
                                    struct multipart_output *ret);

/* At the end of the content: whether it was whole. */
bool multipart_is_complete(const struct multipart_form *f);

#endif
