// SPDX-License-Identifier: MIT
/*
 * What the files of the HTTP/1 codec share, and that of CGI, whose heads are fields as well;
 * nothing else includes it.
 */
#ifndef CANDOR_WIRE_H1_PARTS_H
#define CANDOR_WIRE_H1_PARTS_H

#include "wire/h1.h"

enum { H1_OK = 1 }; // beside H1_MORE and H1_BAD: this part is complete

/* Where the reading of a head has come to. */
struct h1_reader {
    struct message *m;
    struct h1_head *h;
    const char *base; // first byte of the message
    const char *at;   // next byte to read
    const char *end;  // behind the last byte that may be read
    bool form_wrong;  // the form of the target does not suit the method
    bool repeated;    // some known field came twice
    bool is_answer;   // a response: lengths that are alike may be repeated, RFC 9110 §8.6
    bool lf_ends;     // a line may end with LF alone
};

enum { H1_CRLF = 2 }; // bytes

static inline bool h1_is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

struct authority {
    struct span host;
    uint16_t port;
    bool has_port; // with digits
};

/* Records the violation found at `at`; always H1_BAD. */
int h1_bad(struct h1_reader *r, enum outcome outcome, const char *at);

/* For a CR or LF at r->at where the line must not end: a bare one is its own violation, a proper
 * line end is `outcome`. H1_MORE while that cannot be told. */
int h1_bad_line_end(struct h1_reader *r, enum outcome outcome);

/* Takes the line end at r->at, which is a CR or LF. */
static inline int h1_read_line_end(struct h1_reader *r)
{
    if (r->end - r->at >= H1_CRLF && r->at[0] == '\r' && r->at[1] == '\n') {
        r->at += H1_CRLF;
        return H1_OK;
    }
    if (r->lf_ends && *r->at == '\n') {
        r->at++;
        return H1_OK;
    }
    return h1_bad_line_end(r, OUTCOME_NONE);
}

/* What an upstream is told of where the request's codec found that outcome in its response. */
enum outcome h1_upstream_outcome(enum outcome found);

/* Sets r->end so that no more than `limit` bytes and a line end are read. True: there are that
 * many, so whoever needs more has met the limit. */
static inline bool h1_reader_bound(struct h1_reader *r, const char *end, uint32_t limit)
{
    bool full = end - r->at >= (ptrdiff_t)limit + H1_CRLF;

    r->end = full ? r->at + limit + H1_CRLF : end;
    return full;
}

struct h1_section_limits {
    uint32_t line;    // bytes of a field line, without its end; `section` where there is no limit
    uint32_t section; // bytes of all of them, with their ends
    uint32_t fields;  // lines, at most MESSAGE_FIELDS
};

/* Field lines up to and with the empty line; `end` is behind the last byte there is. H1_OK,
 * H1_MORE, H1_BAD or H1_NO_MEMORY. */
int h1_read_section(struct h1_reader *r, const char *end, const struct h1_section_limits *limits);

/* Whether the bytes of a head from `seen` on can change nothing: no line ends in them, nothing in
 * them is forbidden everywhere, and no limit is met. first_line is the most that the line before
 * the section may have. */
bool h1_is_nothing_new(struct span in, size_t seen, uint32_t first_line,
                       const struct h1_section_limits *limits);

/* The request target at r->at, up to the byte behind it, which is not part of it. */
int h1_read_target(struct h1_reader *r);

/* uri-host [ ":" port ], RFC 3986 §3.2.2. False: *ret_bad is the byte that is wrong. */
bool h1_parse_authority(struct span s, struct authority *ret_authority, const char **ret_bad);

/* Content-Length and Transfer-Encoding, RFC 9112 §6: sets the message's framing. H1_OK or H1_BAD.
 */
int h1_check_framing(struct h1_reader *r);

/* Content-Length alone; the message has one. H1_OK or H1_BAD. */
int h1_check_content_length(struct h1_reader *r);

struct h1_connection {
    bool close, keep_alive, upgrade; // the options that were named
    const char *bad;                 // a member that is no token, or NULL
};

/* Connection = #token, RFC 9110 §7.6.1 */
struct h1_connection h1_read_connection(const struct message *m);

/* What concerns the whole field section of a request; section_end is the empty line. H1_OK or
 * H1_BAD. */
int h1_check_section(struct h1_reader *r, const char *section_end);

/* Begins content of that framing, `offset` bytes behind the first one of its message. */
void h1_content_begin(struct h1_content *c, enum framing framing, uint64_t length, uint64_t offset,
                      uint32_t trailer_section, uint32_t trailers);

/* Where a check stands in a field that may have several lines. */
struct line_walk {
    const struct message *m;
    enum field id;
    unsigned next; // index of the line to look at next
};

static inline struct line_walk walk_lines(const struct message *m, enum field id)
{
    return (struct line_walk){m, id, m->first[id] ? m->first[id] - 1U : m->field_count};
}

static inline const struct field_line *walk_next(struct line_walk *w)
{
    while (w->next < w->m->field_count) {
        const struct field_line *line = &w->m->fields[w->next++];

        if (line->id == w->id)
            return line;
    }
    return NULL;
}

/* The next member of a comma-separated list, without the whitespace around it; it may be empty.
 * *more is true at first. */
static inline bool list_next(struct span *rest, bool *more, struct span *ret_item)
{
    if (rest->len == 0 && !*more)
        return false;
    *more = rest->len > 0 && span_find(*rest, ',') < rest->len;
    *ret_item = span_trim(span_take_until(rest, ','));
    return true;
}

#endif
