// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "server/config/listen.h"
#include "unit.h"

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
        struct sockaddr_storage address;
        char out[LISTEN_TEXT];
        socklen_t len = 0;

        assert_int_equal(listen_parse(span_from_str(cases[i].text), &address, &len), 0);
        assert_int_equal(len, address.ss_family == AF_INET6 ? 28 : 16);
        assert_int_equal(listen_print((struct sockaddr *)&address, out), strlen(cases[i].printed));
        assert_string_equal(out, cases[i].printed);
        listen_print_host((struct sockaddr *)&address, out);
        assert_string_equal(out, cases[i].host);
    }
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
        {"localhost:80", CANDOR_E_SYNTAX},
        {"::1:80", CANDOR_E_SYNTAX},
        {"[::1]", CANDOR_E_SYNTAX},
        {"[::1]80", CANDOR_E_SYNTAX},
        {"[::1:80", CANDOR_E_SYNTAX},
        {"[]:80", CANDOR_E_SYNTAX},
        {"[", CANDOR_E_SYNTAX},
        {"[127.0.0.1]:80", CANDOR_E_SYNTAX},
        {"[fe80::1%lo]:80", CANDOR_E_SYNTAX},
        {"127.0.0.1:65536", CANDOR_E_RANGE},
        {"99999999999999999999999", CANDOR_E_RANGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sockaddr_storage address;
        socklen_t len = 7;

        assert_int_equal(listen_parse(span_from_str(cases[i].text), &address, &len),
                         -cases[i].error);
        assert_int_equal(len, 7);
    }
    struct sockaddr_storage address;
    socklen_t len;

    assert_int_equal(listen_parse(SPAN("127.0.0.1\0:80"), &address, &len), -CANDOR_E_SYNTAX);
}

static void addresses_are_compared_with_their_port(void **state)
{
    struct sockaddr_storage a, b;
    socklen_t len;

    (void)state;
    listen_parse(SPAN("127.0.0.1:80"), &a, &len);
    listen_parse(SPAN("80"), &b, &len);
    assert_true(listen_equal((struct sockaddr *)&a, (struct sockaddr *)&b));
    listen_parse(SPAN("81"), &b, &len);
    assert_false(listen_equal((struct sockaddr *)&a, (struct sockaddr *)&b));
    listen_parse(SPAN("[::1]:80"), &b, &len);
    assert_false(listen_equal((struct sockaddr *)&a, (struct sockaddr *)&b));
    listen_parse(SPAN("[0::1]:80"), &a, &len);
    assert_true(listen_equal((struct sockaddr *)&a, (struct sockaddr *)&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_addresses_are_read_and_printed),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(addresses_are_compared_with_their_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
