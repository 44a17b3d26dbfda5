// SPDX-License-Identifier: MIT
#include "base/distance.h"

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

size_t distance_words(struct span a, struct span b)
{
    // Three rows of the usual table: before the last one, the last one, this one.
    unsigned rows[3][DISTANCE_WORD + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];

    if (a.len > DISTANCE_WORD || b.len > DISTANCE_WORD)
        return SIZE_MAX;
    for (unsigned j = 0; j <= b.len; j++)
        last[j] = before[j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *spare = before;

        now[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            unsigned differ = a.ptr[i - 1] != b.ptr[j - 1];

            now[j] = least(last[j - 1] + differ, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[b.len];
}

bool distance_is_close(struct span word, size_t distance)
{
    return distance <= 1 + word.len / 5 && distance < word.len;
}
