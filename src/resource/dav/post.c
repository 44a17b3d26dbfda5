// SPDX-License-Identifier: MIT
/*
 * POST to a collection makes members of it: one from the content, named by Slug or by chance, or
 * one from each file of a multipart form, as a page without a script sends it. Nothing that is
 * there is ever replaced: a name that is taken gets a number.
 */
#include "resource/dav/post.h"
#include "base/ascii.h"
#include "base/budget.h"
#include "fs/stamp.h"
#include "http/multipart_form.h"
#include "http/slug.h"
#include "resource/dav/authoring.h"
#include "wire/uri.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    NAMES_TRIED = 1000, // "name (2)" and on
    NAME_BYTES = 8      // random, in hexadecimal
};

enum { MEMBER_MEMORY = 12 * 1024 }; // bytes of the budget, with its stage

/* A member that is being made. */
struct member {
    struct member *next;
    struct stage *stage; // never NULL
    size_t length, asked_length;
    char name[LIMIT_FILE_NAME], asked[LIMIT_FILE_NAME]; // the one it gets, the one it should have
    unsigned number;                                    // in the name; 1: none
};

struct posting {
    struct multipart_form form;
    bool in_file;
    struct stage_group *group;     // of a form with files
    struct member *members, *last; // in the order of the form
    size_t count;
    struct budget_part memory; // of the members
};

static size_t random_name(char out[LIMIT_FILE_NAME])
{
    unsigned char bytes[NAME_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return 0;
    ascii_write_hex(bytes, sizeof bytes, out);
    return 2 * sizeof bytes;
}

/* With the extension that the content's type has, so that it is told with that type. */
static size_t random_file_name(const struct authoring *a, char out[LIMIT_FILE_NAME])
{
    size_t length = random_name(out);
    struct span essence = a->content.fields.type.essence, extension = SPAN("");

    if (essence.len)
        extension = media_type_extension(a->share->types, essence);
    if (!length || !extension.len || length + 1 + extension.len > LIMIT_FILE_NAME)
        return length;
    out[length] = '.';
    memcpy(out + length + 1, extension.ptr, extension.len);
    return length + 1 + extension.len;
}

/* Without its dot it is one like any other. */
static struct span not_reserved(struct span name)
{
    return stamp_name_is_reserved(name) ? span_from(name, 1) : name;
}

static size_t name_asked(const struct authoring *a, char out[LIMIT_FILE_NAME])
{
    const struct message *m = &a->x->request;
    bool dotfiles = a->share->options->dotfiles;
    size_t length = slug_file_name(message_field(m, FIELD_slug), dotfiles, out);

    if (!length && a->x->content.kind.upload.complete != UPLOAD_COMPLETE_ABSENT)
        length = upload_file_name(message_field(m, FIELD_upload_metadata), dotfiles, out);
    return length ? length : random_file_name(a, out);
}

int post_name_asked(struct authoring *a, struct span *ret_name)
{
    char *name = arena_alloc(&a->x->arena, LIMIT_FILE_NAME);
    size_t length = name ? name_asked(a, name) : 0;

    if (!length)
        return name ? -EIO : -ENOMEM;
    *ret_name = not_reserved(span_of(name, length));
    return 0;
}

int post_write_path(struct buf *b, const struct authoring *a, struct span name)
{
    buf_add(b, a->target.path);
    if (b->len)
        buf_add_char(b, '/');
    buf_add(b, name);
    return b->failed ? -ENOMEM : 0;
}

static int begin_stage(struct authoring *a, struct span path, struct stage **ret_stage)
{
    struct posting *p = a->content.posting;
    struct tree *tree = a->share->tree;
    int error = 0;

    if (a->content.fields.role != CONTENT_FORM)
        return tree_stage_begin(tree, path, TREE_LENGTH_UNKNOWN, ret_stage);
    if (!p->group)
        error = tree_group_begin(tree, path, &p->group);
    return error ? error : tree_group_stage(p->group, path, ret_stage);
}

static void add_member(struct posting *p, struct member *m, struct span name)
{
    m->length = m->asked_length = name.len;
    memcpy(m->name, name.ptr, name.len);
    memcpy(m->asked, name.ptr, name.len);
    m->number = 1;
    if (p->last)
        p->last->next = m;
    else
        p->members = m;
    p->last = m;
    p->count++;
}

static int begin_member(struct authoring *a, struct span name)
{
    struct posting *p = a->content.posting;
    struct buf path = {0};
    struct member *m;
    int error;

    p->memory.budget = &budget_memory;
    p->memory.client = a->x->arrival.client_number;
    error = budget_set(&p->memory, (p->count + 1) * MEMBER_MEMORY);
    if (error)
        return authoring_fail(a,
                              error == -EUSERS ? OUTCOME_client_too_much : OUTCOME_forms_too_much);
    m = calloc(1, sizeof *m);
    name = not_reserved(name);
    error = post_write_path(&path, a, name);
    if (error == 0)
        error = m ? begin_stage(a, buf_span(&path), &m->stage) : -ENOMEM;
    buf_done(&path);
    if (error) {
        free(m);
        return error;
    }
    if (a->content.fields.modified_ns != TREE_NOW)
        tree_stage_set_times(m->stage, a->content.fields.modified_ns);
    add_member(p, m, name);
    return 0;
}

static int fill_posting(struct authoring *a)
{
    const struct message *m = &a->x->request;
    char name[LIMIT_FILE_NAME];
    size_t length;

    if (a->content.fields.role == CONTENT_FORM)
        return multipart_begin(&a->content.posting->form, message_field(m, FIELD_content_type)) ==
                       MULTIPART_BEGIN_OK
                   ? 0
                   : authoring_fail(a, OUTCOME_form_malformed);
    length = name_asked(a, name);
    return length ? begin_member(a, span_of(name, length)) : -EIO;
}

/* A posting that is there has its member, unless it is a form. */
static int begin_posting(struct authoring *a)
{
    int error;

    a->content.posting = calloc(1, sizeof *a->content.posting);
    if (!a->content.posting)
        return -ENOMEM;
    error = fill_posting(a);
    if (error) {
        post_free(a->content.posting);
        a->content.posting = NULL;
    }
    return error;
}

/* A part of the form that is a file with a name becomes a member; others are passed over. */
static int begin_part(struct authoring *a, const struct multipart_part *part)
{
    char name[LIMIT_FILE_NAME];
    size_t length = part->file_name.ptr ? file_name_clean(file_name_base(part->file_name),
                                                          a->share->options->dotfiles, name)
                                        : 0;

    a->content.posting->in_file = length != 0;
    if (length && a->content.posting->count == LIMIT_FORM_FILES)
        return authoring_fail(a, OUTCOME_form_files_too_many);
    return length ? begin_member(a, span_of(name, length)) : 0;
}

static int take_form(struct authoring *a, struct span piece)
{
    struct posting *p = a->content.posting;
    struct multipart_output out;
    int error = 0;

    while (error == 0) {
        switch (multipart_next(&p->form, &piece, &out)) {
        case MULTIPART_PART_BEGIN:
            error = begin_part(a, &out.part);
            break;
        case MULTIPART_DATA:
            if (p->in_file)
                error = tree_stage_write(p->last->stage, out.data);
            break;
        case MULTIPART_PART_END:
            if (p->in_file)
                error = tree_stage_finish(p->last->stage);
            p->in_file = false;
            break;
        case MULTIPART_END:
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
    if (!a->content.posting)
        a->error = begin_posting(a);
    if (a->error)
        return;
    if (a->content.fields.role == CONTENT_FORM)
        a->error = take_form(a, a->content.piece);
    else
        a->error = tree_stage_write(a->content.posting->members->stage, a->content.piece);
}

/* Something is there, or will be: another file of the form. */
static int is_taken(struct authoring *a, const struct member *m, struct span path)
{
    struct tree_look look;
    int error;

    for (const struct member *o = a->content.posting->members; o; o = o->next)
        if (o != m && span_eq(span_of(o->name, o->length), span_of(m->name, m->length)))
            return 1;
    error = tree_look(a->share->tree, path, &look);
    return error ? error : look.here.kind != TREE_ABSENT;
}

/* Another name, which m gets; -EIO: there is no randomness for one. */
static int try_name(struct member *m)
{
    if (m->number < NAMES_TRIED) {
        m->number++;
        m->length = file_name_number(span_of(m->asked, m->asked_length), m->number, m->name);
    } else {
        m->length = random_name(m->name);
    }
    return m->length ? 0 : -EIO;
}

/* Puts m where its name says. 0, 1 where something is there, or a negated errno. */
static int place_member(struct authoring *a, struct member *m)
{
    struct buf path = {0};
    int error = post_write_path(&path, a, span_of(m->name, m->length));

    if (error == 0)
        error = is_taken(a, m, buf_span(&path));
    if (error == 0)
        error = tree_stage_rename(m->stage, buf_span(&path));
    buf_done(&path);
    return error;
}

/* The next name that nobody has, as far as one can see. */
static int choose_name(struct authoring *a, struct member *m)
{
    int error;

    for (const struct member *o = a->content.posting->members; o; o = o->next)
        if (o != m && o->number > m->number &&
            span_eq(span_of(o->asked, o->asked_length), span_of(m->asked, m->asked_length)))
            m->number = o->number;
    do {
        error = try_name(m);
        if (error == 0)
            error = place_member(a, m);
    } while (error == 1);
    return error;
}

/* Of two files of a form with one name, the later one gets another. */
static int part_names(struct authoring *a)
{
    int error = 0;

    for (struct member *m = a->content.posting->members; m; m = m->next)
        for (const struct member *o = a->content.posting->members; o != m && error == 0;
             o = o->next)
            if (span_eq(span_of(o->name, o->length), span_of(m->name, m->length)))
                error = choose_name(a, m);
    return error;
}

/* A link on the way to the collection may have been turned since the member was begun. */
static int check_place(struct authoring *a, const struct member *m)
{
    struct buf path = {0};
    int error = post_write_path(&path, a, span_of(m->name, m->length));

    if (error == 0 && !tree_stage_is_for(m->stage, buf_span(&path)))
        error = authoring_fail(a, OUTCOME_parent_missing);
    buf_done(&path);
    return error;
}

/* All of them or none, so that a form that failed may just be sent again. */
static int commit_members(struct authoring *a)
{
    const struct tree_terms terms = terms_of_member(a, a->content.fields.role != CONTENT_FORM);
    struct posting *p = a->content.posting;
    struct member **members = calloc(p->count, sizeof(struct member *));
    struct stage **stages = calloc(p->count, sizeof(struct stage *));
    size_t n = 0, at = 0;
    int error = members && stages ? part_names(a) : -ENOMEM;

    for (struct member *m = p->members; m && error == 0; m = m->next) {
        members[n] = m;
        stages[n++] = m->stage;
        error = check_place(a, m);
    }
    while (error == 0) {
        error = tree_stage_commit_new(stages, n, &terms, &at, &a->result);
        if (error != -EEXIST)
            break;
        error = choose_name(a, members[at]);
    }
    if (error == -ESTALE && tree_stage_check(stages[at]) == -ESTALE)
        error = authoring_fail(a, OUTCOME_parent_missing); // and no other look would help
    free(members);
    free(stages);
    return error;
}

/* The content, where all of it is in one place. */
static const struct stage *staged_whole(const struct authoring *a)
{
    return a->content.posting && a->content.fields.role == CONTENT_MEMBER
               ? a->content.posting->members->stage
               : NULL;
}

/* Without content nothing says that a file is meant, unless it has a type or a name. */
static int begin_empty(struct authoring *a)
{
    const struct message *m = &a->x->request;

    if (a->x->content.kind.type_refused)
        return authoring_fail(a, OUTCOME_unsupported_media_type);
    if (!m->first[FIELD_content_type] && !m->first[FIELD_slug] &&
        a->x->content.kind.upload.complete == UPLOAD_COMPLETE_ABSENT) {
        exchange_fail(a->x, OUTCOME_form_malformed, 0,
                      "There is no content, and neither Content-Type nor Slug.");
        return authoring_fail(a, OUTCOME_form_malformed);
    }
    return begin_posting(a);
}

void post_commit(struct authoring *a)
{
    struct posting *p;

    a->error = write_check_staged(a);
    if (a->error == 0)
        a->error = digests_read(a);
    if (a->error == 0)
        a->error = digests_check(a, staged_whole(a), 0);
    if (a->error == 0 && !a->content.posting)
        a->error = begin_empty(a);
    p = a->content.posting;
    if (a->error == 0 && a->content.fields.role == CONTENT_FORM &&
        (!multipart_is_complete(&p->form) || !p->members))
        a->error = authoring_fail(a, OUTCOME_form_malformed);
    if (a->error == 0)
        a->error = commit_members(a);
}

/* The posting of a member whose stage is another's. -ENOMEM. */
static int begin_posting_of(struct authoring *a, struct span name)
{
    struct posting *p = calloc(1, sizeof *p);
    struct member *m = calloc(1, sizeof *m);

    if (!p || !m) {
        free(p);
        free(m);
        return -ENOMEM;
    }
    add_member(p, m, name);
    a->content.posting = p;
    return 0;
}

int post_commit_staged(struct authoring *a, struct stage *stage, struct span name)
{
    struct posting *p;
    int error = a->content.posting ? 0 : begin_posting_of(a, name);

    if (error)
        return error;
    p = a->content.posting;
    p->members->stage = stage;
    error = commit_members(a);
    p->members->stage = NULL;
    return error;
}

struct span post_member_name(const struct authoring *a)
{
    const struct member *m = a->content.posting->members;

    return span_of(m->name, m->length);
}

bool post_made_several(const struct authoring *a)
{
    return a->content.posting && a->content.posting->count > 1;
}

void post_write_result(struct buf *b, const struct authoring *a, struct span folder)
{
    buf_add_str(b, "{\"stored\":[");
    for (const struct member *m = a->content.posting->members; m; m = m->next) {
        buf_add_str(b, m == a->content.posting->members ? "{\"asked\":\"" : ",{\"asked\":\"");
        buf_add_json(b, span_of(m->asked, m->asked_length));
        buf_add_str(b, "\",\"name\":\"");
        buf_add_json(b, span_of(m->name, m->length));
        buf_add_str(b, "\",\"location\":\"");
        uri_path_encode(b, folder); // what is encoded has nothing that JSON escapes
        uri_path_encode(b, span_of(m->name, m->length));
        buf_add_str(b, "\"}");
    }
    buf_add_str(b, "]}\n");
}

size_t post_result_room(const struct authoring *a, size_t folder)
{
    const size_t around = sizeof ",{\"asked\":\"\",\"name\":\"\",\"location\":\"\"}";
    const struct posting *p = a->content.posting;

    // A byte is 6 in JSON, as \u00XX, and 3 in an address.
    return p && a->content.fields.role == CONTENT_FORM
               ? 32 + p->count * (around + 15 * LIMIT_FILE_NAME + 3 * folder)
               : 0;
}

void post_free(struct posting *p)
{
    while (p && p->members) {
        struct member *m = p->members;

        p->members = m->next;
        tree_stage_free(m->stage);
        free(m);
    }
    if (p) {
        tree_group_free(p->group);
        (void)budget_set(&p->memory, 0);
    }
    free(p);
}
