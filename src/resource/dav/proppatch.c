// SPDX-License-Identifier: MIT
/*
 * PROPPATCH: RFC 4918 §9.2. All of it is done, or nothing; the answer is a multi-status, as Windows
 * takes anything else for a failure, unless the client asks for less. For the pool.
 */
#include "resource/dav/proppatch.h"
#include "base/clock.h"
#include "base/error.h"
#include "http/date.h"
#include "http/prefer.h"
#include "registry/verdict.h"
#include "resource/dav/authoring.h"
#include "resource/dav/xml/live.h"

#include <errno.h>
#include <stdlib.h>

#define SPACE_MICROSOFT SPAN("urn:schemas-microsoft-com:")

/* What becomes of a property, worst first: those in front forbid the others. */
enum fate {
    FATE_PROTECTED,
    FATE_REFUSED,
    FATE_NOT_A_DATE,
    FATE_NO_ROOM,
    FATE_DONE, // or, when one of the others is there, not done for that alone
    FATES,
};

struct patch {
    struct authoring *a;
    enum fate *fates; // of each change
    bool failed;
    int64_t modified_ns; // TREE_NOW: stays
    struct store_change *changes;
    size_t *change_of; // which change of the request each is
    size_t count;
};

/* Properties that stand for the time of the file system. */
static bool is_modification_time(struct xml_name name)
{
    return live_find(name) == LIVE_GETLASTMODIFIED ||
           (span_eq(name.space, SPACE_MICROSOFT) &&
            span_eq(name.local, SPAN("Win32LastModifiedTime")));
}

/* A negated errno. */
static int take_time(struct patch *p, const struct dav_change *change, enum fate *ret_fate)
{
    struct span text;
    int64_t seconds;

    if (dav_element_text(&p->a->x->arena, change->element, &text) < 0)
        return -ENOMEM;
    if (date_parse(span_trim(text), p->a->x->arrival.time, &seconds) &&
        seconds <= INT64_MAX / CLOCK_SECOND && seconds >= -INT64_MAX / CLOCK_SECOND)
        p->modified_ns = seconds * CLOCK_SECOND;
    else
        *ret_fate = FATE_NOT_A_DATE;
    return 0;
}

/* getcontentlanguage is none of them: it is kept as a client sets it (RFC 4918 §15.3). */
static bool is_protected(struct xml_name name)
{
    enum live live = live_find(name);

    return live != LIVE_NONE && !(live_storable & LIVE_BIT(live));
}

static int take_change(struct patch *p, size_t index)
{
    const struct dav_change *change = &p->a->xml->proppatch.changes[index];
    const struct xml_name name = change->name;

    p->fates[index] = FATE_DONE;
    if (is_modification_time(name) && !change->remove)
        return take_time(p, change, &p->fates[index]);
    if (is_protected(name)) {
        p->fates[index] = FATE_PROTECTED;
    } else if (!p->a->share->journal.store) {
        p->fates[index] = FATE_REFUSED;
    } else {
        p->change_of[p->count] = index;
        p->changes[p->count++] = (struct store_change){
            .kind = change->remove ? STORE_PROPERTY_REMOVE : STORE_PROPERTY_SET,
            .path = p->a->target.path,
            .property = {name.space, name.local, change->value},
        };
    }
    return 0;
}

static int take_changes(struct patch *p)
{
    struct arena *arena = &p->a->x->arena;
    size_t n = p->a->xml->proppatch.count;
    int error = 0;

    p->fates = arena_alloc(arena, n * sizeof *p->fates);
    p->changes = arena_alloc(arena, n * sizeof *p->changes);
    p->change_of = arena_alloc(arena, n * sizeof *p->change_of);
    if (!p->fates || !p->changes || !p->change_of)
        return -ENOMEM;
    for (size_t i = 0; i < n && error == 0; i++) {
        error = take_change(p, i);
        p->failed |= p->fates[i] != FATE_DONE;
    }
    return error;
}

static void fail_time(struct patch *p)
{
    for (size_t i = 0; i < p->a->xml->proppatch.count; i++)
        if (is_modification_time(p->a->xml->proppatch.changes[i].name))
            p->fates[i] = FATE_REFUSED;
    p->failed = true;
}

static int store_changes(struct patch *p)
{
    const struct lock_journal *j = &p->a->share->journal;
    size_t failed = 0;
    int error;

    if (!p->count)
        return 0;
    error = store_apply(j->store, j->tree, p->changes, p->count, &failed);
    if (error == -CANDOR_E_LIMIT || error == -CANDOR_E_FULL) {
        p->fates[p->change_of[failed < p->count ? failed : 0]] = FATE_NO_ROOM;
        p->failed = true;
        error = 0;
    }
    return store_errno(error);
}

/* With the path claimed, so that it stays that of this resource. */
static int make_changes(struct patch *p)
{
    struct authoring *a = p->a;
    struct tree *tree = a->share->tree;
    struct tree_terms terms = terms_of(a);
    int64_t old = a->target.look.here.stamp.modified_ns;
    int error = tree_touch(tree, a->target.path, p->modified_ns, &terms);

    if (error == TREE_NOT_DURABLE) { // then it is not to be seen either
        terms.target = NULL;
        (void)tree_touch(tree, a->target.path, old, &terms);
        return -EIO;
    }
    if (error == -EACCES || error == -EPERM || error == -EROFS || error == -EBUSY) {
        fail_time(p);
        return 0;
    }
    if (error)
        return error;
    error = store_changes(p);
    if ((error || p->failed) && p->modified_ns != TREE_NOW) {
        terms.target = NULL;
        (void)tree_touch(tree, a->target.path, old, &terms);
    }
    return error;
}

/* ---- Answer */

static const struct {
    enum verdict verdict;
    enum dav_condition condition;
    struct span description;
} fate_table[FATES] = {
    [FATE_PROTECTED] = {VERDICT_protected, DAV_CONDITION_CANNOT_MODIFY_PROTECTED_PROPERTY,
                        SPAN_INIT("")},
    [FATE_REFUSED] = {VERDICT_unchangeable, DAV_CONDITION_NONE,
                      SPAN_INIT("The server cannot change this here.")},
    [FATE_NOT_A_DATE] = {VERDICT_value_unfit, DAV_CONDITION_NONE,
                         SPAN_INIT("The value is no date as RFC 9110 section 5.6.7 has it.")},
    [FATE_NO_ROOM] = {VERDICT_property_too_large, DAV_CONDITION_NONE,
                      SPAN_INIT("There is no room for the property: it, or all of them together, "
                                "are too large, or they are too many.")},
    [FATE_DONE] = {VERDICT_told, DAV_CONDITION_NONE, SPAN_INIT("")},
};

/* Whether a property of that name and fate was written already. */
static bool is_repeated(const struct patch *p, size_t index)
{
    const struct dav_change *changes = p->a->xml->proppatch.changes;

    for (size_t i = 0; i < index; i++)
        if (p->fates[i] == p->fates[index] && xml_name_eq(changes[i].name, changes[index].name))
            return true;
    return false;
}

static void write_group(const struct patch *p, struct buf *b, enum fate fate)
{
    bool dependent = fate == FATE_DONE && p->failed;
    bool any = false;

    for (size_t i = 0; i < p->a->xml->proppatch.count; i++) {
        if (p->fates[i] != fate || is_repeated(p, i))
            continue;
        if (!any)
            multistatus_propstat_begin(b);
        any = true;
        multistatus_property_name(b, p->a->xml->proppatch.changes[i].name);
    }
    if (any)
        multistatus_propstat_end(
            b, verdict_status(dependent ? VERDICT_dependent : fate_table[fate].verdict),
            fate_table[fate].condition, fate_table[fate].description);
}

static int write_answer(const struct patch *p)
{
    struct exchange *x = p->a->x;
    struct buf b = {0};

    multistatus_begin(&b);
    (x->target.is_collection ? multistatus_collection_begin
                             : multistatus_response_begin)(&b, x->path.text);
    for (int fate = 0; fate < FATES; fate++)
        write_group(p, &b, (enum fate)fate);
    multistatus_response_end(&b);
    multistatus_end(&b);
    p->a->answer.properties =
        b.failed ? (struct span){NULL, 0} : arena_copy(&x->arena, buf_span(&b));
    buf_done(&b);
    return p->a->answer.properties.ptr ? 0 : -ENOMEM;
}

static bool wants_minimum(struct exchange *x)
{
    return prefer_parse(exchange_field(x, FIELD_prefer)).returning == PREFER_RETURN_MINIMAL;
}

void change_properties(struct authoring *a)
{
    struct patch p = {.a = a, .modified_ns = TREE_NOW};
    struct rows_claim claim = {.paths = {a->target.path, {NULL, 0}}};
    bool minimum = wants_minimum(a->x), was_to_fail;

    if (a->x->failure.cause != OUTCOME_NONE) // it could not be read
        return;
    if (rows_claim(a->share->rows, &claim, true) < 0) {
        a->error = authoring_in_the_way(a, OUTCOME_names_busy);
        return;
    }
    a->error = take_changes(&p);
    was_to_fail = p.failed;
    // The answer comes first: what was changed can then be told.
    if (a->error == 0)
        a->error = write_answer(&p);
    if (a->error == 0 && !p.failed)
        a->error = make_changes(&p);
    rows_release(a->share->rows, &claim);
    if (a->error == -EAGAIN)
        a->error = authoring_in_the_way(a, OUTCOME_store_busy);
    if (a->error == 0 && p.failed && !was_to_fail) // and so nothing was changed
        a->error = write_answer(&p);
    // RFC 8144 §2.2: where all of it was done, the client does not want to hear of each part.
    a->answer.is_untold = a->error == 0 && !p.failed && minimum;
}
