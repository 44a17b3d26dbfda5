// SPDX-License-Identifier: MIT
#include "resource/page/gzip.h"

#include "unit.h"

#include <zlib.h>

/* RFC 1952 §2.2: one member, its CRC and length true, and nothing behind it. */
static void assert_decodes_to(struct span coded, struct span expected)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)coded.ptr, .avail_in = (uInt)coded.len};
    char *out = malloc(expected.len + 1);

    assert_non_null(out);
    assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)expected.len + 1;
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, expected.len);
    assert_int_equal(z.avail_in, 0);
    assert_memory_equal(out, expected.ptr, expected.len);
    inflateEnd(&z);
    free(out);
}

/* What is added, in the coding and as it is. */
struct both {
    struct gzip *gzip;
    struct buf coded, plain;
};

static void add_text(struct both *b, struct span text)
{
    gzip_add_text(b->gzip, text, &b->coded);
    buf_add(&b->plain, text);
}

static void add_piece(struct both *b, const struct page_piece *piece)
{
    gzip_add_piece(b->gzip, piece, &b->coded);
    buf_add(&b->plain, piece->text);
}

static void end(struct both *b)
{
    gzip_end(b->gzip, &b->coded);
    assert_false(b->coded.failed || b->plain.failed);
    assert_decodes_to(buf_span(&b->coded), buf_span(&b->plain));
    gzip_free(b->gzip);
    buf_done(&b->coded);
    buf_done(&b->plain);
}

static void texts_and_pieces_are_one_member_in_any_order(void **state)
{
    (void)state;
    // Each bit of n: a piece or a text.
    for (unsigned n = 0; n < 64; n++) {
        struct both b = {.gzip = gzip_new()};

        assert_non_null(b.gzip);
        for (unsigned i = 0; i < 6; i++) {
            if (n >> i & 1)
                add_piece(&b, i % 2 ? &page_styles[i % PAGE_STYLES] : &page_scripts[i / 2 % 2]);
            else
                add_text(&b, SPAN("a text that comes again: a text that comes again"));
        }
        end(&b);
    }
}

static void empty_is_a_member_as_well(void **state)
{
    struct both b = {.gzip = gzip_new()};

    (void)state;
    end(&b);
    b = (struct both){.gzip = gzip_new()};
    add_text(&b, SPAN(""));
    end(&b);
}

static void long_text_is_coded_as_it_comes(void **state)
{
    struct both b = {.gzip = gzip_new()};
    uint64_t random = 1;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char text[997];

        for (size_t at = 0; at < sizeof text; at++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            text[at] = (char)(random >> (i % 2 ? 33 : 60));
        }
        add_text(&b, span_of(text, sizeof text));
        if (i % 300 == 7)
            add_piece(&b, &page_styles[PAGE_STYLE_LISTING]);
    }
    assert_true(b.coded.len < b.plain.len);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_pieces_are_one_member_in_any_order),
        cmocka_unit_test(empty_is_a_member_as_well),
        cmocka_unit_test(long_text_is_coded_as_it_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
