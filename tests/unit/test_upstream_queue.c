// SPDX-License-Identifier: MIT
/* Requests that wait for an upstream which may have no more connections: upstream/pool.h */
#include "upstream_unit.h"

#include "base/hash.h"

#include <pthread.h>
#include <unistd.h>

static struct upstreams u;
static struct upstream_set *set;
static struct place place, other;
static int server;
static uint16_t port;

static int setup(void **state)
{
    (void)state;
    u = upstreams_new();
    u.o.max_connections = 1;
    server = listen_on("127.0.0.1", 1000, &port);
    add_port(&u, "127.0.0.1", port);
    set = NULL;
    place = other = (struct place){0};
    asked_done = 0;
    return 0;
}

static void begin(void)
{
    assert_int_equal(upstream_set_new(&u.o, &set), 0);
    place_open(&place, set);
}

static int teardown(void **state)
{
    (void)state;
    if (place.loop)
        place_close(&place);
    if (other.loop)
        place_close(&other);
    for (unsigned t = 0; set && t < u.o.count; t++) {
        assert_int_equal(atomic_load(&set->shared[t].connections), 0);
        assert_int_equal(atomic_load(&set->shared[t].in_flight), 0);
    }
    if (set)
        assert_int_equal(atomic_load(&set->waiting), 0);
    upstream_set_free(set);
    close(server);
    return 0;
}

static void requests_are_served_in_the_order_in_which_they_came(void **state)
{
    struct asked a[4] = {0};

    (void)state;
    begin();
    for (int i = 0; i < 4; i++)
        ask(&place, &a[i]);
    for (unsigned i = 0; i < 4; i++) {
        place_run(&place);
        assert_int_equal(a[i].order, i + 1);
        assert_ptr_equal(a[i].wish.connection, a[0].wish.connection);
        assert_int_equal(a[i].wish.connection->reused, i > 0);
        assert_int_equal(a[i].wish.queued > 0, i > 0);
        if (i == 0) // one that comes now has to wait behind those that are here
            assert_int_equal(atomic_load(&set->waiting), 3);
        upstream_give_back(a[i].wish.connection, RETURN_KEEP);
    }
}

static void whoever_comes_later_does_not_overtake(void **state)
{
    struct asked a = {0}, b = {0}, c = {0};

    (void)state;
    begin();
    ask(&place, &a);
    place_run(&place);
    ask(&place, &b);
    upstream_give_back(a.wish.connection, RETURN_KEEP);
    ask(&place, &c); // the connection is free, but the other one was first
    place_run(&place);
    assert_int_equal(b.done, 1);
    assert_int_equal(c.done, 0);
    upstream_give_back(b.wish.connection, RETURN_CLOSE);
    place_run(&place);
    assert_int_equal(c.done, 1);
    assert_false(c.wish.connection->reused);
    upstream_give_back(c.wish.connection, RETURN_CLOSE);
}

static void a_queue_has_a_length_and_a_time(void **state)
{
    struct asked a = {0}, waiting = {0}, refused;

    (void)state;
    u.o.queue.length = 1;
    u.o.queue.timeout = 40;
    begin();
    ask(&place, &a);
    place_run(&place);
    ask(&place, &waiting);
    refused = ask_and_run(&place, (struct asked){0});
    assert_int_equal(refused.wish.cause, OUTCOME_upstream_busy);
    assert_int_equal(refused.wish.phase, PHASE_QUEUE);
    assert_in_range(refused.wish.retry_after, 1, 20);
    place_run(&place);
    assert_int_equal(waiting.wish.cause, OUTCOME_upstream_queue_timeout);
    assert_int_equal(waiting.wish.phase, PHASE_QUEUE);
    assert_true(waiting.wish.queued >= 40 * CLOCK_MS);
    assert_in_range(waiting.wish.retry_after, 1, 20);
    upstream_give_back(a.wish.connection, RETURN_KEEP);
}

static void without_a_queue_nobody_waits(void **state)
{
    struct upstream_connection *c;

    (void)state;
    u.o.queue.length = 0;
    begin();
    c = get(&place);
    assert_int_equal(ask_and_run(&place, (struct asked){0}).wish.cause, OUTCOME_upstream_busy);
    upstream_give_back(c, RETURN_KEEP);
    upstream_give_back(get(&place), RETURN_KEEP);
}

static void a_fresh_one_takes_the_room_of_one_that_is_kept(void **state)
{
    struct upstream_connection *c;
    struct asked a;

    (void)state;
    begin();
    c = get(&place);
    upstream_give_back(c, RETURN_KEEP);
    a = ask_and_run(&place, (struct asked){.wish.fresh = true});
    assert_non_null(a.wish.connection);
    assert_false(a.wish.connection->reused);
    assert_int_equal(atomic_load(&set->shared[0].connections), 1);
    upstream_give_back(a.wish.connection, RETURN_CLOSE);
}

static void a_failed_connect_makes_room(void **state)
{
    struct asked a = {0}, b = {0};

    (void)state;
    u.o.health.failures = 0;
    close(server);
    begin();
    ask(&place, &a);
    ask(&place, &b);
    place_run(&place);
    if (!b.done)
        place_run(&place);
    assert_int_equal(a.wish.cause, OUTCOME_upstream_refused);
    assert_int_equal(b.wish.cause, OUTCOME_upstream_refused);
    server = listen_on("127.0.0.1", 1, &port);
}

static void where_all_are_ejected_meanwhile_nobody_waits_on(void **state)
{
    struct asked a = {0}, b = {0};

    (void)state;
    u.o.health.failures = 1;
    close(server);
    begin();
    ask(&place, &a);
    ask(&place, &b);
    place_run(&place);
    if (!b.done)
        place_run(&place);
    assert_int_equal(a.wish.cause, OUTCOME_upstream_refused);
    assert_int_equal(b.wish.cause, OUTCOME_upstream_unavailable);
    assert_in_range(b.wish.retry_after, 1, 2);
    server = listen_on("127.0.0.1", 1, &port);
}

/* A number whose hash chooses this target. */
static uint64_t hash_for(int target)
{
    for (uint64_t hash = 0;; hash++) {
        struct asked a = ask_and_run(&place, (struct asked){.wish.hash = hash});

        upstream_give_back(a.wish.connection, RETURN_CLOSE);
        if (a.wish.target == target)
            return hash;
    }
}

static void who_waits_for_one_upstream_does_not_hold_up_those_for_others(void **state)
{
    struct asked a = {0}, b = {0}, c = {0}, d = {0};
    char text[64];

    (void)state;
    u.o.balance = BALANCE_HASH;
    snprintf(text, sizeof text, "http://127.0.0.1:%u/base", (unsigned)port);
    add_target(&u, text);
    begin();
    a.wish.hash = b.wish.hash = d.wish.hash = hash_for(0);
    c.wish.hash = hash_for(1);
    ask(&place, &a);
    place_run(&place);
    ask(&place, &b);
    ask(&place, &c);
    place_run(&place);
    assert_int_equal(c.done, 1);
    assert_int_equal(b.done, 0);
    upstream_give_back(a.wish.connection, RETURN_KEEP);
    ask(&place, &d);
    place_run(&place);
    assert_int_equal(b.done, 1);
    assert_int_equal(d.done, 0);
    upstream_give_back(b.wish.connection, RETURN_KEEP);
    place_run(&place);
    assert_int_equal(d.done, 1);
    upstream_give_back(c.wish.connection, RETURN_CLOSE);
    upstream_give_back(d.wish.connection, RETURN_CLOSE);
}

static void a_retry_that_waits_for_the_others_does_not_hold_up_who_may_go_anywhere(void **state)
{
    struct asked a = {.wish.avoid = 2}, retry = {.wish.avoid = 2}, any = {0}, last = {0};
    char text[64];

    (void)state;
    snprintf(text, sizeof text, "http://127.0.0.1:%u/base", (unsigned)port);
    add_target(&u, text);
    begin();
    ask(&place, &a);
    place_run(&place);
    assert_int_equal(a.wish.target, 0);
    ask(&place, &retry);
    ask(&place, &any);
    place_run(&place);
    assert_int_equal(any.done, 1);
    assert_int_equal(any.wish.target, 1);
    assert_int_equal(retry.done, 0);
    ask(&place, &last);
    upstream_give_back(a.wish.connection, RETURN_KEEP);
    place_run(&place);
    assert_int_equal(retry.done, 1); // who came first is first
    assert_int_equal(last.done, 0);
    upstream_give_back(any.wish.connection, RETURN_KEEP);
    place_run(&place);
    assert_int_equal(last.wish.target, 1);
    upstream_give_back(last.wish.connection, RETURN_CLOSE);
    upstream_give_back(retry.wish.connection, RETURN_CLOSE);
}

/* Two workers. */

static void an_idle_connection_of_another_worker_makes_way(void **state)
{
    struct asked a = {0};

    (void)state;
    begin();
    place_open(&other, set);
    upstream_give_back(get(&place), RETURN_KEEP);
    ask(&other, &a);
    while (atomic_load(&place.pool->own[0].kept_count))
        run_a_while(place.loop);
    place_run(&other);
    assert_non_null(a.wish.connection);
    assert_false(a.wish.connection->reused);
    upstream_give_back(a.wish.connection, RETURN_CLOSE);
}

static void one_that_is_given_back_goes_to_the_worker_whose_requests_wait(void **state)
{
    struct upstream_connection *c;
    struct asked a = {0};

    (void)state;
    begin();
    place_open(&other, set);
    c = get(&place);
    ask(&other, &a);
    assert_true(run_a_while(other.loop));
    assert_int_equal(a.done, 0);
    upstream_give_back(c, RETURN_KEEP);
    place_run(&other);
    assert_non_null(a.wish.connection);
    upstream_give_back(a.wish.connection, RETURN_CLOSE);
}

static void a_worker_that_is_busy_leaves_others_their_turn(void **state)
{
    struct asked mine = {0}, theirs = {0};
    struct upstream_connection *c;

    (void)state;
    begin();
    place_open(&other, set);
    c = get(&place);
    ask(&other, &theirs);
    for (int64_t until = clock_monotonic() + 2 * LIMIT_QUEUE_TURN * CLOCK_MS;
         clock_monotonic() < until;)
        run_a_while(place.loop);
    ask(&place, &mine);
    upstream_give_back(c, RETURN_KEEP);
    place_run(&other);
    assert_int_equal(theirs.done, 1);
    assert_int_equal(mine.done, 0);
    upstream_give_back(theirs.wish.connection, RETURN_KEEP);
    place_run(&place);
    assert_int_equal(mine.done, 1);
    upstream_give_back(mine.wish.connection, RETURN_CLOSE);
}

/* Threads. */

enum { WORKERS = 3, CLIENTS = 6, REQUESTS = 60, MOST = 2 };

static _Atomic int lent, lent_most;

struct client {
    struct upstream_wish wish;
    struct worker *worker;
    struct timer work, regret;
    int left;
};

struct worker {
    pthread_t thread;
    struct place place;
    struct client clients[CLIENTS];
    int running, failed, withdrawn;
};

static bool with_regrets; // some wishes are withdrawn after a while

static void client_next(struct client *c);

static void client_worked(struct timer *t)
{
    struct client *c = container_of(t, struct client, work);

    atomic_fetch_sub(&lent, 1);
    upstream_give_back(c->wish.connection, c->left % 7 ? RETURN_KEEP : RETURN_CLOSE);
    client_next(c);
}

static void client_done(struct upstream_wish *w)
{
    struct client *c = container_of(w, struct client, wish);
    int now, most = atomic_load(&lent_most);

    timer_stop(&c->regret);
    if (!w->connection) {
        c->worker->failed++;
        client_next(c);
        return;
    }
    now = atomic_fetch_add(&lent, 1) + 1;
    while (now > most && !atomic_compare_exchange_weak(&lent_most, &most, now))
        continue;
    if (c->left % 5) // some keep it for a round or two, most give it back at once
        client_worked(&c->work);
    else
        timer_set(c->worker->place.loop, &c->work, 0);
}

static void client_regrets(struct timer *t)
{
    struct client *c = container_of(t, struct client, regret);

    upstream_withdraw(&c->wish);
    c->worker->withdrawn++;
    client_next(c);
}

static void client_next(struct client *c)
{
    if (c->left-- == 0) {
        if (--c->worker->running == 0)
            loop_stop(c->worker->place.loop);
        return;
    }
    c->wish = (struct upstream_wish){
        .done = client_done, .hash = (uint64_t)c->left, .fresh = c->left % 9 == 0};
    upstream_ask(c->worker->place.pool, &c->wish);
    if (with_regrets && c->left % 3 == 0)
        timer_set(c->worker->place.loop, &c->regret, 0);
    else if (with_regrets && c->left % 5 == 0)
        client_regrets(&c->regret);
}

static void *worker_main(void *argument)
{
    struct worker *w = argument;

    place_open(&w->place, set);
    w->running = CLIENTS;
    for (int i = 0; i < CLIENTS; i++) {
        w->clients[i] = (struct client){.worker = w, .left = REQUESTS};
        timer_init(&w->clients[i].work, client_worked);
        timer_init(&w->clients[i].regret, client_regrets);
        client_next(&w->clients[i]);
    }
    place_run(&w->place);
    place_close(&w->place);
    return NULL;
}

/* An upstream that takes every connection and closes it when its client does. */
struct acceptor {
    struct loop *loop;
    struct listener listener;
    struct loop_message stop;
    pthread_t thread;
};

static void on_visitor_closed(struct stream *s)
{
    free(s);
}

static void on_visitor(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    (void)result;
    loop_buffer_release(s->loop, b);
    stream_close(s, on_visitor_closed);
    loop_let_go(s->loop);
}

static void on_accept(struct listener *l, int fd, const struct sockaddr *from, socklen_t len)
{
    struct stream *s = calloc(1, sizeof *s);

    (void)from;
    (void)len;
    assert_int_equal(stream_open(l->loop, s, fd), 0);
    loop_hold(l->loop);
    stream_recv(s, NULL, on_visitor);
}

static void on_stop(struct loop_message *m)
{
    struct acceptor *a = container_of(m, struct acceptor, stop);

    listener_accept_waiting(&a->listener, 10000);
    listener_close(&a->listener);
    loop_stop(a->loop);
}

static void *acceptor_main(void *argument)
{
    struct acceptor *a = argument;

    assert_int_equal(loop_run(a->loop), 0);
    run_a_while(a->loop); // the last ones are closed
    return NULL;
}

static struct worker workers[WORKERS];

static void run_workers(void)
{
    struct acceptor a = {.stop.on_arrival = on_stop};

    atomic_store(&lent, 0);
    atomic_store(&lent_most, 0);
    memset(workers, 0, sizeof workers);
    u.o.queue.timeout = PATIENCE * 1000;
    u.o.connect_timeout = PATIENCE * 1000;
    assert_int_equal(upstream_set_new(&u.o, &set), 0);
    assert_int_equal(loop_open(4096, &a.loop), 0);
    fcntl(server, F_SETFL, O_NONBLOCK);
    assert_int_equal(listener_open(a.loop, &a.listener, dup(server)), 0);
    a.listener.on_accept = on_accept;
    pthread_create(&a.thread, NULL, acceptor_main, &a);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i].thread, NULL);
    loop_post(a.loop, &a.stop);
    pthread_join(a.thread, NULL);
    loop_free(a.loop);
    assert_int_equal(atomic_load(&lent), 0);
}

static void workers_share_the_bound_and_every_request_is_served(void **state)
{
    (void)state;
    with_regrets = false;
    u.o.max_connections = MOST;
    run_workers();
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(workers[i].failed, 0);
    assert_int_equal(atomic_load(&lent_most), MOST);
}

/* Whoever waited in vain would run into the guard. */
static void nobody_is_forgotten_where_wishes_are_withdrawn_and_an_upstream_refuses(void **state)
{
    const int64_t begun = clock_monotonic();
    uint16_t dead;

    (void)state;
    with_regrets = true;
    u.o.max_connections = 1;
    close(listen_on("127.0.0.1", 1, &dead));
    add_port(&u, "127.0.0.1", dead);
    for (int balance = BALANCE_LEAST; balance <= BALANCE_HASH; balance++) {
        u.o.balance = (enum upstream_balance)balance;
        run_workers();
        for (int i = 0; i < WORKERS; i++)
            assert_true(workers[i].withdrawn > 0);
        for (unsigned t = 0; t < 2; t++) {
            assert_int_equal(atomic_load(&set->shared[t].connections), 0);
            assert_int_equal(atomic_load(&set->shared[t].in_flight), 0);
        }
        assert_int_equal(atomic_load(&set->waiting), 0);
        upstream_set_free(set);
        set = NULL;
    }
    assert_true(clock_monotonic() - begun < PATIENCE * CLOCK_SECOND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_are_served_in_the_order_in_which_they_came),
        TEST(whoever_comes_later_does_not_overtake),
        TEST(a_queue_has_a_length_and_a_time),
        TEST(without_a_queue_nobody_waits),
        TEST(a_fresh_one_takes_the_room_of_one_that_is_kept),
        TEST(a_failed_connect_makes_room),
        TEST(where_all_are_ejected_meanwhile_nobody_waits_on),
        TEST(who_waits_for_one_upstream_does_not_hold_up_those_for_others),
        TEST(a_retry_that_waits_for_the_others_does_not_hold_up_who_may_go_anywhere),
        TEST(an_idle_connection_of_another_worker_makes_way),
        TEST(one_that_is_given_back_goes_to_the_worker_whose_requests_wait),
        TEST(a_worker_that_is_busy_leaves_others_their_turn),
        TEST(workers_share_the_bound_and_every_request_is_served),
        TEST(nobody_is_forgotten_where_wishes_are_withdrawn_and_an_upstream_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
