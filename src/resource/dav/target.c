// SPDX-License-Identifier: MIT
/*
 * The facts about the target and the destination of a method that authors.
 */
#include "base/path.h"
#include "fs/open.h"
#include "graph/author.h"
#include "http/dav_fields.h"
#include "resource/dav/authoring.h"
#include "wire/uri.h"

#include <errno.h>

/* A link is what is removed or renamed; all else is about what it leads to. */
static bool is_about_link(const struct exchange *x)
{
    return author_of(x)->also & AUTHOR_ABOUT_LINK;
}

void target_run(struct authoring *a)
{
    a->error = tree_locate(a->share->tree, a->target.names.asked, &a->x->arena, &a->target.look,
                           &a->target.names);
    a->target.path = is_about_link(a->x) ? a->target.names.name : a->target.names.thing;
}

void destination_run(struct authoring *a)
{
    a->error = tree_locate(a->share->tree, a->destination->names.asked, &a->x->arena,
                           &a->destination->look, &a->destination->names);
    a->destination->path = a->destination->names.name;
}

/* A look fails where the system refuses it or the disk does. */
void look_fail(struct authoring *a)
{
    enum outcome cause = a->cause                                    ? a->cause
                         : a->error == -EACCES || a->error == -EPERM ? OUTCOME_not_readable
                         : a->error == -EAGAIN                       ? OUTCOME_resources_exhausted
                                                                     : fs_failure(-a->error);

    exchange_fail(a->x, cause, 0, NULL);
}

static bool is_named_as_folder(struct span path)
{
    return span_ends(path, SPAN("/"));
}

/* Of names that the file system could hold, but that are never told; NULL for others. */
static const char *why_hidden(enum tree_name name)
{
    if (name == TREE_NAME_RESERVED)
        return "Names that begin with " TEMPORARY_PREFIX " are those of the server's temporaries.";
    return name == TREE_NAME_DOT ? "It begins with a dot; such names are hidden here by "
                                   "\"dotfiles: false\" or --no-dotfiles, and permitted without."
                                 : NULL;
}

/* Whether it can be performed on what is there, or could be. */
static bool is_possible(enum method method, const struct authoring *a)
{
    const struct author *m = &author_table[method];
    const struct exchange *x = a->x;
    bool is_collection = a->target.look.here.kind == TREE_COLLECTION;
    bool is_root = a->target.names.name.len == 0; // which COPY would have to go into

    if (is_root && m->also & (AUTHOR_ABOUT_LINK | AUTHOR_ELSEWHERE))
        return false;
    if (!x->representation.exists)
        return m->makes != MAKES_NOTHING && x->target.name_possible && !x->target.name_hidden &&
               (!x->target.named_as_folder || m->makes == MAKES_COLLECTION);
    if (x->target.named_as_folder && !is_collection)
        return false;
    if (m->also & AUTHOR_REPORTS && !is_collection)
        return false;
    return m->makes != MAKES_COLLECTION &&
           (is_collection ? m->takes != TAKES_WHOLE && m->takes != TAKES_PART
                          : m->takes != TAKES_MEMBERS);
}

/* To what can be done there: RFC 9110 §10.2.1. OPTIONS and TRACE always can. */
static void narrow_allowed(struct exchange *x, const struct authoring *a)
{
    for (int m = 0; m < METHOD_COUNT; m++)
        if ((methods_that_read | methods_that_author) & METHOD_BIT(m) &&
            !is_possible((enum method)m, a))
            x->routing.allowed &= ~METHOD_BIT(m);
}

bool authoring_is_deep(const struct exchange *x)
{
    enum depth depth = depth_of(x);

    return depth == DEPTH_ABSENT || depth == DEPTH_INFINITY;
}

/* PROPFIND and REPORT. */
static bool only_tells(const struct exchange *x)
{
    return author_of(x)->also & AUTHOR_TELLS && method_table[x->request.method].safe;
}

/* A pipe, a device, a link that leads nowhere: never told, but nothing else can have its name. Nor
 * would the Allow of a 405 be true there. */
static void set_special_cause(struct exchange *x)
{
    if (only_tells(x))
        exchange_fail(x, OUTCOME_not_found, 0, NULL);
    else if (method_is_in(x, methods_that_author) || !method_is_in(x, x->routing.allowed))
        exchange_fail(x, OUTCOME_special_file, 0, NULL);
}

/*
 * A look without a way through the pool, where the system remembers what is there: in the end all
 * is looked at once more (terms.h), so that nothing depends on who has looked first.
 */
static bool locate_at_once(struct authoring *a, struct tree_look *ret_look,
                           struct tree_names *names)
{
    if (!a->share)
        a->share = dav_share_use_at_once(a->dav->site);
    if (!a->share || !tree_locate_at_once(a->share->tree, names->asked, ret_look, names))
        return false;
    a->error = 0;
    a->cause = OUTCOME_NONE;
    return true;
}

enum step target_begin(struct authoring *a)
{
    if (!locate_at_once(a, &a->target.look, &a->target.names))
        return STEP_RUN;
    a->target.path = a->target.names.thing;
    return target_end(a);
}

enum step target_end(struct authoring *a)
{
    struct exchange *x = a->x;
    struct representation *r = &x->representation;

    if (a->error) {
        look_fail(a);
        return STEP_KNOWN;
    }
    if (a->target.look.here.kind == TREE_OTHER) {
        set_special_cause(x);
        return STEP_KNOWN;
    }
    x->target.name_hidden = why_hidden(a->target.look.name);
    x->target.name_possible = (a->target.look.name == TREE_NAME_OK || x->target.name_hidden) &&
                              !x->path.has_encoded_slash;
    x->target.named_as_folder =
        !x->upload.named && a->target.names.asked.len && is_named_as_folder(x->path.text);
    x->target.parent_exists = a->target.look.parent == TREE_COLLECTION;
    x->target.is_collection = a->target.look.here.kind == TREE_COLLECTION;
    if (only_tells(x) && x->target.is_collection) {
        bool reports = author_of(x)->also & AUTHOR_REPORTS;

        x->target.lists_unlisted =
            (reports || depth_of(x) != DEPTH_0) && !a->share->options->listing;
        x->target.depth_unbounded =
            !reports && authoring_is_deep(x) && !a->share->options->infinite_depth;
    }
    r->exists = a->target.look.here.kind != TREE_ABSENT && !x->path.has_encoded_slash;
    r->readable = r->acceptable = r->exists;
    r->validators = (struct validators){.exists = r->exists};
    if (!x->upload.named)
        narrow_allowed(x, a);
    if (a->target.look.here.kind == TREE_FILE) {
        stamp_etag(&a->target.look.here.stamp, 0, SPAN(""), a->answer.etag);
        r->length = a->target.look.here.stamp.size;
        r->validators.has_etag = true;
        r->validators.etag.opaque = span_of(a->answer.etag, STAMP_ETAG_OPAQUE);
        r->validators.has_last_modified = true;
        r->validators.last_modified =
            stamp_last_modified(&a->target.look.here.stamp, x->arrival.time);
    }
    return STEP_KNOWN;
}

/*
 * Whether the destination is where the source is, or beneath it, or above it. MOVE takes a link
 * itself, which may go into the folder that it leads to, but not take the place of that.
 */
static bool overlap(const struct tree_names *source, const struct tree_names *destination,
                    bool takes_link)
{
    struct span from[TREE_NAMES], to[TREE_NAMES];
    size_t n = tree_names_list(source, from), m = tree_names_list(destination, to);

    for (size_t i = 0; i < n; i++) {
        bool is_taken =
            !takes_link || span_eq(from[i], source->name) || span_eq(from[i], source->asked);

        for (size_t j = 0; j < m; j++)
            if (path_is_within(to[j], from[i]) || (is_taken && path_is_within(from[i], to[j])))
                return true;
    }
    return false;
}

/* What is wrong with the field, at that byte of it. */
static void tell_fault(struct exchange *x, enum destination_result fault, struct span value,
                       size_t at)
{
    switch (fault) {
    case DESTINATION_HAS_FRAGMENT:
        exchange_fail(x, OUTCOME_destination_malformed, 0,
                      "Byte %zu of it begins a fragment, which names nothing on a server.", at);
        return;
    case DESTINATION_HAS_QUERY:
        exchange_fail(x, OUTCOME_destination_malformed, 0,
                      "Byte %zu of it begins a query, and what has one can only be read.", at);
        return;
    case DESTINATION_ENCODED_NUL:
    case DESTINATION_ENCODED_SLASH:
        exchange_fail(x, OUTCOME_name_impossible, 0,
                      "The name in Destination holds %.*s, at byte %zu of it.",
                      SPAN_ARG(span_first(span_from(value, at), 3)), at);
        return;
    case DESTINATION_ABOVE_ROOT:
        exchange_fail(x, OUTCOME_destination_above_root, 0, "The segment at byte %zu of it does.",
                      at);
        return;
    default:
        break;
    }
    if (at == 0)
        exchange_fail(x, OUTCOME_destination_malformed, 0,
                      "It is neither an absolute URI with a host, and without a user name, nor an "
                      "absolute path.");
    else if (value.ptr[at] == '%')
        exchange_fail(x, OUTCOME_destination_malformed, 0,
                      "The percent sign at byte %zu of it is not followed by two hexadecimal "
                      "digits.",
                      at);
    else
        exchange_fail(x, OUTCOME_destination_malformed, 0,
                      "Byte %zu of it may not stand in an address: percent-encode it.", at);
}

/* Another route may have what is below a name: whatever were put there could not be reached.
 * `room` is for the path and a slash. */
static bool is_ours(struct exchange *x, struct span path, char *room)
{
    memmove(room, path.ptr, path.len);
    room[path.len] = '/';
    return x->host->leads_here(x, path) &&
           (is_named_as_folder(path) || x->host->leads_here(x, span_of(room, path.len + 1)));
}

/* From the field to a path of the tree: RFC 4918 §9.8.5, §10.3. Fails where it has none. */
static void read_destination(struct authoring *a)
{
    struct exchange *x = a->x;
    struct span value = message_field(&x->request, FIELD_destination);
    enum destination_result fault;
    struct destination d;
    struct uri_path path;
    size_t offset;
    char *text;

    fault = destination_parse(value, &d, &offset);
    if (fault != DESTINATION_OK) {
        tell_fault(x, fault, value, offset);
        return;
    }
    if (!destination_is_here(&d, message_field(&x->request, FIELD_host))) {
        exchange_fail(x, OUTCOME_destination_foreign, 0, NULL);
        return;
    }
    text = arena_alloc(&x->arena, d.path.len + 1);
    if (!text)
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
    else if (uri_path_decode(d.path, text, &path, &offset) != OUTCOME_NONE)
        exchange_fail(x, OUTCOME_destination_malformed, 0, NULL);
    else if (!span_starts(path.text, a->mount) || !is_ours(x, path.text, text))
        exchange_fail(x, OUTCOME_destination_outside, 0, NULL);
    if (x->failure.cause != OUTCOME_NONE)
        return;
    a->destination->names.asked = uri_path_trim(span_from(path.text, a->mount.len));
    x->destination.named_as_folder = is_named_as_folder(path.text);
}

enum step destination_begin(struct authoring *a)
{
    read_destination(a);
    if (a->x->failure.cause != OUTCOME_NONE)
        return STEP_KNOWN;
    if (!locate_at_once(a, &a->destination->look, &a->destination->names))
        return STEP_RUN;
    a->destination->path = a->destination->names.name;
    return destination_end(a);
}

enum step destination_end(struct authoring *a)
{
    struct exchange *x = a->x;
    const char *hidden;

    if (a->error) {
        look_fail(a);
        return STEP_KNOWN;
    }
    hidden = why_hidden(a->destination->look.name);
    if (hidden)
        exchange_fail(x, OUTCOME_name_hidden, 0, "It is the name in Destination. %s", hidden);
    else if (a->destination->look.name != TREE_NAME_OK)
        exchange_fail(x, OUTCOME_name_impossible, 0, "It is the name in Destination.");
    x->destination.exists = a->destination->look.here.kind != TREE_ABSENT;
    x->destination.is_collection = a->destination->look.here.kind == TREE_COLLECTION;
    x->destination.parent_exists = a->destination->look.parent == TREE_COLLECTION;
    x->destination.overlaps = overlap(&a->target.names, &a->destination->names, is_about_link(x));
    return STEP_KNOWN;
}
