// SPDX-License-Identifier: MIT
#include "resource/gateway/forward_fields.h"

#include "base/ascii.h"
#include "graph/client.h"
#include "graph/question.h"
#include "http/parameter.h"
#include "resource/gateway/forward_target.h"
#include "resource/gateway/passing.h"

enum {
    TRACE_ID = 16, // bytes
    SPAN_ID = 8,
    TRACEPARENT = sizeof "00--" - 1 + 2 * (TRACE_ID + SPAN_ID) + sizeof "-01" - 1,
    OWN_FIELDS = 8, // that are made here, at most
    OWN_ROOM = 448, // bytes of those, without what is taken over from the request
    FORWARDED_ROOM = 512,
    HOST_ROOM = 272,
};

/* The client, one of IPv4 as such also where it came to a socket of IPv6. */
static struct client client_of(const struct passage *p)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff}; // RFC 4291 §2.5.5.2
    struct client c = *p->x->arrival.client;

    if (c.family == AF_INET6 && memcmp(c.address, mapped, sizeof mapped) == 0) {
        c.family = AF_INET;
        memmove(c.address, c.address + sizeof mapped, 4);
    }
    return c;
}

/* Its address, without the port. */
static void add_address(struct buf *b, const struct client *c)
{
    char text[CLIENT_TEXT];

    if (c->family == AF_UNIX) {
        buf_add(b, SPAN("unknown"));
        return;
    }
    if (c->family != AF_INET) {
        buf_add(b, span_of(text, client_print(c, text)));
        return;
    }
    for (int i = 0; i < 4; i++) { // most of them are, and each request has one
        if (i)
            buf_add_char(b, '.');
        buf_add_u64(b, c->address[i]);
    }
}

static const struct option_network *networks_of(const struct gateway *g, size_t *ret_count)
{
    *ret_count = g->trusted ? g->trusted->count : 0;
    return g->trusted ? g->trusted->items : NULL;
}

static bool network_holds(const struct option_network *n, const struct client *c)
{
    unsigned whole = n->bits / 8, rest = n->bits % 8;

    if (n->family != c->family || memcmp(n->address, c->address, whole) != 0)
        return false;
    return rest == 0 || (n->address[whole] ^ c->address[whole]) >> (8 - rest) == 0;
}

/* Whether what the client says of where the request comes from counts. */
static bool is_trusted(const struct passage *p, const struct client *c)
{
    size_t count;
    const struct option_network *networks = networks_of(p->gateway, &count);

    for (size_t i = 0; i < count; i++)
        if (network_holds(&networks[i], c))
            return true;
    return false;
}

/* Whether `name` begins with `front`, where "_" counts as "-": many applications take it for that.
 */
static bool begins_with(struct span name, struct span front)
{
    for (size_t i = 0; i < front.len; i++)
        if (i >= name.len || (name.ptr[i] == '_' ? '-' : ascii_lower(name.ptr[i])) != front.ptr[i])
            return false;
    return true;
}

/* Names that say where a request comes from: those that are written here, however they are spelt,
 * and from others than trusted proxies also those that applications believe beside them. */
static bool is_about_origin(struct span name, bool trusted)
{
    static const struct span made[] = {SPAN_INIT("forwarded"), SPAN_INIT("x-forwarded-for"),
                                       SPAN_INIT("x-forwarded-host"),
                                       SPAN_INIT("x-forwarded-proto")};

    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (name.len == made[i].len && begins_with(name, made[i]))
            return true;
    return !trusted &&
           (begins_with(name, SPAN("x-forwarded-")) ||
            (name.len == sizeof "x-real-ip" - 1 && begins_with(name, SPAN("x-real-ip"))));
}

static const struct field_rules *rules_of(const struct passage *p)
{
    return &p->gateway->options->fields.to_upstream;
}

/* Adds a field that is made here, where the rules do not replace it. */
static void add_own(const struct passage *p, struct field_sink *sink, enum field id,
                    struct span value)
{
    if (!passing_drops(rules_of(p), field_table[id].name))
        sink->add_known(sink, id, value);
}

static void add_list(struct field_sink *sink, const struct option_list *list)
{
    const struct option_field *fields = list->items;

    for (size_t i = 0; i < list->count; i++)
        sink->add(sink, fields[i].name, fields[i].value);
}

/* What the trusted client says, in all lines of a list field, and our own member behind it. */
static void add_joined(const struct passage *p, struct field_sink *sink, enum field id,
                       struct span own)
{
    const struct message *m = &p->x->request;
    size_t room = own.len;
    struct buf b;

    for (size_t i = 0; i < m->field_count; i++)
        room += m->fields[i].id == id ? m->fields[i].value_length + sizeof ", " : 0;
    b = buf_in(arena_alloc(&p->x->arena, room), room);
    for (size_t i = 0; i < m->field_count; i++) {
        if (m->fields[i].id != id || !m->fields[i].value_length)
            continue;
        buf_add(&b, b.len ? SPAN(", ") : SPAN(""));
        buf_add(&b, field_line_value(&m->fields[i]));
    }
    if (own.len) {
        buf_add(&b, b.len ? SPAN(", ") : SPAN(""));
        buf_add(&b, own);
    }
    sink->out->failed |= b.failed;
    if (!b.failed)
        add_own(p, sink, id, buf_span(&b));
}

/* What is known of one by this server where the client says nothing that counts. */
static void add_or_keep(const struct passage *p, struct field_sink *sink, enum field id,
                        struct span own, bool trusted)
{
    struct span said = message_field(&p->x->request, id);

    if (trusted && said.len)
        add_joined(p, sink, id, SPAN(""));
    else if (own.len)
        add_own(p, sink, id, own);
}

static void add_origin(const struct passage *p, struct field_sink *sink, const struct client *c,
                       bool trusted)
{
    char text[CLIENT_TEXT], forwarded[FORWARDED_ROOM], host[HOST_ROOM];
    struct buf f = buf_in(forwarded, sizeof forwarded), h = buf_in(host, sizeof host);
    struct buf a = buf_in(text, sizeof text);
    bool is_six = c->family == AF_INET6;
    struct span address;

    add_address(&a, c);
    address = buf_span(&a);
    forward_received_host(&h, p->x);
    buf_add(&f, is_six ? SPAN("for=\"[") : SPAN("for="));
    buf_add(&f, address);
    buf_add(&f, is_six ? SPAN("]\";proto=http") : SPAN(";proto=http"));
    if (h.len && !h.failed) {
        buf_add(&f, SPAN(";host=\""));
        buf_add(&f, buf_span(&h));
        buf_add_char(&f, '"');
    }
    if (trusted) {
        add_joined(p, sink, FIELD_forwarded, buf_span(&f));
        add_joined(p, sink, FIELD_x_forwarded_for, address);
    } else {
        add_own(p, sink, FIELD_forwarded, buf_span(&f));
        add_own(p, sink, FIELD_x_forwarded_for, address);
    }
    add_or_keep(p, sink, FIELD_x_forwarded_proto, SPAN("http"), trusted);
    add_or_keep(p, sink, FIELD_x_forwarded_host, h.failed ? SPAN("") : buf_span(&h), trusted);
}

static struct span via_own(const struct passage *p, struct buf *b)
{
    buf_add_str(b, p->x->arrival.version);
    buf_add_char(b, ' ');
    buf_add(b, span_of(p->gateway->share->pseudonym, PSEUDONYM_LENGTH));
    return buf_span(b);
}

bool forward_loops(const struct passage *p)
{
    const struct message *m = &p->x->request;
    struct span pseudonym = span_of(p->gateway->share->pseudonym, PSEUDONYM_LENGTH);

    for (size_t i = 0; m->first[FIELD_via] && i < m->field_count; i++) {
        struct span rest = field_line_value(&m->fields[i]), member;

        if (m->fields[i].id != FIELD_via)
            continue;
        while (list_take(&rest, &member)) {
            span_take_until(&member, ' ');
            member = span_trim(member);
            if (span_eq(span_take_until(&member, ' '), pseudonym))
                return true;
        }
    }
    return false;
}

/* W3C Trace Context §3.2: version, trace, parent and flags in lower-case hexadecimal digits. */
static bool is_traceparent(struct span text)
{
    static const char form[] = "00-00000000000000000000000000000000-0000000000000000-00";
    bool has_trace = false, has_parent = false;

    if (text.len < TRACEPARENT || span_starts(text, SPAN("ff")) ||
        (text.len > TRACEPARENT && (span_starts(text, SPAN("00")) || text.ptr[TRACEPARENT] != '-')))
        return false;
    for (size_t i = 0; i < TRACEPARENT; i++) {
        char c = text.ptr[i];

        if (form[i] == '-' ? c != '-' : !(ascii_is(c, ASCII_DIGIT) || (c >= 'a' && c <= 'f')))
            return false;
        has_trace |= i >= 3 && i < 3 + 2 * TRACE_ID && c != '0';
        has_parent |= i > 3 + 2 * TRACE_ID && i < TRACEPARENT - 3 && c != '0';
    }
    return has_trace && has_parent;
}

/* Another number that is as good as random, and not 0: Sebastiano Vigna's splitmix64, which comes
 * to each number once in 2^64. It is to be told apart from others, and no secret. */
static uint64_t next_identifier(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return z ? z : 1;
}

/* Begins a trace where the client has none, or none that can be understood. */
static void add_trace(const struct passage *p, struct field_sink *sink)
{
    uint64_t *state = &p->gateway->trace;
    char text[TRACEPARENT];

    memcpy(text, "00-", 3);
    ascii_write_hex_u64(next_identifier(state), text + 3);
    ascii_write_hex_u64(next_identifier(state), text + 3 + TRACE_ID);
    text[3 + 2 * TRACE_ID] = '-';
    ascii_write_hex_u64(next_identifier(state), text + 4 + 2 * TRACE_ID);
    memcpy(text + TRACEPARENT - 3, "-01", 3);
    add_own(p, sink, FIELD_traceparent, span_of(text, sizeof text));
}

/* Max-Forwards counts down for the two methods that heed it: RFC 9110 §7.6.2. */
static void add_max_forwards(const struct passage *p, struct field_sink *sink, struct span value)
{
    const struct exchange *x = p->x;
    char digits[24];
    struct buf b = buf_in(digits, sizeof digits);
    uint64_t hops;
    bool counts = ask_is_trace(x) || ask_is_options(x);

    if (!counts || !span_to_u64(value, UINT32_MAX, &hops) || hops == 0) {
        add_own(p, sink, FIELD_max_forwards, value);
        return;
    }
    buf_add_u64(&b, hops - 1);
    add_own(p, sink, FIELD_max_forwards, buf_span(&b));
}

size_t forward_fields_room(const struct passage *p, size_t *ret_count)
{
    const struct message *m = &p->x->request;
    const struct field_rules *rules = rules_of(p);
    const struct option_list *lists[] = {&rules->set, &rules->add};
    // The host is in Forwarded and X-Forwarded-Host.
    size_t room = OWN_ROOM + 2 * p->x->request.target.host.len, count = OWN_FIELDS;

    for (size_t i = 0; i < m->field_count; i++, count++)
        room += m->fields[i].name_length + m->fields[i].value_length + sizeof ", ";
    for (size_t l = 0; l < 2; l++) {
        const struct option_field *fields = lists[l]->items;

        for (size_t i = 0; i < lists[l]->count; i++, count++)
            room += fields[i].name.len + fields[i].value.len;
    }
    *ret_count = count;
    return room;
}

/* One line of the request. True: it is the trace that the request belongs to. */
static bool add_line(const struct passage *p, struct field_sink *sink,
                     const struct field_line *line, bool trusted)
{
    const struct message *m = &p->x->request;
    struct span value = field_line_value(line);

    switch ((enum field)line->id) {
    case FIELD_host:
    case FIELD_via:
    case FIELD_forwarded:
    case FIELD_x_forwarded_for:
    case FIELD_x_forwarded_host:
    case FIELD_x_forwarded_proto:
        return false;
    case FIELD_max_forwards:
        add_max_forwards(p, sink, value);
        return false;
    case FIELD_traceparent:
        if (line != &m->fields[m->first[FIELD_traceparent] - 1] || !is_traceparent(value))
            return false;
        break;
    case FIELD_OTHER:
        if (is_about_origin(field_line_name(line), trusted))
            return false;
        break;
    default:
        break;
    }
    if (!passing_field(m, line) || passing_drops(rules_of(p), field_line_name(line)))
        return false;
    sink->add_line(sink, line);
    return line->id == FIELD_traceparent;
}

void forward_fields(const struct passage *p, struct field_sink *sink)
{
    const struct message *m = &p->x->request;
    const struct client c = client_of(p);
    char via[16 + PSEUDONYM_LENGTH];
    struct buf b = buf_in(via, sizeof via);
    bool is_traced = false, trusted = is_trusted(p, &c);

    for (size_t i = 0; i < m->field_count; i++)
        is_traced |= add_line(p, sink, &m->fields[i], trusted);
    if (!is_traced)
        add_trace(p, sink);
    add_origin(p, sink, &c, trusted);
    for (size_t i = 0; i < m->field_count && m->first[FIELD_via]; i++)
        if (m->fields[i].id == FIELD_via)
            sink->add_line(sink, &m->fields[i]);
    sink->add_known(sink, FIELD_via, via_own(p, &b));
    add_list(sink, &rules_of(p)->set);
    add_list(sink, &rules_of(p)->add);
}

struct response_field *forward_trailers(const struct passage *p, struct response_field *trailers)
{
    struct response_field *first = passing_trailers(trailers, rules_of(p));

    for (struct response_field **at = &first; *at;)
        if (is_about_origin((*at)->name, false) ||
            span_eq_nocase((*at)->name, field_table[FIELD_via].name))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    return first;
}
