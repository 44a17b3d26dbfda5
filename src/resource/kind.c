// SPDX-License-Identifier: MIT
#include "resource/kind.h"

#include <assert.h>

static size_t row_number(const struct kind_route *route, struct span key)
{
    const struct option_section *options = &route->kind->options;
    const struct option_row *row = option_find(options, key);

    assert(row);
    return (size_t)(row - options->rows);
}

bool kind_is_given(const struct kind_route *route, struct span key)
{
    return route->given[row_number(route, key)];
}

struct position kind_position(const struct kind_route *route, struct span key)
{
    return route->positions ? route->positions[row_number(route, key)] : (struct position){0};
}
