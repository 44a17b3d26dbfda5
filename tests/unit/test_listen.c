// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "server/config/listen_resolve.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static struct listen_address parse(const char *text)
{
    struct listen_address address;

    if (listen_parse(span_from_str(text), &address) != 0)
        fail_msg("%s is refused", text);
    return address;
}

static void numeric_addresses_are_read_and_printed(void **state)
{
    static const struct {
        const char *text, *printed, *host;
    } cases[] = {
        {"127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1"},
        {"0.0.0.0:0", "0.0.0.0:0", "0.0.0.0"},
        {"[::1]:65535", "[::1]:65535", "::1"},
        {"[2001:DB8::0001]:80", "[2001:db8::1]:80", "2001:db8::1"},
        {"[::ffff:192.0.2.1]:80", "192.0.2.1:80", "192.0.2.1"}, // came through an IPv6 socket
        {":8080", "[::]:8080", "::"},
        {"8080", "127.0.0.1:8080", "127.0.0.1"},
        {"0", "127.0.0.1:0", "127.0.0.1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct listen_address address = parse(cases[i].text);
        char out[LISTEN_TEXT];

        assert_int_equal(address.host.len, 0);
        assert_int_equal(address.len, address.socket.ss_family == AF_INET6 ? 28 : 16);
        assert_int_equal(listen_print((struct sockaddr *)&address.socket, out),
                         strlen(cases[i].printed));
        assert_string_equal(out, cases[i].printed);
        listen_print_host((struct sockaddr *)&address.socket, out);
        assert_string_equal(out, cases[i].host);
    }
}

static void hosts_and_zones_are_kept_to_be_looked_up(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } cases[] = {
        {"localhost:8080", "localhost", 8080},   {"a-1.example.org:80", "a-1.example.org", 80},
        {"3com.example:80", "3com.example", 80}, {"my_host.:0", "my_host.", 0},
        {"[fe80::1%lo]:80", "fe80::1%lo", 80},   {"[fe80::1%2]:65535", "fe80::1%2", 65535},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct listen_address address = parse(cases[i].text);

        assert_int_equal(address.socket.ss_family, AF_UNSPEC);
        assert_true(span_eq(address.host, span_from_str(cases[i].host)));
        assert_int_equal(address.port, cases[i].port);
    }
}

static void a_path_is_that_of_a_unix_socket(void **state)
{
    enum { MOST = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };
    char text[sizeof "unix:" + MOST + 1] = "unix:", out[LISTEN_TEXT];
    struct listen_address address = parse("unix:/run/a b.sock"), other;

    (void)state;
    assert_int_equal(address.socket.ss_family, AF_UNIX);
    assert_string_equal(((struct sockaddr_un *)&address.socket)->sun_path, "/run/a b.sock");
    assert_int_equal(listen_print((struct sockaddr *)&address.socket, out),
                     strlen("unix:/run/a b.sock"));
    assert_string_equal(out, "unix:/run/a b.sock");
    listen_print_host((struct sockaddr *)&address.socket, out);
    assert_string_equal(out, "unix");
    assert_int_equal(listen_port((struct sockaddr *)&address.socket), 0);
    other = parse("unix:/run/a c.sock");
    assert_false(
        listen_equal((struct sockaddr *)&address.socket, (struct sockaddr *)&other.socket));
    other = parse("unix:/run/a b.sock");
    assert_true(listen_equal((struct sockaddr *)&address.socket, (struct sockaddr *)&other.socket));
    memset(text + 5, 'p', MOST);
    other = parse(text); // the longest
    assert_int_equal(listen_print((struct sockaddr *)&other.socket, out), strlen(text));
    assert_string_equal(out, text);
    text[5 + MOST] = 'p';
    assert_int_equal(listen_parse(span_from_str(text), &other), -CANDOR_E_LIMIT);
    assert_int_equal(listen_parse(SPAN("unix:"), &other), -CANDOR_E_LIMIT);
    assert_int_equal(listen_parse(SPAN("unix:/a\0b"), &other), -CANDOR_E_LIMIT);
    assert_true(span_eq(listen_path(SPAN("unix:a")), SPAN("a")));
    assert_int_equal(listen_path(SPAN("80")).len, 0);
}

static void anything_else_is_refused(void **state)
{
    static const struct {
        const char *text;
        int error;
    } cases[] = {
        {"", CANDOR_E_SYNTAX},
        {":", CANDOR_E_SYNTAX},
        {"127.0.0.1", CANDOR_E_SYNTAX},
        {"127.0.0.1:", CANDOR_E_SYNTAX},
        {"127.0.0.1:80 ", CANDOR_E_SYNTAX},
        {"127.0.0.1:+80", CANDOR_E_SYNTAX},
        {"127.0.0.1:http", CANDOR_E_SYNTAX},
        {"127.1:80", CANDOR_E_SYNTAX},
        {"256.0.0.1:80", CANDOR_E_SYNTAX},
        {"1.2.3.4.:80", CANDOR_E_SYNTAX},
        {"example.0x7f:80", CANDOR_E_SYNTAX},
        {"localhost", CANDOR_E_SYNTAX},
        {"localhost:", CANDOR_E_SYNTAX},
        {"local host:80", CANDOR_E_SYNTAX},
        {".org:80", CANDOR_E_SYNTAX},
        {"-a:80", CANDOR_E_SYNTAX},
        {"a/b:80", CANDOR_E_SYNTAX},
        {"http://localhost:80", CANDOR_E_SYNTAX},
        {"::1:80", CANDOR_E_SYNTAX},
        {"[::1]", CANDOR_E_SYNTAX},
        {"[::1]80", CANDOR_E_SYNTAX},
        {"[::1:80", CANDOR_E_SYNTAX},
        {"[]:80", CANDOR_E_SYNTAX},
        {"[", CANDOR_E_SYNTAX},
        {"[127.0.0.1]:80", CANDOR_E_SYNTAX},
        {"[localhost]:80", CANDOR_E_SYNTAX},
        {"[fe80::1%]:80", CANDOR_E_SYNTAX},
        {"[fe80::1%a%b]:80", CANDOR_E_SYNTAX},
        {"[fe80::1%a b]:80", CANDOR_E_SYNTAX},
        {"[lo%lo]:80", CANDOR_E_SYNTAX},
        {"localhost:65536", CANDOR_E_RANGE},
        {"127.0.0.1:65536", CANDOR_E_RANGE},
        {"99999999999999999999999", CANDOR_E_RANGE},
    };
    struct listen_address address = {.len = 7};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (listen_parse(span_from_str(cases[i].text), &address) != -cases[i].error)
            fail_msg("%s", cases[i].text);
        assert_int_equal(address.len, 7);
    }
    assert_int_equal(listen_parse(SPAN("127.0.0.1\0:80"), &address), -CANDOR_E_SYNTAX);
    assert_int_equal(listen_parse(SPAN("a\0b:80"), &address), -CANDOR_E_SYNTAX);
}

static void addresses_are_compared_with_their_port(void **state)
{
    struct listen_address a = parse("127.0.0.1:80"), b = parse("80");

    (void)state;
    assert_true(listen_equal((struct sockaddr *)&a.socket, (struct sockaddr *)&b.socket));
    b = parse("81");
    assert_false(listen_equal((struct sockaddr *)&a.socket, (struct sockaddr *)&b.socket));
    b = parse("[::1]:80");
    assert_false(listen_equal((struct sockaddr *)&a.socket, (struct sockaddr *)&b.socket));
    a = parse("[0::1]:80");
    assert_true(listen_equal((struct sockaddr *)&a.socket, (struct sockaddr *)&b.socket));
    ((struct sockaddr_in6 *)&a.socket)->sin6_scope_id = 1;
    assert_false(listen_equal((struct sockaddr *)&a.socket, (struct sockaddr *)&b.socket));
}

/* Nothing here asks a name server: localhost and addresses are known to the system itself. */
static void a_host_stands_for_what_it_has_on_this_machine(void **state)
{
    struct listen_address localhost = parse("localhost:8080"), none = parse("[fe80::1%nosuch0]:1");
    struct listen_address found[4];
    size_t count = 0;

    (void)state;
    assert_null(listen_resolve(&localhost, found, 4, &count));
    assert_in_range(count, 1, 2);
    for (size_t i = 0; i < count; i++) {
        assert_true(listen_is_local((struct sockaddr *)&found[i].socket));
        assert_int_equal(listen_port((struct sockaddr *)&found[i].socket), 8080);
        assert_int_equal(found[i].host.len, 0);
    }
    assert_non_null(listen_resolve(&none, found, 4, &count));
}

static void the_machine_itself_is_local(void **state)
{
    static const struct {
        const char *text;
        bool is_local;
    } cases[] = {
        {"127.0.0.1:1", true},
        {"127.9.9.9:1", true},
        {"[::1]:1", true},
        {"unix:/a", true},
        {":1", false},
        {"192.0.2.1:1", false},
        {"[::ffff:127.0.0.1]:1", true},
        {"0.0.0.0:1", false},
        {"[2001:db8::1]:1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct listen_address address = parse(cases[i].text);

        if (listen_is_local((struct sockaddr *)&address.socket) != cases[i].is_local)
            fail_msg("%s", cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_addresses_are_read_and_printed),
        cmocka_unit_test(hosts_and_zones_are_kept_to_be_looked_up),
        cmocka_unit_test(a_path_is_that_of_a_unix_socket),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(addresses_are_compared_with_their_port),
        cmocka_unit_test(a_host_stands_for_what_it_has_on_this_machine),
        cmocka_unit_test(the_machine_itself_is_local),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
