// SPDX-License-Identifier: MIT
/*
 * The facts about the target and the destination of a method that authors.
 */
#include "http/dav_fields.h"
#include "resource/dav/dav_parts.h"
#include "wire/uri.h"

#include <errno.h>

/* A link is what is removed or renamed; all else is about what it leads to. */
static void look_here(struct authoring *a)
{
    enum method method = a->x->request.method;

    a->error = tree_locate(a->dav->share->tree, a->names.asked, &a->x->arena, &a->here, &a->names);
    a->path = method == METHOD_DELETE || method == METHOD_MOVE ? a->names.name : a->names.thing;
}

static void look_there(struct authoring *a)
{
    a->error =
        tree_locate(a->dav->share->tree, a->to_names.asked, &a->x->arena, &a->there, &a->to_names);
    a->to = a->to_names.name;
}

/* A look fails where the system refuses it or the disk does. */
static void set_look_cause(struct authoring *a)
{
    enum outcome cause =
        a->error == -EACCES || a->error == -EPERM ? OUTCOME_not_readable
        : a->error == -ENOMEM || a->error == -EMFILE || a->error == -ENFILE || a->error == -EAGAIN
            ? OUTCOME_resources_exhausted
            : OUTCOME_read_failed;

    exchange_set_cause(a->x, cause, 0);
}

/* A path that no file can have, though it can be written. */
static bool names_nothing(const struct uri_path *path)
{
    return path->has_encoded_slash || path->has_empty_segment;
}

static bool is_named_as_folder(const struct uri_path *path)
{
    return span_ends(path->text, SPAN("/"));
}

/* Names that the file system could hold, but that are never told. */
static bool is_hidden(enum tree_name name)
{
    return name == TREE_NAME_DOT || name == TREE_NAME_RESERVED;
}

/* What can be done with what is there: RFC 9110 §10.2.1. */
static void narrow_allowed(struct exchange *x, enum tree_kind kind)
{
    const method_set always = METHOD_BIT(METHOD_OPTIONS) | METHOD_BIT(METHOD_TRACE);
    const method_set making =
        METHOD_BIT(METHOD_PUT) | METHOD_BIT(METHOD_MKCOL) | METHOD_BIT(METHOD_LOCK);

    if (x->target.named_as_folder && kind != TREE_COLLECTION)
        x->allowed &= always | (kind == TREE_ABSENT ? METHOD_BIT(METHOD_MKCOL) : 0);
    else if (kind == TREE_ABSENT)
        x->allowed &= always | making;
    else if (kind == TREE_COLLECTION)
        x->allowed &=
            ~(METHOD_BIT(METHOD_PUT) | METHOD_BIT(METHOD_PATCH) | METHOD_BIT(METHOD_MKCOL));
    else
        x->allowed &= ~(METHOD_BIT(METHOD_POST) | METHOD_BIT(METHOD_MKCOL));
}

bool authoring_is_deep(const struct exchange *x)
{
    enum depth depth = depth_parse(message_field(&x->request, FIELD_depth));

    return depth == DEPTH_ABSENT || depth == DEPTH_INFINITY;
}

/* A pipe, a device, a link that leads nowhere: never told, but nothing else can have its name. */
static void set_special_cause(struct exchange *x)
{
    if (x->request.method == METHOD_PROPFIND)
        exchange_set_cause(x, OUTCOME_not_found, 0);
    else if (x->request.method != METHOD_OPTIONS)
        exchange_set_cause(x, OUTCOME_special_file, 0);
}

bool locate_guarded(struct authoring *a)
{
    if (!a->x->guard || a->located)
        return true;
    if (!step(a, look_here))
        return false;
    a->located = true;
    if (a->error)
        set_look_cause(a);
    return true;
}

bool establish_target(struct authoring *a)
{
    struct exchange *x = a->x;
    struct representation *r = &x->representation;

    if (!step(a, look_here))
        return false;
    if (a->error) {
        set_look_cause(a);
        return true;
    }
    if (a->here.here.kind == TREE_OTHER) {
        set_special_cause(x);
        return true;
    }
    x->target.name_hidden = is_hidden(a->here.name);
    x->target.name_possible =
        (a->here.name == TREE_NAME_OK || x->target.name_hidden) && !names_nothing(&x->path);
    x->target.named_as_folder =
        !x->upload.named && a->names.asked.len && is_named_as_folder(&x->path);
    x->target.parent_exists = a->here.parent == TREE_COLLECTION;
    x->target.is_collection = a->here.here.kind == TREE_COLLECTION;
    if (x->request.method == METHOD_PROPFIND && x->target.is_collection) {
        enum depth depth = depth_parse(message_field(&x->request, FIELD_depth));

        x->target.lists_unlisted = depth != DEPTH_0 && !a->dav->share->options->listing;
        x->target.depth_unbounded = authoring_is_deep(x) && !a->dav->share->options->infinite_depth;
    }
    r->exists = a->here.here.kind != TREE_ABSENT && !names_nothing(&x->path);
    r->readable = r->acceptable = r->exists;
    r->validators = (struct validators){.exists = r->exists};
    if (!x->upload.named)
        narrow_allowed(x, a->here.here.kind);
    if (a->here.here.kind == TREE_FILE) {
        stamp_etag(&a->here.here.stamp, 0, SPAN(""), a->etag);
        r->length = a->here.here.stamp.size;
        r->validators.has_etag = true;
        r->validators.etag.opaque = span_of(a->etag, STAMP_ETAG_OPAQUE);
        r->validators.has_last_modified = true;
        r->validators.last_modified = a->here.here.stamp.modified_ns / 1000000000;
    }
    return true;
}

/* Whether inner is outer, or lies within it. */
static bool is_within(struct span outer, struct span inner)
{
    return span_starts(inner, outer) &&
           (outer.len == 0 || inner.len == outer.len || inner.ptr[outer.len] == '/');
}

/* Whether what is at the one is at the other as well, or beneath it, or above it. */
static bool overlap(const struct tree_names *a, const struct tree_names *b)
{
    struct span of_a[TREE_NAMES], of_b[TREE_NAMES];
    size_t n = tree_names_list(a, of_a), m = tree_names_list(b, of_b);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            if (is_within(of_a[i], of_b[j]) || is_within(of_b[j], of_a[i]))
                return true;
    return false;
}

/* Another route may have what is below a name: whatever were put there could not be reached. */
static bool is_ours(struct exchange *x, struct span path)
{
    struct span with_slash = path;

    if (!span_ends(path, SPAN("/"))) {
        char *text = arena_alloc(&x->arena, path.len + 1);

        if (!text)
            return false;
        memcpy(text, path.ptr, path.len);
        text[path.len] = '/';
        with_slash = span_of(text, path.len + 1);
    }
    return x->host->leads_here(x, path) && x->host->leads_here(x, with_slash);
}

/* From the field to a path of the tree; the cause that it has none. RFC 4918 §9.8.5, §10.3. */
static enum outcome read_destination(struct authoring *a)
{
    struct exchange *x = a->x;
    struct destination d;
    struct uri_path path;
    size_t offset;
    char *text;
    struct span mount = a->mount;

    switch (destination_parse(message_field(&x->request, FIELD_destination), &d, &offset)) {
    case DESTINATION_OK:
        break;
    case DESTINATION_ENCODED_NUL:
    case DESTINATION_ENCODED_SLASH:
        return OUTCOME_name_impossible;
    case DESTINATION_ABOVE_ROOT:
        return OUTCOME_destination_above_root;
    default:
        return OUTCOME_destination_malformed;
    }
    if (destination_locate(&d, SPAN("http"), message_field(&x->request, FIELD_host)) !=
        DESTINATION_HERE)
        return OUTCOME_destination_foreign;
    text = arena_alloc(&x->arena, d.path.len);
    if (!text)
        return OUTCOME_resources_exhausted;
    if (uri_path_decode(d.path, text, &path, &offset) != OUTCOME_NONE)
        return OUTCOME_destination_malformed;
    if (names_nothing(&path))
        return OUTCOME_name_impossible;
    if (!span_starts(path.text, mount) || !is_ours(x, path.text))
        return OUTCOME_destination_outside;
    a->to_names.asked = uri_path_trim(span_from(path.text, mount.len));
    x->destination.named_as_folder = is_named_as_folder(&path);
    return OUTCOME_NONE;
}

bool establish_destination(struct authoring *a)
{
    struct exchange *x = a->x;
    enum outcome cause;

    if (a->acted != look_there) {
        cause = read_destination(a);
        if (cause) {
            exchange_set_cause(x, cause, 0);
            return true;
        }
    }
    if (!step(a, look_there))
        return false;
    if (a->error) {
        set_look_cause(a);
        return true;
    }
    if (a->there.name != TREE_NAME_OK)
        exchange_set_cause(
            x, is_hidden(a->there.name) ? OUTCOME_name_hidden : OUTCOME_name_impossible, 0);
    x->destination.exists = a->there.here.kind != TREE_ABSENT;
    x->destination.is_collection = a->there.here.kind == TREE_COLLECTION;
    x->destination.parent_exists = a->there.parent == TREE_COLLECTION;
    x->destination.overlaps = overlap(&a->names, &a->to_names);
    return true;
}
