// SPDX-License-Identifier: MIT
#include "base/ascii.h"
#include "graph/client.h"
#include "graph/trailing.h"
#include "resource/mock/text.h"

static void add_text(struct buf *b, const char *name, struct span text)
{
    buf_addf(b, "  \"%s\": \"", name);
    buf_add_json(b, text);
    buf_add(b, SPAN("\",\n"));
}

static void add_pair(struct buf *b, struct span name, struct span value, bool is_first)
{
    buf_add(b, is_first ? SPAN("\n    [\"") : SPAN(",\n    [\""));
    buf_add_json(b, name);
    buf_add(b, SPAN("\", \""));
    buf_add_json(b, value);
    buf_add(b, SPAN("\"]"));
}

static void add_fields(struct buf *b, const struct message *m)
{
    buf_add(b, SPAN("  \"fields\": ["));
    for (size_t i = 0; i < m->field_count; i++)
        add_pair(b, field_line_name(&m->fields[i]), field_line_value(&m->fields[i]), i == 0);
    buf_add(b, SPAN("],\n"));
}

/* The pairs of the query as they were sent. */
static void add_query(struct buf *b, struct span query)
{
    bool is_first = true;

    buf_add(b, SPAN("  \"query\": ["));
    while (query.len) {
        struct span value = span_take_until(&query, '&'), name = span_take_until(&value, '=');

        add_pair(b, name, value, is_first);
        is_first = false;
    }
    buf_add(b, SPAN("],\n"));
}

static void add_content(struct buf *b, struct mock_state *s)
{
    const struct trailing *trailing = s->x->content.trailing;
    const struct response_field *first = trailing ? trailing->fields : NULL;
    char hex[2 * DIGEST_LENGTH_MAX];
    struct digests d = {0};

    if (s->x->request.framing == FRAMING_NONE)
        return;
    buf_addf(b, "  \"content\": {\"length\": %llu", (unsigned long long)s->x->content.taken);
    if (s->digest && digest_hash_finish(s->digest, &d) == 0 && d.has[DIGEST_SHA_256]) {
        size_t n = digest_length(DIGEST_SHA_256);

        ascii_write_hex(d.bytes[DIGEST_SHA_256], n, hex);
        buf_addf(b, ", \"sha-256\": \"%.*s\"", (int)(2 * n), hex);
    }
    buf_add(b, SPAN("},\n  \"trailers\": ["));
    for (const struct response_field *f = first; f; f = f->next)
        add_pair(b, f->name, f->value, f == first);
    buf_add(b, SPAN("],\n"));
}

void mock_tell_request(struct mock_state *s)
{
    const struct exchange *x = s->x;
    char address[CLIENT_TEXT];
    struct buf b = {0};

    buf_add(&b, SPAN("{\n"));
    add_text(&b, "method", x->request.method_name);
    add_text(&b, "target", x->request.target.text);
    add_text(&b, "path", x->path.text);
    add_query(&b, x->request.target.query);
    add_text(&b, "host", x->request.target.host);
    add_text(&b, "version", span_from_str(x->arrival.version));
    add_fields(&b, &x->request);
    add_content(&b, s);
    buf_addf(&b, "  \"client\": \"%.*s\"\n}\n", (int)client_print(x->arrival.client, address),
             address);
    mock_set_buf(s, &b, SPAN("application/json"));
}
