// SPDX-License-Identifier: MIT
/*
 * epoll behind loop.h. Each socket is registered once, edge-triggered, for both directions; what
 * the edges told is remembered in the stream's state, so that the hot path costs one recv and one
 * send and no epoll_ctl. Completions of what could be done at once wait in the ready queue until
 * the submitter has returned.
 */
#include "io/loop_epoll.h"

#include "base/clock.h"
#include "base/error.h"

#include <sys/eventfd.h>

int64_t loop_now(const struct loop *l)
{
    return l->now;
}

void loop_stop(struct loop *l)
{
    l->stopping = true;
}

void loop_hold(struct loop *l)
{
    l->holds++;
}

void loop_let_go(struct loop *l)
{
    l->holds--;
}

/* Buffers: last in, first out, so that the next receive finds a warm one. */

static struct buffer_pool *pool_of(struct loop *l, const struct loop_buffer *b)
{
    struct buffer_pool *pool = &l->buffers[BUFFERS_SMALL];

    while (b->cap != pool->size)
        pool++;
    return pool;
}

struct loop_buffer *loop_buffer_take(struct loop *l, enum buffer_class class)
{
    struct buffer_pool *pool = &l->buffers[class];
    struct loop_buffer *b;

    if (class == BUFFERS_FOR_MUCH && pool->lent == pool->most)
        pool = &l->buffers[BUFFERS_LARGE];
    b = pool->first;
    if (b) {
        pool->first = b->next;
        pool->count--;
    } else {
        b = malloc(sizeof *b + pool->size);
        if (!b)
            return NULL;
        b->cap = pool->size;
    }
    pool->lent += pool == &l->buffers[BUFFERS_FOR_MUCH];
    b->next = NULL;
    b->start = b->len = 0;
    return b;
}

bool loop_buffer_grow(struct loop *l, struct loop_buffer **b)
{
    struct loop_buffer *small = *b, *large;

    if (small->cap != l->buffers[BUFFERS_SMALL].size)
        return false;
    large = loop_buffer_take(l, BUFFERS_LARGE);
    if (!large)
        return false;
    memcpy(large->data, small->data, small->len);
    large->start = small->start;
    large->len = small->len;
    loop_buffer_release(l, small);
    *b = large;
    return true;
}

void loop_buffer_release(struct loop *l, struct loop_buffer *b)
{
    struct buffer_pool *pool;

    if (!b)
        return;
    pool = pool_of(l, b);
    pool->lent -= pool == &l->buffers[BUFFERS_FOR_MUCH];
    if (pool->count >= pool->most) {
        free(b);
        return;
    }
    b->next = pool->first;
    pool->first = b;
    pool->count++;
}

/* The inbox: messages from other threads. */

void loop_post(struct loop *l, struct loop_message *p)
{
    bool was_empty;

    pthread_mutex_lock(&l->inbox_lock);
    if (p->posted) {
        pthread_mutex_unlock(&l->inbox_lock);
        return;
    }
    p->posted = true;
    p->next = NULL;
    was_empty = !l->inbox;
    *l->inbox_end = p;
    l->inbox_end = &p->next;
    pthread_mutex_unlock(&l->inbox_lock);
    if (was_empty)
        (void)!write(l->inbox_fd, &(uint64_t){1}, sizeof(uint64_t));
}

static void inbox_on_event(struct source *s, uint32_t events)
{
    struct loop *l = container_of(s, struct loop, inbox_source);
    uint64_t count;

    (void)events;
    (void)!read(l->inbox_fd, &count, sizeof count);
    for (;;) {
        struct loop_message *p;

        pthread_mutex_lock(&l->inbox_lock);
        p = l->inbox;
        if (p) {
            l->inbox = p->next;
            p->posted = false;
        }
        if (!l->inbox)
            l->inbox_end = &l->inbox;
        pthread_mutex_unlock(&l->inbox_lock);
        if (!p)
            return;
        p->on_arrival(p);
    }
}

void loop_take_back(struct loop *l, struct loop_message *p)
{
    struct loop_message **at = &l->inbox;

    pthread_mutex_lock(&l->inbox_lock);
    while (p->posted && *at != p)
        at = &(*at)->next;
    if (p->posted) {
        *at = p->next;
        if (!*at)
            l->inbox_end = at;
        p->posted = false;
    }
    pthread_mutex_unlock(&l->inbox_lock);
}

void loop_call_init(struct loop_call *c, void (*on_call)(struct loop_call *c))
{
    list_init(&c->link);
    c->on_call = on_call;
}

void loop_call(struct loop *l, struct loop_call *c)
{
    if (list_empty(&c->link))
        list_add_tail(&l->calls, &c->link);
}

void loop_call_cancel(struct loop_call *c)
{
    list_remove(&c->link);
}

void timer_set(struct loop *l, struct timer *t, int64_t at)
{
    wheel_set(&l->wheel, t, at);
}

int loop_open(size_t buffer_size, struct loop **ret_loop)
{
    struct loop *l = calloc(1, sizeof *l);
    struct epoll_event e = {.events = EPOLLIN};

    if (!l)
        return -CANDOR_E_MEMORY;
    list_init(&l->ready);
    list_init(&l->calls);
    list_init(&l->later);
    l->buffers[BUFFERS_LARGE] =
        (struct buffer_pool){.size = (uint32_t)buffer_size, .most = BUFFERS_KEPT};
    l->buffers[BUFFERS_FOR_MUCH] = (struct buffer_pool){
        .size = BUFFER_VAST, .most = buffer_size < BUFFER_VAST ? BUFFERS_VAST : 0};
    l->buffers[BUFFERS_SMALL] = (struct buffer_pool){
        .size = buffer_size > 2 * BUFFER_SMALL ? BUFFER_SMALL : (uint32_t)buffer_size / 2,
        .most = BUFFERS_KEPT_SMALL};
    l->now = clock_monotonic();
    wheel_init(&l->wheel, l->now);
    l->inbox_end = &l->inbox;
    l->inbox_source.on_event = inbox_on_event;
    pthread_mutex_init(&l->inbox_lock, NULL);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->inbox_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    e.data.ptr = &l->inbox_source;
    if (l->epoll_fd < 0 || l->inbox_fd < 0 ||
        epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->inbox_fd, &e) < 0) {
        loop_free(l);
        return -CANDOR_E_SYSTEM;
    }
    *ret_loop = l;
    return 0;
}

void loop_drop_buffers(struct loop *l)
{
    for (int i = 0; i < BUFFER_CLASSES; i++) {
        while (l->buffers[i].first) {
            struct loop_buffer *b = l->buffers[i].first;

            l->buffers[i].first = b->next;
            free(b);
        }
        l->buffers[i].count = 0;
    }
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    loop_drop_buffers(l);
    if (l->inbox_fd >= 0)
        close(l->inbox_fd);
    if (l->epoll_fd >= 0)
        close(l->epoll_fd);
    pthread_mutex_destroy(&l->inbox_lock);
    free(l);
}

void loop_forget(struct loop *l, const struct source *s)
{
    for (int i = l->event_at + 1; i < l->event_count; i++)
        if (l->events[i].data.ptr == s)
            l->events[i].data.ptr = NULL;
}
