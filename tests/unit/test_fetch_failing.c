// SPDX-License-Identifier: MIT
/* Fetches over HTTP/1 that fail: with which cause, at which byte, in which phase. */
#include "fetch_unit.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define PUT "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define INTERIM "HTTP/1.1 103 \r\n\r\n"

enum { SOON = 40, SILENT_MOST = 60000 };

static const struct fetch_request get = {.head = SPAN_INIT(GET)};
static const struct fetch_request put = {
    .head = SPAN_INIT(PUT), .framing = FRAMING_LENGTH, .content_length = 5};

enum then { STAYS, CLOSES, RESETS };

struct failing {
    const char *answer;
    enum then then;
    enum outcome cause;
    enum upstream_phase phase;
    uint64_t offset;
};

/* Before the head. */
static const struct failing no_head[] = {
    {"", CLOSES, OUTCOME_upstream_closed, PHASE_WAIT, 0},
    {"", RESETS, OUTCOME_upstream_reset, PHASE_WAIT, 0},
    {"HTTP/1.1 200 OK\r\nA:", CLOSES, OUTCOME_upstream_incomplete, PHASE_HEAD, 0},
    {"HTTP/1.1 200 OK\r\nA:", RESETS, OUTCOME_upstream_incomplete, PHASE_HEAD, 0},
    {"HTTP/1.1 100 Continue\r\n\r\n", CLOSES, OUTCOME_upstream_incomplete, PHASE_HEAD, 0},
    {"SSH-2.0-OpenSSH\r\n", STAYS, OUTCOME_upstream_status_line_malformed, PHASE_HEAD, 0},
    {"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", STAYS, OUTCOME_upstream_malformed, PHASE_HEAD, 18},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", STAYS, OUTCOME_upstream_length_malformed,
     PHASE_HEAD, 33},
    {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n", STAYS,
     OUTCOME_upstream_upgrade_failed, PHASE_HEAD, 0},
    {INTERIM INTERIM INTERIM INTERIM, STAYS, OUTCOME_upstream_interim_flood, PHASE_HEAD, 0},
};

/* Behind it. */
static const struct failing in_body[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", CLOSES, OUTCOME_upstream_incomplete,
     PHASE_BODY, 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", RESETS, OUTCOME_upstream_incomplete,
     PHASE_BODY, 0},
    {"HTTP/1.1 200 OK\r\n\r\nhello", RESETS, OUTCOME_upstream_incomplete, PHASE_BODY, 0},
    {"HTTP/1.0 200 OK\r\n\r\nhello", RESETS, OUTCOME_upstream_incomplete, PHASE_BODY, 0},
    {CHUNKED "5\r\nhello\r\n", CLOSES, OUTCOME_upstream_incomplete, PHASE_BODY, 0},
    {CHUNKED "5\r\nhello\r\n0\r\nTrailer", CLOSES, OUTCOME_upstream_incomplete, PHASE_BODY, 0},
    {CHUNKED "5\r\nhello!!", STAYS, OUTCOME_upstream_chunk_malformed, PHASE_BODY,
     sizeof CHUNKED - 1 + 8},
    {CHUNKED "5\r\nhello\r\nz", STAYS, OUTCOME_upstream_chunk_malformed, PHASE_BODY,
     sizeof CHUNKED - 1 + 10},
};

static void go_away(enum then then)
{
    if (then == CLOSES)
        close_peer();
    else if (then == RESETS)
        reset_peer();
}

/* One half, and the other when the first has arrived; then the end, when all has. */
static void answer_in_parts(const struct failing *a, size_t at)
{
    size_t length = strlen(a->answer);

    begin(&get);
    expect_arrival(GET);
    answer(span_of(a->answer, at));
    t.awaited = at;
    run_until(has_received);
    if (is_over())
        return;
    answer(span_of(a->answer + at, length - at));
    t.awaited = length;
    run_until(has_received);
    go_away(a->then);
    run_until(is_over);
}

static void assert_cause(const struct failing *a)
{
    assert_int_equal(t.f.cause, a->cause);
    assert_int_equal(t.f.phase, a->phase);
    assert_int_equal(t.f.offset, a->offset);
    assert_int_equal(t.returned, RETURN_RESET);
    assert_int_equal(t.f.answer_begun, *a->answer != '\0');
    assert_int_equal(t.f.bytes_sent, sizeof GET - 1);
    if (a->then == RESETS)
        assert_int_equal(t.f.system_error, ECONNRESET);
    end_fetch();
    start_anew();
}

static void what_fails_before_the_head_has_its_cause(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof no_head / sizeof *no_head; i++) {
        size_t length = strlen(no_head[i].answer);

        for (size_t at = 0; at <= length; at++) {
            answer_in_parts(&no_head[i], at);
            assert_int_equal(t.fails, 1);
            assert_int_equal(t.heads, 0);
            assert_cause(&no_head[i]);
        }
    }
    begin(&get);
}

static void what_fails_in_the_body_has_its_cause_behind_what_came(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof in_body / sizeof *in_body; i++) {
        size_t length = strlen(in_body[i].answer);

        for (size_t at = 0; at <= length; at++) {
            answer_in_parts(&in_body[i], at);
            assert_int_equal(t.fails, 0);
            assert_int_equal(t.heads, 1);
            assert_int_equal(t.last, PIECE_FAILED);
            assert_buf(&t.body, "hello");
            assert_cause(&in_body[i]);
        }
    }
    begin(&get);
}

static void who_says_nothing_is_silent(void **state)
{
    struct fetch_request waiting = put;

    (void)state;
    t.limits.response_timeout = SOON;
    begin(&get);
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_silent);
    assert_int_equal(t.f.phase, PHASE_WAIT);
    assert_int_equal(end_fetch(), RETURN_RESET);
    start_anew();
    waiting.expects = true; // 100, which does not come
    begin(&waiting);
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_silent);
    assert_int_equal(t.f.phase, PHASE_SEND);
}

/* It counts from the end of the request: a slow client is not the upstream's fault. */
static void the_upstream_has_its_time_from_the_end_of_the_request(void **state)
{
    (void)state;
    t.limits.response_timeout = 1;
    begin(&put);
    run_a_while(t.loop);
    run_a_while(t.loop);
    assert_int_equal(t.fails, 0);
    assert_true(fetch_send(&t.f, SPAN("hello")));
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_silent);
}

static void who_stops_within_an_answer_is_told_apart(void **state)
{
    (void)state;
    t.limits.idle_timeout = SOON;
    begin(&get);
    answer_text("HTTP/1.1 200");
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_read_timeout);
    assert_int_equal(t.f.phase, PHASE_HEAD);
    assert_int_equal(end_fetch(), RETURN_RESET);
    start_anew();
    begin(&get);
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    run_until(is_over);
    assert_int_equal(t.last, PIECE_FAILED);
    assert_buf(&t.body, "hello");
    assert_int_equal(t.f.cause, OUTCOME_upstream_read_timeout);
    assert_int_equal(t.f.phase, PHASE_BODY);
}

/* Whoever does not ask has nothing to complain of. */
static void a_slow_reader_is_not_the_upstreams_fault(void **state)
{
    (void)state;
    t.limits.idle_timeout = 1;
    t.pulls = false;
    begin(&get);
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    run_until(has_head);
    run_a_while(t.loop);
    run_a_while(t.loop);
    t.limits.idle_timeout = SILENT_MOST;
    pull();
    assert_int_equal(t.last, PIECE_WAIT);
    answer_text("!!!!");
    t.awaited = t.f.bytes_received + 4;
    run_until(has_received);
    pull();
    assert_int_equal(t.last, PIECE_END);
    assert_buf(&t.body, "hello!!!!");
}

enum { MUCH = 8 * 1024 * 1024 };

static void who_does_not_take_the_request_is_told_apart(void **state)
{
    struct fetch_request r = put;
    char *content = calloc(1, MUCH);

    (void)state;
    assert_non_null(content);
    r.content = span_of(content, MUCH);
    r.content_length = MUCH;
    t.limits.idle_timeout = SOON;
    t.limits.response_timeout = 1;
    begin(&r);
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_send_timeout);
    assert_int_equal(t.f.phase, PHASE_SEND);
    assert_true(t.f.bytes_sent > sizeof PUT && t.f.bytes_sent < MUCH);
    assert_int_equal(t.takens, 0);
    free(content);
}

/* Between two looks the system takes nothing more, and yet the upstream is at it. */
static void who_takes_the_request_slowly_has_time(void **state)
{
    static char bytes[128 * 1024];
    struct fetch_request r = put;
    char *content = calloc(1, MUCH);
    uint64_t sent;

    (void)state;
    assert_non_null(content);
    r.content = span_of(content, MUCH);
    r.content_length = MUCH;
    t.limits.idle_timeout = 15 * SOON;
    begin(&r);
    sent = t.f.bytes_sent;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(recv(t.fd, bytes, sizeof bytes, MSG_WAITALL), sizeof bytes);
        for (int j = 0; j < 5; j++)
            run_a_while(t.loop);
        assert_int_equal(t.fails, 0);
    }
    assert_true(t.f.bytes_sent - sent < MUCH / 2);
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_send_timeout);
    free(content);
}

static bool has_interim(void)
{
    return t.interims.len > t.awaited;
}

/* Whoever says that it is still at work is. */
static void an_interim_answer_gives_time_anew(void **state)
{
    (void)state;
    t.limits.response_timeout = 8 * SOON;
    begin(&get);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 6; j++)
            run_a_while(t.loop);
        assert_int_equal(t.fails, 0);
        t.awaited = t.interims.len;
        answer_text("HTTP/1.1 102 \r\n\r\n");
        run_until(has_interim);
    }
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_silent);
}

static void without_memory_for_a_head_there_is_none(void **state)
{
    static char field[1024];

    (void)state;
    t.arena.most = 1;
    memset(field, 'a', sizeof field);
    begin(&get);
    answer_text("HTTP/1.1 200 OK\r\nA: ");
    answer(span_of(field, sizeof field));
    answer_text("\r\n\r\n");
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_own_fault);
    assert_int_equal(t.f.system_error, ENOMEM);
    assert_int_equal(end_fetch(), RETURN_RESET);
    start_anew();
    begin(&get);
    answer_text(CHUNKED "5\r\nhello\r\n0\r\nA: ");
    answer(span_of(field, sizeof field - 100));
    answer_text("\r\n\r\n");
    run_until(is_over);
    assert_int_equal(t.last, PIECE_FAILED);
    assert_buf(&t.body, "hello");
    assert_int_equal(t.f.cause, OUTCOME_upstream_own_fault);
}

static void without_memory_for_trailers_the_request_breaks_off(void **state)
{
    static char value[1024];
    const struct response_field trailer = {.name = SPAN_INIT("A"), .value = {value, sizeof value}};
    struct fetch_request r = put;

    (void)state;
    t.arena.most = 1;
    memset(value, 'a', sizeof value);
    r.framing = FRAMING_OPEN;
    begin(&r);
    run_a_while(t.loop);
    fetch_end_content(&t.f, &trailer);
    assert_int_equal(t.fails, 0);
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_own_fault);
    assert_int_equal(end_fetch(), RETURN_RESET);
}

/* A head that fills every buffer, though the limit would let it be. */
static void a_head_that_fits_in_no_buffer_is_too_large(void **state)
{
    static char field[2 * BUFFER];

    (void)state;
    t.limits.wire.field_line = t.limits.wire.field_section = 4 * BUFFER;
    memset(field, 'a', sizeof field);
    begin(&get);
    answer_text("HTTP/1.1 200 OK\r\nA: ");
    answer(span_of(field, sizeof field));
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_section_too_large);
}

static void a_request_that_never_left_may_be_known_by_that(void **state)
{
    (void)state;
    reset_peer();
    run_a_while(t.loop);
    begin(&get);
    run_until(has_failed);
    assert_false(t.f.head_sent);
    assert_false(t.f.answer_begun);
    assert_int_equal(t.f.bytes_sent, 0);
    assert_int_equal(t.f.cause, OUTCOME_upstream_reset);
}

/* A Unix socket that is closed with something unread is as good as reset. */
static void a_unix_socket_is_closed_and_reset_as_well(void **state)
{
    (void)state;
    use_local_connection();
    begin(&get);
    close_peer();
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_reset);
    end_fetch();
    start_anew();
    use_local_connection();
    begin(&get);
    expect_arrival(GET);
    close_peer();
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_closed);
    end_fetch();
    start_anew();
    use_local_connection();
    close_peer();
    begin(&get);
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_closed);
    assert_false(t.f.head_sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(what_fails_before_the_head_has_its_cause),
        TEST(what_fails_in_the_body_has_its_cause_behind_what_came),
        TEST(who_says_nothing_is_silent),
        TEST(the_upstream_has_its_time_from_the_end_of_the_request),
        TEST(who_stops_within_an_answer_is_told_apart),
        TEST(a_slow_reader_is_not_the_upstreams_fault),
        TEST(who_does_not_take_the_request_is_told_apart),
        TEST(who_takes_the_request_slowly_has_time),
        TEST(an_interim_answer_gives_time_anew),
        TEST(without_memory_for_a_head_there_is_none),
        TEST(without_memory_for_trailers_the_request_breaks_off),
        TEST(a_head_that_fits_in_no_buffer_is_too_large),
        TEST(a_unix_socket_is_closed_and_reset_as_well),
        TEST(a_request_that_never_left_may_be_known_by_that),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
