// SPDX-License-Identifier: MIT
/*
 * Whatever the owner, the client and the upstream do in whatever order: no event within a call,
 * none behind an end, each answer whole or visibly not, and the connection given back once. The
 * order is made from a number, so that what was found can be found again.
 */
#include "fetch_unit.h"

enum { ROUNDS = 2000, STEPS = 40, PIECE_MOST = 300 * 1000 };

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const char *const answers[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    CHUNKED "2\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.0 200 OK\r\n\r\nhello",
    CHUNKED "2\r\nheXX",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\nhello",
    "not HTTP at all",
};

static char content[PIECE_MOST];
static uint64_t number;
static bool in_call, was_kept, content_ended, ends_in_event;
static uint64_t content_left;
static unsigned wholes, broken, failures, tunnels, kept; // what was seen

static unsigned below(unsigned most)
{
    number = number * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(number >> 33) % most;
}

static void check_event(void)
{
    assert_true(t.begun);
    assert_false(in_call);
    if (t.takens)
        was_kept = false;
    t.takens = 0;
    if (ends_in_event && below(3) == 0) {
        end_now();
        memset(&t.f, 0xff, sizeof t.f);
    }
}

static void send_some(void)
{
    size_t n = 1 + below(below(4) ? 100 : PIECE_MOST - 1);

    if (was_kept || content_ended)
        return;
    if (n > content_left)
        n = (size_t)content_left;
    content_left -= n;
    if (n)
        was_kept = !fetch_send(&t.f, span_of(content, n));
}

static void end_content(void)
{
    static const struct response_field trailer = {.name = SPAN_INIT("A"), .value = SPAN_INIT("b")};

    if (content_ended || (t.f.io.framing == FRAMING_LENGTH && content_left))
        return;
    content_ended = true;
    fetch_end_content(&t.f, below(2) ? &trailer : NULL);
}

static void pull_one(void)
{
    struct piece piece;

    if (!t.heads || t.last == PIECE_END || t.last == PIECE_FAILED)
        return;
    fetch_next(&t.f, &piece);
    t.last = piece.kind;
    if (piece.kind == PIECE_BYTES)
        buf_add(&t.body, piece.bytes);
}

static void read_peer(void)
{
    static char bytes[PIECE_MOST];

    while (t.fd >= 0 && recv(t.fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0 && below(4))
        continue;
}

static void answer_some(const char **rest)
{
    size_t n = strlen(*rest), some = n ? 1 + below((unsigned)n) : 0;

    if (t.fd < 0 || !some || send(t.fd, *rest, some, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return;
    *rest += some;
}

static bool one_round_is_over(void)
{
    static bool was;

    was = !was;
    return !was;
}

static void act(const char **rest)
{
    in_call = true;
    switch (below(12)) {
    case 0:
    case 1:
        send_some();
        break;
    case 2:
        end_content();
        break;
    case 3:
    case 4:
        pull_one();
        break;
    case 5:
        if (below(8) == 0) {
            content_ended = true;
            fetch_break_off(&t.f, OUTCOME_content_incomplete);
        }
        break;
    case 6:
        if (t.fd >= 0 && below(8) == 0)
            (below(2) ? close_peer : reset_peer)();
        break;
    case 7:
    case 8:
        read_peer();
        break;
    default:
        answer_some(rest);
    }
    in_call = false;
}

static void assert_outcome(bool breaks)
{
    bool is_told = !t.f.io.is_tunnel && t.f.io.content.h1.framing != FRAMING_CLOSE;

    if (t.last == PIECE_END) {
        assert_int_equal(t.f.cause, OUTCOME_NONE);
        if (is_told) // else it is wherever the upstream closes
            assert_buf(&t.body, "hello");
    }
    if (t.last == PIECE_FAILED || t.fails)
        assert_int_not_equal(t.f.cause, OUTCOME_NONE);
    assert_true(breaks || t.f.bytes_sent > 0);
    wholes += t.last == PIECE_END;
    broken += t.last == PIECE_FAILED;
    failures += t.fails;
    tunnels += t.f.io.is_tunnel;
}

static void play(uint64_t seed)
{
    static const struct fetch_request kinds[] = {
        {.head = SPAN_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), .upgrades = true},
        {.head = SPAN_INIT("PUT"), .framing = FRAMING_LENGTH, .content_length = 2 * PIECE_MOST},
        {.head = SPAN_INIT("PUT"), .framing = FRAMING_OPEN},
    };
    struct fetch_request r;
    const char *rest;

    number = seed;
    r = kinds[below(3)];
    rest = answers[below(sizeof answers / sizeof *answers)];
    ends_in_event = below(4) == 0;
    content_ended = r.framing == FRAMING_NONE;
    content_left = r.framing == FRAMING_LENGTH ? r.content_length : 8 * PIECE_MOST;
    was_kept = false;
    if (r.framing != FRAMING_NONE && below(2)) {
        r.content = span_of(content, 1 + below(PIECE_MOST - 1));
        content_left -= r.content.len;
        was_kept = true;
    }
    t.hook = check_event;
    begin(&r);
    for (int i = 0; i < STEPS && t.begun && !t.fails; i++) {
        act(&rest);
        if (below(2))
            run_until(one_round_is_over);
    }
    if (t.begun) {
        assert_outcome(t.fd < 0);
        in_call = true; // and nothing comes any more
        end_now();
        in_call = false;
        memset(&t.f, 0xff, sizeof t.f);
    }
    assert_int_not_equal(t.returned, RETURNED_NOT);
    kept += t.returned == RETURN_KEEP;
    run_until(is_closed);
}

static void every_order_comes_to_an_end(void **state)
{
    (void)state;
    t.pulls = false;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        play(seed);
        start_anew();
    }
    assert_true(wholes && broken && failures && tunnels && kept); // or it would prove little
    t.hook = NULL;
    begin(&(struct fetch_request){.head = SPAN("GET")});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_order_comes_to_an_end, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
