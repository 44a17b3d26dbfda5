// SPDX-License-Identifier: MIT
/*
 * tar in the pax interchange format (POSIX.1-2017, pax): a ustar header for what fits into one, and
 * an extended header in front where a name, a size or a date does not.
 */
#include "base/buf.h"
#include "base/utf8.h"
#include "resource/files/archive_format.h"

#include <errno.h>

enum { BLOCK = 512, NAME = 100, MODE = 100, SIZE = 124, MTIME = 136, CHECKSUM = 148, TYPE = 156 };
enum { MAGIC = 257 };

#define OCTAL_11 UINT64_C(077777777777) // the largest number in eleven octal digits

static void put_octal(char *field, int digits, uint64_t value)
{
    for (int i = digits - 1; i >= 0; i--, value >>= 3)
        field[i] = (char)('0' + (value & 7));
}

static void add_header(struct buf *b, struct span name, char type, unsigned mode, uint64_t size,
                       uint64_t modified)
{
    char h[BLOCK] = {0};
    unsigned sum = 0;

    memcpy(h, name.ptr, name.len < NAME ? name.len : NAME);
    put_octal(h + MODE, 7, mode);
    put_octal(h + MODE + 8, 7, 0);  // uid
    put_octal(h + MODE + 16, 7, 0); // gid
    put_octal(h + SIZE, 11, size);
    put_octal(h + MTIME, 11, modified);
    memset(h + CHECKSUM, ' ', 8);
    h[TYPE] = type;
    memcpy(h + MAGIC,
           "ustar\0"
           "00",
           8);
    for (int i = 0; i < BLOCK; i++)
        sum += (unsigned char)h[i];
    put_octal(h + CHECKSUM, 6, sum);
    h[CHECKSUM + 6] = '\0';
    buf_add(b, span_of(h, sizeof h));
}

static void add_padding(struct buf *b, uint64_t length)
{
    static const char zeros[BLOCK];

    if (length % BLOCK)
        buf_add(b, span_of(zeros, BLOCK - (size_t)(length % BLOCK)));
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
static void add_record(struct buf *b, struct span key, struct span value)
{
    size_t rest = key.len + value.len + 3; // " ", "=", "\n"
    size_t length = rest + 1, digits = 1;

    for (size_t limit = 10; length >= limit; limit *= 10)
        length = rest + ++digits;
    buf_add_u64(b, length);
    buf_add_char(b, ' ');
    buf_add(b, key);
    buf_add_char(b, '=');
    buf_add(b, value);
    buf_add_char(b, '\n');
}

static void add_number_record(struct buf *b, struct span key, int64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)value);

    add_record(b, key, span_of(text, (size_t)n));
}

static int tar_begin(struct archive_writer *w)
{
    const struct archive_member *m = &w->member;
    bool has_odd_date = m->modified < 0 || (uint64_t)m->modified > OCTAL_11;
    uint64_t modified = has_odd_date ? 0 : (uint64_t)m->modified;
    struct buf extended = {0};
    bool failed;

    if (m->path.len > NAME || (!utf8_is_ascii(m->path) && utf8_is_valid(m->path))) {
        // Values are UTF-8 unless it is said that they are bytes.
        if (!utf8_is_valid(m->path))
            add_record(&extended, SPAN("hdrcharset"), SPAN("BINARY"));
        add_record(&extended, SPAN("path"), m->path);
    }
    if (m->size > OCTAL_11)
        add_number_record(&extended, SPAN("size"), (int64_t)m->size);
    if (has_odd_date)
        add_number_record(&extended, SPAN("mtime"), m->modified);
    if (extended.len) {
        add_header(&w->out, SPAN("PaxHeader"), 'x', 0644, extended.len, modified);
        buf_add(&w->out, buf_span(&extended));
        add_padding(&w->out, extended.len);
    }
    failed = extended.failed;
    buf_done(&extended);
    add_header(&w->out, m->path, m->is_folder ? '5' : '0',
               m->is_folder || m->is_executable ? 0755 : 0644, m->size > OCTAL_11 ? 0 : m->size,
               modified);
    return failed || w->out.failed ? -ENOMEM : 0;
}

static int tar_content(struct archive_writer *w, struct span bytes)
{
    buf_add(&w->out, bytes);
    return w->out.failed ? -ENOMEM : 0;
}

static int tar_end(struct archive_writer *w)
{
    add_padding(&w->out, w->member.size);
    return w->out.failed ? -ENOMEM : 0;
}

static int tar_finish(struct archive_writer *w)
{
    static const char zeros[2 * BLOCK];

    buf_add(&w->out, span_of(zeros, sizeof zeros));
    return w->out.failed ? -ENOMEM : 0;
}

const struct archive_format_ops archive_tar_ops = {224 * 1024, tar_begin, tar_content, tar_end,
                                                   tar_finish};
