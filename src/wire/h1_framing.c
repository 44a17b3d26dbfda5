// SPDX-License-Identifier: MIT
/*
 * What the fields of a head say of the content's framing (RFC 9112 §6) and of the connection
 * (RFC 9110 §7.6.1), in requests and responses.
 */
#include "base/ascii.h"
#include "wire/h1_parts.h"

/* One member of Content-Length that is not the first. `at` is where a repetition is reported. */
static int compare_lengths(struct h1_reader *r, struct span first, struct span item, uint64_t value,
                           const char *at)
{
    if (value != r->m->content_length)
        return h1_bad(r, OUTCOME_content_length_differs, item.ptr);
    if (!span_eq(first, item)) // the same number, written otherwise
        return h1_bad(r, OUTCOME_content_length_malformed, item.ptr);
    return r->is_answer ? H1_OK : h1_bad(r, OUTCOME_content_length_repeated, at);
}

/* Content-Length = 1*DIGIT, RFC 9110 §8.6. A list is refused like a repetition. */
int h1_check_content_length(struct h1_reader *r)
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
            if (seen.ptr) {
                const char *at = item.ptr == line->value ? line->name : item.ptr;
                int rc = compare_lengths(r, seen, item, value, at);

                if (rc != H1_OK)
                    return rc;
            }
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

int h1_check_framing(struct h1_reader *r)
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
    return m->first[FIELD_content_length] ? h1_check_content_length(r) : H1_OK;
}

struct h1_connection h1_read_connection(const struct message *m)
{
    struct line_walk walk = walk_lines(m, FIELD_connection);
    struct h1_connection found = {0};
    const struct field_line *line;

    while ((line = walk_next(&walk))) {
        struct span rest = field_line_value(line), item;
        bool more = true;

        while (list_next(&rest, &more, &item)) {
            struct span behind = item;

            take_token(&behind);
            if (behind.len && !found.bad)
                found.bad = item.ptr;
            found.close |= span_eq_nocase(item, SPAN("close"));
            found.keep_alive |= span_eq_nocase(item, SPAN("keep-alive"));
            found.upgrade |= span_eq_nocase(item, SPAN("upgrade"));
        }
    }
    return found;
}
