// SPDX-License-Identifier: MIT
#include "access/rule.h"

#include "access/rule_parts.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/path.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <utf8proc.h>

struct kept_rule {
    struct rule rule;
    char
        *text; // as it was written; what the rule is a view of, but for a path that is not of ASCII
    size_t length;
    char *path;
};

struct rules {
    struct kept_rule list[LIMIT_ACCESS_RULES];
    size_t count;
    bool has_wide; // some path has more than ASCII
};

int rules_new(struct rules **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? 0 : -CANDOR_E_MEMORY;
}

void rules_free(struct rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        free(r->list[i].text);
        free(r->list[i].path);
    }
    free(r);
}

/* A path in its form NFC, as files are found by all forms of their names; a null pointer without
 * memory. The caller frees it. */
static struct span compose(struct span path)
{
    utf8proc_uint8_t *text = NULL;
    utf8proc_ssize_t n =
        utf8proc_map((const utf8proc_uint8_t *)path.ptr, (utf8proc_ssize_t)path.len, &text,
                     UTF8PROC_STABLE | UTF8PROC_COMPOSE);

    if (n >= 0)
        return span_of((const char *)text, (size_t)n);
    // What is not UTF-8 has one form only.
    return n == UTF8PROC_ERROR_NOMEM ? span_of(NULL, 0) : span_of(span_to_str(path), path.len);
}

int rules_add(struct rules *r, struct span text, struct fault *ret_fault)
{
    struct kept_rule *k = &r->list[r->count];
    int error;

    if (r->count == LIMIT_ACCESS_RULES)
        return fault_set(ret_fault, 0, 0, "there may be at most %d rules", LIMIT_ACCESS_RULES);
    if (text.len > LIMIT_RULE)
        return fault_set(ret_fault, 0, LIMIT_RULE, "a rule has at most %d bytes", LIMIT_RULE);
    *k = (struct kept_rule){.text = span_to_str(text), .length = text.len};
    if (!k->text)
        return -CANDOR_E_MEMORY;
    error = rule_parse(span_of(k->text, text.len), &k->rule, ret_fault);
    if (error == 0 && !utf8_is_ascii(k->rule.path)) {
        k->rule.path = compose(k->rule.path);
        k->path = (char *)(uintptr_t)k->rule.path.ptr;
        error = k->path ? 0 : -CANDOR_E_MEMORY;
        r->has_wide = true;
    }
    if (error < 0) {
        free(k->text);
        return error;
    }
    r->count++;
    return 0;
}

size_t rules_count(const struct rules *r)
{
    return r->count;
}

struct span rules_text(const struct rules *r, size_t index)
{
    return span_of(r->list[index].text, r->list[index].length);
}

struct span rules_group(const struct rules *r, size_t index)
{
    return r->list[index].rule.who == RULE_GROUP ? r->list[index].rule.name : SPAN("");
}

enum rule_right rule_right_of(enum method method)
{
    return method_table[method].safe ? RULE_READ : RULE_WRITE;
}

static bool is_person(const struct identity *who)
{
    return (who->kind == IDENTITY_USER || who->kind == IDENTITY_TOKEN) && who->name.len;
}

static bool has_claim(const struct identity *who, struct span name, struct span value)
{
    if (who->kind == IDENTITY_KEY)
        return span_eq(name, SPAN("scope")) && claims_scope_has(who->scopes, value);
    return who->kind == IDENTITY_TOKEN && who->claims && claims_have(who->claims, name, value);
}

static bool is_about(const struct rule *rule, const struct groups *groups,
                     const struct identity *who)
{
    switch (rule->who) {
    case RULE_ANYONE:
        return true;
    case RULE_AUTHENTICATED:
        return who->kind != IDENTITY_NOBODY;
    case RULE_NAME:
        return is_person(who) && span_eq(who->name, rule->name);
    case RULE_GROUP:
        return is_person(who) && groups_have_user(groups, rule->name, who->name);
    case RULE_KEY:
        return who->kind == IDENTITY_KEY && span_eq(who->name, rule->name);
    case RULE_CLAIM:
        return has_claim(who, rule->name, rule->value);
    }
    return false;
}

/* Whether it is about what is asked, whoever asks. */
static bool covers(const struct rule *rule, const struct rule_request *request, struct span path)
{
    if (!(rule->rights & (unsigned)request->right) &&
        !(rule->methods && (rule->methods & METHOD_BIT(request->method))))
        return false;
    if (rule->has_network && (!request->address || !network_has(&rule->network, request->address)))
        return false;
    return path_is_within(rule->path, path);
}

struct rule_decision rules_decide(const struct rules *r, const struct groups *groups,
                                  const struct identity *who, const struct rule_request *request)
{
    struct rule_decision d = {RULE_DENIED, RULE_NONE};
    struct span path = request->path, composed = {NULL, 0};
    bool helps = false; // somebody might be allowed

    if (r->has_wide && !utf8_is_ascii(path)) {
        path = composed = compose(path);
        if (!composed.ptr)
            return d;
    }
    for (size_t i = 0; i < r->count && d.rule == RULE_NONE; i++) {
        const struct rule *rule = &r->list[i].rule;

        if (!covers(rule, request, path))
            continue;
        if (is_about(rule, groups, who))
            d = (struct rule_decision){rule->denies ? RULE_DENIED : RULE_ALLOWED, i};
        else
            helps |= !rule->denies;
    }
    if (d.verdict == RULE_DENIED && helps && who->kind == IDENTITY_NOBODY)
        d.verdict = RULE_NEEDS_IDENTITY;
    free((void *)(uintptr_t)composed.ptr);
    return d;
}
