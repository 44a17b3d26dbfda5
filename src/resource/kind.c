// SPDX-License-Identifier: MIT
#include "resource/kind.h"

#include <assert.h>

struct position kind_position(const struct kind_route *route, struct span key)
{
    const struct option_section *options = &route->kind->options;
    const struct option_row *row = option_find(options, key);

    assert(row);
    return route->positions ? route->positions[row - options->rows] : (struct position){0};
}
