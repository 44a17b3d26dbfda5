// SPDX-License-Identifier: MIT
#include "http/json_schema_build.h"

#define URI "https://json-schema.org/draft/2020-12/"

/* A document is written as it is: the preprocessor makes a text of it. */
static const struct {
    struct span uri, text;
} documents[] = {
#define META(name, ...) {SPAN_INIT(URI name), SPAN_INIT(#__VA_ARGS__)},
#include "http/json_schema_meta.def"
#undef META
};

const struct span schema_keyword_names[KEYWORD_COUNT] = {
#define KEYWORD(ident, name, vocabulary, shape, types) SPAN_INIT(name),
#include "http/json_schema_keyword.def"
#undef KEYWORD
};

struct span schema_meta_text(struct span uri)
{
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        if (span_eq(uri, documents[i].uri))
            return documents[i].text;
    return (struct span){0};
}
