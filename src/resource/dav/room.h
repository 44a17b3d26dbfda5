// SPDX-License-Identifier: MIT
/*
 * FACT_room: refuses what has no room, or is a part that belongs nowhere, before its content is
 * asked for; and opens an upload of which its client is to learn by then.
 */
#ifndef CANDOR_RESOURCE_DAV_ROOM_H
#define CANDOR_RESOURCE_DAV_ROOM_H

#include "graph/fact.h"

struct authoring;

enum step room_begin(struct authoring *a);
void room_run(struct authoring *a);
enum step room_end(struct authoring *a);

#endif
