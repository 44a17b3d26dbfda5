// SPDX-License-Identifier: MIT
#include "resource/dav/xml/dav_request.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "xml_unit.h"

#include <stdio.h>

static void assert_name(struct xml_name name, const char *space, const char *local)
{
    assert_span(name.space, space);
    assert_span(name.local, local);
}

static struct dav_propfind propfind(const char *text)
{
    struct dav_propfind p = {.count = 99};
    struct xml_fault fault;

    assert_int_equal(
        dav_request_propfind(&arena, text ? read_text(span_from_str(text)) : NULL, &p, &fault), 0);
    return p;
}

static struct dav_proppatch proppatch(const char *text)
{
    struct dav_proppatch p = {0};
    struct xml_fault fault;
    int result = dav_request_proppatch(&arena, read_text(span_from_str(text)), &p, &fault);

    if (result)
        fail_msg("%.*s: %.*s", SPAN_ARG(fault.pointer), SPAN_ARG(fault.what));
    return p;
}

static struct dav_report report(const char *text, enum depth depth)
{
    struct dav_propfind p = {0};
    struct dav_report r = {0};
    struct xml_fault fault;

    assert_int_equal(
        dav_request_report(&arena, read_text(span_from_str(text)), depth, &r, &p, &fault), 0);
    assert_int_equal(p.kind, DAV_PROPFIND_PROP);
    assert_int_equal(p.count, 1);
    assert_name(p.names[0], "DAV:", "getetag");
    return r;
}

/* Asks with the function for the method; nothing but the fault may be written. */
static void assert_refused(char method, const char *text, int error, const char *pointer,
                           const char *what)
{
    struct dav_propfind find = {.count = 99};
    struct dav_proppatch patch = {.count = 99};
    struct dav_lockinfo lock = {.owner = {"", 99}};
    struct dav_report rep = {.most = 99};
    struct xml_fault fault = {0};
    struct xml_element *root = text ? read_text(span_from_str(text)) : NULL;
    int result = method == 'F'   ? dav_request_propfind(&arena, root, &find, &fault)
                 : method == 'R' ? dav_request_report(&arena, root, DEPTH_0, &rep, &find, &fault)
                 : method == 'P' ? dav_request_proppatch(&arena, root, &patch, &fault)
                                 : dav_request_lock(&arena, root, &lock, &fault);

    assert_int_equal(result, error);
    assert_span(fault.pointer, pointer);
    assert_span(fault.what, what);
    assert_true(fault.line >= 1 && fault.column >= 1);
    assert_true(find.count == 99 && patch.count == 99 && lock.owner.len == 99 && rep.most == 99);
}

// RFC 4918 §9.1
static void propfind_without_content_asks_for_all(void **state)
{
    struct dav_propfind p = propfind(NULL);

    (void)state;
    assert_int_equal(p.kind, DAV_PROPFIND_ALLPROP);
    assert_int_equal(p.count, 0);
}

// RFC 4918 §14.20
static void propfind_has_three_kinds(void **state)
{
    struct dav_propfind p;

    (void)state;
    p = propfind("<propfind xmlns='DAV:'><propname/></propfind>");
    assert_int_equal(p.kind, DAV_PROPFIND_PROPNAME);
    p = propfind("<propfind xmlns='DAV:'>\n <allprop/>\n <include><supportedlock/>"
                 "<x:a xmlns:x='urn:x'/></include></propfind>");
    assert_int_equal(p.kind, DAV_PROPFIND_ALLPROP);
    assert_int_equal(p.count, 2);
    assert_name(p.names[0], "DAV:", "supportedlock");
    assert_name(p.names[1], "urn:x", "a");
    p = propfind("<D:propfind xmlns:D='DAV:'><D:prop><D:getetag/><b xmlns='urn:b'>c</b><e/>"
                 "<E:getetag xmlns:E='DAV:'/></D:prop></D:propfind>");
    assert_int_equal(p.kind, DAV_PROPFIND_PROP);
    assert_int_equal(p.count, 3); // each once
    assert_name(p.names[0], "DAV:", "getetag");
    assert_name(p.names[1], "urn:b", "b");
    assert_name(p.names[2], "", "e");
    p = propfind("<propfind xmlns='DAV:'><prop/></propfind>");
    assert_int_equal(p.kind, DAV_PROPFIND_PROP);
    assert_int_equal(p.count, 0);
}

// RFC 4918 §17; litmus' propextended
static void unknown_elements_are_passed_over(void **state)
{
    struct dav_proppatch p;

    (void)state;
    assert_int_equal(propfind("<?xml version=\"1.0\" encoding=\"utf-8\" ?><propfind xmlns=\"DAV:\">"
                              "<foobar/><allprop/></propfind>")
                         .kind,
                     DAV_PROPFIND_ALLPROP);
    assert_int_equal(propfind("<propfind xmlns='DAV:'><x:prop xmlns:x='urn:x'/><propname/>"
                              "</propfind>")
                         .kind,
                     DAV_PROPFIND_PROPNAME);
    p = proppatch("<propertyupdate xmlns='DAV:'><x/><set><y/><prop><a/></prop></set>z"
                  "</propertyupdate>");
    assert_int_equal(p.count, 1);
}

static void propfind_that_means_nothing_is_told_where_and_why(void **state)
{
    static const int error = -CANDOR_E_MEANING;

    (void)state;
    assert_refused('F', "<propertyupdate xmlns='DAV:'/>", error, "/propertyupdate",
                   "the root element must be propfind in the namespace DAV:");
    assert_refused('F', "<propfind/>", error, "/propfind",
                   "the root element must be propfind in the namespace DAV:; it is in no"
                   " namespace");
    assert_refused('F', "<x:propfind xmlns:x='DAV'/>", error, "/x:propfind",
                   "the root element must be propfind in the namespace DAV:; it is in another"
                   " namespace");
    assert_refused('F', "<propfind xmlns='DAV:'><foobar/></propfind>", error, "/propfind",
                   "allprop, propname or prop is expected in it");
    assert_refused('F', "<propfind xmlns='DAV:'><prop/><allprop/></propfind>", error,
                   "/propfind/allprop", "only one of allprop, propname and prop is possible");
    assert_refused('F', "<propfind xmlns='DAV:'><prop/><prop/></propfind>", error,
                   "/propfind/prop[2]", "only one of allprop, propname and prop is possible");
    assert_refused('F', "<D:propfind xmlns:D='DAV:'><D:prop/><D:include/></D:propfind>", error,
                   "/propfind/include", "include is possible beside allprop alone");
    assert_refused('F', "<propfind xmlns='DAV:'><allprop/><include/><include/></propfind>", error,
                   "/propfind/include[2]", "only one include is possible");
}

// RFC 4918 §9.2, §14.19; litmus' propremoveset
static void proppatch_keeps_the_order_of_its_instructions(void **state)
{
    struct dav_proppatch p =
        proppatch("<propertyupdate xmlns='DAV:'><remove><prop><r xmlns='urn:x'>gone</r></prop>"
                  "</remove><set><prop><r xmlns='urn:x'>x</r><s/></prop></set>"
                  "<set><prop><r xmlns='urn:x'>y</r></prop><prop><t/></prop></set>"
                  "</propertyupdate>");
    static const struct {
        bool remove;
        const char *space, *local, *value;
    } expected[] = {
        {true, "urn:x", "r", ""},
        {false, "urn:x", "r", "<r xmlns=\"urn:x\">x</r>"},
        {false, "DAV:", "s", "<s xmlns=\"DAV:\"/>"},
        {false, "urn:x", "r", "<r xmlns=\"urn:x\">y</r>"},
        {false, "DAV:", "t", "<t xmlns=\"DAV:\"/>"},
    };

    (void)state;
    assert_int_equal(p.count, 5);
    for (size_t i = 0; i < p.count; i++) {
        assert_int_equal(p.changes[i].remove, expected[i].remove);
        assert_name(p.changes[i].name, expected[i].space, expected[i].local);
        assert_span(p.changes[i].value, expected[i].value);
        assert_non_null(p.changes[i].element);
    }
}

// RFC 4918 §4.3; litmus' propvalnspace, propnullns and prophighunicode
static void values_stand_alone(void **state)
{
    static const struct {
        const char *property, *value;
    } rows[] = {
        {"<t:valnspace xmlns:t='http://example.com/neon/litmus/'><foo xmlns='http://bar'/>"
         "</t:valnspace>",
         "<t:valnspace xmlns:t=\"http://example.com/neon/litmus/\" xml:lang=\"en\">"
         "<foo xmlns=\"http://bar\"/></t:valnspace>"},
        {"<nonamespace xmlns=\"\">randomvalue</nonamespace>",
         "<nonamespace xmlns=\"\" xml:lang=\"en\">randomvalue</nonamespace>"},
        {"<high-unicode xmlns='urn:x'>&#65536;</high-unicode>",
         "<high-unicode xmlns=\"urn:x\" xml:lang=\"en\">\xf0\x90\x80\x80</high-unicode>"},
        {"<x:a xmlns:x='urn:x' xml:lang='de' x:b='c'>d<E:e/>f</x:a>",
         "<x:a xmlns:x=\"urn:x\" xmlns:E=\"DAV:\" xml:lang=\"de\" x:b=\"c\">d<E:e/>f</x:a>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};

        buf_addf(&b,
                 "<E:propertyupdate xmlns:E='DAV:' xmlns='DAV:'><set><prop xml:lang='en'>%s</prop>"
                 "</set></E:propertyupdate>%c",
                 rows[i].property, '\0');
        assert_span(proppatch(b.ptr).changes[0].value, rows[i].value);
        buf_done(&b);
    }
}

static void proppatch_that_means_nothing_is_told_where_and_why(void **state)
{
    static const int error = -CANDOR_E_MEANING;

    (void)state;
    assert_refused('P', NULL, -CANDOR_E_SYNTAX, "", "there is no content");
    assert_refused('P', "<propfind xmlns='DAV:'/>", error, "/propfind",
                   "the root element must be propertyupdate in the namespace DAV:");
    assert_refused('P', "<propertyupdate xmlns='DAV:'/>", error, "/propertyupdate",
                   "set or remove is expected in it");
    assert_refused('P',
                   "<propertyupdate xmlns='DAV:'><set><prop><a/></prop></set><set/>"
                   "</propertyupdate>",
                   error, "/propertyupdate/set[2]", "prop is expected in it");
    assert_refused('P', "<propertyupdate xmlns='DAV:'><remove><prop/></remove></propertyupdate>",
                   error, "/propertyupdate/remove/prop", "a property is expected in it");
}

// RFC 4918 §14.11
static void lock_tells_its_scope_and_its_owner(void **state)
{
    struct dav_lockinfo lock;
    struct xml_fault fault;

    (void)state;
    assert_int_equal(
        dav_request_lock(
            &arena,
            read_text(SPAN("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<lockinfo"
                           " xmlns='DAV:'>\n <lockscope><exclusive/></lockscope>\n"
                           "<locktype><write/></locktype><owner>litmus test suite</owner>\n"
                           "</lockinfo>\n")),
            &lock, &fault),
        0);
    assert_true(lock.exclusive);
    assert_span(lock.owner, "<owner xmlns=\"DAV:\">litmus test suite</owner>");
    assert_int_equal(
        dav_request_lock(
            &arena,
            read_text(SPAN("<D:lockinfo xmlns:D='DAV:'><D:locktype><D:write/></D:locktype>"
                           "<D:lockscope><D:shared/></D:lockscope></D:lockinfo>")),
            &lock, &fault),
        0);
    assert_false(lock.exclusive);
    assert_int_equal(lock.owner.len, 0);
}

static void lock_that_means_nothing_is_told_where_and_why(void **state)
{
    static const int error = -CANDOR_E_MEANING;

    (void)state;
    assert_refused('L', NULL, -CANDOR_E_SYNTAX, "", "there is no content");
    assert_refused('L', "<lockinfo xmlns='DAV:'><locktype><write/></locktype></lockinfo>", error,
                   "/lockinfo", "lockscope is expected in it");
    assert_refused('L', "<lockinfo xmlns='DAV:'><lockscope><x/></lockscope><locktype/></lockinfo>",
                   error, "/lockinfo/lockscope", "exclusive or shared is expected in it, not both");
    assert_refused('L',
                   "<lockinfo xmlns='DAV:'><lockscope><shared/><exclusive/></lockscope><locktype/>"
                   "</lockinfo>",
                   error, "/lockinfo/lockscope", "exclusive or shared is expected in it, not both");
    assert_refused('L', "<lockinfo xmlns='DAV:'><lockscope><shared/></lockscope></lockinfo>", error,
                   "/lockinfo", "locktype is expected in it");
    assert_refused('L',
                   "<lockinfo xmlns='DAV:'><lockscope><shared/></lockscope><locktype><read/>"
                   "</locktype></lockinfo>",
                   error, "/lockinfo/locktype", "write is expected in it; there is no other type");
    assert_refused('L',
                   "<lockinfo xmlns='DAV:'><lockscope><shared/></lockscope><locktype><write/>"
                   "</locktype><owner/><owner/></lockinfo>",
                   error, "/lockinfo/owner[2]", "there is one of these already");
}

/* head, count times middle, tail: on the arena. */
static const char *repeat(const char *head, const char *middle, size_t count, const char *tail)
{
    struct buf b = {0};
    struct span text;

    buf_add_str(&b, head);
    for (size_t i = 0; i < count; i++)
        buf_add_str(&b, middle);
    buf_add_str(&b, tail);
    buf_add_char(&b, '\0');
    text = arena_copy(&arena, buf_span(&b));
    buf_done(&b);
    assert_non_null(text.ptr);
    return text.ptr;
}

static void properties_and_their_values_are_bounded(void **state)
{
    static const char head[] = "<propertyupdate xmlns='DAV:'><set><prop>";
    static const char tail[] = "</prop></set></propertyupdate>";
    static const int error = -CANDOR_E_LIMIT;
    const char *wide;

    (void)state;
    assert_int_equal(proppatch(repeat(head, "<a/>", LIMIT_PROPERTIES_ASKED, tail)).count,
                     LIMIT_PROPERTIES_ASKED);
    assert_refused('P', repeat(head, "<a/>", LIMIT_PROPERTIES_ASKED + 1, tail), error,
                   "/propertyupdate/set/prop", "too many properties are changed");
    assert_refused('P', repeat(head, "</prop><prop><a/>", LIMIT_PROPERTIES_ASKED + 1, tail), error,
                   "/propertyupdate/set/prop[1002]", "too many properties are changed");
    assert_refused('F',
                   repeat("<propfind xmlns='DAV:'><prop>", "<a/>", LIMIT_PROPERTIES_ASKED + 1,
                          "</prop></propfind>"),
                   error, "/propfind/prop", "too many properties are named");
    assert_refused('P',
                   repeat("<propertyupdate xmlns='DAV:'><set><prop><a>", "&lt;&#13;",
                          LIMIT_PROPERTY_VALUE / 9 + 1, "</a></prop></set></propertyupdate>"),
                   error, "/propertyupdate/set/prop/a", "the property's value is too large");
    assert_refused(
        'L',
        repeat("<lockinfo xmlns='DAV:'><lockscope><shared/></lockscope><locktype><write/>"
               "</locktype><owner>",
               "12345678", LIMIT_LOCK_OWNER / 8, "</owner></lockinfo>"),
        error, "/lockinfo/owner", "the owner is too large");
    // A declaration far above is copied into each of many values.
    wide = repeat("<propertyupdate xmlns='DAV:'><set><prop xmlns:a='", "01234567",
                  LIMIT_XML_NAMESPACE / 8, "' xmlns:b='");
    wide = repeat(wide, "01234567", LIMIT_XML_NAMESPACE / 8, "' xmlns:c='");
    wide = repeat(wide, "01234567", LIMIT_XML_NAMESPACE / 8, "'>");
    assert_refused('P', repeat(wide, "<a:b c='b: c:'/>", LIMIT_PROPERTIES_ASKED, tail), error,
                   "/propertyupdate/set/prop/a:b[672]", "the property's value is too large");
}

static void the_text_of_an_element_comes_without_markup(void **state)
{
    struct span text;

    (void)state;
    assert_int_equal(dav_element_text(&arena, read_text(SPAN("<a>1<b>2<c/></b>3</a>")), &text), 0);
    assert_span(text, "123");
    assert_int_equal(dav_element_text(&arena, read_text(SPAN("<a/>")), &text), 0);
    assert_int_equal(text.len, 0);
}

#define SYNC(inner)                                                                                \
    "<sync-collection xmlns='DAV:'>" inner "<prop><getetag/></prop></sync-collection>"

// RFC 6578 §6.1
static void a_report_has_a_token_a_level_and_a_limit(void **state)
{
    struct dav_report r;

    (void)state;
    r = report(SYNC("<sync-token/><sync-level>1</sync-level>"), DEPTH_0);
    assert_true(!r.token.len && !r.deep && r.most == SIZE_MAX);
    r = report(SYNC("<sync-token>\n a:b </sync-token><sync-level> infinite\n</sync-level>"
                    "<limit><nresults>12</nresults></limit>"),
               DEPTH_1);
    assert_span(r.token, "a:b");
    assert_true(r.deep && r.most == 12);
    assert_false(report(SYNC("<sync-token>a</sync-token>"), DEPTH_1).deep);
    assert_true(report(SYNC("<sync-token>a</sync-token>"), DEPTH_INFINITY).deep);
}

static void a_report_that_makes_no_sense_is_refused(void **state)
{
    struct dav_propfind find;
    struct dav_report r;
    struct xml_fault fault;

    (void)state;
    assert_int_equal(dav_request_report(&arena, read_text(SPAN("<sync-collection xmlns='X:'/>")),
                                        DEPTH_0, &r, &find, &fault),
                     -CANDOR_E_ABSENT);
    assert_refused('R', NULL, -CANDOR_E_SYNTAX, "", "there is no content");
    assert_refused('R', SYNC(""), -CANDOR_E_MEANING, "/sync-collection",
                   "sync-level is expected in it");
    assert_refused('R', SYNC("<sync-level>0</sync-level>"), -CANDOR_E_MEANING,
                   "/sync-collection/sync-level", "1 or infinite is expected in it");
    assert_refused('R', SYNC("<sync-level>1</sync-level><limit/>"), -CANDOR_E_MEANING,
                   "/sync-collection/limit", "nresults with a number above 0 is expected in it");
    assert_refused('R', SYNC("<sync-level>1</sync-level><limit><nresults>0</nresults></limit>"),
                   -CANDOR_E_MEANING, "/sync-collection/limit",
                   "nresults with a number above 0 is expected in it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(propfind_without_content_asks_for_all),
        TEST(propfind_has_three_kinds),
        TEST(unknown_elements_are_passed_over),
        TEST(propfind_that_means_nothing_is_told_where_and_why),
        TEST(proppatch_keeps_the_order_of_its_instructions),
        TEST(values_stand_alone),
        TEST(proppatch_that_means_nothing_is_told_where_and_why),
        TEST(lock_tells_its_scope_and_its_owner),
        TEST(lock_that_means_nothing_is_told_where_and_why),
        TEST(properties_and_their_values_are_bounded),
        TEST(the_text_of_an_element_comes_without_markup),
        TEST(a_report_has_a_token_a_level_and_a_limit),
        TEST(a_report_that_makes_no_sense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
