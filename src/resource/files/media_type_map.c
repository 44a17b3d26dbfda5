// SPDX-License-Identifier: MIT
#include "resource/files/media_type_map.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

// An open-addressed hash table, at most half full. An empty slot has an empty extension.
struct slot {
    struct span extension; // lower case, without its dot
    struct span type;      // the whole value of Content-Type
};

struct media_type_map {
    struct slot *slots;
    size_t mask; // slots less one; their number is a power of two
    size_t count;
    struct arena arena; // holds the texts
};

enum priority { fixed, fallback };

static const struct builtin {
    enum priority priority;
    struct span extension, type;
} builtin_types[] = {
#define MEDIA_TYPE(priority, extension, type) {priority, SPAN_INIT(extension), SPAN_INIT(type)},
#define MEDIA_TYPE_GZIP(extension, type)                                                           \
    {fixed, SPAN_INIT(extension), SPAN_INIT("application/gzip")},
#include "resource/files/media_type.def"
};

static const struct {
    struct span extension, type;
} gzip_types[] = {
#define MEDIA_TYPE_GZIP(extension, type) {SPAN_INIT(extension), SPAN_INIT(type)},
#include "resource/files/media_type.def"
};

enum {
    BUILTIN_COUNT = sizeof builtin_types / sizeof builtin_types[0],
    ARENA_FIRST = 64 * 1024, // bytes; Debian's table needs about as much
};

static struct slot *slot_find(const struct media_type_map *map, struct span extension)
{
    // The keys come from the operator's table, not from clients.
    size_t at = hash_add(HASH_BEGIN, extension) & map->mask;

    while (map->slots[at].extension.len && !span_eq(map->slots[at].extension, extension))
        at = (at + 1) & map->mask;
    return &map->slots[at];
}

static struct span extension_lower(struct span extension, char out[static LIMIT_EXTENSION])
{
    for (size_t i = 0; i < extension.len; i++)
        out[i] = ascii_lower(extension.ptr[i]);
    return span_of(out, extension.len);
}

/* Keeps what is there already: the sources are added with the strongest first. */
static int map_add(struct media_type_map *map, struct span extension, struct span type)
{
    char lower[LIMIT_EXTENSION];
    struct slot *slot;
    struct span kept;

    assert(extension.len && extension.len <= LIMIT_EXTENSION);
    extension = extension_lower(extension, lower);
    slot = slot_find(map, extension);
    if (slot->extension.len)
        return 0;
    if (map->count == LIMIT_MEDIA_TYPES || map->count * 2 > map->mask)
        return -CANDOR_E_LIMIT;
    kept = arena_copy(&map->arena, extension);
    if (!kept.ptr)
        return -CANDOR_E_MEMORY;
    *slot = (struct slot){kept, type};
    map->count++;
    return 0;
}

/* The value of Content-Type for a bare media type, in the arena; empty when out of memory. */
static struct span map_keep_type(struct media_type_map *map, struct span type)
{
    struct span charset = SPAN("; charset=utf-8");
    bool is_text = span_eq_nocase(span_first(type, 5), SPAN("text/"));
    char *value = arena_alloc(&map->arena, type.len + charset.len);

    if (!value)
        return span_of(NULL, 0);
    memcpy(value, type.ptr, type.len);
    if (is_text)
        memcpy(value + type.len, charset.ptr, charset.len);
    return span_of(value, type.len + (is_text ? charset.len : 0));
}

static int map_add_builtin(struct media_type_map *map, enum priority priority)
{
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        struct span type;
        int error;

        if (builtin_types[i].priority != priority)
            continue;
        type = map_keep_type(map, builtin_types[i].type);
        error = type.ptr ? map_add(map, builtin_types[i].extension, type) : -CANDOR_E_MEMORY;
        if (error < 0)
            return error;
    }
    return 0;
}

static bool is_token(struct span s)
{
    return ascii_is_token(s.ptr, s.len);
}

static bool is_media_type(struct span s)
{
    struct span type = span_take_until(&s, '/');

    return is_token(type) && is_token(s);
}

/* The next word of a line, empty at its end. */
static struct span take_word(struct span *line)
{
    struct span word;
    size_t n = 0;

    *line = span_trim(*line);
    while (n < line->len && line->ptr[n] != ' ' && line->ptr[n] != '\t')
        n++;
    word = span_first(*line, n);
    *line = span_from(*line, n);
    return word;
}

static int map_add_line(struct media_type_map *map, struct span line)
{
    struct span type, kept = {NULL, 0};

    if (line.len > LIMIT_MEDIA_TYPES_LINE)
        return -CANDOR_E_LIMIT;
    if (span_ends(line, SPAN("\r")))
        line.len--;
    line = span_first(line, span_find(line, '#'));
    type = take_word(&line);
    if (!is_media_type(type))
        return 0;
    for (struct span word = take_word(&line); word.len; word = take_word(&line)) {
        int error;

        if (!is_token(word) || word.len > LIMIT_EXTENSION)
            continue;
        if (!kept.ptr)
            kept = map_keep_type(map, type);
        error = kept.ptr ? map_add(map, word, kept) : -CANDOR_E_MEMORY;
        if (error < 0)
            return error;
    }
    return 0;
}

static int map_fill(struct media_type_map *map, struct span text)
{
    int error = map_add_builtin(map, fixed);

    while (error == 0 && text.len)
        error = map_add_line(map, span_take_until(&text, '\n'));
    return error == 0 ? map_add_builtin(map, fallback) : error;
}

/* Slots for as many extensions as text can hold, twice: a word takes at least two bytes. */
static size_t slots_needed(struct span text)
{
    size_t words = 0, slots = 256;
    bool inside = false;

    for (size_t i = 0; i < text.len; i++) {
        bool is_space = text.ptr[i] == ' ' || text.ptr[i] == '\t' || text.ptr[i] == '\n';

        words += inside && is_space;
        inside = !is_space;
    }
    words += inside + BUILTIN_COUNT;
    if (words > LIMIT_MEDIA_TYPES)
        words = LIMIT_MEDIA_TYPES;
    while (slots < words * 2)
        slots *= 2;
    return slots;
}

int media_type_map_from_text(struct span text, struct media_type_map **ret_map)
{
    struct media_type_map *map;
    size_t slots;
    int error = -CANDOR_E_MEMORY;

    if (text.len > LIMIT_MEDIA_TYPES_FILE)
        return -CANDOR_E_LIMIT;
    slots = slots_needed(text);
    map = calloc(1, sizeof *map);
    if (!map)
        return -CANDOR_E_MEMORY;
    map->slots = calloc(slots, sizeof *map->slots);
    map->mask = slots - 1;
    if (!map->slots || arena_init(&map->arena, ARENA_FIRST) < 0)
        goto fail;
    error = map_fill(map, text);
    if (error < 0)
        goto fail;
    *ret_map = map;
    return 0;
fail:
    media_type_map_free(map);
    return error;
}

/* Reads until the end, but no more than size bytes: a file may grow under our hands. */
static ssize_t read_whole(int fd, char *out, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t n = read(fd, out + len, size - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

static int map_from_fd(int fd, struct media_type_map **ret_map)
{
    struct stat st;
    char *text;
    ssize_t len;
    int error = -CANDOR_E_SYSTEM;

    if (fstat(fd, &st) < 0)
        return -CANDOR_E_SYSTEM;
    if (!S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return -CANDOR_E_SYSTEM;
    }
    if (st.st_size > LIMIT_MEDIA_TYPES_FILE)
        return -CANDOR_E_LIMIT;
    text = malloc((size_t)st.st_size + 1);
    if (!text)
        return -CANDOR_E_MEMORY;
    len = read_whole(fd, text, (size_t)st.st_size);
    if (len >= 0)
        error = media_type_map_from_text(span_of(text, (size_t)len), ret_map);
    free(text);
    return error;
}

int media_type_map_new(const char *path, struct media_type_map **ret_map)
{
    int fd, error;

    if (!path)
        return media_type_map_from_text(SPAN(""), ret_map);
    // O_NONBLOCK: a pipe by that name must not hold the start.
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return media_type_map_from_text(SPAN(""), ret_map);
    if (fd < 0)
        return -CANDOR_E_SYSTEM;
    error = map_from_fd(fd, ret_map);
    int kept_errno = errno;
    close(fd);
    errno = kept_errno;
    return error;
}

void media_type_map_free(struct media_type_map *map)
{
    if (!map)
        return;
    arena_done(&map->arena);
    free(map->slots);
    free(map);
}

/* The empty span where the extension has no type. */
static struct span type_of_extension(const struct media_type_map *map, struct span extension)
{
    char lower[LIMIT_EXTENSION];

    if (extension.len == 0 || extension.len > LIMIT_EXTENSION)
        return span_of(NULL, 0);
    return slot_find(map, extension_lower(extension, lower))->type;
}

struct span media_type_for_name(const struct media_type_map *map, struct span file_name)
{
    struct span found = {NULL, 0};
    int dots = 0;

    // From the right; the dot at the very front makes a hidden file, not an extension.
    for (size_t i = file_name.len; i > 1 && dots < 2; i--) {
        if (file_name.ptr[i - 1] == '.') {
            struct span type = type_of_extension(map, span_from(file_name, i));

            if (type.len)
                found = type;
            dots++;
        }
        if (file_name.len - i > LIMIT_EXTENSION)
            break;
    }
    return found.len ? found : SPAN("application/octet-stream");
}

struct span media_type_within_gzip(struct span file_name)
{
    size_t dot = file_name.len;

    while (dot > 1 && file_name.ptr[dot - 1] != '.')
        dot--;
    for (size_t i = 0; i < sizeof gzip_types / sizeof *gzip_types && dot > 1; i++)
        if (span_eq_nocase(span_from(file_name, dot), gzip_types[i].extension))
            return gzip_types[i].type;
    return span_of(NULL, 0);
}

static bool is_of_type(const struct slot *slot, struct span essence)
{
    return slot->extension.len &&
           span_eq_nocase(span_first(slot->type, span_find(slot->type, ';')), essence);
}

static bool is_simpler(struct span a, struct span b)
{
    return a.len != b.len ? a.len < b.len : span_compare(a, b) < 0;
}

struct span media_type_extension(const struct media_type_map *map, struct span essence)
{
    struct span found = {NULL, 0};

    // The built-in types begin with the usual extensions.
    for (size_t i = 0; i < BUILTIN_COUNT; i++)
        if (is_of_type(slot_find(map, builtin_types[i].extension), essence))
            return builtin_types[i].extension;
    for (size_t i = 0; i <= map->mask; i++)
        if (is_of_type(&map->slots[i], essence) &&
            (!found.ptr || is_simpler(map->slots[i].extension, found)))
            found = map->slots[i].extension;
    return found;
}
