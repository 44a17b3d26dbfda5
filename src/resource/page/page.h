// SPDX-License-Identifier: MIT
/*
 * What every page that Candor writes itself has in common: the frame, the look (in the page
 * itself), and how text that others chose is shown and linked. Pages ask for nothing from anywhere
 * else: no font, no picture, no script but the listing's own. Writers append to a buf, whose
 * `failed` tells at the end if memory ran out.
 */
#ifndef CANDOR_RESOURCE_PAGE_PAGE_H
#define CANDOR_RESOURCE_PAGE_PAGE_H

#include "base/buf.h"

#include <stdint.h>

/*
 * What is the same in every page of a kind, made with the program: its bytes, and the same deflated
 * up to a byte's end, with their CRC, for gzip.h.
 */
struct page_piece {
    struct span text, deflated;
    uint32_t crc;
};

enum page_style { PAGE_STYLE_ERROR, PAGE_STYLE_LISTING, PAGE_STYLE_MOCK, PAGE_STYLES };
extern const struct page_piece page_styles[PAGE_STYLES];

enum page_script { PAGE_SCRIPT_READ, PAGE_SCRIPT_WRITE, PAGE_SCRIPTS };
extern const struct page_piece page_scripts[PAGE_SCRIPTS];

/*
 * Content-Security-Policy for error pages: it permits the page's own style, by its hash, and
 * nothing more. And for listings, with the browse script of that kind: the script by its hash, and
 * requests, pictures and forms of this origin.
 */
extern const struct span page_error_policy;
extern const struct span page_mock_policy; // likewise, for the list of what can be made up
extern const struct span page_listing_policies[PAGE_SCRIPTS];

/* From the doctype to the start of style. title is plain text of any bytes. */
void page_write_begin(struct buf *b, struct span title);
/* From the end of style to the start of body, whose class is kind. */
void page_write_body(struct buf *b, const char *kind);
/* Around the script, which is last in body. */
void page_write_script_begin(struct buf *b);
void page_write_script_end(struct buf *b);
void page_write_end(struct buf *b);

/*
 * Text of any bytes as a person may see it, in well-formed UTF-8: what is not UTF-8 becomes U+FFFD,
 * a control character becomes its picture (a line feed: U+240A), so no name can break a line.
 * The second also escapes what HTML text and quoted attributes must not hold.
 */
void page_write_visible(struct buf *b, struct span text);
void page_write_text(struct buf *b, struct span text);

/*
 * A relative reference (RFC 3986 §4.2) to the member with that name, its exact bytes
 * percent-encoded;
 * "./" in front keeps "a:b" from being a scheme. Safe within quotes in HTML and in JSON.
 * The second takes the path of a member further below, whose segments "/" parts.
 */
void page_write_href(struct buf *b, struct span name, bool is_folder);
void page_write_path_href(struct buf *b, struct span path, bool is_folder);

#endif
