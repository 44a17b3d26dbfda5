// SPDX-License-Identifier: MIT
#include "resource/mock/recipe.h"

#include "base/ascii.h"
#include "resource/mock/recipe_value.h"

#include <stdio.h>

const struct mock_path_info mock_paths[MOCK_PATHS] = {
#define MOCK(ident, name, arguments, fewest, most, example, meaning)                               \
    [MOCK_##ident] = {SPAN_INIT(name),   SPAN_INIT(arguments), SPAN_INIT(example), fewest, most,   \
                      SPAN_INIT(meaning)},
#include "resource/mock/path.def"
#undef MOCK
};

const struct mock_key_info mock_keys[MOCK_KEYS] = {
#define KEY(ident, name, value, example, meaning)                                                  \
    [MOCK_KEY_##                                                                                   \
        ident] = {SPAN_INIT(name), MOCK_VALUE_##value, SPAN_INIT(example), SPAN_INIT(meaning)},
#include "resource/mock/key.def"
#undef KEY
};

enum { SHOWN = 40 }; // bytes of a client's own that a complaint repeats

struct parse {
    struct mock_recipe *recipe;
    struct mock_complaint *complaint;
    struct span path, query;
    char *room;
};

static int shown(struct span text)
{
    return (int)(text.len < SHOWN ? text.len : SHOWN);
}

static bool complain_value(struct parse *p, size_t offset, struct span name, struct span value,
                           const char *expected)
{
    p->complaint->offset = offset;
    snprintf(p->complaint->text, sizeof p->complaint->text,
             "\"%.*s\" has the value \"%.*s\"; expected %s.", shown(name), name.ptr, shown(value),
             value.ptr, expected);
    return false;
}

/* The path. */

static bool complain_path(struct parse *p, struct span name, bool is_known)
{
    p->complaint->is_unknown = true;
    p->complaint->offset = 0;
    if (is_known)
        snprintf(p->complaint->text, sizeof p->complaint->text,
                 "\"%.*s\" was asked for with more or fewer segments than it has.", shown(name),
                 name.ptr);
    else
        snprintf(p->complaint->text, sizeof p->complaint->text,
                 "Nothing that can be made up is called \"%.*s\".", shown(name), name.ptr);
    return false;
}

/* The two arguments, whatever they may be: what is expected of them, or NULL. */
static const char *read_arguments(struct mock_recipe *r, const struct span args[2])
{
    const char *wrong = NULL;

    r->first = args[0];
    r->second = args[1];
    switch (r->path) {
    case MOCK_status:
        return mock_read_choices(args[0], r);
    case MOCK_delay:
        return mock_read_time(args[0], &r->delay);
    case MOCK_cache:
        return args[0].ptr ? mock_read_time(args[0], &r->time) : NULL;
    case MOCK_drip:
        r->size = 10;
        r->time = INT64_C(2000000000);
        wrong = args[0].ptr ? mock_read_size(args[0], &r->size) : NULL;
        return wrong || !args[1].ptr ? wrong : mock_read_time(args[1], &r->time);
    case MOCK_bytes:
    case MOCK_range:
        return mock_read_size(args[0], &r->size);
    case MOCK_redirect:
        wrong = mock_read_count(args[0], &r->count);
        return wrong || r->count > LIMIT_MOCK_REDIRECTS ? "a number from 1 to 1000" : NULL;
    case MOCK_stream:
    case MOCK_sse:
        return mock_read_count(args[0], &r->count);
    case MOCK_etag:
        for (size_t i = 0; i < args[0].len; i++)
            if (!ascii_is(args[0].ptr[i], ASCII_ETAGC))
                return "what an entity tag may hold, without its quotes";
        return NULL;
    default:
        return NULL;
    }
}

static bool read_path(struct parse *p)
{
    struct span rest = p->path, name = span_take_until(&rest, '/');
    struct span args[2] = {{NULL, 0}, {NULL, 0}};
    const struct mock_path_info *info = NULL;
    const char *expected;
    unsigned count = 0;

    for (unsigned i = 0; i < MOCK_PATHS && !info; i++) {
        if (span_eq(mock_paths[i].name, name)) {
            info = &mock_paths[i];
            p->recipe->path = (enum mock_path)i;
        }
    }
    if (!info)
        return complain_path(p, name, false);
    while (info->most != MOCK_ANY && rest.len) {
        struct span arg = span_take_until(&rest, '/');

        if (count == info->most)
            return complain_path(p, name, true);
        args[count++] = arg;
    }
    if (count < info->fewest)
        return complain_path(p, name, true);
    expected = read_arguments(p->recipe, args);
    if (!expected)
        return true;
    return complain_value(p, args[0].ptr ? (size_t)(args[0].ptr - p->path.ptr) : 0, name,
                          args[1].ptr && p->recipe->path == MOCK_drip ? args[1] : args[0],
                          expected);
}

/* The query. */

/* Percent-decoded into the room behind what is there; false: "%" without two digits. */
static bool decode(struct parse *p, struct span text, struct span *ret)
{
    char *at = p->room;

    for (size_t i = 0; i < text.len; i++) {
        int high, low;

        if (text.ptr[i] != '%') {
            *at++ = text.ptr[i];
            continue;
        }
        high = i + 2 < text.len ? ascii_hex_value(text.ptr[i + 1]) : -1;
        low = i + 2 < text.len ? ascii_hex_value(text.ptr[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        *at++ = (char)(high * 16 + low);
        i += 2;
    }
    *ret = span_of(p->room, (size_t)(at - p->room));
    p->room = at;
    return true;
}

static const char *add_interim(struct mock_recipe *r, struct span value)
{
    const char *expected;
    unsigned all = 0;

    if (r->interim_count == LIMIT_MOCK_INTERIMS)
        return "at most 8 kinds of interim responses";
    expected = mock_read_interim(value, &r->interims[r->interim_count]);
    if (expected)
        return expected;
    r->interim_count++;
    for (size_t i = 0; i < r->interim_count; i++)
        all += r->interims[i].count;
    return all > LIMIT_MOCK_INTERIM_COUNT ? "at most 100 interim responses in all" : NULL;
}

static const char *add_field(struct mock_field *fields, size_t *count, struct span value)
{
    const char *expected;

    if (*count == LIMIT_MOCK_FIELDS)
        return "at most 32 fields";
    expected = mock_read_field(value, &fields[*count]);
    *count += !expected;
    return expected;
}

static const char *read_value(struct mock_recipe *r, enum mock_key key, struct span value)
{
    switch (key) {
    case MOCK_KEY_delay:
        return mock_read_time(value, &r->delay);
    case MOCK_KEY_every:
        return mock_read_time(value, &r->every);
    case MOCK_KEY_retry_after:
        return mock_read_seconds(value, &r->retry_after);
    case MOCK_KEY_body:
        return mock_read_size(value, &r->body);
    case MOCK_KEY_text:
        r->text = value;
        return NULL;
    case MOCK_KEY_type:
        return mock_read_field_value(value, &r->type);
    case MOCK_KEY_rate:
        return mock_read_size(value, &r->rate) || !r->rate ? "bytes in a second, such as 100 or 10k"
                                                           : NULL;
    case MOCK_KEY_chunked:
        return span_eq(value, SPAN("1")) || !value.len ? NULL : "1";
    case MOCK_KEY_chance:
        return mock_read_chance(value, &r->chance);
    case MOCK_KEY_seed:
        return span_to_u64(value, UINT64_MAX, &r->seed) ? NULL : "a number";
    case MOCK_KEY_turn:
        return span_to_u64(value, UINT64_MAX, &r->turn) ? NULL : "a number";
    case MOCK_KEY_close:
        return mock_read_close(value, &r->fault);
    case MOCK_KEY_fault:
        return mock_read_fault(value, &r->fault);
    case MOCK_KEY_at:
        return mock_read_size(value, &r->fault.at);
    case MOCK_KEY_to:
        return mock_read_reference(value, &r->to);
    case MOCK_KEY_field:
        return add_field(r->fields, &r->field_count, value);
    case MOCK_KEY_trailer:
        return add_field(r->trailers, &r->trailer_count, value);
    case MOCK_KEY_interim:
        return add_interim(r, value);
    case MOCK_KEYS:
        break;
    }
    return NULL;
}

static bool may_repeat(enum mock_key key)
{
    return key == MOCK_KEY_field || key == MOCK_KEY_trailer || key == MOCK_KEY_interim;
}

static bool complain_key(struct parse *p, struct span name, const char *what)
{
    snprintf(p->complaint->text, sizeof p->complaint->text, "The query's key \"%.*s\" %s.",
             shown(name), name.ptr, what);
    return false;
}

static bool read_pair(struct parse *p, struct span pair)
{
    struct span raw = pair, name = span_take_until(&raw, '='), value;
    const char *expected;
    unsigned key = 0;

    p->complaint->offset = (size_t)(name.ptr - p->query.ptr);
    while (key < MOCK_KEYS && !span_eq(mock_keys[key].name, name))
        key++;
    if (key == MOCK_KEYS)
        return p->recipe->path == MOCK_anything || complain_key(p, name, "is unknown");
    if (mock_has(p->recipe, key) && !may_repeat(key))
        return complain_key(p, name, "comes twice");
    if ((key == MOCK_KEY_close && mock_has(p->recipe, MOCK_KEY_fault)) ||
        (key == MOCK_KEY_fault && mock_has(p->recipe, MOCK_KEY_close)))
        return complain_key(p, name, "comes besides another one that says how the answer breaks");
    p->recipe->given |= UINT32_C(1) << key;
    if (!decode(p, raw, &value))
        return complain_key(p, name, "has a value with a \"%\" that two digits do not follow");
    expected = read_value(p->recipe, key, value);
    return !expected || complain_value(p, (size_t)(raw.ptr - p->query.ptr), name, value, expected);
}

bool mock_recipe_parse(struct span path, struct span query, char *room,
                       struct mock_recipe *ret_recipe, struct mock_complaint *ret_complaint)
{
    struct parse p = {ret_recipe, ret_complaint, path, query, room};
    struct span rest = query;

    *ret_recipe = (struct mock_recipe){.chance = MOCK_CERTAIN, .fault.at = FAULT_AT_NATURAL};
    *ret_complaint = (struct mock_complaint){0};
    if (!read_path(&p))
        return false;
    ret_complaint->is_in_query = true;
    while (rest.len) {
        struct span pair = span_take_until(&rest, '&');

        if (pair.len && !read_pair(&p, pair))
            return false;
    }
    return true;
}
