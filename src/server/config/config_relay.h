// SPDX-License-Identifier: MIT
/*
 * The syntax of single values that tell of other servers and of what is passed on to them.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_RELAY_H
#define CANDOR_SERVER_CONFIG_CONFIG_RELAY_H

#include "resource/option.h"

/* As config_value_read, of the kinds from OPTION_WORD to OPTION_NETWORKS. */
const char *config_relay_read(const struct option_row *key, struct span text, void *to);

/* How the sentence goes on of a field that may not be set or taken away by OPTION_FIELDS and
 * OPTION_FIELD_NAMES; NULL: it may. */
const char *config_field_name_wrong(struct span name);
const char *config_field_value_wrong(struct span value);

/* The words of a key of OPTION_WORD, one after the other. False: there are no more. */
bool config_word_next(struct span *rest, struct span *ret_word);

#endif
