// SPDX-License-Identifier: MIT
#include "resource/dav/xml/dav_request.h"

#include "base/error.h"
#include "base/limits.h"
#include "resource/dav/xml/xml_write.h"

/* ---- Faults */

static void add_step(struct buf *b, const struct xml_element *e)
{
    size_t before = 0, same = 0;

    buf_add_char(b, '/');
    if (e->prefix.len && !span_eq(e->name.space, XML_SPACE_DAV)) {
        buf_add(b, e->prefix);
        buf_add_char(b, ':');
    }
    buf_add(b, e->name.local);
    if (!e->parent)
        return;
    for (const struct xml_node *n = e->parent->first; n; n = n->next) {
        if (n->element == e)
            before = same;
        if (n->element && xml_name_eq(n->element->name, e->name))
            same++;
    }
    if (same > 1)
        buf_addf(b, "[%zu]", before + 1);
}

static void add_pointer(struct buf *b, const struct xml_element *e)
{
    if (e->parent)
        add_pointer(b, e->parent); // no deeper than the reader's limit
    add_step(b, e);
}

/* "/propertyupdate/set[2]/prop": as XPath has it, with WebDAV's own prefix left out. */
static int fault_at(struct arena *arena, int error, const struct xml_element *e, struct span what,
                    struct xml_fault *ret_fault)
{
    struct buf pointer = {0};

    add_pointer(&pointer, e);
    *ret_fault = (struct xml_fault){
        .line = e->line,
        .column = e->column,
        .what = what,
        .pointer = arena_copy(arena, buf_span(&pointer)),
    };
    if (pointer.failed || !ret_fault->pointer.ptr)
        error = -CANDOR_E_MEMORY;
    buf_done(&pointer);
    return error;
}

static int meaningless(struct arena *arena, const struct xml_element *e, struct span what,
                       struct xml_fault *ret_fault)
{
    return fault_at(arena, -CANDOR_E_MEANING, e, what, ret_fault);
}

/* The root must be there, and be that element of WebDAV. */
static int check_root(struct arena *arena, const struct xml_element *root, struct span local,
                      struct xml_fault *ret_fault)
{
    struct buf what = {0};
    struct span kept;
    int result;

    if (!root) {
        *ret_fault = (struct xml_fault){1, 1, SPAN("there is no content"), {0}};
        return -CANDOR_E_SYNTAX;
    }
    if (xml_is_dav(root, local))
        return 0;
    buf_addf(&what, "the root element must be %.*s in the namespace DAV:", SPAN_ARG(local));
    if (span_eq(root->name.local, local))
        buf_add_str(&what, root->name.space.len ? "; it is in another namespace"
                                                : "; it is in no namespace");
    kept = arena_copy(arena, buf_span(&what));
    buf_done(&what);
    result = meaningless(arena, root, kept, ret_fault);
    return kept.ptr ? result : -CANDOR_E_MEMORY;
}

/* The next child element of WebDAV with that name, from a node on. */
static struct xml_element *next_dav(const struct xml_node *from, struct span local)
{
    for (; from; from = from->next)
        if (from->element && xml_is_dav(from->element, local))
            return from->element;
    return NULL;
}

static size_t count_elements(const struct xml_element *e)
{
    size_t count = 0;

    for (const struct xml_node *n = e->first; n; n = n->next)
        count += n->element != NULL;
    return count;
}

/* ---- PROPFIND */

/* The names of an element's children, each once; there are at most LIMIT_PROPERTIES_ASKED to
 * compare. */
static int take_names(struct arena *arena, const struct xml_element *from,
                      struct dav_propfind *propfind, struct xml_fault *ret_fault)
{
    size_t most = count_elements(from);

    if (most > LIMIT_PROPERTIES_ASKED)
        return fault_at(arena, -CANDOR_E_LIMIT, from, SPAN("too many properties are named"),
                        ret_fault);
    propfind->names = arena_alloc(arena, (most + 1) * sizeof *propfind->names);
    if (!propfind->names)
        return -CANDOR_E_MEMORY;
    for (const struct xml_node *n = from->first; n; n = n->next) {
        size_t i = 0;

        if (!n->element)
            continue;
        while (i < propfind->count && !xml_name_eq(propfind->names[i], n->element->name))
            i++;
        if (i == propfind->count)
            propfind->names[propfind->count++] = n->element->name;
    }
    return 0;
}

int dav_request_propfind(struct arena *arena, const struct xml_element *root,
                         struct dav_propfind *ret_propfind, struct xml_fault *ret_fault)
{
    static const struct span kinds[] = {SPAN_INIT("allprop"), SPAN_INIT("propname"),
                                        SPAN_INIT("prop")};
    struct dav_propfind propfind = {.kind = DAV_PROPFIND_ALLPROP};
    const struct xml_element *asked = NULL, *include = NULL;
    int result = 0;

    if (!root) {
        *ret_propfind = propfind;
        return 0;
    }
    result = check_root(arena, root, SPAN("propfind"), ret_fault);
    if (result)
        return result;
    for (const struct xml_node *n = root->first; n; n = n->next) {
        for (int kind = DAV_PROPFIND_ALLPROP; n->element && kind <= DAV_PROPFIND_PROP; kind++) {
            if (!xml_is_dav(n->element, kinds[kind]))
                continue;
            if (asked)
                return meaningless(arena, n->element,
                                   SPAN("only one of allprop, propname and prop is possible"),
                                   ret_fault);
            asked = n->element;
            propfind.kind = (enum dav_propfind_kind)kind;
        }
        if (n->element && xml_is_dav(n->element, SPAN("include"))) {
            if (include)
                return meaningless(arena, n->element, SPAN("only one include is possible"),
                                   ret_fault);
            include = n->element;
        }
    }
    if (!asked)
        return meaningless(arena, root, SPAN("allprop, propname or prop is expected in it"),
                           ret_fault);
    if (include && propfind.kind != DAV_PROPFIND_ALLPROP)
        return meaningless(arena, include, SPAN("include is possible beside allprop alone"),
                           ret_fault);
    if (propfind.kind == DAV_PROPFIND_PROP)
        result = take_names(arena, asked, &propfind, ret_fault);
    else if (include)
        result = take_names(arena, include, &propfind, ret_fault);
    if (!result)
        *ret_propfind = propfind;
    return result;
}

/* ---- REPORT */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The text of a child, without what is around it; ptr NULL: there is no such child. */
static int take_text(struct arena *arena, const struct xml_element *of, struct span local,
                     struct span *ret_text, const struct xml_element **ret_child)
{
    int result = 0;

    *ret_text = (struct span){NULL, 0};
    *ret_child = next_dav(of->first, local);
    if (*ret_child)
        result = dav_element_text(arena, *ret_child, ret_text);
    while (ret_text->len && is_space(ret_text->ptr[0]))
        *ret_text = span_from(*ret_text, 1);
    while (ret_text->len && is_space(ret_text->ptr[ret_text->len - 1]))
        ret_text->len--;
    return result;
}

static int take_level(struct arena *arena, const struct xml_element *root, enum depth depth,
                      bool *ret_deep, struct xml_fault *ret_fault)
{
    const struct xml_element *level;
    struct span text;
    int result = take_text(arena, root, SPAN("sync-level"), &text, &level);

    if (result)
        return result;
    if (!level && depth != DEPTH_1 && depth != DEPTH_INFINITY)
        return meaningless(arena, root, SPAN("sync-level is expected in it"), ret_fault);
    *ret_deep = level ? span_eq(text, SPAN("infinite")) || span_eq(text, SPAN("infinity"))
                      : depth == DEPTH_INFINITY;
    if (level && !*ret_deep && !span_eq(text, SPAN("1")))
        return meaningless(arena, level, SPAN("1 or infinite is expected in it"), ret_fault);
    return 0;
}

static int take_most(struct arena *arena, const struct xml_element *root, size_t *ret_most,
                     struct xml_fault *ret_fault)
{
    const struct xml_element *limit = next_dav(root->first, SPAN("limit")), *number;
    struct span text;
    uint64_t most;
    int result = limit ? take_text(arena, limit, SPAN("nresults"), &text, &number) : 0;

    *ret_most = SIZE_MAX;
    if (!limit || result)
        return result;
    if (!number || !span_to_u64(text, SIZE_MAX, &most) || most == 0)
        return meaningless(arena, limit, SPAN("nresults with a number above 0 is expected in it"),
                           ret_fault);
    *ret_most = (size_t)most;
    return 0;
}

int dav_request_report(struct arena *arena, const struct xml_element *root, enum depth depth,
                       struct dav_report *ret_report, struct dav_propfind *ret_propfind,
                       struct xml_fault *ret_fault)
{
    struct dav_propfind propfind = {.kind = DAV_PROPFIND_PROP};
    const struct xml_element *prop, *token;
    struct dav_report report;
    int result;

    if (root && !xml_is_dav(root, SPAN("sync-collection")))
        return -CANDOR_E_ABSENT;
    if ((result = check_root(arena, root, SPAN("sync-collection"), ret_fault)) ||
        (result = take_level(arena, root, depth, &report.deep, ret_fault)) ||
        (result = take_most(arena, root, &report.most, ret_fault)) ||
        (result = take_text(arena, root, SPAN("sync-token"), &report.token, &token)))
        return result;
    prop = next_dav(root->first, SPAN("prop"));
    if (prop && (result = take_names(arena, prop, &propfind, ret_fault)))
        return result;
    *ret_report = report;
    *ret_propfind = propfind;
    return 0;
}

/* ---- PROPPATCH */

/* Appends what one <prop> says; scratch grows with all values so far, to keep their sum bounded. */
static int take_changes(struct arena *arena, const struct xml_element *prop, bool remove,
                        struct dav_proppatch *proppatch, size_t *values,
                        struct xml_fault *ret_fault)
{
    struct buf scratch = {0};
    int result = 0;

    for (const struct xml_node *n = prop->first; n && !result; n = n->next) {
        struct dav_change *change = &proppatch->changes[proppatch->count];

        if (!n->element)
            continue;
        *change = (struct dav_change){
            .remove = remove,
            .name = n->element->name,
            .element = n->element,
        };
        proppatch->count++;
        if (remove)
            continue;
        buf_clear(&scratch);
        result = xml_write_fragment(&scratch, n->element, LIMIT_PROPERTY_VALUE);
        *values += scratch.len;
        if (!result && *values > LIMIT_PROPERTY_VALUES)
            result = -CANDOR_E_LIMIT;
        if (result == -CANDOR_E_LIMIT) {
            result = fault_at(arena, result, n->element, SPAN("the property's value is too large"),
                              ret_fault);
        } else if (!result) {
            change->value = arena_copy(arena, buf_span(&scratch));
            if (!change->value.ptr)
                result = -CANDOR_E_MEMORY;
        }
    }
    buf_done(&scratch);
    return result;
}

/* One set or remove. RFC 4918 has one prop in it; clients that put several mean all of them. */
static int take_instruction(struct arena *arena, const struct xml_element *instruction, bool remove,
                            struct dav_proppatch *proppatch, size_t *values,
                            struct xml_fault *ret_fault)
{
    const struct xml_element *prop = next_dav(instruction->first, SPAN("prop"));

    if (!prop)
        return meaningless(arena, instruction, SPAN("prop is expected in it"), ret_fault);
    for (const struct xml_node *n = instruction->first; n; n = n->next) {
        int result;

        if (!n->element || !xml_is_dav(n->element, SPAN("prop")))
            continue;
        if (count_elements(n->element) > LIMIT_PROPERTIES_ASKED - proppatch->count)
            return fault_at(arena, -CANDOR_E_LIMIT, n->element,
                            SPAN("too many properties are changed"), ret_fault);
        result = take_changes(arena, n->element, remove, proppatch, values, ret_fault);
        if (result)
            return result;
    }
    return 0;
}

/* How many changes there are at most. */
static size_t count_changes(const struct xml_element *root)
{
    size_t count = 0;

    for (const struct xml_node *n = root->first; n; n = n->next)
        for (const struct xml_node *p = n->element ? n->element->first : NULL; p; p = p->next)
            count += p->element ? count_elements(p->element) : 0;
    return count < LIMIT_PROPERTIES_ASKED ? count : LIMIT_PROPERTIES_ASKED;
}

int dav_request_proppatch(struct arena *arena, const struct xml_element *root,
                          struct dav_proppatch *ret_proppatch, struct xml_fault *ret_fault)
{
    struct dav_proppatch proppatch = {0};
    size_t values = 0; // octets, of all together
    const struct xml_element *last = NULL;
    int result = check_root(arena, root, SPAN("propertyupdate"), ret_fault);

    if (result)
        return result;
    proppatch.changes = arena_alloc(arena, (count_changes(root) + 1) * sizeof *proppatch.changes);
    if (!proppatch.changes)
        return -CANDOR_E_MEMORY;
    for (const struct xml_node *n = root->first; n; n = n->next) {
        bool remove = n->element && xml_is_dav(n->element, SPAN("remove"));

        if (!remove && !(n->element && xml_is_dav(n->element, SPAN("set"))))
            continue;
        last = n->element;
        result = take_instruction(arena, last, remove, &proppatch, &values, ret_fault);
        if (result)
            return result;
    }
    if (!last)
        return meaningless(arena, root, SPAN("set or remove is expected in it"), ret_fault);
    if (!proppatch.count)
        return meaningless(arena, next_dav(last->first, SPAN("prop")),
                           SPAN("a property is expected in it"), ret_fault);
    *ret_proppatch = proppatch;
    return 0;
}

/* ---- LOCK */

/* The one child of that name; both its absence and a second one are meaningless. */
static int take_only(struct arena *arena, const struct xml_element *root, struct span local,
                     struct span missing, const struct xml_element **ret_child,
                     struct xml_fault *ret_fault)
{
    const struct xml_element *child = next_dav(root->first, local);

    if (!child)
        return meaningless(arena, root, missing, ret_fault);
    for (const struct xml_node *n = root->first; n; n = n->next)
        if (n->element && n->element != child && xml_is_dav(n->element, local))
            return meaningless(arena, n->element, SPAN("there is one of these already"), ret_fault);
    *ret_child = child;
    return 0;
}

static int take_owner(struct arena *arena, const struct xml_element *root, struct span *ret_owner,
                      struct xml_fault *ret_fault)
{
    const struct xml_element *owner;
    struct buf text = {0};
    int result;

    if (!next_dav(root->first, SPAN("owner")))
        return 0;
    result = take_only(arena, root, SPAN("owner"), SPAN(""), &owner, ret_fault);
    if (result)
        return result;
    result = xml_write_fragment(&text, owner, LIMIT_LOCK_OWNER);
    if (result == -CANDOR_E_LIMIT) {
        result = fault_at(arena, result, owner, SPAN("the owner is too large"), ret_fault);
    } else if (!result) {
        *ret_owner = arena_copy(arena, buf_span(&text));
        if (!ret_owner->ptr)
            result = -CANDOR_E_MEMORY;
    }
    buf_done(&text);
    return result;
}

int dav_request_lock(struct arena *arena, const struct xml_element *root,
                     struct dav_lockinfo *ret_lockinfo, struct xml_fault *ret_fault)
{
    const struct xml_element *scope, *type;
    struct dav_lockinfo lockinfo = {0};
    bool shared;
    int result = check_root(arena, root, SPAN("lockinfo"), ret_fault);

    if (!result)
        result = take_only(arena, root, SPAN("lockscope"), SPAN("lockscope is expected in it"),
                           &scope, ret_fault);
    if (!result)
        result = take_only(arena, root, SPAN("locktype"), SPAN("locktype is expected in it"), &type,
                           ret_fault);
    if (result)
        return result;
    lockinfo.exclusive = next_dav(scope->first, SPAN("exclusive")) != NULL;
    shared = next_dav(scope->first, SPAN("shared")) != NULL;
    if (lockinfo.exclusive == shared)
        return meaningless(arena, scope, SPAN("exclusive or shared is expected in it, not both"),
                           ret_fault);
    if (!next_dav(type->first, SPAN("write")))
        return meaningless(arena, type, SPAN("write is expected in it; there is no other type"),
                           ret_fault);
    result = take_owner(arena, root, &lockinfo.owner, ret_fault);
    if (!result)
        *ret_lockinfo = lockinfo;
    return result;
}

/* ---- Values */

static void add_all_text(struct buf *b, const struct xml_element *element)
{
    for (const struct xml_node *n = element->first; n; n = n->next) {
        if (n->element)
            add_all_text(b, n->element);
        else
            buf_add(b, n->text);
    }
}

int dav_element_text(struct arena *arena, const struct xml_element *element, struct span *ret_text)
{
    struct buf text = {0};
    struct span copy;
    bool failed;

    add_all_text(&text, element);
    copy = arena_copy(arena, buf_span(&text));
    failed = text.failed || (text.len && !copy.ptr);
    buf_done(&text);
    if (failed)
        return -CANDOR_E_MEMORY;
    *ret_text = copy;
    return 0;
}
