// SPDX-License-Identifier: MIT
/* The invariants of io/loop.h, over pairs of connected sockets. */
#include "loop_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 64, LARGE = 4 << 20 };

static struct loop *loop;
static struct stream stream;
static int peer; // the other end
static bool submitting;
static int recv_calls, send_calls, closed_calls;
static ssize_t last_recv, last_send;
static char received[256];
static size_t received_len;
static char *large;

static void make_pair(struct stream *s, int *ret_peer)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    assert_int_equal(stream_open(loop, s, ends[0]), 0);
    *ret_peer = ends[1];
}

static int setup(void **state)
{
    (void)state;
    submitting = false;
    recv_calls = send_calls = closed_calls = 0;
    last_recv = last_send = -1;
    received_len = 0;
    assert_int_equal(loop_open(BUFFER, &loop), 0);
    make_pair(&stream, &peer);
    return 0;
}

static void stop_on_close(struct stream *s)
{
    (void)s;
    closed_calls++;
    loop_stop(loop);
}

static void close_and_run(void)
{
    stream_close(&stream, stop_on_close);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(closed_calls, 1);
}

static int teardown(void **state)
{
    (void)state;
    if (closed_calls == 0)
        close_and_run();
    close(peer);
    loop_free(loop);
    return 0;
}

static void on_recv(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    assert_false(submitting);
    recv_calls++;
    last_recv = result;
    if (result > 0) {
        memcpy(received, b->data, b->len);
        received_len = b->len;
        loop_buffer_release(s->loop, b);
    } else {
        assert_null(b);
    }
    loop_stop(loop);
}

static void on_send(struct stream *s, ssize_t result)
{
    (void)s;
    assert_false(submitting);
    send_calls++;
    last_send = result;
    loop_stop(loop);
}

static void submit_recv(void)
{
    submitting = true;
    stream_recv(&stream, NULL, on_recv);
    submitting = false;
}

static void submit_send(struct iovec *iov, unsigned count)
{
    submitting = true;
    stream_send(&stream, iov, count, 0, on_send);
    submitting = false;
}

/* Reads everything from the peer's end in a thread of its own. */
struct reader {
    pthread_t thread;
    int fd;
    size_t want, got;
    char *bytes;
};

static void *reader_main(void *argument)
{
    struct reader *r = argument;

    fcntl(r->fd, F_SETFL, 0);
    while (r->got < r->want) {
        ssize_t n = read(r->fd, r->bytes + r->got, r->want - r->got);

        if (n <= 0)
            break;
        r->got += (size_t)n;
    }
    return NULL;
}

static void reader_start(struct reader *r, size_t want)
{
    *r = (struct reader){.fd = peer, .want = want, .bytes = malloc(want)};
    assert_int_equal(pthread_create(&r->thread, NULL, reader_main, r), 0);
}

static void reader_end(struct reader *r)
{
    pthread_join(r->thread, NULL);
    assert_int_equal(r->got, r->want);
    assert_memory_equal(r->bytes, large, r->want);
    free(r->bytes);
}

static void bytes_that_are_there_are_told_after_the_submitter_returned(void **state)
{
    (void)state;
    assert_int_equal(write(peer, "hello", 5), 5);
    submit_recv();
    assert_int_equal(recv_calls, 0);
    loop_run(loop);
    assert_int_equal(recv_calls, 1);
    assert_int_equal(last_recv, 5);
    assert_memory_equal(received, "hello", 5);
    // Bytes that come while nobody receives are found by the next receive.
    assert_int_equal(write(peer, "again", 5), 5);
    run_a_while(loop);
    submit_recv();
    loop_run(loop);
    assert_int_equal(recv_calls, 2);
    assert_memory_equal(received, "again", 5);
}

static void a_receive_fills_no_more_than_its_room_and_loses_nothing(void **state)
{
    char text[3 * BUFFER + 1];
    size_t got = 0;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
    assert_int_equal(write(peer, text, sizeof text), sizeof text);
    close(peer);
    peer = -1;
    while (got < sizeof text) {
        submit_recv();
        loop_run(loop);
        assert_true(last_recv > 0 && last_recv <= BUFFER);
        assert_memory_equal(received, text + got, (size_t)last_recv);
        got += (size_t)last_recv;
    }
    submit_recv();
    loop_run(loop);
    assert_int_equal(last_recv, 0);
}

static struct loop_buffer *kept;

static void on_recv_keep(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    (void)s;
    recv_calls++;
    last_recv = result;
    if (b)
        kept = b;
    loop_stop(loop);
}

static void a_receive_into_a_buffer_appends_to_it(void **state)
{
    (void)state;
    assert_int_equal(write(peer, "one ", 4), 4);
    stream_recv(&stream, NULL, on_recv_keep);
    loop_run(loop);
    kept->start = 2;
    stream_recv(&stream, kept, on_recv_keep);
    assert_int_equal(write(peer, "two", 3), 3);
    loop_run(loop);
    assert_int_equal(last_recv, 3);
    assert_int_equal(kept->start, 2);
    assert_int_equal(kept->len, 7);
    assert_memory_equal(kept->data, "one two", 7);
    shutdown(peer, SHUT_WR);
    stream_recv(&stream, kept, on_recv_keep);
    loop_run(loop);
    assert_int_equal(last_recv, 0);
    assert_int_equal(kept->len, 7);
    loop_buffer_release(loop, kept);
}

/* More are lent than there are of those: large ones come in their place, until one is back. */
static void few_buffers_for_much_are_lent_at_a_time(void **state)
{
    enum { LENT = 20 };
    struct loop_buffer *lent[LENT];
    unsigned vast = 0;

    (void)state;
    for (int i = 0; i < LENT; i++) {
        assert_int_equal(write(peer, "a", 1), 1);
        stream_recv_much(&stream, on_recv_keep);
        loop_run(loop);
        lent[i] = kept;
        assert_int_equal(kept->len, 1);
        assert_true(i == 0 || kept->cap <= lent[i - 1]->cap);
        vast += kept->cap == lent[0]->cap;
    }
    assert_in_range(vast, 1, LENT - 1);
    for (int i = 0; i < 2; i++) {
        loop_buffer_release(loop, lent[i]);
        assert_int_equal(write(peer, "a", 1), 1);
        stream_recv_much(&stream, on_recv_keep);
        loop_run(loop);
        lent[i] = kept;
        assert_int_equal(kept->cap, lent[2]->cap);
    }
    for (int i = 0; i < LENT; i++)
        loop_buffer_release(loop, lent[i]);
}

static void a_cancelled_receive_is_not_told_and_its_bytes_stay(void **state)
{
    (void)state;
    submit_recv();
    stream_recv_cancel(&stream);
    assert_int_equal(write(peer, "later", 5), 5);
    run_a_while(loop);
    submit_recv();
    stream_recv_cancel(&stream); // it was ready already
    run_a_while(loop);
    assert_int_equal(recv_calls, 0);
    submit_recv();
    loop_run(loop);
    assert_memory_equal(received, "later", 5);
}

static void a_send_that_fits_is_told_after_the_submitter_returned(void **state)
{
    struct iovec iov[] = {{(char[]){"head "}, 5}, {NULL, 0}, {(char[]){"body"}, 4}};
    char text[9];

    (void)state;
    submit_send(iov, 3);
    assert_int_equal(send_calls, 0);
    assert_false(stream_is_sending(&stream));
    loop_run(loop);
    assert_int_equal(last_send, 9);
    assert_int_equal(read(peer, text, sizeof text), 9);
    assert_memory_equal(text, "head body", 9);
}

static void a_send_larger_than_the_system_takes_goes_on_until_all_is_out(void **state)
{
    struct iovec iov[] = {{large, 3}, {large + 3, LARGE - 10}, {large + LARGE - 7, 7}};
    struct reader r;

    (void)state;
    submit_send(iov, 3);
    assert_true(stream_is_sending(&stream));
    assert_true(stream_send_progress(&stream) > 0 && stream_send_progress(&stream) < LARGE);
    run_a_while(loop);
    assert_int_equal(send_calls, 0);
    reader_start(&r, LARGE);
    loop_run(loop);
    assert_int_equal(last_send, LARGE);
    assert_int_equal(stream_send_progress(&stream), LARGE);
    reader_end(&r);
}

static void a_send_to_a_peer_that_has_gone_fails_and_tells_how_far_it_came(void **state)
{
    struct iovec iov = {large, LARGE};
    uint64_t progress;

    (void)state;
    submit_send(&iov, 1);
    progress = stream_send_progress(&stream);
    close(peer);
    peer = -1;
    loop_run(loop);
    assert_int_equal(send_calls, 1);
    assert_true(last_send == -EPIPE || last_send == -ECONNRESET);
    assert_int_equal(stream_send_progress(&stream), progress);
}

static int large_file(void)
{
    FILE *f = tmpfile();
    int fd;

    assert_non_null(f);
    assert_int_equal(fwrite(large, 1, LARGE, f), LARGE);
    fflush(f);
    fd = dup(fileno(f));
    fclose(f);
    return fd;
}

static void a_file_is_sent_piece_by_piece(void **state)
{
    int file = large_file();
    struct reader r;

    (void)state;
    reader_start(&r, LARGE);
    submitting = true;
    stream_send_file(&stream, file, 0, LARGE, on_send);
    submitting = false;
    loop_run(loop);
    assert_int_equal(last_send, LARGE);
    reader_end(&r);
    close(file);
}

static void a_file_that_ends_early_is_told_by_a_smaller_result(void **state)
{
    int file = large_file();
    char text[8];

    (void)state;
    stream_send_file(&stream, file, LARGE - 5, 8, on_send);
    loop_run(loop);
    assert_int_equal(last_send, 5);
    assert_int_equal(read(peer, text, sizeof text), 5);
    stream_send_file(&stream, file, LARGE + 1, 8, on_send);
    loop_run(loop);
    assert_int_equal(send_calls, 2);
    assert_int_equal(last_send, 0);
    close(file);
}

/* Both directions are independent of each other. */
static void receiving_goes_on_while_a_send_waits(void **state)
{
    struct iovec iov = {large, LARGE};

    (void)state;
    submit_send(&iov, 1);
    submit_recv();
    assert_int_equal(write(peer, "hello", 5), 5);
    loop_run(loop);
    assert_int_equal(recv_calls, 1);
    assert_int_equal(send_calls, 0);
}

static void after_close_nothing_is_told_but_closed(void **state)
{
    struct iovec iov = {(char[]){"x"}, 1};

    (void)state;
    assert_int_equal(write(peer, "hello", 5), 5);
    run_a_while(loop);    // the edge is known
    submit_recv();        // ready
    submit_send(&iov, 1); // done, but not told
    submitting = true;
    stream_close(&stream, stop_on_close);
    assert_int_equal(closed_calls, 0);
    submitting = false;
    loop_run(loop);
    run_a_while(loop);
    assert_int_equal(closed_calls, 1);
    assert_int_equal(recv_calls + send_calls, 0);
}

static void on_recv_close(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    recv_calls++;
    (void)result;
    loop_buffer_release(s->loop, b);
    stream_close(s, stop_on_close);
    assert_int_equal(closed_calls, 0);
}

static void a_stream_may_close_itself_in_its_callback(void **state)
{
    struct iovec iov = {large, LARGE};

    (void)state;
    submit_send(&iov, 1);
    stream_recv(&stream, NULL, on_recv_close);
    assert_int_equal(write(peer, "x", 1), 1);
    loop_run(loop);
    assert_int_equal(closed_calls, 1);
    assert_int_equal(send_calls, 0);
}

/* Each of these frees another one, whose event may be in the same round. */
struct pair {
    struct stream stream;
    int peer;
    struct pair *victim;
};

static int alive;

static void on_pair_closed(struct stream *s)
{
    struct pair *p = container_of(s, struct pair, stream);

    close(p->peer);
    free(p);
    if (--alive == 0)
        loop_stop(loop);
}

static void on_pair_recv(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct pair *p = container_of(s, struct pair, stream);

    assert_true(result > 0);
    loop_buffer_release(loop, b);
    if (p->victim) {
        p->victim->victim = NULL;
        stream_close(&p->victim->stream, on_pair_closed);
        p->victim = NULL;
    }
    stream_close(s, on_pair_closed);
}

static void events_of_a_round_for_a_stream_closed_in_it_are_forgotten(void **state)
{
    enum { PAIRS = 20 };
    struct pair *pairs[PAIRS];

    (void)state;
    for (int i = 0; i < PAIRS; i++) {
        pairs[i] = calloc(1, sizeof *pairs[i]);
        make_pair(&pairs[i]->stream, &pairs[i]->peer);
        stream_recv(&pairs[i]->stream, NULL, on_pair_recv);
    }
    for (int i = 0; i < PAIRS; i++)
        pairs[i]->victim = pairs[i ^ 1];
    for (int i = 0; i < PAIRS; i++)
        assert_int_equal(write(pairs[i]->peer, "x", 1), 1);
    alive = PAIRS;
    loop_run(loop);
    assert_int_equal(alive, 0);
}

static void the_peer_sees_the_end_after_shutdown(void **state)
{
    char c;

    (void)state;
    stream_shutdown(&stream);
    assert_int_equal(read(peer, &c, 1), 0);
    submit_recv();
    assert_int_equal(write(peer, "x", 1), 1);
    loop_run(loop);
    assert_int_equal(last_recv, 1);
}

/* A stream that always has more to send must not keep others from being heard. */
static struct iovec endless;
static unsigned rounds;

static void on_endless(struct stream *s, ssize_t result)
{
    char c;

    assert_int_equal(result, 1);
    assert_int_equal(read(peer, &c, 1), 1);
    assert_true(++rounds < 1000000);
    endless = (struct iovec){large, 1};
    stream_send(s, &endless, 1, 0, on_endless);
}

static void a_stream_that_is_always_ready_starves_no_timer_and_no_other(void **state)
{
    struct pair other;

    (void)state;
    make_pair(&other.stream, &other.peer);
    rounds = 0;
    on_endless(&stream, send(stream.fd, "x", 1, 0));
    assert_int_equal(write(other.peer, "x", 1), 1);
    stream_recv(&other.stream, NULL, on_recv);
    loop_run(loop);
    assert_int_equal(recv_calls, 1);
    assert_true(run_a_while(loop));
    stream_close(&stream, stop_on_close);
    loop_run(loop);
    stream_close(&other.stream, stop_on_close);
    loop_run(loop);
    close(other.peer);
}

static int make_large(void **state)
{
    (void)state;
    large = malloc(LARGE);
    for (size_t i = 0; large && i < LARGE; i++)
        large[i] = (char)(i * 7 + i / 251);
    return large ? 0 : -1;
}

static int free_large(void **state)
{
    (void)state;
    free(large);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_that_are_there_are_told_after_the_submitter_returned),
        TEST(a_receive_fills_no_more_than_its_room_and_loses_nothing),
        TEST(a_receive_into_a_buffer_appends_to_it),
        TEST(few_buffers_for_much_are_lent_at_a_time),
        TEST(a_cancelled_receive_is_not_told_and_its_bytes_stay),
        TEST(a_send_that_fits_is_told_after_the_submitter_returned),
        TEST(a_send_larger_than_the_system_takes_goes_on_until_all_is_out),
        TEST(a_send_to_a_peer_that_has_gone_fails_and_tells_how_far_it_came),
        TEST(a_file_is_sent_piece_by_piece),
        TEST(a_file_that_ends_early_is_told_by_a_smaller_result),
        TEST(receiving_goes_on_while_a_send_waits),
        TEST(after_close_nothing_is_told_but_closed),
        TEST(a_stream_may_close_itself_in_its_callback),
        TEST(events_of_a_round_for_a_stream_closed_in_it_are_forgotten),
        TEST(the_peer_sees_the_end_after_shutdown),
        TEST(a_stream_that_is_always_ready_starves_no_timer_and_no_other),
    };

    return cmocka_run_group_tests(tests, make_large, free_large);
}
