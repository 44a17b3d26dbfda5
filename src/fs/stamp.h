// SPDX-License-Identifier: MIT
/*
 * What tells one state of a file from another, and the entity tag made of it. Whoever tells a
 * client about a file (GET, PUT's answer, PROPFIND) makes the tag here, so that it is the same.
 */
#ifndef CANDOR_FS_STAMP_H
#define CANDOR_FS_STAMP_H

#include "base/span.h"

#include <sys/stat.h>

struct file_stamp {
    bool present; // false: nothing is there, and the rest has no meaning
    uint64_t device, inode, size;
    int64_t modified_ns, changed_ns; // since 1970
};

enum { STAMP_ETAG_OPAQUE = 16 }; // characters between the quotes

struct file_stamp stamp_from_stat(const struct stat *st);
bool stamp_eq(const struct file_stamp *a, const struct file_stamp *b);

/*
 * For Last-Modified, in seconds since 1970: never later than now (RFC 9110 §8.8.2.1), which is in
 * seconds as well. Of a file that was given a date of the future it is when that was done.
 */
int64_t stamp_last_modified(const struct file_stamp *stamp, int64_t now);

/*
 * Whether that date tells when the file was modified. Those who build or pack reproducibly give
 * one date to every file and every version: it tells no two of them apart, as a validator has to
 * (RFC 9110 §8.8.2.2), and makes caches take each for older than the Web (RFC 9111 §4.2.2).
 */
bool stamp_date_tells(const struct file_stamp *stamp);

/*
 * The opaque part of the strong entity tag (RFC 9110 §8.8.3) of a file in this state, in this
 * content coding (0: as it is, otherwise an enum file_coding). Ends with NUL. A span of content is
 * hashed as well; empty where every writer makes sure that stamps differ, as a tree does, so that
 * the tag is known without reading (files_options.write).
 */
void stamp_etag(const struct file_stamp *stamp, unsigned coding, struct span content,
                char ret_opaque[STAMP_ETAG_OPAQUE + 1]);

/*
 * The names of temporaries, which writers make and nobody is served: ".candor-tmp-" and 16
 * lower-case hexadecimal digits. Every name with the prefix is reserved; only exact ones are ever
 * swept.
 */
#define TEMPORARY_PREFIX ".candor-tmp-"
enum { TEMPORARY_DIGITS = 16 };

bool stamp_name_is_reserved(struct span name);

#endif
