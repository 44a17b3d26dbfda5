// SPDX-License-Identifier: MIT
/*
 * What every page that Candor writes itself has in common: the frame, the look (page.css, in the
 * page itself), and how text that others chose is shown and linked. Pages ask for nothing from
 * anywhere else: no font, no picture, no script but the listing's own.
 * Writers append to a buf, whose `failed` tells at the end if memory ran out.
 */
#ifndef CANDOR_RESOURCE_PAGE_PAGE_H
#define CANDOR_RESOURCE_PAGE_PAGE_H

#include "base/buf.h"

/*
 * The value of Content-Security-Policy that every such page is to be sent with: it permits the
 * page's own style, by its hash, and nothing more.
 */
extern const struct span page_content_security_policy;

/*
 * The same for a page with the browse script of that kind: the script by its hash, and requests,
 * pictures and forms of this origin.
 */
enum page_script { PAGE_SCRIPT_READ, PAGE_SCRIPT_WRITE, PAGE_SCRIPTS };
extern const struct span page_browse_policies[PAGE_SCRIPTS];

/* From the doctype to the start of body, whose class is kind. title is plain text of any bytes. */
void page_write_begin(struct buf *b, struct span title, const char *kind);
void page_write_end(struct buf *b);

/* The script element; last in body. The page is to be sent with page_browse_policies[script]. */
void page_write_script(struct buf *b, enum page_script script);

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
