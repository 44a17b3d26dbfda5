// SPDX-License-Identifier: MIT
#include "resource/report.h"

#include "base/limits.h"

enum { QUOTED_MAX = 60 }; // octets of a value that are quoted in a message

void report_add_quoted(struct buf *out, struct span text)
{
    size_t len = text.len;

    if (len > QUOTED_MAX)
        for (len = QUOTED_MAX; len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80;)
            len--;
    buf_add_char(out, '"');
    buf_add_json(out, span_first(text, len));
    buf_add_str(out, len < text.len ? "…\"" : "\"");
}

void report_add_path(struct buf *out, const char *path)
{
    buf_add_char(out, '"');
    buf_add_json(out, span_from_str(path));
    buf_add_char(out, '"');
}

/* "key "routes.files.root": ", or of a section as a whole "key "routes.files": ". */
static void add_key(struct buf *out, const char *section, struct span name)
{
    struct buf whole = {0};

    buf_add_str(&whole, section);
    if (name.len)
        buf_add(&whole, name);
    else
        whole.len -= whole.len ? 1 : 0; // the dot
    buf_add(out, SPAN("key "));
    report_add_quoted(out, buf_span(&whole));
    buf_add(out, SPAN(": "));
    out->failed |= whole.failed;
    buf_done(&whole);
}

struct buf *report_at(struct report *report, struct position at, const char *section,
                      struct span name)
{
    struct buf *out = &report->text;

    if (report->count++ >= LIMIT_CONFIG_ERRORS)
        return NULL;
    if (out->len)
        buf_add_char(out, '\n');
    buf_add_json(out, span_from_str(report->file));
    if (at.line && !report->bare)
        buf_addf(out, ":%zu:%zu", at.line, at.column);
    buf_add(out, SPAN(": "));
    if ((section[0] || name.len) && !report->bare)
        add_key(out, section, name);
    return out;
}

void report_add(struct report *report, struct position at, const char *section, struct span name,
                const char *sentence)
{
    struct buf *out = report_at(report, at, section, name);

    if (out)
        buf_add_str(out, sentence);
}

void report_path(struct report *report, struct position at, const char *section, struct span name,
                 const char *path, const char *wrong, const char *expected)
{
    struct buf *out = report_at(report, at, section, name);

    if (!out)
        return;
    if (report->bare)
        buf_add(out, SPAN("this")); // the path stands before it already
    else
        report_add_path(out, path);
    buf_addf(out, " %s; expected %s", wrong, expected);
}
