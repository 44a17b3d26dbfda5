// SPDX-License-Identifier: MIT
#include "registry/search.h"

#include "base/ascii.h"
#include "base/distance.h"

#include <stdio.h>

enum {
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

/* typed is in lower case. */
static size_t score(struct span token, struct span typed)
{
    size_t distance = distance_words(typed, token);

    if (!distance_is_close(typed, distance))
        distance = SCORE_FAR;
    if (search_contains(token, typed))
        return least(distance, SCORE_CONTAINS);
    return shares_word(token, typed) ? least(distance, SCORE_SHARES) : distance;
}

size_t outcome_find_close(struct span typed, enum outcome *out, size_t max)
{
    char lower[DISTANCE_WORD];
    size_t count = 0;

    if (typed.len == 0 || typed.len > sizeof lower)
        return 0;
    for (size_t i = 0; i < typed.len; i++)
        lower[i] = ascii_lower(typed.ptr[i]);
    typed = span_of(lower, typed.len);
    for (size_t wanted = 0; wanted < SCORE_FAR; wanted++)
        for (int o = 1; o < OUTCOME_COUNT && count < max; o++)
            if (score(outcome_table[o].token, typed) == wanted)
                out[count++] = (enum outcome)o;
    return count;
}
