// SPDX-License-Identifier: MIT
#include "resource/gateway/fastcgi.h"

#include "base/ascii.h"
#include "graph/client.h"
#include "resource/files/cache_control.h"
#include "resource/gateway/forward_fields.h"
#include "resource/gateway/forward_target.h"
#include "wire/fcgi.h"

enum {
    NAME_LONGEST = 256, // of a field; PHP has no use for longer ones
    PARAM_AROUND = 16,  // bytes that a parameter takes beside its name and value
    OWN_PARAMS = 2048,  // bytes of those below, without what is taken over from the request
};

/* The decoded path below the route, where the route takes its own off. */
static struct span path_below(const struct exchange *x)
{
    const struct gateway *g = gateway_of(x);
    size_t mount = x->routing.resource->mount_length;

    return g->options->strip && mount && mount <= x->path.text.len
               ? span_from(x->path.text, mount - 1)
               : x->path.text;
}

static struct span join(struct exchange *x, struct span a, struct span b)
{
    size_t room = a.len + b.len;
    struct buf out = buf_in(arena_alloc(&x->arena, room ? room : 1), room);

    buf_add(&out, a);
    buf_add(&out, b);
    return out.failed ? (struct span){NULL, 0} : buf_span(&out);
}

static bool is_script(const struct cache_rule *scripts, struct span path)
{
    return !span_ends(path, SPAN("/")) && cache_rule_matches(scripts, span_from(path, 1));
}

/* Whether what looks like a folder of the path looks like a script as well: an application that
 * guesses would run that instead. */
static bool has_script_before(const struct cache_rule *scripts, struct span path)
{
    for (size_t i = 1; i < path.len; i++)
        if (path.ptr[i] == '/' && is_script(scripts, span_first(path, i)))
            return true;
    return false;
}

struct span fastcgi_script(struct exchange *x)
{
    const struct gateway_options *o = gateway_of(x)->options;
    const struct cache_rule scripts = {.match = o->scripts.len ? o->scripts : SPAN("*.php")};
    struct span path = path_below(x);

    if (x->path.has_nul)
        return SPAN("");
    if (span_ends(path, SPAN("/")) && !o->script.len)
        path = join(x, path, o->index);
    if (path.ptr && is_script(&scripts, path))
        return has_script_before(&scripts, path) ? SPAN("") : path;
    return path.ptr ? o->script.len ? o->script : SPAN("") : path;
}

bool fastcgi_is_script_unknown(struct span complaint)
{
    static const struct span said = SPAN_INIT("Primary script unknown");

    for (size_t i = 0; i + said.len <= complaint.len; i++)
        if (span_starts(span_from(complaint, i), said))
            return true;
    return false;
}

struct params_sink {
    struct field_sink sink;
    struct fcgi_params params;
    struct option_field *fields; // those that are to be told
    size_t count, most;
    struct buf text; // their values
};

/* One with an underscore would pass for another field, and one named Proxy for the setting of a
 * client's proxy, so neither is told (RFC 3875 §4.1.18). */
static void keep_field(struct field_sink *sink, struct span name, struct span value)
{
    struct params_sink *s = container_of(sink, struct params_sink, sink);
    size_t at = s->text.len;

    if (name.len > NAME_LONGEST || span_eq_nocase(name, SPAN("proxy")) ||
        span_eq_nocase(name, SPAN("content-type")) || span_find(name, '_') < name.len)
        return;
    buf_add(&s->text, value);
    if (s->text.failed || s->count == s->most)
        s->text.failed = true;
    else
        s->fields[s->count++] = (struct option_field){name, span_of(s->text.ptr + at, value.len)};
}

static void keep_known(struct field_sink *sink, enum field id, struct span value)
{
    keep_field(sink, field_table[id].name, value);
}

static void keep_line(struct field_sink *sink, const struct field_line *line)
{
    keep_field(sink, field_line_name(line), field_line_value(line));
}

/* HTTP_NAME, with the values of all lines from `index` on that have that name: the application sees
 * a name but once. */
static void add_field(struct params_sink *s, size_t index)
{
    struct span name = s->fields[index].name;
    bool is_cookie = span_eq_nocase(name, field_table[FIELD_cookie].name); // RFC 6265 §5.4
    char text[sizeof "HTTP_" + NAME_LONGEST] = "HTTP_";
    size_t at = sizeof "HTTP_" - 1, begin = s->text.len;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        text[at++] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c == '-' ? '_' : c);
    }
    buf_add(&s->text, s->fields[index].value);
    for (size_t i = index + 1; i < s->count; i++) {
        if (!span_eq_nocase(s->fields[i].name, name))
            continue;
        buf_add(&s->text, is_cookie ? SPAN("; ") : SPAN(", "));
        buf_add(&s->text, s->fields[i].value);
        s->fields[i].name = SPAN("");
    }
    if (!s->text.failed)
        fcgi_params_add(&s->params, span_of(text, at),
                        span_of(s->text.ptr + begin, s->text.len - begin));
}

/* The fields of the request. */
static void add_fields(struct passage *p, struct params_sink *s, struct span authority)
{
    keep_field(&s->sink, field_table[FIELD_host].name, authority);
    forward_fields(p, &s->sink);
    for (size_t i = 0; i < s->count; i++)
        if (s->fields[i].name.len)
            add_field(s, i);
    s->params.b->failed |= s->text.failed;
}

static void add_number(struct fcgi_params *params, struct span name, uint64_t number)
{
    char digits[24];
    struct buf b = buf_in(digits, sizeof digits);

    buf_add_u64(&b, number);
    fcgi_params_add(params, name, buf_span(&b));
}

static void add_script(struct passage *p, struct fcgi_params *params)
{
    const struct gateway_options *o = p->gateway->options;
    struct span script = fastcgi_script(p->x);
    struct span root =
        span_ends(o->root, SPAN("/")) ? span_first(o->root, o->root.len - 1) : o->root;
    struct span name = join(p->x, root, script);

    params->b->failed |= !name.ptr;
    fcgi_params_add(params, SPAN("SCRIPT_FILENAME"), name);
    fcgi_params_add(params, SPAN("SCRIPT_NAME"), script);
    fcgi_params_add(params, SPAN("DOCUMENT_URI"), script);
    fcgi_params_add(params, SPAN("DOCUMENT_ROOT"), root);
}

static void add_content(struct passage *p, struct fcgi_params *params)
{
    const struct message *m = &p->x->request;

    fcgi_params_add(params, SPAN("CONTENT_TYPE"), message_field(m, FIELD_content_type));
    if (m->framing == FRAMING_NONE)
        fcgi_params_add(params, SPAN("CONTENT_LENGTH"), SPAN(""));
    else
        add_number(params, SPAN("CONTENT_LENGTH"),
                   m->framing == FRAMING_LENGTH ? m->content_length : p->kept_length);
}

static void add_ends(struct passage *p, struct fcgi_params *params)
{
    const struct client *c = p->x->arrival.client;
    const struct request_target *t = &p->x->request.target;
    char text[CLIENT_TEXT];

    fcgi_params_add(params, SPAN("SERVER_SOFTWARE"), SPAN("candor"));
    fcgi_params_add(params, SPAN("SERVER_NAME"), t->host);
    add_number(params, SPAN("SERVER_PORT"), t->port ? t->port : 80);
    fcgi_params_add(params, SPAN("REMOTE_ADDR"), span_of(text, client_print(c, text)));
    if (c->port)
        add_number(params, SPAN("REMOTE_PORT"), c->port);
}

struct span fastcgi_params(struct passage *p, const struct upstream_address *address)
{
    struct exchange *x = p->x;
    const struct gateway_options *o = p->gateway->options;
    size_t count, room = forward_fields_room(p, &count) + OWN_PARAMS + 3 * o->root.len +
                         4 * (x->path.text.len + o->script.len + o->index.len) +
                         2 * forward_target_room(x, o, SPAN("")) + 2 * x->request.target.host.len;
    struct buf b, target, authority;
    struct params_sink s;

    room += count * PARAM_AROUND + room / 4096 * PARAM_AROUND;
    b = buf_in(arena_alloc(&x->arena, room), room);
    target = buf_in(arena_alloc(&x->arena, room), room);
    authority = buf_in(arena_alloc(&x->arena, room), room);
    forward_target(&target, x, o, SPAN(""));
    forward_authority(&authority, x, o, address);
    s = (struct params_sink){
        .sink = {.add = keep_field, .add_known = keep_known, .add_line = keep_line, .out = &b},
        .fields = arena_alloc(&x->arena, count * sizeof *s.fields),
        .text = buf_in(arena_alloc(&x->arena, 2 * room), 2 * room)};
    s.most = s.fields ? count : 0;
    fcgi_add_begin(&b, true);
    fcgi_params_begin(&s.params, &b);
    add_script(p, &s.params);
    add_content(p, &s.params);
    add_ends(p, &s.params);
    fcgi_params_add(&s.params, SPAN("GATEWAY_INTERFACE"), SPAN("CGI/1.1"));
    fcgi_params_add(&s.params, SPAN("SERVER_PROTOCOL"), SPAN("HTTP/1.1"));
    fcgi_params_add(&s.params, SPAN("REQUEST_METHOD"), x->request.method_name);
    fcgi_params_add(&s.params, SPAN("REQUEST_URI"), buf_span(&target));
    fcgi_params_add(&s.params, SPAN("REQUEST_SCHEME"), SPAN("http"));
    fcgi_params_add(&s.params, SPAN("QUERY_STRING"), x->request.target.query);
    fcgi_params_add(&s.params, SPAN("REDIRECT_STATUS"), SPAN("200")); // php-cgi asks for it
    add_fields(p, &s, buf_span(&authority));
    fcgi_params_end(&s.params);
    return b.failed || target.failed || authority.failed ? (struct span){NULL, 0} : buf_span(&b);
}
