// SPDX-License-Identifier: MIT
#include "wire/cgi.h"

#include "wire/h1_parts.h"

#include <assert.h>

/* The index of the next line from `from` on that is a Status; field_count: there is none. */
static unsigned find_status(const struct message *m, unsigned from)
{
    while (from < m->field_count &&
           !(m->fields[from].id == FIELD_OTHER &&
             span_eq_nocase(field_line_name(&m->fields[from]), SPAN("Status"))))
        from++;
    return from;
}

static void drop_line(struct message *m, unsigned index)
{
    for (unsigned i = 0; i < m->field_count; i++)
        m->first[m->fields[i].id] = 0;
    m->field_count--;
    memmove(m->fields + index, m->fields + index + 1, (m->field_count - index) * sizeof *m->fields);
    for (unsigned i = m->field_count; i-- > 0;)
        m->first[m->fields[i].id] = (uint16_t)(i + 1);
}

/* Status = "Status:" 3digit SP reason-phrase NL, RFC 3875 §6.3.3. Many leave out the phrase. */
static int read_status(struct h1_reader *r)
{
    struct message *m = r->m;
    unsigned index = find_status(m, 0), second = find_status(m, index + 1);
    struct span value, digits;
    uint64_t status;

    if (index == m->field_count) {
        m->status = m->first[FIELD_location] ? 302 : 200;
        return H1_OK;
    }
    if (second < m->field_count)
        return h1_bad(r, OUTCOME_upstream_malformed, m->fields[second].name);
    value = field_line_value(&m->fields[index]);
    digits = span_first(value, 3);
    if (digits.len < 3 || !span_to_u64(digits, 599, &status) || status < 200 ||
        (value.len > 3 && value.ptr[3] != ' ' && value.ptr[3] != '\t'))
        return h1_bad(r, OUTCOME_upstream_status_line_malformed, value.ptr);
    m->status = (uint16_t)status;
    m->reason = span_trim(span_from(value, 3));
    drop_line(m, index);
    return H1_OK;
}

static int read_head(struct h1_reader *r, const char *end, const struct h1_section_limits *section)
{
    struct message *m = r->m;
    int rc = h1_read_section(r, end, section);

    if (rc == H1_OK && m->field_count == 0) // §6.2: each kind of response has one at least
        rc = h1_bad(r, OUTCOME_upstream_malformed, r->base);
    if (rc == H1_OK)
        rc = read_status(r);
    m->framing = FRAMING_OPEN;
    if (rc == H1_OK && m->first[FIELD_content_length])
        rc = h1_check_content_length(r);
    return rc;
}

ptrdiff_t cgi_read_head(struct message *m, struct span in, size_t seen,
                        const struct h1_client_limits *limits)
{
    struct h1_reader r = {.m = m, .base = in.ptr, .at = in.ptr, .is_answer = true, .lf_ends = true};
    struct h1_section_limits section = {limits->field_line, limits->field_section, limits->fields};
    int rc;

    assert(limits->fields <= MESSAGE_FIELDS);
    message_begin(m);
    if (in.len == 0)
        return H1_MORE;
    if (in.len < (size_t)section.section + H1_CRLF &&
        h1_is_nothing_new(in, seen, section.section, &section))
        return H1_MORE;
    rc = read_head(&r, in.ptr + in.len, &section);
    if (rc == H1_BAD)
        m->violation.outcome = h1_upstream_outcome(m->violation.outcome);
    return rc == H1_OK ? r.at - in.ptr : rc;
}
