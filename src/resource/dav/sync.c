// SPDX-License-Identifier: MIT
#include "resource/dav/sync.h"

#include "base/clock.h"
#include "base/error.h"
#include "state/store.h"
#include "tree/tree_result.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    SCRATCH = 4096,
    TRIES = 8, // each fails only because somebody else has noticed a change meanwhile
};

/* Members as they are found. */
struct finding {
    struct arena *arena;
    struct span below; // the folder's path
    size_t most;
    struct sync_member *members; // from malloc
    size_t count, capacity;
};

/* Of a folder only whether it is another one: what is in it are members of their own. */
static void tag_of(const struct tree_member *m, char ret_tag[STAMP_ETAG_OPAQUE + 1])
{
    struct file_stamp stamp = m->seen.stamp;
    bool is_folder = m->seen.kind == TREE_COLLECTION;

    if (is_folder) {
        stamp.size = 0;
        stamp.modified_ns = stamp.changed_ns = m->created;
    }
    stamp_etag(&stamp, (m->is_link ? 2u : 0u) + (is_folder ? 1u : 0u), SPAN(""), ret_tag);
}

static struct span path_below(struct finding *f, struct span folder, struct span name)
{
    struct span rest = span_from(folder, f->below.len);
    char *text;

    if (span_starts(rest, SPAN("/")))
        rest = span_from(rest, 1);
    if (!rest.len)
        return arena_copy(f->arena, name);
    text = arena_alloc(f->arena, rest.len + 1 + name.len);
    if (!text)
        return (struct span){NULL, 0};
    memcpy(text, rest.ptr, rest.len);
    text[rest.len] = '/';
    memcpy(text + rest.len + 1, name.ptr, name.len);
    return span_of(text, rest.len + 1 + name.len);
}

/* tree_visit. -E2BIG: there are too many. */
static int find(void *context, struct span folder, const struct tree_member *m)
{
    struct finding *f = context;
    char tag[STAMP_ETAG_OPAQUE + 1];
    struct sync_member *found;

    if (f->count == f->most)
        return -E2BIG;
    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? 2 * f->capacity : 64;
        struct sync_member *grown = realloc(f->members, capacity * sizeof *grown);

        if (!grown)
            return -ENOMEM;
        f->members = grown;
        f->capacity = capacity;
    }
    found = &f->members[f->count];
    *found = (struct sync_member){.path = path_below(f, folder, m->name)};
    if (!found->path.ptr)
        return -ENOMEM;
    if (m->seen.kind == TREE_COLLECTION)
        found->flags |= SYNC_FOLDER;
    if (m->is_link)
        found->flags |= SYNC_IS_LINK;
    tag_of(m, tag);
    memcpy(found->tag, tag, sizeof found->tag);
    f->count++;
    return 0;
}

/* What is asked about: a folder, and how deep. */
struct subject {
    const struct authoring *a;
    struct span path;
    bool deep;
};

static size_t most_members(const struct subject *s)
{
    uint64_t most = s->a->share->options->infinite_depth;

    return s->deep && most < LIMIT_SYNC_MEMBERS ? (size_t)most : LIMIT_SYNC_MEMBERS;
}

/* Of the folder's members as they are now. A negated errno. */
static int update(const struct subject *s, struct arena *arena, struct sync_state *state,
                  bool *ret_changed)
{
    struct finding f = {.arena = arena, .below = s->path, .most = most_members(s)};
    struct sync_member none;
    int error =
        tree_list_below(s->a->share->tree, s->path, s->deep, &s->a->x->urgency.hurry, find, &f);

    if (error == 0)
        error = sync_state_update(state, f.members ? f.members : &none, f.count,
                                  (uint64_t)(clock_realtime() / 1000), arena, ret_changed);
    free(f.members);
    return error == -CANDOR_E_LIMIT ? -E2BIG : error == -CANDOR_E_MEMORY ? -ENOMEM : error;
}

/* -EBUSY: another program holds it, and will for longer than it takes to try again at once. */
static int from_store(int error)
{
    int result = store_errno(error);

    return result == -EAGAIN ? -EBUSY : result;
}

/* What is remembered of the folder; ret_version: of that, 0 where nothing is. A negated errno. */
static int recall(const struct subject *s, struct arena *arena, struct sync_state *ret_state,
                  uint64_t *ret_version)
{
    const struct lock_journal *journal = &s->a->share->journal;
    struct store_sync stored = {0};
    int error = store_sync_get(journal->store, journal->tree, s->path, s->deep, arena, &stored);

    *ret_state = (struct sync_state){0};
    *ret_version = stored.version;
    if (error == 0)
        error = sync_state_read(arena, stored.state, ret_state);
    if (error == 0)
        return 0;
    if (error != -CANDOR_E_ABSENT && error != -CANDOR_E_SYNTAX)
        return from_store(error);
    // Another identity, so that no token of what was forgotten is taken for one of this.
    if (getrandom(&ret_state->identity, sizeof ret_state->identity, 0) !=
        sizeof ret_state->identity)
        return -EIO;
    return 0;
}

static int keep(const struct subject *s, const struct sync_state *state, uint64_t before)
{
    const struct lock_journal *journal = &s->a->share->journal;
    struct store_sync sync = {s->path, s->deep, state->version, {NULL, 0}};
    struct store_change change = {.kind = STORE_SYNC_SET, .sync = &sync, .sync_before = before};
    struct buf b = {0};
    int error = -CANDOR_E_MEMORY;

    sync_state_write(&b, state);
    sync.state = buf_span(&b);
    if (!b.failed)
        error = store_apply(journal->store, journal->tree, &change, 1, NULL);
    buf_done(&b);
    return error == -CANDOR_E_EXISTS ? -EAGAIN : from_store(error);
}

/*
 * Looks what is there, and notes durably what has changed, before anybody is told. A negated errno;
 * -E2BIG: there is too much.
 */
static int look(const struct subject *s, struct arena *arena, struct sync_state *ret_state)
{
    int error = -EAGAIN;

    for (int i = 0; i < TRIES && error == -EAGAIN; i++) {
        uint64_t before;
        bool changed;

        arena_reset(arena);
        error = recall(s, arena, ret_state, &before);
        if (error == 0)
            error = update(s, arena, ret_state, &changed);
        if (error == 0 && changed)
            error = keep(s, ret_state, before);
    }
    return error;
}

static enum outcome cause_of(int error)
{
    enum outcome cause;

    switch (error) {
    case -E2BIG:
        return OUTCOME_sync_too_many;
    case -EACCES:
    case -EPERM:
        return OUTCOME_not_readable;
    case -ENOENT:
    case -ENOTDIR:
    case -ELOOP:
    case -EXDEV:
        return OUTCOME_not_found;
    case -EAGAIN:
        return OUTCOME_resources_exhausted;
    default:
        cause = tree_result_outcome(error);
        return cause ? cause : OUTCOME_write_failed;
    }
}

static struct span write_token(struct arena *arena, const struct sync_token *token)
{
    struct buf b = {0};
    struct span text;

    sync_token_write(&b, token);
    text = b.failed ? (struct span){NULL, 0} : arena_copy(arena, buf_span(&b));
    buf_done(&b);
    return text;
}

int sync_begin(struct telling *t)
{
    struct authoring *a = t->a;
    const struct dav_report *asked = &a->xml->report;
    struct subject s = {a, a->target.path, asked->deep};
    bool is_first = !asked->token.len;
    struct sync_state state;
    struct sync_token token;
    int error;

    if (t->members[0].seen.kind != TREE_COLLECTION || !a->share->journal.store)
        return authoring_fail(a, OUTCOME_report_unsupported);
    if (asked->deep && !a->share->options->infinite_depth)
        return authoring_fail(a, OUTCOME_sync_infinite);
    if (!is_first && !sync_token_read(asked->token, &token))
        return authoring_fail(a, OUTCOME_sync_token_unknown);
    if (arena_init(&t->sync.arena, SCRATCH) < 0)
        return -ENOMEM;
    error = look(&s, &t->sync.arena, &state);
    if (error == -EBUSY)
        return authoring_in_the_way(a, OUTCOME_store_busy);
    if (error)
        return authoring_fail(a, cause_of(error));
    if (!is_first && !sync_state_knows(&state, &token))
        return authoring_fail(a, OUTCOME_sync_token_unknown);
    if (sync_state_changes(&state, is_first ? NULL : &token, asked->most, &t->sync.arena,
                           &t->sync.changes) < 0)
        return -ENOMEM;
    t->sync.token = write_token(&t->sync.arena, &t->sync.changes.token);
    return t->sync.token.ptr ? 0 : -ENOMEM;
}

int sync_current(const struct authoring *a, struct span path, struct arena *arena,
                 struct span *ret_token)
{
    struct subject s = {a, path, false};
    struct sync_state state;
    struct sync_token token;
    struct arena own;
    int error = arena_init(&own, SCRATCH) < 0 ? -ENOMEM : 0;

    *ret_token = (struct span){NULL, 0};
    if (error)
        return error;
    error = look(&s, &own, &state);
    arena_done(&own);
    if (error)
        return error == -ENOMEM || error == -EINTR ? error : 0;
    token = sync_state_token(&state);
    *ret_token = write_token(arena, &token);
    return ret_token->ptr ? 0 : -ENOMEM;
}
