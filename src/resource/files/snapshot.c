// SPDX-License-Identifier: MIT
#include "resource/files/snapshot.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/path.h"
#include "base/utf8.h"
#include "fs/other_form.h"
#include "fs/peek.h"
#include "http/date.h"
#include "http/media_type.h"
#include "resource/files/cache_control.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { END_SAMPLE = 4096 }; // bytes of each end of a large file

/* The file system's clock stands still for up to 10 ms: a file may change twice under one stamp. */
#define STAMP_CLOCK_NS (20 * CLOCK_MS)

const struct span file_coding_names[CODING_COUNT] = {
    [CODING_IDENTITY] = SPAN_INIT("identity"),
    [CODING_BROTLI] = SPAN_INIT("br"),
    [CODING_ZSTD] = SPAN_INIT("zstd"),
    [CODING_GZIP] = SPAN_INIT("gzip"),
};

static const char *const coding_suffixes[CODING_COUNT] = {"", ".br", ".zst", ".gz"};

static void set_failure(struct snapshot *s, int error)
{
    s->kind = SNAPSHOT_FAILED;
    s->failure = fs_failure(error);
    s->error = error;
}

/* What kept it from being opened. */
static void set_error(struct snapshot *s, int error)
{
    if (fs_error_is_absence(error)) {
        s->kind = SNAPSHOT_ABSENT;
    } else if (error == EACCES || error == EPERM) {
        s->kind = SNAPSHOT_UNREADABLE;
    } else {
        set_failure(s, error);
    }
}

/* Whether path leads to a regular file (*ret_stamp) or, with -EISDIR, to a folder. */
static int look(const struct snapshot_request *request, const char *path,
                struct file_stamp *ret_stamp)
{
    const struct root *root = request->root;
    struct stat st;
    int fd = request->at_once ? peek_open(root, root->fd, *path ? path : ".", 0)
                              : fs_open(root, path, O_PATH);
    int error;

    if (fd < 0)
        return fd;
    error = fstat(fd, &st) < 0 ? -errno : 0;
    close(fd);
    if (error)
        return request->at_once ? -EAGAIN : error;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode))
        return -ENXIO; // devices, sockets and pipes are not served
    *ret_stamp = stamp_from_stat(&st);
    return 0;
}

static void free_content(struct file_variant *v)
{
    if (v->pages.memory)
        pages_release(&v->pages);
    else
        free(v->content);
    v->content = NULL;
}

/* Reads the whole file into memory. */
static int read_content(int fd, struct file_variant *v)
{
    int error;

    if (v->length >= PAGES_LEAST && pages_take(v->length, &v->pages) == 0) {
        v->content = v->pages.memory;
        error = fs_read(fd, 0, v->content, v->length);
        if (error != -EFAULT)
            return error;
        free_content(v);
    }
    v->content = malloc(v->length ? v->length : 1);
    return v->content ? fs_read(fd, 0, v->content, v->length) : -ENOMEM;
}

/* A hash of both ends of what is too large for the memory. */
static int read_ends(int fd, uint64_t length, uint64_t *ret_hash)
{
    char ends[2][END_SAMPLE];
    int error = fs_read(fd, 0, ends[0], END_SAMPLE);

    assert(length >= END_SAMPLE);
    if (error == 0)
        error = fs_read(fd, length - END_SAMPLE, ends[1], END_SAMPLE);
    if (error == 0)
        *ret_hash = hash_add(HASH_BEGIN, span_of(ends[0], sizeof ends));
    return error;
}

/* Whether a browser may run scripts of it, with the rights of the site: HTML, and XML of any kind,
 * of which SVG and XHTML are. */
bool snapshot_can_hold_scripts(struct span content_type)
{
    struct media_type type;

    if (!media_type_parse(content_type, &type))
        return true;
    return media_type_is(&type, SPAN("text/html")) || span_eq_nocase(type.subtype, SPAN("xml")) ||
           (type.subtype.len > 4 &&
            span_eq_nocase(span_from(type.subtype, type.subtype.len - 4), SPAN("+xml")));
}

static void add_date(struct file_variant *v, struct buf *b)
{
    char date[DATE_LENGTH];

    v->last_modified = stamp_last_modified(&v->stamp, clock_realtime() / CLOCK_SECOND);
    v->has_date = stamp_date_tells(&v->stamp);
    date_format(v->last_modified, date);
    if (v->has_date)
        buf_addf(b, "Last-Modified: %.*s\r\n", DATE_LENGTH, date);
}

/*
 * The ready-made fields of one variant. The tag covers the content, too, where that is in
 * memory: on a file system with a coarse clock a stamp alone does not prove it.
 */
static int make_fields(struct file_variant *v, struct span content_type, unsigned coding, bool vary,
                       const struct files_options *options, struct span path)
{
    struct buf b = {0};
    char opaque[STAMP_ETAG_OPAQUE + 1];
    bool writable = options->write, has_control;
    int error;

    buf_addf(&b, "Content-Type: %.*s\r\n", SPAN_ARG(content_type));
    if (coding != CODING_IDENTITY)
        buf_addf(&b, "Content-Encoding: %.*s\r\n", SPAN_ARG(file_coding_names[coding]));
    if (!v->unsized)
        add_date(v, &b);
    buf_add(&b, v->unsized ? SPAN("Accept-Ranges: none\r\n") : SPAN("Accept-Ranges: bytes\r\n"));
    // What somebody uploaded is not the operator's word: it acts for nobody.
    if (writable)
        buf_add(&b, SPAN("X-Content-Type-Options: nosniff\r\n"
                         "Cross-Origin-Resource-Policy: same-origin\r\n"));
    if (writable && snapshot_can_hold_scripts(content_type))
        buf_add(&b, SPAN("Content-Security-Policy: sandbox\r\n"));
    stamp_etag(&v->stamp, coding, span_of(v->content, writable || !v->content ? 0 : v->length),
               opaque);
    if (!v->unsized)
        buf_addf(&b, "ETag: \"%s\"\r\n", opaque);
    if (vary)
        buf_add(&b, SPAN("Vary: Accept-Encoding\r\n"));
    has_control = cache_control_add(&b, &options->cache, path);
    error = b.failed || field_block_make(buf_span(&b), &v->fields) < 0 ? -ENOMEM : 0;
    buf_done(&b);
    if (error)
        return error;
    v->after_type = 1;
    v->validators = v->fields.count - !v->unsized - (size_t)vary - (size_t)has_control;
    if (v->unsized)
        return 0;
    v->etag = (struct entity_tag){
        .opaque = span_of(v->fields.pairs[v->validators].value.ptr + 1, STAMP_ETAG_OPAQUE)};
    return 0;
}

/*
 * Reads what is open. Files that a program makes up while they are read, as those of /proc and of
 * some file systems in user space, tell a size that has nothing to do with their content.
 * -EAGAIN: it was changed under our eyes.
 */
static int load_open(struct file_variant *v, int fd)
{
    struct file_stamp after;
    struct stat st;
    ssize_t n;
    char byte;
    int error;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -ENXIO;
    v->stamp = stamp_from_stat(&st);
    v->length = v->stamp.size;
    if (v->length > LIMIT_FILE_IN_MEMORY) {
        error = read_ends(fd, v->length, &v->ends);
        if (error == 0)
            v->fd = fd;
        if (error != -EAGAIN)
            return error;
    } else {
        error = read_content(fd, v);
        n = error == 0 ? pread(fd, &byte, 1, (off_t)v->length) : 0;
        if (n)
            error = n > 0 ? -EAGAIN : -errno;
    }
    if (error && error != -EAGAIN)
        return error;
    if (fstat(fd, &st) < 0)
        return -errno;
    after = stamp_from_stat(&st);
    if (!stamp_eq(&after, &v->stamp))
        return -EAGAIN;
    v->unsized = error == -EAGAIN;
    v->fd = v->unsized ? fd : -1;
    return 0;
}

/*
 * Opens and reads one variant. The stamp is taken from the open file, before and after reading; it
 * is present where an error is one of reading.
 */
static int load_variant(const struct snapshot_request *request, const char *path,
                        struct file_variant *v)
{
    int error = -EAGAIN;

    for (int attempt = 0; attempt < 3 && error == -EAGAIN; attempt++) {
        int fd;

        v->stamp.present = false;
        fd = fs_open(request->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
            return fd;
        error = load_open(v, fd);
        if (error || v->unsized)
            free_content(v);
        if (v->fd < 0)
            close(fd);
    }
    v->present = error == 0;
    return error;
}

bool snapshot_files_hold(const struct snapshot *s)
{
    for (int i = 0; s->open && i < CODING_COUNT; i++) {
        const struct file_variant *v = &s->variants[i];
        struct file_stamp stamp;
        struct stat st;

        if (v->fd < 0)
            continue;
        if (fstat(v->fd, &st) < 0)
            return false;
        stamp = stamp_from_stat(&st);
        if (!stamp_eq(&stamp, &v->stamp))
            return false;
    }
    return true;
}

bool file_variant_holds(const struct file_variant *v)
{
    struct stat st;
    struct file_stamp stamp;
    uint64_t ends;

    if (fstat(v->fd, &st) < 0)
        return false;
    // Its time of change is that of its names, owners and rights, too: it says nothing of bytes.
    stamp = stamp_from_stat(&st);
    if (stamp.size == v->length)
        return stamp.modified_ns == v->stamp.modified_ns;
    return stamp.size > v->length && read_ends(v->fd, v->length, &ends) == 0 && ends == v->ends;
}

static void variant_done(struct file_variant *v)
{
    if (v->fd >= 0)
        close(v->fd);
    free_content(v);
    field_block_done(&v->fields);
    free(v->digests);
}

void snapshot_unref(struct snapshot *s)
{
    if (!s || --s->references)
        return;
    for (int i = 0; i < CODING_COUNT; i++)
        variant_done(&s->variants[i]);
    free(s->other);
    free(s);
}

static struct snapshot *snapshot_new(void)
{
    struct snapshot *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->references = 1;
    s->taken_ns = clock_realtime();
    for (int i = 0; i < CODING_COUNT; i++)
        s->variants[i].fd = -1;
    return s;
}

/* Whether the file was changed so shortly before the look that its stamp proves nothing. */
static bool is_young(const struct snapshot *s, const struct file_stamp *stamp)
{
    return stamp->changed_ns > s->taken_ns - STAMP_CLOCK_NS;
}

static bool is_same_path(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether the old snapshot is still what the stamps say. */
static bool old_holds(const struct snapshot *old, enum snapshot_kind kind, const char *other,
                      const struct file_stamp stamps[CODING_COUNT])
{
    if (!old || old->kind != kind || !is_same_path(old->other, other))
        return false;
    if (kind == SNAPSHOT_FILE)
        for (int i = 0; i < CODING_COUNT; i++)
            if (!stamp_eq(&stamps[i], &old->variants[i].stamp) ||
                (stamps[i].present && is_young(old, &stamps[i])))
                return false;
    return true;
}

/* Without that neighbour, which may be changing just now, the file is as good. */
static bool is_refused(int error)
{
    return fs_error_is_absence(error) || error == EAGAIN || error == EISDIR || error == EACCES ||
           error == EPERM;
}

/*
 * Whether a file that by its name is in the coding gzip is so. Where clients write it is stored as
 * it came and sent as it is: clients that synchronise would find it decoded.
 */
static bool is_gzip(const struct file_variant *v, const struct files_options *options,
                    struct span name)
{
    char begin[2] = {0};

    if (options->write || !media_type_within_gzip(name).len)
        return false;
    if (!v->content)
        return fs_read(v->fd, 0, begin, sizeof begin) == 0 && memcmp(begin, "\x1f\x8b", 2) == 0;
    return span_starts(span_of(v->content, v->length), SPAN("\x1f\x8b"));
}

static int load_file(const struct snapshot_request *request, char *path, size_t length,
                     const struct file_stamp stamps[CODING_COUNT], struct snapshot *s)
{
    struct span name = path_leaf(span_of(path, length));
    bool vary = false;
    int error = 0;

    s->content_type = media_type_for_name(request->types, name);
    for (int i = 0; i < CODING_COUNT; i++) {
        struct file_variant *v = &s->variants[i];

        if (!stamps[i].present)
            continue;
        memcpy(path + length, coding_suffixes[i], strlen(coding_suffixes[i]) + 1);
        error = load_variant(request, path, v);
        if (error == 0 && v->unsized && i != CODING_IDENTITY) {
            variant_done(v);
            *v = (struct file_variant){.fd = -1};
            error = -EAGAIN;
        }
        if (error && (i == CODING_IDENTITY || !is_refused(-error)))
            return error == -EAGAIN ? -EIO : error;
        vary |= i != CODING_IDENTITY && !error;
        s->memory += v->content ? v->length : 0;
        s->open += v->fd >= 0;
        error = 0;
    }
    s->is_gzip = is_gzip(&s->variants[CODING_IDENTITY], request->options, name);
    if (s->is_gzip)
        s->content_type = media_type_within_gzip(name);
    for (unsigned i = 0; i < CODING_COUNT && !error; i++)
        if (s->variants[i].present)
            error = make_fields(&s->variants[i], s->content_type, s->is_gzip ? CODING_GZIP : i,
                                vary, request->options, span_of(path, length));
    return error;
}

/*
 * Whether a neighbour was made of the file as it is: not before it. By whole seconds, as those who
 * give a compressed file the time of its source may cut off the rest.
 */
static bool is_up_to_date(const struct file_stamp *neighbour, const struct file_stamp *file)
{
    return neighbour->modified_ns / CLOCK_SECOND >= file->modified_ns / CLOCK_SECOND;
}

/*
 * Finds what answers for request->path and fills in the stamps: the file itself, or a folder's
 * index, whose name is then appended to path. Returns the kind, or a negated errno.
 */
static int find_file(const struct snapshot_request *request, char *path, size_t *length,
                     struct file_stamp stamps[CODING_COUNT])
{
    bool is_folder = *length == 0 || path[*length - 1] == '/';
    const struct files_options *o = request->options;
    bool is_coded;
    int error;

    if (is_folder) {
        struct file_stamp unused;

        error = look(request, path, &unused);
        if (error != -EISDIR)
            return error ? error : -ENOTDIR;
        if (o->index.len) {
            memcpy(path + *length, o->index.ptr, o->index.len);
            path[*length + o->index.len] = '\0';
            error = look(request, path, &stamps[CODING_IDENTITY]);
        }
        if (!o->index.len || (error && (fs_error_is_absence(-error) || error == -EISDIR)))
            return o->listing ? SNAPSHOT_FOLDER : SNAPSHOT_ABSENT;
        *length += o->index.len;
    } else {
        error = look(request, path, &stamps[CODING_IDENTITY]);
        if (error == -EISDIR)
            return SNAPSHOT_SLASH_LACKING;
    }
    if (error)
        return error;
    is_coded = media_type_within_gzip(path_leaf(span_of(path, *length))).len;
    for (int i = 1; i < CODING_COUNT && o->precompressed && !is_coded; i++) {
        memcpy(path + *length, coding_suffixes[i], strlen(coding_suffixes[i]) + 1);
        error = look(request, path, &stamps[i]);
        if (error && (!is_refused(-error) || (error == -EAGAIN && request->at_once)))
            return error;
        if (error || !is_up_to_date(&stamps[i], &stamps[CODING_IDENTITY]))
            stamps[i].present = false;
    }
    path[*length] = '\0';
    return SNAPSHOT_FILE;
}

/* A copy with room for what find_file() appends. */
static char *roomy_copy(const struct snapshot_request *request, const char *path)
{
    size_t length = strlen(path);
    char *copy = malloc(length + request->options->index.len + sizeof ".zst");

    return copy ? memcpy(copy, path, length + 1) : NULL;
}

/* As find_file(), where nothing was found: by names in another Unicode form, if such are there. */
static int find_other(const struct snapshot_request *request, int kind, char **path, size_t *length,
                      struct file_stamp stamps[CODING_COUNT], char **ret_other)
{
    char text[PATH_MAX];
    char *other, *copy;
    int error;

    if (request->at_once && !utf8_is_ascii(span_from_str(request->path)))
        return -EAGAIN;
    error = fs_other_form(request->root, request->path, text);
    if (error <= 0)
        return error < 0 ? error : kind;
    other = strdup(text);
    copy = other ? roomy_copy(request, text) : NULL;
    if (!copy) {
        free(other);
        return -ENOMEM;
    }
    free(*path);
    *path = copy;
    *length = strlen(copy);
    *ret_other = other;
    return find_file(request, copy, length, stamps);
}

int snapshot_take(const struct snapshot_request *request, struct snapshot **ret_new)
{
    struct file_stamp stamps[CODING_COUNT] = {0};
    size_t length = strlen(request->path);
    char *path = roomy_copy(request, request->path);
    struct snapshot *s = path ? snapshot_new() : NULL;
    int kind;

    *ret_new = NULL;
    if (!s) {
        free(path);
        return -CANDOR_E_MEMORY;
    }
    kind = find_file(request, path, &length, stamps);
    if (kind < 0 && fs_error_is_absence(-kind))
        kind = find_other(request, kind, &path, &length, stamps, &s->other);
    if (kind >= 0 && old_holds(request->old, (enum snapshot_kind)kind, s->other, stamps)) {
        snapshot_unref(s);
        free(path);
        return 0;
    }
    if (request->at_once && (kind == -EAGAIN || kind == SNAPSHOT_FILE)) {
        snapshot_unref(s);
        free(path);
        return -CANDOR_E_WAIT;
    }
    if (kind == SNAPSHOT_FILE) {
        int error = load_file(request, path, length, stamps, s);

        s->kind = SNAPSHOT_FILE;
        if (error && s->variants[CODING_IDENTITY].stamp.present)
            set_failure(s, -error);
        else if (error)
            set_error(s, -error);
    } else if (kind < 0) {
        set_error(s, -kind);
    } else {
        s->kind = (enum snapshot_kind)kind;
    }
    free(path);
    *ret_new = s;
    return 0;
}

int snapshot_fail(int error, struct snapshot **ret_new)
{
    struct snapshot *s = snapshot_new();

    if (s)
        set_failure(s, error);
    *ret_new = s;
    return s ? 0 : -CANDOR_E_MEMORY;
}
