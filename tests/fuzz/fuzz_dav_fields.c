// SPDX-License-Identifier: MIT
/* Input: the value of any of the small fields of authoring; all of their parsers read it. */
#include "base/utf8.h"
#include "http/content_range.h"
#include "http/date.h"
#include "http/dav_fields.h"
#include "http/digest.h"
#include "http/prefer.h"
#include "http/slug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_destination(struct span value)
{
    struct destination d;
    size_t offset = SIZE_MAX;
    enum destination_result result = destination_parse(value, &d, &offset);

    if (result != DESTINATION_OK && offset > value.len)
        abort();
    if (result == DESTINATION_MALFORMED)
        return;
    if (d.path.len == 0 || d.path.ptr[0] != '/' || !d.scheme.ptr != !d.authority.ptr)
        abort();
    if (span_eq_nocase(d.scheme, SPAN("http")) && !destination_is_here(&d, d.authority))
        abort();
}

static void check_name(size_t n, const char *name, bool dotfiles)
{
    struct span rest = span_of(name, n);

    if (n == 0)
        return;
    if (dotfiles && name[0] == '.' && n > 1 && name[1] != '.')
        n--, name++;
    if (n > LIMIT_FILE_NAME || name[0] == '.' || name[0] == ' ' || name[n - 1] == '.' ||
        name[n - 1] == ' ')
        abort();
    while (rest.len) {
        size_t length = utf8_length(rest);

        if (length == 0 || (unsigned char)rest.ptr[0] < 0x20 || rest.ptr[0] == '/' ||
            rest.ptr[0] == '\\')
            abort();
        rest = span_from(rest, length);
    }
}

static void check_digests(struct span value)
{
    struct digests d, again;
    enum digest_algorithm a;
    struct buf b = {0};
    size_t offset = SIZE_MAX;

    digest_wanted(value, &a);
    if (!digest_parse(value, &d, &offset)) {
        if (offset > value.len)
            abort();
        return;
    }
    for (int i = 0; i < DIGEST_ALGORITHMS; i++) {
        if (!d.has[i])
            continue;
        if (b.len)
            buf_add_char(&b, ',');
        digest_write(&b, (enum digest_algorithm)i, d.bytes[i]);
    }
    if (!digest_parse(buf_span(&b), &again, &offset) || !digest_agree(&d, &again) ||
        !digest_agree(&again, &d))
        abort();
    buf_done(&b);
}

static void check_numbers(struct span value)
{
    static const struct timeout_bounds bounds = {600, 10, 3600};
    uint32_t seconds = timeout_parse(value, &bounds);
    struct content_range c;
    struct update_range u;
    uint64_t first;
    int64_t t;

    if (seconds < bounds.least || seconds > bounds.most)
        abort();
    if (oc_mtime_parse(value, &t) && (t < DATE_FIRST || t > DATE_LAST))
        abort();
    if (content_range_parse(value, &c) == CONTENT_RANGE_OK &&
        (c.first > c.last || (c.has_size && c.last >= c.size)))
        abort();
    if (update_range_parse(value, &u) &&
        update_range_place(&u, 100, 7, &first) == UPDATE_RANGE_OK && first > 100 &&
        (first != u.first || (u.kind != UPDATE_RANGE_WITHIN && u.kind != UPDATE_RANGE_FROM)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span value = span_of((const char *)data, size), token;
    char name[LIMIT_FILE_NAME];

    depth_parse(value);
    overwrite_parse(value);
    prefer_parse(value);
    if (lock_token_parse(value, &token) && token.len == 0)
        abort();
    check_destination(value);
    check_digests(value);
    check_numbers(value);
    check_name(slug_file_name(value, false, name), name, false);
    check_name(file_name_clean(value, false, name), name, false);
    check_name(slug_file_name(value, true, name), name, true);
    check_name(file_name_clean(value, true, name), name, true);
    return 0;
}
