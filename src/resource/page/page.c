// SPDX-License-Identifier: MIT
#include "resource/page/page.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "resource/page/page_script.h"
#include "resource/page/page_style.h"

#define PIECE(name, NAME)                                                                          \
    {                                                                                              \
        {name, sizeof name}, {(const char *)name##_deflated, sizeof name##_deflated}, NAME##_CRC   \
    }
const struct page_piece page_styles[PAGE_STYLES] = {
    [PAGE_STYLE_ERROR] = PIECE(page_style_error, PAGE_STYLE_ERROR),
    [PAGE_STYLE_LISTING] = PIECE(page_style_listing, PAGE_STYLE_LISTING),
    [PAGE_STYLE_MOCK] = PIECE(page_style_mock, PAGE_STYLE_MOCK),
};
const struct page_piece page_scripts[PAGE_SCRIPTS] = {
    [PAGE_SCRIPT_READ] = PIECE(page_script_read, PAGE_SCRIPT_READ),
    [PAGE_SCRIPT_WRITE] = PIECE(page_script_write, PAGE_SCRIPT_WRITE),
};

// img-src data: is the icon that keeps browsers from asking for another.
#define STYLE_POLICY(style)                                                                        \
    SPAN_INIT("default-src 'none'; style-src " style "; img-src data:; base-uri 'none'; "          \
              "form-action 'none'; frame-ancestors 'none'")
const struct span page_error_policy = STYLE_POLICY(PAGE_STYLE_ERROR_SOURCE);
const struct span page_mock_policy = STYLE_POLICY(PAGE_STYLE_MOCK_SOURCE);

// img-src: the icons are data: URIs within the style; blob: pictures about to be sent.
// form-action: the search field, and uploads without the script.
#define LISTING_POLICY(script)                                                                     \
    SPAN_INIT("default-src 'none'; style-src " PAGE_STYLE_LISTING_SOURCE "; script-src " script    \
              "; connect-src 'self'; img-src 'self' data: blob:; base-uri 'none'; "                \
              "form-action 'self'; frame-ancestors 'none'")
const struct span page_listing_policies[PAGE_SCRIPTS] = {
    [PAGE_SCRIPT_READ] = LISTING_POLICY(PAGE_SCRIPT_READ_SOURCE),
    [PAGE_SCRIPT_WRITE] = LISTING_POLICY(PAGE_SCRIPT_WRITE_SOURCE),
};

void page_write_begin(struct buf *b, struct span title)
{
    buf_add(b, SPAN("<!DOCTYPE html>\n"
                    "<html lang=\"en\">\n"
                    "<head>\n"
                    "<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<link rel=\"icon\" href=\"data:,\">\n" // else browsers ask for /favicon.ico
                    "<title>"));
    page_write_text(b, title);
    buf_add(b, SPAN("</title>\n<style>"));
}

void page_write_body(struct buf *b, const char *kind)
{
    buf_add(b, SPAN("</style>\n</head>\n<body class=\""));
    buf_add_str(b, kind);
    buf_add(b, SPAN("\">\n"));
}

void page_write_script_begin(struct buf *b)
{
    buf_add(b, SPAN("<script>"));
}

void page_write_script_end(struct buf *b)
{
    buf_add(b, SPAN("</script>\n"));
}

void page_write_end(struct buf *b)
{
    buf_add(b, SPAN("</body>\n</html>\n"));
}

/* Takes one character off the front of *text, as it may be shown; shown has room for three bytes.
 */
static struct span take_visible(struct span *text, char shown[static 3])
{
    size_t n = utf8_length(*text);
    struct span c = span_first(*text, n ? n : 1);
    unsigned char first = (unsigned char)c.ptr[0];
    unsigned char last = (unsigned char)c.ptr[c.len - 1];

    *text = span_from(*text, c.len);
    if (first < 0x20 || first == 0x7f) { // U+2400 to U+2421: pictures of the control characters
        memcpy(shown, "\xe2\x90", 2);
        shown[2] = (char)(first == 0x7f ? 0xa1 : 0x80 + first);
        return span_of(shown, 3);
    }
    // C1 control characters, and the separators of lines and paragraphs U+2028 and U+2029.
    if (n == 0 || (n == 2 && first == 0xc2 && last < 0xa0) ||
        (n == 3 && memcmp(c.ptr, "\xe2\x80", 2) == 0 && (last == 0xa8 || last == 0xa9)))
        return SPAN("\xef\xbf\xbd");
    return c;
}

/* Adds what needs no second look off the front of *text: printable ASCII outside of `special`. */
static void add_plain_run(struct buf *b, struct span *text, const bool special[static 128])
{
    size_t n = 0;

    while (n < text->len && (unsigned char)text->ptr[n] < 0x80 &&
           !special[(unsigned char)text->ptr[n]])
        n++;
    buf_add(b, span_first(*text, n));
    *text = span_from(*text, n);
}

// Ranges in designators are an extension of gcc and clang that keeps the tables readable.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
static const bool not_visible[128] = {[0 ... 0x1f] = true, [0x7f] = true};
static const bool not_html_text[128] = {
    [0 ... 0x1f] = true, [0x7f] = true, ['&'] = true, ['<'] = true,
    ['>'] = true,        ['"'] = true,  ['\''] = true};
#pragma GCC diagnostic pop

void page_write_visible(struct buf *b, struct span text)
{
    char shown[3];

    for (add_plain_run(b, &text, not_visible); text.len; add_plain_run(b, &text, not_visible))
        buf_add(b, take_visible(&text, shown));
}

void page_write_text(struct buf *b, struct span text)
{
    char shown[3];

    for (add_plain_run(b, &text, not_html_text); text.len; add_plain_run(b, &text, not_html_text))
        buf_add_html(b, take_visible(&text, shown));
}

/* "&" and "'" may stand in a path, but would need escaping in HTML. */
static bool is_href_char(char c)
{
    return ascii_is(c, ASCII_PCHAR) && c != '&' && c != '\'';
}

static void write_segment(struct buf *b, struct span name)
{
    static const char hex[] = "0123456789ABCDEF";

    while (name.len) {
        size_t n = 0;

        while (n < name.len && is_href_char(name.ptr[n]))
            n++;
        buf_add(b, span_first(name, n));
        name = span_from(name, n);
        if (name.len) {
            unsigned char c = (unsigned char)name.ptr[0];

            buf_add(b, span_of((const char[3]){'%', hex[c >> 4], hex[c & 15]}, 3));
            name = span_from(name, 1);
        }
    }
}

void page_write_href(struct buf *b, struct span name, bool is_folder)
{
    buf_add(b, SPAN("./"));
    write_segment(b, name);
    if (is_folder)
        buf_add_char(b, '/');
}

void page_write_path_href(struct buf *b, struct span path, bool is_folder)
{
    buf_add_char(b, '.');
    while (path.len) {
        buf_add_char(b, '/');
        write_segment(b, span_take_until(&path, '/'));
    }
    if (is_folder)
        buf_add_char(b, '/');
}
