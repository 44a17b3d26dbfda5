// SPDX-License-Identifier: MIT
#include "server/config/own_host.h"

#include "unit.h"

#include <unistd.h>

/* A page of any site may have a name of that site lead to this machine, but none of these. */
static void what_no_stranger_can_have_is_ones_own(void **state)
{
    static const char *const own[] = {
        "",          "127.0.0.1",     "192.0.2.7",     "[::1]",    "[2001:db8::1]", "localhost",
        "LOCALHOST", "localhost.",    "dav.localhost", "nas",      "nas.local",     "NAS.Local.",
        "box.lan",   "box.home.arpa", "db.internal",   "a.b.test", "here.example",
    };
    static const char *const others[] = {
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.1",
        "local.example",
        ".local",
        "evil.xlocal",
        "home.arpa.example",
        "here.example.org",
        "there.example",
        "256.0.0.1",
        "lan.com",
    };
    struct own_hosts hosts = {0};
    struct arena arena;

    (void)state;
    assert_int_equal(arena_init(&arena, 1024), 0);
    assert_int_equal(own_hosts_add(&hosts, SPAN("Here.Example"), &arena), 0);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!own_host_is(&hosts, span_from_str(own[i])))
            fail_msg("\"%s\"", own[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (own_host_is(&hosts, span_from_str(others[i])))
            fail_msg("\"%s\"", others[i]);
    arena_done(&arena);
}

/* Whatever /etc/hosts says, the name of the machine itself is one if it is a full one. */
static void the_machine_has_its_own_name(void **state)
{
    char node[256] = "";
    struct own_hosts hosts = {0};
    struct arena arena;

    (void)state;
    assert_int_equal(gethostname(node, sizeof node - 1), 0);
    assert_int_equal(arena_init(&arena, 1024), 0);
    assert_int_equal(own_hosts_read(&hosts, &arena), 0);
    assert_true(own_host_is(&hosts, span_from_str(node)));
    for (size_t i = 0; i < hosts.count; i++)
        assert_true(span_find(hosts.names[i], '.') < hosts.names[i].len);
    arena_done(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_stranger_can_have_is_ones_own),
        cmocka_unit_test(the_machine_has_its_own_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
