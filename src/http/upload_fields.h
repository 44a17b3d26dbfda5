// SPDX-License-Identifier: MIT
/*
 * What requests say about resumable uploads (draft-ietf-httpbis-resumable-upload) and about where
 * they were made. All are pure; a value whose ptr is NULL is absent.
 */
#ifndef CANDOR_HTTP_UPLOAD_FIELDS_H
#define CANDOR_HTTP_UPLOAD_FIELDS_H

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
    uint64_t offset;       // only with has_offset
    uint64_t length;       // UPLOAD_LENGTH_UNKNOWN: not told
};
#define UPLOAD_LENGTH_UNKNOWN UINT64_MAX
/* Reads the values of Upload-Complete, Upload-Offset and Upload-Length. */
struct upload_fields upload_fields_parse(struct span complete, struct span offset,
                                         struct span length);

/*
 * Whether the query names an upload, "/folder/?upload=ID"; *ret_id is what stands there, which need
 * not be a name that an upload could have.
 */
bool upload_name_parse(struct span query, struct span *ret_id);

/*
 * Whether a page of another site sent the request, as Sec-Fetch-Site says; where a browser doesn't
 * send that, whether Origin is another than Host's. Programs send neither.
 */
bool upload_is_cross_site(struct span sec_fetch_site, struct span origin, struct span host);

#endif
