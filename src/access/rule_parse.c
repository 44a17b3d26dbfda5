// SPDX-License-Identifier: MIT
#include "access/rule_parts.h"

#include "access/user_name.h"
#include "base/ascii.h"
#include "base/utf8.h"

struct word {
    struct span text; // without quotes
    size_t at;        // of its first byte, the quote included
    bool quoted;
};

struct reader {
    struct span text, rest;
    struct fault *fault;
};

/* The next word; an empty one that is not quoted: there is none. */
static int take_word(struct reader *r, struct word *ret)
{
    struct span rest = span_trim(r->rest);
    size_t n = 0;

    *ret = (struct word){.at = rest.len ? (size_t)(rest.ptr - r->text.ptr) : r->text.len};
    if (rest.len && rest.ptr[0] == '"') {
        rest = span_from(rest, 1);
        n = span_find(rest, '"');
        if (n == rest.len)
            return fault_set(r->fault, 0, ret->at, "these quotes have no end");
        ret->quoted = true;
        ret->text = span_first(rest, n);
        r->rest = span_from(rest, n + 1);
        if (r->rest.len && r->rest.ptr[0] != ' ' && r->rest.ptr[0] != '\t')
            return fault_set(r->fault, 0, (size_t)(r->rest.ptr - r->text.ptr),
                             "a space is expected behind the quotes");
        return 0;
    }
    while (n < rest.len && rest.ptr[n] != ' ' && rest.ptr[n] != '\t')
        n++;
    ret->text = span_first(rest, n);
    r->rest = span_from(rest, n);
    return 0;
}

static bool is_word(const struct word *w, struct span word)
{
    return !w->quoted && span_eq(w->text, word);
}

static int read_claim(struct reader *r, const struct word *w, struct rule *rule)
{
    struct span rest = span_from(w->text, strlen("claim:"));

    rule->who = RULE_CLAIM;
    rule->name = span_take_until(&rest, '=');
    rule->value = rest;
    if (rule->name.len == 0 || rule->value.len == 0)
        return fault_set(r->fault, 0, w->at,
                         "a claim is written as claim:NAME=VALUE, such as claim:scope=write");
    return 0;
}

static int read_who(struct reader *r, struct rule *rule)
{
    struct word w;
    const char *why;
    int error = take_word(r, &w);

    if (error < 0)
        return error;
    rule->name = w.text;
    if (is_word(&w, SPAN("anyone"))) {
        rule->who = RULE_ANYONE;
        return 0;
    }
    if (is_word(&w, SPAN("authenticated"))) {
        rule->who = RULE_AUTHENTICATED;
        return 0;
    }
    if (!w.quoted && span_starts(w.text, SPAN("claim:")))
        return read_claim(r, &w, rule);
    rule->who = RULE_NAME;
    if (!w.quoted && span_starts(w.text, SPAN("@"))) {
        rule->who = RULE_GROUP;
        rule->name = span_from(w.text, 1);
    } else if (!w.quoted && span_starts(w.text, SPAN("key:"))) {
        rule->who = RULE_KEY;
        rule->name = span_from(w.text, strlen("key:"));
    }
    why = user_name_fault(rule->name);
    if (why)
        return fault_set(r->fault, 0, w.at,
                         "a rule begins with who it is about: anyone, authenticated, NAME, @GROUP, "
                         "key:NAME or claim:NAME=VALUE; this name %s",
                         why);
    return 0;
}

static int read_may(struct reader *r, struct rule *rule)
{
    struct reader ahead = *r;
    struct word w;
    int error = take_word(r, &w);

    if (error < 0)
        return error;
    if (!is_word(&w, SPAN("may")))
        return fault_set(r->fault, 0, w.at, "\"may\" or \"may not\" is expected here");
    ahead = *r;
    error = take_word(&ahead, &w);
    if (error == 0 && is_word(&w, SPAN("not"))) {
        rule->denies = true;
        *r = ahead;
    }
    return error;
}

static int read_verb(struct reader *r, struct span verb, size_t at, struct rule *rule)
{
    enum method method = method_from_name(verb);

    if (span_eq(verb, SPAN("read")))
        rule->rights |= RULE_READ;
    else if (span_eq(verb, SPAN("write")))
        rule->rights |= RULE_WRITE;
    else if (span_eq(verb, SPAN("all")))
        rule->rights |= RULE_READ | RULE_WRITE;
    else if (method != METHOD_UNKNOWN)
        rule->methods |= METHOD_BIT(method);
    else
        return fault_set(r->fault, 0, at,
                         "read, write, all or the name of a method in capitals is expected here, "
                         "several with commas and without spaces between them");
    return 0;
}

static int read_verbs(struct reader *r, struct rule *rule)
{
    struct word w;
    int error = take_word(r, &w);
    size_t at = w.at;

    if (error < 0)
        return error;
    if (w.quoted)
        return read_verb(r, SPAN(""), at, rule);
    do {
        size_t n = span_find(w.text, ',');

        error = read_verb(r, span_first(w.text, n), at, rule);
        if (n < w.text.len && n + 1 == w.text.len && error == 0) // a comma at the end
            error = read_verb(r, SPAN(""), at + n + 1, rule);
        w.text = span_from(w.text, n + 1);
        at += n + 1;
    } while (error == 0 && w.text.len);
    return error;
}

/* NULL, or what is wrong with it. */
static const char *path_fault(struct span path)
{
    if (!utf8_is_valid(path) || span_find(path, '\0') != path.len)
        return "a path is UTF-8 without a NUL";
    for (size_t i = 0; i + 2 < path.len; i++)
        if (path.ptr[i] == '%' && ascii_hex_value(path.ptr[i + 1]) >= 0 &&
            ascii_hex_value(path.ptr[i + 2]) >= 0)
            return "a path is written decoded here, without %XX; with spaces it stands in quotes";
    while (path.len) {
        struct span segment = span_take_until(&path, '/');

        if (segment.len == 0 || span_eq(segment, SPAN(".")) || span_eq(segment, SPAN("..")))
            return "a path has no empty segments, nor . and ..";
    }
    return NULL;
}

static int read_path(struct reader *r, struct rule *rule)
{
    struct word w;
    const char *why;
    int error = take_word(r, &w);

    if (error < 0)
        return error;
    if (!span_starts(w.text, SPAN("/")))
        return fault_set(r->fault, 0, w.at,
                         "a path below the route's is expected here; it begins with a slash");
    rule->path = span_from(w.text, 1);
    if (span_ends(rule->path, SPAN("/")))
        rule->path.len--;
    why = path_fault(rule->path);
    return why ? fault_set(r->fault, 0, w.at, "%s", why) : 0;
}

static int read_network(struct reader *r, struct rule *rule)
{
    struct word w;
    const char *why;
    int error = take_word(r, &w);

    if (error < 0)
        return error;
    why = network_parse(w.text, &rule->network);
    rule->has_network = true;
    return why ? fault_set(r->fault, 0, w.at, "%s", why) : 0;
}

int rule_parse(struct span text, struct rule *ret, struct fault *ret_fault)
{
    struct reader r = {.text = text, .rest = text, .fault = ret_fault};
    struct rule rule = {.who = RULE_ANYONE};
    bool has_path = false;
    struct word w = {.at = 0};
    int error = read_who(&r, &rule);

    if (error == 0)
        error = read_may(&r, &rule);
    if (error == 0)
        error = read_verbs(&r, &rule);
    while (error == 0) {
        error = take_word(&r, &w);
        if (error < 0 || (w.text.len == 0 && !w.quoted))
            break;
        if (is_word(&w, SPAN("under")) && !has_path && !rule.has_network) {
            has_path = true;
            error = read_path(&r, &rule);
        } else if (is_word(&w, SPAN("from")) && !rule.has_network) {
            error = read_network(&r, &rule);
        } else {
            error = fault_set(ret_fault, 0, w.at,
                              rule.has_network ? "nothing is expected behind the network"
                              : has_path       ? "\"from\" or nothing is expected here"
                                               : "\"under\", \"from\" or nothing is expected here");
        }
    }
    if (error == 0)
        *ret = rule;
    return error;
}
