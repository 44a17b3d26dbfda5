// SPDX-License-Identifier: MIT
/*
 * What requests say about resumable uploads (draft-ietf-httpbis-resumable-upload) and about where
 * they were made. All are pure; a value whose ptr is NULL is absent.
 */
#ifndef CANDOR_HTTP_UPLOAD_FIELDS_H
#define CANDOR_HTTP_UPLOAD_FIELDS_H

#include "base/limits.h"
#include "base/span.h"

enum { UPLOAD_ID = 32 }; // characters of an upload's name: 128 bits in hexadecimal

/* Upload-Complete: a boolean item. */
enum upload_complete {
    UPLOAD_COMPLETE_ABSENT,
    UPLOAD_COMPLETE_YES,
    UPLOAD_COMPLETE_NO,
    UPLOAD_COMPLETE_MALFORMED
};
enum upload_complete upload_complete_parse(struct span value);

/* Upload-Offset and Upload-Length: an integer that is not negative. False: malformed or absent. */
bool upload_number_parse(struct span value, uint64_t *ret_number);

/* What a request says of the upload that it opens or continues. */
struct upload_fields {
    enum upload_complete complete;
    bool has_offset;       // Upload-Offset is there, and sound
    bool length_malformed; // Upload-Length is there, and no number
    unsigned version;      // of the draft, for interoperation: see below; 0: not told
    uint64_t offset;       // only with has_offset
    uint64_t length;       // UPLOAD_LENGTH_UNKNOWN: not told
};
#define UPLOAD_LENGTH_UNKNOWN UINT64_MAX

/* Values of Upload-Draft-Interop-Version that are known here. */
enum {
    UPLOAD_VERSION_FIRST = 3,
    UPLOAD_VERSION_INVERSE = 3, // up to this one: Upload-Incomplete, and no Upload-Complete
    UPLOAD_VERSION_UNTYPED = 5, // up to this one a piece has no media type of its own
    UPLOAD_VERSION_LAST = 8
};

/* The values of the fields of a request; ptr is NULL where it has not got that one. */
struct upload_values {
    struct span complete, incomplete, offset, length, version;
};
struct upload_fields upload_fields_parse(const struct upload_values *values);

/*
 * The name that Upload-Metadata has for the file, made as file_name_clean() does (http/slug.h): the
 * field of tus 1.0, which its clients also send with the fields above. The length; 0: none.
 */
size_t upload_file_name(struct span metadata, bool dotfiles, char out[LIMIT_FILE_NAME]);

/*
 * Whether the query names an upload, "/folder/?upload=ID"; *ret_id is what stands there, which need
 * not be a name that an upload could have.
 */
bool upload_name_parse(struct span query, struct span *ret_id);

/*
 * Whether a page of another site sent the request, as Sec-Fetch-Site says; where a browser doesn't
 * send that, whether Origin is another than Host's; and where it sends neither, as old ones do,
 * whether Referer is of another. Programs send none of them.
 */
bool upload_is_cross_site(struct span sec_fetch_site, struct span origin, struct span referer,
                          struct span host);

#endif
