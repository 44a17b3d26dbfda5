// SPDX-License-Identifier: MIT
#include "resource/files/body_digest.h"

#include "resource/files/digest_hash.h"

#include <stdlib.h>

/* Computed when somebody wishes for it first. NULL: it cannot be had. */
static const uint8_t *digest_of(struct file_variant *v, enum digest_algorithm algorithm)
{
    struct digests wanted = {0}, computed;
    struct digest_hash *hash;
    bool done;

    if (!v->digests)
        v->digests = calloc(1, sizeof *v->digests);
    if (!v->digests)
        return NULL;
    if (v->digests->has[algorithm])
        return v->digests->bytes[algorithm];
    wanted.has[algorithm] = true;
    if (digest_hash_new(&wanted, &hash) < 0)
        return NULL;
    digest_hash_add(hash, span_of(v->content, v->length));
    done = digest_hash_finish(hash, &computed) == 0;
    digest_hash_free(hash);
    if (!done)
        return NULL;
    memcpy(v->digests->bytes[algorithm], computed.bytes[algorithm], DIGEST_LENGTH_MAX);
    v->digests->has[algorithm] = true;
    return v->digests->bytes[algorithm];
}

static void add_wanted(struct exchange *x, struct file_variant *v, enum field wish,
                       struct span name)
{
    enum digest_algorithm algorithm;
    const uint8_t *bytes;
    struct buf text = {0};
    struct span value;

    if (!x->request.first[wish] || !digest_wanted(exchange_field(x, wish), &algorithm))
        return;
    bytes = digest_of(v, algorithm);
    if (!bytes) {
        x->response.failed = true;
        return;
    }
    digest_write(&text, algorithm, bytes);
    value = text.failed ? (struct span){NULL, 0} : arena_copy(&x->arena, buf_span(&text));
    buf_done(&text);
    exchange_add_field(x, name, value);
}

void body_add_digests(struct exchange *x, struct file_variant *v)
{
    if (v->fd >= 0)
        return;
    switch (x->outcome) {
    case OUTCOME_ok:
        add_wanted(x, v, FIELD_want_repr_digest, SPAN("Repr-Digest"));
        add_wanted(x, v, FIELD_want_content_digest, SPAN("Content-Digest")); // the same bytes
        break;
    case OUTCOME_partial:
    case OUTCOME_partial_many:
        add_wanted(x, v, FIELD_want_repr_digest, SPAN("Repr-Digest"));
        break;
    default:
        break;
    }
}
