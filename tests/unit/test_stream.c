// SPDX-License-Identifier: MIT
/* That a peer hangs up, told while nothing is submitted whose result would tell (io/loop.h). */
#include "loop_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

enum { BUFFER = 64 };

static struct loop *loop;
static struct stream stream;
static int peer; // the other end; -1: closed
static int ends, resets, recv_calls;
static ssize_t last_recv;

/* Over TCP: other sockets know no reset. */
static void make_pair(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    peer = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(peer, (struct sockaddr *)&address, length), 0);
    fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    assert_true(fd >= 0);
    close(listener);
    assert_int_equal(stream_open(loop, &stream, fd), 0);
}

static void on_hang_up(struct stream *s, bool reset)
{
    assert_ptr_equal(s, &stream);
    ends += !reset;
    resets += reset;
    loop_stop(loop);
}

static void on_recv(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    recv_calls++;
    last_recv = result;
    loop_buffer_release(s->loop, b);
    loop_stop(loop);
}

static void stop_on_close(struct stream *s)
{
    (void)s;
    loop_stop(loop);
}

static int setup(void **state)
{
    (void)state;
    ends = resets = recv_calls = 0;
    assert_int_equal(loop_open(BUFFER, &loop), 0);
    make_pair();
    stream_watch(&stream, on_hang_up);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stream_close(&stream, stop_on_close);
    assert_int_equal(loop_run(loop), 0);
    if (peer >= 0)
        close(peer);
    loop_free(loop);
    return 0;
}

static void reset_peer(void)
{
    const struct linger at_once = {.l_onoff = 1};

    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(peer);
    peer = -1;
}

static void write_peer(const char *text)
{
    assert_int_equal(write(peer, text, strlen(text)), strlen(text));
}

static void an_end_and_a_reset_are_told_once_each(void **state)
{
    (void)state;
    run_a_while(loop);
    assert_int_equal(ends + resets, 0);
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    assert_int_equal(loop_run(loop), 0);
    run_a_while(loop);
    assert_true(ends == 1 && resets == 0);
    reset_peer();
    assert_int_equal(loop_run(loop), 0);
    run_a_while(loop);
    assert_true(ends == 1 && resets == 1);
}

static void a_reset_is_told_although_much_has_not_been_received(void **state)
{
    char much[10 * BUFFER] = {0};

    (void)state;
    assert_int_equal(write(peer, much, sizeof much), sizeof much);
    run_a_while(loop);
    assert_int_equal(stream_input(&stream), sizeof much);
    reset_peer();
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(resets, 1);
}

static void a_receive_tells_by_itself(void **state)
{
    (void)state;
    stream_recv(&stream, NULL, on_recv);
    reset_peer();
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(recv_calls, 1);
    assert_int_equal(last_recv, -ECONNRESET);
}

static void an_end_behind_what_a_receive_got_is_told_after_it(void **state)
{
    (void)state;
    write_peer("hello");
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    stream_recv(&stream, NULL, on_recv);
    run_a_while(loop);
    run_a_while(loop);
    assert_int_equal(last_recv, 5);
    assert_true(recv_calls == 1 && ends == 1);
    assert_int_equal(stream_input(&stream), 0);
}

static void what_was_told_is_told_again_if_somebody_asks(void **state)
{
    (void)state;
    stream_tell_again(&stream); // there is nothing to tell
    run_a_while(loop);
    assert_int_equal(ends, 0);
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    assert_int_equal(loop_run(loop), 0);
    stream_tell_again(&stream);
    assert_int_equal(ends, 1); // never before it returned
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(ends, 2);
}

enum { GOING_ON = 20, COMING = 60, MOST_SENT = 16 }; // streams; a stream's turns in one round

struct going_on {
    struct stream stream;
    struct iovec byte;
    int peer;
};

static struct going_on going_on[GOING_ON], coming[COMING];
static unsigned sent, came, sent_before_all_came;

static void send_byte(struct going_on *g)
{
    static char byte;

    g->byte = (struct iovec){&byte, 1};
}

static void on_sent(struct stream *s, ssize_t result)
{
    struct going_on *g = container_of(s, struct going_on, stream);

    assert_int_equal(result, 1);
    sent++;
    send_byte(g);
    stream_send(s, &g->byte, 1, 0, on_sent); // there is room: it never has to wait
}

static void on_came(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    assert_int_equal(result, 1);
    loop_buffer_release(s->loop, b);
    if (++came == COMING) {
        sent_before_all_came = sent;
        loop_stop(loop);
    }
}

static void open_pair(struct going_on *g)
{
    int ends_of[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_of), 0);
    g->peer = ends_of[1];
    assert_int_equal(stream_open(loop, &g->stream, ends_of[0]), 0);
}

static void close_pairs(struct going_on *g, int count)
{
    for (; count--; g++) {
        stream_close(&g->stream, stop_on_close);
        assert_int_equal(loop_run(loop), 0);
        close(g->peer);
    }
}

/* Whatever many streams can do at once, who comes waits for a few turns of each, and not for some
 * between any two events. */
static void who_goes_on_and_on_lets_others_go_first(void **state)
{
    (void)state;
    sent = came = 0;
    for (int i = 0; i < GOING_ON; i++) {
        open_pair(&going_on[i]);
        send_byte(&going_on[i]);
        stream_send(&going_on[i].stream, &going_on[i].byte, 1, 0, on_sent);
    }
    for (int i = 0; i < COMING; i++) {
        open_pair(&coming[i]);
        stream_recv(&coming[i].stream, NULL, on_came);
        assert_int_equal(write(coming[i].peer, "x", 1), 1);
    }
    assert_int_equal(loop_run(loop), 0);
    assert_in_range(sent_before_all_came, 1, GOING_ON * MOST_SENT);
    for (unsigned before = sent; sent < before + 10 * GOING_ON;) // and go on afterwards
        run_a_while(loop);
    close_pairs(coming, COMING);
    close_pairs(going_on, GOING_ON);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_end_and_a_reset_are_told_once_each),
        TEST(a_reset_is_told_although_much_has_not_been_received),
        TEST(a_receive_tells_by_itself),
        TEST(an_end_behind_what_a_receive_got_is_told_after_it),
        TEST(what_was_told_is_told_again_if_somebody_asks),
        TEST(who_goes_on_and_on_lets_others_go_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
