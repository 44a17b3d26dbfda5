// SPDX-License-Identifier: MIT
/*
 * POST to a collection makes members of it: one from the content, named by Slug or by chance, or
 * one from each file of a multipart form, as a page without a script sends it. Nothing that is
 * there is ever replaced: a name that is taken gets a number.
 */
#include "base/ascii.h"
#include "http/multipart_form.h"
#include "http/slug.h"
#include "resource/dav/dav_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    NAMES_TRIED = 1000, // "name (2)" and on
    NAME_BYTES = 8,     // random, in hexadecimal
    NUMBER_LENGTH = 16  // " (1000)" and a NUL
};

/* A member that is being made. */
struct member {
    struct member *next;
    struct stage *stage;
    bool stored; // by an attempt before: another member then met a change of somebody else's
    size_t length;
    char name[LIMIT_FILE_NAME];
};

struct posting {
    struct multipart_form form;
    bool is_form, in_file;
    struct member *members; // newest first
};

static size_t random_name(char out[LIMIT_FILE_NAME])
{
    unsigned char bytes[NAME_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return 0;
    ascii_write_hex(bytes, sizeof bytes, out);
    return 2 * sizeof bytes;
}

/* The path of a member of the collection, from malloc; empty without memory. */
static struct span member_path(const struct authoring *a, struct span name)
{
    size_t slash = a->path.len ? 1 : 0;
    char *path = malloc(a->path.len + slash + name.len);

    if (!path)
        return SPAN("");
    if (a->path.len) {
        memcpy(path, a->path.ptr, a->path.len);
        path[a->path.len] = '/';
    }
    memcpy(path + a->path.len + slash, name.ptr, name.len);
    return span_of(path, a->path.len + slash + name.len);
}

static int begin_member(struct authoring *a, size_t name_length, const char *name)
{
    struct member *m = calloc(1, sizeof *m);
    struct span path;
    int error;

    if (!m)
        return -ENOMEM;
    m->length = name_length;
    memcpy(m->name, name, name_length);
    m->next = a->posting->members;
    a->posting->members = m;
    path = member_path(a, span_of(m->name, m->length));
    error = path.len ? tree_stage_begin(a->dav->share->tree, path, TREE_LENGTH_UNKNOWN, &m->stage)
                     : -ENOMEM;
    if (path.len)
        free((char *)path.ptr);
    return error;
}

static int begin_posting(struct authoring *a)
{
    const struct message *m = &a->x->request;
    char name[LIMIT_FILE_NAME];
    size_t length;

    a->posting = calloc(1, sizeof *a->posting);
    if (!a->posting)
        return -ENOMEM;
    switch (multipart_begin(&a->posting->form, message_field(m, FIELD_content_type))) {
    case MULTIPART_BEGIN_OK:
        a->posting->is_form = true;
        return 0;
    case MULTIPART_BEGIN_NO_BOUNDARY:
        return authoring_fail(a, OUTCOME_form_malformed);
    case MULTIPART_BEGIN_OTHER_TYPE:
        break;
    }
    length = slug_file_name(message_field(m, FIELD_slug), name);
    if (!length)
        length = random_name(name);
    return length ? begin_member(a, length, name) : -EIO;
}

/* A part of the form that is a file with a name becomes a member; others are passed over. */
static int begin_part(struct authoring *a, const struct multipart_part *part)
{
    char name[LIMIT_FILE_NAME];
    size_t length =
        part->file_name.ptr ? file_name_clean(file_name_base(part->file_name), name) : 0;

    a->posting->in_file = length != 0;
    return length ? begin_member(a, length, name) : 0;
}

static int take_form(struct authoring *a, struct span piece)
{
    struct posting *p = a->posting;
    struct multipart_output out;
    int error = 0;

    while (error == 0) {
        switch (multipart_next(&p->form, &piece, &out)) {
        case MULTIPART_PART_BEGIN:
            error = begin_part(a, &out.part);
            break;
        case MULTIPART_DATA:
            if (p->in_file)
                error = tree_stage_write(p->members->stage, out.data);
            break;
        case MULTIPART_PART_END:
        case MULTIPART_END:
            p->in_file = false;
            break;
        case MULTIPART_MALFORMED:
            return authoring_fail(a, OUTCOME_form_malformed);
        case MULTIPART_MORE:
            return 0;
        }
    }
    return error;
}

void post_piece(struct authoring *a)
{
    if (!a->posting)
        a->error = begin_posting(a);
    if (a->error)
        return;
    if (a->posting->is_form)
        a->error = take_form(a, a->piece);
    else
        a->error = tree_stage_write(a->posting->members->stage, a->piece);
}

/* "name.ext" becomes "name (2).ext"; a stem that is too long is cut. */
static void number_name(struct member *m, struct span original, int number)
{
    char text[NUMBER_LENGTH];
    size_t digits = (size_t)snprintf(text, sizeof text, " (%d)", number);
    size_t stem = original.len, extension;

    while (stem > 0 && original.ptr[stem - 1] != '.')
        stem--;
    stem = stem > 1 ? stem - 1 : original.len;
    extension = original.len - stem;
    if (stem + digits + extension > sizeof m->name)
        stem = sizeof m->name - digits - extension;
    memcpy(m->name, original.ptr, stem);
    memcpy(m->name + stem, text, digits);
    memcpy(m->name + stem + digits, original.ptr + original.len - extension, extension);
    m->length = stem + digits + extension;
}

static int rename_member(struct authoring *a, struct member *m)
{
    struct span path = member_path(a, span_of(m->name, m->length));
    int error = path.len ? tree_stage_rename(m->stage, path) : -ENOMEM;

    if (path.len)
        free((char *)path.ptr);
    return error;
}

static int commit_name(struct authoring *a, struct member *m)
{
    const struct tree_terms terms = terms_of_member(a);
    struct span path = member_path(a, span_of(m->name, m->length));
    int error = path.len ? write_commit_stage(a, m->stage, path, &terms) : -ENOMEM;

    if (path.len)
        free((char *)path.ptr);
    return error;
}

static int commit_member(struct authoring *a, struct member *m)
{
    char original[LIMIT_FILE_NAME];
    size_t length = m->length;
    int error = commit_name(a, m);

    memcpy(original, m->name, length);
    for (int number = 2; error == -EEXIST && number <= NAMES_TRIED; number++) {
        number_name(m, span_of(original, length), number);
        error = rename_member(a, m);
        if (error == 0)
            error = commit_name(a, m);
    }
    return error;
}

void post_commit(struct authoring *a)
{
    struct posting *p;

    a->error = digests_read(a);
    if (a->error == 0)
        a->error = digests_check(a);
    if (a->error == 0 && !a->posting)
        a->error = begin_posting(a); // no content at all
    p = a->posting;
    if (a->error == 0 && p->is_form && (!multipart_is_complete(&p->form) || !p->members))
        a->error = authoring_fail(a, OUTCOME_form_malformed);
    for (struct member *m = p ? p->members : NULL; m && a->error == 0; m = m->next) {
        if (!m->stored)
            a->error = commit_member(a, m);
        m->stored = a->error == 0;
    }
}

bool post_is_form(const struct authoring *a)
{
    return a->posting && a->posting->is_form;
}

struct span post_member_name(const struct authoring *a)
{
    const struct member *m = a->posting->members;

    return span_of(m->name, m->length);
}

void post_free(struct posting *p)
{
    while (p && p->members) {
        struct member *m = p->members;

        p->members = m->next;
        tree_stage_free(m->stage);
        free(m);
    }
    free(p);
}
