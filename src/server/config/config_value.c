// SPDX-License-Identifier: MIT
#include "server/config/config_value.h"

#include "base/ascii.h"
#include "base/error.h"
#include "registry/method.h"
#include "registry/status.h"
#include "resource/mock/recipe_value.h"
#include "server/config/config_relay.h"
#include "server/config/listen.h"

#include <grp.h>
#include <pwd.h>

#define UPSTREAM_EXPECTED                                                                          \
    "an address like http://app.internal:3000, unix:/run/app.sock, fcgi://127.0.0.1:9000 or "      \
    "fcgi+unix:/run/php/php-fpm.sock"

struct unit {
    struct span name;
    uint64_t factor;
};

// The largest first: that is the order in which numbers are written.
static const struct unit duration_units[] = {
    {SPAN_INIT("d"), 86400000}, {SPAN_INIT("h"), 3600000}, {SPAN_INIT("m"), 60000},
    {SPAN_INIT("s"), 1000},     {SPAN_INIT("ms"), 1},
};
static const struct unit size_units[] = {
    {SPAN_INIT("G"), UINT64_C(1) << 30},
    {SPAN_INIT("M"), UINT64_C(1) << 20},
    {SPAN_INIT("K"), UINT64_C(1) << 10},
    {SPAN_INIT(""), 1},
};

static int quantity_parse(struct span text, const struct unit *units, size_t count,
                          uint64_t *ret_value)
{
    size_t digits = 0;
    uint64_t number;

    while (digits < text.len && ascii_is(text.ptr[digits], ASCII_DIGIT))
        digits++;
    if (digits == 0)
        return -CANDOR_E_SYNTAX;
    for (size_t i = 0; i < count; i++) {
        if (!span_eq(span_from(text, digits), units[i].name))
            continue;
        if (!span_to_u64(span_first(text, digits), UINT64_MAX / units[i].factor, &number))
            return -CANDOR_E_RANGE;
        *ret_value = number * units[i].factor;
        return 0;
    }
    return -CANDOR_E_SYNTAX;
}

int config_parse_duration(struct span text, uint64_t *ret_milliseconds)
{
    return quantity_parse(text, duration_units, sizeof duration_units / sizeof *duration_units,
                          ret_milliseconds);
}

int config_parse_size(struct span text, uint64_t *ret_bytes)
{
    return quantity_parse(text, size_units, sizeof size_units / sizeof *size_units, ret_bytes);
}

int config_parse_number(struct span text, uint64_t *ret_value)
{
    return quantity_parse(text, &(const struct unit){SPAN_INIT(""), 1}, 1, ret_value);
}

int config_parse_boolean(struct span text, bool *ret_value)
{
    static const struct {
        struct span word;
        bool value;
    } words[] = {
        {SPAN_INIT("true"), true},   {SPAN_INIT("yes"), true}, {SPAN_INIT("on"), true},
        {SPAN_INIT("false"), false}, {SPAN_INIT("no"), false}, {SPAN_INIT("off"), false},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (span_eq(words[i].word, text)) {
            *ret_value = words[i].value;
            return 0;
        }
    }
    return -CANDOR_E_SYNTAX;
}

int config_parse_for(struct span text, struct config_for *ret_for)
{
    struct config_for parsed = {0};
    uint64_t number;
    int status;

    if (text.len == 3 && span_ends(text, SPAN("xx")) && ascii_is(text.ptr[0], ASCII_DIGIT)) {
        parsed.class_ = text.ptr[0] - '0';
        if (parsed.class_ < 1 || parsed.class_ > 5)
            return -CANDOR_E_SYNTAX;
        status = parsed.class_ * 100;
    } else if (text.len == 3 && span_to_u64(text, 999, &number)) {
        status = parsed.status = (int)number;
        if (!status_from_code(status))
            return -CANDOR_E_SYNTAX;
    } else {
        parsed.outcome = outcome_from_token(text);
        if (parsed.outcome == OUTCOME_NONE)
            return -CANDOR_E_SYNTAX;
        status = outcome_table[parsed.outcome].status;
    }
    if (status < 400)
        return -CANDOR_E_RANGE;
    *ret_for = parsed;
    return 0;
}

static const char *read_address(struct span text, struct listen_address *to)
{
    int r = listen_parse(text, to);

    return r < 0 ? listen_wrong(r) : NULL;
}

/* Octal, as chmod takes it; a leading 0 or 0o changes nothing. */
static const char *read_mode(const struct option_row *key, struct span text, uint64_t *to)
{
    uint64_t mode = 0;

    if (span_starts(text, SPAN("0o")))
        text = span_from(text, 2);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7')
            return "is not a mode";
        mode = mode << 3 | (uint64_t)(text.ptr[i] - '0');
        if (mode > (uint64_t)key->high)
            return "is out of range";
    }
    *to = mode;
    return text.len ? NULL : "is not a mode";
}

enum { ID_NAME = 64, ID_ROOM = 16384 }; // bytes of a name, and of what is known of it

/* A user or a group, by name or number. */
static const char *read_id(const struct option_row *key, struct span text, uint64_t *to)
{
    char name[ID_NAME], room[ID_ROOM];
    bool is_user = key->kind == OPTION_USER;
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;

    if (span_to_u64(text, UINT32_MAX - 1, to))
        return NULL;
    if (text.len >= sizeof name)
        return "is too long for a name";
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    if (is_user)
        getpwnam_r(name, &user, room, sizeof room, &found_user);
    else
        getgrnam_r(name, &group, room, sizeof room, &found_group);
    if (!found_user && !found_group)
        return is_user ? "is not a user of this system" : "is not a group of this system";
    *to = is_user ? user.pw_uid : group.gr_gid;
    return NULL;
}

static const char *read_for(struct span text, struct config_for *to)
{
    int r = config_parse_for(text, to);

    return r == -CANDOR_E_RANGE ? "is not an error"
           : r < 0              ? "is not a known status, class or outcome"
                                : NULL;
}

static const char *read_fault(struct span text, enum fault *to)
{
    *to = fault_from_name(text);
    return *to ? NULL : "is not the name of a fault";
}

static const char *read_chance(struct span text, uint64_t *to)
{
    uint32_t chance;

    if (mock_read_chance(text, &chance))
        return "is not a chance";
    *to = chance;
    return NULL;
}

static const char *read_method(struct span text, enum method *to)
{
    *to = method_from_name(text);
    return *to ? NULL : "is not a method of this server";
}

static const char *read_log(struct span text, struct config_log *to)
{
    to->to = span_eq(text, SPAN("stderr")) ? ACCESS_LOG_STDERR
             : span_eq(text, SPAN("off"))  ? ACCESS_LOG_OFF
                                           : ACCESS_LOG_FILE;
    return NULL;
}

static const char *read_format(struct span text, enum access_log_format *to)
{
    *to = span_eq(text, SPAN("combined")) ? ACCESS_LOG_COMBINED : ACCESS_LOG_JSON;
    return *to == ACCESS_LOG_COMBINED || span_eq(text, SPAN("json")) ? NULL : "is not a format";
}

static const char *state_wrong(struct span text)
{
    return text.len > sizeof "sqlite:" - 1 && span_starts(text, SPAN("sqlite:"))
               ? NULL
               : "is not a place for state";
}

static const char *name_wrong(struct span text)
{
    if (span_find(text, '/') < text.len || span_eq(text, SPAN(".")) || span_eq(text, SPAN("..")))
        return "is not the name of a file";
    return NULL;
}

static const char *path_wrong(struct span text)
{
    struct span rest = span_from(text, 1);

    if (!span_starts(text, SPAN("/")))
        return "does not begin with a slash";
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '?' || text.ptr[i] == '#')
            return "has a query or a fragment";
        if (text.ptr[i] == '%' && i + 2 < text.len && ascii_is(text.ptr[i + 1], ASCII_HEX) &&
            ascii_is(text.ptr[i + 2], ASCII_HEX))
            return "is percent-encoded";
    }
    while (rest.len) {
        bool last = span_find(rest, '/') == rest.len;
        struct span segment = span_take_until(&rest, '/');

        if (segment.len == 0 && !last)
            return "has an empty segment";
        if (span_eq(segment, SPAN(".")) || span_eq(segment, SPAN("..")))
            return "has a dot segment";
    }
    return NULL;
}

static const char *pattern_wrong(struct span text)
{
    return span_starts(text, SPAN("/"))      ? path_wrong(text)
           : span_find(text, '/') < text.len ? "holds a slash, and does not begin with one"
                                             : NULL;
}

static const char *read_number(const struct option_row *key, struct span text, uint64_t *to)
{
    const char *kind = "is not a whole number";
    uint64_t value = 0;
    int r;

    if (key->kind == OPTION_SIZE) {
        kind = "is not a size";
        r = config_parse_size(text, &value);
    } else if (key->kind == OPTION_NUMBER) {
        r = config_parse_number(text, &value);
    } else {
        kind = key->kind == OPTION_DURATION ? "is not a duration" : "is none of what it may be";
        r = config_parse_duration(text, &value);
    }
    if (r == -CANDOR_E_SYNTAX)
        return kind;
    if (r < 0 || value < (uint64_t)key->low || value > (uint64_t)key->high)
        return "is out of range";
    *to = value;
    return NULL;
}

static const char *read_caching(const struct option_row *key, struct span text,
                                struct option_caching *to)
{
    static const struct {
        struct span word;
        struct option_caching caching;
    } words[] = {
        {SPAN_INIT("no-cache"), {.kind = CACHING_ASKED}},
        {SPAN_INIT("no-store"), {.kind = CACHING_NEVER}},
        {SPAN_INIT("immutable"), {.kind = CACHING_IMMUTABLE}},
        {SPAN_INIT("off"), {.kind = CACHING_UNSAID}},
    };
    const char *wrong;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (span_eq(words[i].word, text)) {
            *to = words[i].caching;
            return NULL;
        }
    }
    to->kind = CACHING_FOR;
    wrong = read_number(key, text, &to->milliseconds);
    return wrong ? wrong : to->milliseconds % 1000 ? "is no number of whole seconds" : NULL;
}

static const char *read_text(const char *wrong, struct span text, struct span *to)
{
    *to = text;
    return wrong;
}

const char *config_value_read(const struct option_row *key, struct span text, void *to)
{
    switch (key->kind) {
    case OPTION_ADDRESS:
    case OPTION_ADDRESSES:
        return read_address(text, to);
    case OPTION_MODE:
        return read_mode(key, text, to);
    case OPTION_USER:
    case OPTION_GROUP:
        return read_id(key, text, to);
    case OPTION_NUMBER:
    case OPTION_SIZE:
    case OPTION_DURATION:
        return read_number(key, text, to);
    case OPTION_BOOLEAN:
        return config_parse_boolean(text, to) < 0 ? "is not a boolean" : NULL;
    case OPTION_LOG:
        return read_log(text, to);
    case OPTION_FORMAT:
        return read_format(text, to);
    case OPTION_ERROR:
        return read_for(text, to);
    case OPTION_FAULT:
        return read_fault(text, to);
    case OPTION_CHANCE:
        return read_chance(text, to);
    case OPTION_METHOD:
        return read_method(text, to);
    case OPTION_STATE:
        return state_wrong(text);
    case OPTION_NAME:
        return read_text(name_wrong(text), text, to);
    case OPTION_PATTERN:
        return read_text(pattern_wrong(text), text, to);
    case OPTION_CACHING:
        return read_caching(key, text, to);
    case OPTION_PATH:
        return read_text(path_wrong(text), text, to);
    case OPTION_HOST:
    case OPTION_HOSTS:
        return read_text(config_host_wrong(text), text, to);
    case OPTION_FILE:
    case OPTION_FOLDER:
    case OPTION_SECTION:
    case OPTION_SECTIONS:
        break;
    default:
        return config_relay_read(key, text, to);
    }
    return NULL;
}

struct span config_value_path(const struct option_row *key, struct span text)
{
    struct config_log log;

    switch (key->kind) {
    case OPTION_STATE:
        return span_from(text, sizeof "sqlite:" - 1);
    case OPTION_LOG:
        read_log(text, &log);
        return log.to == ACCESS_LOG_FILE ? text : SPAN("");
    case OPTION_FILE:
    case OPTION_FOLDER:
        return text;
    default:
        return SPAN("");
    }
}

static void add_quantity(struct buf *out, const struct unit *units, size_t count, uint64_t value)
{
    for (size_t i = 0; i < count; i++) {
        if (value % units[i].factor == 0 && (value || i + 1 == count)) {
            buf_add_u64(out, value / units[i].factor);
            buf_add(out, units[i].name);
            return;
        }
    }
}

void config_add_number(struct buf *out, enum option_kind kind, int64_t value)
{
    if (kind == OPTION_BOOLEAN)
        buf_add_str(out, value ? "true" : "false");
    else if (kind == OPTION_SIZE)
        add_quantity(out, size_units, sizeof size_units / sizeof *size_units, (uint64_t)value);
    else if (kind == OPTION_DURATION || kind == OPTION_CACHING)
        add_quantity(out, duration_units, sizeof duration_units / sizeof *duration_units,
                     (uint64_t)value);
    else
        buf_add_u64(out, (uint64_t)value);
}

static void add_words(struct buf *out, const struct option_row *key)
{
    struct span rest = span_from_str(key->standard_text), word;
    const char *between = "";

    while (config_word_next(&rest, &word)) {
        buf_addf(out, "%s%.*s", between, SPAN_ARG(word));
        between = span_find(rest, '|') < rest.len ? ", " : " or ";
    }
}

void config_add_expected(struct buf *out, const struct option_row *key)
{
    static const struct {
        const char *what, *like;
    } kinds[] = {
        [OPTION_ADDRESS] = {LISTEN_EXPECTED, NULL},
        [OPTION_ADDRESSES] = {"a list of addresses, each " LISTEN_EXPECTED
                              ", or keys like address and mode",
                              NULL},
        [OPTION_MODE] = {"an octal number from 0 to 0777, like 0660", NULL},
        [OPTION_USER] = {"the name or the number of a user", NULL},
        [OPTION_GROUP] = {"the name or the number of a group", NULL},
        [OPTION_NUMBER] = {"a whole number", ""},
        [OPTION_SIZE] = {"a size", ", like 512, 64K, 10M or 2G"},
        [OPTION_DURATION] = {"a duration", ", like 500ms, 5s, 10m or 1h"},
        [OPTION_BOOLEAN] = {"true, false, yes, no, on or off", NULL},
        [OPTION_LOG] = {"stderr, off or the path of a file", NULL},
        [OPTION_FORMAT] = {"json or combined", NULL},
        [OPTION_STATE] = {"sqlite: and the path of a file", NULL},
        [OPTION_ERROR] = {"a status from 400 to 599, a class like 5xx, or an outcome like "
                          "not-found",
                          NULL},
        [OPTION_FAULT] = {"the name of a fault like body-close", NULL},
        [OPTION_CHANCE] = {"a chance from 0 to 1 like 0.1, or from 0% to 100%", NULL},
        [OPTION_METHOD] = {"a method like GET", NULL},
        [OPTION_FILE] = {"the path of a readable file", NULL},
        [OPTION_FOLDER] = {"the path of a folder", NULL},
        [OPTION_NAME] = {"the name of a file, without a slash", NULL},
        [OPTION_PATTERN] = {"a name like *.js, without a slash, or a path like /assets/, not "
                            "percent-encoded",
                            NULL},
        [OPTION_CACHING] = {"no-cache, no-store, immutable, off, or a duration",
                            ", like 60s, 5m, 1h or 30d"},
        [OPTION_PATH] = {"a path like / or /team/ or /robots.txt, not percent-encoded", NULL},
        [OPTION_HOST] = {"a host like example.org or [::1], without a port", NULL},
        [OPTION_HOSTS] = {"a list of hosts, each like example.org or [::1], without a port", NULL},
        [OPTION_WORD] = {"", NULL},
        [OPTION_UPSTREAM] = {UPSTREAM_EXPECTED, NULL},
        [OPTION_UPSTREAMS] = {UPSTREAM_EXPECTED
                              ", or a list of those, or of keys like address and weight",
                              NULL},
        [OPTION_BALANCE] = {"least, round_robin, hash client, hash path, hash field NAME or "
                            "hash cookie NAME",
                            NULL},
        [OPTION_AUTHORITY] = {"pass, or a host like example.org or example.org:8080", NULL},
        [OPTION_RESOLVER] = {"an address like 127.0.0.1, 127.0.0.1:5353 or [::1]:5353", NULL},
        [OPTION_FIELDS] = {"the names of fields, each with a value", NULL},
        [OPTION_FIELD_NAMES] = {"a list of names of fields", NULL},
        [OPTION_STATUSES] = {"a list of statuses from 400 to 599 and of the classes 4xx and 5xx",
                             NULL},
        [OPTION_NETWORKS] = {"a list of addresses and networks, each like 192.0.2.1, 10.0.0.0/8, "
                             "fd00::/8, or unix",
                             NULL},
        [OPTION_SECTION] = {"keys below it", NULL},
        [OPTION_SECTIONS] = {"a list, each member with keys of its own", NULL},
    };

    if (key->kind == OPTION_WORD)
        add_words(out, key);
    buf_add_str(out, kinds[key->kind].what);
    if (!kinds[key->kind].like)
        return;
    buf_add(out, SPAN(" from "));
    config_add_number(out, key->kind, key->low);
    buf_add(out, SPAN(" to "));
    config_add_number(out, key->kind, key->high);
    buf_add_str(out, kinds[key->kind].like);
}
