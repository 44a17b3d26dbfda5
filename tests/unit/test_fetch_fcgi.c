// SPDX-License-Identifier: MIT
/* Fetches over FastCGI: what is sent, what is made of the answer, and of the ends that are none. */
#include "fetch_unit.h"

#include "wire/fcgi.h"

enum { STDIN = 5, STDOUT = 6, STDERR = 7, END = 3, HEADER = FCGI_HEADER };

static struct buf head; // of a request: BEGIN_REQUEST and PARAMS
static struct buf said; // records of an answer

static int set_up(void **state)
{
    struct fcgi_params params;

    setup(state);
    t.address.scheme = UPSTREAM_FCGI;
    buf_clear(&head);
    fcgi_add_begin(&head, true);
    fcgi_params_begin(&params, &head);
    assert_true(fcgi_params_add(&params, SPAN("REQUEST_METHOD"), SPAN("GET")));
    fcgi_params_end(&params);
    buf_clear(&said);
    return 0;
}

static int tear_down(void **state)
{
    teardown(state);
    buf_done(&head);
    buf_done(&said);
    return 0;
}

static struct fetch_request request(enum framing framing, uint64_t length)
{
    return (struct fetch_request){
        .head = buf_span(&head), .framing = framing, .content_length = length};
}

static void say(int type, const char *text, unsigned padding)
{
    size_t n = strlen(text);
    const char header[HEADER] = {1, (char)type, 0, 1, (char)(n >> 8), (char)n, (char)padding, 0};

    buf_add(&said, span_of(header, sizeof header));
    buf_add_str(&said, text);
    for (unsigned i = 0; i < padding; i++)
        buf_add_char(&said, '\0');
}

static void say_end(int protocol_status)
{
    const char record[HEADER + 8] = {1, END, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, (char)protocol_status};

    buf_add(&said, span_of(record, sizeof record));
}

static size_t arrive_bytes(char *bytes, size_t room)
{
    ssize_t n = recv(t.fd, bytes, room, 0);

    assert_true(n > 0);
    return (size_t)n;
}

static void expect_bytes(struct span text)
{
    char bytes[256];
    size_t have = 0;

    assert_true(text.len < sizeof bytes);
    while (have < text.len)
        have += arrive_bytes(bytes + have, text.len - have);
    assert_memory_equal(bytes, text.ptr, text.len);
}

static void a_request_without_content_is_one_send(void **state)
{
    struct fetch_request r = request(FRAMING_NONE, 0);
    char bytes[256];

    (void)state;
    begin(&r);
    assert_int_equal(arrive_bytes(bytes, sizeof bytes), head.len + HEADER);
    assert_memory_equal(bytes, head.ptr, head.len);
    assert_memory_equal(bytes + head.len, FCGI_STDIN_END, HEADER);
    assert_int_equal(t.f.phase, PHASE_WAIT);
}

static void content_goes_in_records_that_an_empty_one_ends(void **state)
{
    struct fetch_request r = request(FRAMING_LENGTH, 11);

    (void)state;
    r.content = SPAN("hello");
    begin(&r);
    expect_bytes(buf_span(&head));
    expect_bytes(span_of("\1\5\0\1\0\5\0\0hello", 13));
    t.awaited = 1;
    run_until(has_taken);
    assert_int_equal(t.f.phase, PHASE_SEND);
    assert_true(fetch_send(&t.f, SPAN(" world")));
    expect_bytes(span_of("\1\5\0\1\0\6\0\0 world" FCGI_STDIN_END, 22));
    assert_int_equal(t.f.phase, PHASE_WAIT);
    end_fetch();
    start_anew();
    r = request(FRAMING_OPEN, 0);
    begin(&r);
    expect_bytes(buf_span(&head));
    run_a_while(t.loop);
    assert_true(fetch_send(&t.f, SPAN("hello")));
    fetch_end_content(&t.f, NULL);
    run_a_while(t.loop);
    expect_bytes(span_of("\1\5\0\1\0\5\0\0hello" FCGI_STDIN_END, 21));
}

enum { LARGE = 200 * 1000 };

static size_t have_records;
static char records[LARGE + 256];

static bool records_are_there(void)
{
    ssize_t n = recv(t.fd, records + have_records, sizeof records - have_records, MSG_DONTWAIT);

    if (n > 0)
        have_records += (size_t)n;
    return have_records == LARGE + head.len + 5 * HEADER;
}

/* A record has room for 65535 bytes. */
static void a_large_piece_is_divided(void **state)
{
    struct fetch_request r = request(FRAMING_LENGTH, LARGE);
    static char content[LARGE];
    size_t at = head.len, sizes[] = {65535, 65535, 65535, LARGE - 3 * 65535, 0};

    (void)state;
    memset(content, 'c', sizeof content);
    r.content = span_of(content, sizeof content);
    have_records = 0;
    begin(&r);
    run_until(records_are_there);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const unsigned char *h = (unsigned char *)records + at;

        assert_int_equal(h[1], STDIN);
        assert_int_equal(h[4] << 8 | h[5], sizes[i]);
        for (size_t b = 0; b < sizes[i]; b++)
            assert_int_equal(h[HEADER + b], 'c');
        at += HEADER + sizes[i];
    }
    t.awaited = 1;
    run_until(has_taken);
    assert_int_equal(t.takens, 1);
}

/* The records that were said, with a pause behind byte `at`. */
static void answer_in_halves(const struct fetch_request *r, size_t at)
{
    char request_bytes[256];

    begin(r);
    arrive_bytes(request_bytes, sizeof request_bytes);
    answer(span_of(said.ptr, at));
    t.awaited = at;
    run_until(has_received);
    if (!is_over())
        answer(span_of(said.ptr + at, said.len - at));
}

static void an_answer_is_taken_out_of_its_records(void **state)
{
    struct fetch_request r = request(FRAMING_NONE, 0);

    (void)state;
    say(STDOUT, "Status: 201 Made\r\nA:", 3);
    say(STDERR, "a warn", 2);
    say(STDOUT, " b\n\nhel", 0);
    say(STDERR, "ing\r\n\nand more", 0);
    say(STDOUT, "lo", 255);
    say(STDOUT, "", 0);
    say(STDERR, "", 0);
    say_end(FCGI_REQUEST_COMPLETE);
    for (size_t at = 0; at < said.len; at++) {
        answer_in_halves(&r, at);
        run_until(is_over);
        assert_int_equal(t.last, PIECE_END);
        assert_int_equal(t.f.answer.status, 201);
        assert_true(span_eq(t.f.answer.reason, SPAN("Made")));
        assert_int_equal(t.f.answer.field_count, 1);
        assert_true(span_eq(field_line_value(t.f.answer.fields), SPAN("b")));
        assert_buf(&t.body, "hello");
        assert_buf(&t.complaints, "a warning\nand more\n");
        assert_int_equal(end_fetch(), RETURN_KEEP);
        start_anew();
    }
    begin(&r);
}

static void content_where_none_belongs_is_dropped(void **state)
{
    struct fetch_request r = request(FRAMING_NONE, 0);

    (void)state;
    r.to_head = true;
    say(STDOUT, "Content-Length: 5\n\nhello", 0);
    say_end(FCGI_REQUEST_COMPLETE);
    answer_in_halves(&r, said.len);
    run_until(is_over);
    assert_int_equal(t.last, PIECE_END);
    assert_true(t.f.has_length && t.f.length == 5);
    assert_buf(&t.body, "");
    assert_int_equal(end_fetch(), RETURN_KEEP);
    start_anew();
    r.to_head = false;
    buf_clear(&said);
    say(STDOUT, "Content-Length: 5\n\nhello, world", 0);
    say_end(FCGI_REQUEST_COMPLETE);
    answer_in_halves(&r, said.len);
    run_until(is_over);
    assert_int_equal(t.last, PIECE_END);
    assert_buf(&t.body, "hello");
}

struct ending {
    const char *out;
    int protocol_status; // -1: no end of the request
    bool closes;
    bool has_head;
    enum outcome cause;
};

static const struct ending endings[] = {
    {"", -1, true, false, OUTCOME_upstream_closed},
    {"A: b\n", -1, true, false, OUTCOME_application_ended},
    {"", FCGI_REQUEST_COMPLETE, false, false, OUTCOME_application_ended},
    {"A: b\n", FCGI_REQUEST_COMPLETE, false, false, OUTCOME_application_ended},
    {"", FCGI_OVERLOADED, false, false, OUTCOME_application_refused},
    {"", FCGI_CANT_MPX_CONN, false, false, OUTCOME_application_refused},
    {"A: b\n\nhello", -1, true, true, OUTCOME_application_ended},
    {"Content-Length: 9\n\nhello", FCGI_REQUEST_COMPLETE, false, true, OUTCOME_upstream_incomplete},
    {"A b: c\n\n", FCGI_REQUEST_COMPLETE, false, false, OUTCOME_upstream_malformed},
    {"Content-Length: 5\n\nhello", -1, true, true, OUTCOME_NONE},
};

static void ends_that_are_none_are_told_apart(void **state)
{
    struct fetch_request r = request(FRAMING_NONE, 0);

    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const struct ending *e = &endings[i];

        buf_clear(&said);
        if (*e->out)
            say(STDOUT, e->out, 0);
        if (e->protocol_status >= 0)
            say_end(e->protocol_status);
        answer_in_halves(&r, said.len);
        if (e->closes)
            close_peer();
        run_until(is_over);
        assert_int_equal(t.f.cause, e->cause);
        assert_int_equal(t.heads, e->has_head);
        assert_int_equal(t.fails, !e->has_head);
        assert_buf(&t.body, e->has_head ? "hello" : "");
        assert_int_equal(end_fetch(), e->cause ? RETURN_RESET : RETURN_CLOSE);
        start_anew();
    }
    begin(&r);
}

static void an_answer_that_the_application_gives_up_is_no_whole_one(void **state)
{
    struct fetch_request r = request(FRAMING_NONE, 0);

    (void)state;
    t.pulls = false;
    say(STDOUT, "A: b\n\nhel", 0);
    begin(&r);
    answer(buf_span(&said));
    run_until(has_head);
    pull();
    assert_int_equal(t.last, PIECE_WAIT);
    buf_clear(&said);
    say(STDOUT, "lo", 0);
    say_end(FCGI_OVERLOADED);
    answer(buf_span(&said));
    run_until(has_more);
    pull();
    assert_int_equal(t.last, PIECE_FAILED);
    assert_int_equal(t.f.cause, OUTCOME_application_refused);
    assert_buf(&t.body, "hello");
}

static void a_record_that_is_none_fails_where_it_is(void **state)
{
    struct fetch_request r = request(FRAMING_NONE, 0);

    (void)state;
    begin(&r);
    answer_text("HTTP/1.1 200 OK\r\n\r\n");
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_malformed);
    assert_int_equal(t.f.offset, 0);
}

/* So that an application cannot fill the log of the operator with one request. */
static void complaints_are_bounded(void **state)
{
    struct fetch_request r = request(FRAMING_NONE, 0);
    char line[2 * LIMIT_COMPLAINT];

    (void)state;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    say(STDERR, line, 0);
    say(STDERR, "and on\n", 0);
    for (int i = 0; i < LIMIT_COMPLAINTS + 10; i++)
        say(STDERR, "y\n", 0);
    say(STDOUT, "A: b\n\n", 0);
    say_end(FCGI_REQUEST_COMPLETE);
    answer_in_halves(&r, said.len);
    run_until(is_over);
    assert_int_equal(t.last, PIECE_END);
    assert_int_equal(t.complaints.len, LIMIT_COMPLAINT + 1 + 2 * (LIMIT_COMPLAINTS - 1));
}

static void end_it(void)
{
    end_now();
    memset(&t.f, 0xff, sizeof t.f);
    arena_reset(&t.arena);
    t.pulls = false;
}

static void a_fetch_can_be_ended_in_a_complaint(void **state)
{
    struct fetch_request r = request(FRAMING_NONE, 0);

    (void)state;
    say(STDERR, "one\ntwo\n", 0);
    say_end(FCGI_REQUEST_COMPLETE);
    t.hook = end_it;
    begin(&r);
    answer(buf_span(&said));
    run_until(is_closed);
    assert_buf(&t.complaints, "one\n");
    assert_int_equal(t.fails, 0);
}

static void a_connection_is_not_kept_when_the_application_was_not_asked_to(void **state)
{
    struct fetch_request r;

    (void)state;
    buf_clear(&head);
    fcgi_add_begin(&head, false);
    r = request(FRAMING_NONE, 0);
    say(STDOUT, "A: b\n\n", 0);
    say_end(FCGI_REQUEST_COMPLETE);
    answer_in_halves(&r, said.len);
    run_until(is_over);
    assert_int_equal(end_fetch(), RETURN_CLOSE);
}

static void without_memory_nothing_is_asked(void **state)
{
    struct fetch_request r = request(FRAMING_NONE, 0);

    (void)state;
    t.arena.most = 1;
    begin(&r);
    run_until(has_failed);
    assert_int_equal(t.f.cause, OUTCOME_upstream_own_fault);
    assert_false(t.f.head_sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_request_without_content_is_one_send),
        TEST(content_goes_in_records_that_an_empty_one_ends),
        TEST(a_large_piece_is_divided),
        TEST(an_answer_is_taken_out_of_its_records),
        TEST(content_where_none_belongs_is_dropped),
        TEST(ends_that_are_none_are_told_apart),
        TEST(an_answer_that_the_application_gives_up_is_no_whole_one),
        TEST(a_record_that_is_none_fails_where_it_is),
        TEST(complaints_are_bounded),
        TEST(a_fetch_can_be_ended_in_a_complaint),
        TEST(without_memory_nothing_is_asked),
        TEST(a_connection_is_not_kept_when_the_application_was_not_asked_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
