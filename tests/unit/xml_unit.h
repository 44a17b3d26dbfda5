// SPDX-License-Identifier: MIT
/*
 * What the unit tests of XML share: an arena for each test, and trees that can be read.
 */
#ifndef CANDOR_TESTS_XML_UNIT_H
#define CANDOR_TESTS_XML_UNIT_H

#include "unit.h"
#include "xml_tree.h"

static struct arena arena;

static inline int set_up(void **state)
{
    (void)state;
    return arena_init(&arena, 4096);
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* A test whose trees live until its end. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* The tree of a text that is right. */
static inline struct xml_element *read_text(struct span text)
{
    struct xml_element *root = NULL;
    struct xml_fault fault;
    int result = xml_tree_read(&arena, &xml_limits_usual, text, 4096, &root, &fault);

    if (result)
        fail_msg("%zu:%zu: %.*s in %.*s", fault.line, fault.column, SPAN_ARG(fault.what),
                 SPAN_ARG(text));
    return root;
}

static inline void assert_span(struct span s, const char *expected)
{
    if (!span_eq(s, span_from_str(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_ARG(s), expected);
}

#endif
