// SPDX-License-Identifier: MIT
#include "resource/dav/settling_watch.h"

#include "base/clock.h"
#include "base/limits.h"
#include "resource/dav/rows.h"
#include "resource/dav/settling.h"
#include "resource/dav/share.h"

static void settle_run(struct work *w)
{
    struct dav *d = container_of(w, struct dav, settling);
    struct dav_share *share = NULL;

    d->settles_more = false;
    d->settles_later = true;
    if (dav_share_use(d->site, &share) < 0)
        return;
    d->settles_more = settle_next(share) >= 0;
    d->settles_later = rows_are_pending(share->rows);
    dav_share_leave(share);
}

static void watch(struct dav *d)
{
    d->is_settling = true;
    timer_set(d->loop, &d->settling_timer,
              clock_monotonic() + (int64_t)LIMIT_ROWS_SETTLE * CLOCK_MS);
}

static void settle_done(struct work *w)
{
    struct dav *d = container_of(w, struct dav, settling);

    if (d->settles_more && !hurry_is_on(offload_hurry(d->pool)))
        offload_submit(d->pool, d->loop, &d->settling);
    else if (d->settles_later)
        watch(d);
    else
        d->is_settling = false;
}

static void on_settling(struct timer *t)
{
    struct dav *d = container_of(t, struct dav, settling_timer);

    d->settling.run = settle_run;
    d->settling.done = settle_done;
    offload_submit(d->pool, d->loop, &d->settling);
}

void settling_watch(struct dav *d, const struct dav_share *share)
{
    if (!d->is_settling && share && rows_are_pending(share->rows))
        watch(d);
}

void settling_begin(struct dav *d)
{
    timer_init(&d->settling_timer, on_settling);
    watch(d); // a crash may have left some
}

void settling_end(struct dav *d)
{
    timer_stop(&d->settling_timer);
}
