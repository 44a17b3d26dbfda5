// SPDX-License-Identifier: MIT
#include "resource/page/gzip.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum {
    LEVEL = 1,        // rows are so alike that more time hardly makes them smaller
    WINDOW_BITS = 13, // 8 KiB: several rows, in little memory for the time of a download
    MEMORY_LEVEL = 7, // 16 KiB of room for what waits
    ROOM = 4096,      // bytes of output that are asked for at once
    GZIP_HEAD_LENGTH = 10,
};

struct gzip {
    z_stream deflate;
    uint32_t crc, length; // of the page so far; the length modulo 2^32
    bool begun, pending;  // pending: the deflated text does not end at a byte's end yet
};

struct gzip *gzip_new(void)
{
    struct gzip *g = calloc(1, sizeof *g);

    if (g && deflateInit2(&g->deflate, LEVEL, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL,
                          Z_DEFAULT_STRATEGY) == Z_OK)
        return g;
    free(g);
    return NULL;
}

void gzip_free(struct gzip *g)
{
    if (!g)
        return;
    deflateEnd(&g->deflate);
    free(g);
}

/* RFC 1952 §2.3: deflate, no name, no time, an unknown system. */
static void begin(struct gzip *g, struct buf *out)
{
    static const char head[GZIP_HEAD_LENGTH] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, (char)0xff};

    if (!g->begun)
        buf_add(out, span_of(head, sizeof head));
    g->begun = true;
}

static void run(struct gzip *g, struct span text, int flush, struct buf *out)
{
    assert(text.len <= UINT_MAX);
    g->deflate.next_in = (Bytef *)(uintptr_t)text.ptr; // not written to
    g->deflate.avail_in = (uInt)text.len;
    do {
        if (!buf_reserve(out, ROOM))
            return;
        g->deflate.next_out = (Bytef *)out->ptr + out->len;
        g->deflate.avail_out = ROOM;
        deflate(&g->deflate, flush);
        out->len += ROOM - g->deflate.avail_out;
    } while (g->deflate.avail_out == 0);
    assert(g->deflate.avail_in == 0);
}

void gzip_add_text(struct gzip *g, struct span text, struct buf *out)
{
    begin(g, out);
    if (!text.len)
        return;
    g->crc = (uint32_t)crc32(g->crc, (const Bytef *)text.ptr, (uInt)text.len);
    g->length += (uint32_t)text.len;
    g->pending = true;
    run(g, text, Z_NO_FLUSH, out);
}

void gzip_add_piece(struct gzip *g, const struct page_piece *piece, struct buf *out)
{
    begin(g, out);
    // Forgets what came before, too: the next text must not refer over the piece to it.
    if (g->pending)
        run(g, SPAN(""), Z_FULL_FLUSH, out);
    g->pending = false;
    buf_add(out, piece->deflated);
    g->crc = (uint32_t)crc32_combine(g->crc, piece->crc, (z_off_t)piece->text.len);
    g->length += (uint32_t)piece->text.len;
}

void gzip_end(struct gzip *g, struct buf *out)
{
    char tail[8];

    begin(g, out);
    run(g, SPAN(""), Z_FINISH, out);
    for (int i = 0; i < 4; i++) {
        tail[i] = (char)(g->crc >> 8 * i & 0xff);
        tail[4 + i] = (char)(g->length >> 8 * i & 0xff);
    }
    buf_add(out, span_of(tail, sizeof tail));
}
