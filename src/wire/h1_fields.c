// SPDX-License-Identifier: MIT
/*
 * What only the whole field section of a request can tell: Host (RFC 9112 §3.2), framing (§6),
 * repeated singletons (RFC 9110 §5.3), Connection (§7.6.1) and Expect (§10.1.1).
 */
#include "wire/h1_parts.h"

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

/* What Connection says of persistence, RFC 9112 §9.3. */
static int check_connection(struct h1_reader *r)
{
    struct h1_connection c = h1_read_connection(r->m);

    if (c.bad)
        return h1_bad(r, OUTCOME_connection_malformed, c.bad);
    r->h->keep_alive = !c.close && (r->h->minor || c.keep_alive);
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
    int rc = check_host(r, section_end);

    r->m->may_be_open = r->h->minor > 0; // in chunks
    if (rc == H1_OK)
        rc = h1_check_framing(r);
    if (rc == H1_OK && r->repeated)
        rc = check_repeated(r);
    if (rc == H1_OK)
        rc = check_connection(r);
    if (rc == H1_OK)
        read_expect(r);
    return rc;
}
