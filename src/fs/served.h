// SPDX-License-Identifier: MIT
/*
 * The folder that a route serves: what its path leads to, looked at now and then, as the folder may
 * be removed, renamed, exchanged for another one, or mounted on while it is served. For all
 * threads.
 */
#ifndef CANDOR_FS_SERVED_H
#define CANDOR_FS_SERVED_H

#include "fs/root.h"

struct served;

enum served_event {
    SERVED_GONE,      // the path leads nowhere now
    SERVED_BACK,      // it leads to a folder again
    SERVED_EXCHANGED, // to another one than before
};

/* Told once each time; error: an errno where it is gone. Called in whatever thread has looked. */
typedef void served_tell(void *context, const char *path, enum served_event event, int error);

/* Blocks. A negated errno, as root_open(); tell may be NULL. */
int served_open(const char *path, served_tell *tell, void *context, struct served **ret_served);
/* Accepts NULL. */
void served_free(struct served *s);

/*
 * A reference of what the path leads to, as far as was known LIMIT_ROOT_LOOK before now (monotonic,
 * ns). Blocks. A negated errno, for fs_failure(), where it leads nowhere.
 */
int served_root(struct served *s, int64_t now, struct root **ret_root);
/* As served_root(), without a look and without waiting for anybody: NULL where that is needed. */
struct root *served_root_at_once(struct served *s, int64_t now);
/* What is known is to be believed no more: whoever comes next looks. */
void served_distrust(struct served *s);

/* Whether what is remembered of the folder may be used without served_root(); does not block. */
bool served_holds(const struct served *s, int64_t now);

/*
 * Grows when the path leads elsewhere, and by one whenever the program itself has changed something
 * beneath it: what is remembered from before that is of no use.
 */
_Atomic uint64_t *served_changes(struct served *s);

#endif
