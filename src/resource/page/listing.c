// SPDX-License-Identifier: MIT
#include "resource/page/listing.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "base/path.h"
#include "base/utf8.h"
#include "wire/uri.h"

#include <assert.h>

/* Takes the digits off the front of *s; the result is without leading zeros. */
static struct span take_number(struct span *s)
{
    struct span number;
    size_t n = 0, zeros = 0;

    while (n < s->len && ascii_is(s->ptr[n], ASCII_DIGIT))
        n++;
    while (zeros < n && s->ptr[zeros] == '0')
        zeros++;
    number = span_of(s->ptr + zeros, n - zeros);
    *s = span_from(*s, n);
    return number;
}

static int number_compare(struct span a, struct span b)
{
    return a.len != b.len ? (a.len > b.len ? 1 : -1) : span_compare(a, b);
}

static int name_compare(struct span a, struct span b)
{
    struct span x = a, y = b;

    while (x.len && y.len) {
        int order;

        if (ascii_is(x.ptr[0], ASCII_DIGIT) && ascii_is(y.ptr[0], ASCII_DIGIT)) {
            order = number_compare(take_number(&x), take_number(&y));
        } else {
            order = (unsigned char)ascii_lower(x.ptr[0]) - (unsigned char)ascii_lower(y.ptr[0]);
            x = span_from(x, 1);
            y = span_from(y, 1);
        }
        if (order)
            return order;
    }
    if (x.len || y.len)
        return x.len ? 1 : -1;
    return span_compare(a, b); // "A" and "a", "1" and "01": a fixed order all the same
}

int listing_compare(const struct listing_entry *a, const struct listing_entry *b)
{
    if (a->is_folder != b->is_folder)
        return a->is_folder ? -1 : 1;
    return name_compare(a->name, b->name);
}

static int entry_compare(const void *a, const void *b)
{
    return listing_compare(a, b);
}

void listing_totals_add(struct listing_totals *t, const struct listing_entry *entry)
{
    if (entry->is_folder) {
        t->folders++;
        return;
    }
    t->files++;
    t->bytes = t->bytes > UINT64_MAX - entry->size ? UINT64_MAX : t->bytes + entry->size;
}

static bool is_empty(const struct listing *listing)
{
    return listing->totals.folders + listing->totals.files == 0;
}

void listing_sort(struct listing_entry *entries, size_t count)
{
    if (count)
        qsort(entries, count, sizeof *entries, entry_compare);
}

/* False where RFC 3339 has no way to write it: a year beyond four digits. */
static bool calendar_from_seconds(int64_t seconds, struct tm *ret_tm)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
        return false;
    *ret_tm = tm;
    return true;
}

/* Numbers of two digits with what stands before them; printf is too slow for long listings. */
static void write_two_digits(struct buf *b, char before, int value)
{
    const char text[3] = {before, (char)('0' + value / 10), (char)('0' + value % 10)};

    buf_add(b, span_of(text, sizeof text));
}

static void write_date(struct buf *b, const struct tm *tm)
{
    int year = tm->tm_year + 1900;
    const char digits[4] = {(char)('0' + year / 1000), (char)('0' + year / 100 % 10),
                            (char)('0' + year / 10 % 10), (char)('0' + year % 10)};

    buf_add(b, span_of(digits, sizeof digits));
    write_two_digits(b, '-', tm->tm_mon + 1);
    write_two_digits(b, '-', tm->tm_mday);
}

static void write_timestamp(struct buf *b, const struct tm *tm)
{
    write_date(b, tm);
    write_two_digits(b, 'T', tm->tm_hour);
    write_two_digits(b, ':', tm->tm_min);
    write_two_digits(b, ':', tm->tm_sec);
    buf_add_char(b, 'Z');
}

/* 1234567 as "1.2 MB": decimal units, as file managers and disks have them. */
static void write_human_size(struct buf *b, uint64_t size)
{
    static const char units[] = "kMGTPE";
    uint64_t tenth = 100; // of the unit, in bytes
    size_t unit = 0;

    if (size < 1000) {
        buf_add_u64(b, size);
        buf_add(b, SPAN(" B"));
        return;
    }
    for (;; unit++, tenth *= 1000) {
        uint64_t tenths = size / tenth + (size % tenth >= tenth / 2);
        uint64_t whole = size / (10 * tenth) + (size % (10 * tenth) >= 5 * tenth);

        if (tenths >= 100 && whole >= 1000) // never so in EB
            continue;
        buf_add_u64(b, tenths < 100 ? tenths / 10 : whole);
        if (tenths < 100) {
            buf_add_char(b, '.');
            buf_add_u64(b, tenths % 10);
        }
        buf_add(b, span_of((const char[3]){' ', units[unit], 'B'}, 3));
        return;
    }
}

/* 1234567 as "1,234,567". */
static void write_grouped(struct buf *b, uint64_t value)
{
    char digits[27]; // 20 digits and 6 commas
    size_t at = sizeof digits;

    for (int n = 0; n == 0 || value; n++, value /= 10) {
        if (n && n % 3 == 0)
            digits[--at] = ',';
        digits[--at] = (char)('0' + value % 10);
    }
    buf_add(b, span_of(digits + at, sizeof digits - at));
}

static struct span plural(uint64_t n)
{
    return n == 1 ? SPAN("") : SPAN("s");
}

/* The last segment of a path that ends with "/"; empty for "/". */
static struct span last_segment(struct span path)
{
    return path_leaf(uri_path_trim(path));
}

static void write_ancestor(struct buf *b, size_t up, struct span name, bool is_linked)
{
    buf_add(b, SPAN("<li>"));
    if (is_linked) {
        buf_add(b, SPAN("<a href=\""));
        for (size_t i = 0; i < up; i++)
            buf_add(b, SPAN("../"));
        buf_add(b, SPAN("\">"));
    }
    buf_add(b, SPAN("<bdi>"));
    page_write_text(b, name);
    buf_add(b, SPAN("</bdi>"));
    if (is_linked)
        buf_add(b, SPAN("</a>"));
    buf_add(b, SPAN("</li>\n"));
}

/*
 * The folders above, the root first. The links go up step by step: an absolute path that begins
 * with "//" would lead to another host, and a prefix that a proxy took away would be missing.
 */
static void write_breadcrumbs(struct buf *b, const struct listing *listing)
{
    struct span rest = span_from(listing->path, 1);
    size_t depth = 0, left;

    for (size_t i = 0; i < rest.len; i++)
        depth += rest.ptr[i] == '/';
    if (depth == 0)
        return;
    buf_add(b, SPAN("<nav aria-label=\"Folders above\">\n<ol>\n"));
    write_ancestor(b, depth, SPAN("Home"), listing->has_parent);
    if (depth > LIMIT_BREADCRUMBS + 1)
        buf_add(b, SPAN("<li>\xe2\x80\xa6</li>\n"));
    for (left = depth; left > 1; left--) {
        struct span segment = span_take_until(&rest, '/');

        if (left - 1 <= LIMIT_BREADCRUMBS && segment.len)
            write_ancestor(b, left - 1, segment, listing->has_parent);
    }
    buf_add(b, SPAN("</ol>\n</nav>\n"));
}

/* "3 folders, 12 files, 4.5 MB" */
static void write_summary(struct buf *b, const struct listing *listing)
{
    uint64_t folders = listing->totals.folders, files = listing->totals.files;

    buf_add(b, SPAN("<p class=\"summary\">"));
    if (folders) {
        write_grouped(b, folders);
        buf_addf(b, " folder%.*s", SPAN_ARG(plural(folders)));
    }
    if (folders && files)
        buf_add(b, SPAN(", "));
    if (files) {
        write_grouped(b, files);
        buf_addf(b, " file%.*s, ", SPAN_ARG(plural(files)));
        write_human_size(b, listing->totals.bytes);
    }
    buf_add(b, SPAN("</p>\n"));
}

/* The name; of a path, also the folder that it is in, for the eye. */
static void write_html_name(struct buf *b, struct span name, bool is_path)
{
    struct span last = is_path ? last_segment(name) : name;

    buf_add(b, SPAN("<bdi>"));
    page_write_text(b, last);
    buf_add(b, SPAN("</bdi>"));
    if (last.len < name.len) {
        buf_add(b, SPAN(" <small>in <bdi>"));
        page_write_text(b, span_first(name, name.len - last.len - 1));
        buf_add(b, SPAN("</bdi></small>"));
    }
}

static void write_href(struct buf *b, const struct listing_entry *entry, bool is_path)
{
    if (is_path)
        page_write_path_href(b, entry->name, entry->is_folder);
    else
        page_write_href(b, entry->name, entry->is_folder);
}

static void write_html_entry(struct buf *b, const struct listing_entry *entry, bool is_path)
{
    struct tm tm;

    assert(entry->name.len);
    buf_add_str(b, entry->is_folder ? "<tr class=\"folder\"><th scope=\"row\"><a href=\""
                                    : "<tr><th scope=\"row\"><a href=\"");
    write_href(b, entry, is_path);
    buf_add(b, SPAN("\">"));
    write_html_name(b, entry->name, is_path);
    buf_add_str(b, entry->is_folder && !is_path ? "/</a></th><td>" : "</a></th><td>");
    if (!entry->is_folder) {
        buf_add(b, SPAN("<data value=\""));
        buf_add_u64(b, entry->size);
        buf_add(b, SPAN("\" title=\""));
        write_grouped(b, entry->size);
        buf_add_str(b, entry->size == 1 ? " byte\">" : " bytes\">");
        write_human_size(b, entry->size);
        buf_add(b, SPAN("</data>"));
    }
    buf_add(b, SPAN("</td><td>"));
    if (calendar_from_seconds(entry->modified, &tm)) {
        buf_add(b, SPAN("<time datetime=\""));
        write_timestamp(b, &tm);
        buf_add(b, SPAN("\">"));
        write_date(b, &tm);
        write_two_digits(b, ' ', tm.tm_hour);
        write_two_digits(b, ':', tm.tm_min);
        buf_add(b, SPAN("</time>"));
    }
    buf_add(b, SPAN("</td></tr>\n"));
}

static void write_html_table(struct buf *b, const struct listing *listing)
{
    buf_add(b, SPAN("<table>\n<caption>"));
    buf_add_str(b, listing->search.len ? "What was found" : "What is in this folder");
    buf_add(b,
            SPAN("</caption>\n<thead>\n<tr><th scope=\"col\">Name</th><th scope=\"col\">Size</th>"
                 "<th scope=\"col\">Modified (UTC)</th></tr>\n</thead>\n<tbody>\n"));
}

/* What can be asked for beyond the rows; what needs the script is hidden where there is none. */
static void write_tools(struct buf *b, const struct listing *listing)
{
    if (!listing->has_search && !listing->has_archives && !listing->writable)
        return;
    buf_add(b, SPAN("<div class=\"tools\">\n"));
    if (listing->has_search) {
        buf_add(b, SPAN("<form class=\"search\" role=\"search\" action=\"./\">"
                        "<input type=\"search\" name=\"search\" required autocomplete=\"off\" "
                        "placeholder=\"Search\" aria-label=\"Search this folder and below\" "
                        "enterkeyhint=\"search\" value=\""));
        page_write_text(b, listing->search);
        buf_add(b, SPAN("\"></form>\n"));
    }
    if (listing->writable)
        buf_add(b, SPAN("<details class=\"menu scripted\"><summary class=\"icon-text upload-icon "
                        "primary\">Upload</summary><div>"
                        "<button type=\"button\" data-do=\"upload\">Files</button>"
                        "<button type=\"button\" data-do=\"upload-folder\">A folder</button>"
                        "</div></details>\n<button type=\"button\" data-do=\"folder\" "
                        "class=\"icon-text new-folder scripted\">New folder</button>\n"));
    if (listing->has_archives)
        buf_add(b, SPAN("<details class=\"menu\"><summary class=\"icon-text download\">"
                        "Download</summary><div><a href=\"./?archive=zip\" download>As zip</a>"
                        "<a href=\"./?archive=tar\" download>As tar</a></div></details>\n"));
    buf_add(b, SPAN("</div>\n"));
    if (listing->writable)
        buf_add(b, SPAN("<form class=\"unscripted\" method=\"post\" action=\"./\" "
                        "enctype=\"multipart/form-data\"><label>Upload files <input type=\"file\" "
                        "name=\"file\" multiple required></label> "
                        "<button>Upload</button></form>\n"));
}

static void write_header(struct buf *b, const struct listing *listing)
{
    struct span name = last_segment(listing->path);

    buf_add(b, SPAN("<header>\n"));
    write_breadcrumbs(b, listing);
    buf_add(b, SPAN("<h1><bdi>"));
    page_write_text(b, name.len ? name : SPAN("Home"));
    buf_add(b, SPAN("</bdi></h1>\n"));
    if (listing->search.len) {
        buf_add(b, SPAN("<p class=\"found\">Found for <q>"));
        page_write_text(b, listing->search);
        buf_add(b, SPAN("</q>. <a href=\"./\">Show the whole folder</a></p>\n"));
    }
    if (!is_empty(listing))
        write_summary(b, listing);
    else
        buf_add(b, SPAN("<p class=\"summary\"></p>\n"));
    write_tools(b, listing);
    if (listing->truncated && listing->search.len)
        buf_add(b, SPAN("<p class=\"note\">There may be more: the search ended at its limit. Look "
                        "for a longer word, or in a folder further below.</p>\n"));
    else if (listing->truncated)
        buf_add(b, SPAN("<p class=\"note\">There is more in this folder than one page can show. "
                        "What is missing here can still be opened by its address.</p>\n"));
    buf_add(b, SPAN("</header>\n"));
}

const struct span listing_types[LISTING_FORMATS] = {
    [LISTING_HTML] = SPAN_INIT("text/html; charset=utf-8"),
    [LISTING_JSON] = SPAN_INIT("application/json"),
    [LISTING_TEXT] = SPAN_INIT("text/plain; charset=utf-8"),
};

static enum page_script script_of(bool writable)
{
    return writable ? PAGE_SCRIPT_WRITE : PAGE_SCRIPT_READ;
}

struct span listing_policy(bool writable)
{
    return page_listing_policies[script_of(writable)];
}

static void write_html_head(struct buf *b, const struct listing *listing)
{
    struct buf title = {0};

    buf_add_str(&title, listing->search.len ? "Search in " : "Index of ");
    buf_add(&title, listing->path);
    page_write_begin(b, buf_span(&title));
    b->failed |= title.failed;
    buf_done(&title);
}

/* Up to the rows. */
static void write_html_begin(struct buf *b, const struct listing *listing)
{
    bool is_search = listing->search.len != 0;

    page_write_body(b, "listing");
    write_header(b, listing);
    buf_add(b, SPAN("<main"));
    buf_add_str(b, listing->writable ? " data-writable" : "");
    buf_add_str(b, listing->has_archives ? " data-archives" : "");
    buf_add(b, SPAN(">\n"));
    if (listing->has_parent && !is_search)
        buf_add(b, SPAN("<p class=\"up\"><a href=\"../\">Parent folder</a></p>\n"));
    if (!is_empty(listing))
        write_html_table(b, listing);
    else
        buf_add_str(b, is_search ? "<p class=\"empty\">Nothing was found.</p>\n"
                                 : "<p class=\"empty\">This folder is empty.</p>\n");
}

/* Behind the rows, up to the script. */
static void write_html_tail(struct buf *b, const struct listing *listing)
{
    if (!is_empty(listing))
        buf_add(b, SPAN("</tbody>\n</table>\n"));
    buf_add(b, SPAN("</main>\n"));
    page_write_script_begin(b);
}

static bool is_utf8(struct span text)
{
    for (size_t n; text.len; text = span_from(text, n)) {
        n = utf8_length(text);
        if (n == 0)
            return false;
    }
    return true;
}

/* The member `name` with the text, of any bytes. */
static void write_json_text(struct buf *b, const char *name, struct span text)
{
    size_t n = 0;

    buf_add_char(b, '"');
    buf_add_str(b, name);
    buf_add(b, SPAN("\": \""));
    while (text.len) {
        for (n = 0; n < text.len;) {
            size_t character = utf8_length(span_from(text, n));

            if (character == 0)
                break;
            n += character;
        }
        buf_add_json(b, span_first(text, n));
        text = span_from(text, n);
        if (text.len) {
            buf_add(b, SPAN("\\ufffd"));
            text = span_from(text, 1);
        }
    }
    buf_add_char(b, '"');
}

static void write_json_entry(struct buf *b, const struct listing_entry *entry, bool is_path)
{
    struct tm tm;

    buf_add_char(b, '{');
    write_json_text(b, "name", entry->name);
    buf_add_str(b, is_utf8(entry->name) ? "" : ", \"utf8\": false");
    buf_add(b, SPAN(", \"href\": \""));
    write_href(b, entry, is_path);
    if (entry->is_folder) {
        buf_add(b, SPAN("\", \"type\": \"folder\""));
    } else {
        buf_add(b, SPAN("\", \"type\": \"file\", \"size\": "));
        buf_add_u64(b, entry->size);
    }
    if (calendar_from_seconds(entry->modified, &tm)) {
        buf_add(b, SPAN(", \"modified\": \""));
        write_timestamp(b, &tm);
        buf_add_char(b, '"');
    }
    buf_add_char(b, '}');
}

static void write_json_begin(struct buf *b, const struct listing *listing)
{
    buf_add(b, SPAN("{\n"));
    write_json_text(b, "path", listing->path);
    buf_add_str(b, is_utf8(listing->path) ? "" : ",\n\"utf8\": false");
    if (listing->search.len) {
        buf_add(b, SPAN(",\n"));
        write_json_text(b, "search", listing->search);
    }
    buf_add(b, SPAN(",\n\"truncated\": "));
    buf_add_str(b, listing->truncated ? "true" : "false");
    buf_add(b, SPAN(",\n\"entries\": ["));
}

static void write_text_entry(struct buf *b, const struct listing_entry *entry)
{
    page_write_visible(b, entry->name);
    buf_add_str(b, entry->is_folder ? "/\n" : "\n");
}

static void write_entry(struct buf *b, struct listing_writer *w)
{
    const struct listing_entry *entry = &w->listing->entries[w->at];
    bool is_path = w->listing->search.len != 0;

    switch (w->format) {
    case LISTING_HTML:
        write_html_entry(b, entry, is_path);
        break;
    case LISTING_JSON:
        buf_add_str(b, w->has_row ? ",\n" : "\n");
        write_json_entry(b, entry, is_path);
        break;
    default:
        write_text_entry(b, entry);
    }
    w->has_row = true;
    w->at++;
}

/* The end of what has no pieces. */
static void write_plain_end(struct buf *b, const struct listing_writer *w)
{
    if (w->format == LISTING_JSON)
        buf_add_str(b, w->has_row ? "\n]\n}\n" : "]\n}\n");
}

enum stage { STAGE_HEAD, STAGE_BEGIN, STAGE_ROWS, STAGE_END };

bool listing_write(struct listing_writer *w, size_t room, struct buf *text,
                   const struct page_piece **ret_piece)
{
    const struct listing *listing = w->listing;
    bool is_html = w->format == LISTING_HTML;

    assert(span_starts(listing->path, SPAN("/")) && span_ends(listing->path, SPAN("/")));
    *ret_piece = NULL;
    switch ((enum stage)w->stage) {
    case STAGE_HEAD:
        w->stage = STAGE_BEGIN;
        if (is_html) {
            write_html_head(text, listing);
            *ret_piece = &page_styles[PAGE_STYLE_LISTING];
            return true;
        }
        __attribute__((fallthrough));
    case STAGE_BEGIN:
        w->stage = STAGE_ROWS;
        if (is_html)
            write_html_begin(text, listing);
        else if (w->format == LISTING_JSON)
            write_json_begin(text, listing);
        __attribute__((fallthrough));
    case STAGE_ROWS:
        while (w->at < listing->count && text->len < room && !text->failed)
            write_entry(text, w);
        if (w->at < listing->count || listing->follows)
            return !text->failed;
        w->stage = STAGE_END;
        if (!is_html) {
            write_plain_end(text, w);
            return false;
        }
        write_html_tail(text, listing);
        *ret_piece = &page_scripts[script_of(listing->writable)];
        return true;
    case STAGE_END:
        break;
    }
    page_write_script_end(text);
    page_write_end(text);
    return false;
}
