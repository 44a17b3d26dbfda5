// SPDX-License-Identifier: MIT
/*
 * XML out of trees and octets, in UTF-8. Whatever goes in, what comes out is well-formed: octets
 * that are no UTF-8 and characters that XML does not have become U+FFFD. Memory that cannot be had
 * shows in the buffer, as always.
 */
#ifndef CANDOR_RESOURCE_DAV_XML_XML_WRITE_H
#define CANDOR_RESOURCE_DAV_XML_XML_WRITE_H

#include "base/buf.h"
#include "resource/dav/xml/xml_read.h"

/* Text between tags. */
void xml_write_text(struct buf *b, struct span text);
/* What stands between the double quotes of an attribute; blanks in it survive a reader. */
void xml_write_attribute_value(struct buf *b, struct span value);
/* A local name; characters that a name cannot have become "_", as does an empty name. */
void xml_write_local_name(struct buf *b, struct span local);

/*
 * The element so that it means the same anywhere: with the declarations of namespaces that it uses
 * or mentions ("prefix:" in a text or a value may be a name too) and the xml:lang in effect, both
 * taken from its ancestors. Where it stands there must be no default namespace and no xml:lang in
 * effect. Prefixes stay as they are. Marks the declarations in the tree as it goes.
 *
 * -CANDOR_E_LIMIT when more than limit octets are the result, -CANDOR_E_MEMORY; the buffer then
 * is as it was, but for `failed`.
 */
int xml_write_fragment(struct buf *b, const struct xml_element *element, size_t limit);

#endif
