// SPDX-License-Identifier: MIT
#include "server/session/session.h"

#include "server/session/h1_session.h"

void session_open(struct sessions *s, int fd, const struct sockaddr *peer)
{
    h1_session_open(s, fd, peer);
}
