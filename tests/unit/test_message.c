// SPDX-License-Identifier: MIT
/* Field lines of a message: a few within it, and more on the arena. */
#include "unit.h"

#include "base/buf.h"
#include "wire/h1.h"

static struct arena arena;
static struct message message;
static struct h1_head head;

static int setup(void **state)
{
    (void)state;
    message.arena = &arena;
    return arena_init(&arena, 256);
}

static int teardown(void **state)
{
    (void)state;
    message_clear(&message); // before the arena goes
    arena_done(&arena);
    return 0;
}

/* A head with a Host and so many lines "x-0: 0", without the empty line. */
static void write_head(struct buf *b, int lines)
{
    buf_add(b, SPAN("GET / HTTP/1.1\r\n"));
    for (int i = 0; i < lines; i++)
        buf_addf(b, "x-%d: %d\r\n", i, i);
    buf_add(b, SPAN("Host: a\r\n"));
}

static ptrdiff_t read_head(const struct buf *b)
{
    static const struct h1_limits limits = {1000, 10000, MESSAGE_FIELDS};

    return h1_read_head(&message, &head, buf_span(b), 0, &limits);
}

static void many_lines_are_kept_in_order(void **state)
{
    struct buf in = {0};

    (void)state;
    write_head(&in, MESSAGE_FIELDS - 1);
    assert_int_equal(read_head(&in), H1_MORE);
    buf_add(&in, SPAN("\r\n"));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(read_head(&in), in.len);
        assert_int_equal(message.field_count, MESSAGE_FIELDS);
        for (unsigned i = 0; i < MESSAGE_FIELDS - 1; i++) {
            uint64_t value;

            assert_true(span_to_u64(field_line_value(&message.fields[i]), UINT64_MAX, &value));
            assert_int_equal(value, i);
        }
        assert_true(span_eq(message_field(&message, FIELD_host), SPAN("a")));
    }
    buf_done(&in);
}

/* 503, not 431. */
static void lines_for_which_there_is_no_memory_are_no_fault_of_the_client(void **state)
{
    struct buf few = {0}, more = {0};

    (void)state;
    write_head(&few, MESSAGE_FIELDS_FEW - 1);
    buf_add(&few, SPAN("\r\n"));
    write_head(&more, 100);
    buf_add(&more, SPAN("\r\n"));
    arena.most = 0;
    assert_int_equal(read_head(&few), few.len);
    assert_int_equal(message.field_count, MESSAGE_FIELDS_FEW);
    assert_int_equal(read_head(&more), H1_NO_MEMORY);
    assert_int_equal(message.violation.outcome, OUTCOME_NONE);
    assert_true(span_eq(message.target.text, SPAN("/")));
    arena.most = SIZE_MAX;
    buf_done(&few);
    buf_done(&more);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_lines_are_kept_in_order),
        TEST(lines_for_which_there_is_no_memory_are_no_fault_of_the_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
