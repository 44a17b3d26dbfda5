// SPDX-License-Identifier: MIT
/*
 * The kind of resource that answers with the files of a folder. Where clients may change them, what
 * authors (dav.h) stands before what reads (files.h).
 */
#include "base/buf.h"
#include "base/error.h"
#include "fs/climb.h"
#include "fs/path_check.h"
#include "io/offload.h"
#include "resource/dav/dav.h"
#include "resource/files/cache_control.h"
#include "resource/kind.h"
#include "tree/tree.h"

#include <errno.h>
#include <stdlib.h>

static const struct option_row rows_cache[] = {
#define OPTION_CACHE(...) OPTION_ROW(struct cache_rule, __VA_ARGS__)
#include "resource/dav/files_kind.def"
};
static const struct option_section section_cache =
    OPTION_TABLE("routes.files.cache.", rows_cache, struct cache_rule);

static const struct option_row rows[] = {
#define OPTION(...) OPTION_ROW(struct files_options, __VA_ARGS__)
#define OPTION_BELOW(member, name, kind, need, below, ...)                                         \
    OPTION_ROW_BELOW(struct files_options, member, name, kind, need, &below, __VA_ARGS__)
#include "resource/dav/files_kind.def"
};

/* Whether the folder is one that this user may serve as the options say. */
static void check_root(const struct kind_route *route, struct report *report)
{
    const struct files_options *files = route->options;
    const char *expected = "the path of a folder";
    const char *wrong = path_not_folder(files->root);

    if (!wrong) {
        expected = "a folder that it may";
        wrong = path_not_permitted(files->root, X_OK | (files->listing || files->write ? R_OK : 0));
    }
    if (!wrong && files->write) {
        expected = "a folder that can be written, or write: false";
        wrong = path_not_permitted(files->root, W_OK);
    }
    if (wrong)
        report_path(report, kind_position(route, SPAN("root")), "routes.files.", SPAN("root"),
                    files->root, wrong, expected);
}

static void check(struct kind_route *route, struct report *report)
{
    struct files_options *files = route->options;

    route->writes = route->needs_store = files->write;
    // Where clients write, an index that nobody asked for would let one of them hide the folder.
    if (files->write && !kind_is_given(route, SPAN("index")))
        files->index = SPAN("");
    // Editors, synchronisers and note programs keep what they need under such names.
    if (files->write && !kind_is_given(route, SPAN("dotfiles")))
        files->dotfiles = true;
    // And NAME.gz is theirs like any other file: in the place of NAME it would answer with content
    // that nobody stored there.
    if (files->write && kind_is_given(route, SPAN("precompressed")) && files->precompressed)
        report_add(report, kind_position(route, SPAN("precompressed")), "routes.files.",
                   SPAN("precompressed"),
                   "clients write here, and what they store as \"name.gz\" would answer for "
                   "\"name\"; expected false, or no \"write: true\"");
    if (files->write)
        files->precompressed = false;
    check_root(route, report);
}

static void report_pair(struct report *report, const struct kind_route *later,
                        const struct kind_route *earlier, const char *how)
{
    struct buf *out =
        report_at(report, kind_position(later, SPAN("root")), "routes.files.", SPAN("root"));

    if (out)
        buf_addf(out,
                 "the folder %s in line %zu; both are writable, and would not know of each other's "
                 "locks; "
                 "expected writable folders that share nothing",
                 how, kind_position(earlier, SPAN("root")).line);
}

/* What a writable folder has to do with the folders of the other routes. */
static void check_pairs(const struct kind_route *const *routes, const struct folder_id *roots,
                        size_t count, size_t i, struct report *report)
{
    const struct files_options *files = routes[i]->options;
    struct climb c = climb_from(files->root);

    for (bool inside = false; c.at.known; inside = true) {
        for (size_t j = 0; j < count; j++) {
            if (j == i || !folder_is_same(&c.at, &roots[j]))
                continue;
            if (j < i)
                report_pair(report, routes[i], routes[j],
                            inside ? "lies within that of the route" : "is that of the route");
            else if (inside)
                report_pair(report, routes[j], routes[i], "holds that of the route");
        }
        climb_up(&c);
    }
    climb_end(&c);
}

/*
 * Two routes that write to the same files would not know of each other's locks, temporaries and
 * caches. Of two that are one folder, or one within the other, the later one is told; a folder that
 * cannot be looked at is passed over.
 */
static void check_all(const struct kind_route *const *routes, size_t count, struct report *report)
{
    struct folder_id *roots = calloc(count, sizeof *roots);

    if (!roots) {
        report->text.failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct files_options *files = routes[i]->options;

        if (files->write)
            roots[i] = folder_identify(files->root);
    }
    for (size_t i = 0; i < count; i++)
        if (roots[i].known)
            check_pairs(routes, roots, count, i, report);
    free(roots);
}

static int count_member(void *context, struct span folder, const struct tree_member *member)
{
    uint64_t *left = context;

    (void)folder;
    (void)member;
    return *left == 0 || (--*left, 0);
}

/* Whether clients could make anything at all. */
static void advise(const void *options, struct buf *notes)
{
    const struct files_options *files = options;
    struct tree_options as_served = {.dotfiles = true};
    uint64_t left = files->max_members;
    struct root *root = NULL;
    struct tree *tree = NULL;

    if (!files->write || !left || root_open(files->root, &root) < 0)
        return;
    if (tree_open(root, &as_served, &tree) == 0 &&
        tree_list_below(tree, SPAN(""), true, NULL, count_member, &left) == 1)
        buf_addf(notes,
                 "note: below %s there are more than max_members files, folders and links (%llu): "
                 "nothing can be added\n",
                 files->root, (unsigned long long)files->max_members);
    tree_free(tree);
    root_unref(root);
}

/* What all workers share of a route. */
struct files_share {
    void (*tell)(const char *token, struct span sentence);
    struct served *served;
    struct dav_site *site; // NULL: nobody writes
};

static void tell_root(void *context, const char *path, enum served_event event, int error)
{
    static const char *const tokens[] = {
        [SERVED_GONE] = "root-gone",
        [SERVED_BACK] = "root-back",
        [SERVED_EXCHANGED] = "root-exchanged",
    };
    const struct files_share *s = context;
    struct buf text = {0};

    buf_addf(&text, "the folder %s ", path);
    if (event == SERVED_GONE)
        buf_addf(&text,
                 "cannot be served any more: %s; what is asked of it is answered with 503 "
                 "until it can",
                 strerror(error));
    else if (event == SERVED_BACK)
        buf_add_str(&text, "is there again, and served");
    else
        buf_add_str(&text, "was exchanged for another one, which is served from now on");
    if (!text.failed && s->tell)
        s->tell(tokens[event], buf_span(&text));
    buf_done(&text);
}

static void unshare(void *share)
{
    struct files_share *s = share;

    if (!s)
        return;
    dav_site_free(s->site);
    served_free(s->served);
    free(s);
}

static int share(const struct kind_means *means, const void *options, void **ret_share,
                 struct buf *ret_why)
{
    const struct files_options *files = options;
    struct files_share *s = calloc(1, sizeof *s);
    int error;

    if (!s)
        return -CANDOR_E_MEMORY;
    s->tell = means->tell;
    error = served_open(files->root, tell_root, s, &s->served);
    if (error) {
        errno = -error;
        error = -CANDOR_E_SYSTEM;
    } else if (files->write) {
        error = dav_site_open(files, s->served, means->store, means->types,
                              offload_hurry(means->pool), &s->site);
    }
    if (error < 0) {
        buf_addf(ret_why, "the folder %s cannot be opened%s: %s", files->root,
                 files->write ? " for writing" : "", strerror(errno));
        unshare(s);
        return error;
    }
    *ret_share = s;
    return 0;
}

/* Puts a resource that authors before the one that reads. */
static int open_authoring(const struct kind_means *means, const struct files_options *files,
                          struct dav_site *site, struct resource **resource)
{
    struct resource *reader = *resource;
    int error = dav_open(site, reader, means->loop, means->pool, resource);

    if (error < 0)
        reader->ops->free(reader);
    else
        (*resource)->stored_limit = files->max_upload ? files->max_upload : INT64_MAX;
    return error;
}

static int open_resource(const struct kind_means *means, const void *options, void *share,
                         struct resource **ret_resource, struct buf *ret_why)
{
    const struct files_options *files = options;
    const struct files_share *s = share;
    struct resource *resource = NULL;
    int error = files_open(files, s->served, means->loop, means->pool, means->types, &resource);

    if (error == 0 && s->site)
        error = open_authoring(means, files, s->site, &resource);
    if (error < 0)
        buf_addf(ret_why, "the folder %s cannot be opened: %s", files->root, error_text(error));
    else
        *ret_resource = resource;
    return error;
}

const struct resource_kind kind_files = {
    .options = OPTION_TABLE("routes.files.", rows, struct files_options),
    .event = "root-not-opened",
    .check = check,
    .check_all = check_all,
    .advise = advise,
    .share = share,
    .open = open_resource,
    .unshare = unshare,
};
