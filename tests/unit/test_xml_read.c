// SPDX-License-Identifier: MIT
#include "resource/dav/xml/xml_read.h"

#include "base/error.h"
#include "base/limits.h"
#include "resource/dav/xml/xml_write.h"
#include "xml_unit.h"

#include <stdio.h>

static void assert_fault(struct span text, size_t line, size_t column, const char *what)
{
    for (size_t piece = 1; piece <= text.len; piece = piece * 3 + 1) {
        struct xml_element *root = NULL;
        struct xml_fault fault;
        int result = xml_tree_read(&arena, &xml_limits_usual, text, piece, &root, &fault);

        assert_int_equal(result, -CANDOR_E_SYNTAX);
        assert_null(root);
        assert_span(fault.what, what);
        assert_int_equal(fault.line, line);
        assert_int_equal(fault.column, column);
        assert_int_equal(fault.pointer.len, 0);
    }
}

static void assert_limit(struct xml_limits limits, const char *fits, const char *exceeds)
{
    struct xml_element *root;
    struct xml_fault fault = {0};

    assert_int_equal(xml_tree_read(&arena, &limits, span_from_str(fits), 7, &root, &fault), 0);
    assert_int_equal(xml_tree_read(&arena, &limits, span_from_str(exceeds), 7, &root, &fault),
                     -CANDOR_E_LIMIT);
    assert_true(memmem(fault.what.ptr, fault.what.len, "the limit is", 12) != NULL);
    assert_true(fault.line >= 1 && fault.column >= 1);
}

// Namespaces in XML §6
static void names_are_told_with_their_namespace_and_prefix(void **state)
{
    struct xml_element *root = read_text(
        SPAN("<D:a xmlns:D='DAV:' xmlns='urn:one' p='1' D:q='2'><b/><c xmlns=''><d/></c></D:a>"));
    struct xml_element *b = xml_tree_child(root, 0), *c = xml_tree_child(root, 1);

    (void)state;
    assert_true(xml_is_dav(root, SPAN("a")));
    assert_span(root->prefix, "D");
    assert_span(b->name.space, "urn:one");
    assert_span(b->name.local, "b");
    assert_span(b->prefix, "");
    assert_span(c->name.space, "");
    assert_span(xml_tree_child(c, 0)->name.space, "");
    assert_int_equal(root->attribute_count, 2);
    assert_span(root->attributes[0].name.space, ""); // the default is not for attributes
    assert_span(root->attributes[0].value, "1");
    assert_span(root->attributes[1].name.space, "DAV:");
    assert_span(root->attributes[1].prefix, "D");
    assert_span(xml_namespace_find(b, SPAN("D"))->space, "DAV:");
    assert_null(xml_namespace_find(b, SPAN("E")));
    assert_ptr_equal(c->parent, root);
    assert_int_equal(c->line, 1);
    assert_int_equal(c->column, 55);
}

// RFC 4918 §4.3
static void mixed_content_stays_in_order_cdata_becomes_text_and_comments_go(void **state)
{
    struct xml_element *root = read_text(
        SPAN("<a>one<!-- no --> &amp; <![CDATA[<two>]]><?no no?>&#x263A;<b/>\r\nend</a>"));
    struct xml_node *n = root->first;

    (void)state;
    assert_span(n->text, "one & <two>\xe2\x98\xba");
    assert_non_null(n->next->element);
    assert_span(n->next->next->text, "\nend");
    assert_null(n->next->next->next);
}

// XML 1.0 §2.12
static void the_language_is_inherited_until_it_is_changed(void **state)
{
    struct xml_element *root =
        read_text(SPAN("<a><b xml:lang='en'><c/><d xml:lang=''/></b><e xml:lang='de'/></a>"));
    struct xml_element *b = xml_tree_child(root, 0);

    (void)state;
    assert_false(root->has_lang);
    assert_span(xml_tree_child(b, 0)->lang, "en");
    assert_true(xml_tree_child(b, 0)->has_lang);
    assert_true(xml_tree_child(b, 1)->has_lang);
    assert_span(xml_tree_child(b, 1)->lang, "");
    assert_span(xml_tree_child(root, 1)->lang, "de");
    assert_true(span_eq(b->attributes[0].name.space, XML_SPACE));
}

static void pieces_of_any_size_give_the_same_tree(void **state)
{
    struct span text =
        SPAN("<?xml version='1.0'?>\n<a xmlns:x='urn:\xc3\xa4'><x:b x:c='&lt;'>t\xc3\xa4"
             "t<![CDATA[]]]]></x:b>&#65536;</a>\n");
    struct xml_element *whole = read_text(text), *pieces;
    struct xml_fault fault;

    (void)state;
    for (size_t piece = 1; piece < text.len; piece++) {
        assert_int_equal(xml_tree_read(&arena, &xml_limits_usual, text, piece, &pieces, &fault), 0);
        assert_true(xml_tree_eq(whole, pieces));
    }
}

// XML 1.0 §4.3.3
static void other_encodings_become_utf8(void **state)
{
    static const char little[] = "\xff\xfe<\0a\0>\0\x3a\x26<\0/\0a\0>\0";
    static const char big[] = "\xfe\xff\0<\0a\0>\x26\x3a\0<\0/\0a\0>";

    (void)state;
    assert_span(
        read_text(SPAN("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>"))->first->text,
        "\xc3\xa4");
    assert_span(read_text(span_of(little, sizeof little - 1))->first->text, "\xe2\x98\xba");
    assert_span(read_text(span_of(big, sizeof big - 1))->first->text, "\xe2\x98\xba");
    assert_span(read_text(SPAN("\xef\xbb\xbf<a>b</a>"))->first->text, "b");
}

// RFC 4918 §8.2
static void what_is_not_well_formed_is_told_with_line_and_column(void **state)
{
    (void)state;
    assert_fault(SPAN("<foo>"), 1, 6, "the content ends before the end tag of foo");
    assert_fault(SPAN("<a>\n <x:b xmlns:x='u:'></a>\n"), 2, 22,
                 "the end tag is not that of the open element x:b");
    assert_fault(SPAN("  "), 1, 3, "there is no element");
    assert_fault(SPAN("{\"a\":1}"), 1, 1,
                 "a character is here that XML does not allow in this place");
    assert_fault(SPAN("<a>&nbsp;</a>"), 1, 4,
                 "an entity is used that XML does not define; &amp; &lt; &gt; &quot; and &apos; are"
                 " all there are");
    assert_fault(SPAN("<a>\xff</a>"), 1, 4,
                 "a character is here that XML does not allow in this place");
    assert_fault(SPAN("<a>&#1;</a>"), 1, 4, "a character reference stands for no character of XML");
    assert_fault(SPAN("<a/><b/>"), 1, 5, "something follows the end of the root element");
    assert_fault(SPAN("<a b='1' b='2'/>"), 1, 10, "an element has the same attribute twice");
    assert_fault(SPAN("<?xml version='1.0' encoding='KOI8-R'?><a/>"), 1, 31,
                 "the encoding is not one that is understood: UTF-8, UTF-16, ISO-8859-1 or"
                 " US-ASCII");
}

// RFC 4918 §8.2: content must follow Namespaces in XML as well; litmus' propfind_invalid2
static void names_that_are_not_well_formed_are_no_better(void **state)
{
    (void)state;
    assert_fault(SPAN("<D:propfind xmlns:D=\"DAV:\"><D:prop><bar:foo xmlns:bar=\"\"/></D:prop>"
                      "</D:propfind>"),
                 1, 36,
                 "a prefix is declared for an empty namespace, which Namespaces in XML does not"
                 " allow");
    assert_fault(SPAN("<D:a/>"), 1, 1, "a prefix is used that no xmlns attribute declares");
    assert_fault(SPAN("<a D:b='c'/>"), 1, 1, "a prefix is used that no xmlns attribute declares");
    assert_fault(SPAN("<a xmlns:xml='urn:no'/>"), 1, 1,
                 "the prefixes xml and xmlns, and their namespaces, may not be declared anew");
}

// RFC 4918 §20.6
static void a_document_type_is_refused_and_with_it_every_entity(void **state)
{
    static const char what[] = "a document type declaration (<!DOCTYPE) is not accepted";

    (void)state;
    assert_fault(SPAN("<!DOCTYPE a>\n<a/>"), 1, 12, what);
    assert_fault(SPAN("<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;'>]><a>&d;</a>"), 1, 13, what);
    assert_fault(SPAN("<!DOCTYPE a SYSTEM 'file:///etc/passwd'>\n<a/>"), 1, 40, what);
}

static void every_limit_holds(void **state)
{
    struct xml_limits l;

    (void)state;
    l = xml_limits_usual, l.size = 8;
    assert_limit(l, "<a></a> ", "<a></a>  ");
    l = xml_limits_usual, l.depth = 2;
    assert_limit(l, "<a><b/><b/></a>", "<a><b><c/></b></a>");
    l = xml_limits_usual, l.elements = 3;
    assert_limit(l, "<a><b/><b/></a>", "<a><b/><b/><b/></a>");
    l = xml_limits_usual, l.attributes = 2;
    assert_limit(l, "<a b='' c=''/>", "<a b='' c='' d=''/>");
    assert_limit(l, "<a b='' xmlns=''/>", "<a b='' xmlns='' xmlns:d='d:'/>");
    assert_limit(l, "<a xmlns='' xmlns:b='b:'/>", "<a xmlns='' xmlns:b='b:' xmlns:d='d:'/>");
    l = xml_limits_usual, l.namespaces = 2;
    assert_limit(l, "<a xmlns='a:'><b xmlns='b:'/><b xmlns='b:'/></a>",
                 "<a xmlns='a:'><b xmlns='b:'><c xmlns='c:'/></b></a>");
    l = xml_limits_usual, l.name = 3;
    assert_limit(l, "<abc def='' xmlns:ghi='a:' ghi:jkl=''/>", "<abcd/>");
    assert_limit(l, "<a/>", "<a abcd=''/>");
    assert_limit(l, "<a/>", "<a xmlns:abcd='a:'/>");
    l = xml_limits_usual, l.space = 3;
    assert_limit(l, "<a xmlns='abc'/>", "<a xmlns='abcd'/>");
    l = xml_limits_usual, l.text = 3;
    assert_limit(l, "<a b='abcd'>abc<c/>abc</a>", "<a>ab<!-- one text -->&lt;d</a>");
    l = xml_limits_usual, l.tag = 8;
    assert_limit(l, "<a b=''></a>", "<a  b=''></a>");
    assert_limit(l, "<a></a    >", "<a></a     >");
    assert_limit(l, "<a><!--4--></a>", "<a><!--45--></a>");
    assert_limit(l, "<a><?b 45?></a>", "<a><?b 456?></a>");
}

static void what_never_ends_is_given_up_early(void **state)
{
    static const char *const heads[] = {"<a><!--", "<a b='", "<?a ", "<a>", "<a><![CDATA["};
    size_t usual = xml_limits_usual.tag + xml_limits_usual.text;

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct xml_reader *reader;
        size_t fed = 0;
        int result;

        assert_int_equal(xml_reader_new(&arena, &xml_limits_usual, &reader), 0);
        result = xml_reader_feed(reader, span_from_str(heads[i]));
        for (; !result; fed += 8)
            result = xml_reader_feed(reader, SPAN("12345678"));
        assert_int_equal(result, -CANDOR_E_LIMIT);
        assert_in_range(fed, xml_limits_usual.tag, usual);
        xml_reader_free(reader);
    }
}

static void an_error_is_final(void **state)
{
    struct xml_element *root = NULL;
    struct xml_reader *reader;

    (void)state;
    assert_int_equal(xml_reader_new(&arena, &xml_limits_usual, &reader), 0);
    assert_int_equal(xml_reader_feed(reader, SPAN("<a")), 0);
    assert_int_equal(xml_reader_feed(reader, SPAN("><<")), -CANDOR_E_SYNTAX);
    assert_int_equal(xml_reader_feed(reader, SPAN("/></a>")), -CANDOR_E_SYNTAX);
    assert_int_equal(xml_reader_finish(reader, &root), -CANDOR_E_SYNTAX);
    assert_null(root);
    assert_int_equal(xml_reader_fault(reader).column, 5);
    xml_reader_free(reader);
    xml_reader_free(NULL);
}

static void no_octet_at_all_is_no_error_but_no_tree(void **state)
{
    struct xml_element *root = (void *)&arena;
    struct xml_fault fault;

    (void)state;
    assert_int_equal(xml_tree_read(&arena, &xml_limits_usual, SPAN(""), 1, &root, &fault), 0);
    assert_null(root);
}

static struct xml_element *assert_stands_alone(const struct xml_element *e, const char *expected)
{
    struct buf b = {0};
    struct xml_element *again;

    assert_int_equal(xml_write_fragment(&b, e, SIZE_MAX), 0);
    assert_span(buf_span(&b), expected);
    again = read_text(buf_span(&b));
    assert_true(xml_tree_eq(e, again));
    buf_done(&b);
    return again;
}

// RFC 4918 §4.3
static void a_fragment_declares_what_it_uses_and_nothing_else(void **state)
{
    struct xml_element *root = read_text(
        SPAN("<D:a xmlns:D='DAV:' xmlns='urn:d' xmlns:x='urn:x' xmlns:y='urn:y' xmlns:z='urn:z'>"
             "<b/><x:c/><x:d x:e='1'><D:f/></x:d><x:g xmlns:x='urn:other'/><h xmlns=''/>"
             "<D:i type='y:t'>x:u Z:z</D:i><D:j><D:k xmlns:x='urn:in'><x:l/></D:k></D:j></D:a>"));
    static const char *const expected[] = {
        "<b xmlns=\"urn:d\"/>",
        "<x:c xmlns:x=\"urn:x\"/>",
        "<x:d xmlns:D=\"DAV:\" xmlns:x=\"urn:x\" x:e=\"1\"><D:f/></x:d>",
        "<x:g xmlns:x=\"urn:other\"/>",
        "<h xmlns=\"\"/>",
        "<D:i xmlns:D=\"DAV:\" xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" type=\"y:t\">x:u Z:z</D:i>",
        "<D:j xmlns:D=\"DAV:\"><D:k xmlns:x=\"urn:in\"><x:l/></D:k></D:j>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_stands_alone(xml_tree_child(root, i), expected[i]);
}

static void very_many_mentions_of_prefixes_get_every_declaration_once(void **state)
{
    struct xml_element *root, *c, *again;
    struct xml_fault fault;
    struct buf b = {0};

    (void)state;
    buf_add_str(&b, "<x:a xmlns:x='urn:1' xmlns:b='urn:b' xmlns='urn:d'>"
                    "<x:a xmlns:x='urn:2' xmlns:D='DAV:'><D:c>");
    for (int i = 0; i < 5000; i++)
        buf_add_str(&b, "q: ");
    buf_add_str(&b, " b:</D:c></x:a></x:a>");
    root = read_text(buf_span(&b));
    c = xml_tree_child(xml_tree_child(root, 0), 0);
    buf_clear(&b);
    assert_int_equal(xml_write_fragment(&b, c, SIZE_MAX), 0);
    assert_int_equal(xml_tree_read(&arena, &xml_limits_usual, buf_span(&b), 4096, &again, &fault),
                     0);
    assert_true(xml_tree_eq(c, again));
    assert_int_equal(again->namespace_count, 3);
    assert_span(xml_namespace_find(again, SPAN("x"))->space, "urn:2");
    assert_span(xml_namespace_find(again, SPAN("b"))->space, "urn:b");
    buf_done(&b);
}

// XML 1.0 §2.12, RFC 4918 §4.3
static void a_fragment_has_the_language_in_effect(void **state)
{
    struct xml_element *root =
        read_text(SPAN("<a xml:lang='en'><b c='d'/><e xml:lang='fr'>f</e><g xml:lang=''/></a>"));

    (void)state;
    assert_stands_alone(xml_tree_child(root, 0), "<b xml:lang=\"en\" c=\"d\"/>");
    assert_stands_alone(xml_tree_child(root, 1), "<e xml:lang=\"fr\">f</e>");
    assert_stands_alone(xml_tree_child(root, 2), "<g xml:lang=\"\"/>");
}

static void blanks_and_marks_survive_in_text_and_attributes(void **state)
{
    struct xml_element *root = read_text(SPAN(
        "<a b='&#9;&#10;&#13;&quot;&apos;&lt;&amp;>'>&#13;\n\t\"'&lt;&amp;]]&gt;&#65536;</a>"));

    (void)state;
    assert_span(root->attributes[0].value, "\t\n\r\"'<&>");
    assert_stands_alone(root, "<a b=\"&#9;&#10;&#13;&quot;'&lt;&amp;&gt;\">&#13;\n\t\"'&lt;&amp;]]"
                              "&gt;\xf0\x90\x80\x80</a>");
}

static void a_fragment_beyond_its_limit_leaves_the_buffer_as_it_was(void **state)
{
    struct xml_element *root = read_text(SPAN("<a>12345</a>"));
    struct buf b = {0};

    (void)state;
    buf_add_str(&b, "x");
    assert_int_equal(xml_write_fragment(&b, root, 11), -CANDOR_E_LIMIT);
    assert_span(buf_span(&b), "x");
    assert_int_equal(xml_write_fragment(&b, root, 12), 0);
    buf_done(&b);
}

// XML 1.0 §2.2, §2.3
static void octets_that_are_no_characters_of_xml_are_replaced(void **state)
{
    static const struct {
        struct span in;
        const char *out;
    } texts[] = {
        {SPAN_INIT("a\xff\xc3z"), "a\xef\xbf\xbd\xef\xbf\xbdz"},
        {SPAN_INIT("\0\x1b\x7f"), "\xef\xbf\xbd\xef\xbf\xbd\x7f"},
        {SPAN_INIT("\xef\xbf\xbe\xef\xbf\xbd"), "\xef\xbf\xbd\xef\xbf\xbd"},
        {SPAN_INIT("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {SPAN_INIT(""), ""},
    };
    static const struct {
        struct span in;
        const char *out;
    } names[] = {
        {SPAN_INIT("a-b.c_1"), "a-b.c_1"},
        {SPAN_INIT("1a"), "_a"},
        {SPAN_INIT("a:b c>"), "a_b_c_"},
        {SPAN_INIT(""), "_"},
        {SPAN_INIT("\xc3\xa4\xc3\x97"), "\xc3\xa4_"},
        {SPAN_INIT("a\xff"), "a_"},
        {SPAN_INIT("-\xc2\xb7"), "_\xc2\xb7"},
    };
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        buf_clear(&b);
        xml_write_text(&b, texts[i].in);
        assert_span(buf_span(&b), texts[i].out);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        buf_clear(&b);
        xml_write_local_name(&b, names[i].in);
        assert_span(buf_span(&b), names[i].out);
    }
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_told_with_their_namespace_and_prefix),
        TEST(mixed_content_stays_in_order_cdata_becomes_text_and_comments_go),
        TEST(the_language_is_inherited_until_it_is_changed),
        TEST(pieces_of_any_size_give_the_same_tree),
        TEST(other_encodings_become_utf8),
        TEST(what_is_not_well_formed_is_told_with_line_and_column),
        TEST(names_that_are_not_well_formed_are_no_better),
        TEST(a_document_type_is_refused_and_with_it_every_entity),
        TEST(every_limit_holds),
        TEST(what_never_ends_is_given_up_early),
        TEST(an_error_is_final),
        TEST(no_octet_at_all_is_no_error_but_no_tree),
        TEST(a_fragment_declares_what_it_uses_and_nothing_else),
        TEST(very_many_mentions_of_prefixes_get_every_declaration_once),
        TEST(a_fragment_has_the_language_in_effect),
        TEST(blanks_and_marks_survive_in_text_and_attributes),
        TEST(a_fragment_beyond_its_limit_leaves_the_buffer_as_it_was),
        TEST(octets_that_are_no_characters_of_xml_are_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
