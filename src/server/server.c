// SPDX-License-Identifier: MIT
#include "server/server.h"

#include "base/error.h"
#include "base/oplog.h"
#include "fs/open.h"
#include "io/offload.h"
#include "resource/files/digest_hash.h"
#include "resource/files/media_type_map.h"
#include "server/binding.h"
#include "server/config/state.h"
#include "server/memory.h"
#include "server/privileges.h"
#include "server/session/log_writer.h"
#include "server/session/record.h"
#include "server/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
    OWN_FILES = 24,       // descriptors that the server takes for itself, about
    OWN_FILES_WORKER = 8, // and each worker
};

struct server {
    const struct config *config;
    struct worker *workers;
    unsigned worker_count, opened, running;
    int *sockets;             // of each worker side by side; -1: not open; a worker's own soon
    struct binding *bindings; // by the number of their address
    struct offload *pool;
    struct media_type_map *types;
    struct store *store;  // NULL: no route needs one
    struct share *shares; // by the number of their route
    struct log_writer *log_writer;
};

static unsigned count_cores(void)
{
    cpu_set_t set;
    int n;

    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    n = CPU_COUNT(&set);
    return n > 0 ? (unsigned)n : 1;
}

/* As many open files as the system lets us have: each connection is one. */
static void raise_open_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* As many connections as leave files for them to be about: a quarter of those that may be open. */
static void bound_connections(const struct server *s, struct worker_means *means)
{
    size_t wanted = s->config->limits.connections,
           own = OWN_FILES + OWN_FILES_WORKER * s->worker_count;
    size_t share;
    struct rlimit limit;

    means->connections = wanted;
    means->connections_refused = LIMIT_CONNECTIONS_REFUSED;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    share = limit.rlim_cur / 4 * 3;
    share = (share > own + limit.rlim_cur / 4 ? share - own : limit.rlim_cur / 4) / s->worker_count;
    if (wanted + LIMIT_CONNECTIONS_REFUSED <= share)
        return;
    if (means->connections_refused > share / 8)
        means->connections_refused = share / 8;
    if (share > means->connections_refused)
        share -= means->connections_refused;
    if (wanted > share)
        means->connections = share ? share : 1;
    if (wanted > share && wanted != LIMIT_CONNECTIONS)
        oplog("connections-bounded",
              "each worker takes at most %zu connections, not %zu, as only %llu files may be open: "
              "raise that limit (ulimit -n)",
              means->connections, wanted, (unsigned long long)limit.rlim_cur);
}

static void tell(const char *token, struct span sentence)
{
    oplog(token, "%.*s", SPAN_ARG(sentence));
}

static struct kind_means means_of(const struct server *s)
{
    return (struct kind_means){.pool = s->pool,
                               .types = s->types,
                               .store = s->store,
                               .trusted_proxies = &s->config->trusted_proxies,
                               .tell = tell};
}

static int tell_not_started(int error)
{
    oplog("not-started", "the server did not start: %s", error_text(error));
    return error;
}

static int open_means(struct server *s)
{
    int error = media_type_map_new(MEDIA_TYPE_MAP_SYSTEM_PATH, &s->types);

    if (error == 0)
        error = digest_hash_prepare();
    if (error == 0)
        error = client_numbers_prepare();
    if (error == 0)
        error = offload_open(LIMIT_POOL_THREADS, LIMIT_POOL_THREADS_LONG, &s->pool);
    return error < 0 ? tell_not_started(error) : 0;
}

/* Tells the operator why it failed. */
static int open_shares(struct server *s)
{
    int error = state_open(s->config, &s->store);
    struct kind_means means = means_of(s);

    return error < 0 ? error : shares_open(&s->config->routes, &means, &s->shares);
}

static int open_workers(struct server *s)
{
    size_t listen_count = s->config->listen_count;
    struct worker_means means = {.config = s->config,
                                 .kinds = means_of(s),
                                 .shares = s->shares,
                                 .log_writer = s->log_writer};
    int error = 0;

    bound_connections(s, &means);
    for (unsigned w = 0; w < s->worker_count && error == 0; w++) {
        s->opened++;
        error = worker_open(&s->workers[w], &means, s->sockets + w * listen_count);
    }
    return error;
}

/* Those of each worker side by side. */
static int open_sockets(struct server *s)
{
    size_t listen_count = s->config->listen_count, count = listen_count * s->worker_count;
    int error = 0;

    s->sockets = malloc(count * sizeof *s->sockets);
    if (!s->sockets)
        return tell_not_started(-CANDOR_E_MEMORY);
    for (size_t i = 0; i < count; i++)
        s->sockets[i] = -1;
    for (size_t i = 0; i < listen_count && error == 0; i++)
        error = binding_open(&s->bindings[i], &s->config->listen[i], s->worker_count,
                             s->sockets + i, listen_count);
    return error;
}

static int open_log(struct server *s)
{
    int error = log_writer_open(s->config, &s->log_writer);

    if (error < 0)
        oplog("access-log-not-opened", "the access log %s cannot be opened: %s",
              s->config->access_log == ACCESS_LOG_FILE ? s->config->access_log_file
                                                       : "on standard error",
              strerror(errno));
    return error;
}

static void *worker_main(void *argument)
{
    worker_run(argument);
    return NULL;
}

static int start_workers(struct server *s)
{
    for (; s->running < s->worker_count; s->running++) {
        struct worker *w = &s->workers[s->running];

        int error = pthread_create(&w->thread, NULL, worker_main, w);

        if (error != 0) {
            oplog("thread-not-started", "no thread can be started for a worker: %s",
                  strerror(error));
            return -CANDOR_E_SYSTEM;
        }
    }
    return 0;
}

static void stop_workers(struct server *s)
{
    for (unsigned w = 0; w < s->running; w++)
        worker_stop(&s->workers[w]);
}

static void tell_store(const struct server *s)
{
    struct buf state = {0};

    if (state_find(s->config, &state) == 0)
        fprintf(stderr, "locks and properties are kept in %s\n", state.ptr);
    buf_done(&state);
}

/* Who may change what is served. */
static void tell_writable(const struct server *s)
{
    for (size_t i = 0; i < s->config->listen_count; i++) {
        const struct sockaddr *address = (const struct sockaddr *)&s->bindings[i].address;
        char text[LISTEN_TEXT];

        if (listen_is_local(address))
            continue;
        listen_print(address, text);
        oplog("open-to-all",
              "whoever reaches %s may change what is served there: there is no access control; "
              "listen on 127.0.0.1 unless something guards this address",
              text);
        return;
    }
}

static void tell_walking(void)
{
    if (!fs_has_openat2())
        oplog("openat2-missing",
              "the system refuses openat2 (Linux has it since 5.6; filters of containers may not "
              "let it through), so each path is opened name by name: as safely, but with more "
              "calls of the system");
}

/* Whose answers may be broken, so that nobody looks for another reason. */
static void tell_faults(const struct server *s)
{
    for (size_t i = 0; i < s->config->routes.count; i++) {
        const struct route *route = &s->config->routes.routes[i];

        if (route->faults)
            oplog("faults-on-purpose",
                  "the route %.*s breaks its answers on purpose: its faults say how",
                  SPAN_ARG(route->path));
    }
}

static void tell_ready(const struct server *s)
{
    bool writes = false;

    for (size_t i = 0; i < s->config->routes.count; i++)
        writes |= s->config->routes.routes[i].writes;
    if (s->store)
        tell_store(s);
    if (writes)
        tell_writable(s);
    tell_faults(s);
    for (size_t i = 0; i < s->config->listen_count; i++) {
        const struct sockaddr *address = (const struct sockaddr *)&s->bindings[i].address;
        bool is_path = address->sa_family == AF_UNIX;
        char text[LISTEN_TEXT];

        listen_print(address, text);
        fprintf(stderr, is_path ? "listening on %s\n" : "listening on http://%s/\n", text);
    }
}

/* Who waits for a second signal while the server ends. */
struct impatient {
    const sigset_t *set;
    atomic_bool has_ended;
};

static void *end_at_once(void *argument)
{
    struct impatient *i = argument;
    int signal_number;

    do {
        sigwait(i->set, &signal_number);
        if (atomic_load(&i->has_ended))
            return NULL;
    } while (signal_number == SIGUSR1);
    oplog("ended", "ended at once by a second signal; what was running is lost");
    _exit(1);
}

/* Waits for signals until one of them ends the server. */
static void wait_for_end(struct server *s, const sigset_t *set)
{
    int signal_number;

    for (;;) {
        if (sigwait(set, &signal_number) != 0)
            continue;
        if (signal_number != SIGUSR1)
            return;
        for (unsigned w = 0; w < s->running; w++)
            worker_reopen_log(&s->workers[w]);
    }
}

static void join_workers(struct server *s)
{
    for (unsigned w = 0; w < s->running; w++)
        pthread_join(s->workers[w].thread, NULL);
}

static void remove_paths(struct server *s)
{
    for (size_t i = 0; i < s->config->listen_count && s->bindings; i++)
        binding_remove(&s->bindings[i]);
}

static int serve(struct server *s, sigset_t *set)
{
    struct impatient impatient = {.set = set};
    pthread_t thread;
    int error = start_workers(s);
    bool watched;

    if (error == 0) {
        tell_walking();
        tell_ready(s);
        wait_for_end(s, set);
    }
    remove_paths(s); // while they are listened on: a server that starts now makes its own
    stop_workers(s);
    watched = pthread_create(&thread, NULL, end_at_once, &impatient) == 0;
    join_workers(s);
    for (unsigned w = 0; w < s->running; w++)
        if (s->workers[w].failed)
            error = -CANDOR_E_SYSTEM;
    if (watched) {
        // Not pthread_cancel(), which loads a library at its first use, and aborts without memory.
        atomic_store(&impatient.has_ended, true);
        pthread_kill(thread, SIGUSR1);
        pthread_join(thread, NULL);
    }
    return error;
}

int server_run(const struct config *config)
{
    struct server s = {.config = config};
    sigset_t set;
    int error;

    s.worker_count = config->workers ? config->workers : count_cores();
    memory_prepare(s.worker_count);
    s.workers = calloc(s.worker_count, sizeof *s.workers);
    s.bindings = calloc(config->listen_count, sizeof *s.bindings);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGXFSZ, SIG_IGN); // a file that may not grow any more is an error of its write
    signal(SIGPIPE, SIG_IGN); // sendfile has no flag against it
    raise_open_files();
    error = s.workers && s.bindings ? open_sockets(&s) : tell_not_started(-CANDOR_E_MEMORY);
    if (error == 0)
        error = privileges_drop(config);
    if (error == 0)
        error = open_means(&s);
    if (error == 0)
        error = open_shares(&s);
    // Until here a signal ends it at once: large folders are counted, and nobody is served yet.
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error == 0)
        error = open_log(&s);
    if (error == 0)
        error = open_workers(&s);
    if (error == 0)
        error = serve(&s, &set);
    remove_paths(&s);
    offload_free(s.pool);
    for (unsigned w = 0; w < s.opened; w++)
        worker_done(&s.workers[w]);
    log_writer_close(s.log_writer);
    shares_free(&config->routes, s.shares);
    store_close(s.store);
    media_type_map_free(s.types);
    free(s.workers);
    free(s.bindings);
    free(s.sockets);
    return error;
}
