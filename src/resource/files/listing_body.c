// SPDX-License-Identifier: MIT
#include "resource/files/listing_body.h"

#include "base/ascii.h"
#include "base/hash.h"
#include "base/limits.h"
#include "resource/page/gzip.h"

#include <errno.h>
#include <stdlib.h>

enum { CODER = 64 * 1024 }; // bytes of a gzip coder, about

struct listing_body {
    struct work work;
    struct exchange *x;
    struct listing_body_options options;
    struct listing_found found;
    struct listing_writer writer;
    struct gzip *gzip;         // NULL: no coding
    struct buf text;           // that is to be coded
    struct buf piece;          // to be sent
    struct budget_part memory; // of what is above
    bool is_working;           // in the pool
    bool ready;                // a piece is there, and was not told yet
    bool complete;             // this piece is the last
    int error;                 // why it could not be made
    char etag[LISTING_ETAG_LENGTH];
};

/* What made the pieces is not needed while the last one is sent. */
static void drop_tools(struct listing_body *b)
{
    listing_found_done(&b->found);
    gzip_free(b->gzip);
    b->gzip = NULL;
    buf_done(&b->text);
}

static void code(struct listing_body *b, const struct page_piece *piece, bool more)
{
    if (!b->gzip) {
        if (piece)
            buf_add(&b->piece, piece->text);
        return;
    }
    gzip_add_text(b->gzip, buf_span(&b->text), &b->piece);
    if (piece)
        gzip_add_piece(b->gzip, piece, &b->piece);
    if (!more)
        gzip_end(b->gzip, &b->piece);
    b->piece.failed |= b->text.failed;
    buf_clear(&b->text);
}

/* What is at hand is what was found last. */
static void set_entries(struct listing_body *b)
{
    b->options.listing.entries = b->found.entries;
    b->options.listing.count = b->found.count;
    b->options.listing.follows = b->found.follows;
    b->writer.at = 0;
}

/* What it takes until the next piece. As budget_set. */
static int account(struct listing_body *b)
{
    b->memory.budget = &budget_memory;
    b->memory.client = b->options.look.client;
    return budget_set(&b->memory, sizeof *b + b->text.cap + b->piece.cap + (b->gzip ? CODER : 0));
}

static void make_piece(struct listing_body *b)
{
    buf_clear(&b->piece);
    while (!b->complete && b->piece.len < LIMIT_LISTING_PIECE && !b->piece.failed && !b->error) {
        const struct page_piece *piece;
        bool more;

        if (b->writer.at == b->found.count && b->found.follows) {
            const struct listing_body_options *o = &b->options;

            b->error = listing_read_on(o->root, o->folder, &o->look, &b->found);
            set_entries(b);
            continue;
        }
        more =
            listing_write(&b->writer, LIMIT_LISTING_PIECE, b->gzip ? &b->text : &b->piece, &piece);

        code(b, piece, more);
        b->complete = !more;
    }
    if (b->error == 0 && b->piece.failed)
        b->error = -ENOMEM;
    if (b->complete || b->error)
        drop_tools(b);
    if (b->error == 0)
        b->error = account(b);
}

/*
 * The entries, and the page with no more than the first of them: its text is what surrounds them
 * all. The style and the script stand in it with the hashes that the policy has of them.
 */
static int make_etag(struct listing_body *b)
{
    const struct listing *all = &b->options.listing;
    struct listing some = *all;
    struct listing_writer writer = {.listing = &some, .format = b->options.format};
    const struct page_piece *unused;
    struct buf text = {0};
    uint64_t hash;

    some.count = all->count > 1 ? 1 : all->count;
    some.follows = false;
    while (listing_write(&writer, SIZE_MAX, &text, &unused))
        ;
    hash = hash_add(HASH_BEGIN, listing_policy(all->writable));
    hash = hash_add(hash, buf_span(&text));
    hash = hash_add(hash, span_of((const char *)&b->found.hash, sizeof b->found.hash));
    ascii_write_hex_u64(hash, b->etag);
    buf_done(&text);
    return text.failed ? -ENOMEM : 0;
}

int listing_body_open(struct exchange *x, const struct listing_body_options *options,
                      struct listing_found *found, struct listing_body **ret_body)
{
    struct listing_body *b = calloc(1, sizeof *b);
    int error = -ENOMEM;

    if (!b) {
        listing_found_done(found);
        return error;
    }
    b->x = x;
    b->options = *options;
    b->options.root = root_ref(options->root);
    b->found = *found;
    *found = (struct listing_found){0};
    b->writer = (struct listing_writer){.listing = &b->options.listing, .format = options->format};
    b->options.listing.truncated = b->found.truncated;
    b->options.listing.totals = b->found.totals;
    set_entries(b);
    b->gzip = options->gzip ? gzip_new() : NULL;
    if (b->gzip || !options->gzip)
        error = make_etag(b);
    if (error == 0) {
        make_piece(b);
        b->ready = true;
        error = b->error;
    }
    if (error)
        listing_body_free(b);
    else
        *ret_body = b;
    return error;
}

struct span listing_body_etag(const struct listing_body *b)
{
    return span_of(b->etag, sizeof b->etag);
}

static void pull_run(struct work *w)
{
    struct listing_body *b = container_of(w, struct listing_body, work);

    if (hurry_is_on(&b->x->urgency.hurry))
        b->error = -EINTR;
    else
        make_piece(b);
}

static void pull_done(struct work *w)
{
    struct listing_body *b = container_of(w, struct listing_body, work);

    b->is_working = false;
    b->ready = true;
    b->x->host->resume_body(b->x);
}

static void next(struct exchange *x, struct piece *ret_piece)
{
    struct listing_body *b = x->response.source;

    if (b->ready) {
        b->ready = false;
        *ret_piece = (struct piece){.kind = b->error ? PIECE_FAILED : PIECE_BYTES,
                                    .bytes = buf_span(&b->piece)};
    } else if (b->complete) {
        *ret_piece = (struct piece){.kind = PIECE_END};
    } else {
        *ret_piece = (struct piece){.kind = PIECE_WAIT};
        b->is_working = true;
        b->work.run = pull_run;
        b->work.done = pull_done;
        b->work.client = x->arrival.client_number;
        b->work.lane = b->found.follows ? LANE_BODY : LANE_QUICK;
        offload_submit(b->options.pool, b->options.loop, &b->work);
    }
}

void listing_body_respond(struct listing_body *b)
{
    struct response *r = &b->x->response;

    r->has_length = b->complete;
    if (b->complete) {
        r->body = buf_span(&b->piece);
        r->length = r->body.len;
    } else {
        r->source = b;
        r->next = next;
    }
}

bool listing_body_cancel(struct listing_body *b)
{
    if (!b || !b->is_working || !offload_cancel(b->options.pool, &b->work))
        return false;
    b->is_working = false;
    return true;
}

void listing_body_free(struct listing_body *b)
{
    if (!b)
        return;
    drop_tools(b);
    buf_done(&b->piece);
    (void)budget_set(&b->memory, 0);
    root_unref(b->options.root);
    free(b);
}
