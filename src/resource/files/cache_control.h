// SPDX-License-Identifier: MIT
/*
 * What caches may do with a file, as the operator says by its name: RFC 9111 §5.2.2.
 */
#ifndef CANDOR_RESOURCE_FILES_CACHE_CONTROL_H
#define CANDOR_RESOURCE_FILES_CACHE_CONTROL_H

#include "base/buf.h"
#include "resource/option.h"

struct cache_rule {
    struct span match; // of names; with a slash at the front of paths below the root
    struct option_caching control;
};

/*
 * Whether the rule is for the file at that path, which is relative to the root. In the pattern "*"
 * stands for any bytes, slashes as well; a slash at its end for all that is below. Takes at most
 * as many steps as the product of both lengths.
 */
bool cache_rule_matches(const struct cache_rule *rule, struct span path);

/*
 * Adds the field line Cache-Control for the file at path, which is relative to the root, by the
 * first of the rules (of struct cache_rule) that matches. Without one it is "no-cache": copies are
 * kept, and asked about before each use, so that nobody is ever shown what was there before.
 * False: there is to be none.
 */
bool cache_control_add(struct buf *b, const struct option_list *rules, struct span path);

#endif
