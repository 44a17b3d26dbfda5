// SPDX-License-Identifier: MIT
/*
 * A small pool of threads for what blocks: the file system, fsync, SQLite. Shared by all loops; a
 * completion arrives in the loop that submitted.
 *
 * Works are begun in the order in which they came, but where several clients have some waiting in a
 * lane, each of these has one begun in turn. Those that are long (they walk over whole
 * collections, or copy much), and the steps of bodies that are made while they are sent, run in
 * some of the threads only, and more of them wait, so that there always is a thread soon for what
 * is quick. Nothing may wait, in a thread, for a work that has not begun; and a quick work does not
 * wait for another.
 */
#ifndef CANDOR_IO_OFFLOAD_H
#define CANDOR_IO_OFFLOAD_H

#include "base/hurry.h"
#include "io/loop.h"

struct offload;

enum work_lane {
    LANE_QUICK, // no more than a moment
    LANE_LONG,  // it may take long
    LANE_BODY,  // a step of what many clients may want for a long time: archives
    LANE_COUNT
};

struct work {
    void (*run)(struct work *w);  // in a thread of the pool; touches nothing but the work
    void (*done)(struct work *w); // in the loop's thread; the work is the submitter's again
    enum work_lane lane;
    unsigned client;     // that it is for, by its number, below LIMIT_CLIENTS; 0: for none
    struct loop *loop;   // private from here
    struct list waiting; // among those of its client; in none once it was begun
    uint64_t number;
    struct loop_message message;
};

/* long_threads: in how many of the threads long works may run at the same time, beside
 * LIMIT_POOL_THREADS_BODY for bodies. One thread is left to what is quick, if there are two. */
int offload_open(unsigned threads, unsigned long_threads, struct offload **ret_pool);
/* Waits for what was submitted, then ends the threads. Accepts NULL. */
void offload_free(struct offload *o);
/* The work must stay until its done runs. */
void offload_submit(struct offload *o, struct loop *l, struct work *w);
/*
 * Takes back a work whose done has not run, in the loop that submitted it. True: it had not begun;
 * neither its run nor its done will run, and it is the submitter's again. False: it is running or
 * has run, and its done comes.
 */
bool offload_cancel(struct offload *o, struct work *w);

/* Where long works look whether they are to give up; whoever stops the program begins it. */
struct hurry *offload_hurry(struct offload *o);

#endif
