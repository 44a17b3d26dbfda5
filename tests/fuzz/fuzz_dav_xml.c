// SPDX-License-Identifier: MIT
/*
 * XML of WebDAV: what is read is the same in pieces of any size; what is written of it stands
 * alone, within a multistatus too, and reads as it was; and whatever octets become a path, a text
 * or a name give well-formed content.
 */
#include "base/error.h"
#include "resource/dav/sync_state.h"
#include "resource/dav/xml/dav_request.h"
#include "resource/dav/xml/multistatus_write.h"
#include "resource/dav/xml/xml_write.h"

#include "../unit/xml_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct xml_limits unlimited = {
    .size = 1 << 30,
    .depth = 1 << 20,
    .elements = 1 << 30,
    .attributes = 1 << 30,
    .namespaces = 1 << 30,
    .name = 1 << 30,
    .space = 1 << 30,
    .tag = 1 << 30,
    .text = 1 << 30,
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_fault(const struct xml_fault *fault)
{
    require(fault->line >= 1 && fault->column >= 1 && fault->what.len);
}

static struct xml_element *read_back(struct arena *arena, const struct buf *b)
{
    struct xml_element *root = NULL;
    struct xml_fault fault;

    require(!b->failed);
    require(xml_tree_read(arena, &unlimited, buf_span(b), b->len, &root, &fault) == 0);
    return root;
}

/* Each element below e, put where a property goes. */
static void check_stored(struct arena *arena, const struct xml_element *e)
{
    for (const struct xml_node *n = e->first; n; n = n->next) {
        struct buf b = {0}, value = {0};
        struct xml_element *prop;

        if (!n->element)
            continue;
        require(xml_write_fragment(&value, n->element, SIZE_MAX) == 0);
        buf_add_str(&b, "<D:prop xmlns:D=\"DAV:\">");
        multistatus_property_stored(&b, buf_span(&value));
        multistatus_property_name(&b, n->element->name);
        buf_add_str(&b, "</D:prop>");
        prop = read_back(arena, &b);
        require(xml_tree_eq(n->element, xml_tree_child(prop, 0)));
        require(xml_name_eq(n->element->name, xml_tree_child(prop, 1)->name));
        buf_done(&b);
        buf_done(&value);
    }
}

/* What reads as a token reads back as that. */
static void check_token(struct span text)
{
    struct sync_token token, again;
    struct buf b = {0};

    if (!sync_token_read(text, &token))
        return;
    sync_token_write(&b, &token);
    require(!b.failed && sync_token_read(buf_span(&b), &again));
    require(again.identity == token.identity && again.base == token.base && again.at == token.at &&
            again.gone == token.gone);
    buf_done(&b);
}

static void check_requests(struct arena *arena, struct xml_element *root)
{
    struct dav_propfind propfind;
    struct dav_proppatch proppatch;
    struct dav_lockinfo lockinfo;
    struct dav_report report;
    struct xml_fault fault;

    if (dav_request_propfind(arena, root, &propfind, &fault))
        check_fault(&fault);
    if (dav_request_report(arena, root, DEPTH_1, &report, &propfind, &fault) == 0) {
        require(report.most > 0);
        check_token(report.token);
    }
    if (dav_request_lock(arena, root, &lockinfo, &fault)) {
        check_fault(&fault);
    } else if (lockinfo.owner.len) {
        struct dav_active_lock lock = {.owner = lockinfo.owner};
        struct buf b = {0};

        multistatus_lock_document(&b, &lock, 1);
        read_back(arena, &b);
        buf_done(&b);
    }
    if (dav_request_proppatch(arena, root, &proppatch, &fault)) {
        check_fault(&fault);
        return;
    }
    require(proppatch.count > 0);
    for (size_t i = 0; i < proppatch.count; i++)
        if (!proppatch.changes[i].remove)
            check_stored(arena, proppatch.changes[i].element->parent);
}

static void check_octets(struct arena *arena, struct span octets)
{
    struct xml_name name = {octets, SPAN("a")};
    struct buf b = {0};

    multistatus_begin(&b);
    multistatus_response_begin(&b, octets);
    multistatus_propstat_begin(&b);
    multistatus_description(&b, octets);
    multistatus_property_name(&b, name);
    multistatus_propstat_end(&b, 404, DAV_CONDITION_LOCK_TOKEN_SUBMITTED, octets);
    multistatus_response_end(&b);
    multistatus_end(&b);
    read_back(arena, &b);
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct xml_element *root = NULL, *again = NULL;
    struct xml_fault fault, other;
    struct arena arena;
    struct buf b = {0};
    int result;

    require(arena_init(&arena, 1 << 14) == 0);
    result = xml_tree_read(&arena, &xml_limits_usual, text, size ? size : 1, &root, &fault);
    require(xml_tree_read(&arena, &xml_limits_usual, text, size % 7 + 1, &again, &other) == result);
    check_octets(&arena, text);
    if (result) {
        check_fault(&fault);
        require(result == -CANDOR_E_SYNTAX || result == -CANDOR_E_LIMIT);
    } else if (root) {
        require(xml_tree_eq(root, again));
        require(xml_write_fragment(&b, root, SIZE_MAX) == 0);
        require(xml_tree_eq(root, read_back(&arena, &b)));
        check_stored(&arena, root);
        check_requests(&arena, root);
    }
    buf_done(&b);
    arena_done(&arena);
    return 0;
}
