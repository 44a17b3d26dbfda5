// SPDX-License-Identifier: MIT
#include "resource/files/archive.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "resource/files/archive_format.h"
#include "resource/files/listing_read.h"
#include "resource/files/snapshot.h"
#include "resource/page/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

const struct span archive_types[ARCHIVE_FORMATS] = {SPAN_INIT("application/zip"),
                                                    SPAN_INIT("application/x-tar")};
const struct span archive_suffixes[ARCHIVE_FORMATS] = {SPAN_INIT(".zip"), SPAN_INIT(".tar")};

/* A folder that is being walked. */
struct level {
    DIR *dir;
    size_t path_length;   // of its path within the archive, with the "/" behind it
    size_t source_length; // of its path beneath the root, the same
};

struct archive {
    const struct archive_format_ops *format;
    struct archive_writer writer;
    size_t sent; // bytes of writer.out that were pulled
    const struct hurry *hurry;
    bool dotfiles, finished, told_left_out;
    int error; // once it failed

    struct root *root;
    struct level levels[LIMIT_ARCHIVE_DEPTH];
    size_t depth;
    struct buf path;   // of the member that is written
    struct buf source; // path beneath the root of the folder that is walked, NUL-terminated

    int file;           // being sent, or -1
    uint64_t remaining; // bytes of it
    char *piece;        // LIMIT_ARCHIVE_PIECE bytes

    struct buf left_out; // names, a line each
    size_t left_out_count;
    int64_t opened;
};

/* As it is in the archive: what unpacks it on Windows would take a backslash for a slash, and
 * "C:" at the begin of a name for a drive. */
static void add_harmless(struct buf *b, struct span name)
{
    size_t begin = b->len;

    buf_add(b, name);
    if (b->failed)
        return;
    for (size_t i = begin; i < b->len; i++)
        if (b->ptr[i] == '\\')
            b->ptr[i] = '_';
    if (name.len > 1 && name.ptr[1] == ':' && ascii_is(name.ptr[0], ASCII_ALPHA))
        b->ptr[begin + 1] = '_';
}

static void leave(struct archive *a)
{
    closedir(a->levels[--a->depth].dir);
    a->writer.folders = a->depth;
    (void)archive_account(&a->writer);
}

static int enter(struct archive *a, int fd)
{
    int error;
    DIR *dir;

    a->writer.folders = a->depth + 1;
    error = archive_account(&a->writer);
    dir = error ? NULL : fdopendir(fd);
    if (!dir) {
        error = error ? error : -errno;
        close(fd);
        return error;
    }
    a->levels[a->depth++] = (struct level){dir, a->path.len, a->source.len - 1};
    return 0;
}

int archive_open(const struct archive_options *options, struct archive **ret_archive)
{
    int fd = fs_open(options->root, options->folder, O_RDONLY | O_DIRECTORY);
    struct budget_part memory = {.budget = &budget_memory, .client = options->client};
    const struct archive_format_ops *format;
    struct archive *a = NULL;
    int error;

    if (fd < 0)
        return fd;
    format = options->format == ARCHIVE_ZIP ? &archive_zip_ops : &archive_tar_ops;
    error = budget_set(&memory, format->memory);
    if (error == 0)
        a = calloc(1, sizeof *a);
    if (!a) {
        (void)budget_set(&memory, 0);
        close(fd);
        return error ? error : -ENOMEM;
    }
    a->writer.memory = memory;
    a->writer.least = format->memory;
    a->format = format;
    a->dotfiles = options->dotfiles;
    a->hurry = options->hurry;
    a->file = -1;
    a->root = root_ref(options->root);
    a->opened = time(NULL);
    buf_add(&a->source, span_of(options->folder, strlen(options->folder) + 1));
    a->piece = malloc(LIMIT_ARCHIVE_PIECE);
    if (options->name.len) {
        add_harmless(&a->path, options->name);
        buf_add_char(&a->path, '/');
    }
    error = !a->piece || a->path.failed || a->source.failed ? -ENOMEM : 0;
    if (error)
        close(fd);
    else
        error = enter(a, fd);
    if (error) {
        archive_free(a);
        return error;
    }
    *ret_archive = a;
    return 0;
}

void archive_free(struct archive *a)
{
    if (!a)
        return;
    while (a->depth)
        leave(a);
    if (a->file >= 0)
        close(a->file);
    root_unref(a->root);
    if (a->writer.deflate_ready)
        deflateEnd(&a->writer.deflate);
    buf_done(&a->writer.out);
    buf_done(&a->writer.directory);
    (void)budget_set(&a->writer.memory, 0);
    buf_done(&a->path);
    buf_done(&a->source);
    buf_done(&a->left_out);
    free(a->piece);
    free(a);
}

/* Notes a member that a person would miss. */
static int leave_out(struct archive *a, const char *why)
{
    if (a->left_out_count++ < LIMIT_ARCHIVE_LEFT_OUT) {
        buf_add(&a->left_out, buf_span(&a->path));
        buf_addf(&a->left_out, ": %s\n", why);
    }
    return a->left_out.failed ? -ENOMEM : 0;
}

static int begin_member(struct archive *a, const struct stat *st)
{
    a->writer.member = (struct archive_member){
        .path = buf_span(&a->path),
        .is_folder = S_ISDIR(st->st_mode),
        .is_executable = (st->st_mode & 0111) != 0,
        .size = S_ISDIR(st->st_mode) ? 0 : (uint64_t)st->st_size,
        .modified = st->st_mtim.tv_sec,
    };
    return a->format->begin(&a->writer);
}

/* The descriptor is taken. */
static int add_folder(struct archive *a, int fd, struct span name, const struct stat *st)
{
    int error;

    if (a->depth == LIMIT_ARCHIVE_DEPTH) {
        close(fd);
        return leave_out(a, "the folder is too deep within others");
    }
    buf_add_char(&a->path, '/');
    a->source.len--; // the NUL
    buf_add(&a->source, name);
    buf_add(&a->source, span_of("/", 2));
    error = a->path.failed || a->source.failed ? -ENOMEM : begin_member(a, st);
    if (error == 0)
        error = a->format->end(&a->writer);
    if (error) {
        close(fd);
        return error;
    }
    return enter(a, fd);
}

/* Gone or no longer a file: as if it had never been there. Forbidden: told. Else the end. */
static int cannot_open(struct archive *a, int error)
{
    if (error == -EACCES || error == -EPERM)
        return leave_out(a, "the server may not read it");
    return fs_error_is_absence(-error) ? 0 : error;
}

static int add_member(struct archive *a, int dir, const char *name)
{
    const struct listing_folder folder = {.root = a->root, .path = a->source.ptr, .fd = dir};
    struct listing_entry entry;
    struct stat st;
    bool is_link;
    int fd, found = listing_member(&folder, name, &entry, &is_link);

    if (found <= 0)
        return found;
    add_harmless(&a->path, entry.name);
    if (a->path.failed)
        return -ENOMEM;
    if (is_link && entry.is_folder)
        return leave_out(a, "a link to a folder");
    if (entry.is_folder)
        fd = fs_open_straight(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    else
        fd = listing_open(&folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return cannot_open(a, fd);
    if (fstat(fd, &st) < 0) {
        int error = -errno;

        close(fd);
        return error;
    }
    if (S_ISDIR(st.st_mode) && entry.is_folder)
        return add_folder(a, fd, entry.name, &st);
    if (!S_ISREG(st.st_mode)) {
        close(fd);
        return 0;
    }
    if (!fs_size_tells(fd, &st)) {
        close(fd);
        return leave_out(a, "nothing tells its length before its end");
    }
    a->file = fd;
    a->remaining = (uint64_t)st.st_size; // what it grows by meanwhile is not sent
    return begin_member(a, &st);
}

/* What could not be in the archive, as its last member. */
static int tell_left_out(struct archive *a)
{
    int error;

    a->told_left_out = true;
    if (!a->left_out_count)
        return 0;
    if (a->left_out_count > LIMIT_ARCHIVE_LEFT_OUT)
        buf_addf(&a->left_out, "and %zu more\n", a->left_out_count - LIMIT_ARCHIVE_LEFT_OUT);
    buf_add(&a->path, SPAN("LEFT-OUT.txt"));
    if (a->left_out.failed || a->path.failed)
        return -ENOMEM;
    a->writer.member = (struct archive_member){
        .path = buf_span(&a->path), .size = a->left_out.len, .modified = a->opened};
    error = a->format->begin(&a->writer);
    if (error == 0)
        error = a->format->content(&a->writer, buf_span(&a->left_out));
    return error ? error : a->format->end(&a->writer);
}

static int next_member(struct archive *a)
{
    struct level *level = &a->levels[a->depth - 1];
    const struct dirent *member;

    a->path.len = level->path_length;
    a->source.len = level->source_length + 1;
    a->source.ptr[level->source_length] = '\0';
    errno = 0;
    member = readdir(level->dir);
    if (member)
        return listing_hides(member->d_name, a->dotfiles)
                   ? 0
                   : add_member(a, dirfd(level->dir), member->d_name);
    if (errno)
        return -errno;
    if (a->depth == 1 && !a->told_left_out)
        return tell_left_out(a);
    leave(a);
    return 0;
}

/* Some more content of the file that is being sent. */
static int next_content(struct archive *a)
{
    size_t want = a->remaining < LIMIT_ARCHIVE_PIECE ? (size_t)a->remaining : LIMIT_ARCHIVE_PIECE;
    ssize_t n = 0;

    if (want) {
        do
            n = read(a->file, a->piece, want);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
            return n < 0 ? -errno : -EIO; // shorter than it was
        a->remaining -= (uint64_t)n;
        return a->format->content(&a->writer, span_of(a->piece, (size_t)n));
    }
    close(a->file);
    a->file = -1;
    return a->format->end(&a->writer);
}

int archive_pull(struct archive *a, char *to, size_t room, size_t *ret_length)
{
    struct buf *out = &a->writer.out;
    size_t n, steps = 0;

    while (a->error == 0 && out->len - a->sent < room && !a->finished &&
           steps < LIMIT_ARCHIVE_STEPS) {
        steps += a->file >= 0 ? LIMIT_ARCHIVE_STEPS / 8 : 1;
        if (a->sent) { // what was pulled makes room
            memmove(out->ptr, out->ptr + a->sent, out->len - a->sent);
            out->len -= a->sent;
            a->sent = 0;
        }
        if (hurry_is_on(a->hurry)) {
            a->error = -EINTR;
        } else if (a->file >= 0) {
            a->error = next_content(a);
        } else if (a->depth) {
            a->error = next_member(a);
        } else {
            int result = a->format->finish(&a->writer);

            a->error = result < 0 ? result : 0;
            a->finished = result <= 0;
        }
    }
    if (a->error)
        return a->error;
    n = out->len - a->sent < room ? out->len - a->sent : room;
    if (n == 0 && !a->finished)
        return -EAGAIN;
    if (n)
        memcpy(to, out->ptr + a->sent, n);
    a->sent += n;
    *ret_length = n;
    return 0;
}
