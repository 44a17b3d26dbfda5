// SPDX-License-Identifier: MIT
/*
 * Looking after what is pending (settling.h) now and then, as long as there is any. Of a folder
 * that the path does not lead to any more it is left to when it does again, or to the next start.
 * In the loop.
 */
#ifndef CANDOR_RESOURCE_DAV_SETTLING_WATCH_H
#define CANDOR_RESOURCE_DAV_SETTLING_WATCH_H

struct dav;
struct dav_share;

void settling_begin(struct dav *d);
/* Accepts NULL for the share. */
void settling_watch(struct dav *d, const struct dav_share *share);
void settling_end(struct dav *d);

#endif
