// SPDX-License-Identifier: MIT
#include "unit.h"

#include "base/arena.h"

static void every_piece_is_aligned_and_its_own(void **state)
{
    struct arena a;
    char *pieces[200];

    (void)state;
    assert_int_equal(arena_init(&a, 256), 0);
    for (size_t i = 0; i < 200; i++) {
        pieces[i] = arena_alloc(&a, i + 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, i + 1);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j <= i; j++)
            assert_int_equal((unsigned char)pieces[i][j], i);
    arena_done(&a);
}

static void reset_keeps_the_first_chunk_and_gives_it_out_again(void **state)
{
    struct arena a;
    char *first;

    (void)state;
    assert_int_equal(arena_init(&a, 256), 0);
    first = arena_alloc(&a, 16);
    assert_non_null(arena_alloc(&a, 100000));
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 16), first);
    arena_done(&a);
}

static void a_piece_larger_than_memory_is_refused_and_the_arena_stays_usable(void **state)
{
    struct arena a;

    (void)state;
    assert_int_equal(arena_init(&a, 64), 0);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 15));
    assert_non_null(arena_alloc(&a, 1));
    arena_done(&a);
}

static void a_copy_is_apart_from_its_source(void **state)
{
    char source[] = "source";
    struct arena a;
    struct span copy;

    (void)state;
    assert_int_equal(arena_init(&a, 64), 0);
    copy = arena_copy(&a, span_from_str(source));
    source[0] = 'x';
    assert_true(span_eq(copy, SPAN("source")));
    assert_non_null(arena_copy(&a, SPAN("")).ptr);
    assert_null(arena_copy(&a, (struct span){NULL, 0}).ptr);
    arena_done(&a);
}

static void what_was_reserved_can_be_had_without_more_memory(void **state)
{
    struct arena a;

    (void)state;
    assert_int_equal(arena_init(&a, 256), 0);
    assert_true(arena_reserve(&a, 5000));
    a.most = 0; // no further chunk
    for (int i = 0; i < 50; i++)
        assert_non_null(arena_alloc(&a, 85)); // 96 with what is added to it
    assert_false(arena_reserve(&a, 10000));
    assert_true(arena_reserve(&a, 16));
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece_is_aligned_and_its_own),
        cmocka_unit_test(reset_keeps_the_first_chunk_and_gives_it_out_again),
        cmocka_unit_test(a_piece_larger_than_memory_is_refused_and_the_arena_stays_usable),
        cmocka_unit_test(what_was_reserved_can_be_had_without_more_memory),
        cmocka_unit_test(a_copy_is_apart_from_its_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
