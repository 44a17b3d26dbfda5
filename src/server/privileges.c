// SPDX-License-Identifier: MIT
#include "server/privileges.h"

#include "base/error.h"
#include "base/oplog.h"
#include "server/config/state.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The group of the user, where none is named; a number without an entry has itself. */
static gid_t group_of(const struct config *config, const struct passwd *user)
{
    if (config->group != UINT64_MAX)
        return (gid_t)config->group;
    return user ? user->pw_gid : (gid_t)config->user;
}

static int become(const struct config *config)
{
    uid_t uid = (uid_t)config->user;
    const struct passwd *user = getpwuid(uid);
    gid_t gid = group_of(config, user);

    if (user ? initgroups(user->pw_name, gid) < 0 : setgroups(0, NULL) < 0)
        return -1;
    if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return -1;
    if (uid != 0 && setuid(0) == 0) { // it would not be for good
        errno = EPERM;
        return -1;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int privileges_drop(const struct config *config)
{
    int error;

    if (config->user == UINT64_MAX || (config->user == geteuid() && config->group == UINT64_MAX))
        return 0;
    error = geteuid() == 0 ? state_give(config, (uid_t)config->user) : 0;
    if (error == 0 && become(config) < 0)
        error = -errno;
    if (error == 0)
        return 0;
    oplog("user-not-become",
          "the server cannot become the user %llu (%s); start it as root, or take the key user out "
          "of the configuration",
          (unsigned long long)config->user, strerror(-error));
    return -CANDOR_E_SYSTEM;
}
