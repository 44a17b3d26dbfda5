// SPDX-License-Identifier: MIT
#include "resource/dav/dav_parts.h"

#include <errno.h>

/* The digests that the client sent, and what computes the same from the content: RFC 9530. */
int digests_read(struct authoring *a)
{
    struct exchange *x = a->x;
    struct digests representation = {0};
    struct span value = exchange_field(x, FIELD_content_digest);
    bool whole = !write_is_partial(x) && !upload_is_concerned(a);
    size_t offset;

    if (a->digests_read)
        return 0;
    a->digests_read = true;
    if (value.ptr && !digest_parse(value, &a->digests, &offset))
        return authoring_fail(a, OUTCOME_digest_malformed);
    value = exchange_field(x, FIELD_repr_digest);
    if (value.ptr && !digest_parse(value, &representation, &offset))
        return authoring_fail(a, OUTCOME_digest_malformed);
    // Content that is the whole representation has one digest; of a part, only its own is known.
    for (int i = 0; i < DIGEST_ALGORITHMS && whole; i++) {
        if (!representation.has[i])
            continue;
        if (a->digests.has[i] && memcmp(a->digests.bytes[i], representation.bytes[i],
                                        digest_length((enum digest_algorithm)i)) != 0)
            return authoring_fail(a, OUTCOME_digest_differs);
        a->digests.has[i] = true;
        memcpy(a->digests.bytes[i], representation.bytes[i], DIGEST_LENGTH_MAX);
    }
    for (int i = 0; i < DIGEST_ALGORITHMS; i++)
        if (a->digests.has[i])
            return digest_hash_new(&a->digests, &a->hash) < 0 ? -ENOMEM : 0;
    return 0;
}

void digests_add(struct authoring *a, struct span content)
{
    if (a->hash)
        digest_hash_add(a->hash, content);
}

int digests_check(struct authoring *a)
{
    struct digests computed;

    if (!a->hash)
        return 0;
    if (digest_hash_finish(a->hash, &computed) < 0)
        return -EIO;
    digest_hash_free(a->hash);
    a->hash = NULL;
    return digest_agree(&a->digests, &computed) ? 0 : authoring_fail(a, OUTCOME_digest_differs);
}
