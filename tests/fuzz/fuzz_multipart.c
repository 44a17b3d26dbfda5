// SPDX-License-Identifier: MIT
/*
 * Input: the size of the pieces (a byte), then the content, whose boundary is "b". Read at once and
 * in pieces it must give the same events and the same data.
 */
#include "base/buf.h"
#include "http/multipart_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_field(struct buf *log, struct span s)
{
    buf_addf(log, "%d:%zu:", s.ptr != NULL, s.len);
    buf_add(log, s);
}

/* Everything that happens, to *log; adjacent data joined. */
static void read_all(struct span content, size_t piece_size, struct buf *log)
{
    struct multipart_form f;
    struct multipart_output o;
    enum multipart_event event = MULTIPART_MORE;
    uint64_t size = content.len;

    if (multipart_begin(&f, SPAN("multipart/form-data; boundary=b")) != MULTIPART_BEGIN_OK)
        abort();
    while (content.len && event != MULTIPART_MALFORMED) {
        struct span piece = span_first(content, piece_size);

        content = span_from(content, piece_size);
        do {
            event = multipart_next(&f, &piece, &o);
            if (event == MULTIPART_DATA) {
                if (o.data.len == 0)
                    abort();
                buf_add(log, o.data);
            } else if (event != MULTIPART_MORE) {
                buf_addf(log, "<%d>", (int)event);
            }
            if (event == MULTIPART_PART_BEGIN) {
                add_field(log, o.part.name);
                add_field(log, o.part.file_name);
                add_field(log, o.part.content_type);
            }
        } while (event != MULTIPART_MORE && event != MULTIPART_MALFORMED);
        if (event == MULTIPART_MORE && piece.len)
            abort();
    }
    if (f.offset > size)
        abort();
    buf_addf(log, "%d %d %llu", (int)f.fault, multipart_is_complete(&f),
             (unsigned long long)f.offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0};
    struct span content;

    if (size < 2)
        return 0;
    content = span_of((const char *)data + 1, size - 1);
    read_all(content, content.len, &whole);
    read_all(content, data[0] ? data[0] : 1, &pieces);
    if (!span_eq(buf_span(&whole), buf_span(&pieces)))
        abort();
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
