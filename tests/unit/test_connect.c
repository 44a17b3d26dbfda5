// SPDX-License-Identifier: MIT
/* Streams that connect; calls within a round, and descriptors of others, in the loop: io/loop.h */
#include "loop_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

static struct loop *loop;
static struct stream stream;
static struct sockaddr_in address;
static int server;
static bool submitting;
static int connected_calls, recv_calls, closed_calls;
static ssize_t last;

static int setup(void **state)
{
    socklen_t len = sizeof address;

    (void)state;
    address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server, 10), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(loop_open(4096, &loop), 0);
    connected_calls = recv_calls = closed_calls = 0;
    last = 1;
    submitting = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    loop_free(loop);
    if (server >= 0)
        close(server);
    return 0;
}

static void on_connected(struct stream *s, ssize_t result)
{
    assert_false(submitting);
    assert_ptr_equal(s, &stream);
    connected_calls++;
    last = result;
    loop_stop(loop);
}

static void on_closed(struct stream *s)
{
    (void)s;
    closed_calls++;
    loop_stop(loop);
}

static void on_recv(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    recv_calls++;
    last = result;
    loop_buffer_release(s->loop, b);
    loop_stop(loop);
}

static int connect_to(const void *to, socklen_t len)
{
    int r;

    connected_calls = 0;
    submitting = true;
    r = stream_connect(loop, &stream, to, len, on_connected);
    submitting = false;
    assert_int_equal(connected_calls, 0);
    return r;
}

static int connect_and_accept(void)
{
    int fd;

    assert_int_equal(connect_to(&address, sizeof address), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(last, 0);
    fd = accept(server, NULL, NULL);
    assert_true(fd >= 0);
    return fd;
}

static void a_connection_is_told_once_and_carries_bytes_both_ways(void **state)
{
    struct iovec iov = {.iov_base = (char[]){"ping"}, .iov_len = 4};
    char text[8];
    int fd, no_delay = 0;
    socklen_t len = sizeof no_delay;

    (void)state;
    fd = connect_and_accept();
    assert_false(stream_is_sending(&stream));
    assert_int_equal(getsockopt(stream.fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &len), 0);
    assert_int_equal(no_delay, 1);
    assert_int_equal(fcntl(stream.fd, F_GETFD), FD_CLOEXEC);
    stream_send(&stream, &iov, 1, 0, on_connected);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(connected_calls, 2);
    assert_int_equal(last, 4);
    assert_int_equal(read(fd, text, sizeof text), 4);
    assert_memory_equal(text, "ping", 4);
    assert_int_equal(write(fd, "pong", 4), 4);
    stream_recv(&stream, NULL, on_recv);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(last, 4);
    stream_drop(&stream);
    close(fd);
}

static void a_refusal_is_told_and_the_stream_is_still_to_be_closed(void **state)
{
    (void)state;
    close(server);
    server = -1;
    assert_int_equal(connect_to(&address, sizeof address), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(connected_calls, 1);
    assert_int_equal(last, -ECONNREFUSED);
    stream_close(&stream, on_closed);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(closed_calls, 1);
}

static void what_the_system_refuses_at_once_is_returned_and_nothing_stays_open(void **state)
{
    const struct sockaddr_un nowhere = {.sun_family = AF_UNIX, .sun_path = "/nowhere/at/all"};
    int before = dup(server), after;

    (void)state;
    close(before);
    assert_int_equal(connect_to(&nowhere, sizeof nowhere), -ENOENT);
    assert_true(run_a_while(loop));
    assert_int_equal(connected_calls, 0);
    after = dup(server);
    assert_int_equal(after, before);
    close(after);
}

static void a_unix_socket_that_connects_at_once_is_told_after_the_call(void **state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 + 20;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    // An abstract name, so that nothing is left in a folder.
    snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "candor-connect-%05d",
             (int)getpid() % 100000);
    assert_int_equal(bind(listener, (struct sockaddr *)&to, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(connect_to(&to, len), 0);
    assert_true(stream_is_sending(&stream) || connected_calls == 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(connected_calls, 1);
    assert_int_equal(last, 0);
    stream_drop(&stream);
    close(listener);
}

static void a_stream_that_is_closed_while_it_connects_tells_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(connect_to(&address, sizeof address), 0);
    stream_close(&stream, on_closed);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(closed_calls, 1);
    assert_int_equal(connected_calls, 0);
}

static void a_stream_is_quiet_until_something_comes(void **state)
{
    int fd;

    (void)state;
    fd = connect_and_accept();
    assert_true(run_a_while(loop));
    assert_true(stream_is_quiet(&stream));
    assert_int_equal(write(fd, "x", 1), 1);
    assert_true(run_a_while(loop));
    assert_false(stream_is_quiet(&stream));
    stream_recv(&stream, NULL, on_recv);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(last, 1);
    assert_true(stream_is_quiet(&stream));
    // A receive that waits and is taken back leaves it as it was.
    stream_recv(&stream, NULL, on_recv);
    stream_recv_cancel(&stream);
    assert_true(stream_is_quiet(&stream));
    close(fd);
    assert_true(run_a_while(loop));
    assert_false(stream_is_quiet(&stream));
    assert_int_equal(recv_calls, 1);
    stream_drop(&stream);
}

static void a_stream_that_is_dropped_is_gone_also_where_something_was_due(void **state)
{
    struct iovec iov = {.iov_base = (char[]){"x"}, .iov_len = 1};
    int fd;

    (void)state;
    fd = connect_and_accept();
    stream_send(&stream, &iov, 1, 0, on_connected);
    stream_drop(&stream);
    memset(&stream, 0xff, sizeof stream); // nobody looks at it any more
    assert_true(run_a_while(loop));
    assert_int_equal(connected_calls, 1); // that of the connect
    assert_int_equal(read(fd, &(char){0}, 1), 1);
    close(fd);
    fd = connect_and_accept();
    stream_close(&stream, on_closed);
    stream_drop(&stream); // one that is closing
    memset(&stream, 0xff, sizeof stream);
    assert_true(run_a_while(loop));
    assert_int_equal(closed_calls, 0);
    close(fd);
}

/* Calls. */

static struct loop_call calls[3];
static char order[16];

static void on_call(struct loop_call *c)
{
    assert_false(submitting);
    order[strlen(order)] = (char)('a' + (c - calls));
    if (c == &calls[1] && strlen(order) < 4) { // one that calls again does not stay in the loop
        submitting = true;
        loop_call(loop, &calls[1]);
        submitting = false;
    } else if (c == &calls[2]) {
        loop_stop(loop);
    }
}

static void calls_come_in_their_order_once_each_and_not_when_they_were_cancelled(void **state)
{
    (void)state;
    memset(order, 0, sizeof order);
    for (int i = 0; i < 3; i++)
        loop_call_init(&calls[i], on_call);
    submitting = true;
    loop_call(loop, &calls[1]);
    loop_call(loop, &calls[0]);
    loop_call(loop, &calls[1]);
    loop_call(loop, &calls[2]);
    loop_call_cancel(&calls[0]);
    submitting = false;
    assert_int_equal(loop_run(loop), 0);
    assert_true(run_a_while(loop));
    assert_string_equal(order, "bcbb");
}

static struct loop_call endless;
static int64_t round_of_event;

static void on_endless(struct loop_call *c)
{
    loop_call(loop, c);
}

static void a_call_that_always_calls_again_starves_no_timer(void **state)
{
    (void)state;
    loop_call_init(&endless, on_endless);
    loop_call(loop, &endless);
    assert_true(run_a_while(loop));
    loop_call_cancel(&endless);
}

static void on_recv_calls(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    (void)result;
    loop_buffer_release(s->loop, b);
    round_of_event = loop_now(loop);
    loop_call(loop, &calls[0]);
}

static void on_call_in_round(struct loop_call *c)
{
    (void)c;
    assert_int_equal(loop_now(loop), round_of_event);
    connected_calls++;
    loop_stop(loop);
}

static void a_call_comes_in_the_round_in_which_it_was_asked_for(void **state)
{
    int fd = connect_and_accept();

    (void)state;
    connected_calls = 0;
    loop_call_init(&calls[0], on_call_in_round);
    stream_recv(&stream, NULL, on_recv_calls);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(connected_calls, 1);
    stream_drop(&stream);
    close(fd);
}

/* Messages. */

static int arrivals;

static void on_arrival(struct loop_message *m)
{
    (void)m;
    arrivals++;
}

static void a_message_that_is_taken_back_does_not_arrive_and_others_do(void **state)
{
    struct loop_message a = {.on_arrival = on_arrival}, b = a, c = a;

    (void)state;
    arrivals = 0;
    loop_take_back(loop, &a); // it was not posted
    loop_post(loop, &a);
    loop_post(loop, &b);
    loop_post(loop, &c);
    loop_take_back(loop, &c);
    loop_take_back(loop, &a);
    memset(&a, 0xff, sizeof a);
    assert_true(run_a_while(loop));
    assert_int_equal(arrivals, 1);
    loop_post(loop, &c);
    loop_take_back(loop, &c);
    loop_post(loop, &b); // behind the last one that was taken back
    loop_post(loop, &c);
    assert_true(run_a_while(loop));
    assert_int_equal(arrivals, 3);
}

/* Descriptors of others. */

static struct fd_watch watch;
static int reads, writes;

static void on_ready(struct fd_watch *w, bool readable, bool writable)
{
    reads += readable;
    writes += writable;
    if (readable && reads == 2) {
        fd_watch_close(w);
        memset(w, 0xff, sizeof *w);
    }
    loop_stop(loop);
}

static void a_watched_descriptor_is_told_until_it_is_read_or_the_watch_closed(void **state)
{
    int ends[2];

    (void)state;
    reads = writes = 0;
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    watch.on_ready = on_ready;
    assert_int_equal(fd_watch_open(loop, &watch, ends[0], true, false), 0);
    assert_true(run_a_while(loop));
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(loop_run(loop), 0); // again, as nobody has read it
    assert_int_equal(reads, 2);
    assert_true(run_a_while(loop));
    assert_int_equal(reads, 2);
    watch.on_ready = on_ready;
    assert_int_equal(fd_watch_open(loop, &watch, ends[1], false, false), 0);
    assert_true(run_a_while(loop));
    assert_int_equal(fd_watch_change(&watch, false, true), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(writes, 1);
    fd_watch_close(&watch);
    close(ends[0]);
    close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_is_told_once_and_carries_bytes_both_ways),
        TEST(a_refusal_is_told_and_the_stream_is_still_to_be_closed),
        TEST(what_the_system_refuses_at_once_is_returned_and_nothing_stays_open),
        TEST(a_unix_socket_that_connects_at_once_is_told_after_the_call),
        TEST(a_stream_that_is_closed_while_it_connects_tells_nothing_else),
        TEST(a_stream_is_quiet_until_something_comes),
        TEST(a_stream_that_is_dropped_is_gone_also_where_something_was_due),
        TEST(calls_come_in_their_order_once_each_and_not_when_they_were_cancelled),
        TEST(a_call_that_always_calls_again_starves_no_timer),
        TEST(a_call_comes_in_the_round_in_which_it_was_asked_for),
        TEST(a_message_that_is_taken_back_does_not_arrive_and_others_do),
        TEST(a_watched_descriptor_is_told_until_it_is_read_or_the_watch_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
