// SPDX-License-Identifier: MIT
#include "resource/mock/websocket.h"

#include "base/limits.h"
#include "unit.h"

/* A frame as a client sends one, masked. */
static void add_frame(struct buf *b, unsigned first, struct span payload)
{
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};

    buf_add_char(b, (char)first);
    if (payload.len < 126) {
        buf_add_char(b, (char)(0x80 | payload.len));
    } else if (payload.len <= UINT16_MAX) {
        buf_add_char(b, (char)0xfe);
        buf_add_char(b, (char)(payload.len >> 8));
        buf_add_char(b, (char)payload.len);
    } else {
        buf_add_char(b, (char)0xff);
        for (int shift = 56; shift >= 0; shift -= 8)
            buf_add_char(b, (char)(payload.len >> shift));
    }
    buf_add(b, span_of((const char *)mask, 4));
    for (size_t i = 0; i < payload.len; i++)
        buf_add_char(b, (char)((unsigned char)payload.ptr[i] ^ mask[i % 4]));
}

/* All that is answered to the bytes, which come in pieces of so many. */
static struct buf answer(struct span in, size_t piece)
{
    struct websocket w = {0};
    struct buf all = {0};

    while (in.len) {
        struct span now = span_first(in, piece);
        enum websocket_event event;

        in = span_from(in, now.len);
        while ((event = websocket_read(&w, &now)) != WEBSOCKET_MORE) {
            assert_int_not_equal(event, WEBSOCKET_NO_MEMORY);
            buf_add(&all, buf_span(&w.out));
        }
        assert_int_equal(now.len, 0);
    }
    websocket_done(&w);
    return all;
}

static void expect(struct buf *in, struct span expected)
{
    for (size_t piece = 1; piece <= in->len; piece = piece * 3 + 1) {
        struct buf out = answer(buf_span(in), piece);

        assert_int_equal(out.len, expected.len);
        assert_memory_equal(out.ptr, expected.ptr, expected.len);
        buf_done(&out);
    }
    buf_done(in);
}

static void frames_come_back_without_their_mask(void **state)
{
    struct buf in = {0};

    (void)state;
    add_frame(&in, 0x81, SPAN("hello"));
    add_frame(&in, 0x82, SPAN("\xff\x00"));
    add_frame(&in, 0x89, SPAN("ping"));
    add_frame(&in, 0x8a, SPAN("nobody asked"));
    add_frame(&in, 0x01, SPAN("in "));
    add_frame(&in, 0x89, SPAN(""));
    add_frame(&in, 0x80, SPAN("parts"));
    expect(&in, SPAN("\x81\x05hello\x82\x02\xff\x00\x8a\x04ping\x01\x03in \x8a\x00\x80\x05parts"));
}

static void long_frames_have_long_lengths(void **state)
{
    static char data[LIMIT_MOCK_FRAME + 1];
    struct buf in = {0}, out;

    (void)state;
    add_frame(&in, 0x82, span_of(data, 65535));
    add_frame(&in, 0x82, span_of(data, LIMIT_MOCK_FRAME));
    out = answer(buf_span(&in), 1000);
    assert_memory_equal(out.ptr, "\x82\x7e\xff\xff", 4);
    assert_memory_equal(out.ptr + 4 + 65535, "\x82\x7f\0\0\0\0\0\x10\0\0", 10);
    assert_int_equal(out.len, 4 + 65535 + 10 + LIMIT_MOCK_FRAME);
    buf_done(&out);
    buf_clear(&in);
    add_frame(&in, 0x82, span_of(data, sizeof data));
    out = answer(buf_span(&in), 1000);
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.ptr, "\x88\x02\x03\xf1", 4); // 1009
    buf_done(&out);
    buf_done(&in);
}

// RFC 6455 §5.1, §5.2, §5.4, §5.5
static void what_breaks_the_protocol_ends_it(void **state)
{
    static const struct span frames[] = {
        SPAN_INIT("\x81\x05hello"),                    // without a mask
        SPAN_INIT("\xc1\x80mask"),                     // a reserved bit
        SPAN_INIT("\x83\x80mask"),                     // an opcode that nobody defined
        SPAN_INIT("\x8b\x80mask"),                     // and one of control
        SPAN_INIT("\x80\x80mask"),                     // goes on with nothing
        SPAN_INIT("\x01\x80mask\x81\x80mask"),         // does not go on
        SPAN_INIT("\x09\x80mask"),                     // a ping in parts
        SPAN_INIT("\x89\xfe\x00\x7emask"),             // a long one
        SPAN_INIT("\x82\xfe\x00\x05mask"),             // a length that takes less
        SPAN_INIT("\x82\xff\0\0\0\0\0\0\xff\xffmask"), // likewise
        SPAN_INIT("\x82\xff\x80\0\0\0\0\x10\0\0mask"), // a negative one
        SPAN_INIT("\x88\x81\x01\x02\x03\x04\x02"),     // half a code
        SPAN_INIT("\x88\x82\0\0\0\0\x03\xe7"),         // 999
        SPAN_INIT("\x88\x82\0\0\0\0\x03\xed"),         // 1005 is never sent
        SPAN_INIT("\x88\x82\0\0\0\0\x13\x88"),         // 5000
    };

    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct buf out = answer(frames[i], frames[i].len);

        if (out.len < 4 || memcmp(out.ptr + out.len - 4, "\x88\x02\x03\xea", 4) != 0)
            fail_msg("%zu", i);
        buf_done(&out);
    }
}

static void a_close_is_returned_and_nothing_follows(void **state)
{
    struct buf in = {0};

    (void)state;
    add_frame(&in, 0x88,
              SPAN("\x03\xe8"
                   "bye"));
    add_frame(&in, 0x81, SPAN("too late"));
    expect(&in, SPAN("\x88\x05\x03\xe8"
                     "bye"));
    in = (struct buf){0};
    add_frame(&in, 0x88, SPAN(""));
    expect(&in, SPAN("\x88\x00"));
}

// RFC 6455 §8.1
static void text_is_utf8_also_across_frames(void **state)
{
    static const struct {
        struct span first, last;
        bool is_text;
    } cases[] = {
        {SPAN_INIT("\xe2\x82"), SPAN_INIT("\xac"), true},
        {SPAN_INIT("\xe2"), SPAN_INIT("\x82\xac"), true},
        {SPAN_INIT("a\xf0\x9f\x98"), SPAN_INIT("\x80z"), true},
        {SPAN_INIT("\xe2\x82"), SPAN_INIT(""), false},
        {SPAN_INIT("\xe2\x82"), SPAN_INIT("a"), false},
        {SPAN_INIT("\xff"), SPAN_INIT(""), false},
        {SPAN_INIT("\x80"), SPAN_INIT(""), false},
        {SPAN_INIT("\xe0\x80"), SPAN_INIT("\x80"), false},     // overlong
        {SPAN_INIT("\xed\xa0"), SPAN_INIT("\x80"), false},     // a surrogate
        {SPAN_INIT("\xf4\x90"), SPAN_INIT("\x80\x80"), false}, // beyond Unicode
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf in = {0}, out;

        add_frame(&in, 0x01, cases[i].first);
        add_frame(&in, 0x80, cases[i].last);
        out = answer(buf_span(&in), in.len);
        if ((out.len >= 4 && memcmp(out.ptr + out.len - 4, "\x88\x02\x03\xef", 4) == 0) ==
            cases[i].is_text)
            fail_msg("%zu", i);
        buf_done(&out);
        buf_done(&in);
    }
}

// RFC 6455 §1.3 has this key and what is accepted for it.
static void a_key_is_accepted(void **state)
{
    char accept[WEBSOCKET_ACCEPT];

    (void)state;
    assert_true(websocket_key_is_valid(SPAN("dGhlIHNhbXBsZSBub25jZQ==")));
    assert_false(websocket_key_is_valid(SPAN("dGhlIHNhbXBsZSBub25jZQ=")));
    assert_false(websocket_key_is_valid(SPAN("dGhlIHNhbXBsZSBub25jZQ=x")));
    assert_false(websocket_key_is_valid(SPAN("dGhlIHNhbXBsZSBub25j*Q==")));
    assert_false(websocket_key_is_valid((struct span){NULL, 0}));
    assert_true(websocket_accept(SPAN("dGhlIHNhbXBsZSBub25jZQ=="), accept));
    assert_memory_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WEBSOCKET_ACCEPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_back_without_their_mask),
        cmocka_unit_test(long_frames_have_long_lengths),
        cmocka_unit_test(what_breaks_the_protocol_ends_it),
        cmocka_unit_test(a_close_is_returned_and_nothing_follows),
        cmocka_unit_test(text_is_utf8_also_across_frames),
        cmocka_unit_test(a_key_is_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
