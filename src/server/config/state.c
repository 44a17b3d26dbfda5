// SPDX-License-Identifier: MIT
#include "server/config/state.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/oplog.h"
#include "fs/climb.h"
#include "fs/path_check.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_needed(const struct config *config)
{
    for (size_t i = 0; i < config->routes.count; i++)
        if (config->routes.routes[i].needs_store)
            return true;
    return false;
}

/* Tells configurations apart: by what they are called, wherever that is the same file. */
static uint64_t hash_name(const char *name)
{
    char real[PATH_MAX];

    if (realpath(name, real))
        name = real;
    return hash_add(HASH_BEGIN, span_from_str(name));
}

/* The folder below which each configuration has its own. False: none is known. */
static bool find_directory(bool is_root, struct buf *b)
{
    const char *given = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");

    if (given && *given == '/') { // of systemd: the first of a list
        struct span list = span_from_str(given);

        buf_add(b, span_take_until(&list, ':'));
    } else if (is_root) {
        buf_add_str(b, "/var/lib/candor");
    } else if (xdg && *xdg == '/') {
        buf_addf(b, "%s/candor", xdg);
    } else if (home && *home == '/') {
        buf_addf(b, "%s/.local/state/candor", home);
    } else {
        return false;
    }
    return true;
}

/* The real path of a file that may not be there yet, nor all of its folders. */
static bool resolve(const char *file, char real[PATH_MAX])
{
    size_t cut = strlen(file), used;
    char folder[PATH_MAX];

    if (cut >= sizeof folder)
        return false;
    memcpy(folder, file, cut + 1);
    while (!realpath(cut ? folder : file[0] == '/' ? "/" : ".", real)) {
        if (cut == 0 || errno != ENOENT)
            return false;
        while (cut && file[cut - 1] != '/')
            cut--;
        while (cut && file[cut - 1] == '/')
            cut--;
        folder[cut] = '\0';
    }
    while (file[cut] == '/')
        cut++;
    errno = ENOENT;
    if (strstr(file + cut, "../")) // of a folder that is not there
        return false;
    used = strcmp(real, "/") == 0 ? 0 : strlen(real);
    errno = ENAMETOOLONG;
    return !file[cut] ||
           snprintf(real + used, PATH_MAX - used, "/%s", file + cut) < (int)(PATH_MAX - used);
}

/* Those that are made are given to the user; UINT64_MAX: they stay this process's. */
static int make_folders(char *file, uint64_t user)
{
    for (char *at = strchr(file + 1, '/'); at; at = strchr(at + 1, '/')) {
        int result;

        *at = '\0';
        result = mkdir(file, 0700);
        if (result == 0 && user != UINT64_MAX)
            result = chown(file, (uid_t)user, (gid_t)-1);
        *at = '/';
        if (result < 0 && errno != EEXIST)
            return -CANDOR_E_SYSTEM;
    }
    return 0;
}

int state_find(const struct config *config, struct buf *ret_file)
{
    struct buf file = {0};
    char real[PATH_MAX];
    bool found = true;
    int error = 0;

    if (config->state_file)
        buf_add_str(&file, config->state_file);
    else if (find_directory(config->is_root, &file))
        buf_addf(&file, "/%016llx/candor.db", (unsigned long long)hash_name(config->name));
    else
        found = false;
    buf_add_char(&file, '\0');
    if (file.failed)
        error = -CANDOR_E_MEMORY;
    else if (!found)
        error = -CANDOR_E_CONFIG;
    else if (!resolve(file.ptr, real))
        error = -CANDOR_E_SYSTEM;
    buf_done(&file);
    if (error)
        return error;
    buf_add_str(ret_file, real);
    buf_add_char(ret_file, '\0');
    return ret_file->failed ? -CANDOR_E_MEMORY : 0;
}

/* A folder that a route serves. */
struct served {
    const struct kind_route *route;
    const struct option_row *key; // that names it
    struct folder_id folder;
};

/* In the order of the file. served has room for all; how many there are. */
static size_t find_served(const struct option_list *routes, struct served *served)
{
    struct route_draft *drafts = routes->items;
    size_t count = 0;

    for (size_t i = 0; i < routes->count; i++) {
        const struct kind_route *route = &drafts[i].kind;
        const struct option_section *keys = &route->kind->options;

        for (size_t k = 0; k < keys->count; k++) {
            const char *const *path =
                (const void *)((const char *)route->options + keys->rows[k].offset);

            if (keys->rows[k].kind != OPTION_FOLDER || !*path)
                continue;
            if (served)
                served[count] = (struct served){route, &keys->rows[k], folder_identify(*path)};
            count++;
        }
    }
    return count;
}

/* Of a route without such a key: its section as a whole. */
static struct buf *report_at_folder(struct report *report, const struct kind_route *route,
                                    const struct option_row *key)
{
    struct position at = key ? kind_position(route, key->name) : (struct position){0};

    return report_at(report, at, route->kind->options.path, key ? key->name : SPAN(""));
}

static void report_served(const struct config *config, struct report *report, struct position at,
                          const struct served *around, const char *file)
{
    struct buf *out = config->state_file ? report_at(report, at, "", SPAN("state"))
                                         : report_at_folder(report, around->route, around->key);

    if (!out)
        return;
    report_add_path(out, file);
    if (config->state_file)
        buf_addf(out,
                 " lies within the folder that the route in line %zu serves; expected a file "
                 "outside of every served folder",
                 kind_position(around->route, around->key->name).line);
    else
        buf_add_str(out, " is where locks and properties would be kept, and lies within this "
                         "folder, which is served; expected a folder that does not hold it, or "
                         "another place for it by the key \"state\"");
}

/* A store that nobody named, and the route needs: whether it can be where it would be. */
static void check_standard(const char *file, const struct kind_route *route, struct report *report)
{
    const struct option_section *keys = &route->kind->options;
    const struct option_row *key = NULL;
    const char *wrong = file ? path_not_makable(file) : "has no place, as HOME is not set";
    struct buf *out;

    for (size_t i = 0; i < keys->count && !key; i++)
        if (keys->rows[i].kind == OPTION_FOLDER)
            key = &keys->rows[i];
    out = wrong ? report_at_folder(report, route, key) : NULL;
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

/* The first route that needs a store, or NULL. */
static const struct kind_route *first_needing(const struct option_list *routes)
{
    const struct route_draft *drafts = routes->items;

    for (size_t i = 0; i < routes->count; i++)
        if (drafts[i].kind.needs_store)
            return &drafts[i].kind;
    return NULL;
}

static void check_served(const struct config *config, const char *file, const struct served *served,
                         size_t count, struct position at, struct report *report)
{
    struct climb c = climb_around(file);
    bool found = false;

    for (; c.at.known && !found; climb_up(&c)) {
        for (size_t i = 0; i < count && !found; i++) {
            found = folder_is_same(&c.at, &served[i].folder);
            if (found)
                report_served(config, report, at, &served[i], file);
        }
    }
    climb_end(&c);
}

int state_check(const struct config *config, const struct option_list *routes, struct position at,
                struct report *report)
{
    const struct kind_route *needing = first_needing(routes);
    size_t count = find_served(routes, NULL);
    struct served *served;
    struct buf file = {0};
    int error;

    if (!needing && !config->state_file)
        return 0;
    error = state_find(config, &file);
    if (!config->state_file && (error == 0 || error == -CANDOR_E_CONFIG))
        check_standard(error == 0 ? file.ptr : NULL, needing, report);
    served = calloc(count ? count : 1, sizeof *served);
    if (!served)
        error = -CANDOR_E_MEMORY;
    else
        find_served(routes, served);
    if (error == 0)
        check_served(config, file.ptr, served, count, at, report);
    free(served);
    buf_done(&file);
    return error == -CANDOR_E_MEMORY ? error : 0; // what else is wrong with it the start tells
}

static void tell_gone(bool is_gone, const char *path)
{
    if (is_gone)
        oplog("state-gone",
              "the store %s, or its log beside it, was removed or replaced: no lock or property is "
              "taken any more; move the same files back, or start the server again, which then "
              "begins with what is there",
              path);
    else
        oplog("state-back", "the store %s is where it was: locks and properties are taken again",
              path);
}

static int open_file(char *file, bool with_folders, struct store **ret_store)
{
    struct buf sentence = {0};
    int error;

    if (with_folders && make_folders(file, UINT64_MAX) < 0) {
        oplog("state-not-opened", "no folder can be made for the store %s: %s", file,
              strerror(errno));
        return -CANDOR_E_SYSTEM;
    }
    error = store_open(file, ret_store, &sentence);
    if (error < 0)
        oplog("state-not-opened", "%.*s", SPAN_ARG(buf_span(&sentence)));
    else
        store_watch(*ret_store, tell_gone);
    buf_done(&sentence);
    return error;
}

int state_give(const struct config *config, uint64_t user)
{
    struct buf file = {0};
    int error;

    if (config->state_file || !is_needed(config))
        return 0;
    error = state_find(config, &file);
    // What has no place is told where the store is opened.
    error = error == 0 && make_folders(file.ptr, user) < 0 ? -errno : 0;
    buf_done(&file);
    return error;
}

int state_open(const struct config *config, struct store **ret_store)
{
    struct buf file = {0};
    int error;

    *ret_store = NULL;
    if (!is_needed(config))
        return 0;
    error = state_find(config, &file);
    if (error == 0)
        error = open_file(file.ptr, !config->state_file, ret_store);
    else if (error == -CANDOR_E_CONFIG)
        oplog("state-not-placed", "there is no place for locks and properties: HOME is not "
                                  "set; name a file with the key \"state\"");
    else
        oplog("state-not-opened", "the store %s cannot be opened: %s",
              config->state_file ? config->state_file : "in the state directory", strerror(errno));
    buf_done(&file);
    return error;
}
