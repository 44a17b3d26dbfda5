// SPDX-License-Identifier: MIT
#include "resource/dav/share.h"

#include "base/clock.h"
#include "base/error.h"
#include "resource/dav/apart.h"
#include "resource/dav/locking.h"
#include "resource/dav/settling.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

struct dav_site {
    const struct files_options *options;
    struct served *served;
    const struct media_type_map *types;
    struct store *store;
    const struct hurry *hurry;
    mode_t umask;
    atomic_bool turned;
    pthread_mutex_t mutex;  // guards the rest
    struct apart apart;     // that of now
    struct dav_share *now;  // of the folder that the path led to last; NULL: it could not be opened
    struct dav_share *left; // of those before, while somebody uses them
};

/* The locks that the store has for the tree with that root. A negated errno. */
static int open_locks(struct dav_share *share, struct store *store)
{
    char root[PATH_MAX];
    int error;

    if (lock_table_new(&share->locks) < 0 || rows_new(&share->rows) < 0)
        return -ENOMEM;
    if (!store)
        return 0;
    if (!realpath(share->root->path, root))
        return -errno;
    error = store_tree(store, span_from_str(root), &share->journal.tree);
    if (error < 0)
        return -EIO;
    share->journal.store = store;
    error = settling_recover(share);
    if (error)
        return error;
    lock_journal_read_boot(&share->journal);
    return lock_journal_load(&share->journal, share->tree, share->locks, lock_now(),
                             clock_realtime() / CLOCK_SECOND);
}

static void free_share(struct dav_share *share)
{
    if (!share)
        return;
    lock_table_free(share->locks);
    upload_table_free(share->uploads);
    settling_forget(share);
    rows_free(share->rows);
    tree_free(share->tree);
    root_unref(share->root);
    free(share);
}

/* A negated errno. */
static int open_share(const struct dav_site *site, struct root *root, struct dav_share **ret_share)
{
    struct tree_options tree = {.quota = site->options->quota,
                                .max_members = site->options->max_members,
                                .reserve = site->options->reserve,
                                .umask = site->umask,
                                .dotfiles = site->options->dotfiles,
                                .hurry = site->hurry};
    struct dav_share *share = calloc(1, sizeof *share);
    int error;

    if (!share)
        return -ENOMEM;
    share->options = site->options;
    share->types = site->types;
    share->changes = served_changes(site->served);
    share->root = root_ref(root);
    error = tree_open(root, &tree, &share->tree);
    if (error == 0)
        error = open_locks(share, site->store);
    if (error == 0 && upload_table_new(&share->uploads) < 0)
        error = -ENOMEM;
    if (error)
        free_share(share);
    else
        *ret_share = share;
    return error;
}

static int sweep(struct dav_share *share)
{
    size_t removed;

    return atomic_exchange(&share->swept, true) ? 0 : tree_sweep(share->tree, &removed);
}

int dav_site_open(const struct files_options *options, struct served *served, struct store *store,
                  const struct media_type_map *types, const struct hurry *hurry,
                  struct dav_site **ret_site)
{
    struct dav_site *site = calloc(1, sizeof *site);
    struct root *root = NULL;
    int error;

    if (!site)
        return -CANDOR_E_MEMORY;
    site->options = options;
    site->served = served;
    site->types = types;
    site->store = store;
    site->hurry = hurry;
    apart_init(&site->apart, options->root);
    site->umask = umask(0);
    umask(site->umask);
    pthread_mutex_init(&site->mutex, NULL);
    error = served_root(served, clock_monotonic(), &root);
    if (error == 0)
        error = apart_claim(&site->apart);
    if (error == 0)
        error = open_share(site, root, &site->now);
    root_unref(root);
    if (error == 0)
        error = sweep(site->now);
    if (error < 0) {
        dav_site_free(site);
        errno = -error;
        return -CANDOR_E_SYSTEM;
    }
    *ret_site = site;
    return 0;
}

void dav_site_free(struct dav_site *site)
{
    if (!site)
        return;
    apart_leave(&site->apart);
    free_share(site->now);
    while (site->left) {
        struct dav_share *share = site->left;

        site->left = share->next;
        free_share(share);
    }
    pthread_mutex_destroy(&site->mutex);
    free(site);
}

/* With the mutex: takes out those that nobody uses any more, to be freed without it. */
static struct dav_share *take_unused(struct dav_site *site)
{
    struct dav_share **at = &site->left, *unused = NULL;

    while (*at) {
        struct dav_share *share = *at;

        if (atomic_load(&share->uses)) {
            at = &share->next;
            continue;
        }
        *at = share->next;
        share->next = unused;
        unused = share;
    }
    return unused;
}

static void free_unused(struct dav_share *unused)
{
    while (unused) {
        struct dav_share *share = unused;

        unused = share->next;
        free_share(share);
    }
}

/* With the mutex: the path leads to that folder now. */
static int turn_to(struct dav_site *site, struct root *root)
{
    struct dav_share *share = NULL;
    int error;

    if (site->now && site->now->root == root)
        return 0;
    if (site->now) {
        atomic_store(&site->turned, true);
        site->now->next = site->left;
        site->left = site->now;
        site->now = NULL;
    }
    error = apart_claim(&site->apart);
    if (error == 0)
        error = open_share(site, root, &share);
    site->now = share;
    return error;
}

int dav_share_use(struct dav_site *site, struct dav_share **ret_share)
{
    struct dav_share *unused;
    struct root *root = NULL;
    int error;

    pthread_mutex_lock(&site->mutex);
    // With the mutex, so that nobody turns back to what was found before.
    error = served_root(site->served, clock_monotonic(), &root);
    if (error == 0)
        error = turn_to(site, root);
    if (error == 0)
        *ret_share = dav_share_use_again(site->now);
    unused = take_unused(site);
    pthread_mutex_unlock(&site->mutex);
    root_unref(root);
    free_unused(unused);
    return error;
}

struct dav_share *dav_share_use_at_once(struct dav_site *site)
{
    struct dav_share *share = NULL;
    struct root *root;

    if (pthread_mutex_trylock(&site->mutex) != 0)
        return NULL;
    root = served_root_at_once(site->served, clock_monotonic());
    if (root && site->now && site->now->root == root)
        share = dav_share_use_again(site->now);
    pthread_mutex_unlock(&site->mutex);
    root_unref(root);
    return share;
}

struct dav_share *dav_share_use_again(struct dav_share *share)
{
    atomic_fetch_add(&share->uses, 1);
    return share;
}

void dav_share_leave(struct dav_share *share)
{
    if (share)
        atomic_fetch_sub(&share->uses, 1);
}

_Atomic uint64_t *dav_site_changes(const struct dav_site *site)
{
    return served_changes(site->served);
}

bool dav_site_has_turned(const struct dav_site *site)
{
    return atomic_load(&site->turned);
}

void dav_site_distrust(struct dav_site *site)
{
    served_distrust(site->served);
}

/* The sweep of a folder that came later: its uploads' clients need not wait for that. */
void dav_site_clean(struct dav_site *site, int64_t now)
{
    struct dav_share *share = NULL;

    if (dav_share_use(site, &share) < 0)
        return;
    (void)upload_table_expire(share->uploads, now);
    (void)sweep(share); // what is left is for the next start
    dav_share_leave(share);
}

bool dav_site_is_clean(struct dav_site *site)
{
    bool clean = false;

    if (pthread_mutex_trylock(&site->mutex) != 0)
        return false;
    clean =
        site->now && !site->left && site->now->swept && upload_table_is_empty(site->now->uploads);
    pthread_mutex_unlock(&site->mutex);
    return clean;
}
