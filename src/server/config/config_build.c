// SPDX-License-Identifier: MIT
#include "server/config/config_build.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/limits.h"
#include "server/config/config_folders.h"
#include "server/config/config_place.h"
#include "server/config/config_value.h"
#include "server/config/listen.h"
#include "wire/message.h"

struct build {
    struct config *config;
    const struct config_node *root; // NULL: there is no file
    struct span folder;             // what relative paths begin with: "" or "…/"
    struct config_report *report;
};

// One function per kind of value that needs no more than its text; the text has been checked.
// A value of NULL is a key that is not there.

static uint64_t take_SIZE(const char *text, uint64_t standard)
{
    uint64_t value = standard;

    (void)(text && config_parse_size(span_from_str(text), &value));
    return value;
}

static uint64_t take_DURATION(const char *text, uint64_t standard)
{
    uint64_t value = standard;

    (void)(text && config_parse_duration(span_from_str(text), &value));
    return value;
}

static uint64_t take_NUMBER(const char *text, uint64_t standard)
{
    uint64_t value = standard;

    (void)(text && config_parse_number(span_from_str(text), &value));
    return value;
}

static bool take_BOOLEAN(const char *text, bool standard)
{
    bool value = standard;

    (void)(text && config_parse_boolean(span_from_str(text), &value));
    return value;
}

/* What holds without the key: the "standard" column of config.def. */
enum {
#define CONFIG_TOP(member, name, kind, need, standard, ...)                                        \
    TOP_##member = STANDARD_##kind(standard),
#define CONFIG_FILES(member, name, kind, need, standard, ...)                                      \
    FILES_##member = STANDARD_##kind(standard),
#define STANDARD_ADDRESSES(standard) 0
#define STANDARD_NUMBER(standard) standard
#define STANDARD_BOOLEAN(standard) standard
#define STANDARD_LOG(standard) 0
#define STANDARD_FORMAT(standard) 0
#define STANDARD_STATE(standard) 0
#define STANDARD_SIZE(standard) standard
#define STANDARD_FOLDER(standard) 0
#define STANDARD_NAME(standard) 0
#define STANDARD_SECTION(standard) 0
#define STANDARD_SECTIONS(standard) 0
#include "server/config/config.def"
};

/* Text for the life of the configuration, with a NUL; NULL when out of memory. */
static char *keep(struct build *b, struct span before, struct span text)
{
    char *kept = arena_alloc(&b->config->arena, before.len + text.len + 1);

    if (!kept)
        return NULL;
    if (before.len)
        memcpy(kept, before.ptr, before.len);
    if (text.len)
        memcpy(kept + before.len, text.ptr, text.len);
    kept[before.len + text.len] = '\0';
    return kept;
}

static char *keep_path(struct build *b, const char *path)
{
    return keep(b, path[0] == '/' ? SPAN("") : b->folder, span_from_str(path));
}

/* "key "x": "pages/404.html" does not exist; expected a readable file". */
static int report_path(struct build *b, const struct config_node *at, const char *section,
                       struct span key, const char *path, const char *why, const char *expected)
{
    struct buf *out =
        b->root ? config_report_at(b->report, at, section, key)
                : config_report_at(b->report, NULL, "", SPAN("")); // the path is all there is

    if (out && b->root) {
        buf_add_char(out, '"'); // whole: its end tells what it is
        buf_add_json(out, span_from_str(path));
        buf_addf(out, "\" %s; expected %s", why, expected);
    } else if (out) {
        buf_addf(out, "this %s; expected %s", why, expected);
    }
    return -CANDOR_E_CONFIG;
}

static int build_listen(struct build *b, const struct raw_top *raw)
{
    static char standard[] = "127.0.0.1:8080";
    char *const only[] = {standard};
    char *const *texts = raw->listen ? raw->listen : only;
    size_t count = raw->listen ? raw->listen_count : 1;
    const struct config_node *list = config_tree_key(b->root, "listen");
    struct config_listen *listen = arena_alloc(&b->config->arena, count * sizeof *listen);

    if (!listen)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct sockaddr *address = (const struct sockaddr *)&listen[i].address;

        if (listen_parse(span_from_str(texts[i]), &listen[i].address, &listen[i].len) < 0)
            return -CANDOR_E_CONFIG; // not after config_check
        for (size_t j = 0; j < i && listen_port(address); j++) {
            if (!listen_equal(address, (const struct sockaddr *)&listen[j].address))
                continue;
            config_report_add(b->report, config_tree_member(list, i), "", SPAN("listen"),
                              "the address is in the list already; expected each address once");
            break;
        }
    }
    b->config->listen = listen;
    b->config->listen_count = count;
    return 0;
}

static int build_log(struct build *b, const struct raw_top *raw)
{
    struct span log = span_from_str(raw->access_log ? raw->access_log : "stderr");
    struct span format = span_from_str(raw->access_log_format);

    b->config->access_log_format =
        span_eq(format, SPAN("combined")) ? ACCESS_LOG_COMBINED : ACCESS_LOG_JSON;
    if (span_eq(log, SPAN("stderr"))) {
        b->config->access_log = ACCESS_LOG_STDERR;
        return 0;
    }
    if (span_eq(log, SPAN("off"))) {
        b->config->access_log = ACCESS_LOG_OFF;
        return 0;
    }
    b->config->access_log = ACCESS_LOG_FILE;
    b->config->access_log_file = keep_path(b, raw->access_log);
    return b->config->access_log_file ? 0 : -CANDOR_E_MEMORY;
}

/* "sqlite:FILE"; NULL when nothing is said. */
static int build_state(struct build *b, const struct raw_top *raw)
{
    if (!raw->state)
        return 0;
    b->config->state_file = keep_path(b, raw->state + sizeof "sqlite:" - 1);
    return b->config->state_file ? 0 : -CANDOR_E_MEMORY;
}

static void build_limits(struct config_limits *to, const struct raw_limits *raw)
{
    static const struct raw_limits none;

    if (!raw)
        raw = &none;
#define CONFIG_LIMITS(member, name, kind, need, standard, ...)                                     \
    to->member = take_##kind(raw->member, standard);
#include "server/config/config.def"
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

static int build_page(struct build *b, const struct raw_page *raw, const struct config_node *node,
                      struct config_page *page)
{
    struct buf content = {0};
    const char *why = NULL;
    int r;

    page->file = keep_path(b, raw->file);
    if (!page->file)
        return -CANDOR_E_MEMORY;
    r = config_read_file(page->file, LIMIT_ERROR_PAGE, &content, &why);
    if (r == -CANDOR_E_CONFIG) {
        report_path(b, config_tree_key(node, "file"), "error_pages.", SPAN("file"), page->file, why,
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

static int build_pages(struct build *b, const struct raw_top *raw)
{
    const struct config_node *list = config_tree_key(b->root, "error_pages");
    struct config_for fors[LIMIT_ERROR_PAGES] = {{0}};
    int ranks[OUTCOME_COUNT] = {0};
    struct config_page *pages;

    if (!raw->error_pages_count)
        return 0;
    pages = arena_alloc(&b->config->arena, raw->error_pages_count * sizeof *pages);
    if (!pages)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < raw->error_pages_count; i++) {
        const struct config_node *node = config_tree_member(list, i);
        int r;

        if (config_parse_for(span_from_str(raw->error_pages[i].for_), &fors[i]) < 0)
            return -CANDOR_E_CONFIG; // not after config_check
        for (size_t j = 0; j < i; j++) {
            if (memcmp(&fors[i], &fors[j], sizeof fors[i]) != 0)
                continue;
            config_report_add(b->report, config_tree_key(node, "for"), "error_pages.", SPAN("for"),
                              "another page is for the same; expected one page for each");
            break;
        }
        r = build_page(b, &raw->error_pages[i], node, &pages[i]);
        if (r < 0)
            return r;
        for (int o = 1; o < OUTCOME_COUNT; o++) {
            if (for_covers(&fors[i], (enum outcome)o) && for_rank(&fors[i]) > ranks[o]) {
                ranks[o] = for_rank(&fors[i]);
                b->config->pages[o] = &pages[i];
            }
        }
    }
    return 0;
}

/*
 * Where clients write, NAME.gz is theirs like any other file: in the place of NAME it would answer
 * with content that nobody stored there.
 */
static bool build_precompressed(struct build *b, const struct raw_files *raw,
                                const struct config_node *node, bool write)
{
    if (!write)
        return take_BOOLEAN(raw->precompressed, FILES_precompressed);
    if (take_BOOLEAN(raw->precompressed, false))
        config_report_add(b->report, config_tree_key(node, "precompressed"), "routes.files.",
                          SPAN("precompressed"),
                          "clients write here, and what they store as \"name.gz\" would answer for "
                          "\"name\"; expected false, or no \"write: true\"");
    return false;
}

static int build_files(struct build *b, const struct raw_files *raw, const struct config_node *node,
                       struct files_options *files)
{
    bool write = take_BOOLEAN(raw->write, FILES_write);
    // Where clients write, an index that nobody asked for would let one of them hide the folder.
    const char *index = raw->index ? raw->index : write ? "" : "index.html";
    struct config_place place;

    files->root = keep_path(b, raw->root);
    files->index = span_from_str(keep(b, SPAN(""), span_from_str(index)));
    if (!files->root || !files->index.ptr)
        return -CANDOR_E_MEMORY;
    files->listing = take_BOOLEAN(raw->listing, FILES_listing);
    files->archives = take_BOOLEAN(raw->archives, FILES_archives);
    files->search = take_BOOLEAN(raw->search, FILES_search);
    files->dotfiles = take_BOOLEAN(raw->dotfiles, FILES_dotfiles);
    files->precompressed = build_precompressed(b, raw, node, write);
    files->write = write;
    files->quota = take_SIZE(raw->quota, FILES_quota);
    files->reserve = take_SIZE(raw->reserve, FILES_reserve);
    files->infinite_depth = take_NUMBER(raw->infinite_depth, FILES_infinite_depth);
    if (config_folder_is_wrong(files->root, files->listing, files->write, &place))
        report_path(b, config_tree_key(node, "root"), "routes.files.", SPAN("root"), files->root,
                    place.wrong, place.expected);
    return 0;
}

/* 0 is no bound. */
static uint64_t upload_limit(uint64_t max_upload)
{
    return max_upload ? max_upload : INT64_MAX;
}

static int build_route(struct build *b, const struct raw_route *raw, const struct config_node *node,
                       size_t number, struct route *route)
{
    char *kept_path = keep(b, SPAN(""), span_from_str(raw->path));

    if (!kept_path)
        return -CANDOR_E_MEMORY;
    *route = (struct route){
        .path = span_from_str(kept_path),
        .content = take_SIZE(raw->limits ? raw->limits->content : NULL, b->config->limits.content),
        .stored = upload_limit(take_SIZE(raw->files->max_upload, FILES_max_upload)),
        .number = number,
        .kind = ROUTE_FILES,
    };
    return build_files(b, raw->files, config_tree_key(node, "files"), &route->files);
}

static int build_host(struct build *b, const char *name, struct route *route)
{
    struct span host = span_from_str(name);
    char *kept = keep(b, SPAN(""), host);

    if (!kept)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < host.len; i++)
        kept[i] = ascii_lower(kept[i]);
    route->host = span_from_str(kept);
    return 0;
}

/* The same route for each of its hosts, from routes[*count] on. */
static int build_hosts(struct build *b, const struct raw_route *raw, const struct route *route,
                       struct route *routes, size_t *count)
{
    int r = 0;

    if (raw->host || !raw->hosts_count) {
        routes[*count] = *route;
        r = build_host(b, raw->host, &routes[(*count)++]);
    }
    for (size_t i = 0; i < raw->hosts_count && r == 0; i++) {
        routes[*count] = *route;
        r = build_host(b, raw->hosts[i], &routes[(*count)++]);
    }
    return r;
}

static int build_routes(struct build *b, const struct raw_top *raw)
{
    const struct config_node *list = config_tree_key(b->root, "routes");
    size_t most = 0, count = 0, twins[2];
    struct route *routes;
    int r = 0;

    for (size_t i = 0; i < raw->routes_count; i++)
        most += 1 + raw->routes[i].hosts_count;
    routes = arena_alloc(&b->config->arena, most * sizeof *routes);
    if (!routes)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < raw->routes_count && r == 0; i++) {
        struct route route;

        r = build_route(b, &raw->routes[i], config_tree_member(list, i), i, &route);
        if (r == 0)
            r = build_hosts(b, &raw->routes[i], &route, routes, &count);
    }
    if (r < 0)
        return r;
    r = route_table_init(&b->config->routes, routes, count, &b->config->arena, twins);
    if (r == -CANDOR_E_CONFIG) {
        const struct config_node *at = config_tree_member(list, twins[1]);
        const struct config_node *first = config_tree_member(list, twins[0]);
        struct buf *out =
            config_report_at(b->report, config_tree_key(at, "path"), "routes.", SPAN("path"));

        if (out)
            buf_addf(out, "the route in line %zu has the same path and host; expected each once",
                     first ? first->line : 0);
    }
    return r;
}

int config_build(struct config *config, const struct raw_top *raw, const struct config_node *root,
                 const char *name, struct config_report *report)
{
    struct build b = {.config = config, .root = root, .report = report};
    const char *slash = root ? strrchr(name, '/') : NULL;
    int r;

    if (slash)
        b.folder = span_of(name, (size_t)(slash + 1 - name));
    config->name = keep(&b, SPAN(""), span_from_str(name));
    if (!config->name)
        return -CANDOR_E_MEMORY;
    config->workers = (unsigned)take_NUMBER(raw->workers, TOP_workers);
    config->trace = take_BOOLEAN(raw->trace, TOP_trace);
    build_limits(&config->limits, raw->limits);
    r = build_listen(&b, raw);
    if (r == 0)
        r = build_log(&b, raw);
    if (r == 0)
        r = build_state(&b, raw);
    if (r == 0)
        r = build_pages(&b, raw);
    if (r == 0)
        r = build_routes(&b, raw);
    if (r == 0)
        r = config_check_folders(config, root, report);
    if (r == 0 && report->count)
        r = -CANDOR_E_CONFIG;
    return r;
}
