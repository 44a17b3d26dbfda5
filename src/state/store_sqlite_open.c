// SPDX-License-Identifier: MIT
/*
 * Opening and closing: the file, the lock that keeps other processes out, the two connections, and
 * what the store knows about its trees.
 *
 * The advisory lock is taken on a file of its own, PATH-lock, which stays: to open and close the
 * database itself would drop the locks that SQLite holds on it in this process (POSIX says so).
 */
#include "state/store_sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { RESERVE_AT = 4096 };

static int fail(struct buf *error, const char *what, int number)
{
    buf_addf(error, "%s: %s", what, strerrordesc_np(number));
    return number == ENOSPC || number == EDQUOT ? -CANDOR_E_FULL : -CANDOR_E_SYSTEM;
}

/* Makes the file if it is absent, and finds its real path. */
static int prepare_file(const char *path, char real[PATH_MAX], struct buf *error)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST)
        return fail(error, "it cannot be made", errno);
    if (!realpath(path, real) || stat(real, &st) < 0)
        return fail(error, "it cannot be found", errno);
    if (!S_ISREG(st.st_mode)) {
        buf_add_str(error, "it is not a regular file");
        return -CANDOR_E_STORE;
    }
    return 0;
}

/* The number of the process that wrote it into the lock file, for the operator's eyes only. */
static int tell_owner(int fd, struct buf *error)
{
    char text[24];
    uint64_t pid;
    ssize_t n = pread(fd, text, sizeof text, 0);

    buf_add_str(error, "it is in use by another server");
    if (n > 0 && span_to_u64(span_of(text, (size_t)n), INT_MAX, &pid))
        buf_addf(error, " (process %d)", (int)pid);
    buf_add_str(error, "; stop that one first, or give this one a store of its own");
    return -CANDOR_E_BUSY;
}

static int take_lock(const char *real, int *ret_fd, struct buf *error)
{
    char name[PATH_MAX + 8];

    snprintf(name, sizeof name, "%s-lock", real);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(error, "its lock file cannot be made", errno);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int number = errno;
        int result = number == EWOULDBLOCK ? tell_owner(fd, error)
                                           : fail(error, "it cannot be locked", number);
        close(fd);
        return result;
    }
    // The number is a courtesy: a disk without room for it does not matter here.
    char pid[24];
    int len = snprintf(pid, sizeof pid, "%d", (int)getpid());
    bool told = ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)len, 0) == len;
    (void)told;
    *ret_fd = fd;
    return 0;
}

/* Behind what the lock file says, and no part of its length. */
void store_keep_reserve(struct store *s)
{
    if (!atomic_load(&s->has_reserve) &&
        fallocate(s->lock_file, FALLOC_FL_KEEP_SIZE, RESERVE_AT, LIMIT_STORE_RESERVE) == 0)
        atomic_store(&s->has_reserve, true);
}

bool store_use_reserve(struct store *s)
{
    return atomic_exchange(&s->has_reserve, false) &&
           fallocate(s->lock_file, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, RESERVE_AT,
                     LIMIT_STORE_RESERVE) == 0 &&
           fsync(s->lock_file) == 0; // some file systems give it to others only then
}

/* Makes the names of new files durable. */
static int sync_folder(const char *real, struct buf *error)
{
    char name[PATH_MAX];

    snprintf(name, sizeof name, "%s", real);
    int fd = open(dirname(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(error, "its folder cannot be opened", errno);
    int result = fsync(fd) < 0 ? fail(error, "its folder cannot be flushed", errno) : 0;
    close(fd);
    return result;
}

int store_grow_trees(struct store *s, size_t id)
{
    if (id < s->tree_count)
        return 0;
    struct tree *trees = realloc(s->trees, (id + 1) * sizeof *trees);
    if (!trees)
        return -CANDOR_E_MEMORY;
    memset(trees + s->tree_count, 0, (id + 1 - s->tree_count) * sizeof *trees);
    s->trees = trees;
    s->tree_count = id + 1;
    return 0;
}

/* Notes what is open now. */
static int note_place(struct placed *at, const char *path, const char *end)
{
    struct stat st;

    if (asprintf(&at->path, "%s%s", path, end) < 0) {
        at->path = NULL;
        return -CANDOR_E_MEMORY;
    }
    if (stat(at->path, &st) < 0)
        return -CANDOR_E_SYSTEM;
    at->device = st.st_dev;
    at->inode = st.st_ino;
    return 0;
}

static bool is_in_place(const struct placed *at)
{
    struct stat st;

    return stat(at->path, &st) == 0 && st.st_dev == at->device && st.st_ino == at->inode;
}

int store_check_place(struct store *s)
{
    bool is_gone = !is_in_place(&s->file) || !is_in_place(&s->log);

    if (atomic_exchange(&s->is_gone, is_gone) != is_gone && s->tell)
        s->tell(is_gone, s->file.path);
    return is_gone ? -CANDOR_E_GONE : 0;
}

void store_watch(struct store *s, void (*tell)(bool is_gone, const char *path))
{
    s->tell = tell;
}

static int load(struct store *s)
{
    sqlite3_stmt *q = NULL;
    int more, error = database_prepare(&s->reader, STATEMENT_TREE_LIST, &q);

    if (error < 0)
        return error;
    while ((more = database_step(&s->reader, q)) > 0) {
        int64_t id = sqlite3_column_int64(q, 0);
        if (id < 1 || id > LIMIT_STORE_TREES || (error = store_grow_trees(s, (size_t)id)) < 0) {
            database_reset(q);
            return error < 0 ? error : -CANDOR_E_STORE;
        }
        s->trees[id].properties = sqlite3_column_int64(q, 1);
    }
    if (more < 0)
        return more;
    if ((error = database_prepare(&s->reader, STATEMENT_INTENT_LAST, &q)) < 0)
        return error;
    if ((more = database_step(&s->reader, q)) > 0) {
        s->intent_id = (uint64_t)sqlite3_column_int64(q, 0);
        database_reset(q);
    }
    return more < 0 ? more : 0;
}

static int open_database(struct store *s, const char *real, struct buf *error)
{
    int result = database_open(s, real, &s->writer);

    if (result == 0) {
        result = schema_migrate(&s->writer, schema_migrations, schema_version, error);
        if (result < 0)
            return result; // the reason is told
    }
    if (result == 0 && (result = sync_folder(real, error)) < 0)
        return result;
    if (result == 0)
        result = database_open(s, real, &s->reader);
    if (result == 0)
        result = database_configure(&s->reader);
    if (result == 0)
        result = database_prepare_all(&s->writer);
    if (result == 0)
        result = database_prepare_all(&s->reader);
    if (result == 0)
        result = load(s);
    if (result == 0)
        result = note_place(&s->file, real, "");
    if (result == 0)
        result = note_place(&s->log, real, "-wal");
    // From here on nobody waits in a thread for a program that holds it.
    if (result == 0) {
        sqlite3_busy_timeout(s->writer.db, 0);
        sqlite3_busy_timeout(s->reader.db, 0);
    }
    if (result < 0) {
        buf_addf(error, "%s: ", error_text(result));
        store_describe_failure(s, error);
    }
    return result;
}

static struct store *store_new(void)
{
    struct store *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->lock_file = -1;
    s->last = &s->first;
    pthread_mutex_init(&s->reading, NULL);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->failure_lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    return s;
}

int store_open(const char *path, struct store **ret_store, struct buf *error)
{
    char real[PATH_MAX];
    struct store *s = store_new();
    int result;

    if (!s) {
        buf_addf(error, "cannot open the store %s: %s", path, error_text(-CANDOR_E_MEMORY));
        return -CANDOR_E_MEMORY;
    }
    assert(sqlite3_threadsafe());
    size_t start = error->len;
    buf_addf(error, "cannot open the store %s: ", path);
    if ((result = prepare_file(path, real, error)) == 0 &&
        (result = take_lock(real, &s->lock_file, error)) == 0)
        result = open_database(s, real, error);
    if (result < 0) {
        store_close(s);
        return result;
    }
    store_keep_reserve(s); // or does without
    error->len = start;
    *ret_store = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    assert(!s->leading && !s->first);
    database_close(&s->reader);
    database_close(&s->writer); // the last one folds the log into the database
    if (s->lock_file >= 0)
        close(s->lock_file);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->failure_lock);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->reading);
    free(s->file.path);
    free(s->log.path);
    free(s->trees);
    free(s);
}

void store_describe_failure(struct store *s, struct buf *text)
{
    pthread_mutex_lock(&s->failure_lock);
    buf_add_str(text, s->failure);
    pthread_mutex_unlock(&s->failure_lock);
}
