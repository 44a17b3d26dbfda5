// SPDX-License-Identifier: MIT
/*
 * A kind of resource: what can stand behind a route. It brings its keys, what has to hold between
 * them, and its resources. The rest of the program knows of it by one line of kinds.def alone,
 * which names a `const struct resource_kind kind_NAME`.
 */
#ifndef CANDOR_RESOURCE_KIND_H
#define CANDOR_RESOURCE_KIND_H

#include "resource/option.h"
#include "resource/report.h"

struct loop;
struct media_type_map;
struct offload;
struct resource;
struct resource_kind;
struct store;

/* A route while its configuration is checked. */
struct kind_route {
    const struct resource_kind *kind;
    void *options;                    // a struct that kind->options is about
    const bool *given;                // by row: the key is there, or the command line says it
    const struct position *positions; // of the values, by row; NULL: there is no file
    // Set by the kind's check:
    bool writes;      // clients can change what is behind the route
    bool needs_store; // its resources keep something that outlives the process
};

/* What the resources of a kind are given; all of it outlives them. */
struct kind_means {
    struct offload *pool;
    const struct media_type_map *types;
    struct store *store; // NULL where no route needs it
    struct loop *loop;   // of the worker; NULL for share
    /* struct option_network: of proxies that are believed whom a request comes from. */
    const struct option_list *trusted_proxies;
    /* Tells the operator, from any thread, what happens later; token: to search for. May be NULL.
     */
    void (*tell)(const char *token, struct span sentence);
};

struct resource_kind {
    struct option_section options; // its keys in a route; the prefix is "routes.NAME."
    const char *event;             // in the operator's log, where share or open failed
    /*
     * Checks the options of a route as a whole, when each of them is fine by itself, and fills in
     * what depends on others of them. May be NULL.
     */
    void (*check)(struct kind_route *route, struct report *report);
    /* What must hold between all routes of the kind, in the order of the file. May be NULL. */
    void (*check_all)(const struct kind_route *const *routes, size_t count, struct report *report);
    /* Adds sentences about what is permitted, but may not be meant, each with a line end; for
     * `candor check`, as it may take long. May be NULL. */
    void (*advise)(const void *options, struct buf *notes);
    /*
     * What all workers share of a route, once for the program; NULL in *ret_share is nothing. May
     * be NULL. It blocks. A negated error of base/error.def: a sentence for the operator is added
     * to ret_why.
     */
    int (*share)(const struct kind_means *means, const void *options, void **ret_share,
                 struct buf *ret_why);
    /* A resource for one worker, which frees it by its ops. Errors as those of share. */
    int (*open)(const struct kind_means *means, const void *options, void *share,
                struct resource **ret_resource, struct buf *ret_why);
    /* When no worker has a resource any more. May be NULL where share is. */
    void (*unshare)(void *share);
};

/* Whether the route says what a key is to be, rather than leave it to what holds without it. */
bool kind_is_given(const struct kind_route *route, struct span key);

/* Where the value of a key of the route stands; nowhere: the key is not there, or there is no file.
 */
struct position kind_position(const struct kind_route *route, struct span key);

#endif
