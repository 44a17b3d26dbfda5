// SPDX-License-Identifier: MIT
/*
 * Input: up to three lines, which stand for what the parsers of uploads take: a number or a
 * boolean; a path and a query; Sec-Fetch-Site, Origin and Host. The first one is Upload-Metadata
 * as well.
 */
#include "http/slug.h"
#include "http/upload_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t untouched = UINT64_C(0x5555555555555555);

/* What is taken for a number is one, within what a structured field can have (RFC 9651 §3.3.1). */
static void check_number(struct span value)
{
    uint64_t number = untouched;
    char text[24];
    int n;

    if (!upload_number_parse(value, &number)) {
        if (number != untouched)
            abort();
        return;
    }
    n = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    if (n < 1 || n > 15 || !upload_number_parse(span_of(text, (size_t)n), &number))
        abort();
}

static void check_complete(struct span value)
{
    enum upload_complete complete = upload_complete_parse(value);

    if ((complete == UPLOAD_COMPLETE_ABSENT) != (value.ptr == NULL))
        abort();
    if (complete == UPLOAD_COMPLETE_YES && span_find(value, '1') == value.len)
        abort();
    if (complete == UPLOAD_COMPLETE_NO && span_find(value, '0') == value.len)
        abort();
}

static void check_name(struct span query)
{
    struct span id;

    if (!upload_name_parse(query, &id))
        return;
    if (id.ptr < query.ptr || id.ptr + id.len != query.ptr + query.len)
        abort();
}

/* A name from a stranger is one that every folder can hold. */
static void check_file_name(struct span metadata)
{
    char name[LIMIT_FILE_NAME], again[LIMIT_FILE_NAME];
    size_t length = upload_file_name(metadata, false, name);

    if (length &&
        (length > sizeof name || file_name_clean(span_of(name, length), false, again) != length ||
         memcmp(name, again, length) != 0))
        abort();
}

/* No page can say that it is of this site by its origin alone, whatever Host is. */
static void check_site(struct span site, struct span origin, struct span host)
{
    const struct span none = {NULL, 0};

    (void)upload_is_cross_site(site, origin, origin, host);
    if (upload_is_cross_site(none, none, none, host) ||
        upload_is_cross_site(SPAN("none"), origin, origin, host))
        abort();
    if (!upload_is_cross_site(SPAN("cross-site"), origin, none, host) ||
        !upload_is_cross_site(none, SPAN("null"), none, host))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of((const char *)data, size);
    struct span first = span_take_until(&rest, '\n'), second = span_take_until(&rest, '\n');

    check_number(first);
    check_complete(first);
    check_file_name(first);
    check_name(second);
    check_site(first, second, rest);
    return 0;
}
