// SPDX-License-Identifier: MIT
/*
 * Digests (RFC 9530) are computed of what the client sends them for. Content-Digest is of the
 * content, and is computed as it comes. So is Repr-Digest where the content is a representation of
 * its own, which a patch document is too (appendix B.9); where the content is a part of the one to
 * be stored, Repr-Digest is of the whole, and is computed when all of it is staged.
 *
 * Both may also come as trailers, behind the content (§2, §3; RFC 9110 §6.5.1). Where Trailer
 * announces one, everything is computed that it may be of; content whose digest comes as a surprise
 * is read again from where it is staged.
 */
#include "base/limits.h"
#include "graph/author.h"
#include "resource/dav/authoring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { READ_AT_ONCE = 128 * 1024 };

static bool has_any(const struct digests *d)
{
    for (int i = 0; i < DIGEST_ALGORITHMS; i++)
        if (d->has[i])
            return true;
    return false;
}

static const struct digests none;

static const struct digests *or_none(const struct digests *d)
{
    return d ? d : &none;
}

/* All of `more` become those of `d`. False: they contradict each other. */
static bool unite(struct digests *d, const struct digests *more)
{
    for (int i = 0; i < DIGEST_ALGORITHMS; i++) {
        if (!more->has[i])
            continue;
        if (d->has[i] &&
            memcmp(d->bytes[i], more->bytes[i], digest_length((enum digest_algorithm)i)) != 0)
            return false;
        d->has[i] = true;
        memcpy(d->bytes[i], more->bytes[i], DIGEST_LENGTH_MAX);
    }
    return true;
}

/* As unite, of what is made when there is any. 0 or a negated errno. */
static int keep(struct authoring *a, struct digests **d, const struct digests *more)
{
    if (!has_any(more))
        return 0;
    if (!*d) {
        *d = arena_alloc(&a->x->arena, sizeof **d);
        if (!*d)
            return -ENOMEM;
        **d = none;
    }
    return unite(*d, more) ? 0 : authoring_fail(a, OUTCOME_digest_differs);
}

/* Whether Repr-Digest is of more than the content. */
static bool is_of_whole(const struct authoring *a)
{
    return content_is_of_upload(a) ||
           (author_of(a->x)->takes == TAKES_WHOLE && a->content.fields.role == CONTENT_PART);
}

/* Whether a digest may come behind the content that cannot be told from what is computed by then:
 * of a form, nothing would be there to be read again. */
static bool needs_all(const struct authoring *a)
{
    return a->x->request.framing == FRAMING_OPEN &&
           (a->content.fields.role == CONTENT_FORM || a->content.fields.announces_digest);
}

/* Whether the client sent that field, before the content or behind it. */
static bool is_sent(const struct exchange *x, enum field id)
{
    return x->request.first[id] || exchange_trailer(x, id).ptr;
}

static bool rereads_much_content(const struct authoring *a)
{
    const struct exchange *x = a->x;

    return x->content.trailers && !a->digests.all_computed &&
           x->content.taken > LIMIT_TREE_SHORT_COPY;
}

bool digests_reread_much(const struct authoring *a)
{
    const struct exchange *x = a->x;
    const struct upload_opening *o =
        a->upload.claim.upload ? upload_opening(&a->upload.claim) : NULL;
    uint64_t size = a->content.part.end;

    if (rereads_much_content(a))
        return true;
    if (!is_of_whole(a) || (!is_sent(x, FIELD_repr_digest) && !(o && has_any(&o->digests))))
        return false;
    if (o)
        size = content_completes_upload(a) ? x->upload.offset + x->content.taken : 0;
    else if (a->target.look.here.kind == TREE_FILE && a->target.look.here.stamp.size > size)
        size = a->target.look.here.stamp.size;
    return size > LIMIT_TREE_SHORT_COPY;
}

/* Adds what two fields say to what the client said before; ptr NULL: it did not send it. */
static int add_sent(struct authoring *a, struct span content_digest, struct span repr_digest)
{
    struct digests content = {0}, representation = {0};
    size_t offset;
    int error;

    if ((content_digest.ptr && !digest_parse(content_digest, &content, &offset)) ||
        (repr_digest.ptr && !digest_parse(repr_digest, &representation, &offset)))
        return authoring_fail(a, OUTCOME_digest_malformed);
    error = keep(a, &a->digests.of_content, &content);
    return error ? error
                 : keep(a, is_of_whole(a) ? &a->digests.of_whole : &a->digests.of_content,
                        &representation);
}

int digests_read(struct authoring *a)
{
    struct digests wanted;
    int error;

    if (a->digests.are_read)
        return 0;
    error = add_sent(a, a->content.fields.content_digest, a->content.fields.repr_digest);
    if (error)
        return error;
    a->digests.all_computed = needs_all(a);
    wanted = *or_none(a->digests.of_content);
    for (int i = 0; i < DIGEST_ALGORITHMS; i++)
        wanted.has[i] |= a->digests.all_computed;
    if (has_any(&wanted) && digest_hash_new(&wanted, &a->digests.hash) < 0)
        return -ENOMEM;
    a->digests.are_read = true;
    return 0;
}

void digests_add(struct authoring *a, struct span content)
{
    if (a->digests.hash)
        digest_hash_add(a->digests.hash, content);
}

/* Computes those that `wanted` has and `computed` has not, of a part of what is staged. */
static int compute_staged(struct authoring *a, const struct stage *stage, uint64_t at,
                          uint64_t length, const struct digests *wanted, struct digests *computed)
{
    struct digests missing = {0}, added = {0};
    struct digest_hash *hash = NULL;
    char *room;
    int error = 0;

    for (int i = 0; i < DIGEST_ALGORITHMS; i++)
        missing.has[i] = wanted->has[i] && !computed->has[i];
    if (!has_any(&missing))
        return 0;
    assert(stage || length == 0); // of a form all was computed
    room = malloc(READ_AT_ONCE);
    if (!room || digest_hash_new(&missing, &hash) < 0)
        error = -ENOMEM;
    while (error == 0 && length) {
        size_t n = length < READ_AT_ONCE ? (size_t)length : READ_AT_ONCE;

        error = hurry_is_on(&a->x->urgency.hurry) ? -EINTR : tree_stage_read(stage, at, n, room);
        if (error == 0)
            digest_hash_add(hash, span_of(room, n));
        at += n;
        length -= n;
    }
    if (error == 0 && digest_hash_finish(hash, &added) < 0)
        error = -EIO;
    if (error == 0)
        unite(computed, &added);
    free(room);
    digest_hash_free(hash);
    return error;
}

int digests_check(struct authoring *a, const struct stage *stage, uint64_t first)
{
    struct exchange *x = a->x;
    struct digests computed = {0};
    int error;

    if (a->digests.are_checked)
        return 0; // only the commit is tried again
    error = add_sent(a, exchange_trailer(x, FIELD_content_digest),
                     exchange_trailer(x, FIELD_repr_digest));
    if (error)
        return error;
    if (a->digests.hash && digest_hash_finish(a->digests.hash, &computed) < 0)
        return -EIO;
    digest_hash_free(a->digests.hash);
    a->digests.hash = NULL;
    error = compute_staged(a, stage, first, x->content.taken, or_none(a->digests.of_content),
                           &computed);
    if (error)
        return error;
    a->digests.are_checked = true;
    return digest_agree(or_none(a->digests.of_content), &computed)
               ? 0
               : authoring_fail(a, OUTCOME_digest_differs);
}

int digests_check_whole(struct authoring *a, const struct stage *stage,
                        const struct digests *earlier)
{
    struct digests sent = *or_none(a->digests.of_whole), computed = {0};
    int error;

    if (earlier && !unite(&sent, earlier))
        return authoring_fail(a, OUTCOME_digest_differs);
    error = compute_staged(a, stage, 0, tree_stage_length(stage), &sent, &computed);
    if (error)
        return error;
    return digest_agree(&sent, &computed) ? 0 : authoring_fail(a, OUTCOME_digest_differs);
}
