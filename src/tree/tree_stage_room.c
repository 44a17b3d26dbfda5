// SPDX-License-Identifier: MIT
/*
 * Room for new content: the quota, the reserve, and the blocks of the disk.
 */
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>

struct tree_amount stage_amount(const struct stage *s, uint64_t length)
{
    return (struct tree_amount){length > s->old_size ? length - s->old_size : 0, s->is_new};
}

/* Blocks of the disk, all in one place, for content whose length is known to be large. */
static int allocate(struct stage *s, uint64_t length)
{
    if (s->is_sparse || s->expected == TREE_LENGTH_UNKNOWN || s->expected < LIMIT_TREE_PREALLOCATE)
        return 0;
    if (fallocate(s->fd, FALLOC_FL_KEEP_SIZE, (off_t)s->covered, (off_t)(length - s->covered)) == 0)
        s->allocated = true;
    else if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
        return -errno; // other refusals: not a thing of this file system
    return 0;
}

/* Space for content up to `length`: quota, reserve. The replaced content counts for the quota. */
static int cover(struct stage *s, uint64_t length)
{
    int error = tree_claim(s->tree, &s->claim, stage_amount(s, length));

    if (error == 0)
        error =
            tree_check_space(s->tree, s->fd, (struct tree_amount){.bytes = length - s->covered});
    if (error == 0)
        error = allocate(s, length);
    if (error == 0)
        s->covered = length;
    return error;
}

/* Nothing is kept for content: it may never come. But its name there is from now on. */
int stage_foresee(struct stage *s, uint64_t length)
{
    bool is_known = length != TREE_LENGTH_UNKNOWN;
    int error;

    if (is_known && length > INT64_MAX)
        return -EFBIG;
    error = is_known ? tree_check_quota(s->tree, stage_amount(s, length)) : 0;
    if (error == 0)
        error = tree_check_space(s->tree, s->place.folder,
                                 (struct tree_amount){is_known ? length : 0, s->is_new});
    return error ? error : tree_claim(s->tree, &s->claim, stage_amount(s, 0));
}

/*
 * Makes sure of space in steps, so that not every piece has to ask; who sends little, or nothing
 * more, keeps no more than about as much from others.
 */
int stage_cover(struct stage *s, uint64_t length)
{
    uint64_t ahead = s->length < LIMIT_TREE_STEP ? s->length : LIMIT_TREE_STEP;
    uint64_t step = s->length + (ahead > LIMIT_TREE_STEP_LEAST ? ahead : LIMIT_TREE_STEP_LEAST);

    if (length <= s->covered)
        return 0;
    if (step > s->expected)
        step = s->expected;
    if (step > length && cover(s, step) == 0)
        return 0;
    return cover(s, length); // near the end of the quota every byte counts
}
