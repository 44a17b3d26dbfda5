// SPDX-License-Identifier: MIT
/*
 * What the tests of the store share: a store in a folder of its own, and changes in one line.
 */
#ifndef CANDOR_TESTS_STORE_UNIT_H
#define CANDOR_TESTS_STORE_UNIT_H

#include "base/error.h"
#include "base/limits.h"
#include "state/store.h"
#include "unit.h"

#include <stdio.h>

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

struct fixture {
    char folder[64], path[96];
    struct store *store;
    uint32_t tree;
    struct buf error;
};

static inline void fixture_open(struct fixture *f)
{
    buf_clear(&f->error);
    assert_int_equal(store_open(f->path, &f->store, &f->error), 0);
    assert_int_equal(f->error.len, 0);
    assert_int_equal(store_tree(f->store, SPAN("/srv/team"), &f->tree), 0);
}

static inline void fixture_reopen(struct fixture *f)
{
    store_close(f->store);
    fixture_open(f);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/candor-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/candor.db", f->folder);
    fixture_open(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock", "-journal"};
    struct fixture *f = *state;
    char name[128];

    store_close(f->store);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", f->path, ends[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(f->folder), 0); // nothing else was left
    buf_done(&f->error);
    free(f);
    return 0;
}

/* Whether what the operator is told contains the text. */
static inline bool fixture_told(struct fixture *f, const char *text)
{
    return f->error.len && memmem(f->error.ptr, f->error.len, text, strlen(text));
}

static inline struct store_change change_set(struct span path, struct span name, struct span value)
{
    return (struct store_change){.kind = STORE_PROPERTY_SET,
                                 .path = path,
                                 .property = {SPAN("http://example.com/"), name, value}};
}

static inline struct store_change change_remove(struct span path, struct span name)
{
    return (struct store_change){
        .kind = STORE_PROPERTY_REMOVE,
        .path = path,
        .property = {.namespace = SPAN("http://example.com/"), .name = name}};
}

static inline struct store_change change_path(enum store_change_kind kind, struct span path)
{
    return (struct store_change){.kind = kind, .path = path};
}

/* The rows of an intent, all the way; steps (unless NULL): in how many transactions. */
static inline int follow_all(struct fixture *f, const struct store_intent *intent, bool shallow,
                             int *steps)
{
    const struct store_following following = {.intent = intent, .shallow = shallow};
    struct store_progress progress = {0};
    int result = 0, n = 0;

    for (; result == 0 && !progress.is_done; n++)
        result = store_follow(f->store, f->tree, &following, &progress);
    if (steps)
        *steps = n;
    return result;
}

static inline int follow(struct fixture *f, enum store_intent_kind kind, struct span source,
                         struct span destination)
{
    const struct store_intent intent = {.kind = kind, .source = source, .destination = destination};

    return follow_all(f, &intent, false, NULL);
}

static inline int apply_one(struct fixture *f, struct store_change change)
{
    return store_apply(f->store, f->tree, &change, 1, NULL);
}

static inline int set_property(struct fixture *f, const char *path, const char *name,
                               const char *value)
{
    return apply_one(f, change_set(span_from_str(path), span_from_str(name), span_from_str(value)));
}

struct property_wanted {
    struct span namespace, name;
    struct buf *value;
    bool found;
};

static inline int take_wanted(void *context, size_t index, const struct store_property *property)
{
    struct property_wanted *wanted = context;

    (void)index;
    if (!span_eq(property->namespace, wanted->namespace) || !span_eq(property->name, wanted->name))
        return 0;
    wanted->found = true;
    buf_add(wanted->value, property->value);
    return 0;
}

/* 1: there is such a property, and its value is added to the buffer. 0, or the store's error. */
static inline int find_property(struct store *s, uint32_t tree, struct span path,
                                struct span namespace, struct span name, struct buf *ret_value)
{
    struct property_wanted wanted = {.namespace = namespace, .name = name, .value = ret_value};
    int error = store_properties_visit(s, tree, &path, 1, true, take_wanted, &wanted);

    return error ? error : wanted.found;
}

/* The value, or "-" when there is none. Valid until the next call. */
static inline const char *get_property(struct fixture *f, struct span path, const char *name)
{
    static char text[256];
    struct buf value = {0};
    int found = find_property(f->store, f->tree, path, SPAN("http://example.com/"),
                              span_from_str(name), &value);

    assert_true(found >= 0);
    snprintf(text, sizeof text, "%.*s", found ? (int)value.len : 1, found ? value.ptr : "-");
    buf_done(&value);
    return text;
}

static inline int add_lock_line(void *context, const struct store_lock *lock)
{
    buf_addf(context, "%.*s at \"%.*s\" %s %s %d %d \"%.*s\" \"%.*s\"\n", SPAN_ARG(lock->token),
             SPAN_ARG(lock->path), lock->infinite ? "infinity" : "0",
             lock->shared ? "shared" : "exclusive", (int)lock->timeout, (int)lock->expires,
             SPAN_ARG(lock->owner), SPAN_ARG(lock->principal));
    return 0;
}

static inline struct store_lock lock_of(const char *token, const char *path)
{
    return (struct store_lock){.token = span_from_str(token), .path = span_from_str(path)};
}

static inline int insert_lock(struct fixture *f, const struct store_lock *lock)
{
    return apply_one(f, (struct store_change){.kind = STORE_LOCK_INSERT, .lock = lock});
}

static inline int count_lock(void *context, const struct store_lock *lock)
{
    (void)lock;
    ++*(int *)context;
    return 0;
}

static inline int count_locks(struct fixture *f)
{
    int n = 0;

    assert_int_equal(store_locks_visit(f->store, f->tree, count_lock, &n), 0);
    return n;
}

static inline int add_intent_line(void *context, const struct store_intent *it)
{
    buf_addf(context, "%d %d %.*s>%.*s %d %llx.%llx %llx.%llx\n", (int)it->id, (int)it->kind,
             SPAN_ARG(it->source), SPAN_ARG(it->destination), (int)it->phase,
             (unsigned long long)it->source_is.inode, (unsigned long long)it->source_is.born,
             (unsigned long long)it->destination_is.inode,
             (unsigned long long)it->destination_is.born);
    return 0;
}

static inline void expect_intents(struct fixture *f, const char *lines)
{
    struct buf got = {0};

    assert_int_equal(store_intents_visit(f->store, f->tree, add_intent_line, &got), 0);
    buf_add_char(&got, '\0');
    assert_string_equal(got.ptr, lines);
    buf_done(&got);
}

#endif
