// SPDX-License-Identifier: MIT
/*
 * A small pool of threads for what blocks: opening and reading files, fsync, later SQLite and
 * password hashes. Shared by all loops; a completion arrives in the loop that submitted.
 */
#ifndef CANDOR_IO_OFFLOAD_H
#define CANDOR_IO_OFFLOAD_H

#include "io/loop.h"

struct offload;

struct work {
    void (*run)(struct work *w);  // in a thread of the pool; touches nothing but the work
    void (*done)(struct work *w); // in the loop's thread; the work is the submitter's again
    struct loop *loop;            // private from here
    struct work *next;
    struct loop_message message;
};

int offload_open(unsigned threads, struct offload **ret_pool);
/* Waits for what was submitted, then ends the threads. Accepts NULL. */
void offload_free(struct offload *o);
/* The work must stay until its done runs. */
void offload_submit(struct offload *o, struct loop *l, struct work *w);

#endif
