// SPDX-License-Identifier: MIT
/*
 * What the names of upstreams stand for, in one worker: asked of the hosts file and the name
 * servers by c-ares, whose sockets are in the loop. An answer is believed as long as its TTL says.
 * When that has run out, the addresses go on being used for a moment while the name is looked up
 * anew; where no name server answers, for as long as that is so.
 */
#ifndef CANDOR_UPSTREAM_NAME_H
#define CANDOR_UPSTREAM_NAME_H

#include "base/limits.h"
#include "io/loop.h"
#include "registry/outcome.h"

#include <netinet/in.h>
#include <sys/un.h>

enum { NAME_ENDPOINTS = LIMIT_NAME_ADDRESSES };

struct endpoint {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_un path;
    };
    socklen_t len;
};

/* The resolver of a worker. */
struct names {
    struct loop *loop;
    const char *servers; // "127.0.0.1:53,[::1]:53"; NULL: those of the system
    uint64_t timeout;    // for one lookup, in ms
    struct ares_channeldata *channel;
    bool is_old;      // it is opened anew, with what the system's files say, when nothing runs
    unsigned lookups; // under way
    unsigned heard;   // how often something came from a name server
    struct list sockets;
    struct timer timer;
};
void names_init(struct names *n, struct loop *l, const char *servers, uint64_t timeout);
/* Lookups end without a word. The names are done already. */
void names_done(struct names *n);

struct name {
    struct names *names;
    const char *host;
    struct in6_addr addresses[NAME_ENDPOINTS]; // those of IPv4 as ::ffff:a.b.c.d
    unsigned count;
    unsigned generation; // another one whenever there were other addresses
    unsigned rotation;
    bool prefers_four;  // as the last connection that came about was of IPv4
    unsigned heard;     // of the resolver, when the lookup began
    bool is_asking;     // a lookup is under way
    bool is_late;       // and has taken so long that nobody waits for it any more
    int64_t good_until; // of the addresses
    int64_t bad_until;  // of cause
    enum outcome cause; // upstream_name_unknown, _name_timeout, _own_fault
    struct list waiting;
    struct timer timer;
    struct loop_call told;
};
/* The host must stay. */
void name_init(struct name *n, struct names *names, const char *host);
void name_done(struct name *n);

/* One that waits for a name's addresses. */
struct name_wait {
    struct list link; // private; in no list: all zeros or empty
    void (*told)(struct name_wait *w);
};

/*
 * The cause why it has no addresses, or OUTCOME_NONE and *ret_endpoints in the order in which they
 * are to be tried. True: that is so now; false: `told` says, later, when to ask again.
 */
bool name_find(struct name *n, uint16_t port, struct name_wait *w,
               struct endpoint ret_endpoints[NAME_ENDPOINTS], unsigned *ret_count,
               enum outcome *ret_cause);
/* Likewise after `told`: what is known now is all there is. */
void name_take(struct name *n, uint16_t port, struct endpoint ret_endpoints[NAME_ENDPOINTS],
               unsigned *ret_count, enum outcome *ret_cause);
/* Looks it up anew if that is due, while what is known goes on being used. */
void name_refresh(struct name *n);
/* A connection to one of its addresses came about; which one. */
struct in6_addr name_connected(struct name *n, const struct endpoint *e);
/* Whether it has that address; one that has none at all has not lost it. */
bool name_has(const struct name *n, const struct in6_addr *address);

#endif
