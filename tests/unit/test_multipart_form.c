// SPDX-License-Identifier: MIT
#include "http/multipart_form.h"

#include "base/buf.h"
#include "unit.h"

static const char form_type[] = "multipart/form-data; boundary=XyZ";

/* The events as text: "[name|file|type]data." for a part, "end" or "fault N", "cut" if not whole.
 */
static void describe(struct span content, size_t piece_size, struct buf *out)
{
    struct multipart_form f;
    struct multipart_output o;
    enum multipart_event event = MULTIPART_MORE;

    buf_clear(out);
    assert_int_equal(multipart_begin(&f, span_from_str(form_type)), MULTIPART_BEGIN_OK);
    while (content.len && event != MULTIPART_MALFORMED) {
        struct span piece = span_first(content, piece_size);

        content = span_from(content, piece_size);
        while ((event = multipart_next(&f, &piece, &o)) != MULTIPART_MORE &&
               event != MULTIPART_MALFORMED) {
            if (event == MULTIPART_PART_BEGIN)
                buf_addf(out, "[%.*s|%.*s|%.*s]", SPAN_ARG(o.part.name),
                         o.part.file_name.ptr ? (int)o.part.file_name.len : 1,
                         o.part.file_name.ptr ? o.part.file_name.ptr : "-",
                         SPAN_ARG(o.part.content_type));
            else if (event == MULTIPART_DATA)
                buf_add(out, o.data);
            else
                buf_add_str(out, event == MULTIPART_PART_END ? "." : "end");
        }
    }
    if (event == MULTIPART_MALFORMED)
        buf_addf(out, "fault %d", (int)o.fault);
    else if (!multipart_is_complete(&f))
        buf_add_str(out, "cut");
}

static void check(struct span content, const char *expected)
{
    struct buf out = {0};

    for (size_t size = 1; size <= content.len + 1; size++) {
        describe(content, size, &out);
        if (!span_eq(buf_span(&out), span_from_str(expected)))
            fail_msg("%.*s\nin pieces of %zu: %.*s", SPAN_ARG(content), size,
                     SPAN_ARG(buf_span(&out)));
    }
    buf_done(&out);
}

#define NAME(n) "Content-Disposition: form-data; name=\"" n "\"\r\n"

// RFC 7578 §4, RFC 2046 §5.1.1: whatever the size of the pieces.
static void parts_are_read_exactly_across_piece_borders(void **state)
{
    (void)state;
    check(SPAN("--XyZ\r\n" NAME("a") "\r\none\r\n--XyZ\r\n" NAME("b") "\r\n\r\n--XyZ--\r\n"),
          "[a|-|]one.[b|-|].end");
    check(SPAN("--XyZ\r\nContent-Disposition: form-data; name=f; filename=\"x.txt\"\r\n"
               "Content-Type: text/plain\r\n\r\nline\r\n\r\n--XyZ--"),
          "[f|x.txt|text/plain]line\r\n.end");
    check(SPAN("--XyZ--"), "end");
    check(SPAN("preamble\r\n-\r\n--XyZ \t\r\n" NAME("a") "\r\n1\r\n--XyZ--epilogue\r\n--XyZ\r\n"),
          "[a|-|]1.end");
    check(SPAN("--XyZ\r\n" NAME("a") "\r\n--XyZ--"), "[a|-|].end"); // no line end of its own
}

// RFC 2046 §5.1.1: only CR LF "--" boundary ends a part.
static void what_only_resembles_a_delimiter_is_data(void **state)
{
    (void)state;
    check(SPAN("--XyZ\r\n" NAME("a") "\r\n\r\r\n\r\n-\r\n--Xy\r\n--\r\n--XyY--XyZ\r\n--XyZ--"),
          "[a|-|]\r\r\n\r\n-\r\n--Xy\r\n--\r\n--XyY--XyZ.end");
    check(SPAN("--XyZ\r\n" NAME("a") "\r\n-x\n--XyZ\r\n--XyZ--"), "[a|-|]-x\n--XyZ.end");
    check(SPAN("--XyZ\r\n" NAME("a") "\r\n--Xy\r\n--XyZ--"), "[a|-|]--Xy.end");
}

// RFC 7578 §4.2; WHATWG HTML §4.10.21.8
static void names_are_decoded_as_browsers_write_them(void **state)
{
    static const struct {
        const char *parameters, *expected;
    } cases[] = {
        {"name=\"a%22b%0D%0Ac\"", "[a\"b\r\nc|-|].end"},
        {"name=\"a\\\"b\\\\c\"", "[a\"b\\c|-|].end"},
        {"name=\"f\"; filename=\"C:\\dir\\x.txt\"", "[f|C:\\dir\\x.txt|].end"},
        {"name=\"f\"; filename=\"\"", "[f||].end"},
        {"name=\"f\"; filename=\"100%25.txt\"", "[f|100%25.txt|].end"},
        {"name=\"\xc3\xa4\"; filename=\"\xe2\x82\xac\"", "[\xc3\xa4|\xe2\x82\xac|].end"},
        {"name=\"f\"; filename=\"x\"; filename*=UTF-8''%e2%82%ac%20y", "[f|\xe2\x82\xac y|].end"},
        {"name=\"f\"; filename*=utf-8'en'y; filename=x", "[f|y|].end"},
        {"name=\"f\"; filename=x; filename*=latin1''y", "[f|x|].end"},
        {"name=\"f\"; filename=x; filename*=UTF-8''%zz", "[f|x|].end"},
        {"NAME=f; other=\"x;y\"", "[f|-|].end"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};

        buf_addf(&b, "--XyZ\r\ncontent-disposition:Form-Data; %s\r\n\r\n\r\n--XyZ--",
                 cases[i].parameters);
        check(buf_span(&b), cases[i].expected);
        buf_done(&b);
    }
}

static void what_breaks_the_form_is_malformed(void **state)
{
    (void)state;
    check(SPAN("--XyZx\r\n"), "fault 1");
    check(SPAN("--XyZ\n" NAME("a") "\r\n"), "fault 1");
    check(SPAN("--XyZ-x"), "fault 1");
    check(SPAN("--XyZ \t--"), "fault 1");
    check(SPAN("--XyZ\r\n" NAME("a") "\r\n1\r\n--XyZ--XyZ"), "[a|-|]1.end");
    check(SPAN("--XyZ\r\n\r\n1"), "fault 4");
    check(SPAN("--XyZ\r\nContent-Type: text/plain\r\n\r\n1"), "fault 4");
    check(SPAN("--XyZ\r\nContent-Disposition: attachment; name=a\r\n\r\n1"), "fault 4");
    check(SPAN("--XyZ\r\nContent-Disposition: form-data\r\n\r\n1"), "fault 4");
    check(SPAN("--XyZ\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1"), "fault 4");
    check(SPAN("--XyZ\r\n" NAME("a") NAME("b") "\r\n1"), "fault 4");
    check(SPAN("--XyZ\r\nnonsense\r\n\r\n1"), "fault 2");
    check(SPAN("--XyZ\r\n" NAME("a") " folded\r\n\r\n1"), "fault 2");
    check(SPAN("--XyZ\r\nX: a\nb\r\n\r\n1"), "fault 2");
    check(SPAN("--XyZ\r\nX: a\rb\r\n\r\n1"), "fault 2");
}

static void a_form_that_is_cut_short_is_not_complete(void **state)
{
    static const char whole[] = "--XyZ\r\n" NAME("a") "\r\n1\r\n--XyZ--";
    struct buf out = {0};

    (void)state;
    for (size_t n = 1; n + 1 < sizeof whole; n++) {
        describe(span_of(whole, n), n, &out);
        assert_true(span_ends(buf_span(&out), SPAN("cut")));
    }
    buf_done(&out);
}

static void limits_are_kept(void **state)
{
    struct buf b = {0}, out = {0};

    (void)state;
    buf_add_str(&b, "--XyZ\r\nX: ");
    while (b.len < LIMIT_FORM_PART_HEAD + sizeof "--XyZ\r\n" - 1)
        buf_add_char(&b, 'x');
    buf_add_str(&b, "\r\n");
    describe(buf_span(&b), 4096, &out);
    assert_true(span_eq(buf_span(&out), SPAN("fault 3")));
    buf_clear(&b);
    for (int i = 0; i <= LIMIT_FORM_PARTS; i++)
        buf_add_str(&b, "--XyZ\r\n" NAME("") "\r\n\r\n");
    describe(buf_span(&b), 4096, &out);
    assert_true(span_ends(buf_span(&out), SPAN("].fault 5")));
    describe(span_first(buf_span(&b), b.len / (LIMIT_FORM_PARTS + 1) * LIMIT_FORM_PARTS), 4096,
             &out);
    assert_true(span_ends(buf_span(&out), SPAN("]cut")));
    buf_done(&b);
    buf_done(&out);
}

// RFC 2046 §5.1.1, RFC 7578 §4.1
static void the_boundary_comes_from_the_content_type(void **state)
{
    static const struct {
        const char *type;
        enum multipart_begin result;
    } cases[] = {
        {"multipart/form-data; boundary=a", MULTIPART_BEGIN_OK},
        {"Multipart/Form-Data; charset=utf-8; Boundary=\"a b'()+_,-./:=?c\"", MULTIPART_BEGIN_OK},
        {"multipart/form-data; boundary="
         "0123456789012345678901234567890123456789012345678901234567890123456789",
         MULTIPART_BEGIN_OK},
        {"multipart/form-data; boundary="
         "01234567890123456789012345678901234567890123456789012345678901234567890",
         MULTIPART_BEGIN_NO_BOUNDARY},
        {"multipart/form-data", MULTIPART_BEGIN_NO_BOUNDARY},
        {"multipart/form-data; boundary=", MULTIPART_BEGIN_NO_BOUNDARY},
        {"multipart/form-data; boundary=\"\"", MULTIPART_BEGIN_NO_BOUNDARY},
        {"multipart/form-data; boundary=\"a \"", MULTIPART_BEGIN_NO_BOUNDARY},
        {"multipart/form-data; boundary=a%b", MULTIPART_BEGIN_NO_BOUNDARY},
        {"multipart/mixed; boundary=a", MULTIPART_BEGIN_OTHER_TYPE},
        {"text/plain", MULTIPART_BEGIN_OTHER_TYPE},
        {"", MULTIPART_BEGIN_OTHER_TYPE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct multipart_form f;

        if (multipart_begin(&f, span_from_str(cases[i].type)) != cases[i].result)
            fail_msg("%s", cases[i].type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_read_exactly_across_piece_borders),
        cmocka_unit_test(what_only_resembles_a_delimiter_is_data),
        cmocka_unit_test(names_are_decoded_as_browsers_write_them),
        cmocka_unit_test(what_breaks_the_form_is_malformed),
        cmocka_unit_test(a_form_that_is_cut_short_is_not_complete),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(the_boundary_comes_from_the_content_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
