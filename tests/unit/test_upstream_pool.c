// SPDX-License-Identifier: MIT
/* Connections to upstreams: made, kept, refused. upstream/pool.h */
#include "upstream_unit.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct upstream_set *set;
static struct place place;
static struct upstreams u;
static int server;
static uint16_t port;

static void begin(void)
{
    assert_int_equal(upstream_set_new(&u.o, &set), 0);
    place_open(&place, set);
}

static int setup(void **state)
{
    (void)state;
    u = upstreams_new();
    server = listen_on("127.0.0.1", 100, &port);
    set = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (set)
        place_close(&place);
    upstream_set_free(set);
    close(server);
    return 0;
}

static void a_connection_is_made_kept_and_lent_again(void **state)
{
    struct upstream_connection *c;
    struct asked a;
    int peer;

    (void)state;
    add_port(&u, "127.0.0.1", port);
    begin();
    a = ask_and_run(&place, (struct asked){0});
    c = a.wish.connection;
    assert_non_null(c);
    assert_int_equal(a.wish.target, 0);
    assert_false(c->reused);
    assert_true(a.wish.connected > 0);
    assert_int_equal(a.wish.resolved, 0);
    peer = accept(server, NULL, NULL);
    assert_true(peer >= 0);
    upstream_give_back(c, RETURN_KEEP);
    a = ask_and_run(&place, (struct asked){0});
    assert_ptr_equal(a.wish.connection, c);
    assert_true(c->reused);
    assert_int_equal(a.wish.connected, 0);
    upstream_give_back(c, RETURN_CLOSE);
    assert_int_equal(read(wait_readable(peer), &(char){0}, 1), 0);
    close(peer);
}

static void the_last_one_that_was_kept_is_lent_first_and_a_fresh_one_is_new(void **state)
{
    struct upstream_connection *a, *b, *c;
    struct asked fresh;

    (void)state;
    add_port(&u, "127.0.0.1", port);
    begin();
    a = get(&place);
    b = get(&place);
    assert_ptr_not_equal(a, b);
    upstream_give_back(a, RETURN_KEEP);
    upstream_give_back(b, RETURN_KEEP);
    assert_ptr_equal(get(&place), b);
    fresh = ask_and_run(&place, (struct asked){.wish.fresh = true});
    c = fresh.wish.connection;
    assert_false(c->reused);
    assert_ptr_equal(get(&place), a);
    upstream_give_back(a, RETURN_KEEP);
    upstream_give_back(b, RETURN_KEEP);
    upstream_give_back(c, RETURN_RESET);
}

static void a_kept_connection_that_ended_or_got_stray_bytes_is_never_lent(void **state)
{
    struct upstream_connection *a, *b;
    int of_a, of_b;

    (void)state;
    add_port(&u, "127.0.0.1", port);
    begin();
    a = get(&place);
    of_a = accept(server, NULL, NULL);
    b = get(&place);
    of_b = accept(server, NULL, NULL);
    upstream_give_back(a, RETURN_KEEP);
    upstream_give_back(b, RETURN_KEEP);
    close(of_a);
    assert_int_equal(write(of_b, "x", 1), 1);
    // Both are closed for it: our side of the second is seen to end.
    assert_true(run_a_while(place.loop));
    assert_int_equal(atomic_load(&place.pool->own[0].kept_count), 0);
    assert_true(read(wait_readable(of_b), &(char){0}, 1) <= 0);
    close(of_b);
    a = get(&place);
    assert_false(a->reused);
    // What has come already when it is given back is found as well.
    of_a = accept(server, NULL, NULL);
    assert_int_equal(write(of_a, "x", 1), 1);
    assert_true(run_a_while(place.loop));
    upstream_give_back(a, RETURN_KEEP);
    assert_int_equal(atomic_load(&place.pool->own[0].kept_count), 0);
    close(of_a);
}

static void an_idle_connection_is_kept_as_long_as_was_said(void **state)
{
    int peer;

    (void)state;
    u.o.keep_timeout = 50;
    add_port(&u, "127.0.0.1", port);
    begin();
    upstream_give_back(get(&place), RETURN_KEEP);
    peer = accept(server, NULL, NULL);
    assert_int_equal(atomic_load(&place.pool->own[0].kept_count), 1);
    while (atomic_load(&place.pool->own[0].kept_count))
        run_a_while(place.loop);
    assert_int_equal(read(wait_readable(peer), &(char){0}, 1), 0);
    close(peer);
}

static void a_worker_keeps_no_more_than_so_many(void **state)
{
    static struct upstream_connection *all[LIMIT_UPSTREAM_KEPT + 2];
    static int peers[LIMIT_UPSTREAM_KEPT + 2];
    struct rlimit limit;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < 2 * LIMIT_UPSTREAM_KEPT + 100)
        skip();
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    add_port(&u, "127.0.0.1", port);
    begin();
    for (int i = 0; i < LIMIT_UPSTREAM_KEPT + 2; i++) {
        all[i] = get(&place);
        peers[i] = accept(server, NULL, NULL);
        assert_true(peers[i] >= 0);
    }
    for (int i = 0; i < LIMIT_UPSTREAM_KEPT + 2; i++)
        upstream_give_back(all[i], RETURN_KEEP);
    assert_int_equal(atomic_load(&place.pool->own[0].kept_count), LIMIT_UPSTREAM_KEPT);
    for (int i = 0; i < LIMIT_UPSTREAM_KEPT + 2; i++)
        close(peers[i]);
}

static void an_address_of_ipv6_is_connected(void **state)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t len = sizeof to;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    if (fd < 0 || bind(fd, (struct sockaddr *)&to, len) < 0)
        skip(); // a machine without it
    assert_int_equal(listen(fd, 10), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &len), 0);
    add_port(&u, "[::1]", ntohs(to.sin6_port));
    begin();
    upstream_give_back(get(&place), RETURN_CLOSE);
    close(fd);
}

static void refusals_are_told_with_what_the_system_said(void **state)
{
    struct asked a;

    (void)state;
    close(server);
    server = -1;
    add_port(&u, "127.0.0.1", port);
    begin();
    a = ask_and_run(&place, (struct asked){0});
    assert_null(a.wish.connection);
    assert_int_equal(a.wish.cause, OUTCOME_upstream_refused);
    assert_int_equal(a.wish.system_error, ECONNREFUSED);
    assert_int_equal(a.wish.phase, PHASE_CONNECT);
    assert_int_equal(a.wish.target, 0);
}

static void where_no_way_leads_is_told(void **state)
{
    struct asked a;

    (void)state;
    add_port(&u, "224.0.0.1", port); // many, to whom no connection leads
    begin();
    a = ask_and_run(&place, (struct asked){0});
    assert_null(a.wish.connection);
    assert_int_equal(a.wish.cause, OUTCOME_upstream_unroutable);
    assert_int_equal(a.wish.system_error, ENETUNREACH);
    assert_int_equal(a.wish.phase, PHASE_CONNECT);
}

static void a_unix_socket_is_connected_and_its_absence_and_a_full_backlog_refuse(void **state)
{
    char folder[] = "/tmp/candor-pool-XXXXXX", text[64];
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct upstream_connection *c;
    struct asked a;
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(to.sun_path, sizeof to.sun_path, "%s/s", folder);
    snprintf(text, sizeof text, "unix:%s/s:/base", folder);
    add_target(&u, text);
    u.o.health.failures = 0;
    begin();
    a = ask_and_run(&place, (struct asked){0});
    assert_int_equal(a.wish.cause, OUTCOME_upstream_refused);
    assert_int_equal(a.wish.system_error, ENOENT);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(listen(fd, 0), 0);
    c = get(&place);
    a = ask_and_run(&place, (struct asked){0});
    assert_int_equal(a.wish.cause, OUTCOME_upstream_refused);
    assert_int_equal(a.wish.system_error, EAGAIN);
    upstream_give_back(c, RETURN_KEEP);
    assert_ptr_equal(get(&place), c);
    upstream_give_back(c, RETURN_CLOSE);
    close(fd);
    unlink(to.sun_path);
    rmdir(folder);
}

/* A backlog that is full drops what knocks; nobody accepts. */
static void fill_backlog(int count, int *fds)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    for (int i = 0; i < count; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fds[i], (struct sockaddr *)&to, sizeof to);
    }
}

static void silence_is_a_timeout_of_the_connect(void **state)
{
    int fds[8];
    struct asked a;

    (void)state;
    assert_int_equal(listen(server, 0), 0);
    fill_backlog(8, fds);
    u.o.connect_timeout = 100;
    add_port(&u, "127.0.0.1", port);
    begin();
    a = ask_and_run(&place, (struct asked){0});
    assert_null(a.wish.connection);
    assert_int_equal(a.wish.cause, OUTCOME_upstream_connect_timeout);
    assert_int_equal(a.wish.phase, PHASE_CONNECT);
    assert_true(a.wish.connected >= 100 * CLOCK_MS - 16 * CLOCK_MS);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
}

static void no_descriptor_is_our_own_fault_and_no_failure_of_the_upstream(void **state)
{
    const int highest = dup(server);
    struct rlimit was, none;
    struct asked a;

    (void)state;
    u.o.health.failures = 1;
    add_port(&u, "127.0.0.1", port);
    begin();
    close(highest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    none = was;
    none.rlim_cur = (rlim_t)highest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    a = ask_and_run(&place, (struct asked){0});
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_int_equal(a.wish.cause, OUTCOME_upstream_own_fault);
    assert_int_equal(a.wish.system_error, EMFILE);
    upstream_give_back(get(&place), RETURN_CLOSE);
}

/* Wherever it is: in the queue, while it connects, and just before it is done. */
static void a_wish_that_is_withdrawn_is_not_done(void **state)
{
    struct asked a = {.runs_on = true}, b = {.runs_on = true}, c = {.runs_on = true};
    struct upstream_connection *lent;

    (void)state;
    u.o.max_connections = 1;
    add_port(&u, "127.0.0.1", port);
    begin();
    ask(&place, &a);
    ask(&place, &b);
    upstream_withdraw(&a.wish);
    upstream_withdraw(&b.wish);
    assert_true(run_a_while(place.loop));
    lent = get(&place);
    upstream_give_back(lent, RETURN_KEEP);
    ask(&place, &c);
    upstream_withdraw(&c.wish);
    assert_true(run_a_while(place.loop));
    assert_int_equal(a.done + b.done + c.done, 0);
    assert_int_equal(atomic_load(&set->shared[0].in_flight), 0);
    assert_int_equal(atomic_load(&set->waiting), 0);
    a = (struct asked){0};
    ask(&place, &a);
    place_run(&place);
    assert_ptr_equal(a.wish.connection, lent);
    upstream_withdraw(&a.wish); // it was done: the connection stays who has it
    assert_int_equal(atomic_load(&set->shared[0].in_flight), 1);
    upstream_give_back(lent, RETURN_CLOSE);
    assert_int_equal(atomic_load(&set->shared[0].connections), 0);
}

static unsigned again_calls;

static void ask_again(struct upstream_wish *w)
{
    struct asked *a = container_of(w, struct asked, wish);

    if (again_calls++ == 0) {
        assert_int_equal(w->cause, OUTCOME_upstream_refused);
        w->avoid |= UINT64_C(1) << w->target;
        upstream_ask(place.pool, w);
        assert_int_equal(again_calls, 1);
    } else {
        loop_stop(a->place->loop);
    }
}

static void a_wish_may_be_asked_again_within_its_done(void **state)
{
    struct asked a = {.place = &place};
    uint16_t dead;

    (void)state;
    again_calls = 0;
    u.o.balance = BALANCE_ROUND_ROBIN;
    close(listen_on("127.0.0.1", 1, &dead));
    add_port(&u, "127.0.0.1", dead);
    add_port(&u, "127.0.0.1", port);
    begin();
    a.wish.done = ask_again;
    upstream_ask(place.pool, &a.wish);
    place_run(&place);
    assert_int_equal(again_calls, 2);
    assert_non_null(a.wish.connection);
    assert_int_equal(a.wish.target, 1);
    assert_int_equal(a.wish.cause, OUTCOME_NONE); // nothing is left of the first time
    assert_int_equal(a.wish.system_error, 0);
    upstream_give_back(a.wish.connection, RETURN_KEEP);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_is_made_kept_and_lent_again),
        TEST(the_last_one_that_was_kept_is_lent_first_and_a_fresh_one_is_new),
        TEST(a_kept_connection_that_ended_or_got_stray_bytes_is_never_lent),
        TEST(an_idle_connection_is_kept_as_long_as_was_said),
        TEST(a_worker_keeps_no_more_than_so_many),
        TEST(an_address_of_ipv6_is_connected),
        TEST(refusals_are_told_with_what_the_system_said),
        TEST(where_no_way_leads_is_told),
        TEST(a_unix_socket_is_connected_and_its_absence_and_a_full_backlog_refuse),
        TEST(silence_is_a_timeout_of_the_connect),
        TEST(no_descriptor_is_our_own_fault_and_no_failure_of_the_upstream),
        TEST(a_wish_that_is_withdrawn_is_not_done),
        TEST(a_wish_may_be_asked_again_within_its_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
