// SPDX-License-Identifier: MIT
#include "http/accept.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "http/media_type.h"

/* One media range of Accept. */
struct media_range {
    struct media_type type;
    int quality;
    int specificity; // 0: any; 1: type and any subtype; 2 and more: type, subtype, parameters
};

struct media_ranges {
    struct media_range items[LIMIT_ACCEPT_ITEMS];
    size_t count;
};

/* qvalue of §12.4.2. False: malformed. */
static bool read_quality(struct span text, int *ret)
{
    int value = 0, unit = ACCEPT_QUALITY_MAX;

    if (text.len == 0 || text.len > 5 || (text.len > 1 && text.ptr[1] != '.'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 1)
            continue; // the point
        if (!ascii_is(text.ptr[i], ASCII_DIGIT))
            return false;
        value += (text.ptr[i] - '0') * unit;
        unit /= 10;
    }
    if (value > ACCEPT_QUALITY_MAX)
        return false;
    *ret = value;
    return true;
}

/* Reads the parameter if it is a weight. False: it is one, but malformed or not the first. */
static bool read_weight(const struct parameter *p, bool *is_weight, bool *seen, int *quality)
{
    *is_weight = span_eq_nocase(p->name, SPAN("q"));
    if (!*is_weight)
        return true;
    if (*seen || p->quoted || !read_quality(p->value, quality))
        return false;
    *seen = true;
    return true;
}

static bool is_star(struct span s)
{
    return span_eq(s, SPAN("*"));
}

static bool read_media_range(struct span member, struct media_range *ret)
{
    struct media_range r = {.quality = ACCEPT_QUALITY_MAX};
    struct parameter p;
    struct span rest;
    bool seen = false, is_weight;
    int parameters = 0;

    if (!media_type_parse(member, &r.type))
        return false;
    rest = r.type.parameters;
    while (parameter_next(&rest, &p) == PARAMETER_FOUND) {
        if (!read_weight(&p, &is_weight, &seen, &r.quality))
            return false;
        parameters += !is_weight;
    }
    if (is_star(r.type.type)) {
        if (!is_star(r.type.subtype))
            return false;
        r.specificity = 0;
    } else if (is_star(r.type.subtype)) {
        r.specificity = 1;
    } else {
        r.specificity = 2 + parameters;
    }
    *ret = r;
    return true;
}

static void read_media_ranges(struct span field, struct media_ranges *ret)
{
    struct span member;

    ret->count = 0;
    for (int i = 0; i < LIMIT_ACCEPT_ITEMS && list_take(&field, &member); i++)
        ret->count += read_media_range(member, &ret->items[ret->count]);
}

/* Whether every parameter of the range, but for its weight, is in the offer with that value. */
static bool has_parameters(const struct media_type *offer, const struct media_type *range)
{
    struct span rest = range->parameters;
    struct parameter wanted, offered;

    while (parameter_next(&rest, &wanted) == PARAMETER_FOUND) {
        if (span_eq_nocase(wanted.name, SPAN("q")))
            continue;
        if (!media_type_find(offer, wanted.name, &offered) ||
            !parameter_value_eq(&wanted, &offered, span_eq_nocase(wanted.name, SPAN("charset"))))
            return false;
    }
    return true;
}

static bool matches(const struct media_type *offer, const struct media_range *range)
{
    if (range->specificity >= 2 && !media_type_is(offer, range->type.essence))
        return false;
    if (range->specificity == 1 && !span_eq_nocase(offer->type, range->type.type))
        return false;
    return has_parameters(offer, &range->type);
}

/* By the most specific range that matches; of equally specific ones the highest quality counts. */
static int quality_of(const struct media_type *offer, const struct media_ranges *ranges)
{
    int quality = 0, specificity = -1;

    for (size_t i = 0; i < ranges->count; i++) {
        const struct media_range *r = &ranges->items[i];

        if (r->specificity < specificity || !matches(offer, r))
            continue;
        if (r->specificity > specificity || r->quality > quality)
            quality = r->quality;
        specificity = r->specificity;
    }
    return quality;
}

int accept_choose_type(struct span field, const struct span *offers, size_t count)
{
    struct media_ranges ranges = {.count = 0};
    int best = -1, best_quality = 0;

    if (field.ptr)
        read_media_ranges(field, &ranges);
    if (ranges.count == 0)
        return count ? 0 : -1;
    for (size_t i = 0; i < count; i++) {
        struct media_type offer;
        int quality = media_type_parse(offers[i], &offer) ? quality_of(&offer, &ranges) : 0;

        if (quality > best_quality) {
            best = (int)i;
            best_quality = quality;
        }
    }
    return best;
}

/* Reads "coding", perhaps with a weight; nothing else may be there. */
static bool read_coding(struct span member, struct span *ret_name, int *ret_quality)
{
    struct span rest = member, name = token_take(&rest);
    int quality = ACCEPT_QUALITY_MAX;
    struct parameter p;
    enum parameter_result result;
    bool seen = false, is_weight;

    while ((result = parameter_next(&rest, &p)) == PARAMETER_FOUND)
        if (!read_weight(&p, &is_weight, &seen, &quality) || !is_weight)
            return false;
    if (name.len == 0 || result == PARAMETER_MALFORMED)
        return false;
    *ret_name = name;
    *ret_quality = quality;
    return true;
}

static bool same_coding(struct span a, struct span b)
{
    static const struct span old[] = {SPAN_INIT("x-gzip"), SPAN_INIT("x-compress")};

    for (size_t i = 0; i < sizeof old / sizeof *old; i++) { // §8.4.1: the prefix means nothing
        a = span_eq_nocase(a, old[i]) ? span_from(a, 2) : a;
        b = span_eq_nocase(b, old[i]) ? span_from(b, 2) : b;
    }
    return span_eq_nocase(a, b);
}

int accept_coding_quality(struct span field, struct span coding)
{
    int named = -1, star = -1;
    struct span member, name;

    if (!field.ptr)
        return ACCEPT_QUALITY_MAX;
    for (int i = 0; i < LIMIT_ACCEPT_ITEMS && list_take(&field, &member); i++) {
        int quality;

        if (!read_coding(member, &name, &quality))
            continue;
        if (is_star(name))
            star = quality > star ? quality : star;
        else if (same_coding(name, coding))
            named = quality > named ? quality : named;
    }
    if (named >= 0)
        return named;
    if (star >= 0)
        return star;
    return span_eq_nocase(coding, SPAN("identity")) ? 1 : 0;
}

int accept_choose_coding(struct span field, const struct span *offers, size_t count)
{
    int best = -1, best_quality = 0;

    if (!field.ptr)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int quality = accept_coding_quality(field, offers[i]);

        if (quality > best_quality) {
            best = (int)i;
            best_quality = quality;
        }
    }
    if (best >= 0 && best_quality < accept_coding_quality(field, SPAN("identity")))
        return -1;
    return best;
}
