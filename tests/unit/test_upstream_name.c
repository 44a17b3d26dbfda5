// SPDX-License-Identifier: MIT
/* Names of upstreams, asked of a name server that runs in the loop of the test: upstream/name.h */
#include "upstream_unit.h"

#include <errno.h>
#include <unistd.h>

enum { A = 1, AAAA = 28, NO_ERROR = 0, SERVER_FAILURE = 2, NAME_ERROR = 3 };

/* What the name server says of every name, and what it was asked. */
static struct zone {
    struct fd_watch watch;
    bool is_silent;
    unsigned rcode;
    uint32_t ttl;
    const char *four[3], *six[3];
    unsigned many; // addresses of IPv4 besides
    unsigned asked_a, asked_aaaa;
} zone;

static struct upstreams u;
static struct upstream_set *set;
static struct place place;
static int servers[2]; // on 127.0.0.1 and 127.0.0.2, with one port
static uint16_t port;

static size_t put_u16(unsigned char *out, unsigned value)
{
    out[0] = (unsigned char)(value >> 8);
    out[1] = (unsigned char)value;
    return 2;
}

static size_t put_record(unsigned char *out, unsigned type, const char *address)
{
    size_t n = 0, length = type == A ? 4 : 16;

    n += put_u16(out + n, 0xc00c); // the name that was asked for
    n += put_u16(out + n, type);
    n += put_u16(out + n, 1);
    n += put_u16(out + n, zone.ttl >> 16);
    n += put_u16(out + n, zone.ttl & 0xffff);
    n += put_u16(out + n, (unsigned)length);
    assert_int_equal(inet_pton(type == A ? AF_INET : AF_INET6, address, out + n), 1);
    return n + length;
}

/* RFC 1035 §4.1: the question, and all that there is of its type. */
static void on_query(struct fd_watch *w, bool readable, bool writable)
{
    unsigned char message[512];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    ssize_t got =
        recvfrom(w->fd, message, sizeof message, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
    size_t len = 12;
    unsigned type, count = 0;
    const char *const *records;

    assert_true(readable && !writable && got > 12);
    while (message[len])
        len += message[len] + 1U;
    type = (unsigned)message[len + 1] << 8 | message[len + 2];
    len += 5;
    zone.asked_a += type == A;
    zone.asked_aaaa += type == AAAA;
    if (zone.is_silent)
        return;
    records = type == A ? zone.four : zone.six;
    for (int i = 0; zone.rcode == NO_ERROR && i < 3 && records[i]; i++, count++)
        len += put_record(message + len, type, records[i]);
    for (unsigned i = 0; type == A && i < zone.many; i++, count++) {
        char text[32];

        snprintf(text, sizeof text, "127.0.1.%u", i + 1);
        len += put_record(message + len, type, text);
    }
    put_u16(message + 2, 0x8180 | zone.rcode);
    put_u16(message + 6, count);
    put_u16(message + 8, 0);
    put_u16(message + 10, 0);
    sendto(w->fd, message, len, 0, (struct sockaddr *)&from, from_len);
}

/* Both with one port; false: the second has another use for it. */
static bool listen_twice(void)
{
    struct sockaddr_in second = {.sin_family = AF_INET};

    servers[0] = listen_on("127.0.0.1", 100, &port);
    servers[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    second.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.2", &second.sin_addr);
    if (bind(servers[1], (struct sockaddr *)&second, sizeof second) == 0) {
        assert_int_equal(listen(servers[1], 100), 0);
        return true;
    }
    close(servers[0]);
    close(servers[1]);
    return false;
}

static int setup(void **state)
{
    (void)state;
    u = upstreams_new();
    set = NULL;
    zone = (struct zone){.ttl = 300, .four = {"127.0.0.1"}};
    for (int i = 0; i < 100; i++)
        if (listen_twice())
            return 0;
    return -1;
}

static void begin_with(const char *host)
{
    static char text[32];
    struct sockaddr_in to = {.sin_family = AF_INET};
    socklen_t len = sizeof to;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &len), 0);
    snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)ntohs(to.sin_port));
    u.o.resolver.servers = span_from_str(text);
    add_port(&u, host, port);
    assert_int_equal(upstream_set_new(&u.o, &set), 0);
    place_open(&place, set);
    zone.watch.on_ready = on_query;
    assert_int_equal(fd_watch_open(place.loop, &zone.watch, fd, true, false), 0);
}

static void begin(void)
{
    begin_with("app.test.");
}

static int teardown(void **state)
{
    (void)state;
    if (set) {
        fd_watch_close(&zone.watch);
        close(zone.watch.fd);
        place_close(&place);
    }
    upstream_set_free(set);
    close(servers[0]);
    close(servers[1]);
    return 0;
}

static struct name *name(void)
{
    return &place.pool->own[0].name;
}

/* The address that a connection leads to, its last byte. */
static int leads_to(const struct upstream_connection *c)
{
    struct sockaddr_in to;
    socklen_t len = sizeof to;

    assert_int_equal(getpeername(c->stream.fd, (struct sockaddr *)&to, &len), 0);
    assert_int_equal(to.sin_family, AF_INET);
    return (int)(ntohl(to.sin_addr.s_addr) & 0xff);
}

static struct upstream_wish ask_fresh(void)
{
    return ask_and_run(&place, (struct asked){.wish.fresh = true}).wish;
}

static int address_of_new_connection(void)
{
    struct upstream_wish w = ask_fresh();
    int address;

    if (!w.connection)
        fail_msg("cause %d, error %d", (int)w.cause, w.system_error);
    address = leads_to(w.connection);
    upstream_give_back(w.connection, RETURN_CLOSE);
    return address;
}

static void assert_cause(enum outcome cause)
{
    struct upstream_wish w = ask_fresh();

    assert_null(w.connection);
    assert_int_equal(w.cause, cause);
    assert_int_equal(w.phase, PHASE_RESOLVE);
    assert_true(w.resolved > 0);
}

static void a_name_is_looked_up_once_for_as_long_as_its_ttl(void **state)
{
    struct upstream_wish w;
    unsigned asked;

    (void)state;
    begin();
    w = ask_fresh();
    assert_non_null(w.connection);
    assert_int_equal(leads_to(w.connection), 1);
    assert_true(w.resolved > 0);
    upstream_give_back(w.connection, RETURN_CLOSE);
    assert_true(zone.asked_a > 0 && zone.asked_aaaa > 0);
    asked = zone.asked_a;
    w = ask_fresh();
    assert_int_equal(w.resolved, 0);
    upstream_give_back(w.connection, RETURN_CLOSE);
    assert_int_equal(zone.asked_a, asked);
    assert_true(name()->good_until > loop_now(place.loop) + 290 * CLOCK_SECOND);
    assert_true(name()->good_until <= loop_now(place.loop) + 300 * CLOCK_SECOND);
}

static void a_ttl_has_its_bounds(void **state)
{
    (void)state;
    zone.ttl = 0;
    begin();
    address_of_new_connection();
    assert_true(name()->good_until >
                loop_now(place.loop) + (LIMIT_NAME_TTL_LEAST - 500) * CLOCK_MS);
    zone.ttl = 1000000;
    name()->good_until = 0;
    address_of_new_connection();
    assert_true(name()->good_until <= loop_now(place.loop) + LIMIT_NAME_TTL_MOST * CLOCK_MS);
}

static void of_many_addresses_some_are_left_out(void **state)
{
    struct upstream_wish w;

    (void)state;
    zone.many = LIMIT_NAME_ADDRESSES + 4;
    u.o.resolver.timeout = 0;
    begin();
    assert_int_equal(set->o.resolver.timeout, LIMIT_NAME_TIMEOUT);
    w = ask_fresh(); // nobody listens at most of them
    if (w.connection)
        upstream_give_back(w.connection, RETURN_CLOSE);
    assert_int_equal(name()->count, LIMIT_NAME_ADDRESSES);
}

static void old_addresses_go_on_until_the_new_ones_are_there(void **state)
{
    struct upstream_wish w;

    (void)state;
    begin();
    assert_int_equal(address_of_new_connection(), 1);
    zone.four[0] = "127.0.0.2";
    name()->good_until = loop_now(place.loop);
    w = ask_fresh();
    assert_int_equal(w.resolved, 0);
    assert_int_equal(leads_to(w.connection), 1);
    upstream_give_back(w.connection, RETURN_CLOSE);
    while (name()->is_asking)
        run_a_while(place.loop);
    assert_int_equal(address_of_new_connection(), 2);
    // Of those that are long out of date nothing is believed before somebody was asked.
    zone.four[0] = "127.0.0.1";
    name()->good_until = loop_now(place.loop) - LIMIT_NAME_STALE * CLOCK_MS;
    assert_int_equal(address_of_new_connection(), 1);
}

static void a_kept_connection_to_an_address_that_the_name_lost_is_not_lent_again(void **state)
{
    struct upstream_connection *first, *c;

    (void)state;
    begin();
    first = get(&place);
    upstream_give_back(first, RETURN_KEEP);
    // Although nothing new is connected, the name is looked up when its time has run out.
    zone.four[1] = "127.0.0.2";
    name()->good_until = loop_now(place.loop);
    c = get(&place);
    assert_ptr_equal(c, first);
    while (name()->count == 1)
        run_a_while(place.loop);
    upstream_give_back(c, RETURN_KEEP);
    assert_ptr_equal(get(&place), first); // it has the address still
    zone.four[0] = "127.0.0.2";
    zone.four[1] = NULL;
    name()->good_until = loop_now(place.loop);
    upstream_give_back(first, RETURN_KEEP);
    c = get(&place);
    assert_ptr_equal(c, first); // the answer is not there yet
    while (name()->count == 2)
        run_a_while(place.loop);
    upstream_give_back(c, RETURN_KEEP);
    c = get(&place);
    assert_false(c->reused);
    assert_int_equal(leads_to(c), 2);
    upstream_give_back(c, RETURN_CLOSE);
}

static void old_addresses_go_on_while_no_name_server_answers(void **state)
{
    (void)state;
    u.o.resolver.timeout = 60;
    begin();
    assert_int_equal(address_of_new_connection(), 1);
    zone.is_silent = true;
    name()->good_until = loop_now(place.loop) - LIMIT_NAME_STALE * CLOCK_MS;
    assert_int_equal(address_of_new_connection(), 1);
    zone.is_silent = false;
    zone.rcode = SERVER_FAILURE;
    name()->good_until = loop_now(place.loop) - LIMIT_NAME_STALE * CLOCK_MS;
    while (name()->is_asking)
        run_a_while(place.loop);
    name()->good_until = loop_now(place.loop) - LIMIT_NAME_STALE * CLOCK_MS;
    assert_int_equal(address_of_new_connection(), 1);
    // But an answer that there is no such name any more is one.
    zone.rcode = NAME_ERROR;
    name()->good_until = loop_now(place.loop) - LIMIT_NAME_STALE * CLOCK_MS;
    assert_cause(OUTCOME_upstream_name_unknown);
}

static void a_name_that_is_unknown_is_asked_for_again_after_a_moment(void **state)
{
    unsigned asked;

    (void)state;
    u.o.health.failures = 0;
    zone.rcode = NAME_ERROR;
    begin();
    assert_cause(OUTCOME_upstream_name_unknown);
    asked = zone.asked_a;
    assert_cause(OUTCOME_upstream_name_unknown);
    assert_int_equal(zone.asked_a, asked);
    zone.rcode = NO_ERROR;
    name()->bad_until = 0;
    assert_int_equal(address_of_new_connection(), 1);
    assert_true(zone.asked_a > asked);
}

static void a_name_without_addresses_and_a_server_that_fails_are_no_names(void **state)
{
    (void)state;
    u.o.health.failures = 0;
    zone.four[0] = NULL;
    begin();
    assert_cause(OUTCOME_upstream_name_unknown);
    name()->bad_until = 0;
    zone.rcode = SERVER_FAILURE;
    assert_cause(OUTCOME_upstream_name_unknown);
}

static void silence_of_the_name_server_is_a_timeout_and_passes(void **state)
{
    (void)state;
    u.o.health.failures = 0;
    u.o.resolver.timeout = 60;
    zone.is_silent = true;
    begin();
    assert_cause(OUTCOME_upstream_name_timeout);
    assert_cause(OUTCOME_upstream_name_timeout);
    zone.is_silent = false;
    while (name()->is_asking)
        run_a_while(place.loop);
    name()->bad_until = 0;
    assert_int_equal(address_of_new_connection(), 1);
}

static void nobody_at_the_port_of_the_name_server_is_as_silence(void **state)
{
    (void)state;
    u.o.health.failures = 0;
    u.o.resolver.timeout = 300;
    begin();
    shutdown(zone.watch.fd, SHUT_RD);
    fd_watch_close(&zone.watch);
    close(zone.watch.fd);
    assert_cause(OUTCOME_upstream_name_timeout);
    zone.watch.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(fd_watch_open(place.loop, &zone.watch, zone.watch.fd, true, false), 0);
}

static void a_family_that_leads_nowhere_gives_way_to_the_other(void **state)
{
    struct upstream_wish w;

    (void)state;
    zone.six[0] = "::1"; // nobody listens there
    begin();
    w = ask_fresh();
    assert_non_null(w.connection);
    assert_int_equal(leads_to(w.connection), 1);
    assert_int_equal(w.cause, OUTCOME_NONE);
    assert_int_equal(w.system_error, 0);
    upstream_give_back(w.connection, RETURN_CLOSE);
    assert_true(name()->prefers_four);
    assert_int_equal(name()->count, 2);
}

static void of_several_failures_the_one_that_tells_most_is_told(void **state)
{
    struct upstream_wish w;

    (void)state;
    close(servers[0]);
    servers[0] = -1;
    zone.six[0] = "ff02::1"; // many, to whom no connection leads
    zone.six[1] = "::1";
    begin();
    w = ask_fresh();
    assert_null(w.connection);
    assert_int_equal(w.cause, OUTCOME_upstream_refused);
    assert_int_equal(w.system_error, ECONNREFUSED);
    assert_int_equal(w.phase, PHASE_CONNECT);
}

static void several_addresses_take_turns(void **state)
{
    int first;

    (void)state;
    zone.four[1] = "127.0.0.2";
    begin();
    first = address_of_new_connection();
    assert_int_equal(address_of_new_connection(), 3 - first);
    assert_int_equal(address_of_new_connection(), first);
}

/* RFC 8305 §5 */
static void beside_an_address_that_is_silent_the_next_one_is_tried(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct upstream_wish w;
    int fds[8];
    int64_t longest = 0;

    (void)state;
    zone.four[1] = "127.0.0.2";
    inet_pton(AF_INET, "127.0.0.2", &to.sin_addr);
    assert_int_equal(listen(servers[1], 0), 0);
    for (int i = 0; i < 8; i++) { // nobody accepts them: what knocks then is dropped
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fds[i], (struct sockaddr *)&to, sizeof to);
    }
    begin();
    for (int i = 0; i < 2; i++) { // each of them is the first one once
        w = ask_fresh();
        assert_non_null(w.connection);
        assert_int_equal(leads_to(w.connection), 1);
        longest = w.connected > longest ? w.connected : longest;
        upstream_give_back(w.connection, RETURN_CLOSE);
    }
    assert_true(longest >= (LIMIT_CONNECT_STAGGER - 16) * CLOCK_MS);
    assert_true(longest < 2000 * CLOCK_MS);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
}

static void the_hosts_file_is_read(void **state)
{
    (void)state;
    begin_with("localhost");
    assert_int_equal(address_of_new_connection(), 1);
    assert_int_equal(zone.asked_a + zone.asked_aaaa, 0);
}

static void a_wish_that_waits_for_a_name_can_be_withdrawn_and_others_go_on(void **state)
{
    struct asked a = {.runs_on = true}, b = {0};

    (void)state;
    begin();
    ask(&place, &a);
    ask(&place, &b);
    upstream_withdraw(&a.wish);
    place_run(&place);
    assert_int_equal(a.done, 0);
    assert_non_null(b.wish.connection);
    upstream_give_back(b.wish.connection, RETURN_KEEP);
    assert_int_equal(zone.asked_a, 1); // one lookup for both
}

static void a_pool_closes_while_a_name_is_looked_up(void **state)
{
    struct asked a = {.runs_on = true};

    (void)state;
    zone.is_silent = true;
    begin();
    ask(&place, &a);
    assert_true(run_a_while(place.loop));
    upstream_withdraw(&a.wish);
    assert_int_equal(a.done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_looked_up_once_for_as_long_as_its_ttl),
        TEST(a_ttl_has_its_bounds),
        TEST(of_many_addresses_some_are_left_out),
        TEST(old_addresses_go_on_until_the_new_ones_are_there),
        TEST(a_kept_connection_to_an_address_that_the_name_lost_is_not_lent_again),
        TEST(old_addresses_go_on_while_no_name_server_answers),
        TEST(a_name_that_is_unknown_is_asked_for_again_after_a_moment),
        TEST(a_name_without_addresses_and_a_server_that_fails_are_no_names),
        TEST(silence_of_the_name_server_is_a_timeout_and_passes),
        TEST(nobody_at_the_port_of_the_name_server_is_as_silence),
        TEST(a_family_that_leads_nowhere_gives_way_to_the_other),
        TEST(of_several_failures_the_one_that_tells_most_is_told),
        TEST(several_addresses_take_turns),
        TEST(beside_an_address_that_is_silent_the_next_one_is_tried),
        TEST(the_hosts_file_is_read),
        TEST(a_wish_that_waits_for_a_name_can_be_withdrawn_and_others_go_on),
        TEST(a_pool_closes_while_a_name_is_looked_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
