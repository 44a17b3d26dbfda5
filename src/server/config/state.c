// SPDX-License-Identifier: MIT
#include "server/config/state.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/oplog.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_writable(const struct config *config)
{
    for (size_t i = 0; i < config->routes.count; i++)
        if (config->routes.routes[i].files.write)
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
static bool find_directory(struct buf *b)
{
    const char *given = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");

    if (given && *given == '/') { // of systemd: the first of a list
        struct span list = span_from_str(given);

        buf_add(b, span_take_until(&list, ':'));
    } else if (geteuid() == 0) {
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

static int make_folders(char *file)
{
    for (char *at = strchr(file + 1, '/'); at; at = strchr(at + 1, '/')) {
        int result;

        *at = '\0';
        result = mkdir(file, 0700);
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
    else if (find_directory(&file))
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

static int open_file(char *file, bool with_folders, struct store **ret_store)
{
    struct buf sentence = {0};
    int error;

    if (with_folders && make_folders(file) < 0) {
        oplog("state-not-opened", "no folder can be made for the store %s: %s", file,
              strerror(errno));
        return -CANDOR_E_SYSTEM;
    }
    error = store_open(file, ret_store, &sentence);
    if (error < 0)
        oplog("state-not-opened", "%.*s", SPAN_ARG(buf_span(&sentence)));
    buf_done(&sentence);
    return error;
}

int state_open(const struct config *config, struct store **ret_store)
{
    struct buf file = {0};
    int error;

    *ret_store = NULL;
    if (!is_writable(config))
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
