// SPDX-License-Identifier: MIT
/*
 * zip (APPNOTE 6.3.10). Sizes and CRC follow the content (§4.3.9), since it is read only once.
 * Every file is deflated, what is compressed already without an attempt to do better: so a reader
 * of a stream finds the end of each.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "resource/files/archive_format.h"

#include <errno.h>

enum {
    FLAG_DESCRIPTOR = 1 << 3,
    FLAG_UTF8 = 1 << 11,
    STORED = 0,
    DEFLATED = 8,
    VERSION_DEFLATE = 20,
    VERSION_ZIP64 = 45,
    MADE_ON_UNIX = 3 << 8,
    LEVEL = 1, // a download shall not wait for the processor
};

/* From this size on, content could need 64-bit fields once it is deflated. */
#define ZIP64_SIZE UINT64_C(0xf0000000)
#define MAX_16 UINT64_C(0xffff)
#define MAX_32 UINT64_C(0xffffffff)

static void add_le(struct buf *b, int bytes, uint64_t value)
{
    char le[8];

    for (int i = 0; i < bytes; i++, value >>= 8)
        le[i] = (char)(value & 0xff);
    buf_add(b, span_of(le, (size_t)bytes));
}

static uint64_t min_64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* §4.4.6: from 1980 to 2107, two seconds exact; the exact time is in an extra field. */
static uint32_t dos_time(int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || tm.tm_year < 80)
        return 1u << 21 | 1u << 16;
    if (tm.tm_year > 207)
        return 127u << 25 | 12u << 21 | 31u << 16;
    return (uint32_t)(tm.tm_year - 80) << 25 | (uint32_t)(tm.tm_mon + 1) << 21 |
           (uint32_t)tm.tm_mday << 16 | (uint32_t)tm.tm_hour << 11 | (uint32_t)tm.tm_min << 5 |
           (uint32_t)tm.tm_sec / 2;
}

static bool is_zip64(const struct archive_member *m)
{
    return m->size >= ZIP64_SIZE;
}

static bool has_unix_time(const struct archive_member *m)
{
    return m->modified >= INT32_MIN && m->modified <= INT32_MAX;
}

/* Info-ZIP's extended timestamp: seconds since 1970. */
static void add_unix_time(struct buf *b, const struct archive_member *m)
{
    if (!has_unix_time(m))
        return;
    add_le(b, 2, 0x5455);
    add_le(b, 2, 5);
    add_le(b, 1, 1);
    add_le(b, 4, (uint64_t)m->modified & MAX_32);
}

static uint64_t flags_of(const struct archive_member *m)
{
    return (m->is_folder ? 0 : FLAG_DESCRIPTOR) | (utf8_is_valid(m->path) ? FLAG_UTF8 : 0u);
}

static bool is_compressed(struct span path)
{
    static const struct span suffixes[] = {
        SPAN_INIT(".zip"), SPAN_INIT(".gz"),   SPAN_INIT(".tgz"),  SPAN_INIT(".xz"),
        SPAN_INIT(".zst"), SPAN_INIT(".bz2"),  SPAN_INIT(".7z"),   SPAN_INIT(".br"),
        SPAN_INIT(".png"), SPAN_INIT(".jpg"),  SPAN_INIT(".jpeg"), SPAN_INIT(".webp"),
        SPAN_INIT(".gif"), SPAN_INIT(".avif"), SPAN_INIT(".heic"), SPAN_INIT(".mp3"),
        SPAN_INIT(".ogg"), SPAN_INIT(".opus"), SPAN_INIT(".flac"), SPAN_INIT(".m4a"),
        SPAN_INIT(".mp4"), SPAN_INIT(".webm"), SPAN_INIT(".mov"),  SPAN_INIT(".mkv"),
        SPAN_INIT(".deb"), SPAN_INIT(".docx"), SPAN_INIT(".xlsx"), SPAN_INIT(".odt"),
    };

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t n = suffixes[i].len;

        if (path.len >= n && span_eq_nocase(span_from(path, path.len - n), suffixes[i]))
            return true;
    }
    return false;
}

static int reset_deflate(struct archive_writer *w)
{
    int level = is_compressed(w->member.path) ? Z_NO_COMPRESSION : LEVEL;

    if (!w->deflate_ready) {
        if (deflateInit2(&w->deflate, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            return -ENOMEM;
        w->deflate_ready = true;
        return 0;
    }
    deflateReset(&w->deflate);
    w->deflate.next_in = NULL;
    w->deflate.avail_in = 0;
    deflateParams(&w->deflate, level, Z_DEFAULT_STRATEGY);
    return 0;
}

/* §4.3.7, the local file header. */
static int zip_begin(struct archive_writer *w)
{
    const struct archive_member *m = &w->member;
    size_t before = w->out.len;

    if (m->path.len > MAX_16)
        return -ENAMETOOLONG;
    w->member_offset = w->offset;
    w->compressed = 0;
    w->crc = (uint32_t)crc32(0, NULL, 0);
    add_le(&w->out, 4, 0x04034b50);
    add_le(&w->out, 2, is_zip64(m) ? VERSION_ZIP64 : VERSION_DEFLATE);
    add_le(&w->out, 2, flags_of(m));
    add_le(&w->out, 2, m->is_folder ? STORED : DEFLATED);
    add_le(&w->out, 4, dos_time(m->modified));
    add_le(&w->out, 4, 0);                        // CRC: told behind the content
    add_le(&w->out, 4, is_zip64(m) ? MAX_32 : 0); // sizes: the same
    add_le(&w->out, 4, is_zip64(m) ? MAX_32 : 0);
    add_le(&w->out, 2, m->path.len);
    add_le(&w->out, 2, (has_unix_time(m) ? 9u : 0u) + (is_zip64(m) ? 20u : 0u));
    buf_add(&w->out, m->path);
    if (is_zip64(m)) { // §4.5.3; that it is here makes the descriptor's sizes 64 bits wide
        add_le(&w->out, 2, 1);
        add_le(&w->out, 2, 16);
        add_le(&w->out, 8, 0);
        add_le(&w->out, 8, 0);
    }
    add_unix_time(&w->out, m);
    w->offset += w->out.len - before;
    return w->out.failed ? -ENOMEM : m->is_folder ? 0 : reset_deflate(w);
}

static int run_deflate(struct archive_writer *w, struct span bytes, int flush)
{
    int result;

    w->deflate.next_in = (Bytef *)bytes.ptr; // not written to
    w->deflate.avail_in = (uInt)bytes.len;
    do {
        size_t room, made;

        if (!buf_reserve(&w->out, 16 * 1024))
            return -ENOMEM;
        room = w->out.cap - w->out.len;
        w->deflate.next_out = (Bytef *)w->out.ptr + w->out.len;
        w->deflate.avail_out = (uInt)room;
        result = deflate(&w->deflate, flush);
        made = room - w->deflate.avail_out;
        w->out.len += made;
        w->compressed += made;
        w->offset += made;
    } while (w->deflate.avail_out == 0 || (flush == Z_FINISH && result == Z_OK));
    return result == Z_STREAM_ERROR ? -EIO : 0;
}

static int zip_content(struct archive_writer *w, struct span bytes)
{
    w->crc = (uint32_t)crc32(w->crc, (const Bytef *)bytes.ptr, (uInt)bytes.len);
    return run_deflate(w, bytes, Z_NO_FLUSH);
}

/* §4.3.12: this member's header in the central directory. */
static int add_to_directory(struct archive_writer *w)
{
    const struct archive_member *m = &w->member;
    struct buf *d = &w->directory;
    bool wide = is_zip64(m), far = w->member_offset >= MAX_32;
    unsigned zip64 = (wide ? 16u : 0u) + (far ? 8u : 0u);
    int error;
    uint32_t mode = m->is_folder ? 040755 : m->is_executable ? 0100755 : 0100644;

    add_le(d, 4, 0x02014b50);
    add_le(d, 2, MADE_ON_UNIX | VERSION_ZIP64);
    add_le(d, 2, zip64 ? VERSION_ZIP64 : VERSION_DEFLATE);
    add_le(d, 2, flags_of(m));
    add_le(d, 2, m->is_folder ? STORED : DEFLATED);
    add_le(d, 4, dos_time(m->modified));
    add_le(d, 4, w->crc);
    add_le(d, 4, wide ? MAX_32 : w->compressed);
    add_le(d, 4, wide ? MAX_32 : m->size);
    add_le(d, 2, m->path.len);
    add_le(d, 2, (has_unix_time(m) ? 9u : 0u) + (zip64 ? 4 + zip64 : 0u));
    add_le(d, 2, 0); // comment
    add_le(d, 2, 0); // disk
    add_le(d, 2, 0); // internal attributes
    add_le(d, 4, (uint64_t)mode << 16 | (m->is_folder ? 0x10u : 0u));
    add_le(d, 4, far ? MAX_32 : w->member_offset);
    buf_add(d, m->path);
    if (zip64) {
        add_le(d, 2, 1);
        add_le(d, 2, zip64);
        if (wide) {
            add_le(d, 8, m->size);
            add_le(d, 8, w->compressed);
        }
        if (far)
            add_le(d, 8, w->member_offset);
    }
    add_unix_time(d, m);
    w->count++;
    if (d->failed)
        return -ENOMEM;
    error = archive_account(w);
    if (error)
        return error;
    return d->len > LIMIT_ARCHIVE_DIRECTORY ? -EFBIG : 0;
}

/* §4.3.9, the data descriptor. */
static int zip_end(struct archive_writer *w)
{
    int width = is_zip64(&w->member) ? 8 : 4;
    int error;

    if (w->member.is_folder)
        return add_to_directory(w);
    error = run_deflate(w, span_of(NULL, 0), Z_FINISH);
    if (error)
        return error;
    add_le(&w->out, 4, 0x08074b50);
    add_le(&w->out, 4, w->crc);
    add_le(&w->out, width, w->compressed);
    add_le(&w->out, width, w->member.size);
    w->offset += 8 + 2 * (unsigned)width;
    return w->out.failed ? -ENOMEM : add_to_directory(w);
}

/* §4.3.14 to §4.3.16: the ends of the central directory, the 64-bit one where it is needed. */
static int zip_finish(struct archive_writer *w)
{
    struct buf *b = &w->out;
    uint64_t start = w->offset, size = w->directory.len;
    struct span rest = span_from(buf_span(&w->directory), w->directory_told);
    struct span piece =
        span_first(rest, rest.len < LIMIT_ARCHIVE_PIECE ? rest.len : LIMIT_ARCHIVE_PIECE);

    buf_add(b, piece);
    w->directory_told += piece.len;
    if (b->failed)
        return -ENOMEM;
    if (piece.len < rest.len)
        return 1;
    if (w->count >= MAX_16 || start >= MAX_32) {
        add_le(b, 4, 0x06064b50);
        add_le(b, 8, 44); // bytes of this record that follow
        add_le(b, 2, MADE_ON_UNIX | VERSION_ZIP64);
        add_le(b, 2, VERSION_ZIP64);
        add_le(b, 4, 0);
        add_le(b, 4, 0);
        add_le(b, 8, w->count);
        add_le(b, 8, w->count);
        add_le(b, 8, size);
        add_le(b, 8, start);
        add_le(b, 4, 0x07064b50);
        add_le(b, 4, 0);
        add_le(b, 8, start + size);
        add_le(b, 4, 1);
    }
    add_le(b, 4, 0x06054b50);
    add_le(b, 4, 0);
    add_le(b, 2, min_64(w->count, MAX_16));
    add_le(b, 2, min_64(w->count, MAX_16));
    add_le(b, 4, size);
    add_le(b, 4, min_64(start, MAX_32));
    add_le(b, 2, 0);
    return b->failed ? -ENOMEM : 0;
}

const struct archive_format_ops archive_zip_ops = {544 * 1024, zip_begin, zip_content, zip_end,
                                                   zip_finish};
