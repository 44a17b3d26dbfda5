// SPDX-License-Identifier: MIT
#include "resource/files/cache_control.h"

#include "base/path.h"

enum { FOR_EVER = 365 * 24 * 3600 }; // seconds; what is longer is for ever as well: RFC 9111 §5.2.2

static bool matches(struct span pattern, struct span text, bool prefix)
{
    size_t p = 0, t = 0, star = SIZE_MAX, behind = 0;

    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            behind = t;
        } else if (p < pattern.len && pattern.ptr[p] == text.ptr[t]) {
            p++;
            t++;
        } else if (p == pattern.len && prefix) {
            return true;
        } else if (star != SIZE_MAX) { // the last star takes a byte more: no earlier one need to
            p = star + 1;
            t = ++behind;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

bool cache_rule_matches(const struct cache_rule *rule, struct span path)
{
    if (!span_starts(rule->match, SPAN("/")))
        return matches(rule->match, path_leaf(path), false);
    return matches(span_from(rule->match, 1), path, span_ends(rule->match, SPAN("/")));
}

static bool add_line(struct buf *b, const struct option_caching *control)
{
    switch (control->kind) {
    case CACHING_ASKED:
        buf_add(b, SPAN("Cache-Control: no-cache\r\n"));
        return true;
    case CACHING_NEVER:
        buf_add(b, SPAN("Cache-Control: no-store\r\n"));
        return true;
    case CACHING_IMMUTABLE: // RFC 8246
        buf_addf(b, "Cache-Control: max-age=%d, immutable\r\n", FOR_EVER);
        return true;
    case CACHING_FOR:
        buf_addf(b, "Cache-Control: max-age=%llu\r\n",
                 (unsigned long long)(control->milliseconds / 1000));
        return true;
    case CACHING_UNSAID:
        break;
    }
    return false;
}

bool cache_control_add(struct buf *b, const struct option_list *rules, struct span path)
{
    const struct cache_rule *list = rules->items;

    for (size_t i = 0; i < rules->count; i++)
        if (cache_rule_matches(&list[i], path))
            return add_line(b, &list[i].control);
    return add_line(b, &(const struct option_caching){.kind = CACHING_ASKED});
}
