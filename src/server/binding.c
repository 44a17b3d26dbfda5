// SPDX-License-Identifier: MIT
#include "server/binding.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/oplog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,     // connections that the system keeps until they are accepted
    SOCKET_MODE = 0660, // of the file of a Unix socket, where nothing else is said
    TURN_MS = 10,       // between looks at whether another start has ended
    TURNS = 100,
};

static void close_kept_errno(int fd)
{
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
}

static int open_socket(const struct sockaddr_storage *address, socklen_t len, bool share)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1, off = 0;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // accepted sockets inherit it
    if (share)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (address->ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (const struct sockaddr *)address, len) < 0 || listen(fd, BACKLOG) < 0) {
        close_kept_errno(fd);
        return -1;
    }
    return fd;
}

static const char *path_of(const struct sockaddr_storage *address)
{
    return ((const struct sockaddr_un *)address)->sun_path;
}

static int tell_not_bound(const struct sockaddr_storage *address)
{
    bool is_path = address->ss_family == AF_UNIX;
    char text[LISTEN_TEXT];

    listen_print((const struct sockaddr *)address, text);
    if (errno == EADDRINUSE)
        oplog("address-in-use",
              "cannot listen on %s: another program already does; stop it or "
              "choose another %s with --listen",
              text, is_path ? "path" : "port");
    else if (errno == EACCES && !is_path)
        oplog("address-not-permitted",
              "cannot listen on %s: the system does not permit it; ports "
              "below 1024 need privileges",
              text);
    else if (errno == EACCES)
        oplog("address-not-permitted",
              "cannot listen on %s: the system does not permit it; this user needs to write to the "
              "folder, and to the socket where there is one",
              text);
    else if (errno == EEXIST)
        oplog("address-not-bound",
              "cannot listen on %s: something that is no socket is there; move it away or choose "
              "another path",
              text);
    else if (errno == EPERM)
        oplog("address-not-permitted",
              "cannot listen on %s: this user may not give the socket to that owner or group; run "
              "as root, or choose a group of this user's",
              text);
    else
        oplog("address-not-bound", "cannot listen on %s: %s", text, strerror(errno));
    return -CANDOR_E_SYSTEM;
}

/*
 * One socket a worker. The first is bound without SO_REUSEPORT for a moment: otherwise a second
 * server of the same user would share the port without a word.
 */
static int open_network(struct binding *b, const struct listen_address *address, unsigned count,
                        int *sockets, size_t stride)
{
    socklen_t len = sizeof b->address;
    int probe = open_socket(&address->socket, address->len, false);

    if (probe < 0)
        return -1;
    getsockname(probe, (struct sockaddr *)&b->address, &len);
    if (count == 1) {
        sockets[0] = probe;
        return 0;
    }
    close(probe);
    for (unsigned w = 0; w < count; w++) {
        sockets[w * stride] = open_socket(&b->address, address->len, true);
        if (sockets[w * stride] < 0)
            return -1;
    }
    return 0;
}

/* The folder of the path, locked: of two starts at once, one would take the other's socket, which
 * is not listening yet, for a dead server's. -1 where that cannot be had; then it goes without. */
static int lock_folder(const char *path)
{
    const struct timespec turn = {.tv_nsec = TURN_MS * CLOCK_MS};
    const char *slash = strrchr(path, '/');
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)] = ".";
    int fd;

    if (slash) {
        memcpy(folder, path, (size_t)(slash - path));
        folder[slash - path] = '\0';
    }
    fd = open(folder[0] ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd >= 0 && i < TURNS && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
        nanosleep(&turn, NULL);
    return fd;
}

/* Removes the socket that a dead server left. False: errno tells what is there instead. */
static bool remove_stale(const struct sockaddr_storage *address, socklen_t len)
{
    const char *path = path_of(address);
    struct stat st;
    int fd, error;

    if (lstat(path, &st) < 0)
        return errno == ENOENT;
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return false;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = fd < 0 || connect(fd, (const struct sockaddr *)address, len) == 0 ? EADDRINUSE : errno;
    close_kept_errno(fd);
    if (error == ECONNREFUSED)
        return unlink(path) == 0 || errno == ENOENT;
    errno = error == EACCES ? EACCES : EADDRINUSE;
    return false;
}

/* Nobody can connect before listen(), so mode and owner are right for everyone who does. */
static int open_path(struct binding *b, const struct config_listen *listen_on, int fd)
{
    const struct listen_address *address = &listen_on->address;
    const struct sockaddr *name = (const struct sockaddr *)&address->socket;
    const char *path = path_of(&address->socket);
    mode_t mode = listen_on->mode == UINT64_MAX ? SOCKET_MODE : (mode_t)listen_on->mode;
    struct stat st;

    if (bind(fd, name, address->len) < 0 &&
        (errno != EADDRINUSE || !remove_stale(&address->socket, address->len) ||
         bind(fd, name, address->len) < 0))
        return -1;
    if (lstat(path, &st) < 0)
        return -1;
    b->device = st.st_dev;
    b->inode = st.st_ino;
    if ((listen_on->owner & listen_on->group) != UINT64_MAX &&
        lchown(path, (uid_t)listen_on->owner, (gid_t)listen_on->group) < 0)
        return -1;
    return chmod(path, mode) < 0 || listen(fd, BACKLOG) < 0 ? -1 : 0;
}

/* The workers share one socket: there is no SO_REUSEPORT for paths. */
static int open_unix(struct binding *b, const struct config_listen *listen_on, unsigned count,
                     int *sockets, size_t stride)
{
    int folder = lock_folder(path_of(&listen_on->address.socket));
    int error;

    sockets[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = sockets[0] < 0 ? -1 : open_path(b, listen_on, sockets[0]);
    close_kept_errno(folder);
    for (unsigned w = 1; w < count && error == 0; w++) {
        sockets[w * stride] = fcntl(sockets[0], F_DUPFD_CLOEXEC, 0);
        error = sockets[w * stride] < 0 ? -1 : 0;
    }
    return error;
}

int binding_open(struct binding *b, const struct config_listen *listen_on, unsigned count,
                 int *sockets, size_t stride)
{
    const struct listen_address *address = &listen_on->address;
    int r;

    *b = (struct binding){.address = address->socket};
    r = address->socket.ss_family == AF_UNIX ? open_unix(b, listen_on, count, sockets, stride)
                                             : open_network(b, address, count, sockets, stride);
    return r < 0 ? tell_not_bound(&b->address) : 0;
}

void binding_remove(struct binding *b)
{
    struct stat st;

    if (b->inode && lstat(path_of(&b->address), &st) == 0 && st.st_dev == b->device &&
        st.st_ino == b->inode)
        unlink(path_of(&b->address));
    b->inode = 0;
}
