// SPDX-License-Identifier: MIT
/* Fetches over HTTP/1 that come to their end, and what becomes of their connections. */
#include "fetch_unit.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define PUT "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
#define OPEN_PUT "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct fetch_request get = {.head = SPAN_INIT(GET)};
static const struct fetch_request put = {
    .head = SPAN_INIT(PUT), .framing = FRAMING_LENGTH, .content_length = 5};
static const struct fetch_request open_put = {.head = SPAN_INIT(OPEN_PUT), .framing = FRAMING_OPEN};

/* An answer, and what is made of it. */
struct answered {
    const char *answer, *interims, *body;
    unsigned status;
    enum upstream_return returned;
    bool to_head, closes; // behind the answer
};

static const struct answered answers[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello", "", "hello", 200, RETURN_KEEP,
     false, false},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "", "", 404, RETURN_KEEP, false, false},
    {"HTTP/1.1 204 No Content\r\n\r\n", "", "", 204, RETURN_KEEP, false, false},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "", "", 304, RETURN_KEEP, false,
     false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "", "", 200, RETURN_KEEP, true, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n",
     "", "hello", 200, RETURN_KEEP, false, false},
    // Some servers fill chunk lines up with spaces.
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0 \t;a \r\n\r\n", "",
     "hello", 200, RETURN_KEEP, false, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: u\r\n\r\n", "",
     "hello", 200, RETURN_KEEP, false, false},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
     "100 Continue\n103 Early Hints\n", "ok", 200, RETURN_KEEP, false, false},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "", "ok", 200,
     RETURN_CLOSE, false, false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "", "ok", 200, RETURN_CLOSE, false, false},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", "", "ok", 200,
     RETURN_KEEP, false, false},
    {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "", "until the end", 200, RETURN_CLOSE, false, true},
    {"HTTP/1.0 200 OK\r\n\r\n", "", "", 200, RETURN_CLOSE, false, true},
    // Bytes that nobody asked for: the next answer would be theirs.
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n", "", "ok", 200,
     RETURN_CLOSE, false, false},
};

static void assert_answered(const struct answered *a)
{
    assert_int_equal(t.fails, 0);
    assert_int_equal(t.heads, 1);
    assert_int_equal(t.last, PIECE_END);
    assert_int_equal(t.f.cause, OUTCOME_NONE);
    assert_int_equal(t.f.answer.status, a->status);
    assert_buf(&t.interims, a->interims);
    assert_buf(&t.body, a->body);
    assert_true(t.f.answer_begun && t.f.head_sent);
    assert_int_equal(t.f.bytes_sent, sizeof GET - 1);
    assert_int_equal(end_fetch(), a->returned);
}

/* As it comes at once, and with a pause at every byte. */
static void answers_are_handed_out_however_they_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct answered *a = &answers[i];
        size_t length = strlen(a->answer);

        for (size_t at = 0; at < length; at++) {
            struct fetch_request r = get;

            r.to_head = a->to_head;
            begin(&r);
            expect_arrival(GET);
            answer(span_of(a->answer, at));
            t.awaited = at;
            run_until(has_received);
            // What is behind the answer's end is not received: the pool finds it.
            if (t.returned == RETURNED_NOT) {
                answer(span_of(a->answer + at, length - at));
                if (a->closes)
                    close_peer();
                run_until(is_over);
                assert_answered(a);
            } else {
                end_fetch();
            }
            start_anew();
        }
    }
    begin(&get);
}

static void a_head_and_its_content_leave_together(void **state)
{
    struct fetch_request r = put;
    char bytes[256];

    (void)state;
    r.content = SPAN("hello");
    begin(&r);
    assert_int_equal(recv(t.fd, bytes, sizeof bytes, 0), sizeof PUT - 1 + 5);
    assert_memory_equal(bytes, PUT "hello", sizeof PUT - 1 + 5);
    assert_int_equal(t.f.phase, PHASE_WAIT);
    t.awaited = 1;
    run_until(has_taken);
    answer_text("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    run_until(is_over);
    assert_int_equal(t.last, PIECE_END);
    assert_int_equal(t.takens, 1);
    assert_int_equal(end_fetch(), RETURN_KEEP);
}

static void open_content_is_sent_in_chunks_with_its_trailers(void **state)
{
    struct fetch_request r = open_put;
    const struct response_field trailer = {.name = SPAN_INIT("Digest"),
                                           .value = SPAN_INIT("a\r\nb")};

    (void)state;
    r.content = SPAN("hello");
    begin(&r);
    expect_arrival(OPEN_PUT "5\r\nhello\r\n");
    assert_int_equal(t.f.phase, PHASE_SEND);
    t.awaited = 1;
    run_until(has_taken);
    while (!fetch_send(&t.f, SPAN(" world of chunks")))
        run_until(has_taken);
    fetch_end_content(&t.f, &trailer);
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    run_until(is_over);
    expect_arrival("10\r\n world of chunks\r\n0\r\nDigest: a  b\r\n\r\n");
    assert_int_equal(end_fetch(), RETURN_KEEP);
}

static bool is_in_body(void)
{
    return t.heads && t.f.bytes_received >= t.awaited && t.last == PIECE_WAIT;
}

static void trailers_that_are_for_us_alone_are_not_handed_out(void **state)
{
    (void)state;
    begin(&get);
    answer_text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x-mine\r\n\r\n"
                "1\r\na\r\n0\r\nFirst:  one \r\nX-Mine: no\r\nKeep-Alive: no\r\nSecond: ");
    t.awaited = 100;
    run_until(is_in_body);
    answer_text("two\r\n\r\n");
    run_until(is_over);
    assert_int_equal(t.last, PIECE_END);
    assert_true(span_eq(t.f.trailers->name, SPAN("First")));
    assert_true(span_eq(t.f.trailers->value, SPAN("one")));
    assert_true(span_eq(t.f.trailers->next->name, SPAN("Second")));
    assert_true(span_eq(t.f.trailers->next->value, SPAN("two")));
    assert_null(t.f.trailers->next->next);
    assert_int_equal(end_fetch(), RETURN_KEEP);
}

enum { MUCH = 8 * 1024 * 1024 };

/* Reads what the upstream got until it is so much. Between, the loop runs. */
static size_t arrived;
static size_t arrived_bytes_wrong;

static bool has_arrived(void)
{
    static char bytes[64 * 1024];
    ssize_t n = recv(t.fd, bytes, sizeof bytes, MSG_DONTWAIT);

    for (ssize_t i = 0; i < n; i++)
        arrived_bytes_wrong += bytes[i] != (char)('a' + (arrived + (size_t)i) % 23);
    if (n > 0)
        arrived += (size_t)n;
    return arrived >= MUCH;
}

static char *much_content(void)
{
    char *content = malloc(MUCH);

    assert_non_null(content);
    for (size_t i = 0; i < MUCH; i++)
        content[i] = (char)('a' + i % 23);
    return content;
}

static void a_piece_that_the_upstream_does_not_take_is_kept(void **state)
{
    struct fetch_request r = put;
    char *content = much_content();

    (void)state;
    r.content_length = MUCH;
    begin(&r);
    expect_arrival(PUT);
    run_a_while(t.loop);
    assert_false(fetch_send(&t.f, span_of(content, MUCH)));
    run_a_while(t.loop);
    assert_int_equal(t.takens, 0);
    assert_int_equal(t.f.phase, PHASE_SEND);
    arrived = arrived_bytes_wrong = 0;
    run_until(has_arrived);
    assert_int_equal(arrived_bytes_wrong, 0);
    t.awaited = 1;
    run_until(has_taken);
    assert_int_equal(t.f.phase, PHASE_WAIT);
    assert_int_equal(t.f.bytes_sent, sizeof PUT - 1 + MUCH);
    assert_true(fetch_send(&t.f, SPAN("more than was promised")));
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    run_until(is_over);
    assert_int_equal(end_fetch(), RETURN_KEEP);
    assert_int_equal(t.takens, 1);
    free(content);
}

static void an_answer_that_comes_early_is_told_at_once(void **state)
{
    struct fetch_request r = put;
    char *content = much_content();

    (void)state;
    r.content_length = MUCH;
    r.content = span_of(content, MUCH);
    begin(&r);
    answer_text("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nno");
    run_until(has_head);
    assert_int_equal(t.f.answer.status, 413);
    assert_int_equal(t.takens, 0);
    answer_text("!!");
    run_until(is_over);
    assert_int_equal(t.last, PIECE_END);
    assert_buf(&t.body, "no!!");
    t.awaited = 1;
    run_until(has_taken);
    assert_true(fetch_send(&t.f, SPAN("dropped")));
    assert_int_equal(end_fetch(), RETURN_RESET);
    free(content);
}

static void read_what_came_before_a_close(void)
{
    struct fetch_request r = put;
    char *content = much_content();

    r.content_length = MUCH;
    r.content = span_of(content, MUCH);
    answer_text("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nno!!");
    assert_int_equal(shutdown(t.fd, SHUT_WR), 0);
    close_peer();
    begin(&r);
    run_until(is_over);
    assert_int_equal(t.fails, 0);
    assert_int_equal(t.f.answer.status, 413);
    assert_buf(&t.body, "no!!");
    assert_int_equal(end_fetch(), RETURN_RESET);
    free(content);
}

/* The upstream closes with content unread, which resets what is sent to it. */
static void an_answer_before_a_close_is_read_though_sending_fails(void **state)
{
    (void)state;
    read_what_came_before_a_close();
    start_anew();
    use_local_connection();
    read_what_came_before_a_close();
}

static void content_waits_for_a_word(void **state)
{
    struct fetch_request r = put;

    (void)state;
    r.expects = true;
    begin(&r);
    expect_arrival(PUT);
    answer_text("HTTP/1.1 100 Continue\r\n\r\n");
    t.awaited = 1;
    run_until(has_received);
    assert_buf(&t.interims, "100 Continue\n");
    assert_true(fetch_send(&t.f, SPAN("hello")));
    expect_arrival("hello");
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    run_until(is_over);
    assert_int_equal(end_fetch(), RETURN_KEEP);
}

static void nothing_is_received_while_nobody_asks(void **state)
{
    static char body[4 * BUFFER];
    struct piece piece;
    uint64_t received;

    (void)state;
    t.pulls = false;
    begin(&get);
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n");
    answer(span_of(body, sizeof body));
    run_until(has_head);
    run_a_while(t.loop);
    received = t.f.bytes_received;
    assert_true(received <= BUFFER);
    fetch_next(&t.f, &piece);
    assert_int_equal(piece.kind, PIECE_BYTES);
    run_a_while(t.loop);
    assert_int_equal(t.f.bytes_received, received);
    pull();
    while (t.last != PIECE_END) {
        t.awaited = t.f.bytes_received + 1;
        run_until(has_received);
        pull();
    }
    assert_int_equal(t.body.len, sizeof body - piece.length);
    assert_int_equal(t.returned, RETURN_KEEP); // before the end of the fetch
}

/* Whoever does not ask for the body has it nevertheless. */
static void a_connection_is_kept_though_nobody_asked_for_the_body(void **state)
{
    (void)state;
    t.pulls = false;
    begin(&get);
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    run_until(has_head);
    assert_int_equal(end_fetch(), RETURN_KEEP);
    start_anew();
    begin(&get);
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello");
    run_until(has_head);
    assert_int_equal(end_fetch(), RETURN_RESET);
}

static void a_connection_that_was_kept_carries_further_requests(void **state)
{
    struct fetch_request r = put;

    (void)state;
    r.content = SPAN("hello");
    t.keeps = true;
    for (int i = 0; i < 5; i++) {
        begin(i % 2 ? &r : &get);
        expect_arrival(i % 2 ? PUT "hello" : GET);
        answer_text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        run_until(has_head);
        answer_text("there");
        run_until(is_over);
        assert_buf(&t.body, "there");
        assert_int_equal(t.returned, RETURN_KEEP);
        end_now();
        buf_clear(&t.body);
        t.heads = t.takens = t.mores = 0;
        t.returned = RETURNED_NOT;
        t.last = PIECE_WAIT;
    }
    begin(&get);
}

static void what_is_of_a_head_outlives_its_buffer(void **state)
{
    static char body[BUFFER];

    (void)state;
    begin(&get);
    answer_text("HTTP/1.1 200 Fine\r\nContent-Length: 16384\r\nA-Field: a value\r\nB:\r\n\r\n");
    answer(span_of(body, sizeof body));
    run_until(is_over);
    assert_true(span_eq(t.f.answer.reason, SPAN("Fine")));
    assert_true(span_eq(field_line_name(&t.f.answer.fields[1]), SPAN("A-Field")));
    assert_true(span_eq(field_line_value(&t.f.answer.fields[1]), SPAN("a value")));
    assert_true(span_eq(field_line_name(&t.f.answer.fields[2]), SPAN("B")));
    assert_true(t.f.has_length && t.f.length == sizeof body);
}

static void end_at_once(void)
{
    end_now();
    memset(&t.f, 0xff, sizeof t.f); // nothing of it is looked at any more
    arena_reset(&t.arena);
    t.pulls = false;
}

static void a_fetch_can_be_ended_in_every_event(void **state)
{
    static const char *const answers_to_end[] = {
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "what is this?",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123",
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers_to_end / sizeof *answers_to_end; i++) {
        t.pulls = true;
        t.hook = i < 3 ? end_at_once : NULL;
        begin(&get);
        answer_text(answers_to_end[i]);
        if (i == 3) {
            run_until(has_head);
            t.hook = end_at_once;
            close_peer();
        }
        run_until(is_closed);
        run_a_while(t.loop);
        assert_int_equal(t.interims.len > 0, i == 0);
        assert_int_equal(t.heads, i == 1 || i == 3);
        assert_int_equal(t.fails, i == 2);
        start_anew();
    }
    t.hook = NULL;
    begin(&get);
}

static void content_that_breaks_off_is_visibly_incomplete(void **state)
{
    char byte;

    (void)state;
    begin(&put);
    expect_arrival(PUT);
    run_a_while(t.loop);
    fetch_break_off(&t.f, OUTCOME_content_timeout);
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_content_timeout);
    assert_true(recv(t.fd, &byte, 1, 0) < 0 && errno == ECONNRESET);
    assert_int_equal(end_fetch(), RETURN_RESET);
    start_anew();
    begin(&put);
    expect_arrival(PUT);
    answer_text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    run_until(has_head);
    fetch_break_off(&t.f, OUTCOME_content_timeout);
    assert_int_equal(recv(t.fd, &byte, 1, 0), 0);
    answer_text("ok");
    run_until(is_over);
    assert_int_equal(t.last, PIECE_END);
    assert_int_equal(end_fetch(), RETURN_RESET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(answers_are_handed_out_however_they_are_split),
        TEST(a_head_and_its_content_leave_together),
        TEST(open_content_is_sent_in_chunks_with_its_trailers),
        TEST(trailers_that_are_for_us_alone_are_not_handed_out),
        TEST(a_piece_that_the_upstream_does_not_take_is_kept),
        TEST(an_answer_that_comes_early_is_told_at_once),
        TEST(an_answer_before_a_close_is_read_though_sending_fails),
        TEST(content_waits_for_a_word),
        TEST(nothing_is_received_while_nobody_asks),
        TEST(a_connection_is_kept_though_nobody_asked_for_the_body),
        TEST(a_connection_that_was_kept_carries_further_requests),
        TEST(what_is_of_a_head_outlives_its_buffer),
        TEST(a_fetch_can_be_ended_in_every_event),
        TEST(content_that_breaks_off_is_visibly_incomplete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
