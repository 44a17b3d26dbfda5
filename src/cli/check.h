// SPDX-License-Identifier: MIT
#ifndef CANDOR_CLI_CHECK_H
#define CANDOR_CLI_CHECK_H

/* candor check FILE: whether a configuration is fine, without starting anything. */
int cli_check(int argc, char **argv);

#endif
