// SPDX-License-Identifier: MIT
/*
 * What the request is about, and where COPY and MOVE lead: what is there, and the facts of both.
 */
#ifndef CANDOR_RESOURCE_DAV_TARGET_H
#define CANDOR_RESOURCE_DAV_TARGET_H

#include "graph/exchange.h"
#include "tree/tree.h"

struct authoring;

/* What the request is about. Paths are relative to the root, without slashes at the ends; a client
 * is told names.asked. */
struct target {
    struct tree_names names;
    struct span path;      // of these, what is changed or told
    struct tree_look look; // what is there
    bool located;          // while a reader answers: names and look are those of its resource
};

/* Where COPY and MOVE lead. */
struct dav_destination {
    struct tree_names names;
    struct span path; // of these, what is made or replaced
    struct tree_look look;
    bool crosses; // MOVE: to another file system, so that it is a copy
};

enum step target_begin(struct authoring *a);
void target_run(struct authoring *a);
enum step target_end(struct authoring *a);
/* A look has failed (a->error): the cause. */
void look_fail(struct authoring *a);
enum step destination_begin(struct authoring *a);
void destination_run(struct authoring *a);
enum step destination_end(struct authoring *a);
/* Whether Depth is infinity, as it is when it is absent: RFC 4918 §9.1, §9.6.1, §9.8.3. */
bool authoring_is_deep(const struct exchange *x);

#endif
