// SPDX-License-Identifier: MIT
/*
 * What only the whole field section can tell: Host (RFC 9112 §3.2), framing (§6), repeated
 * singletons (RFC 9110 §5.3), Connection (§7.6.1) and Expect (§10.1.1).
 */
#include "base/ascii.h"
#include "wire/h1_parts.h"

/* Where a check stands in a field that may have several lines. */
struct line_walk {
    const struct message *m;
    enum field id;
    unsigned next; // index of the line to look at next
};

static struct line_walk walk_lines(const struct message *m, enum field id)
{
    return (struct line_walk){m, id, m->first[id] ? m->first[id] - 1U : m->field_count};
}

static const struct field_line *walk_next(struct line_walk *w)
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
static bool list_next(struct span *rest, bool *more, struct span *ret_item)
{
    if (rest->len == 0 && !*more)
        return false;
    *more = rest->len > 0 && span_find(*rest, ',') < rest->len;
    *ret_item = span_trim(span_take_until(rest, ','));
    return true;
}

static uint16_t default_port(struct span scheme)
{
    return span_eq_nocase(scheme, SPAN("https")) ? 443 : 80;
}

/* Host against the authority of an absolute target. No port means the scheme's own. */
static bool is_same_authority(const struct message *m, struct authority host)
{
    uint16_t port = default_port(m->target.scheme);

    return span_eq_nocase(m->target.host, host.host) &&
           (m->target.port ? m->target.port : port) == (host.has_port ? host.port : port);
}

static int check_host(struct h1_reader *r, const char *section_end)
{
    struct message *m = r->m;
    struct line_walk walk = walk_lines(m, FIELD_host);
    const struct field_line *line = walk_next(&walk), *second;
    struct authority a;
    const char *bad;

    if (!line)
        return r->h->minor ? h1_bad(r, OUTCOME_host_missing, section_end) : H1_OK;
    second = r->repeated ? walk_next(&walk) : NULL;
    if (second)
        return h1_bad(r, OUTCOME_host_repeated, second->name);
    if (!h1_parse_authority(field_line_value(line), &a, &bad))
        return h1_bad(r, OUTCOME_host_malformed, line->value);
    // A target without an authority component has an empty Host: only "*" is one here.
    if (a.host.len == 0 && (m->target.form == TARGET_ORIGIN || line->value_length > 0))
        return h1_bad(r, OUTCOME_host_malformed, line->value);
    if (m->target.form == TARGET_ABSOLUTE && !is_same_authority(m, a))
        return h1_bad(r, OUTCOME_host_differs, line->value);
    if (m->target.form == TARGET_ORIGIN || m->target.form == TARGET_ASTERISK) {
        m->target.host = a.host;
        m->target.port = a.port;
    }
    return H1_OK;
}

/* One member of Content-Length that is not the first. `at` is where a repetition is reported. */
static int compare_lengths(struct h1_reader *r, struct span first, struct span item, uint64_t value,
                           const char *at)
{
    if (value != r->m->content_length)
        return h1_bad(r, OUTCOME_content_length_differs, item.ptr);
    if (!span_eq(first, item)) // the same number, written otherwise
        return h1_bad(r, OUTCOME_content_length_malformed, item.ptr);
    return h1_bad(r, OUTCOME_content_length_repeated, at);
}

/* Content-Length = 1*DIGIT, RFC 9110 §8.6. A list is refused like a repetition. */
static int check_content_length(struct h1_reader *r)
{
    struct line_walk walk = walk_lines(r->m, FIELD_content_length);
    const struct field_line *line;
    struct span seen = {NULL, 0};

    while ((line = walk_next(&walk))) {
        struct span rest = field_line_value(line), item;
        bool more = true;

        while (list_next(&rest, &more, &item)) {
            uint64_t value = 0;

            for (size_t i = 0; i < item.len; i++)
                if (!ascii_is(item.ptr[i], ASCII_DIGIT))
                    return h1_bad(r, OUTCOME_content_length_malformed, item.ptr);
            if (item.len == 0)
                return h1_bad(r, OUTCOME_content_length_malformed, item.ptr);
            if (!span_to_u64(item, INT64_MAX, &value))
                return h1_bad(r, OUTCOME_content_length_overflow, item.ptr);
            if (seen.ptr)
                return compare_lengths(r, seen, item, value,
                                       item.ptr == line->value ? line->name : item.ptr);
            seen = item;
            r->m->content_length = value;
            r->m->framing = FRAMING_LENGTH;
        }
    }
    return H1_OK;
}

static struct span take_token(struct span *rest)
{
    size_t n = 0;
    struct span token;

    while (n < rest->len && ascii_is(rest->ptr[n], ASCII_TCHAR))
        n++;
    token = span_first(*rest, n);
    *rest = span_from(*rest, n);
    return token;
}

static bool take_char(struct span *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != c)
        return false;
    *rest = span_from(*rest, 1);
    return true;
}

static void skip_space(struct span *rest)
{
    while (take_char(rest, ' ') || take_char(rest, '\t'))
        ;
}

/* quoted-string, RFC 9110 §5.6.4; its bytes are those of a field value already. */
static bool take_quoted(struct span *rest)
{
    if (!take_char(rest, '"'))
        return false;
    while (rest->len) {
        if (take_char(rest, '"'))
            return true;
        *rest = span_from(*rest, rest->ptr[0] == '\\' ? 2 : 1);
    }
    return false;
}

/* transfer-coding = token *( OWS ";" OWS token BWS "=" BWS ( token / quoted-string ) ) up to the
 * next comma, RFC 9112 §7. An empty name is what an empty member gives. */
static bool take_coding(struct span *rest, struct span *ret_name, bool *ret_parameters)
{
    *ret_parameters = false;
    skip_space(rest);
    *ret_name = take_token(rest);
    skip_space(rest);
    while (ret_name->len && take_char(rest, ';')) {
        *ret_parameters = true;
        skip_space(rest);
        if (take_token(rest).len == 0)
            return false;
        skip_space(rest);
        if (!take_char(rest, '='))
            return false;
        skip_space(rest);
        if (!take_quoted(rest) && take_token(rest).len == 0)
            return false;
        skip_space(rest);
    }
    return rest->len == 0 || take_char(rest, ',');
}

/* Transfer-Encoding, RFC 9112 §6.1: chunked, once and last, is what is implemented. */
static int check_codings(struct h1_reader *r)
{
    struct line_walk walk = walk_lines(r->m, FIELD_transfer_encoding);
    const struct field_line *line;
    const char *unknown = NULL, *last = NULL;
    bool chunked = false;

    while ((line = walk_next(&walk))) {
        struct span rest = field_line_value(line);

        if (!last)
            last = rest.ptr;
        while (rest.len) {
            struct span name;
            const char *start = rest.ptr;
            bool parameters, is_chunked;

            if (!take_coding(&rest, &name, &parameters))
                return h1_bad(r, OUTCOME_transfer_encoding_malformed, name.len ? name.ptr : start);
            if (name.len == 0)
                continue;
            last = name.ptr;
            is_chunked = span_eq_nocase(name, SPAN("chunked"));
            if (is_chunked && parameters) // it defines none, §7.1
                return h1_bad(r, OUTCOME_transfer_encoding_malformed, name.ptr);
            if (chunked)
                return h1_bad(r,
                              is_chunked ? OUTCOME_transfer_encoding_chunked_repeated
                                         : OUTCOME_transfer_encoding_chunked_not_last,
                              name.ptr);
            chunked = is_chunked;
            if (!is_chunked && !unknown)
                unknown = name.ptr;
        }
    }
    if (!chunked && !unknown)
        return h1_bad(r, OUTCOME_transfer_encoding_malformed, last);
    if (!chunked)
        return h1_bad(r, OUTCOME_transfer_encoding_chunked_not_last, last);
    if (unknown)
        return h1_bad(r, OUTCOME_transfer_encoding_unknown, unknown);
    r->m->framing = FRAMING_OPEN;
    return H1_OK;
}

static int check_framing(struct h1_reader *r)
{
    const struct message *m = r->m;

    if (m->first[FIELD_transfer_encoding]) {
        const char *value = message_field(m, FIELD_transfer_encoding).ptr;

        if (r->h->minor == 0)
            return h1_bad(r, OUTCOME_transfer_encoding_in_http_1_0, value);
        if (m->first[FIELD_content_length])
            return h1_bad(r, OUTCOME_transfer_encoding_with_length, value);
        return check_codings(r);
    }
    return m->first[FIELD_content_length] ? check_content_length(r) : H1_OK;
}

/* The second line of a field that may have only one, where two could be heeded differently. */
static int check_repeated(struct h1_reader *r)
{
    const unsigned harmless = FIELD_FLAG_FIRST | FIELD_FLAG_JOINED;

    for (unsigned i = 0; i < r->m->field_count; i++) {
        const struct field_line *line = &r->m->fields[i];
        unsigned flags = field_table[line->id].flags & (FIELD_FLAG_ONE | harmless);

        if (flags == FIELD_FLAG_ONE && r->m->first[line->id] != i + 1)
            return h1_bad(r, OUTCOME_field_repeated, line->name);
    }
    return H1_OK;
}

/* Connection = #token, RFC 9110 §7.6.1, and what it says of persistence (RFC 9112 §9.3). */
static int check_connection(struct h1_reader *r)
{
    struct line_walk walk = walk_lines(r->m, FIELD_connection);
    const struct field_line *line;
    bool close = false, keep = false;

    while ((line = walk_next(&walk))) {
        struct span rest = field_line_value(line), item;
        bool more = true;

        while (list_next(&rest, &more, &item)) {
            struct span behind = item;

            take_token(&behind);
            if (behind.len)
                return h1_bad(r, OUTCOME_connection_malformed, item.ptr);
            close |= span_eq_nocase(item, SPAN("close"));
            keep |= span_eq_nocase(item, SPAN("keep-alive"));
        }
    }
    r->h->keep_alive = !close && (r->h->minor || keep);
    return H1_OK;
}

static void read_expect(const struct h1_reader *r)
{
    struct message *m = r->m;
    struct line_walk walk = walk_lines(m, FIELD_expect);
    const struct field_line *line;

    while ((line = walk_next(&walk))) {
        struct span rest = field_line_value(line), item;
        bool more = true;

        while (list_next(&rest, &more, &item)) {
            if (item.len == 0)
                continue;
            if (!span_eq_nocase(item, SPAN("100-continue")))
                m->expect_unknown = true;
            else if (r->h->minor) // in HTTP/1.0 it must be ignored
                m->expect_continue = true;
        }
    }
}

int h1_check_section(struct h1_reader *r, const char *section_end)
{
    const struct message *m = r->m;
    int rc = check_host(r, section_end);

    r->m->may_be_open = r->h->minor > 0; // in chunks
    if (rc == H1_OK)
        rc = check_framing(r);
    if (rc == H1_OK && r->repeated)
        rc = check_repeated(r);
    if (rc != H1_OK)
        return rc;
    if (m->first[FIELD_connection])
        rc = check_connection(r);
    else
        r->h->keep_alive = r->h->minor > 0;
    if (rc == H1_OK && m->first[FIELD_expect])
        read_expect(r);
    return rc;
}
