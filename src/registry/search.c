// SPDX-License-Identifier: MIT
#include "registry/search.h"

#include <stdio.h>

enum {
    TYPED_MAX = 64, // a longer word is like no token
    SCORE_CONTAINS = 1,
    SCORE_SHARES = 3, // as far away as three wrong letters
    SCORE_FAR = 4,    // from here on it is another word
};

bool search_contains(struct span text, struct span word)
{
    if (word.len == 0)
        return false;
    for (size_t i = 0; i + word.len <= text.len; i++)
        if (strncasecmp(text.ptr + i, word.ptr, word.len) == 0)
            return true;
    return false;
}

static bool code_contains(int code, struct span word)
{
    char text[12];
    int n = snprintf(text, sizeof text, "%d", code);

    return search_contains(span_of(text, (size_t)n), word);
}

bool status_matches(const struct status_info *info, struct span word)
{
    return code_contains(info->code, word) || search_contains(info->reason, word) ||
           search_contains(span_from_str(info->meaning), word) ||
           search_contains(span_from_str(info->must), word) ||
           search_contains(span_from_str(info->should), word) ||
           search_contains(span_from_str(info->may), word) ||
           (info->repeats && search_contains(SPAN(STATUS_REPEATED_FIELDS), word));
}

bool status_unregistered_matches(const struct status_unregistered *info, struct span word)
{
    return code_contains(info->code, word) || search_contains(span_from_str(info->user), word) ||
           search_contains(span_from_str(info->name), word) ||
           search_contains(span_from_str(info->meaning), word);
}

bool outcome_matches(const struct outcome_info *info, struct span word)
{
    return search_contains(info->token, word) || search_contains(info->title, word) ||
           search_contains(info->client_advice, word) ||
           search_contains(info->operator_advice, word);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, taken out or replaced to make b of a (Levenshtein). */
static size_t edit_distance(struct span a, struct span b)
{
    size_t row[TYPED_MAX + 1];

    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = diagonal + (strncasecmp(&a.ptr[i - 1], &b.ptr[j - 1], 1) != 0);

            diagonal = row[j];
            row[j] = least(least(row[j], row[j - 1]) + 1, replaced);
        }
    }
    return row[b.len];
}

/* Whether a word of four letters or more in a is also one of b; words are joined by '-'. */
static bool shares_word(struct span a, struct span b)
{
    while (a.len) {
        struct span word = span_take_until(&a, '-'), rest = b;

        while (word.len >= 4 && rest.len)
            if (span_eq_nocase(word, span_take_until(&rest, '-')))
                return true;
    }
    return false;
}

static size_t score(struct span token, struct span typed)
{
    size_t distance = edit_distance(token, typed);

    if (distance >= typed.len)
        distance = SCORE_FAR; // nothing of it is left
    if (search_contains(token, typed))
        return least(distance, SCORE_CONTAINS);
    return shares_word(token, typed) ? least(distance, SCORE_SHARES) : distance;
}

size_t outcome_find_close(struct span typed, enum outcome *out, size_t max)
{
    size_t count = 0;

    if (typed.len == 0 || typed.len > TYPED_MAX)
        return 0;
    for (size_t wanted = 0; wanted < SCORE_FAR; wanted++)
        for (int o = 1; o < OUTCOME_COUNT && count < max; o++)
            if (score(outcome_table[o].token, typed) == wanted)
                out[count++] = (enum outcome)o;
    return count;
}
