// SPDX-License-Identifier: MIT
#include "access/htpasswd.h"

#include "access/lines.h"
#include "access/user_name.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/hash_table.h"
#include "base/limits.h"
#include "base/list.h"

#include <stdlib.h>

struct user {
    struct hash_link link;
    struct span name;
    struct password_hash hash;
    size_t line, cost; // cost: its index in costs
    char text[];       // name, NUL, hash, NUL
};

struct htpasswd {
    struct hash_table users;
    struct hash_key key;
    const struct password_hash *costs[LIMIT_PASSWORD_COSTS]; // a hash of each kind and cost
    size_t cost_count;
};

static struct user *find(const struct htpasswd *h, struct span name)
{
    uint64_t hash = hash_keyed(&h->key, 0, name);

    for (struct hash_link *at = hash_table_find(&h->users, hash); at; at = hash_table_next(at)) {
        struct user *u = container_of(at, struct user, link);

        if (span_eq(u->name, name))
            return u;
    }
    return NULL;
}

/* False: there are too many. */
static bool find_cost(struct htpasswd *h, struct user *u)
{
    for (u->cost = 0; u->cost < h->cost_count; u->cost++)
        if (h->costs[u->cost]->kind == u->hash.kind && h->costs[u->cost]->cost == u->hash.cost)
            return true;
    if (h->cost_count == LIMIT_PASSWORD_COSTS)
        return false;
    h->costs[h->cost_count++] = &u->hash;
    return true;
}

static struct user *user_new(struct span name, struct span hash, size_t line)
{
    struct user *u = calloc(1, sizeof *u + name.len + hash.len + 2);

    if (!u)
        return NULL;
    memcpy(u->text, name.ptr, name.len);
    if (hash.len)
        memcpy(u->text + name.len + 1, hash.ptr, hash.len);
    u->name = span_of(u->text, name.len);
    u->line = line;
    return u;
}

static int add_line(struct htpasswd *h, struct span line, size_t number, struct faults *faults)
{
    struct span rest = line, name = span_take_until(&rest, ':'), hash = span_take_until(&rest, ':');
    const char *why = user_name_fault(name);
    const struct user *earlier;
    struct user *u;

    if (name.len == line.len) {
        faults_add(faults, number, line.len, "a line is NAME:HASH, and this one has no colon");
        return 0;
    }
    if (why) {
        faults_add(faults, number, 0, "the name of the user %s", why);
        return 0;
    }
    earlier = find(h, name);
    if (earlier) {
        faults_add(faults, number, 0, "%.*s has an entry in line %zu already; remove one of them",
                   SPAN_ARG(span_first(name, 100)), earlier->line);
        return 0;
    }
    u = user_new(name, span_trim(hash), number);
    if (!u)
        return -CANDOR_E_MEMORY;
    why = password_hash_read(u->text + name.len + 1, &u->hash);
    if (!why && !find_cost(h, u))
        why = "is hashed in yet another way, and a file may have only a few of them";
    if (why) {
        faults_add(faults, number, name.len + 1,
                   "the password %s; make another one: candor passwd FILE '%.*s'", why,
                   SPAN_ARG(span_first(name, 60)));
        free(u);
        return 0;
    }
    hash_table_add(&h->users, &u->link, hash_keyed(&h->key, 0, name));
    return 0;
}

int htpasswd_read(struct span text, struct faults *faults, struct htpasswd **ret)
{
    struct faults mine = {0};
    struct lines lines = lines_of(text);
    struct htpasswd *h;
    struct span line;
    int error;

    if (text.len > LIMIT_HTPASSWD_FILE)
        return -CANDOR_E_LIMIT;
    h = calloc(1, sizeof *h);
    if (!h)
        return -CANDOR_E_MEMORY;
    error = hash_table_init(&h->users);
    if (error >= 0)
        error = hash_key_make(&h->key);
    if (!faults)
        faults = &mine;
    while (error >= 0 && lines_next(&lines, &line))
        error = add_line(h, line, lines.number, faults);
    if (error >= 0 && faults->count)
        error = -CANDOR_E_SYNTAX;
    faults_done(&mine);
    if (error < 0) {
        htpasswd_free(h);
        return error;
    }
    *ret = h;
    return 0;
}

void htpasswd_free(struct htpasswd *h)
{
    if (!h)
        return;
    for (size_t i = 0; h->users.buckets && i <= h->users.mask; i++) {
        struct hash_link *at = h->users.buckets[i];

        while (at) {
            struct user *u = container_of(at, struct user, link);

            at = at->next;
            free(u);
        }
    }
    hash_table_done(&h->users);
    free(h);
}

size_t htpasswd_count(const struct htpasswd *h)
{
    return h->users.count;
}

bool htpasswd_has(const struct htpasswd *h, struct span user)
{
    return find(h, user) != NULL;
}

enum password_verdict htpasswd_check(const struct htpasswd *h, struct span user,
                                     struct span password, struct password_scratch *s)
{
    const struct user *u = find(h, user);
    enum password_verdict verdict = PASSWORD_WRONG;

    if (u)
        verdict = password_check(&u->hash, password, s);
    for (size_t i = 0; i < h->cost_count && verdict != PASSWORD_RIGHT; i++)
        if (!u || u->cost != i)
            (void)password_check(h->costs[i], password, s);
    return verdict;
}
