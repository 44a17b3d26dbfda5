// SPDX-License-Identifier: MIT
#include "http/prefer.h"

#include "base/ascii.h"
#include "http/parameter.h"

/* preference = token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] ); the parameters of those
 * that are known mean nothing. False: not a preference. */
static bool read_preference(struct span member, struct span *ret_name, struct span *ret_value)
{
    struct span rest = member, name = token_take(&rest), value = {NULL, 0};

    rest = span_trim(rest);
    if (name.len == 0)
        return false;
    if (rest.len && rest.ptr[0] == '=') {
        rest = span_trim(span_from(rest, 1));
        if (rest.len && rest.ptr[0] == '"') {
            rest = span_from(rest, 1);
            if (span_find(rest, '"') == rest.len)
                return false;
            value = span_take_until(&rest, '"');
        } else {
            value = token_take(&rest);
        }
        rest = span_trim(rest);
    }
    if (rest.len && rest.ptr[0] != ';')
        return false;
    *ret_name = name;
    *ret_value = value;
    return true;
}

static bool read_seconds(struct span text, uint32_t *ret)
{
    uint64_t seconds = UINT32_MAX;

    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is(text.ptr[i], ASCII_DIGIT))
            return false;
    if (text.len == 0)
        return false;
    (void)span_to_u64(text, UINT32_MAX, &seconds);
    *ret = (uint32_t)seconds;
    return true;
}

/* One of two values decides, unless an earlier one did; 0: neither. */
static int choose(int earlier, struct span value, struct span one, struct span two)
{
    if (earlier)
        return earlier;
    return span_eq_nocase(value, one) ? 1 : span_eq_nocase(value, two) ? 2 : 0;
}

struct preferences prefer_parse(struct span value)
{
    struct preferences p = {.wait = 0};
    struct span member, name, word;

    while (list_take(&value, &member)) {
        if (!read_preference(member, &name, &word))
            continue;
        if (span_eq_nocase(name, SPAN("return")))
            p.returning = (enum prefer_return)choose((int)p.returning, word, SPAN("minimal"),
                                                     SPAN("representation"));
        else if (span_eq_nocase(name, SPAN("handling")))
            p.handling = (enum prefer_handling)choose((int)p.handling, word, SPAN("strict"),
                                                      SPAN("lenient"));
        else if (span_eq_nocase(name, SPAN("respond-async")))
            p.respond_async = p.respond_async || word.len == 0;
        else if (span_eq_nocase(name, SPAN("depth-noroot")))
            p.depth_noroot = p.depth_noroot || word.len == 0;
        else if (span_eq_nocase(name, SPAN("wait")) && !p.has_wait)
            p.has_wait = read_seconds(word, &p.wait);
    }
    return p;
}
