// SPDX-License-Identifier: MIT
/*
 * Status codes as JSON objects.
 */
#ifndef CANDOR_CLI_STATUS_JSON_H
#define CANDOR_CLI_STATUS_JSON_H

#include "base/buf.h"
#include "registry/status.h"

/* One object on one line, without a newline at its end. */
void status_json_add(struct buf *b, const struct status_info *info);

/* One object for all uses of an unregistered code; false, with the buffer as it was,
 * when there is none. */
bool status_json_add_unregistered(struct buf *b, int code);

#endif
