// SPDX-License-Identifier: MIT
/* From other threads into a loop: messages, and works of the pool. */
#include "unit.h"

#include "base/limits.h"
#include "io/offload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { JOBS = 500, THREADS = 4, LONG_THREADS = 2 };

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
        jobs[i] = (struct job){
            .work = {.run = job_run, .done = job_done, .lane = (enum work_lane)(i % LANE_COUNT)},
            .number = i};
        offload_submit(o, loop, &jobs[i].work);
    }
}

static void every_work_runs_in_the_pool_and_is_done_in_the_loop(void **state)
{
    struct offload *o;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(offload_open(THREADS, LONG_THREADS, &o), 0);
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
    assert_int_equal(offload_open(1, 1, &o), 0);
    submit(o);
    offload_free(o);
    assert_int_equal(atomic_load(&runs), JOBS);
    assert_int_equal(done_count, 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(done_count, JOBS);
    loop_free(loop);
}

/* Works that wait in their threads for what the test says. */
struct scene {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool open;                  // the gate
    unsigned running, together; // long works: now, and most at a time
    unsigned order[16], begun;  // in which works began
    unsigned left;              // works that are not done
};

static struct scene scene;

static void set_scene(unsigned works)
{
    scene = (struct scene){
        .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .left = works};
}

static void note(struct work *w)
{
    pthread_mutex_lock(&scene.mutex);
    scene.order[scene.begun++] = container_of(w, struct job, work)->number;
    if ((w->lane == LANE_LONG) && ++scene.running > scene.together)
        scene.together = scene.running;
    pthread_cond_broadcast(&scene.changed);
    pthread_mutex_unlock(&scene.mutex);
}

static void run_noting(struct work *w)
{
    note(w);
}

/* Waits in its thread until somebody opens the gate. */
static void run_behind_gate(struct work *w)
{
    note(w);
    pthread_mutex_lock(&scene.mutex);
    while (!scene.open)
        pthread_cond_wait(&scene.changed, &scene.mutex);
    scene.running -= (w->lane == LANE_LONG);
    pthread_mutex_unlock(&scene.mutex);
}

/* Opens it when as many long works run as may. */
static void run_opening_gate(struct work *w)
{
    note(w);
    pthread_mutex_lock(&scene.mutex);
    while (scene.running < LONG_THREADS)
        pthread_cond_wait(&scene.changed, &scene.mutex);
    scene.open = true;
    pthread_cond_broadcast(&scene.changed);
    pthread_mutex_unlock(&scene.mutex);
}

static void count_done(struct work *w)
{
    (void)w;
    if (--scene.left == 0)
        loop_stop(loop);
}

static struct job *job(unsigned number, enum work_lane lane, void (*run)(struct work *w))
{
    jobs[number] =
        (struct job){.work = {.run = run, .done = count_done, .lane = lane}, .number = number};
    return &jobs[number];
}

// Without lanes of their own, four of these would hold all four threads for ever.
static void slow_works_leave_threads_to_others_and_run_together(void **state)
{
    struct offload *o;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(offload_open(THREADS, LONG_THREADS, &o), 0);
    set_scene(11);
    for (unsigned i = 0; i < 10; i++)
        offload_submit(o, loop, &job(i, i % 3 == 1 ? LANE_BODY : LANE_LONG, run_behind_gate)->work);
    offload_submit(o, loop, &job(10, LANE_QUICK, run_opening_gate)->work);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(scene.begun, 11);
    assert_int_equal(scene.together, LONG_THREADS);
    offload_free(o);
    loop_free(loop);
}

static void open_gate(struct scene *s)
{
    pthread_mutex_lock(&s->mutex);
    s->open = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
}

static void await_begun(unsigned works)
{
    pthread_mutex_lock(&scene.mutex);
    while (scene.begun < works)
        pthread_cond_wait(&scene.changed, &scene.mutex);
    pthread_mutex_unlock(&scene.mutex);
}

/* Neither lane starves the other. */
static void works_begin_in_the_order_in_which_they_came(void **state)
{
    struct offload *o;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(offload_open(1, 1, &o), 0);
    set_scene(8);
    offload_submit(o, loop, &job(0, LANE_QUICK, run_behind_gate)->work);
    for (unsigned i = 1; i < 8; i++)
        offload_submit(o, loop,
                       &job(i,
                            i == 6            ? LANE_BODY
                            : i % 2 || i == 4 ? LANE_LONG
                                              : LANE_QUICK,
                            run_noting)
                            ->work);
    open_gate(&scene);
    assert_int_equal(loop_run(loop), 0);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(scene.order[i], i);
    offload_free(o);
    loop_free(loop);
}

/* Of one who has many and one who has few, each has one begun in turn. */
static void clients_take_turns_in_each_lane(void **state)
{
    static const unsigned order[] = {0, 1, 6, 2, 7, 3, 8, 4, 5};

    (void)state;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        struct offload *o;

        assert_int_equal(loop_open(64, &loop), 0);
        assert_int_equal(offload_open(1, 1, &o), 0);
        set_scene(9);
        offload_submit(o, loop, &job(0, LANE_QUICK, run_behind_gate)->work);
        await_begun(1);
        for (unsigned i = 1; i < 9; i++) {
            job(i, (enum work_lane)lane, run_noting)->work.client = i < 6 ? 1 : LIMIT_CLIENTS - 1;
            offload_submit(o, loop, &jobs[i].work);
        }
        open_gate(&scene);
        assert_int_equal(loop_run(loop), 0);
        for (unsigned i = 0; i < 9; i++)
            assert_int_equal(scene.order[i], order[i]);
        offload_free(o);
        loop_free(loop);
    }
}

static void ending_the_pool_waits_for_long_works_that_have_not_begun(void **state)
{
    struct offload *o;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(offload_open(2, 2, &o), 0); // one of the two is left to others
    set_scene(5);
    for (unsigned i = 0; i < 4; i++)
        offload_submit(o, loop, &job(i, LANE_LONG, run_behind_gate)->work);
    offload_submit(o, loop, &job(4, LANE_QUICK, run_noting)->work);
    open_gate(&scene);
    offload_free(o);
    assert_int_equal(scene.begun, 5);
    assert_int_equal(scene.together, 1);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(scene.left, 0);
    loop_free(loop);
}

/* In every lane; and who was taken back may be submitted again. */
static void a_work_that_has_not_begun_can_be_taken_back(void **state)
{
    struct offload *o;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(offload_open(1, 1, &o), 0);
    set_scene(4);
    offload_submit(o, loop, &job(0, LANE_QUICK, run_behind_gate)->work);
    for (unsigned i = 1; i < 7; i++)
        offload_submit(o, loop, &job(i, i % 2 ? LANE_LONG : LANE_QUICK, run_noting)->work);
    await_begun(1);
    assert_false(offload_cancel(o, &jobs[0].work)); // it runs, and its done comes
    assert_true(offload_cancel(o, &jobs[1].work));  // the first of its lane
    assert_true(offload_cancel(o, &jobs[4].work));  // in the midst
    assert_true(offload_cancel(o, &jobs[5].work));  // the last
    assert_true(offload_cancel(o, &jobs[6].work));
    offload_submit(o, loop, &job(5, LANE_LONG, run_noting)->work);
    open_gate(&scene);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(scene.begun, 4);
    assert_int_equal(scene.order[1], 2);
    assert_int_equal(scene.order[2], 3);
    assert_int_equal(scene.order[3], 5);
    offload_free(o);
    loop_free(loop);
}

/* Nor when it has run, and its end has not yet arrived in the loop. */
static void a_work_that_has_run_cannot_be_taken_back(void **state)
{
    struct offload *o;

    (void)state;
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(offload_open(1, 1, &o), 0);
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        set_scene(2);
        offload_submit(o, loop, &job(0, (enum work_lane)lane, run_noting)->work);
        offload_submit(o, loop, &job(1, LANE_QUICK, run_noting)->work);
        await_begun(2); // in the only thread
        assert_false(offload_cancel(o, &jobs[0].work));
        assert_int_equal(loop_run(loop), 0);
        assert_int_equal(scene.left, 0);
    }
    offload_free(o);
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
        cmocka_unit_test(slow_works_leave_threads_to_others_and_run_together),
        cmocka_unit_test(works_begin_in_the_order_in_which_they_came),
        cmocka_unit_test(clients_take_turns_in_each_lane),
        cmocka_unit_test(ending_the_pool_waits_for_long_works_that_have_not_begun),
        cmocka_unit_test(a_work_that_has_not_begun_can_be_taken_back),
        cmocka_unit_test(a_work_that_has_run_cannot_be_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
