// SPDX-License-Identifier: MIT
#include "server/config/config_build.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "fs/path_check.h"
#include "server/config/listen.h"
#include "server/config/state.h"

#include <stdlib.h>

struct build {
    struct config *config;
    const struct config_node *root; // NULL: there is no file
    struct report *report;
};

/* Where the value of a key of a list's member stands. */
static struct position position_in(const struct config_node *list, size_t number, const char *key)
{
    return config_tree_position(config_tree_key(config_tree_member(list, number), key));
}

int config_listen_init(struct config_listen *listen, struct span text)
{
    *listen = (struct config_listen){.mode = UINT64_MAX, .owner = UINT64_MAX, .group = UINT64_MAX};
    return listen_parse(text, &listen->address);
}

/* What the address has to do with its keys, and with those before it. */
static void check_listen(struct build *b, const struct config_listen *listen, size_t number)
{
    const struct config_listen *l = &listen[number];
    const struct sockaddr *address = (const struct sockaddr *)&l->address.socket;
    bool is_path = address->sa_family == AF_UNIX;

    if (!is_path && (l->mode & l->owner & l->group) != UINT64_MAX)
        report_add(b->report, l->at, "", SPAN("listen"),
                   "mode, owner and group are those of a Unix socket, and this is an address of "
                   "the network; expected unix:PATH, or no such keys");
    for (size_t j = 0; j < number && (is_path || listen_port(address)); j++) {
        if (!listen_equal(address, (const struct sockaddr *)&listen[j].address.socket))
            continue;
        report_add(b->report, l->at, "", SPAN("listen"),
                   "the address is in the list already; expected each address once");
        break;
    }
}

static int build_listen(struct build *b, const struct option_list *list)
{
    const struct config_node *nodes = config_tree_key(b->root, "listen");
    size_t count = list->count ? list->count : 1;
    struct config_listen *listen = arena_alloc(&b->config->arena, count * sizeof *listen);

    if (!listen)
        return -CANDOR_E_MEMORY;
    if (list->count)
        memcpy(listen, list->items, count * sizeof *listen);
    else
        config_listen_init(listen, SPAN("127.0.0.1:8080"));
    for (size_t i = 0; i < list->count; i++) {
        listen[i].at = config_tree_position(config_tree_member(nodes, i));
        check_listen(b, listen, i);
    }
    b->config->listen = listen;
    b->config->listen_count = count;
    return 0;
}

/* How narrow a page's "for" is: an outcome is narrower than a status, that than a class. */
static int for_rank(const struct config_for *for_)
{
    return for_->outcome ? 3 : for_->status ? 2 : 1;
}

static bool for_covers(const struct config_for *for_, enum outcome outcome)
{
    int status = outcome_table[outcome].status;

    return for_->outcome  ? for_->outcome == outcome
           : for_->status ? for_->status == status
                          : for_->class_ == status / 100;
}

static int build_page(struct build *b, const struct page_draft *draft, struct position at,
                      struct config_page *page)
{
    struct buf content = {0};
    const char *why = NULL;
    int r = path_read(draft->file, LIMIT_ERROR_PAGE, &content, &why);

    page->file = draft->file;
    if (r == -CANDOR_E_SYSTEM) {
        report_path(b->report, at, "error_pages.", SPAN("file"), page->file, why,
                    "the path of a readable file of at most 1M");
        r = 0; // told; the rest is worth looking at
    }
    if (r == 0) {
        page->content = arena_copy(&b->config->arena, buf_span(&content));
        if (content.len && !page->content.ptr)
            r = -CANDOR_E_MEMORY;
    }
    buf_done(&content);
    return r;
}

static int build_pages(struct build *b, const struct option_list *list)
{
    const struct config_node *nodes = config_tree_key(b->root, "error_pages");
    const struct page_draft *drafts = list->items;
    int ranks[OUTCOME_COUNT] = {0};
    struct config_page *pages;

    if (!list->count)
        return 0;
    pages = arena_alloc(&b->config->arena, list->count * sizeof *pages);
    if (!pages)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < list->count; i++) {
        const struct config_for *for_ = &drafts[i].for_;
        int r;

        for (size_t j = 0; j < i; j++) {
            if (memcmp(for_, &drafts[j].for_, sizeof *for_) != 0)
                continue;
            report_add(b->report, position_in(nodes, i, "for"), "error_pages.", SPAN("for"),
                       "another page is for the same; expected one page for each");
            break;
        }
        r = build_page(b, &drafts[i], position_in(nodes, i, "file"), &pages[i]);
        if (r < 0)
            return r;
        for (int o = 1; o < OUTCOME_COUNT; o++) {
            if (for_covers(for_, (enum outcome)o) && for_rank(for_) > ranks[o]) {
                ranks[o] = for_rank(for_);
                b->config->pages[o] = &pages[i];
            }
        }
    }
    return 0;
}

/* NULL: there are none, or no memory for them (*ret_error). */
static struct route_faults *build_faults(struct build *b, const struct option_list *list,
                                         int *ret_error)
{
    struct route_faults *faults;
    struct hash_key key;

    *ret_error = 0;
    if (!list->count)
        return NULL;
    faults = arena_alloc(&b->config->arena, sizeof *faults);
    *ret_error = faults ? hash_key_make(&key) : -CANDOR_E_MEMORY;
    if (*ret_error < 0)
        return NULL;
    *faults = (struct route_faults){.list = list->items, .count = list->count, .seed = key.word[0]};
    return faults;
}

static int build_route(struct build *b, struct route_draft *draft, size_t number,
                       struct route *route)
{
    int r;

    if (draft->kind.kind->check)
        draft->kind.kind->check(&draft->kind, b->report);
    *route = (struct route){
        .path = draft->path,
        .content =
            draft->limits.content == UINT64_MAX ? b->config->limits.content : draft->limits.content,
        .number = number,
        .kind = draft->kind.kind,
        .options = draft->kind.options,
        .writes = draft->kind.writes,
        .is_guarded = draft->kind.writes || !b->root,
        .needs_store = draft->kind.needs_store,
        .faults = build_faults(b, &draft->faults, &r),
    };
    return r;
}

/* A route for each of its hosts, from routes[count] on; how many there are then. */
static size_t build_hosts(const struct route_draft *draft, const struct route *route,
                          struct route *routes, size_t count)
{
    const struct span *hosts = draft->hosts.items;

    if (draft->host.len || !draft->hosts.count) {
        routes[count] = *route;
        routes[count++].host = draft->host;
    }
    for (size_t i = 0; i < draft->hosts.count; i++) {
        routes[count] = *route;
        routes[count++].host = hosts[i];
    }
    return count;
}

static int build_routes(struct build *b, const struct option_list *list)
{
    const struct config_node *nodes = config_tree_key(b->root, "routes");
    struct route_draft *drafts = list->items;
    size_t most = 0, count = 0, twins[2];
    struct route *routes;
    struct buf *out;
    int r;

    for (size_t i = 0; i < list->count; i++)
        most += 1 + drafts[i].hosts.count;
    routes = arena_alloc(&b->config->arena, most * sizeof *routes);
    if (!routes)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < list->count; i++) {
        struct route route;

        r = build_route(b, &drafts[i], i, &route);
        if (r < 0)
            return r;
        count = build_hosts(&drafts[i], &route, routes, count);
    }
    r = route_table_init(&b->config->routes, routes, count, &b->config->arena, twins);
    if (r != -CANDOR_E_CONFIG)
        return r;
    out = report_at(b->report, position_in(nodes, twins[1], "path"), "routes.", SPAN("path"));
    if (out)
        buf_addf(out, "the route in line %zu has the same path and host; expected each once",
                 config_tree_position(config_tree_member(nodes, twins[0])).line);
    return r;
}

/* What must hold between the routes of each kind. */
static int check_kinds(struct build *b, const struct option_list *list)
{
    const struct kind_route **same = calloc(list->count, sizeof *same);
    const struct route_draft *drafts = list->items;

    if (!same)
        return -CANDOR_E_MEMORY;
    for (size_t k = 0; k < config_schema_route.count; k++) {
        const struct resource_kind *kind = config_kind(&config_schema_route.rows[k]);
        size_t count = 0;

        for (size_t i = 0; i < list->count && kind && kind->check_all; i++)
            if (drafts[i].kind.kind == kind)
                same[count++] = &drafts[i].kind;
        if (count)
            kind->check_all(same, count, b->report);
    }
    free(same);
    return 0;
}

int config_build(struct config *config, const struct config_draft *draft,
                 const struct config_node *root, struct report *report)
{
    struct build b = {.config = config, .root = root, .report = report};
    int r;

    config->workers = (unsigned)draft->workers;
    config->user = draft->user;
    config->group = draft->group;
    config->access_log = draft->access_log.to;
    config->access_log_file = draft->access_log.file;
    config->access_log_format = draft->access_log_format;
    config->state_file = draft->state_file;
    config->trace = draft->trace;
    config->trusted_proxies = draft->trusted_proxies;
    config->limits = draft->limits;
    r = build_listen(&b, &draft->listen);
    if (r == 0)
        r = build_pages(&b, &draft->pages);
    if (r == 0)
        r = build_routes(&b, &draft->routes);
    if (r == 0)
        r = check_kinds(&b, &draft->routes);
    if (r == 0)
        r = state_check(config, &draft->routes,
                        config_tree_position(config_tree_key(root, "state")), report);
    if (r == 0 && report->text.failed)
        r = -CANDOR_E_MEMORY;
    if (r == 0 && report->count)
        r = -CANDOR_E_CONFIG;
    return r;
}
