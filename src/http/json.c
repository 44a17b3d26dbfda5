// SPDX-License-Identifier: MIT
#include "http/json.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "http/json_build.h"
#include "http/json_scan.h"

#include <stdatomic.h>

/* jansson's tables get a secret, so that nobody can choose names that collide; without ours it
 * would open a file for one. */
static void seed_tables(void)
{
    static atomic_bool seeded;
    struct hash_key key;

    if (atomic_load_explicit(&seeded, memory_order_relaxed))
        return;
    if (hash_key_make(&key) == 0 && (size_t)key.word[0])
        json_object_seed((size_t)key.word[0]);
    atomic_store_explicit(&seeded, true, memory_order_relaxed);
}

static void count_lines(struct span text, struct json_fault *f)
{
    f->line = f->column = 1;
    for (size_t i = 0; i < f->offset; i++) {
        if (text.ptr[i] == '\n') {
            f->line++;
            f->column = 1;
        } else if (((unsigned char)text.ptr[i] & 0xc0) != 0x80) {
            f->column++;
        }
    }
}

/* What stands at a place, in words. */
static void describe_front(struct span rest, char *out, size_t size)
{
    size_t n = rest.len ? utf8_length(rest) : 0;
    unsigned char c = rest.len ? (unsigned char)rest.ptr[0] : 0;

    if (rest.len == 0)
        snprintf(out, size, "the end of the text");
    else if (n == 0 || c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)rest.ptr[1] < 0xa0))
        snprintf(out, size, "the byte 0x%02x", c);
    else if (c == '"')
        snprintf(out, size, "a quotation mark");
    else
        snprintf(out, size, "\"%.*s\"", (int)n, rest.ptr);
}

static int tell(struct span text, size_t offset, int error, const char *expected, bool tell_found,
                struct json_fault *ret)
{
    char found[32];

    ret->offset = offset;
    count_lines(text, ret);
    describe_front(span_from(text, offset), found, sizeof found);
    snprintf(ret->message, sizeof ret->message,
             tell_found ? "expected %s; found %s" : "expected %s", expected, found);
    return error;
}

static int build(struct span text, size_t skipped, json_t **ret, struct json_fault *ret_fault)
{
    const char *expected;
    size_t offset;
    json_t *tree;
    int error;

    seed_tables();
    tree = json_build(span_from(text, skipped), &error, &offset, &expected);
    if (!tree)
        return error == -CANDOR_E_MEMORY
                   ? error
                   : tell(text, offset + skipped, error, expected, false, ret_fault);
    *ret = tree;
    return 0;
}

int json_read(struct span text, struct budget_part *part, json_t **ret,
              struct json_fault *ret_fault)
{
    size_t skipped = span_starts(text, SPAN("\xef\xbb\xbf")) ? 3 : 0;
    struct json_scan scan;
    size_t before;
    int r;

    if (text.len > LIMIT_JSON_TEXT)
        return tell(text, LIMIT_JSON_TEXT, -CANDOR_E_LIMIT, "a shorter text", false, ret_fault);
    r = json_scan(span_from(text, skipped), &scan);
    if (r < 0)
        return tell(text, scan.offset + skipped, r, scan.expected, true, ret_fault);
    if (scan.memory > LIMIT_JSON_MEMORY)
        return tell(text, 0, -CANDOR_E_LIMIT, "fewer values", false, ret_fault);
    before = part ? part->taken : 0;
    if (part && budget_set(part, before + scan.memory) < 0)
        return -CANDOR_E_MEMORY;
    r = build(text, skipped, ret, ret_fault);
    if (r < 0 && part)
        budget_set(part, before);
    return r;
}
