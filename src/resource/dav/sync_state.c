// SPDX-License-Identifier: MIT
#include "resource/dav/sync_state.h"

#include "base/error.h"

#include <stdlib.h>

/* ---- As octets, least significant first: a store may move to another machine */

enum {
    FORM = 1,
    HEAD = 1 + 4 * 8, // the form; identity, version, how many bases, how many members
    MEMBER = 8 + 1 + STAMP_ETAG_OPAQUE + 2,
};

static void put(struct buf *b, uint64_t value, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        buf_add_char(b, (char)(unsigned char)(value >> 8 * i));
}

/* Takes octets off the front; their number was looked at. */
static uint64_t take(struct span *text, size_t octets)
{
    uint64_t value = 0;

    for (size_t i = 0; i < octets; i++)
        value |= (uint64_t)(unsigned char)text->ptr[i] << 8 * i;
    *text = span_from(*text, octets);
    return value;
}

void sync_state_write(struct buf *b, const struct sync_state *s)
{
    put(b, FORM, 1);
    put(b, s->identity, 8);
    put(b, s->version, 8);
    put(b, s->base_count, 8);
    put(b, s->count, 8);
    for (size_t i = 0; i < s->base_count; i++)
        put(b, s->bases[i], 8);
    for (size_t i = 0; i < s->count; i++) {
        const struct sync_member *m = &s->members[i];

        put(b, m->position, 8);
        put(b, m->flags, 1);
        buf_add(b, span_of(m->tag, sizeof m->tag));
        put(b, m->path.len, 2);
        buf_add(b, m->path);
    }
}

static bool read_member(struct span *text, struct sync_member *ret)
{
    size_t length;

    if (text->len < MEMBER)
        return false;
    ret->position = take(text, 8);
    ret->flags = (uint8_t)take(text, 1);
    memcpy(ret->tag, text->ptr, sizeof ret->tag);
    *text = span_from(*text, sizeof ret->tag);
    length = take(text, 2);
    if (text->len < length)
        return false;
    ret->path = span_first(*text, length);
    *text = span_from(*text, length);
    return true;
}

int sync_state_read(struct arena *arena, struct span text, struct sync_state *ret_state)
{
    struct sync_state s = {0};

    if (text.len < HEAD || take(&text, 1) != FORM)
        return -CANDOR_E_SYNTAX;
    s.identity = take(&text, 8);
    s.version = take(&text, 8);
    s.base_count = take(&text, 8);
    s.count = take(&text, 8);
    if (s.base_count > LIMIT_SYNC_TOKENS || text.len < s.base_count * 8)
        return -CANDOR_E_SYNTAX;
    for (size_t i = 0; i < s.base_count; i++)
        s.bases[i] = take(&text, 8);
    if (s.count > text.len / MEMBER)
        return -CANDOR_E_SYNTAX;
    s.members = arena_alloc(arena, (s.count + 1) * sizeof *s.members);
    if (!s.members)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < s.count; i++)
        if (!read_member(&text, &s.members[i]))
            return -CANDOR_E_SYNTAX;
    if (text.len)
        return -CANDOR_E_SYNTAX;
    *ret_state = s;
    return 0;
}

static size_t size_of(const struct sync_state *s)
{
    size_t size = HEAD + s->base_count * 8 + s->count * MEMBER;

    for (size_t i = 0; i < s->count; i++)
        size += s->members[i].path.len;
    return size;
}

/* ---- Update */

static int compare_paths(const void *a, const void *b)
{
    const struct sync_member *x = a, *y = b;

    return span_compare(x->path, y->path);
}

/* One that was noticed to be there no more, or was before. */
static struct sync_member gone(struct sync_member m, uint64_t *last)
{
    if (!(m.flags & SYNC_GONE))
        m.position = ++*last;
    m.flags |= SYNC_GONE;
    return m;
}

static struct sync_member there(struct sync_member m, const struct sync_member *before,
                                uint64_t *last)
{
    bool same = before && !(before->flags & SYNC_GONE) &&
                span_eq(span_of(m.tag, sizeof m.tag), span_of(before->tag, sizeof before->tag));

    m.position = same ? before->position : ++*last;
    return m;
}

/* The oldest tokens are forgotten, and with them what only their holders have to be told. */
static void forget(struct sync_state *s, size_t bases)
{
    size_t kept = 0;

    s->base_count -= bases;
    memmove(s->bases, s->bases + bases, s->base_count * sizeof *s->bases);
    for (size_t i = 0; i < s->count; i++)
        if (!(s->members[i].flags & SYNC_GONE) || s->members[i].position > s->bases[0])
            s->members[kept++] = s->members[i];
    s->count = kept;
}

static int keep_within_limits(struct sync_state *s)
{
    if (s->base_count == LIMIT_SYNC_TOKENS)
        forget(s, 1);
    s->bases[s->base_count++] = s->version;
    while (size_of(s) > LIMIT_SYNC_STATE) {
        if (s->base_count == 1)
            return -CANDOR_E_LIMIT;
        forget(s, s->base_count / 2);
    }
    return 0;
}

int sync_state_update(struct sync_state *s, struct sync_member *found, size_t count, uint64_t now,
                      struct arena *arena, bool *ret_changed)
{
    uint64_t last = s->version > now ? s->version : now, first = last;
    struct sync_member *merged = arena_alloc(arena, (s->count + count + 1) * sizeof *merged);
    size_t n = 0, i = 0, j = 0;

    if (!merged)
        return -CANDOR_E_MEMORY;
    qsort(found, count, sizeof *found, compare_paths);
    while (i < s->count || j < count) {
        int order = i == s->count ? 1
                    : j == count  ? -1
                                  : span_compare(s->members[i].path, found[j].path);

        if (order < 0) {
            merged[n++] = gone(s->members[i++], &last);
        } else {
            merged[n++] = there(found[j], order == 0 ? &s->members[i] : NULL, &last);
            i += order == 0;
            j++;
        }
    }
    *ret_changed = last > first || s->version == 0;
    if (!*ret_changed)
        return 0; // and the members are as they were
    s->version = last > first ? last : last + 1;
    s->members = merged;
    s->count = n;
    return keep_within_limits(s);
}

/* ---- Tokens */

struct sync_token sync_state_token(const struct sync_state *s)
{
    return (struct sync_token){s->identity, s->version, s->version, s->version};
}

bool sync_state_knows(const struct sync_state *s, const struct sync_token *token)
{
    if (token->identity != s->identity || !s->base_count || token->gone < s->bases[0])
        return false; // what has gone before is forgotten
    for (size_t i = s->base_count; i-- > 0;)
        if (s->bases[i] == token->base)
            return token->at <= token->base && token->gone <= token->base;
    return false;
}

static int compare_positions(const void *a, const void *b)
{
    const struct sync_member *const *x = a, *const *y = b;

    return ((*x)->position > (*y)->position) - ((*x)->position < (*y)->position);
}

int sync_state_changes(const struct sync_state *s, const struct sync_token *token, size_t most,
                       struct arena *arena, struct sync_changes *ret_changes)
{
    // Who knows nothing need not hear of what has gone, now or when the answer is cut.
    uint64_t at = token ? token->at : 0, gone_at = token ? token->gone : s->version;
    struct sync_changes c = {.token = sync_state_token(s)};

    c.members = arena_alloc(arena, (s->count + 1) * sizeof(const struct sync_member *));
    if (!c.members)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < s->count; i++) {
        const struct sync_member *m = &s->members[i];

        if (m->position > (m->flags & SYNC_GONE ? gone_at : at))
            c.members[c.count++] = m;
    }
    qsort(c.members, c.count, sizeof *c.members, compare_positions);
    if (c.count > most) {
        c.count = most;
        c.cut = true;
        c.token.at = c.members[most - 1]->position;
        c.token.gone = gone_at > c.token.at ? gone_at : c.token.at;
    }
    *ret_changes = c;
    return 0;
}

void sync_token_write(struct buf *b, const struct sync_token *t)
{
    buf_addf(b, "data:,candor-sync-%016llx-%llx", (unsigned long long)t->identity,
             (unsigned long long)t->base);
    if (t->at != t->base || t->gone != t->base)
        buf_addf(b, "-%llx-%llx", (unsigned long long)t->at, (unsigned long long)t->gone);
}

static bool take_number(struct span *text, uint64_t *ret)
{
    struct span digits = span_take_until(text, '-');
    uint64_t value = 0;

    if (!digits.len || digits.len > 16)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        const char *digit = memchr("0123456789abcdef", digits.ptr[i], 16);

        if (!digit)
            return false;
        value = value << 4 | (uint64_t)(digit - "0123456789abcdef");
    }
    *ret = value;
    return true;
}

bool sync_token_read(struct span text, struct sync_token *ret_token)
{
    const struct span prefix = SPAN("data:,candor-sync-");
    struct sync_token t;

    if (!span_starts(text, prefix))
        return false;
    text = span_from(text, prefix.len);
    if (!take_number(&text, &t.identity) || !take_number(&text, &t.base))
        return false;
    t.at = t.gone = t.base;
    if (text.len && (!take_number(&text, &t.at) || !take_number(&text, &t.gone) || text.len))
        return false;
    *ret_token = t;
    return true;
}
