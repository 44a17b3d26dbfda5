// SPDX-License-Identifier: MIT
#include "server/config/config_folders.h"

#include "base/error.h"
#include "fs/place.h"
#include "server/config/state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

struct folder {
    const struct route *route;
    bool known; // else it cannot be looked at
    dev_t device;
    ino_t inode;
};

/* A walk from a folder to the topmost one. */
struct climb {
    int fd;
    struct folder at;
};

static int open_folder(int from, const char *path)
{
    return openat(from, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static struct folder identify(int fd)
{
    struct folder f = {.known = false};
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0) {
        f.known = true;
        f.device = st.st_dev;
        f.inode = st.st_ino;
    }
    return f;
}

static bool is_same(const struct folder *a, const struct folder *b)
{
    return a->known && b->known && a->device == b->device && a->inode == b->inode;
}

/* Takes the descriptor. */
static struct climb climb_from(int fd)
{
    return (struct climb){fd, identify(fd)};
}

/* To the folder around it; at.known is false where there is none any more. */
static void climb_up(struct climb *c)
{
    int up = open_folder(c->fd, "..");
    struct folder around = identify(up);

    close(c->fd);
    c->fd = up;
    around.known = around.known && !is_same(&c->at, &around);
    c->at = around;
}

static void climb_end(struct climb *c)
{
    if (c->fd >= 0)
        close(c->fd);
}

/* Of the routes in the order of the file. */
static struct position place_of(const struct config_node *tree, const struct route *route)
{
    const struct config_node *list = config_tree_key(tree, "routes");

    return config_tree_position(
        config_tree_key(config_tree_key(config_tree_member(list, route->number), "files"), "root"));
}

static void report_pair(const struct config_node *tree, struct report *report,
                        const struct folder *later, const struct folder *earlier, const char *how)
{
    struct buf *out =
        report_at(report, place_of(tree, later->route), "routes.files.", SPAN("root"));

    if (out)
        buf_addf(out,
                 "the folder %s in line %zu; both are writable, and would not know of each other's "
                 "locks; "
                 "expected writable folders that share nothing",
                 how, place_of(tree, earlier->route).line);
}

/* Of two that are one folder, or one within the other, the later one is told. */
static void check_writable(const struct folder *folders, size_t count,
                           const struct config_node *tree, struct report *report)
{
    for (size_t i = 0; i < count; i++) {
        struct climb c = climb_from(open_folder(AT_FDCWD, folders[i].route->files.root));

        for (bool inside = false; c.at.known; inside = true) {
            for (size_t j = 0; j < count; j++) {
                if (j == i || !is_same(&c.at, &folders[j]))
                    continue;
                if (j < i)
                    report_pair(tree, report, &folders[i], &folders[j],
                                inside ? "lies within that of the route" : "is that of the route");
                else if (inside)
                    report_pair(tree, report, &folders[j], &folders[i], "holds that of the route");
            }
            climb_up(&c);
        }
        climb_end(&c);
    }
}

/* In the order of the file; there is one. */
static const struct route *first_writable(const struct folder *folders, size_t count)
{
    size_t i = 0;

    while (i + 1 < count && !folders[i].route->files.write)
        i++;
    return folders[i].route;
}

/* The innermost folder on the way to a file that is there already. */
static int open_around(const char *file)
{
    char *path = span_to_str(span_from_str(file));
    int fd = -1;

    for (char *end = path ? strrchr(path, '/') : NULL; end && fd < 0; end = strrchr(path, '/')) {
        *end = '\0';
        fd = open_folder(AT_FDCWD, end == path ? "/" : path);
        if (end == path)
            break;
    }
    free(path);
    return fd;
}

static void report_state(const struct config *config, const struct config_node *tree,
                         struct report *report, const struct folder *around, const char *file)
{
    struct position root = place_of(tree, around->route);
    struct position key = config_tree_position(config_tree_key(tree, "state"));
    struct buf *out = config->state_file ? report_at(report, key, "", SPAN("state"))
                                         : report_at(report, root, "routes.files.", SPAN("root"));

    if (!out)
        return;
    report_add_path(out, file);
    if (config->state_file)
        buf_addf(out,
                 " lies within the folder that the route in line %zu serves; expected a file "
                 "outside of every served folder",
                 root.line);
    else
        buf_add_str(out, " is where locks and properties would be kept, and lies within this "
                         "folder, which is served; expected a folder that does not hold it, or "
                         "another place for it by the key \"state\"");
}

/* A store that nobody named: whether it can be where it would be. */
static void check_standard_state(const char *file, struct position root, struct report *report)
{
    const char *wrong = file ? place_not_makable(file) : "has no place, as HOME is not set";
    struct buf *out = wrong ? report_at(report, root, "routes.files.", SPAN("root")) : NULL;

    if (!out)
        return;
    buf_add_str(out, "the store of locks and properties, which a writable folder needs, ");
    if (file) {
        buf_add(out, SPAN("would be "));
        report_add_path(out, file);
        buf_add(out, SPAN(", which "));
    }
    buf_addf(out,
             "%s; expected another place, by the key \"state\" or by STATE_DIRECTORY in the "
             "environment",
             wrong);
}

static int check_state(const struct config *config, const struct folder *folders, size_t count,
                       const struct config_node *tree, struct report *report)
{
    struct buf file = {0};
    int error = state_find(config, &file);
    struct climb c = climb_from(error == 0 ? open_around(file.ptr) : -1);

    if (!config->state_file && error != -CANDOR_E_MEMORY && error != -CANDOR_E_SYSTEM)
        check_standard_state(error == 0 ? file.ptr : NULL,
                             place_of(tree, first_writable(folders, count)), report);
    for (bool found = false; c.at.known && !found; climb_up(&c)) {
        for (size_t i = 0; i < count && !found; i++) {
            found = is_same(&c.at, &folders[i]);
            if (found)
                report_state(config, tree, report, &folders[i], file.ptr);
        }
    }
    climb_end(&c);
    buf_done(&file);
    return error == -CANDOR_E_MEMORY ? error : 0; // what else is wrong with it the start tells
}

/* The roots of all routes, or of the writable ones, in the order of the file. */
static size_t collect(const struct route_table *table, bool writable_only, struct folder *folders)
{
    size_t count = 0;

    for (size_t number = 0; number < table->number_count; number++) {
        const struct route *route = table->routes;
        int fd;

        while (route->number != number)
            route++;
        if (writable_only && !route->files.write)
            continue;
        fd = open_folder(AT_FDCWD, route->files.root);
        folders[count] = identify(fd);
        folders[count++].route = route;
        if (fd >= 0)
            close(fd);
    }
    return count;
}

int config_check_folders(const struct config *config, const struct config_node *tree,
                         struct report *report)
{
    const struct route_table *table = &config->routes;
    struct folder *folders = calloc(table->count, sizeof *folders);
    size_t count;
    int error = 0;

    if (!folders)
        return -CANDOR_E_MEMORY;
    count = collect(table, true, folders);
    check_writable(folders, count, tree, report);
    if (count || config->state_file) {
        count = collect(table, false, folders);
        error = check_state(config, folders, count, tree, report);
    }
    free(folders);
    return error;
}
