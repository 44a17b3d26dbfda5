// SPDX-License-Identifier: MIT
/* What many share, of which no client has all. */
#include "unit.h"

#include "base/budget.h"
#include "server/session/record.h"

#include <arpa/inet.h>
#include <errno.h>

static struct budget budget;

static void empty(void)
{
    memset(&budget, 0, sizeof budget);
    budget.most = 100;
    budget.open = 50;
    budget.client_most = 25;
}

static struct budget_part part(unsigned client)
{
    return (struct budget_part){.budget = &budget, .client = client};
}

static void what_is_taken_is_counted_and_given_back(void **state)
{
    struct budget_part a = part(1);

    (void)state;
    empty();
    assert_int_equal(budget_set(&a, 40), 0);
    assert_int_equal(budget_set(&a, 10), 0);
    assert_int_equal(budget_taken(&budget), 10);
    assert_int_equal(budget_highest(&budget), 40);
    budget_forget_highest(&budget);
    assert_int_equal(budget_highest(&budget), 10);
    assert_int_equal(budget_set(&a, 0), 0);
    assert_int_equal(budget_taken(&budget), 0);
    assert_int_equal(budget.clients[1], 0);
}

static void one_client_alone_has_half_of_all(void **state)
{
    struct budget_part a = part(1), b = part(1);

    (void)state;
    empty();
    assert_int_equal(budget_set(&a, 30), 0);
    assert_int_equal(budget_set(&b, 20), 0);
    assert_int_equal(budget_set(&b, 21), -EUSERS);
    assert_int_equal(b.taken, 20);
    assert_int_equal(budget_set(&a, 81), -ENOBUFS); // nobody could have it
    assert_int_equal(budget_taken(&budget), 50);
    assert_int_equal(budget.clients[1], 50);
}

static void others_have_their_part_whatever_one_has(void **state)
{
    struct budget_part a = part(1), b = part(2), c = part(3), d = part(4);

    (void)state;
    empty();
    assert_int_equal(budget_set(&a, 50), 0);
    assert_int_equal(budget_set(&b, 25), 0);
    assert_int_equal(budget_set(&b, 26), -EUSERS);
    assert_int_equal(budget_set(&c, 25), 0);
    assert_int_equal(budget_set(&d, 1), -ENOBUFS);
    assert_int_equal(budget_set(&a, 24), 0); // it has no more than its part any more
    assert_int_equal(budget_set(&a, 25), 0);
    assert_int_equal(budget_set(&a, 26), -EUSERS);
    assert_int_equal(budget_set(&d, 25), 0);
}

static void without_a_budget_there_is_no_bound(void **state)
{
    struct budget_part a = {0};

    (void)state;
    assert_int_equal(budget_set(&a, SIZE_MAX), 0);
}

static unsigned number_of(const char *address)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = {.v6.sin6_port = htons(2)};
    struct client c = {0};

    a.any.sa_family = AF_UNIX;
    if (*address && inet_pton(AF_INET, address, &a.v4.sin_addr) == 1)
        a.any.sa_family = AF_INET;
    else if (*address && inet_pton(AF_INET6, address, &a.v6.sin6_addr) == 1)
        a.any.sa_family = AF_INET6;
    client_from_address(&c, &a.any);
    return client_number(&c);
}

/* A network of 64 bits is one client's, and what a socket for both versions of IP tells of an
 * address of version 4 is that address. */
static void clients_are_told_apart_by_their_address(void **state)
{
    (void)state;
    assert_int_equal(client_numbers_prepare(), 0);
    assert_int_equal(number_of("192.0.2.1"), number_of("192.0.2.1"));
    assert_int_equal(number_of("::ffff:192.0.2.1"), number_of("192.0.2.1"));
    assert_int_equal(number_of("2001:db8:0:1::1"), number_of("2001:db8:0:1:ffff:ffff:ffff:ffff"));
    assert_int_equal(number_of(""), number_of(""));
    for (int attempt = 0, apart = 0; !apart; attempt++) { // two may be one by chance, not always
        assert_in_range(attempt, 0, 9);
        assert_int_equal(client_numbers_prepare(), 0);
        apart = number_of("192.0.2.1") != number_of("192.0.2.2") &&
                number_of("::ffff:192.0.2.1") != number_of("::ffff:192.0.2.2") &&
                number_of("2001:db8:0:1::1") != number_of("2001:db8:0:2::1") &&
                number_of("") != number_of("192.0.2.1");
        assert_in_range(number_of("192.0.2.1"), 1, LIMIT_CLIENTS - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_counted_and_given_back),
        cmocka_unit_test(one_client_alone_has_half_of_all),
        cmocka_unit_test(others_have_their_part_whatever_one_has),
        cmocka_unit_test(without_a_budget_there_is_no_bound),
        cmocka_unit_test(clients_are_told_apart_by_their_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
