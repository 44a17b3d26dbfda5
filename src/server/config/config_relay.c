// SPDX-License-Identifier: MIT
#include "server/config/config_relay.h"

#include "base/ascii.h"
#include "registry/field.h"
#include "registry/status.h"
#include "server/config/config_value.h"
#include "upstream/address.h"

#include <arpa/inet.h>

bool config_word_next(struct span *rest, struct span *ret_word)
{
    if (!rest->len)
        return false;
    *ret_word = span_take_until(rest, '|');
    return true;
}

static const char *read_word(const struct option_row *key, struct span text, uint64_t *to)
{
    struct span rest = span_from_str(key->standard_text), word;

    for (uint64_t i = 0; config_word_next(&rest, &word); i++) {
        if (span_eq(word, text)) {
            *to = i;
            return NULL;
        }
    }
    return "is none of what it may be";
}

static const char *read_upstream(struct span text, struct span *to)
{
    struct upstream_address address;
    const char *why;
    size_t at;

    *to = text;
    return upstream_address_parse(text, &address, &why, &at) ? NULL : why;
}

static bool is_token(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is(text.ptr[i], ASCII_TCHAR))
            return false;
    return text.len != 0;
}

static const char *read_balance(struct span text, struct option_balance *to)
{
    struct span rest = text, word = span_take_until(&rest, ' ');

    *to = (struct option_balance){.kind = SPREAD_LEAST};
    if (span_eq(text, SPAN("least")))
        return NULL;
    to->kind = SPREAD_ROUND_ROBIN;
    if (span_eq(text, SPAN("round_robin")))
        return NULL;
    to->kind = SPREAD_HASH;
    if (!span_eq(word, SPAN("hash")))
        return "is no way to choose";
    to->of = HASH_CLIENT;
    if (span_eq(rest, SPAN("client")))
        return NULL;
    to->of = HASH_PATH;
    if (span_eq(rest, SPAN("path")))
        return NULL;
    word = span_take_until(&rest, ' ');
    to->of = span_eq(word, SPAN("field")) ? HASH_FIELD : HASH_COOKIE;
    to->name = rest;
    return (to->of == HASH_FIELD || span_eq(word, SPAN("cookie"))) && is_token(rest)
               ? NULL
               : "does not say of what";
}

static const char *read_authority(struct span text, struct span *to)
{
    size_t colon = text.len;
    uint64_t port = 1;

    *to = text;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == ':')
            colon = i;
        else if (text.ptr[i] == ']')
            colon = text.len;
    if (colon < text.len && !span_to_u64(span_from(text, colon + 1), UINT16_MAX, &port))
        return "has a port that is no number from 1 to 65535";
    if (!port)
        return "has a port that is no number from 1 to 65535";
    return colon ? config_host_wrong(span_first(text, colon)) : "is not a host";
}

/* An address with or without a port; one of IPv6 with a port in brackets. */
static const char *read_resolver(struct span text, struct span *to)
{
    const char *wrong = "is not the address of a name server";
    struct span host = text, rest = text;
    unsigned char address[16];
    char copy[INET6_ADDRSTRLEN];
    uint64_t port = 1;

    *to = text;
    if (span_starts(text, SPAN("["))) {
        rest = span_from(text, 1);
        host = span_take_until(&rest, ']');
        if (rest.len && span_take_until(&rest, ':').len)
            return wrong;
    } else if (span_find(text, ':') < text.len) {
        host = span_take_until(&rest, ':');
    } else {
        rest = SPAN("");
    }
    if (host.len >= sizeof copy || (rest.len && !span_to_u64(rest, UINT16_MAX, &port)) || !port)
        return wrong;
    memcpy(copy, host.ptr, host.len);
    copy[host.len] = '\0';
    return inet_pton(text.ptr[0] == '[' ? AF_INET6 : AF_INET, copy, address) == 1 ? NULL : wrong;
}

const char *config_field_name_wrong(struct span name)
{
    enum field id = field_from_name(name);

    if (!is_token(name))
        return "is not the name of a field";
    if (id == FIELD_host)
        return "is said by the key host, so that it never differs from what the request is for";
    if (id == FIELD_content_length || id == FIELD_transfer_encoding)
        return "tells where a message ends, and is written by this server alone";
    if (id == FIELD_expect || field_table[id].flags & FIELD_FLAG_HOP)
        return "is of one connection alone, and is written by this server";
    return NULL;
}

const char *config_field_value_wrong(struct span value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!ascii_is(value.ptr[i], ASCII_FIELD_VCHAR))
            return "holds a control character";
    return span_trim(value).len == value.len ? NULL : "begins or ends with a space";
}

static const char *read_field_name(struct span text, struct span *to)
{
    *to = text;
    return config_field_name_wrong(text);
}

static const char *read_statuses(struct span text, struct option_statuses *to)
{
    uint64_t number;

    if (text.len == 3 && span_ends(text, SPAN("xx")) &&
        (text.ptr[0] == '4' || text.ptr[0] == '5')) {
        to->low = (uint16_t)((text.ptr[0] - '0') * 100);
        to->high = (uint16_t)(to->low + 99);
        return NULL;
    }
    if (text.len != 3 || !span_to_u64(text, 599, &number) || number < 400)
        return "is not the status of an error";
    to->low = to->high = (uint16_t)number;
    return NULL;
}

/* Whether a network's address has bits beyond those that count. */
static bool has_host_bits(const struct option_network *n)
{
    for (unsigned bit = n->bits; bit < (n->family == AF_INET ? 32U : 128U); bit++)
        if (n->address[bit / 8] >> (7 - bit % 8) & 1)
            return true;
    return false;
}

static const char *read_network(struct span text, struct option_network *to)
{
    struct span rest = text, address = span_take_until(&rest, '/');
    char copy[INET6_ADDRSTRLEN];
    uint64_t bits;

    *to = (struct option_network){.family = AF_UNIX};
    if (span_eq(text, SPAN("unix")))
        return NULL;
    if (address.len >= sizeof copy)
        return "is not an address";
    memcpy(copy, address.ptr, address.len);
    copy[address.len] = '\0';
    if (inet_pton(AF_INET, copy, to->address) == 1)
        to->family = AF_INET;
    else if (inet_pton(AF_INET6, copy, to->address) == 1)
        to->family = AF_INET6;
    else
        return "is not an address";
    bits = to->family == AF_INET ? 32 : 128;
    if (address.len < text.len && !span_to_u64(rest, bits, &bits))
        return "has a number of bits that no such address has";
    to->bits = (uint8_t)bits;
    return has_host_bits(to) ? "is the address of one in the network, not that of the network"
                             : NULL;
}

const char *config_relay_read(const struct option_row *key, struct span text, void *to)
{
    switch (key->kind) {
    case OPTION_WORD:
        return read_word(key, text, to);
    case OPTION_UPSTREAM:
    case OPTION_UPSTREAMS:
        return read_upstream(text, to);
    case OPTION_BALANCE:
        return read_balance(text, to);
    case OPTION_AUTHORITY:
        return read_authority(text, to);
    case OPTION_RESOLVER:
        return read_resolver(text, to);
    case OPTION_FIELD_NAMES:
        return read_field_name(text, to);
    case OPTION_STATUSES:
        return read_statuses(text, to);
    case OPTION_NETWORKS:
        return read_network(text, to);
    default:
        return NULL;
    }
}
