// SPDX-License-Identifier: MIT
/* What follows a 101 that was asked for: bytes, both ways. */
#include "fetch_unit.h"

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"

static const struct fetch_request upgrade = {
    .head = SPAN_INIT("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"),
    .upgrades = true};

static void begin_tunnel(const char *first)
{
    begin(&upgrade);
    expect_arrival(upgrade.head.ptr);
    answer_text(SWITCH);
    answer_text(first);
    t.awaited = sizeof SWITCH - 1 + strlen(first);
    run_until(has_received);
    run_until(has_head);
    assert_int_equal(t.f.answer.status, 101);
}

static size_t body_length;

static bool has_body(void)
{
    return t.body.len >= body_length;
}

static bool has_ended(void)
{
    return t.last == PIECE_END;
}

static void bytes_go_both_ways_until_each_side_ends(void **state)
{
    char byte;

    (void)state;
    begin_tunnel("with the head");
    assert_true(fetch_send(&t.f, SPAN("from the client")));
    expect_arrival("from the client");
    answer_text(" and behind it");
    body_length = strlen("with the head and behind it");
    run_until(has_body);
    assert_buf(&t.body, "with the head and behind it");
    assert_null(t.f.io.in); // who waits holds no buffer
    fetch_end_content(&t.f, NULL);
    assert_int_equal(recv(t.fd, &byte, 1, 0), 0);
    answer_text("!");
    body_length++;
    run_until(has_body);
    assert_int_equal(t.returned, RETURNED_NOT);
    close_peer();
    run_until(has_ended);
    assert_int_equal(end_fetch(), RETURN_CLOSE);
}

/* The upstream has ended its side, and still reads. */
static void the_other_side_goes_on_behind_an_end(void **state)
{
    (void)state;
    begin_tunnel("");
    assert_int_equal(shutdown(t.fd, SHUT_WR), 0);
    run_until(has_ended);
    assert_true(fetch_send(&t.f, SPAN("goes on")));
    expect_arrival("goes on");
    assert_int_equal(end_fetch(), RETURN_CLOSE);
}

static bool has_broken(void)
{
    return t.last == PIECE_FAILED;
}

static void a_reset_is_no_end(void **state)
{
    (void)state;
    begin_tunnel("bytes");
    reset_peer();
    run_until(has_broken);
    assert_buf(&t.body, "bytes");
    assert_int_equal(t.f.cause, OUTCOME_upstream_incomplete);
    assert_int_equal(t.f.system_error, ECONNRESET);
}

static void a_tunnel_that_nobody_uses_ends(void **state)
{
    (void)state;
    t.limits.response_timeout = 1; // which is over with the head
    t.limits.idle_timeout = 60;
    begin_tunnel("");
    run_until(has_broken);
    assert_int_equal(t.f.cause, OUTCOME_upstream_read_timeout);
}

static void a_switch_that_was_not_as_agreed_fails(void **state)
{
    static const char *const switches[] = {
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.0 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n",
    };
    struct fetch_request with_content = upgrade;

    (void)state;
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        begin(&upgrade);
        answer_text(switches[i]);
        run_until(has_failed);
        assert_int_equal(t.f.cause, OUTCOME_upstream_upgrade_failed);
        assert_int_equal(end_fetch(), RETURN_RESET);
        start_anew();
    }
    // Before the request's end: what follows would be taken for the new protocol.
    with_content.framing = FRAMING_OPEN;
    begin(&with_content);
    answer_text(SWITCH);
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_upgrade_failed);
}

static void an_upgrade_that_is_refused_is_an_ordinary_answer(void **state)
{
    (void)state;
    begin(&upgrade);
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
    run_until(is_over);
    assert_buf(&t.body, "no");
    assert_int_equal(end_fetch(), RETURN_KEEP);
}

/* Whoever does not know Upgrade reads the content as the next request. */
static void a_connection_of_an_upgrade_with_content_is_not_used_again(void **state)
{
    struct fetch_request r = upgrade;

    (void)state;
    r.framing = FRAMING_LENGTH;
    r.content_length = 2;
    r.content = SPAN("hi");
    begin(&r);
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
    run_until(is_over);
    assert_int_equal(end_fetch(), RETURN_CLOSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(bytes_go_both_ways_until_each_side_ends),
        TEST(the_other_side_goes_on_behind_an_end),
        TEST(a_reset_is_no_end),
        TEST(a_tunnel_that_nobody_uses_ends),
        TEST(a_switch_that_was_not_as_agreed_fails),
        TEST(an_upgrade_that_is_refused_is_an_ordinary_answer),
        TEST(a_connection_of_an_upgrade_with_content_is_not_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
