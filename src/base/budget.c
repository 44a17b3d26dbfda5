// SPDX-License-Identifier: MIT
#include "base/budget.h"

#include "base/limits.h"

struct budget budget_memory = {.most = LIMIT_MEMORY};
