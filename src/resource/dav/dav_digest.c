// SPDX-License-Identifier: MIT
/*
 * The digests that the client sent, and what computes the same: RFC 9530. Content-Digest is of the
 * content, and is computed as it comes. So is Repr-Digest where the content is a representation of
 * its own, which a patch document is too (appendix B.9); where the content is a part of the one to
 * be stored, Repr-Digest is of the whole, and is computed when all of it is staged.
 */
#include "base/limits.h"
#include "resource/dav/dav_parts.h"

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

/* Whether Repr-Digest is of more than the content. */
static bool is_of_whole(const struct authoring *a)
{
    return upload_is_concerned(a) || (a->x->request.method == METHOD_PUT && write_is_partial(a->x));
}

bool digests_reread_much(const struct authoring *a)
{
    const struct exchange *x = a->x;
    const struct upload_opening *o = a->upload.upload ? upload_opening(&a->upload) : NULL;
    uint64_t size = a->place_end;

    if (!is_of_whole(a) || (!x->request.first[FIELD_repr_digest] && !(o && has_any(&o->digests))))
        return false;
    if (o)
        size = x->upload.finishes ? x->upload.offset + x->content_taken : 0;
    else if (a->here.here.kind == TREE_FILE && a->here.here.stamp.size > size)
        size = a->here.here.stamp.size;
    return size > LIMIT_TREE_SHORT_COPY;
}

int digests_read(struct authoring *a)
{
    struct exchange *x = a->x;
    struct digests representation = {0};
    struct span value = exchange_field(x, FIELD_content_digest);
    size_t offset;

    if (a->digests_read)
        return 0;
    a->digests_read = true;
    if (value.ptr && !digest_parse(value, &a->digests, &offset))
        return authoring_fail(a, OUTCOME_digest_malformed);
    value = exchange_field(x, FIELD_repr_digest);
    if (value.ptr && !digest_parse(value, &representation, &offset))
        return authoring_fail(a, OUTCOME_digest_malformed);
    if (!unite(is_of_whole(a) ? &a->whole : &a->digests, &representation))
        return authoring_fail(a, OUTCOME_digest_differs);
    if (has_any(&a->digests) && digest_hash_new(&a->digests, &a->hash) < 0)
        return -ENOMEM;
    return 0;
}

void digests_add(struct authoring *a, struct span content)
{
    if (a->hash)
        digest_hash_add(a->hash, content);
}

/* Ends the computation. */
static int compare(struct authoring *a, struct digest_hash *hash, const struct digests *sent)
{
    struct digests computed;
    int error = digest_hash_finish(hash, &computed) < 0 ? -EIO : 0;

    digest_hash_free(hash);
    if (error)
        return error;
    return digest_agree(sent, &computed) ? 0 : authoring_fail(a, OUTCOME_digest_differs);
}

int digests_check(struct authoring *a)
{
    struct digest_hash *hash = a->hash;

    a->hash = NULL;
    return hash ? compare(a, hash, &a->digests) : 0;
}

int digests_check_whole(struct authoring *a, const struct stage *stage,
                        const struct digests *earlier)
{
    uint64_t length = tree_stage_length(stage), at = 0;
    struct digests sent = a->whole;
    struct digest_hash *hash = NULL;
    char *room = NULL;
    int error = 0;

    if (earlier && !unite(&sent, earlier))
        return authoring_fail(a, OUTCOME_digest_differs);
    if (!has_any(&sent))
        return 0;
    room = malloc(READ_AT_ONCE);
    if (!room || digest_hash_new(&sent, &hash) < 0)
        error = -ENOMEM;
    while (error == 0 && at < length) {
        size_t n = length - at < READ_AT_ONCE ? (size_t)(length - at) : READ_AT_ONCE;

        error = hurry_is_on(a->dav->share->hurry) ? -EINTR : tree_stage_read(stage, at, n, room);
        if (error == 0)
            digest_hash_add(hash, span_of(room, n));
        at += n;
    }
    free(room);
    if (error == 0)
        return compare(a, hash, &sent);
    digest_hash_free(hash);
    return error;
}
