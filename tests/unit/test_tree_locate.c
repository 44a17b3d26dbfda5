// SPDX-License-Identifier: MIT
#include "tree_folder.h"

#include "fs/peek.h"

#include <errno.h>
#include <stdlib.h>

static struct tree_folder folder;
static struct arena arena;

static void make_link(const char *text, const char *path)
{
    assert_int_equal(symlinkat(text, folder.root, path), 0);
}

/* Two characters, composed and decomposed; and one of those as neither form has it. */
#define E_COMPOSED "\xc3\xa9"
#define E_DECOMPOSED "e\xcc\x81"
#define S_COMPOSED "\xe1\xb9\xa9"
#define S_DECOMPOSED "s\xcc\xa3\xcc\x87"
#define S_OTHERWISE "s\xcc\x87\xcc\xa3"
/* As `ln -s` with the whole path of something in the root. */
static void make_far_link(const char *thing, const char *path)
{
    char text[128];

    snprintf(text, sizeof text, "%s/%s", folder.path, thing);
    make_link(text, path);
}

static int set_up(void **state)
{
    char text[128];

    (void)state;
    folder = tree_folder_new((struct tree_options){.umask = 022});
    assert_int_equal(arena_init(&arena, 4096), 0);
    assert_int_equal(tree_folder_mkdir(&folder, "a"), 0);
    assert_int_equal(tree_folder_mkdir(&folder, "a/b"), 0);
    assert_int_equal(tree_folder_put(&folder, "a/b/f", "f"), 0);
    assert_int_equal(mkdirat(folder.root, ".dot", 0777), 0);
    assert_int_equal(mkdirat(folder.root, ".candor-tmp-0123456789abcdef", 0777), 0);
    assert_int_equal(tree_folder_mkdir(&folder, E_DECOMPOSED), 0);
    assert_int_equal(tree_folder_put(&folder, E_DECOMPOSED "/" S_COMPOSED, "s"), 0);
    assert_int_equal(tree_folder_mkdir(&folder, "both"), 0);
    assert_int_equal(tree_folder_put(&folder, "both/" S_COMPOSED, "1"), 0);
    assert_int_equal(tree_folder_put(&folder, "both/" S_DECOMPOSED, "2"), 0);
    make_link("a", "l" E_COMPOSED);
    make_link("a", "l");
    make_link("b/../b/./f", "a/lf");
    make_link("l/b", "twice");
    make_link("..", "a/up");
    make_link(".", "self");
    make_link("./a//b/", "slashes");
    make_link(".dot", "dot");
    make_link(".candor-tmp-0123456789abcdef", "temporary");
    make_link("../..", "a/out");
    make_link("/", "absolute");
    make_link("a/b/f/../f", "through-file");
    make_link("no/../a", "through-nothing");
    make_link("nowhere", "nowhere-link");
    make_link("circle", "circle");
    make_far_link("a/b", "far");
    make_far_link("a/b/f", "a/far-file");
    make_far_link("nowhere", "far-nowhere");
    make_far_link(".candor-tmp-0123456789abcdef", "far-temporary");
    snprintf(text, sizeof text, "../../%s/a", strrchr(folder.path, '/') + 1);
    make_link(text, "a/back");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    tree_folder_free(&folder);
    return 0;
}

struct located {
    const char *path, *name, *thing;
    enum tree_kind kind, parent;
};

static const struct located cases[] = {
    // Without links nothing is another path.
    {"", "", "", TREE_COLLECTION, TREE_COLLECTION},
    {"a", "a", "a", TREE_COLLECTION, TREE_COLLECTION},
    {"a/b/f", "a/b/f", "a/b/f", TREE_FILE, TREE_COLLECTION},
    {"a/none", "a/none", "a/none", TREE_ABSENT, TREE_COLLECTION},
    {"a/none/none", "a/none/none", "a/none/none", TREE_ABSENT, TREE_ABSENT},
    // A link on the way, or at the end, or both.
    {"l/b/f", "a/b/f", "a/b/f", TREE_FILE, TREE_COLLECTION},
    {"l/none", "a/none", "a/none", TREE_ABSENT, TREE_COLLECTION},
    {"l", "l", "a", TREE_COLLECTION, TREE_COLLECTION},
    {"a/lf", "a/lf", "a/b/f", TREE_FILE, TREE_COLLECTION},
    {"l/lf", "a/lf", "a/b/f", TREE_FILE, TREE_COLLECTION},
    {"twice", "twice", "a/b", TREE_COLLECTION, TREE_COLLECTION},
    {"twice/f", "a/b/f", "a/b/f", TREE_FILE, TREE_COLLECTION},
    {"slashes/f", "a/b/f", "a/b/f", TREE_FILE, TREE_COLLECTION},
    // A link that leaves the root and comes back.
    {"far", "far", "a/b", TREE_COLLECTION, TREE_COLLECTION},
    {"far/f", "a/b/f", "a/b/f", TREE_FILE, TREE_COLLECTION},
    {"far/none", "a/b/none", "a/b/none", TREE_ABSENT, TREE_COLLECTION},
    {"a/far-file", "a/far-file", "a/b/f", TREE_FILE, TREE_COLLECTION},
    {"a/back", "a/back", "a", TREE_COLLECTION, TREE_COLLECTION},
    {"l/back/back/far-file", "a/far-file", "a/b/f", TREE_FILE, TREE_COLLECTION},
    {"far-nowhere", "far-nowhere", "far-nowhere", TREE_OTHER, TREE_COLLECTION},
    {"far-temporary", "far-temporary", "far-temporary", TREE_OTHER, TREE_COLLECTION},
    // The root by another name.
    {"self", "self", "", TREE_COLLECTION, TREE_COLLECTION},
    {"a/up", "a/up", "", TREE_COLLECTION, TREE_COLLECTION},
    {"a/up/self/l/up/a/lf", "a/lf", "a/b/f", TREE_FILE, TREE_COLLECTION},
    // What a client may not name it may be led to, but for temporaries.
    {"dot", "dot", ".dot", TREE_COLLECTION, TREE_COLLECTION},
    {"dot/new", ".dot/new", ".dot/new", TREE_ABSENT, TREE_COLLECTION},
    {".dot", ".dot", ".dot", TREE_ABSENT, TREE_ABSENT},
    {"temporary", "temporary", "temporary", TREE_OTHER, TREE_COLLECTION},
    {"temporary/new", "temporary/new", "temporary/new", TREE_ABSENT, TREE_COLLECTION},
    // Links that lead nowhere, or out, are what they are.
    {"a/out", "a/out", "a/out", TREE_OTHER, TREE_COLLECTION},
    {"a/out/tmp", "a/out/tmp", "a/out/tmp", TREE_ABSENT, TREE_ABSENT},
    {"absolute/tmp", "absolute/tmp", "absolute/tmp", TREE_ABSENT, TREE_ABSENT},
    {"through-file", "through-file", "through-file", TREE_OTHER, TREE_COLLECTION},
    {"through-nothing/b", "through-nothing/b", "through-nothing/b", TREE_ABSENT, TREE_ABSENT},
    {"nowhere-link", "nowhere-link", "nowhere-link", TREE_OTHER, TREE_COLLECTION},
    {"circle", "circle", "circle", TREE_OTHER, TREE_COLLECTION},
    {"circle/x", "circle/x", "circle/x", TREE_ABSENT, TREE_ABSENT},
};

/* And again with what is known. */
static void assert_located(const struct located *l, struct tree_names *ret_names)
{
    struct tree_names names = {0};
    struct tree_look found;

    for (int again = 0; again < 2; again++) {
        const char *known = names.name.ptr;

        assert_int_equal(tree_locate(folder.tree, span_from_str(l->path), &arena, &found, &names),
                         0);
        if (!span_eq(names.asked, span_from_str(l->path)) ||
            !span_eq(names.name, span_from_str(l->name)) ||
            !span_eq(names.thing, span_from_str(l->thing)) || found.here.kind != l->kind)
            fail_msg("%s: %.*s, %.*s, kind %d", l->path, SPAN_ARG(names.name),
                     SPAN_ARG(names.thing), found.here.kind);
        if ((found.parent == TREE_COLLECTION) != (l->parent == TREE_COLLECTION))
            fail_msg("%s: the parent", l->path);
        assert_true(!again || names.name.ptr == known);
    }
    *ret_names = names;
}

static void a_path_leads_where_its_links_lead_and_is_known_by_that(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tree_names names;
        struct tree_look found;

        assert_located(&cases[i], &names);
        if (cases[i].path[0] == '.' || cases[i].kind == TREE_OTHER)
            continue; // for clients only
        assert_int_equal(tree_look(folder.tree, names.thing, &found), 0);
        assert_int_equal(found.here.kind, cases[i].kind);
        assert_false(found.is_link);
        assert_int_equal(
            tree_locate_member(folder.tree, span_from_str(cases[i].path), &arena, &names), 0);
        assert_true(span_eq(names.thing, span_from_str(cases[i].thing)));
    }
}

static const struct located forms[] = {
    {E_COMPOSED, E_DECOMPOSED, E_DECOMPOSED, TREE_COLLECTION, TREE_COLLECTION},
    {E_COMPOSED "/" S_DECOMPOSED, E_DECOMPOSED "/" S_COMPOSED, E_DECOMPOSED "/" S_COMPOSED,
     TREE_FILE, TREE_COLLECTION},
    {E_COMPOSED "/" S_OTHERWISE, E_DECOMPOSED "/" S_COMPOSED, E_DECOMPOSED "/" S_COMPOSED,
     TREE_FILE, TREE_COLLECTION},
    {E_COMPOSED "/new" E_COMPOSED, E_DECOMPOSED "/new" E_COMPOSED, E_DECOMPOSED "/new" E_COMPOSED,
     TREE_ABSENT, TREE_COLLECTION},
    {E_COMPOSED "/none/new", E_DECOMPOSED "/none/new", E_DECOMPOSED "/none/new", TREE_ABSENT,
     TREE_ABSENT},
    {"both/" S_COMPOSED, "both/" S_COMPOSED, "both/" S_COMPOSED, TREE_FILE, TREE_COLLECTION},
    {"both/" S_OTHERWISE, "both/" S_OTHERWISE, "both/" S_OTHERWISE, TREE_ABSENT, TREE_COLLECTION},
    {"l" E_DECOMPOSED, "l" E_COMPOSED, "a", TREE_COLLECTION, TREE_COLLECTION},
    {"l" E_DECOMPOSED "/b/f", "a/b/f", "a/b/f", TREE_FILE, TREE_COLLECTION},
    {"new" E_COMPOSED, "new" E_COMPOSED, "new" E_COMPOSED, TREE_ABSENT, TREE_COLLECTION},
    {"\xc3", "\xc3", "\xc3", TREE_ABSENT, TREE_COLLECTION},
};

static void a_name_is_found_in_the_other_form_of_unicode_where_one_has_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        assert_located(&forms[i], &(struct tree_names){0});
}

static void names_that_differ_are_listed_once_the_thing_first(void **state)
{
    struct span list[TREE_NAMES];
    struct tree_names names = {SPAN("l/lf"), SPAN("a/lf"), SPAN("a/b/f")};

    (void)state;
    assert_int_equal(tree_names_list(&names, list), 3);
    assert_true(span_eq(list[0], names.thing) && span_eq(list[1], names.name) &&
                span_eq(list[2], names.asked));
    names.name = names.thing;
    assert_int_equal(tree_names_list(&names, list), 2);
    assert_true(span_eq(list[1], names.asked));
    names.asked = names.thing;
    assert_int_equal(tree_names_list(&names, list), 1);
}

static void too_many_links_lead_nowhere(void **state)
{
    struct tree_names names = {0};
    struct tree_look found;
    char text[8], path[8];

    (void)state;
    for (int i = 0; i < 60; i++) { // c0 -> c1 -> ... : 40 is what the system follows
        snprintf(text, sizeof text, "c%d", i + 1);
        snprintf(path, sizeof path, "c%d", i);
        make_link(i == 59 ? "a" : text, path);
    }
    assert_int_equal(tree_locate(folder.tree, SPAN("c20/b"), &arena, &found, &names), 0);
    assert_true(span_eq(names.thing, SPAN("a/b")));
    assert_int_equal(tree_locate(folder.tree, SPAN("c19/b"), &arena, &found, &names), 0);
    assert_int_equal(found.here.kind, TREE_ABSENT);
}

/* What is done on the way to a change does not go by another way than was looked at. */
static void a_stage_is_not_committed_by_way_of_a_link_that_has_come_since(void **state)
{
    struct stage *stage;
    struct tree_result result;

    (void)state;
    assert_int_equal(tree_stage_begin(folder.tree, SPAN("a/b/new"), 0, &stage), 0);
    assert_true(tree_stage_is_for(stage, SPAN("a/b/new")));
    assert_false(tree_stage_is_for(stage, SPAN("l/b/new")));
    // That folder, by a link in its place: one name deep, and two.
    assert_int_equal(renameat(folder.root, "a/b", folder.root, "a/c"), 0);
    make_link("c", "a/b");
    assert_int_equal(tree_stage_check(stage), -ESTALE);
    assert_int_equal(tree_stage_commit(stage, NULL, &result), -ESTALE);
    tree_stage_free(stage);
    assert_int_equal(tree_stage_begin(folder.tree, SPAN("a/new"), 0, &stage), 0);
    assert_int_equal(renameat(folder.root, "a", folder.root, "z"), 0);
    make_link("z", "a");
    assert_int_equal(tree_stage_commit(stage, NULL, &result), -ESTALE);
    tree_stage_free(stage);
    // And a link in the place of the file itself.
    assert_int_equal(tree_stage_begin(folder.tree, SPAN("z/c/f"), 0, &stage), 0);
    assert_int_equal(renameat(folder.root, "z/c/f", folder.root, "z/c/g"), 0);
    make_link("g", "z/c/f");
    assert_int_equal(tree_stage_commit(stage, NULL, &result), -ESTALE);
    tree_stage_free(stage);
    assert_string_equal(tree_folder_read(&folder, "z/c/g"), "f");
}

/* Whether both looks say the same of it, should the one without waiting say anything. */
static bool agrees_at_once(struct span path, bool *ret_told)
{
    struct tree_names names = {0}, names_at_once;
    struct tree_look look, look_at_once;
    int error = tree_locate(folder.tree, path, &arena, &look, &names);

    *ret_told = tree_locate_at_once(folder.tree, path, &look_at_once, &names_at_once);
    if (!*ret_told)
        return true;
    return error == 0 && look.name == look_at_once.name && look.parent == look_at_once.parent &&
           !look_at_once.is_link && !look.is_link && look.here.kind == look_at_once.here.kind &&
           tree_seen_eq(&look.here, &look_at_once.here) && span_eq(names.asked, path) &&
           span_eq(names.name, path) && span_eq(names.thing, path) &&
           span_eq(names_at_once.asked, path) && span_eq(names_at_once.name, path) &&
           span_eq(names_at_once.thing, path);
}

static void what_is_told_at_once_is_what_a_look_finds(void **state)
{
    static const char *const straight[] = {"", "a", "a/b", "a/b/f", ("both/" S_COMPOSED)};
    static const char *const others[] = {"none",       "a/none",
                                         "none/none",  "a/b/f/none",
                                         "l",          "l/b/f",
                                         "a/lf",       "twice/f",
                                         "self/a/b",   "circle",
                                         "dot",        "nowhere-link",
                                         "a/out",      "absolute",
                                         "far/f",      E_COMPOSED,
                                         "temporary",  "both/" S_OTHERWISE,
                                         "a/back/b/f", E_COMPOSED "/" S_COMPOSED};
    static const char *const refused[] = {".dot", "a//b", "a/..", ".candor-tmp-0123456789abcdef"};
    int fd = peek_open(folder.at, folder.root, ".", 0);
    bool told;

    (void)state;
    for (size_t i = 0; i < sizeof straight / sizeof *straight; i++) {
        assert_true(agrees_at_once(span_from_str(straight[i]), &told));
        assert_int_equal(told, i == 0 ? folder.at->is_local : fd >= 0); // the root is open
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_true(agrees_at_once(span_from_str(others[i]), &told));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_true(agrees_at_once(span_from_str(refused[i]), &told));
        assert_true(told);
    }
    if (fd >= 0)
        close(fd);
}

static void a_folder_that_cannot_be_read_is_left_to_who_may_fail(void **state)
{
    struct tree_names names;
    struct tree_look look;

    (void)state;
    if (geteuid() == 0)
        skip();
    assert_int_equal(fchmodat(folder.root, "a/b", 0300, 0), 0);
    assert_false(tree_locate_at_once(folder.tree, SPAN("a/b/f"), &look, &names));
    assert_int_equal(fchmodat(folder.root, "a/b", 0700, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_path_leads_where_its_links_lead_and_is_known_by_that,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_name_is_found_in_the_other_form_of_unicode_where_one_has_it, set_up, tear_down),
        cmocka_unit_test(names_that_differ_are_listed_once_the_thing_first),
        cmocka_unit_test_setup_teardown(too_many_links_lead_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_stage_is_not_committed_by_way_of_a_link_that_has_come_since, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_told_at_once_is_what_a_look_finds, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_read_is_left_to_who_may_fail,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
