// SPDX-License-Identifier: MIT
/* The input is rules, one in each line, which are then asked; and a file of groups. */
#include "access/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct rules *r, const struct groups *g)
{
    static const struct identity people[] = {
        {.kind = IDENTITY_NOBODY},
        {.kind = IDENTITY_USER, .name = SPAN_INIT("ann")},
        {.kind = IDENTITY_KEY, .name = SPAN_INIT("ci"), .scopes = SPAN_INIT("read write")},
    };
    static const struct span paths[] = {SPAN_INIT(""), SPAN_INIT("a/b"), SPAN_INIT("e\xcc\x81")};
    struct address address;

    if (!address_parse(SPAN("192.0.2.1"), &address))
        abort();
    for (size_t i = 0; i < 9; i++)
        for (int m = 0; m < METHOD_COUNT; m++) {
            struct rule_request request = {rule_right_of((enum method)m), (enum method)m,
                                           paths[i % 3], i % 2 ? &address : NULL};
            struct rule_decision d = rules_decide(r, g, &people[i / 3], &request);

            if (d.verdict == RULE_ALLOWED ? d.rule >= rules_count(r)
                                          : d.verdict == RULE_NEEDS_IDENTITY && i / 3)
                abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = {(const char *)data, size};
    struct groups *groups = NULL;
    struct rules *rules;

    if (rules_new(&rules) < 0)
        abort();
    (void)groups_read(rest, NULL, &groups);
    while (rest.len) {
        struct span line = span_take_until(&rest, '\n');
        size_t count = rules_count(rules);
        struct fault f = {.at = 0};
        int error = rules_add(rules, line, &f);

        if (rules_count(rules) != count + (error == 0))
            abort();
        if (error < 0 && (f.at > line.len || f.reason[0] == '\0'))
            abort();
        if (error == 0 && !span_eq(rules_text(rules, count), line))
            abort();
    }
    ask(rules, groups);
    rules_free(rules);
    groups_free(groups);
    return 0;
}
