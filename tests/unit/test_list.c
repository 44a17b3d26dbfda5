// SPDX-License-Identifier: MIT
#include "unit.h"

#include "base/list.h"

struct item {
    int number;
    struct list link;
};

static struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};

static void fill(struct list *head)
{
    list_init(head);
    for (int i = 0; i < 3; i++)
        list_add_tail(head, &items[i].link);
}

static void a_new_list_is_empty_and_gives_nothing(void **state)
{
    struct list head;

    (void)state;
    list_init(&head);
    assert_true(list_empty(&head));
    assert_null(list_pop(&head));
}

static void members_come_out_in_the_order_they_went_in(void **state)
{
    struct list head;

    (void)state;
    fill(&head);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(list_entry(list_pop(&head), struct item, link)->number, i);
    assert_true(list_empty(&head));
}

static void a_member_added_at_the_head_comes_out_first(void **state)
{
    struct item first = {.number = 0};
    struct list head;

    (void)state;
    fill(&head);
    list_add_head(&head, &first.link);
    assert_ptr_equal(list_pop(&head), &first.link);
}

static void a_removed_member_is_in_no_list_and_may_be_removed_again(void **state)
{
    struct list head;
    int sum = 0;

    (void)state;
    fill(&head);
    list_remove(&items[1].link);
    assert_true(list_empty(&items[1].link));
    list_remove(&items[1].link);
    list_for_each (it, &head)
        sum = sum * 10 + list_entry(it, struct item, link)->number;
    assert_int_equal(sum, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty_and_gives_nothing),
        cmocka_unit_test(members_come_out_in_the_order_they_went_in),
        cmocka_unit_test(a_member_added_at_the_head_comes_out_first),
        cmocka_unit_test(a_removed_member_is_in_no_list_and_may_be_removed_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
