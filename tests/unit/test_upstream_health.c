// SPDX-License-Identifier: MIT
/* Whether an upstream is well, by what becomes of requests and by checks: upstream/health.h */
#include "upstream_unit.h"

#include "upstream/health.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#define SECOND CLOCK_SECOND

static struct upstreams u;
static struct upstream_set *set;
static struct place place;
static struct listener listener; // the upstream, in the same loop
static int server;
static uint16_t port;
static const char *answer; // of the upstream; NULL: it is silent, "": it closes
static unsigned checks, visitors;
static char last_check[512];

static int setup(void **state)
{
    (void)state;
    u = upstreams_new();
    server = listen_on("127.0.0.1", 100, &port);
    listener = (struct listener){.fd = -1};
    set = NULL;
    place = (struct place){0};
    checks = 0;
    return 0;
}

static void begin(void)
{
    assert_int_equal(upstream_set_new(&u.o, &set), 0);
}

static int teardown(void **state)
{
    (void)state;
    if (listener.fd >= 0)
        listener_close(&listener);
    else if (server >= 0)
        close(server);
    if (place.loop)
        place_close(&place);
    upstream_set_free(set);
    return 0;
}

static void fail_times(unsigned target, unsigned times, int64_t now)
{
    while (times--)
        health_report(set, target, false, now, 0);
}

static void failures_in_a_row_eject_and_a_success_between_does_not_count_them_on(void **state)
{
    (void)state;
    add_port(&u, "127.0.0.1", port);
    add_port(&u, "127.0.0.2", port);
    begin();
    fail_times(0, 2, SECOND);
    health_report(set, 0, true, SECOND, 0);
    fail_times(0, 2, SECOND);
    assert_int_equal(health_targets(set, SECOND), 3);
    fail_times(0, 1, SECOND);
    assert_int_equal(health_targets(set, SECOND), 2);
    assert_int_equal(health_targets(set, 2 * SECOND - 1), 2);
    assert_int_equal(health_targets(set, 2 * SECOND), 3);
}

static void one_request_tries_it_and_decides(void **state)
{
    bool is_trial;
    int64_t now = SECOND;

    (void)state;
    add_port(&u, "127.0.0.1", port);
    begin();
    fail_times(0, 3, now);
    assert_false(health_claim(set, 0, now, &is_trial));
    health_report(set, 0, true, now, 0); // of before: it says nothing
    assert_int_equal(health_targets(set, now), 0);
    now += SECOND;
    assert_true(health_claim(set, 0, now, &is_trial));
    assert_true(is_trial);
    assert_false(health_claim(set, 0, now, &is_trial));
    assert_int_equal(health_targets(set, now), 0);
    fail_times(0, 1, now); // one is enough
    assert_int_equal(health_targets(set, now + 2 * SECOND - 1), 0);
    now += 2 * SECOND;
    assert_true(health_claim(set, 0, now, &is_trial));
    assert_true(health_report(set, 0, true, now, 0));
    assert_int_equal(health_targets(set, now), 1);
    assert_true(health_claim(set, 0, now, &is_trial));
    assert_false(is_trial);
}

static void a_trial_of_which_nothing_is_heard_leaves_room_for_another(void **state)
{
    bool is_trial;
    int64_t now = SECOND, trial = LIMIT_TRIAL * CLOCK_MS;

    (void)state;
    add_port(&u, "127.0.0.1", port);
    begin();
    fail_times(0, 3, now);
    now += SECOND;
    assert_true(health_claim(set, 0, now, &is_trial));
    assert_false(health_claim(set, 0, now + trial - 1, &is_trial));
    assert_true(health_claim(set, 0, now + trial, &is_trial));
    health_disclaim(set, 0);
    assert_true(health_claim(set, 0, now + trial, &is_trial));
}

static int64_t ejected_for(int64_t now, uint64_t random)
{
    bool is_trial;

    assert_true(health_claim(set, 0, now, &is_trial));
    health_report(set, 0, false, now, random);
    return health_wait(set, now);
}

static void an_ejection_grows_to_a_bound_and_begins_anew_when_it_was_well(void **state)
{
    static const int64_t wanted[] = {2, 4, 8, 16, 32, 60, 60, 60};
    int64_t now = SECOND;

    (void)state;
    add_port(&u, "127.0.0.1", port);
    begin();
    fail_times(0, 3, now);
    assert_int_equal(health_wait(set, now), SECOND);
    now += SECOND;
    for (unsigned i = 0; i < 8; i++) {
        int64_t time = ejected_for(now, i % 2 ? 0 : UINT64_MAX / 3);

        assert_true(time <= wanted[i] * SECOND);
        assert_true(time >= wanted[i] * SECOND * 3 / 4);
        now += time;
    }
    health_report(set, 0, true, now, 0);
    fail_times(0, 3, now + SECOND); // soon after, it goes on
    assert_int_equal(health_wait(set, now + SECOND), 60 * SECOND);
    now += 61 * SECOND;
    health_report(set, 0, true, now, 0);
    now += LIMIT_EJECTION_MOST * CLOCK_MS + 1;
    fail_times(0, 3, now);
    assert_int_equal(health_wait(set, now), SECOND);
}

static void without_a_number_of_failures_nothing_is_ejected(void **state)
{
    (void)state;
    u.o.health.failures = 0;
    add_port(&u, "127.0.0.1", port);
    begin();
    fail_times(0, 100, SECOND);
    assert_int_equal(health_targets(set, SECOND), 1);
}

static void checks_that_fail_take_it_out_and_one_that_does_not_lets_a_request_try_it(void **state)
{
    bool is_trial;

    (void)state;
    add_port(&u, "127.0.0.1", port);
    begin();
    for (int i = 0; i < 2; i++)
        health_probed(set, 0, false, SECOND, 6 * SECOND);
    assert_int_equal(health_targets(set, SECOND), 1);
    health_probed(set, 0, false, SECOND, 6 * SECOND);
    assert_int_equal(health_targets(set, SECOND), 0);
    assert_int_equal(health_targets(set, 100 * SECOND), 0);
    assert_int_equal(health_wait(set, SECOND), 5 * SECOND);
    assert_true(health_probed(set, 0, true, 6 * SECOND, 11 * SECOND));
    assert_int_equal(health_targets(set, 6 * SECOND), 1);
    // Requests alone may have ejected it for long.
    fail_times(0, 3, 7 * SECOND);
    assert_int_equal(health_targets(set, 7 * SECOND), 0);
    assert_true(health_probed(set, 0, true, 7 * SECOND, 12 * SECOND));
    assert_true(health_claim(set, 0, 7 * SECOND, &is_trial));
    assert_true(is_trial);
}

/* In a pool. */

static void an_upstream_that_refuses_is_soon_not_asked_any_more(void **state)
{
    uint16_t dead;
    unsigned refused = 0;

    (void)state;
    close(listen_on("127.0.0.1", 1, &dead));
    add_port(&u, "127.0.0.1", dead);
    add_port(&u, "127.0.0.1", port);
    u.o.balance = BALANCE_ROUND_ROBIN;
    begin();
    place_open(&place, set);
    for (int i = 0; i < 20; i++) {
        struct asked a = ask_and_run(&place, (struct asked){0});

        if (a.wish.connection)
            upstream_give_back(a.wish.connection, RETURN_KEEP);
        else
            refused += a.wish.cause == OUTCOME_upstream_refused;
    }
    assert_int_equal(refused, 3);
}

static void where_all_are_ejected_it_is_told_when_to_come_again_and_then_it_is_tried(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct asked a;

    (void)state;
    close(server);
    u.o.health.failures = 1;
    add_port(&u, "127.0.0.1", port);
    begin();
    place_open(&place, set);
    a = ask_and_run(&place, (struct asked){0});
    assert_int_equal(a.wish.cause, OUTCOME_upstream_refused);
    a = ask_and_run(&place, (struct asked){0});
    assert_int_equal(a.wish.cause, OUTCOME_upstream_unavailable);
    assert_int_equal(a.wish.target, -1);
    assert_in_range(a.wish.retry_after, 1, 2);
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    assert_int_equal(bind(server, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(listen(server, 10), 0);
    while (!health_targets(set, loop_now(place.loop)))
        run_a_while(place.loop);
    a = ask_and_run(&place, (struct asked){0});
    assert_non_null(a.wish.connection);
    assert_true(a.wish.is_trial);
    upstream_give_back(a.wish.connection, RETURN_CLOSE);
    upstream_report(place.pool, 0, true);
    assert_int_equal(atomic_load(&set->unwell), 0);
}

static void a_trial_makes_a_connection_of_its_own(void **state)
{
    struct asked a;

    (void)state;
    add_port(&u, "127.0.0.1", port);
    u.o.health.failures = 1;
    u.o.max_connections = 1;
    begin();
    place_open(&place, set);
    upstream_give_back(get(&place), RETURN_KEEP);
    upstream_report(place.pool, 0, false);
    set->shared[0].ejected_until = 1; // it has passed
    atomic_store(&set->look_at, 1);
    a = ask_and_run(&place, (struct asked){0});
    assert_non_null(a.wish.connection);
    assert_false(a.wish.connection->reused);
    upstream_give_back(a.wish.connection, RETURN_KEEP);
    upstream_report(place.pool, 0, true);
    a = ask_and_run(&place, (struct asked){0});
    assert_true(a.wish.connection->reused);
    upstream_give_back(a.wish.connection, RETURN_KEEP);
}

static void those_to_be_avoided_are_asked_only_if_there_is_no_other(void **state)
{
    (void)state;
    add_port(&u, "127.0.0.1", port);
    add_port(&u, "127.0.0.1", port);
    begin();
    place_open(&place, set);
    for (int i = 0; i < 20; i++) {
        struct asked a = ask_and_run(&place, (struct asked){.wish.avoid = i % 2 ? 1 : 2});

        assert_int_equal(a.wish.target, i % 2);
        upstream_give_back(a.wish.connection, RETURN_CLOSE);
    }
    upstream_give_back(ask_and_run(&place, (struct asked){.wish.avoid = 3}).wish.connection,
                       RETURN_CLOSE);
}

/* Checks: an upstream in the loop. */

struct visitor {
    struct stream stream;
    struct iovec iov;
};

static void on_visitor_closed(struct stream *s)
{
    visitors--;
    free(container_of(s, struct visitor, stream));
}

static void on_answered(struct stream *s, ssize_t result)
{
    (void)s;
    (void)result;
}

static void on_visitor(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct visitor *v = container_of(s, struct visitor, stream);

    if (result <= 0 || (answer && !*answer)) {
        loop_buffer_release(place.loop, b);
        stream_close(s, on_visitor_closed);
        return;
    }
    snprintf(last_check, sizeof last_check, "%.*s", (int)b->len, b->data);
    loop_buffer_release(place.loop, b);
    if (answer) {
        v->iov = (struct iovec){.iov_base = (char *)(uintptr_t)answer, .iov_len = strlen(answer)};
        stream_send(s, &v->iov, 1, 0, on_answered);
    }
    stream_recv(s, NULL, on_visitor);
}

static void on_accept(struct listener *l, int fd, const struct sockaddr *from, socklen_t len)
{
    struct visitor *v = calloc(1, sizeof *v);

    (void)from;
    (void)len;
    checks++;
    visitors++;
    assert_int_equal(stream_open(l->loop, &v->stream, fd), 0);
    stream_recv(&v->stream, NULL, on_visitor);
}

static void begin_checked(const char *scheme)
{
    char text[64];

    snprintf(text, sizeof text, "%s://127.0.0.1:%u", scheme, (unsigned)port);
    add_target(&u, text);
    u.o.health.path = SPAN("/healthz?x");
    u.o.health.interval = 20;
    u.o.health.timeout = 60;
    u.o.health.status = 204;
    u.o.health.failures = 2;
    begin();
    place_open(&place, set);
    fcntl(server, F_SETFL, O_NONBLOCK);
    listener.on_accept = on_accept;
    assert_int_equal(listener_open(place.loop, &listener, server), 0);
    listener.on_accept = on_accept;
}

/* Runs until the checks say so, and once more. */
static void run_until(bool is_down)
{
    for (int i = 0; i < 1000 && set->shared[0].is_down != is_down; i++)
        run_a_while(place.loop);
    assert_int_equal(set->shared[0].is_down, is_down);
}

static void end_checked(void)
{
    upstream_pool_close(place.pool);
    do // the visitors see that they are closed
        assert_true(run_a_while(place.loop));
    while (visitors);
    assert_int_equal(upstream_pool_open(place.loop, set, &place.pool), 0);
}

static void a_check_asks_for_the_path_and_compares_the_status(void **state)
{
    (void)state;
    answer = "HTTP/1.1 204 No Content\r\n\r\n";
    begin_checked("http");
    while (checks < 4)
        run_a_while(place.loop);
    assert_false(set->shared[0].is_down);
    assert_non_null(strstr(last_check, "GET /healthz?x HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert_non_null(strstr(last_check, "\r\nConnection: close\r\n\r\n"));
    answer = "HTTP/1.1 200 OK\r\n\r\n";
    run_until(true);
    assert_int_equal(ask_and_run(&place, (struct asked){0}).wish.cause,
                     OUTCOME_upstream_unavailable);
    answer = "HTTP/1.0 204\r\n";
    run_until(false);
    upstream_give_back(get(&place), RETURN_CLOSE);
    end_checked();
}

static void whatever_else_comes_is_a_failure(void **state)
{
    static char long_line[LIMIT_PROBE_LINE + 2];
    static const char good[] = "HTTP/1.1 204 No Content\r\n";
    const char *const bad[] = {
        NULL, "", "HTTP/1.1 2040\r\n", "HTTP/2 204\r\n", "204\r\n", "HTTP/1.1 204", long_line, "\n",
    };

    (void)state;
    memset(long_line, 'x', sizeof long_line - 1);
    answer = good;
    begin_checked("http");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        answer = bad[i];
        run_until(true);
        answer = good;
        run_until(false);
    }
    end_checked();
}

static void a_check_of_fastcgi_only_connects(void **state)
{
    (void)state;
    answer = NULL;
    last_check[0] = '\0';
    begin_checked("fcgi");
    while (checks < 4)
        run_a_while(place.loop);
    assert_false(set->shared[0].is_down);
    assert_string_equal(last_check, "");
    listener_pause(&listener);
    shutdown(server, SHUT_RDWR);
    run_until(true);
    end_checked();
}

static void a_check_for_which_this_machine_is_short_of_something_tells_nothing(void **state)
{
    struct rlimit was, none;
    int highest;

    (void)state;
    answer = "HTTP/1.1 404 Not Found\r\n";
    begin_checked("http");
    run_until(true);
    end_checked();
    highest = dup(server);
    close(highest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    none = was;
    none.rlim_cur = (rlim_t)highest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 10; i++)
        run_a_while(place.loop);
    assert_true(set->shared[0].is_down);
    answer = "HTTP/1.1 204 No Content\r\n";
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    run_until(false);
    end_checked();
}

static void one_worker_checks_for_all_and_another_one_when_it_goes(void **state)
{
    struct place other;

    (void)state;
    answer = "HTTP/1.1 204 No Content\r\n";
    begin_checked("http");
    place_open(&other, set);
    assert_non_null(place.pool->probes);
    assert_true(run_a_while(other.loop));
    assert_null(other.pool->probes);
    upstream_pool_close(place.pool);
    assert_true(run_a_while(place.loop));
    while (!other.pool->probes)
        run_a_while(other.loop);
    place_close(&other);
    assert_null(set->prober);
    assert_int_equal(upstream_pool_open(place.loop, set, &place.pool), 0);
    end_checked();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(failures_in_a_row_eject_and_a_success_between_does_not_count_them_on),
        TEST(one_request_tries_it_and_decides),
        TEST(a_trial_of_which_nothing_is_heard_leaves_room_for_another),
        TEST(an_ejection_grows_to_a_bound_and_begins_anew_when_it_was_well),
        TEST(without_a_number_of_failures_nothing_is_ejected),
        TEST(checks_that_fail_take_it_out_and_one_that_does_not_lets_a_request_try_it),
        TEST(an_upstream_that_refuses_is_soon_not_asked_any_more),
        TEST(where_all_are_ejected_it_is_told_when_to_come_again_and_then_it_is_tried),
        TEST(a_trial_makes_a_connection_of_its_own),
        TEST(those_to_be_avoided_are_asked_only_if_there_is_no_other),
        TEST(a_check_asks_for_the_path_and_compares_the_status),
        TEST(whatever_else_comes_is_a_failure),
        TEST(a_check_of_fastcgi_only_connects),
        TEST(a_check_for_which_this_machine_is_short_of_something_tells_nothing),
        TEST(one_worker_checks_for_all_and_another_one_when_it_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
