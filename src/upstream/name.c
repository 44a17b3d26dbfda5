// SPDX-License-Identifier: MIT
#include "upstream/name.h"

#include "base/clock.h"

#include <ares.h>
#include <assert.h>
#include <pthread.h>
#include <sys/ioctl.h>

/* A socket of c-ares. */
struct name_socket {
    struct fd_watch watch;
    struct names *names;
    struct list link;
};

static void set_timer(struct names *n)
{
    struct timeval most, *left = ares_timeout(n->channel, NULL, &most);

    if (left)
        timer_set(n->loop, &n->timer,
                  loop_now(n->loop) + left->tv_sec * CLOCK_SECOND + left->tv_usec * 1000);
    else
        timer_stop(&n->timer);
}

static void process(struct names *n, ares_socket_t readable, ares_socket_t writable)
{
    ares_process_fd(n->channel, readable, writable);
    set_timer(n);
}

static void on_timer(struct timer *t)
{
    process(container_of(t, struct names, timer), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void on_socket(struct fd_watch *w, bool readable, bool writable)
{
    struct names *n = container_of(w, struct name_socket, watch)->names;
    int fd = w->fd, bytes = 0;

    if (readable && ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0)
        n->heard++;
    process(n, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
}

static void socket_free(struct name_socket *s)
{
    fd_watch_close(&s->watch);
    list_remove(&s->link);
    free(s);
}

/* c-ares tells what it wants to know of a socket; neither: it is about to be closed. What cannot be
 * watched is as a server that is silent. */
static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct names *n = arg;
    struct name_socket *s = NULL;

    list_for_each (at, &n->sockets)
        if (list_entry(at, struct name_socket, link)->watch.fd == fd)
            s = list_entry(at, struct name_socket, link);
    if (!readable && !writable) {
        if (s)
            socket_free(s);
    } else if (s) {
        fd_watch_change(&s->watch, readable, writable);
    } else if ((s = calloc(1, sizeof *s))) {
        s->watch.on_ready = on_socket;
        s->names = n;
        list_add_tail(&n->sockets, &s->link);
        if (fd_watch_open(n->loop, &s->watch, fd, readable, writable) < 0)
            socket_free(s);
    }
}

static void init_library(void)
{
    ares_library_init(ARES_LIB_INIT_ALL);
}

/* In the loop: reading the system's files is short, and seldom. */
static bool open_channel(struct names *n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct ares_options o = {
        .timeout = (int)(n->timeout / 3), // the second try has twice as long
        .tries = 2,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = n,
    };

    if (n->channel && n->is_old && n->lookups == 0) {
        ares_destroy(n->channel);
        n->channel = NULL;
    }
    if (n->channel)
        return true;
    pthread_once(&once, init_library);
    if (ares_init_options(&n->channel, &o,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) !=
        ARES_SUCCESS) {
        n->channel = NULL;
        return false;
    }
    n->is_old = false;
    if (n->servers && ares_set_servers_ports_csv(n->channel, n->servers) != ARES_SUCCESS) {
        ares_destroy(n->channel);
        n->channel = NULL;
        return false;
    }
    return true;
}

void names_init(struct names *n, struct loop *l, const char *servers, uint64_t timeout)
{
    *n = (struct names){.loop = l, .servers = servers, .timeout = timeout};
    list_init(&n->sockets);
    timer_init(&n->timer, on_timer);
}

void names_done(struct names *n)
{
    if (n->channel)
        ares_destroy(n->channel);
    timer_stop(&n->timer);
    while (!list_empty(&n->sockets))
        socket_free(list_entry(n->sockets.next, struct name_socket, link));
}

/* A name: what an answer says of it. */

static void tell(struct name *n)
{
    timer_stop(&n->timer);
    loop_call(n->names->loop, &n->told);
}

static void on_told(struct loop_call *c)
{
    struct name *n = container_of(c, struct name, told);
    struct list told = n->waiting;

    if (list_empty(&n->waiting))
        return;
    told.next->prev = told.prev->next = &told;
    list_init(&n->waiting);
    while (!list_empty(&told)) {
        struct name_wait *w = list_entry(list_pop(&told), struct name_wait, link);

        w->told(w);
    }
}

/* No answer: what was known before is as good as anything. */
static void set_unanswered(struct name *n, enum outcome cause)
{
    int64_t until = loop_now(n->names->loop) + LIMIT_NAME_NEGATIVE * CLOCK_MS;

    n->names->is_old = true;
    if (n->count) {
        n->good_until = until;
    } else {
        n->cause = cause;
        n->bad_until = until;
    }
}

static void set_unknown(struct name *n)
{
    n->count = 0;
    n->cause = OUTCOME_upstream_name_unknown;
    n->bad_until = loop_now(n->names->loop) + LIMIT_NAME_NEGATIVE * CLOCK_MS;
}

static struct in6_addr mapped(const struct in_addr *four)
{
    struct in6_addr a = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

    memcpy(&a.s6_addr[12], four, sizeof *four);
    return a;
}

static bool add_address(struct name *n, const struct ares_addrinfo_node *node)
{
    struct in6_addr *to = &n->addresses[n->count];

    if (node->ai_family == AF_INET6) {
        *to = ((const struct sockaddr_in6 *)node->ai_addr)->sin6_addr;
    } else if (node->ai_family == AF_INET) {
        *to = mapped(&((const struct sockaddr_in *)node->ai_addr)->sin_addr);
    } else {
        return false;
    }
    for (unsigned i = 0; i < n->count; i++)
        if (memcmp(&n->addresses[i], to, sizeof *to) == 0)
            return false;
    n->count++;
    return true;
}

static void set_addresses(struct name *n, const struct ares_addrinfo *answer)
{
    int64_t ttl = LIMIT_NAME_TTL_MOST;

    n->count = 0;
    n->generation++;
    for (const struct ares_addrinfo_node *at = answer->nodes; at; at = at->ai_next) {
        if (n->count < NAME_ENDPOINTS && add_address(n, at) && at->ai_ttl * 1000LL < ttl)
            ttl = at->ai_ttl * 1000LL;
    }
    for (const struct ares_addrinfo_cname *at = answer->cnames; at; at = at->next)
        if (at->ttl * 1000LL < ttl)
            ttl = at->ttl * 1000LL;
    if (ttl < LIMIT_NAME_TTL_LEAST)
        ttl = LIMIT_NAME_TTL_LEAST;
    n->good_until = loop_now(n->names->loop) + ttl * CLOCK_MS;
    if (n->count == 0)
        set_unknown(n);
}

/* What c-ares says where no server was of use: the servers that answered with a failure of their
 * own are to it as those that are not there. */
static enum outcome cause_of(const struct name *n, int status)
{
    if (status == ARES_ENOMEM)
        return OUTCOME_upstream_own_fault;
    if (status == ARES_ETIMEOUT || (status == ARES_ECONNREFUSED && n->names->heard == n->heard))
        return OUTCOME_upstream_name_timeout;
    return OUTCOME_upstream_name_unknown;
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *answer)
{
    struct name *n = arg;

    (void)timeouts;
    n->names->lookups--;
    n->is_asking = n->is_late = false;
    if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED)
        return;
    if (status == ARES_SUCCESS)
        set_addresses(n, answer);
    else if (status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME)
        set_unknown(n);
    else
        set_unanswered(n, cause_of(n, status));
    if (answer)
        ares_freeaddrinfo(answer);
    tell(n);
}

static void on_late(struct timer *t)
{
    struct name *n = container_of(t, struct name, timer);

    n->is_late = true;
    set_unanswered(n, OUTCOME_upstream_name_timeout);
    tell(n);
}

static void look_up(struct name *n)
{
    static const struct ares_addrinfo_hints hints = {.ai_socktype = SOCK_STREAM};
    struct names *all = n->names;

    n->is_late = false;
    timer_set(all->loop, &n->timer, loop_now(all->loop) + (int64_t)all->timeout * CLOCK_MS);
    if (n->is_asking)
        return;
    if (!open_channel(all)) {
        set_unanswered(n, OUTCOME_upstream_own_fault);
        tell(n);
        return;
    }
    n->is_asking = true;
    n->heard = all->heard;
    all->lookups++;
    ares_getaddrinfo(all->channel, n->host, NULL, &hints, on_answer, n);
    set_timer(all);
}

void name_init(struct name *n, struct names *names, const char *host)
{
    *n = (struct name){.names = names, .host = host};
    list_init(&n->waiting);
    timer_init(&n->timer, on_late);
    loop_call_init(&n->told, on_told);
}

void name_done(struct name *n)
{
    assert(list_empty(&n->waiting));
    timer_stop(&n->timer);
    loop_call_cancel(&n->told);
}

static bool is_four(const struct in6_addr *a)
{
    return IN6_IS_ADDR_V4MAPPED(a);
}

static struct endpoint endpoint_of(const struct in6_addr *a, uint16_t port)
{
    struct endpoint e = {0};

    if (is_four(a)) {
        e.four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&e.four.sin_addr, &a->s6_addr[12], 4);
        e.len = sizeof e.four;
    } else {
        e.six = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = *a};
        e.len = sizeof e.six;
    }
    return e;
}

/* The number of those of a family, in `out`, beginning with another one each time. */
static unsigned rotate(const struct name *n, bool four, const struct in6_addr **out)
{
    const struct in6_addr *all[NAME_ENDPOINTS];
    unsigned count = 0;

    for (unsigned i = 0; i < n->count; i++)
        if (is_four(&n->addresses[i]) == four)
            all[count++] = &n->addresses[i];
    for (unsigned i = 0; i < count; i++)
        out[i] = all[(i + n->rotation) % count];
    return count;
}

void name_take(struct name *n, uint16_t port, struct endpoint ret_endpoints[NAME_ENDPOINTS],
               unsigned *ret_count, enum outcome *ret_cause)
{
    const struct in6_addr *of[2][NAME_ENDPOINTS];
    bool four_first = n->count && (n->prefers_four || is_four(&n->addresses[0]));
    unsigned counts[2] = {rotate(n, four_first, of[0]), rotate(n, !four_first, of[1])};
    unsigned count = 0;

    for (unsigned i = 0; count < n->count; i++)
        for (int family = 0; family < 2; family++)
            if (i < counts[family])
                ret_endpoints[count++] = endpoint_of(of[family][i], port);
    n->rotation++;
    *ret_count = count;
    *ret_cause = count ? OUTCOME_NONE : n->cause;
}

bool name_find(struct name *n, uint16_t port, struct name_wait *w,
               struct endpoint ret_endpoints[NAME_ENDPOINTS], unsigned *ret_count,
               enum outcome *ret_cause)
{
    int64_t now = loop_now(n->names->loop);
    bool is_known = now < (n->count ? n->good_until : n->bad_until);

    if (!is_known && (!n->is_asking || n->is_late))
        look_up(n);
    if (!is_known && (!n->count || now >= n->good_until + LIMIT_NAME_STALE * CLOCK_MS)) {
        list_add_tail(&n->waiting, &w->link);
        return false;
    }
    name_take(n, port, ret_endpoints, ret_count, ret_cause);
    return true;
}

void name_refresh(struct name *n)
{
    if (n->count && !n->is_asking && loop_now(n->names->loop) >= n->good_until)
        look_up(n);
}

struct in6_addr name_connected(struct name *n, const struct endpoint *e)
{
    n->prefers_four = e->any.sa_family == AF_INET;
    return n->prefers_four ? mapped(&e->four.sin_addr) : e->six.sin6_addr;
}

bool name_has(const struct name *n, const struct in6_addr *address)
{
    for (unsigned i = 0; i < n->count; i++)
        if (IN6_ARE_ADDR_EQUAL(&n->addresses[i], address))
            return true;
    return n->count == 0;
}
