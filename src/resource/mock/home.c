// SPDX-License-Identifier: MIT
/*
 * The page at the route's own address: all that can be asked for, each with a line for curl. Plain
 * text for who does not ask for HTML.
 */
#include "http/accept.h"
#include "resource/mock/text.h"
#include "resource/page/page.h"

/* What stands before each example: where this route is, as this client reached it. ptr NULL without
 * memory. */
static struct span base_of(struct mock_state *s)
{
    const struct message *m = &s->x->request;
    size_t length = s->mock->resource.mount_length;
    struct span host = message_field(m, FIELD_host);
    struct span path = span_first(s->x->path.text, length);
    struct buf b = {0};
    struct span text;

    buf_add(&b, SPAN("http://"));
    for (size_t i = 0; i < host.len; i++) // for a shell: nothing else is in a name
        if (!strchr("'\"\\`$ ", host.ptr[i]))
            buf_add_char(&b, host.ptr[i]);
    uri_path_encode(&b, path);
    if (!span_ends(path, SPAN("/")))
        buf_add_char(&b, '/');
    text = b.failed ? (struct span){NULL, 0} : arena_copy(&s->x->arena, buf_span(&b));
    buf_done(&b);
    return text;
}

enum { COLUMN = 34 };

static void add_padded(struct buf *b, struct span text)
{
    buf_add(b, text);
    for (size_t i = text.len; i < COLUMN; i++)
        buf_add_char(b, ' ');
}

static void write_text(struct mock_state *s, struct buf *b)
{
    struct span base = base_of(s);

    b->failed |= !base.ptr;
    buf_add(b, SPAN("Answers that are made up, to try clients with\n\nPaths\n\n"));
    for (size_t i = 0; i < MOCK_PATHS; i++) {
        const struct mock_path_info *p = &mock_paths[i];

        buf_addf(b, "/%.*s%.*s\n    %.*s\n    curl -i '%.*s%.*s'\n", SPAN_ARG(p->name),
                 SPAN_ARG(p->arguments), SPAN_ARG(p->meaning), SPAN_ARG(base),
                 SPAN_ARG(p->example));
    }
    buf_add(b, SPAN("\nThe query, of any path\n\n"));
    for (size_t i = 0; i < MOCK_KEYS; i++) {
        const struct mock_key_info *k = &mock_keys[i];
        char key[64];
        int n = snprintf(key, sizeof key, "%.*s=%.*s", SPAN_ARG(k->name), SPAN_ARG(k->example));

        add_padded(b, span_of(key, (size_t)n));
        buf_addf(b, " %.*s\n", SPAN_ARG(k->meaning));
    }
    buf_add(b, SPAN("\nFaults\n\n"));
    for (size_t i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
        add_padded(b, fault_table[i].name);
        buf_addf(b, " %s\n", fault_table[i].meaning);
    }
}

static void write_term(struct buf *b, struct span name, struct span rest, struct span meaning)
{
    buf_add(b, SPAN("<dt><code>"));
    page_write_text(b, name);
    page_write_text(b, rest);
    buf_add(b, SPAN("</code></dt>\n<dd>"));
    page_write_text(b, meaning);
}

static void write_html(struct mock_state *s, struct buf *b)
{
    struct span base = base_of(s);

    b->failed |= !base.ptr;
    page_write_begin(b, SPAN("Answers that are made up"));
    buf_add(b, page_styles[PAGE_STYLE_MOCK].text);
    page_write_body(b, "mock");
    buf_add(b, SPAN("<main>\n<h1>Answers that are made up</h1>\n<p>This route is there to try "
                    "clients with. Each address asks for an answer, and nothing leads further "
                    "from here.</p>\n<h2>Paths</h2>\n<dl>\n"));
    for (size_t i = 0; i < MOCK_PATHS; i++) {
        const struct mock_path_info *p = &mock_paths[i];
        char name[48];
        int n = snprintf(name, sizeof name, "/%.*s", SPAN_ARG(p->name));

        write_term(b, span_of(name, (size_t)n), p->arguments, p->meaning);
        buf_add(b, SPAN("<pre>curl -i '"));
        page_write_text(b, base);
        page_write_text(b, p->example);
        buf_add(b, SPAN("'</pre></dd>\n"));
    }
    buf_add(b, SPAN("</dl>\n<h2>The query, of any path</h2>\n<dl>\n"));
    for (size_t i = 0; i < MOCK_KEYS; i++) {
        char name[48];
        int n = snprintf(name, sizeof name, "%.*s=", SPAN_ARG(mock_keys[i].name));

        write_term(b, span_of(name, (size_t)n), mock_keys[i].example, mock_keys[i].meaning);
        buf_add(b, SPAN("</dd>\n"));
    }
    buf_add(b, SPAN("</dl>\n<h2>Faults</h2>\n<dl>\n"));
    for (size_t i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
        write_term(b, fault_table[i].name, SPAN(""), span_from_str(fault_table[i].meaning));
        buf_add(b, SPAN("</dd>\n"));
    }
    buf_add(b, SPAN("</dl>\n</main>\n"));
    page_write_end(b);
}

void mock_tell_grammar(struct mock_state *s)
{
    static const struct span types[] = {SPAN_INIT("text/plain; charset=utf-8"),
                                        SPAN_INIT("text/html; charset=utf-8")};
    bool as_html = accept_choose_type(exchange_field(s->x, FIELD_accept), types, 2) == 1;
    struct buf b = {0};

    if (as_html) {
        write_html(s, &b);
        exchange_add_field(s->x, SPAN("Content-Security-Policy"), page_mock_policy);
    } else {
        write_text(s, &b);
    }
    exchange_add_field(s->x, SPAN("Vary"), SPAN("Accept"));
    mock_set_buf(s, &b, types[as_html]);
}
