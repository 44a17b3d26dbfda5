// SPDX-License-Identifier: MIT
/*
 * Compares a configuration file with config.def: every key known and there once, every value of the
 * right type and in range, nothing missing, nothing idle, and every path one that the system lets
 * us use. What values mean for one another is left to config_build.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_CHECK_H
#define CANDOR_SERVER_CONFIG_CONFIG_CHECK_H

#include "server/config/config_tree.h"

/*
 * folder: what relative paths begin with, "" or "…/". -CANDOR_E_CONFIG when something was added to
 * the report. -CANDOR_E_MEMORY.
 */
int config_check(const struct config_node *root, struct span folder, struct config_report *report);

#endif
