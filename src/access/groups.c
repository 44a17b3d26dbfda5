// SPDX-License-Identifier: MIT
#include "access/groups.h"

#include "access/lines.h"
#include "access/user_name.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/hash_table.h"
#include "base/limits.h"
#include "base/list.h"

#include <stdlib.h>

/* A user of a group; or a group, which is a member without a name. */
struct member {
    struct hash_link link;
    struct span group, user;
};

struct groups {
    struct hash_table table;
    struct hash_key key;
    char *text; // what the members are views of
};

static uint64_t hash_of(const struct groups *g, struct span group, struct span user)
{
    return hash_keyed(&g->key, hash_keyed(&g->key, 0, group), user);
}

static const struct member *find(const struct groups *g, struct span group, struct span user)
{
    uint64_t hash = hash_of(g, group, user);

    for (struct hash_link *at = hash_table_find(&g->table, hash); at; at = hash_table_next(at)) {
        const struct member *m = container_of(at, struct member, link);

        if (span_eq(m->group, group) && span_eq(m->user, user))
            return m;
    }
    return NULL;
}

static int add_member(struct groups *g, struct span group, struct span user)
{
    struct member *m = find(g, group, user) ? NULL : calloc(1, sizeof *m);

    if (!m)
        return find(g, group, user) ? 0 : -CANDOR_E_MEMORY;
    m->group = group;
    m->user = user;
    hash_table_add(&g->table, &m->link, hash_of(g, group, user));
    return 0;
}

static int add_line(struct groups *g, struct span line, size_t number, struct faults *faults)
{
    struct span rest = line, name = span_trim(span_take_until(&rest, ':'));
    const char *why = user_name_fault(name);
    int error = 0;

    if (span_find(line, ':') == line.len)
        why = "is followed by a colon and the users";
    else if (!why && span_find(name, ' ') != name.len)
        why = "has a space";
    if (why) {
        faults_add(faults, number, 0, "the name of the group %s; a line is NAME: USER USER ...",
                   why);
        return 0;
    }
    error = add_member(g, name, SPAN(""));
    while (error >= 0 && rest.len) {
        struct span user = lines_take_word(&rest);

        if (user.len == 0)
            break;
        why = user_name_fault(user);
        if (why)
            faults_add(faults, number, (size_t)(user.ptr - line.ptr), "the name of the user %s",
                       why);
        else
            error = add_member(g, name, user);
    }
    return error;
}

int groups_read(struct span text, struct faults *faults, struct groups **ret)
{
    struct faults mine = {0};
    struct lines lines;
    struct groups *g;
    struct span line;
    int error;

    if (text.len > LIMIT_GROUPS_FILE)
        return -CANDOR_E_LIMIT;
    g = calloc(1, sizeof *g);
    if (!g)
        return -CANDOR_E_MEMORY;
    g->text = span_to_str(text);
    error = g->text ? hash_table_init(&g->table) : -CANDOR_E_MEMORY;
    if (error >= 0)
        error = hash_key_make(&g->key);
    if (!faults)
        faults = &mine;
    lines = lines_of(span_of(g->text, g->text ? text.len : 0));
    while (error >= 0 && lines_next(&lines, &line))
        error = add_line(g, line, lines.number, faults);
    if (error >= 0 && faults->count)
        error = -CANDOR_E_SYNTAX;
    faults_done(&mine);
    if (error < 0) {
        groups_free(g);
        return error;
    }
    *ret = g;
    return 0;
}

void groups_free(struct groups *g)
{
    if (!g)
        return;
    for (size_t i = 0; g->table.buckets && i <= g->table.mask; i++) {
        struct hash_link *at = g->table.buckets[i];

        while (at) {
            struct member *m = container_of(at, struct member, link);

            at = at->next;
            free(m);
        }
    }
    hash_table_done(&g->table);
    free(g->text);
    free(g);
}

bool groups_have(const struct groups *g, struct span group)
{
    return g && find(g, group, SPAN(""));
}

bool groups_have_user(const struct groups *g, struct span group, struct span user)
{
    return g && user.len && find(g, group, user);
}
