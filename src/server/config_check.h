// SPDX-License-Identifier: MIT
/*
 * Compares a configuration file with config.def: every key known and there once, every value of the
 * right type and in range, nothing missing. What only the system can tell (whether a folder exists)
 * is not asked here.
 */
#ifndef CANDOR_SERVER_CONFIG_CHECK_H
#define CANDOR_SERVER_CONFIG_CHECK_H

#include "server/config_tree.h"

/* -CANDOR_E_CONFIG when something was added to the report. */
int config_check(const struct config_node *root, struct config_report *report);

#endif
