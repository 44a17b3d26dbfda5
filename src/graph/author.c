// SPDX-License-Identifier: MIT
#include "graph/author.h"

enum {
    DEPTHS_INFINITE = 1 << DEPTH_ABSENT | 1 << DEPTH_INFINITY,
    DEPTHS_ENDS = DEPTHS_INFINITE | 1 << DEPTH_0,
    DEPTHS_ALL = DEPTHS_ENDS | 1 << DEPTH_1
};

#define C(what) CHANGES_##what
#define A(what) AUTHOR_##what

const struct author author_table[METHOD_COUNT] = {
#define AUTHOR(method, takes, depths, depths_of_collection, makes, changes, also)                  \
    [METHOD_##method] = {TAKES_##takes,   MAKES_##makes,                                           \
                         DEPTHS_##depths, DEPTHS_##depths_of_collection,                           \
                         changes,         also},
#include "graph/author.def"
};

const enum upload_use upload_uses[METHOD_COUNT] = {
#define UPLOAD(method, use) [METHOD_##method] = UPLOAD_##use,
#include "graph/author.def"
};

const method_set methods_that_read = 0
#define READS(method) | METHOD_BIT(METHOD_##method)
#include "graph/author.def"
    ;

const method_set methods_that_explain = 0
#define EXPLAINS(method) | METHOD_BIT(METHOD_##method)
#include "graph/author.def"
    ;

const method_set methods_that_author = 0
#define AUTHOR(method, ...) | METHOD_BIT(METHOD_##method)
#include "graph/author.def"
    ;

const method_set methods_that_take = 0
#define AUTHOR(method, takes, ...) | (TAKES_##takes >= TAKES_XML ? METHOD_BIT(METHOD_##method) : 0)
#include "graph/author.def"
    ;

const method_set methods_that_store = 0
#define AUTHOR(method, takes, ...)                                                                 \
    | (TAKES_##takes >= TAKES_WHOLE ? METHOD_BIT(METHOD_##method) : 0)
#include "graph/author.def"
    ;

const method_set methods_that_patch = 0
#define AUTHOR(method, takes, ...) | (TAKES_##takes == TAKES_PART ? METHOD_BIT(METHOD_##method) : 0)
#include "graph/author.def"
    ;

const method_set methods_of_uploads = 0
#define UPLOAD(method, use) | (UPLOAD_##use != UPLOAD_OPENS ? METHOD_BIT(METHOD_##method) : 0)
#include "graph/author.def"
    ;
