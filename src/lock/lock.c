// SPDX-License-Identifier: MIT
/*
 * A lock by itself: its token, its copies, and lists of those that are in no table any more.
 */
#include "base/error.h"
#include "lock/lock_texts.h"

#include <stdlib.h>
#include <sys/random.h>

int lock_token_make(char ret_token[LOCK_TOKEN_SIZE])
{
    static const char form[] = "urn:uuid:xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[sizeof form];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return -CANDOR_E_SYSTEM;
    memcpy(ret_token, form, sizeof form);
    for (size_t i = sizeof "urn:uuid:" - 1; form[i]; i++) {
        if (form[i] == 'x')
            ret_token[i] = hex[bytes[i] & 15];
        else if (form[i] == 'y')
            ret_token[i] = hex[8 + (bytes[i] & 3)];
    }
    return 0;
}

static struct span put(char **at, struct span text)
{
    struct span copy = {*at, text.len};

    if (text.len)
        memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return copy;
}

void lock_fill(struct lock *ret_lock, char *texts, const struct lock *from)
{
    *ret_lock = *from;
    ret_lock->token = put(&texts, from->token);
    ret_lock->path = put(&texts, from->path);
    ret_lock->owner = put(&texts, from->owner);
    ret_lock->principal = put(&texts, from->principal);
}

size_t lock_texts_length(const struct lock *lock)
{
    return lock->token.len + lock->path.len + lock->owner.len + lock->principal.len;
}

int lock_copy(const struct lock *lock, struct arena *arena, struct lock *ret_lock)
{
    char *texts = arena_alloc(arena, lock_texts_length(lock));

    if (!texts)
        return -CANDOR_E_MEMORY;
    lock_fill(ret_lock, texts, lock);
    return 0;
}

void lock_gone_free(struct lock_gone *list)
{
    while (list) {
        struct lock_gone *gone = list;

        list = gone->next;
        free(gone);
    }
}
