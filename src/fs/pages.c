// SPDX-License-Identifier: MIT
/*
 * One file for the whole process, without end. What is taken lies behind all that was taken before:
 * pages are given back, but their place is not used again, so none can show up in a send that is
 * still on its way.
 */
#include "fs/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PAGE_MOST = 64 * 1024 }; // of every architecture
#define ROOM ((uint64_t)1 << 60)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int file = -1;
static _Atomic uint64_t taken;

static void open_file(void)
{
    struct rlimit most;
    int fd;

    // Beyond such a limit the process would be ended.
    if (getrlimit(RLIMIT_FSIZE, &most) < 0 || most.rlim_cur != RLIM_INFINITY)
        return;
    fd = memfd_create("candor", MFD_CLOEXEC);
    if (fd < 0)
        return;
    if (ftruncate(fd, (off_t)ROOM) < 0)
        close(fd);
    else
        file = fd;
}

static size_t whole_pages(size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (length + page - 1) / page * page;
}

int pages_file(void)
{
    pthread_once(&once, open_file);
    return file;
}

int pages_take(size_t length, struct pages *ret_pages)
{
    size_t room = whole_pages(length);
    uint64_t offset;
    void *memory;

    if (length == 0 || length > ROOM / PAGE_MOST || pages_file() < 0)
        return -ENOMEM;
    offset = atomic_fetch_add_explicit(&taken, room, memory_order_relaxed);
    if (offset > ROOM - room)
        return -ENOMEM;
    memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)offset);
    if (memory == MAP_FAILED)
        return -ENOMEM;
    // Of a huge page only a part would be given back, and the system fills that with zeros at once,
    // whoever still sends it. Fails where there are none.
    madvise(memory, room, MADV_NOHUGEPAGE);
    *ret_pages = (struct pages){.memory = memory, .offset = offset, .length = length};
    return 0;
}

void pages_release(struct pages *p)
{
    size_t room = whole_pages(p->length);

    if (!p->memory)
        return;
    munmap(p->memory, room);
    fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)p->offset, (off_t)room);
    *p = (struct pages){0};
}
