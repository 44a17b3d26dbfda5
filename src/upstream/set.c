// SPDX-License-Identifier: MIT
#include "upstream/set.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"

#include <arpa/inet.h>

/* A copy with a NUL behind it, at *at, which moves on. */
static struct span copy_text(char **at, struct span text)
{
    struct span copy = {*at, text.len};

    if (text.len)
        memcpy(*at, text.ptr, text.len);
    (*at)[text.len] = '\0';
    *at += text.len + 1;
    return copy;
}

/* The address where none is to be looked up: of a host in digits, or of a Unix socket. */
static struct endpoint endpoint_of(const struct upstream_address *a)
{
    struct endpoint e = {0};
    char host[INET6_ADDRSTRLEN] = "";

    if (a->socket_path.len) {
        e.path.sun_family = AF_UNIX;
        memcpy(e.path.sun_path, a->socket_path.ptr, a->socket_path.len);
        e.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + a->socket_path.len + 1);
    } else if (a->host.len < sizeof host) {
        memcpy(host, a->host.ptr, a->host.len);
        if (inet_pton(AF_INET, host, &e.four.sin_addr) == 1) {
            e.four.sin_family = AF_INET;
            e.four.sin_port = htons(a->port);
            e.len = sizeof e.four;
        } else if (inet_pton(AF_INET6, host, &e.six.sin6_addr) == 1) {
            e.six.sin6_family = AF_INET6;
            e.six.sin6_port = htons(a->port);
            e.len = sizeof e.six;
        }
    }
    return e;
}

static bool copy_target(struct target *t, const struct upstream_target *from, char **at)
{
    const char *why;
    size_t where;

    if (!upstream_address_parse(copy_text(at, from->address.text), &t->address, &why, &where))
        return false;
    t->endpoint = endpoint_of(&t->address);
    t->name = copy_text(at, t->address.host).ptr;
    t->weight = from->weight ? from->weight : 1;
    t->hash = hash_add(HASH_BEGIN, t->address.text);
    return true;
}

static int copy_options(struct upstream_set *s, const struct upstream_options *o)
{
    size_t size = o->health.path.len + o->resolver.servers.len + 2;
    char *at;

    s->o = *o;
    s->o.targets = NULL;
    for (size_t i = 0; i < o->count; i++)
        size += o->targets[i].address.text.len + o->targets[i].address.host.len + 2;
    at = s->texts = malloc(size);
    if (!at)
        return -CANDOR_E_MEMORY;
    s->o.health.path = copy_text(&at, o->health.path);
    s->o.resolver.servers = copy_text(&at, o->resolver.servers);
    if (!s->o.resolver.timeout)
        s->o.resolver.timeout = LIMIT_NAME_TIMEOUT;
    for (size_t i = 0; i < o->count; i++)
        if (!copy_target(&s->targets[i], &o->targets[i], &at))
            return -CANDOR_E_SYNTAX;
    return 0;
}

int upstream_set_new(const struct upstream_options *o, struct upstream_set **ret_set)
{
    struct upstream_set *s;
    int r;

    if (o->count == 0 || o->count > UPSTREAM_MOST)
        return -CANDOR_E_LIMIT;
    s = aligned_alloc(_Alignof(struct upstream_set), sizeof *s);
    if (!s)
        return -CANDOR_E_MEMORY;
    memset(s, 0, sizeof *s);
    list_init(&s->pools);
    pthread_mutex_init(&s->lock, NULL);
    r = copy_options(s, o);
    if (r < 0) {
        upstream_set_free(s);
        return r;
    }
    *ret_set = s;
    return 0;
}

void upstream_set_free(struct upstream_set *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s->texts);
    free(s);
}

bool set_has_room(struct upstream_set *s, unsigned target)
{
    return s->o.max_connections == 0 ||
           atomic_load(&s->shared[target].connections) < s->o.max_connections;
}

bool set_reserve(struct upstream_set *s, unsigned target)
{
    _Atomic uint64_t *count = &s->shared[target].connections;
    uint64_t n = atomic_load(count);

    if (s->o.max_connections == 0)
        return true;
    while (n < s->o.max_connections)
        if (atomic_compare_exchange_weak(count, &n, n + 1))
            return true;
    return false;
}

void set_release(struct upstream_set *s, unsigned target)
{
    if (s->o.max_connections == 0)
        return;
    atomic_fetch_sub(&s->shared[target].connections, 1);
    set_wake(s);
}

/*
 * Nobody misses it: who begins to wait says so and then looks once more for room; who makes room
 * does that and then looks whether anybody waits.
 */
void set_wake(struct upstream_set *s)
{
    if (atomic_load(&s->waiting) == 0)
        return;
    pthread_mutex_lock(&s->lock);
    list_for_each (at, &s->pools) {
        struct upstream_pool *p = list_entry(at, struct upstream_pool, link);

        if (atomic_load(&p->waiting))
            loop_post(p->loop, &p->message);
    }
    pthread_mutex_unlock(&s->lock);
}

static bool ask_pool(struct upstream_pool *p, uint64_t targets)
{
    for (; targets; targets &= targets - 1) {
        unsigned t = (unsigned)__builtin_ctzll(targets);

        if (!set_has_room(p->set, t) && atomic_load(&p->own[t].kept_count)) {
            atomic_fetch_or(&p->asked, target_bit(t));
            loop_post(p->loop, &p->message);
            return true;
        }
    }
    return false;
}

void set_ask_for_room(struct upstream_set *s, struct upstream_pool *p, uint64_t targets)
{
    pthread_mutex_lock(&s->lock);
    list_for_each (at, &s->pools) {
        struct upstream_pool *other = list_entry(at, struct upstream_pool, link);

        if (other != p && ask_pool(other, targets))
            break;
    }
    pthread_mutex_unlock(&s->lock);
}

bool set_others_wait(struct upstream_set *s, const struct upstream_pool *p)
{
    uint32_t mine = atomic_load(&p->waiting);
    int64_t since = atomic_load(&p->oldest);
    bool found = false;

    if (atomic_load(&s->waiting) <= mine)
        return false;
    pthread_mutex_lock(&s->lock);
    list_for_each (at, &s->pools) {
        struct upstream_pool *other = list_entry(at, struct upstream_pool, link);

        if (other != p && atomic_load(&other->waiting) &&
            (!mine || atomic_load(&other->oldest) + LIMIT_QUEUE_TURN * CLOCK_MS < since))
            found = true;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

uint32_t retry_after_of(int64_t ns, uint64_t random)
{
    uint32_t seconds = ns <= CLOCK_SECOND          ? 1
                       : ns >= 3600 * CLOCK_SECOND ? 3600
                                                   : (uint32_t)((ns - 1) / CLOCK_SECOND + 1);

    return seconds + (uint32_t)(random >> 32) % (seconds / 2 + 2);
}

uint32_t set_drained_after(struct upstream_set *s, int64_t now, uint64_t random)
{
    uint64_t served = window_sum(&s->window, now, COUNT_SERVED);
    int64_t window = LIMIT_UPSTREAM_WINDOW * CLOCK_MS;

    if (served == 0) // none of what is under way has ended for so long
        return retry_after_of(window, random);
    return retry_after_of((int64_t)(atomic_load(&s->waiting) + 1) * (window / (int64_t)served),
                          random);
}
