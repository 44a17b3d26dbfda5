// SPDX-License-Identifier: MIT
#include "upstream/fetch_parts.h"
const struct fetch_ops fetch_fcgi_ops = {.begin = NULL};
