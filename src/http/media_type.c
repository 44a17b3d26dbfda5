// SPDX-License-Identifier: MIT
#include "http/media_type.h"

bool media_type_parse(struct span text, struct media_type *ret)
{
    struct media_type m = {0};
    struct span rest = text, each;
    struct parameter p;
    enum parameter_result result;

    m.type = token_take(&rest);
    if (m.type.len == 0 || rest.len == 0 || rest.ptr[0] != '/')
        return false;
    rest = span_from(rest, 1);
    m.subtype = token_take(&rest);
    if (m.subtype.len == 0)
        return false;
    m.essence = span_of(text.ptr, m.type.len + 1 + m.subtype.len);
    m.parameters = each = rest;
    while ((result = parameter_next(&each, &p)) == PARAMETER_FOUND)
        ;
    if (result == PARAMETER_MALFORMED)
        return false;
    *ret = m;
    return true;
}

bool media_type_is(const struct media_type *m, struct span essence)
{
    return span_eq_nocase(m->essence, essence);
}

bool media_type_find(const struct media_type *m, struct span name, struct parameter *ret)
{
    struct span rest = m->parameters;
    struct parameter p;

    while (parameter_next(&rest, &p) == PARAMETER_FOUND) {
        if (span_eq_nocase(p.name, name)) {
            *ret = p;
            return true;
        }
    }
    return false;
}
