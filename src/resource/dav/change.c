// SPDX-License-Identifier: MIT
/*
 * The effects that move whole resources: DELETE, MKCOL, COPY, MOVE. For the pool.
 */
#include "base/limits.h"
#include "fs/open.h"
#include "graph/author.h"
#include "registry/verdict.h"
#include "resource/dav/authoring.h"
#include "resource/dav/following.h"
#include "resource/dav/xml/multistatus_write.h"
#include "tree/tree_result.h"
#include "wire/uri.h"

#include <errno.h>
#include <stdlib.h>

void change_delete(struct authoring *a)
{
    struct tree_terms terms = terms_of(a);

    if (!rows_resume(a)) {
        a->error = rows_begin(a, STORE_INTENT_DELETE);
        if (a->error)
            return;
        a->error = tree_delete(a->share->tree, a->target.path, &terms);
        rows_follow(a, false);
    }
    if (!a->following)
        locks_forget(a);
}

/*
 * X-OC-Mtime, for what is now at the path. Where it cannot be set, all else was done all the same,
 * and nobody is told that it was.
 */
static void set_date(struct authoring *a, struct span path)
{
    struct tree *tree = a->share->tree;
    struct tree_seen *now = &a->result.now;
    struct tree_terms terms = {.target = now};
    struct tree_look look;

    if (a->error || now->kind == TREE_ABSENT || a->content.fields.modified_ns == TREE_NOW)
        return;
    if (!tree_is_changed(tree_touch(tree, path, a->content.fields.modified_ns, &terms)))
        return;
    if (tree_look(tree, path, &look) == 0 && look.here.kind == now->kind &&
        look.here.stamp.device == now->stamp.device && look.here.stamp.inode == now->stamp.inode)
        *now = look.here;
    else
        now->kind = TREE_ABSENT; // others have changed it since, and its tag is not known
}

void change_mkcol(struct authoring *a)
{
    struct tree_terms terms = terms_of(a);

    a->error = tree_mkdir(a->share->tree, a->target.path, &terms, &a->result);
    set_date(a, a->target.path);
}

/* The target is the destination here, and the source is what the questions saw at the target. */
static struct tree_terms terms_of_both(struct authoring *a)
{
    struct tree_terms terms = {.target = &a->destination->look.here,
                               .source = &a->target.look.here,
                               .hurry = &a->x->urgency.hurry};

    locks_add_terms(a, &terms);
    return terms;
}

void change_forget_failed(struct authoring *a)
{
    while (a->failures.first) {
        struct failed_member *f = a->failures.first;

        a->failures.first = f->next;
        free(f);
    }
    a->failures.count = 0;
    buf_done(&a->failures.told);
}

/* "folder/name". Without memory b has failed. */
static void add_below(struct buf *b, struct span folder, struct span name)
{
    buf_clear(b);
    buf_add(b, folder);
    if (!span_ends(folder, SPAN("/")))
        buf_add_char(b, '/');
    buf_add(b, name);
}

/* Whether a member of the source is a folder, as far as anybody may know. A negated errno. */
static int look_at_member(struct authoring *a, struct span member, bool *ret_is_folder)
{
    struct tree_look look;
    struct buf path = {0};
    int error = -ENOMEM;

    add_below(&path, a->target.path, member);
    if (!path.failed)
        error = tree_look(a->share->tree, uri_path_trim(buf_span(&path)), &look);
    *ret_is_folder = error == 0 && look.here.kind == TREE_COLLECTION;
    buf_done(&path);
    return error == -EACCES || error == -EPERM ? 0 : error;
}

enum { TAIL_ROOM = 256, OF_PATH = 5 }; // what ends a multi-status: around a path, and of it in XML

/*
 * RFC 4918 §9.8.5, §9.9.4: each member of the source that could not be copied, and why. What is
 * below a folder that cannot be read has no row, as nobody knows it (and §9.8.3 asks for none).
 * There is room behind it for the end.
 */
static int tell_failed(struct authoring *a, struct span member, int error)
{
    enum outcome outcome = tree_result_outcome(error);
    struct buf *b = &a->failures.told, path = {0};
    bool is_folder;
    int looked = look_at_member(a, member, &is_folder);

    if (looked)
        return looked;
    if (!b->len)
        multistatus_begin(b);
    add_below(&path, a->x->path.text, member);
    (is_folder ? multistatus_collection_begin : multistatus_response_begin)(b, buf_span(&path));
    multistatus_status(b, outcome_table[outcome ? outcome : OUTCOME_not_found].status);
    multistatus_response_end(b);
    (void)buf_reserve(b, TAIL_ROOM + OF_PATH * (a->x->path.text.len + 1));
    looked = b->failed || path.failed ? -ENOMEM : 0;
    buf_done(&path);
    return looked;
}

/* False: all is given up, as there are too many, or as the failure cannot be told. */
static bool note_failed(void *context, struct span member, int error)
{
    struct authoring *a = context;
    struct failed_member *f =
        a->failures.count < LIMIT_COPY_FAILURES ? malloc(sizeof *f + member.len) : NULL;
    int untold = f ? tell_failed(a, member, error < 0 ? error : -error) : -ENOMEM;

    if (untold) {
        free(f);
        if (a->failures.count < LIMIT_COPY_FAILURES)
            a->cause = fs_failure(-untold);
        return false;
    }
    a->failures.count++;
    f->length = member.len;
    if (member.len)
        memcpy(f->path, member.ptr, member.len);
    f->next = a->failures.first;
    a->failures.first = f;
    return true;
}

/* After the rows were told. The source has a row of its own where nothing was changed for the sake
 * of its members. */
static void end_failed(struct authoring *a)
{
    struct buf *b = &a->failures.told;

    if (!a->failures.first)
        return;
    if (a->error == -ECANCELED && !a->cause) {
        const struct exchange *x = a->x;

        a->error = 0;
        (x->target.is_collection ? multistatus_collection_begin
                                 : multistatus_response_begin)(b, x->path.text);
        multistatus_status(b, verdict_status(VERDICT_dependent));
        multistatus_response_end(b);
    }
    multistatus_end(b);
}

static void end_change(struct authoring *a)
{
    if (a->following) // the rows are still to follow
        return;
    locks_forget(a);
    end_failed(a);
}

void change_copy(struct authoring *a)
{
    struct tree_terms terms = terms_of_both(a);
    struct tree_copying copying = {
        .shallow = depth_of(a->x) == DEPTH_0,
        .failed = note_failed,
        .context = a,
    };

    if (!rows_resume(a)) {
        change_forget_failed(a); // of an attempt before
        a->error = rows_begin(a, STORE_INTENT_COPY);
        if (a->error)
            return;
        a->error = tree_copy(a->share->tree, a->target.path, a->destination->path, &copying, &terms,
                             &a->result);
        set_date(a, a->destination->path);
        rows_follow(a, copying.shallow);
    }
    end_change(a);
}

void change_move(struct authoring *a)
{
    struct tree_terms terms = terms_of_both(a);
    struct tree_copying copying = {.failed = note_failed, .context = a};

    terms.at_once = !a->destination->crosses;
    if (!rows_resume(a)) {
        change_forget_failed(a);
        a->error = rows_begin(a, STORE_INTENT_MOVE);
        if (a->error)
            return;
        a->error = tree_move(a->share->tree, a->target.path, a->destination->path, &copying, &terms,
                             &a->result);
        set_date(a, a->destination->path);
        rows_follow(a, false);
    }
    end_change(a);
}
