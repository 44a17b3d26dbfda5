// SPDX-License-Identifier: MIT
/*
 * The configuration: read once, checked as a whole, immutable from then on and so free to be shared
 * by all workers. Everything in it lives until config_free. docs/configuration.md describes the
 * file; config.def is the table behind it.
 */
#ifndef CANDOR_SERVER_CONFIG_CONFIG_H
#define CANDOR_SERVER_CONFIG_CONFIG_H

#include "registry/outcome.h"
#include "server/config/listen.h"
#include "server/config/own_host.h"
#include "server/config/route.h"

enum access_log_to { ACCESS_LOG_STDERR, ACCESS_LOG_OFF, ACCESS_LOG_FILE };
enum access_log_format { ACCESS_LOG_JSON, ACCESS_LOG_COMBINED };

struct config_listen {
    struct listen_address address;
    uint64_t mode, owner, group; // of a Unix socket; UINT64_MAX: as the system chooses
    struct position at;          // nowhere: the command line says it
};

struct config_limits { // sizes in bytes, times in milliseconds
    uint64_t request_line, field_section, fields, content;
    uint64_t header_timeout, content_timeout, send_timeout, idle_timeout, stop_timeout;
    uint64_t linger_timeout;
    uint64_t connections; // per worker
};

struct config_page {
    const char *file;    // where it was read from; its suffix tells the media type
    struct span content; // as it was when the configuration was loaded
};

struct config {
    struct arena arena; // owns everything below
    const char *name;   // of the file, or of the folder, as it was given
    struct config_listen *listen;
    size_t listen_count;
    unsigned workers;     // 0: one per core
    uint64_t user, group; // to become once the sockets are open; UINT64_MAX: to stay, the user's
    bool is_root;         // who started it was
    enum access_log_to access_log;
    const char *access_log_file; // with ACCESS_LOG_FILE
    enum access_log_format access_log_format;
    const char *state_file; // of SQLite; NULL: where the server thinks best
    bool trace;
    struct option_list trusted_proxies; // struct option_network
    struct config_limits limits;
    struct own_hosts own_hosts;
    struct route_table routes;
    const struct config_page *pages[OUTCOME_COUNT]; // NULL: this server's own page
};

/*
 * What is wrong: one line per error, each "file:line:column: key "x": what is wrong; what was
 * expected", without the last newline. Control bytes of the file never reach it raw.
 */
struct config_error {
    char *text; // from malloc; freed by config_error_done
};

/*
 * Relative paths in the file are relative to the file's folder.
 * -CANDOR_E_CONFIG: ret_error says what is wrong. -CANDOR_E_MEMORY: ret_error->text may be NULL.
 */
int config_load(const char *file, struct config **ret_config, struct config_error *ret_error);

/* From memory; name stands for the file in messages and tells the folder. Errors of config_load. */
int config_load_text(const char *name, struct span text, struct config **ret_config,
                     struct config_error *ret_error);

/* A folder to be served without a file: what the command line says of it. */
struct config_folder {
    const char *path;
    bool write;
    const bool *dotfiles; // NULL: as without the key
};

/* One route "/" that passes requests on to those addresses, everything else as without keys. What
 * is wrong with one is told as of the command line. */
int config_from_upstreams(const char *const *addresses, size_t count, struct config **ret_config,
                          struct config_error *ret_error);

/* One route "/" with the files of a folder, everything else as without keys. */
int config_from_folder(const struct config_folder *folder, struct config **ret_config,
                       struct config_error *ret_error);

/*
 * Puts one address in the place of those configured: for --listen, before the configuration is
 * shared. Errors of listen_parse, or -CANDOR_E_MEMORY; the configuration is then as it was.
 */
int config_set_listen(struct config *config, struct span address);

/*
 * A further name that what names no host answers for: for --host, before the configuration is
 * shared. NULL, or what is wrong with it, to follow the name.
 */
const char *config_add_own_host(struct config *config, struct span name);

/*
 * Puts the addresses of each host to listen on in its place, before the configuration is shared:
 * those that this machine has, each once; and finds out the names that it has itself. It asks the
 * system, which may ask a name server. Errors of config_load.
 */
int config_resolve(struct config *config, struct config_error *ret_error);

void config_free(struct config *config);
void config_error_done(struct config_error *error);

/* Describes every key, as Markdown: docs/configuration.md without its title. */
struct buf;
void config_describe(struct buf *out);

#endif
