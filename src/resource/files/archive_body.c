// SPDX-License-Identifier: MIT
#include "resource/files/archive_body.h"

#include "base/clock.h"
#include "base/limits.h"
#include "fs/open.h"

#include <errno.h>
#include <stdlib.h>

struct archive_body {
    struct work work;
    struct archive_yard *yard;
    struct exchange *x;
    struct list link; // in closing
    struct archive_options options;
    struct archive *archive;
    int error;
    bool is_working; // in the pool
    bool ready;      // a piece, the end or an error is there, and was not told yet
    size_t length;
    char piece[LIMIT_ARCHIVE_PIECE];
};

void archive_yard_init(struct archive_yard *yard, struct served *served, struct loop *loop,
                       struct offload *pool)
{
    yard->served = served;
    yard->loop = loop;
    yard->pool = pool;
    list_init(&yard->closing);
}

void archive_yard_done(struct archive_yard *yard)
{
    struct list *link;

    while ((link = list_pop(&yard->closing)))
        free(list_entry(link, struct archive_body, link)); // the pool was done with it
}

static void submit(struct archive_body *b, void (*run)(struct work *), void (*done)(struct work *),
                   enum work_lane lane)
{
    b->is_working = true;
    b->work.lane = lane;
    b->work.client = b->options.client;
    b->work.run = run;
    b->work.done = done;
    offload_submit(b->yard->pool, b->yard->loop, &b->work);
}

static void open_run(struct work *w)
{
    struct archive_body *b = container_of(w, struct archive_body, work);

    struct root *root = NULL;

    b->error = served_root(b->yard->served, clock_monotonic(), &root);
    b->options.root = root;
    if (b->error == 0)
        b->error = archive_open(&b->options, &b->archive);
    root_unref(root);
}

static void open_done(struct work *w)
{
    struct archive_body *b = container_of(w, struct archive_body, work);

    b->is_working = false;
    b->x->host->resume(b->x);
}

struct archive_body *archive_body_open(struct archive_yard *yard, struct exchange *x,
                                       const struct archive_options *options)
{
    struct archive_body *b = malloc(sizeof *b);

    if (!b)
        return NULL;
    memset(b, 0, offsetof(struct archive_body, piece));
    b->yard = yard;
    b->x = x;
    b->options = *options;
    submit(b, open_run, open_done, LANE_QUICK);
    return b;
}

int archive_body_error(const struct archive_body *b)
{
    return b->error;
}

static void pull_run(struct work *w)
{
    struct archive_body *b = container_of(w, struct archive_body, work);

    b->error = archive_pull(b->archive, b->piece, sizeof b->piece, &b->length);
}

static void pull_done(struct work *w)
{
    struct archive_body *b = container_of(w, struct archive_body, work);

    b->is_working = false;
    if (b->error == -EAGAIN && !b->x->urgency.hurried && !b->x->urgency.cancelled) {
        submit(b, pull_run, pull_done, LANE_BODY); // behind what waits by now
        return;
    }
    b->ready = true;
    b->x->host->resume_body(b->x);
}

static void next(struct exchange *x, struct piece *ret_piece)
{
    struct archive_body *b = x->response.source;

    if (!b->ready) {
        *ret_piece = (struct piece){.kind = PIECE_WAIT};
        submit(b, pull_run, pull_done, LANE_BODY);
        return;
    }
    b->ready = false;
    if (b->error) {
        x->failure.system_error = fs_failure_error(-b->error);
        *ret_piece = (struct piece){.kind = PIECE_FAILED};
    } else if (b->length == 0) {
        *ret_piece = (struct piece){.kind = PIECE_END};
    } else {
        *ret_piece = (struct piece){.kind = PIECE_BYTES, .bytes = span_of(b->piece, b->length)};
    }
}

void archive_body_respond(struct archive_body *b)
{
    struct response *r = &b->x->response;

    r->source = b;
    r->next = next;
    r->has_length = false;
}

bool archive_body_cancel(struct archive_body *b)
{
    if (!b || !b->is_working || !offload_cancel(b->yard->pool, &b->work))
        return false;
    b->is_working = false;
    return true;
}

static void close_run(struct work *w)
{
    archive_free(container_of(w, struct archive_body, work)->archive);
}

static void close_done(struct work *w)
{
    struct archive_body *b = container_of(w, struct archive_body, work);

    list_remove(&b->link);
    free(b);
}

void archive_body_release(struct archive_body *b)
{
    if (!b)
        return;
    b->x = NULL;
    list_add_tail(&b->yard->closing, &b->link);
    submit(b, close_run, close_done, LANE_QUICK);
}
