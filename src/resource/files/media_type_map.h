// SPDX-License-Identifier: MIT
/*
 * From a file's name to its media type (RFC 9110 §8.3): the system's table (/etc/mime.types) over
 * a built-in one (media_type.def). Made once at start and never changed, so every thread may read
 * it.
 */
#ifndef CANDOR_RESOURCE_FILES_MEDIA_TYPE_MAP_H
#define CANDOR_RESOURCE_FILES_MEDIA_TYPE_MAP_H

#include "base/span.h"

struct media_type_map;

/* Where Debian's package media-types puts the system's table. */
#define MEDIA_TYPE_MAP_SYSTEM_PATH "/etc/mime.types"

/*
 * Reads the table at path. Where nothing is at path, or path is NULL, the built-in types stand
 * alone, and that is a success. The caller frees *ret_map with media_type_map_free.
 * -CANDOR_E_SYSTEM (see errno): it cannot be read, or is not a regular file; -CANDOR_E_LIMIT: the
 * file, a line or the number of its extensions is too large; -CANDOR_E_MEMORY.
 */
int media_type_map_new(const char *path, struct media_type_map **ret_map);

/*
 * A table from text: lines of "type/subtype extension extension ...", "#" begins a comment. What
 * is no media type or no extension is passed over, and the first type of an extension is kept. text
 * need not outlive the call.
 */
int media_type_map_from_text(struct span text, struct media_type_map **ret_map);

void media_type_map_free(struct media_type_map *map);

/*
 * The value for Content-Type; text/... comes with "; charset=utf-8". The extension's case does not
 * matter, and one of two parts ("spdx.json") is preferred to its last part. A name that only begins
 * with a dot has no extension. Without a known one: application/octet-stream.
 * Never empty; valid as long as map.
 */
struct span media_type_for_name(const struct media_type_map *map, struct span file_name);

/*
 * Of a name that by custom is one of a file in the coding gzip ("drawing.svgz"): the type of what
 * it holds when it is decoded. Empty: it is none, and the content of any other name is as it is.
 */
struct span media_type_within_gzip(struct span file_name);

/*
 * An extension by which media_type_for_name finds that type ("image/png", in any case), without its
 * dot; of several the usual one, as far as that is known. Empty: there is none.
 */
struct span media_type_extension(const struct media_type_map *map, struct span essence);

#endif
