// SPDX-License-Identifier: MIT
/*
 * Which part of the configuration answers a request. A route's path is either a folder ("/team/":
 * it answers that path, everything below it, and "/team" itself, so that its resource can say that
 * the slash is missing) or a whole path ("/robots.txt": that path and no other).
 * Paths are compared decoded, octet by octet; hosts without regard to case.
 */
#ifndef CANDOR_SERVER_CONFIG_ROUTE_H
#define CANDOR_SERVER_CONFIG_ROUTE_H

#include "base/arena.h"
#include "registry/method.h"
#include "resource/kind.h"
#include "wire/fault.h"

#include <stdatomic.h>

/* Breaks a route's responses on purpose: those that it is for, by its chance. */
struct route_fault {
    enum fault fault;
    uint64_t at;        // FAULT_AT_NATURAL: nobody says
    uint64_t status;    // 0: of any
    enum method method; // METHOD_UNKNOWN: any
    struct span path;   // a pattern of paths below the route (cache_rule_matches); empty: all
    uint64_t chance;    // in millionths
    uint64_t seed;      // UINT64_MAX: none, it is drawn at the start
};

/* All that a route has of them. */
struct route_faults {
    const struct route_fault *list;
    size_t count;
    uint64_t seed;         // drawn
    _Atomic uint64_t turn; // of all workers
};

struct route {
    struct span host; // lower case; empty: every host
    struct span path; // as described above
    uint64_t content; // largest request content that is not stored, bytes
    size_t number;    // its place in the file, from 0; the same for each of its hosts
    int32_t parent;   // the longest folder of the same host that holds it, or -1
    const struct resource_kind *kind;
    const void *options;         // of the kind
    struct route_faults *faults; // NULL: none
    bool writes;                 // clients can change what is behind it
    bool is_guarded;             // where it names no host, it answers for the machine's own alone
    bool needs_store;            // something of it outlives the process
};

/* The routes of one host: a run in the table of routes, sorted by path. */
struct route_host {
    struct span name; // lower case; empty: the general routes
    size_t first, count;
    bool has_whole; // some route is a whole path
};

/* Sorted and immutable; lives in the arena of whoever built it. */
struct route_table {
    struct route *routes; // sorted by host, then path
    size_t count;
    size_t number_count;      // of routes in the file: one with several hosts is here for each
    struct route_host *hosts; // sorted by name; the general ones, if any, are the first
    size_t host_count;
    bool has_wide; // some path has more than ASCII
};

struct config;

/*
 * Takes the routes in the order of the file, sorts them in place and makes the table; memory comes
 * from the arena. -CANDOR_E_MEMORY, or -CANDOR_E_CONFIG when two routes have the same host and
 * path: their numbers are then in ret_twins, the earlier one first.
 */
int route_table_init(struct route_table *table, struct route *routes, size_t count,
                     struct arena *arena, size_t ret_twins[2]);

/*
 * The route for a request: of those that name its host, the one with the longest path; where none
 * of them has the path, of those without a host. NULL when there is none; *ret_host_known then
 * tells whether any route would answer for that host at all. host has no port; path is decoded.
 * Allocates nothing; logarithmic in the number of routes.
 */
const struct route *route_find_in(const struct route_table *table, struct span host,
                                  struct span path, bool *ret_host_known);
/*
 * Likewise. A path in another form of Unicode finds files all the same (fs/other_form.h), so where
 * it would lead to a route with a longer path in its form NFC or NFD, no route answers it: what
 * that route says is not to be got round.
 */
const struct route *route_find(const struct config *config, struct span host, struct span path,
                               bool *ret_host_known);

/*
 * What is left of a path that the route answers, to be looked up below its root: "/team/a/b" in
 * "/team/" leaves "/a/b", "/team/" leaves "/", "/team" leaves "". A whole path leaves its last
 * segment: "/x/robots.txt" leaves "/robots.txt". A part of path.
 */
struct span route_rest(const struct route *route, struct span path);

#endif
