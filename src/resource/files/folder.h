// SPDX-License-Identifier: MIT
/*
 * What a folder answers: the list of its members, what a search below it found ("?search=WORD"),
 * or all of it as one archive ("?archive=zip"). An index answers in the list's place alone: a query
 * for one of the others is answered as such, or 404 where that is switched off.
 */
#ifndef CANDOR_RESOURCE_FILES_FOLDER_H
#define CANDOR_RESOURCE_FILES_FOLDER_H

#include "resource/files/archive_body.h"
#include "resource/files/files.h"
#include "resource/files/listing_body.h"

/* What is asked of folders; of the resource. */
struct folders {
    const struct files_options *options;
    struct loop *loop;
    struct offload *pool;
    struct served *served;
    struct archive_yard yard;
};

enum folder_view { FOLDER_LISTING, FOLDER_SEARCH, FOLDER_ARCHIVE, FOLDER_UNKNOWN_VIEW };

/* The answer to one exchange. All zeros but for the first two, when it begins. */
struct folder_answer {
    struct exchange *x;
    struct folders *folders;

    enum folder_view view; // private from here
    bool begun, read;
    bool is_long;       // the folder is large
    const char *folder; // NUL-terminated, relative
    int error;
    enum listing_format format;
    struct span word; // searched for
    enum archive_format archive_format;
    struct archive_body *archive;
    bool gzip; // the coding that was accepted for the listing
    struct listing_body *listing;
};

/* Finds out which view the query asks for. */
void folder_choose_view(struct folder_answer *f);

/* Whether the view is the folder's own, whatever index it has. */
static inline bool folder_needs_no_index(const struct folder_answer *f)
{
    return f->view == FOLDER_SEARCH || f->view == FOLDER_ARCHIVE;
}

/* A step of x's representation (graph/fact.h), begun or ended. path: of the folder below the root.
 */
enum step folder_represent(struct folder_answer *f, struct span path);
/* In the pool, where that said so. */
void folder_run(struct folder_answer *f);

/* As resource_ops.cancel. */
bool folder_cancel(struct folder_answer *f);
void folder_respond(struct folder_answer *f);
void folder_release(struct folder_answer *f);

#endif
