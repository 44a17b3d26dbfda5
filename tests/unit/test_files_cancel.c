// SPDX-License-Identifier: MIT
/* What a files resource gives up when nobody waits for the answer any more. */
#include "unit.h"

#include "graph/graph.h"
#include "resource/files/files.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/candor-unit-XXXXXX";
static struct loop *loop;
static struct offload *pool;
static struct media_type_map *types;
static struct resource *resource;
static struct served *served;
static struct exchange x;
static unsigned resumed;

/* The pool's only thread waits in it, so that nothing else begins. */
static struct blocking {
    struct work work;
    sem_t may_end;
} blocking;

static void block_run(struct work *w)
{
    sem_wait(&container_of(w, struct blocking, work)->may_end);
}

static void block_done(struct work *w)
{
    (void)w;
    loop_stop(loop);
}

static void block(void)
{
    blocking.work = (struct work){.run = block_run, .done = block_done};
    offload_submit(pool, loop, &blocking.work);
}

/* What was submitted before is through. */
static void unblock(void)
{
    assert_int_equal(sem_post(&blocking.may_end), 0);
    loop_run(loop);
}

static void on_resume(struct exchange *resumed_exchange)
{
    assert_ptr_equal(resumed_exchange, &x);
    resumed++;
    loop_stop(loop);
}

static const struct exchange_host host = {.resume = on_resume, .resume_body = on_resume};

static int make_folder(void **state)
{
    static const struct files_options options = {.root = folder, .listing = true, .archives = true};
    char path[64];
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    fd = open(path, O_WRONLY | O_CREAT, 0644);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(sem_init(&blocking.may_end, 0, 0), 0);
    assert_int_equal(loop_open(64, &loop), 0);
    assert_int_equal(offload_open(1, 1, &pool), 0);
    assert_int_equal(served_open(folder, NULL, NULL, &served), 0);
    assert_int_equal(media_type_map_new("/nonexistent", &types), 0);
    assert_int_equal(files_open(&options, served, loop, pool, types, &resource), 0);
    assert_int_equal(arena_init(&x.arena, 4096), 0);
    x.host = &host;
    return 0;
}

static int remove_folder(void **state)
{
    char path[64];

    (void)state;
    offload_free(pool);
    resource->ops->free(resource);
    served_free(served);
    media_type_map_free(types);
    loop_free(loop);
    arena_done(&x.arena);
    snprintf(path, sizeof path, "%s/file", folder);
    unlink(path);
    return rmdir(folder);
}

/* What the step of its representation says. */
static enum step begin(const char *path, const char *query)
{
    exchange_reset(&x);
    x.request.method = METHOD_GET;
    x.path.text = span_from_str(path);
    x.request.target.query = span_from_str(query);
    resource->mount_length = 1;
    x.routing.resource = resource;
    resumed = 0;
    return resource->ops->steps[FACT_representation].begin(&x);
}

static void give_up(void)
{
    assert_true(resource->ops->cancel(&x));
    assert_false(resource->ops->cancel(&x));
    resource->ops->release(&x);
    unblock();
    assert_int_equal(resumed, 0);
}

static void a_look_at_a_file_is_waited_for_no_more(void **state)
{
    (void)state;
    block();
    assert_int_equal(begin("/file", ""), STEP_WAIT);
    give_up();
}

static void an_archive_that_was_not_opened_yet_is_not_opened(void **state)
{
    (void)state;
    block();
    assert_int_equal(begin("/", "archive=zip"), STEP_WAIT);
    give_up();
}

static void a_piece_that_was_not_begun_is_not_made(void **state)
{
    struct piece piece;

    (void)state;
    assert_int_equal(begin("/", "archive=zip"), STEP_WAIT);
    while (!resumed)
        loop_run(loop);
    assert_int_equal(resource->ops->steps[FACT_representation].end(&x), STEP_KNOWN);
    x.walk.known |= FACT_BIT(FACT_representation);
    x.outcome = OUTCOME_ok;
    resource->ops->respond(&x);
    block();
    x.response.next(&x, &piece);
    assert_int_equal(piece.kind, PIECE_WAIT);
    resumed = 0;
    give_up();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_at_a_file_is_waited_for_no_more),
        cmocka_unit_test(an_archive_that_was_not_opened_yet_is_not_opened),
        cmocka_unit_test(a_piece_that_was_not_begun_is_not_made),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
