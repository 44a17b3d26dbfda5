// SPDX-License-Identifier: MIT
/*
 * What only the system can tell of the paths in a configuration: whether what they name is there,
 * and whether this user may do with it what the server is going to do.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_PLACE_H
#define CANDOR_SERVER_CONFIG_CONFIG_PLACE_H

#include "base/buf.h"
#include "server/config/config_schema.h"

/* How a sentence about a path goes on ("does not exist"), and what was expected instead. */
struct config_place {
    const char *wrong, *expected;
};

/*
 * Whether a path cannot be what a key of that kind (CONFIG_FILE, CONFIG_FOLDER, CONFIG_LOG or
 * CONFIG_STATE) makes of it. Changes nothing.
 */
bool config_place_is_wrong(enum config_kind kind, const char *path, struct config_place *ret_place);

/* The same for a folder that is entered, and perhaps listed or written. */
bool config_folder_is_wrong(const char *path, bool listed, bool written,
                            struct config_place *ret_place);

/* The same for a file whose folders may have to be made first. */
bool config_file_is_unmakable(const char *path, struct config_place *ret_place);

/*
 * Adds a regular file's bytes to a buffer. Otherwise *ret_why is how a sentence about it goes on:
 * -CANDOR_E_CONFIG, or -CANDOR_E_MEMORY.
 */
int config_read_file(const char *file, size_t most, struct buf *to, const char **ret_why);

#endif
