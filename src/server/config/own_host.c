// SPDX-License-Identifier: MIT
#include "server/config/own_host.h"

#include "base/ascii.h"
#include "base/error.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netdb.h>
#include <strings.h>
#include <unistd.h>

/* Nobody can register a name that ends so: RFC 6761, RFC 6762, RFC 8375, and what ICANN has set
 * aside for private use; .lan is delegated to nobody, and many routers give it. */
static const struct span private_ends[] = {
    SPAN_INIT(".localhost"), SPAN_INIT(".local"),    SPAN_INIT(".lan"),
    SPAN_INIT(".home.arpa"), SPAN_INIT(".internal"), SPAN_INIT(".test"),
};

int own_hosts_add(struct own_hosts *own, struct span name, struct arena *arena)
{
    struct span *names = arena_alloc(arena, (own->count + 1) * sizeof *names);
    char *text = arena_alloc(arena, name.len);

    if (!names || !text)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < name.len; i++)
        text[i] = ascii_lower(name.ptr[i]);
    if (own->count)
        memcpy(names, own->names, own->count * sizeof *names);
    names[own->count++] = span_of(text, name.len);
    own->names = names;
    return 0;
}

static int add_full_name(struct own_hosts *own, const char *name, struct arena *arena)
{
    struct span host = span_from_str(name);

    return span_find(host, '.') < host.len ? own_hosts_add(own, host, arena) : 0;
}

/* A line of /etc/hosts with the machine's name in it: its names are all the machine's. */
static int add_line(struct own_hosts *own, const struct hostent *line, const char *node,
                    struct arena *arena)
{
    bool is_mine = strcasecmp(line->h_name, node) == 0;
    int error;

    for (char **alias = line->h_aliases; *alias; alias++)
        is_mine |= strcasecmp(*alias, node) == 0;
    if (!is_mine)
        return 0;
    error = add_full_name(own, line->h_name, arena);
    for (char **alias = line->h_aliases; *alias && error == 0; alias++)
        error = add_full_name(own, *alias, arena);
    return error;
}

int own_hosts_read(struct own_hosts *own, struct arena *arena)
{
    char node[HOST_NAME_MAX + 1];
    const struct hostent *line;
    int error;

    if (gethostname(node, sizeof node) < 0)
        return 0;
    node[HOST_NAME_MAX] = '\0';
    error = add_full_name(own, node, arena);
    sethostent(0);
    while (error == 0 && (line = gethostent()))
        error = add_line(own, line, node, arena);
    endhostent();
    return error;
}

static bool is_address(struct span host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;

    if (host.ptr[0] == '[')
        return true;
    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &address) == 1;
}

bool own_host_is(const struct own_hosts *own, struct span host)
{
    if (span_ends(host, SPAN(".")))
        host.len--;
    if (host.len == 0 || span_find(host, '.') == host.len || is_address(host))
        return true;
    for (size_t i = 0; i < sizeof private_ends / sizeof *private_ends; i++) {
        struct span end = private_ends[i];

        if (host.len > end.len && span_eq_nocase(span_from(host, host.len - end.len), end))
            return true;
    }
    for (size_t i = 0; i < own->count; i++)
        if (span_eq_nocase(host, own->names[i]))
            return true;
    return false;
}
