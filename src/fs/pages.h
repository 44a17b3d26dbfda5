// SPDX-License-Identifier: MIT
/*
 * Memory that the system can send as it is: whole pages of a file without a name, of which sendfile
 * copies nothing. Nobody else can change it, so what is sent is what was put there, however slowly
 * the client takes it; and it is there, so that nobody waits for a disk.
 */
#ifndef CANDOR_FS_PAGES_H
#define CANDOR_FS_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* From this length on it costs less to send pages than to copy bytes. */
enum { PAGES_LEAST = 16 * 1024 };

struct pages {
    char *memory;    // NULL: there is none
    uint64_t offset; // of it, in the file
    size_t length;
};

/*
 * Zeros, to be filled by read(2) and its like: where the system runs out of memory these fail with
 * EFAULT. -ENOMEM where the system does not give any, for whatever reason: malloc may.
 */
int pages_take(size_t length, struct pages *ret_pages);
/* What was sent of it and has not arrived yet is not touched. Accepts those without memory. */
void pages_release(struct pages *p);

/* The file; its own. It lives as long as the process. */
int pages_file(void);

#endif
