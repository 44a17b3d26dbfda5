// SPDX-License-Identifier: MIT
/*
 * Preloaded into the program: the Nth call for memory, a descriptor or the disk fails. Whoever
 * tests maps the file that CANDOR_FAULTS names, and writes N there.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In the file, in this order. */
struct control {
    _Atomic int64_t left;  // calls until the one that fails; 0: none does
    _Atomic int64_t calls; // while that was not 0
    _Atomic int64_t failed;
    char name[64]; // of the call that failed
};

static struct control *control;

/* The C library's own, which no preloading replaces. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CANDOR_FAULTS");
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    void *map;

    if (fd < 0)
        return;
    map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
    close((int)fd);
    if (map != MAP_FAILED)
        control = map;
}

/* Whether this is the call that fails, as `error`. */
static bool fails(const char *name, int error)
{
    int64_t left = control ? atomic_load(&control->left) : 0;

    while (left > 0 && !atomic_compare_exchange_weak(&control->left, &left, left - 1))
        ;
    if (left <= 0)
        return false;
    atomic_fetch_add(&control->calls, 1);
    if (left > 1)
        return false;
    snprintf(control->name, sizeof control->name, "%s", name);
    atomic_store(&control->failed, 1);
    errno = error;
    return true;
}

/* The next library's function of that name. */
static void *next(const char *name, _Atomic(void *) *known)
{
    void *found = atomic_load(known);

    if (!found) {
        found = dlsym(RTLD_NEXT, name);
        atomic_store(known, found);
    }
    return found;
}

/* What is read from and written to sockets, events and pipes is left alone. */
static bool is_file(int fd)
{
    struct stat st;

    return syscall(SYS_fstat, fd, &st) == 0 && S_ISREG(st.st_mode);
}

#pragma GCC visibility push(default)

void *malloc(size_t size)
{
    return fails("malloc", ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails("calloc", ENOMEM) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails("realloc", ENOMEM) ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
    return size && count > SIZE_MAX / size ? NULL : realloc(old, count * size);
}

#define NEXT(type, name, parameters) ((type(*) parameters)next(#name, &known_##name))

/* A call that fails with -1, where `may` holds. */
#define CALL_WHERE(may, type, name, parameters, arguments, error)                                  \
    static _Atomic(void *) known_##name;                                                           \
    type name parameters;                                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        return (may) && fails(#name, error) ? (type)-1 : NEXT(type, name, parameters) arguments;   \
    }
#define CALL(...) CALL_WHERE(true, __VA_ARGS__)

CALL(int, fstat64, (int fd, struct stat64 *st), (fd, st), EIO)
CALL(int, fstatat64, (int fd, const char *path, struct stat64 *st, int flags),
     (fd, path, st, flags), EIO)
CALL(int, statx, (int fd, const char *path, int flags, unsigned mask, struct statx *st),
     (fd, path, flags, mask, st), EIO)
CALL(int, fstatvfs64, (int fd, struct statvfs64 *st), (fd, st), EIO)
CALL(ssize_t, pread64, (int fd, void *to, size_t n, off64_t at), (fd, to, n, at), EIO)
CALL(ssize_t, __pread64_chk, (int fd, void *to, size_t n, off64_t at, size_t room),
     (fd, to, n, at, room), EIO)
CALL(ssize_t, pwrite64, (int fd, const void *from, size_t n, off64_t at), (fd, from, n, at), ENOSPC)
CALL_WHERE(is_file(fd), ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), EIO)
CALL_WHERE(is_file(fd), ssize_t, __read_chk, (int fd, void *to, size_t n, size_t room),
           (fd, to, n, room), EIO)
CALL_WHERE(is_file(fd), ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n), ENOSPC)
CALL(ssize_t, getdents64, (int fd, void *to, size_t n), (fd, to, n), EIO)
CALL(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode), EIO)
CALL(int, renameat, (int from, const char *a, int to, const char *b), (from, a, to, b), EIO)
CALL(int, renameat2, (int from, const char *a, int to, const char *b, unsigned flags),
     (from, a, to, b, flags), EIO)
CALL(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), EIO)
CALL(int, symlinkat, (const char *to, int fd, const char *path), (to, fd, path), EIO)
CALL(ssize_t, readlinkat, (int fd, const char *path, char *to, size_t n), (fd, path, to, n), EIO)
CALL(ssize_t, __readlinkat_chk, (int fd, const char *path, char *to, size_t n, size_t room),
     (fd, path, to, n, room), EIO)
CALL(int, fsync, (int fd), (fd), EIO)
CALL(int, fdatasync, (int fd), (fd), EIO)
CALL(int, syncfs, (int fd), (fd), EIO)
CALL(int, ftruncate64, (int fd, off64_t length), (fd, length), EIO)
CALL(int, futimens, (int fd, const struct timespec times[2]), (fd, times), EIO)
CALL(int, fchmod, (int fd, mode_t mode), (fd, mode), EIO)

static _Atomic(void *) known_fdopendir, known_readdir64, known_openat64, known_open64,
    known_syscall;

DIR *fdopendir(int fd)
{
    return fails("fdopendir", ENOMEM) ? NULL : NEXT(DIR *, fdopendir, (int))(fd);
}

struct dirent64 *readdir64(DIR *dir)
{
    return fails("readdir", EIO) ? NULL : NEXT(struct dirent64 *, readdir64, (DIR *))(dir);
}

/* The mode is there only where something is to be made; to pass more does no harm. */
int openat64(int fd, const char *path, int flags, ...)
{
    va_list rest;
    mode_t mode;

    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    return fails("openat", EMFILE)
               ? -1
               : NEXT(int, openat64, (int, const char *, int, ...))(fd, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    mode_t mode;

    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    return fails("open", EMFILE) ? -1
                                 : NEXT(int, open64, (const char *, int, ...))(path, flags, mode);
}

long syscall(long number, ...)
{
    va_list rest;
    long a[6];

    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_openat2 && fails("openat2", EMFILE))
        return -1;
    return NEXT(long, syscall, (long, ...))(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
