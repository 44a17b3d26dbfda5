// SPDX-License-Identifier: MIT
/* Hashes, and the table that finds by them. */
#include "unit.h"

#include "base/hash.h"
#include "base/hash_table.h"
#include "base/list.h"

enum { MEMBERS = 1000 };

struct member {
    struct hash_link link;
    unsigned number;
};

static struct member members[MEMBERS];

static struct member *find(const struct hash_table *h, unsigned number, uint64_t hash)
{
    for (struct hash_link *at = hash_table_find(h, hash); at; at = hash_table_next(at)) {
        struct member *m = container_of(at, struct member, link);

        assert_true(at->hash == hash);
        if (m->number == number)
            return m;
    }
    return NULL;
}

static void check_that_all_but_every_third_are_found(const struct hash_table *h, bool third,
                                                     uint64_t (*hash_of)(unsigned number))
{
    for (unsigned i = 0; i < MEMBERS; i++)
        assert_ptr_equal(find(h, i, hash_of(i)), i % 3 == 0 && !third ? NULL : &members[i]);
}

static void check_table(uint64_t (*hash_of)(unsigned number))
{
    struct hash_table h;

    assert_int_equal(hash_table_init(&h), 0);
    assert_null(hash_table_find(&h, hash_of(0)));
    for (unsigned i = 0; i < MEMBERS; i++) {
        members[i].number = i;
        hash_table_add(&h, &members[i].link, hash_of(i));
    }
    assert_int_equal(h.count, MEMBERS);
    assert_true(h.mask + 1 >= MEMBERS); // it has grown
    check_that_all_but_every_third_are_found(&h, true, hash_of);
    for (unsigned i = 0; i < MEMBERS; i += 3)
        hash_table_remove(&h, &members[i].link);
    check_that_all_but_every_third_are_found(&h, false, hash_of);
    for (unsigned i = 0; i < MEMBERS; i += 3)
        hash_table_add(&h, &members[i].link, hash_of(i));
    check_that_all_but_every_third_are_found(&h, true, hash_of);
    hash_table_done(&h);
}

static uint64_t spread(unsigned number)
{
    return hash_add(HASH_BEGIN, span_of((const char *)&number, sizeof number));
}

static uint64_t in_few_buckets(unsigned number)
{
    return (uint64_t)(number % 7) << 60;
}

static uint64_t alike(unsigned number)
{
    return number % 5;
}

static void what_was_added_is_found_until_it_is_removed(void **state)
{
    (void)state;
    check_table(spread);
    check_table(in_few_buckets);
    check_table(alike);
}

static void an_empty_table_that_was_never_made_can_be_given_back(void **state)
{
    struct hash_table h = {0};

    (void)state;
    hash_table_done(&h);
}

static void hashes_are_fnv_1a_of_64_bits(void **state)
{
    (void)state;
    assert_int_equal(hash_add(HASH_BEGIN, SPAN("")), UINT64_C(0xcbf29ce484222325));
    assert_int_equal(hash_add(HASH_BEGIN, SPAN("a")), UINT64_C(0xaf63dc4c8601ec8c));
    assert_int_equal(hash_add(HASH_BEGIN, SPAN("foobar")), UINT64_C(0x85944171f73967e8));
    assert_int_equal(hash_add(hash_add(HASH_BEGIN, SPAN("foo")), SPAN("bar")),
                     UINT64_C(0x85944171f73967e8));
}

static void a_keyed_hash_hangs_on_the_key_the_start_and_every_byte(void **state)
{
    static const char text[] = "a/text of more than two words of eight bytes";
    struct hash_key a, b;

    (void)state;
    assert_int_equal(hash_key_make(&a), 0);
    assert_int_equal(hash_key_make(&b), 0);
    assert_true(hash_keyed(&a, 0, SPAN("a")) == hash_keyed(&a, 0, SPAN("a")));
    assert_false(hash_keyed(&a, 0, SPAN("a")) == hash_keyed(&b, 0, SPAN("a")));
    assert_false(hash_keyed(&a, 0, SPAN("a")) == hash_keyed(&a, 1, SPAN("a")));
    for (size_t n = 0; n < sizeof text; n++) {
        struct span whole = span_of(text, n);
        char other[sizeof text];

        for (size_t i = 0; i < n; i++) {
            memcpy(other, text, n);
            other[i] ^= 1;
            assert_false(hash_keyed(&a, 0, whole) == hash_keyed(&a, 0, span_of(other, n)));
        }
    }
    assert_false(hash_keyed(&a, 0, SPAN("a")) == hash_keyed(&a, 0, SPAN("a\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found_until_it_is_removed),
        cmocka_unit_test(an_empty_table_that_was_never_made_can_be_given_back),
        cmocka_unit_test(hashes_are_fnv_1a_of_64_bits),
        cmocka_unit_test(a_keyed_hash_hangs_on_the_key_the_start_and_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
