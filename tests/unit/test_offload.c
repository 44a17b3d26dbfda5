// SPDX-License-Identifier: MIT
/* From other threads into a loop: messages, and works of the pool. */
#include "unit.h"

#include "io/offload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { JOBS = 500, THREADS = 4 };

struct job {
    struct work work;
    unsigned square, number;
    bool is_done;
};

static struct loop *loop;
static struct job jobs[JOBS];
static atomic_uint runs;
static unsigned done_count;
static pthread_t loop_thread;

static void job_run(struct work *w)
{
    struct job *j = container_of(w, struct job, work);

    assert_false(pthread_equal(pthread_self(), loop_thread));
    j->square = j->number * j->number;
    atomic_fetch_add(&runs, 1);
}

static void job_done(struct work *w)
{
    struct job *j = container_of(w, struct job, work);

    assert_true(pthread_equal(pthread_self(), loop_thread));
    assert_false(j->is_done);
    assert_int_equal(j->square, j->number * j->number);
    j->is_done = true;
    if (++done_count == JOBS)
        loop_stop(loop);
}

static void submit(struct offload *o)
{
    loop_thread = pthread_self();
    atomic_store(&runs, 0);
    done_count = 0;
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){.work = {.run = job_run, .done = job_done}, .number = i};
        offload_submit(o, loop, &jobs[i].work);
    }
}

static void every_work_runs_in_the_pool_and_is_done_in_the_loop(void **state)
{
    struct offload *o;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(offload_open(THREADS, &o), 0);
    submit(o);
    assert_int_equal(done_count, 0);
    assert_int_equal(loop_run(loop), 0);
    for (unsigned i = 0; i < JOBS; i++)
        assert_true(jobs[i].is_done);
    offload_free(o);
    loop_free(loop);
}

static void ending_the_pool_waits_for_what_was_submitted(void **state)
{
    struct offload *o;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(offload_open(1, &o), 0);
    submit(o);
    offload_free(o);
    assert_int_equal(atomic_load(&runs), JOBS);
    assert_int_equal(done_count, 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(done_count, JOBS);
    loop_free(loop);
}

struct message {
    struct loop_message message;
    unsigned number;
};

enum { MESSAGES = 20000 };
static struct message *messages;
static unsigned arrived;

static void on_arrival(struct loop_message *p)
{
    assert_int_equal(container_of(p, struct message, message)->number, arrived);
    if (++arrived == MESSAGES)
        loop_stop(loop);
}

static void *post_all(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < MESSAGES; i++) {
        messages[i] = (struct message){.message = {.on_arrival = on_arrival}, .number = i};
        loop_post(loop, &messages[i].message);
    }
    return NULL;
}

static void messages_of_another_thread_all_arrive_in_order(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    arrived = 0;
    messages = calloc(MESSAGES, sizeof *messages);
    assert_int_equal(pthread_create(&thread, NULL, post_all, NULL), 0);
    loop_run(loop);
    assert_int_equal(arrived, MESSAGES);
    pthread_join(thread, NULL);
    free(messages);
    loop_free(loop);
}

static void count_arrival(struct loop_message *p)
{
    (void)p;
    arrived++;
}

static void stop_on_arrival(struct loop_message *p)
{
    (void)p;
    loop_stop(loop);
}

static void a_message_posted_twice_arrives_once_and_may_be_posted_again(void **state)
{
    struct loop_message m = {.on_arrival = count_arrival}, last = {.on_arrival = stop_on_arrival};

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    arrived = 0;
    loop_post(loop, &m);
    loop_post(loop, &m);
    assert_int_equal(arrived, 0);
    loop_post(loop, &last);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(arrived, 1);
    loop_post(loop, &m);
    loop_post(loop, &last);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(arrived, 2);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_work_runs_in_the_pool_and_is_done_in_the_loop),
        cmocka_unit_test(messages_of_another_thread_all_arrive_in_order),
        cmocka_unit_test(a_message_posted_twice_arrives_once_and_may_be_posted_again),
        cmocka_unit_test(ending_the_pool_waits_for_what_was_submitted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
