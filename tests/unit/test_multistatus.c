// SPDX-License-Identifier: MIT
#include "resource/dav/xml/multistatus_write.h"

#include "base/error.h"
#include "resource/dav/xml/dav_request.h"
#include "xml_unit.h"

#include <stdio.h>

static void assert_written(struct buf *b, const char *expected)
{
    assert_false(b->failed);
    if (!span_eq(buf_span(b), span_from_str(expected)))
        fail_msg("\n%.*s\nis not\n%s", SPAN_ARG(buf_span(b)), expected);
    read_text(buf_span(b));
    buf_done(b);
}

// RFC 4918 §9.1.3
static void properties_are_grouped_by_their_status(void **state)
{
    struct buf b = {0};

    (void)state;
    multistatus_begin(&b);
    multistatus_response_begin(&b, SPAN("/a b/"));
    multistatus_propstat_begin(&b);
    multistatus_resourcetype(&b, true);
    multistatus_property_name(&b, (struct xml_name){SPAN("urn:x\"<"), SPAN("y")});
    multistatus_property_stored(&b, SPAN("<q>1</q>"));
    multistatus_propstat_end(&b, 200, DAV_CONDITION_NONE, SPAN(""));
    multistatus_propstat_begin(&b);
    multistatus_property_name(&b, (struct xml_name){SPAN("DAV:"), SPAN("getetag")});
    multistatus_property_name(&b, (struct xml_name){SPAN(""), SPAN("none")});
    multistatus_property_name(&b, (struct xml_name){XML_SPACE, SPAN("base")});
    multistatus_propstat_end(&b, 403, DAV_CONDITION_CANNOT_MODIFY_PROTECTED_PROPERTY,
                             SPAN("Not & never."));
    multistatus_response_end(&b);
    multistatus_end(&b);
    assert_written(&b,
                   "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n"
                   "<D:response><D:href>/a%20b/</D:href><D:propstat><D:prop>"
                   "<D:resourcetype><D:collection/></D:resourcetype>"
                   "<x:y xmlns:x=\"urn:x&quot;&lt;\"/><q>1</q></D:prop>"
                   "<D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
                   "<D:propstat><D:prop><D:getetag/><none/><xml:base/></D:prop>"
                   "<D:status>HTTP/1.1 403 Forbidden</D:status>"
                   "<D:error><D:cannot-modify-protected-property/></D:error>"
                   "<D:responsedescription>Not &amp; never.</D:responsedescription></D:propstat>"
                   "</D:response>\n</D:multistatus>\n");
}

// RFC 4918 §9.6.1, §9.10.9
static void a_response_may_have_one_status_and_a_reason(void **state)
{
    static const struct span locked[] = {SPAN_INIT("/locked/"), SPAN_INIT("/a&b")};
    struct buf b = {0};

    (void)state;
    multistatus_begin(&b);
    multistatus_response_begin(&b, SPAN("/c/d"));
    multistatus_href(&b, SPAN("/c/e"));
    multistatus_status(&b, 423);
    multistatus_error(&b, DAV_CONDITION_LOCK_TOKEN_SUBMITTED, locked, 2);
    multistatus_error(&b, DAV_CONDITION_NONE, NULL, 0);
    multistatus_description(&b, SPAN(""));
    multistatus_response_end(&b);
    multistatus_end(&b);
    assert_written(&b,
                   "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n"
                   "<D:response><D:href>/c/d</D:href><D:href>/c/e</D:href>"
                   "<D:status>HTTP/1.1 423 Locked</D:status><D:error><D:lock-token-submitted>"
                   "<D:href>/locked/</D:href><D:href>/a&amp;b</D:href>"
                   "</D:lock-token-submitted></D:error></D:response>\n</D:multistatus>\n");
}

// RFC 4918 §14.5, §16
static void an_error_document_names_its_condition(void **state)
{
    static const struct span locked[] = {SPAN_INIT("/x")};
    struct buf b = {0};

    (void)state;
    multistatus_error_document(&b, DAV_CONDITION_PROPFIND_FINITE_DEPTH, NULL, 0);
    assert_written(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                       "<D:error xmlns:D=\"DAV:\"><D:propfind-finite-depth/></D:error>\n");
    multistatus_error_document(&b, DAV_CONDITION_NO_CONFLICTING_LOCK, locked, 1);
    assert_written(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                       "<D:error xmlns:D=\"DAV:\"><D:no-conflicting-lock><D:href>/x</D:href>"
                       "</D:no-conflicting-lock></D:error>\n");
}

// RFC 4918 §9.10.7, §15.8, §15.10
static void locks_are_told_with_all_that_a_client_needs(void **state)
{
    const struct dav_active_lock locks[] = {
        {
            .exclusive = true,
            .owner = SPAN("<owner xmlns=\"DAV:\">me</owner>"),
            .token = SPAN("urn:uuid:1"),
            .root = SPAN("/a\xc3\xa4"),
            .timeout = 3600,
        },
        {.infinite = true, .token = SPAN("x:<&"), .root = SPAN("/"), .timeout = -1},
    };
    struct buf b = {0};

    (void)state;
    multistatus_lock_document(&b, locks, 2);
    assert_written(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:prop xmlns:D=\"DAV:\">"
                       "<D:lockdiscovery><D:activelock><D:lockscope><D:exclusive/></D:lockscope>"
                       "<D:locktype><D:write/></D:locktype><D:depth>0</D:depth>"
                       "<owner xmlns=\"DAV:\">me</owner><D:timeout>Second-3600</D:timeout>"
                       "<D:locktoken><D:href>urn:uuid:1</D:href></D:locktoken>"
                       "<D:lockroot><D:href>/a%C3%A4</D:href></D:lockroot></D:activelock>"
                       "<D:activelock><D:lockscope><D:shared/></D:lockscope>"
                       "<D:locktype><D:write/></D:locktype><D:depth>infinity</D:depth>"
                       "<D:timeout>Infinite</D:timeout>"
                       "<D:locktoken><D:href>x:&lt;&amp;</D:href></D:locktoken>"
                       "<D:lockroot><D:href>/</D:href></D:lockroot></D:activelock>"
                       "</D:lockdiscovery></D:prop>\n");
    multistatus_lock_document(&b, NULL, 0);
    assert_written(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:prop xmlns:D=\"DAV:\">"
                       "<D:lockdiscovery/></D:prop>\n");
    buf_add_str(&b, "<a xmlns:D=\"DAV:\">");
    multistatus_supportedlock(&b, true);
    multistatus_supportedlock(&b, false);
    multistatus_resourcetype(&b, false);
    multistatus_supported_report_set(&b, true);
    multistatus_supported_report_set(&b, false);
    multistatus_sync_token(&b, SPAN("a:<"));
    buf_add_str(&b, "</a>");
    assert_written(&b, "<a xmlns:D=\"DAV:\"><D:supportedlock>"
                       "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope>"
                       "<D:locktype><D:write/></D:locktype></D:lockentry>"
                       "<D:lockentry><D:lockscope><D:shared/></D:lockscope>"
                       "<D:locktype><D:write/></D:locktype></D:lockentry></D:supportedlock>"
                       "<D:supportedlock/><D:resourcetype/><D:supported-report-set>"
                       "<D:supported-report><D:report><D:sync-collection/></D:report>"
                       "</D:supported-report></D:supported-report-set>"
                       "<D:supported-report-set/><D:sync-token>a:&lt;</D:sync-token>\n</a>");
}

// RFC 4918 §8.3, RFC 3986 §3.3
static void any_octet_in_a_path_is_encoded(void **state)
{
    struct buf b = {0}, expected = {0};
    char all[256];

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    buf_add_str(&expected, "<D:href>");
    for (int i = 0; i < 256; i++) {
        if (i && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
                        "!$'()*+,;=:@/",
                        i))
            buf_add_char(&expected, (char)i);
        else if (i == '&')
            buf_add_str(&expected, "&amp;");
        else
            buf_addf(&expected, "%%%02X", (unsigned)i);
    }
    buf_add_str(&expected, "</D:href>");
    multistatus_href(&b, span_of(all, sizeof all));
    assert_true(span_eq(buf_span(&b), buf_span(&expected)));
    buf_done(&b);
    buf_done(&expected);
}

static void any_octet_in_names_and_text_gives_well_formed_content(void **state)
{
    struct buf b = {0};
    char all[256];
    struct span octets = {all, sizeof all};
    struct xml_element *prop;

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    buf_add_str(&b, "<D:prop xmlns:D=\"DAV:\">");
    multistatus_property_name(&b, (struct xml_name){octets, octets});
    multistatus_property_name(&b,
                              (struct xml_name){SPAN("http://www.w3.org/2000/xmlns/"), SPAN("a")});
    multistatus_property_name(&b, (struct xml_name){SPAN("DAV:"), SPAN("")});
    multistatus_description(&b, octets);
    buf_add_str(&b, "</D:prop>");
    prop = read_text(buf_span(&b));
    assert_true(span_ends(xml_tree_child(prop, 0)->name.space, SPAN("\xef\xbf\xbd")));
    assert_true(span_ends(xml_tree_child(prop, 3)->first->text, SPAN("\xef\xbf\xbd")));
    assert_int_equal(xml_tree_child(prop, 1)->name.space.len, 0);
    assert_true(xml_is_dav(xml_tree_child(prop, 2), SPAN("_")));
    buf_done(&b);
}

// RFC 4918 §4.3
static void a_stored_value_comes_back_as_it_was_set(void **state)
{
    static const struct span values[] = {
        SPAN_INIT("<a/>"),
        SPAN_INIT("<a xmlns=''>text</a>"),
        SPAN_INIT("<o:a>mixed <o:b o:c='1' d='2'>content</o:b> with <![CDATA[<cdata>&]]> and"
                  " <!-- a comment, which goes --> space </o:a>"),
        SPAN_INIT("<o:a xml:lang='de-AT'><b xml:lang=''>none</b></o:a>"),
        SPAN_INIT("<D:a xmlns:D='urn:not-dav'><D:b/><E:c/></D:a>"),
        SPAN_INIT("<x:a xmlns:x='urn:x'><x:b xmlns:x='urn:x2'/><x:c/></x:a>"),
        SPAN_INIT("<E:a xmlns='urn:other'><b><c xmlns=''><d/></c></b></E:a>"),
        SPAN_INIT("<o:a E:type='o:name' b='&#9;&#10;&#13; &quot;'>E:name o:name none:such ::"
                  "</o:a>"),
        SPAN_INIT("<a>&#13;\n&#13;&#10;\t&#65536;&#xfffd;]]&gt;</a>"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct buf request = {0}, answer = {0};
        struct dav_proppatch patch = {0};
        struct xml_element *e;
        struct xml_fault fault;

        buf_addf(&request,
                 "<E:propertyupdate xmlns:E='DAV:' xmlns='urn:default' xmlns:o='urn:o'"
                 " xml:lang='en'><E:set><E:prop>%.*s</E:prop></E:set></E:propertyupdate>",
                 SPAN_ARG(values[i]));
        assert_int_equal(
            dav_request_proppatch(&arena, read_text(buf_span(&request)), &patch, &fault), 0);
        multistatus_begin(&answer);
        multistatus_response_begin(&answer, SPAN("/"));
        multistatus_propstat_begin(&answer);
        multistatus_property_stored(&answer, patch.changes[0].value);
        multistatus_propstat_end(&answer, 200, DAV_CONDITION_NONE, SPAN(""));
        multistatus_response_end(&answer);
        multistatus_end(&answer);
        e = read_text(buf_span(&answer));
        e = xml_tree_child(xml_tree_child(xml_tree_child(e, 0), 1), 0);
        if (!xml_tree_eq(patch.changes[0].element, xml_tree_child(e, 0)))
            fail_msg("%.*s became %.*s", SPAN_ARG(values[i]), SPAN_ARG(patch.changes[0].value));
        buf_done(&request);
        buf_done(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(properties_are_grouped_by_their_status),
        TEST(a_response_may_have_one_status_and_a_reason),
        TEST(an_error_document_names_its_condition),
        TEST(locks_are_told_with_all_that_a_client_needs),
        TEST(any_octet_in_a_path_is_encoded),
        TEST(any_octet_in_names_and_text_gives_well_formed_content),
        TEST(a_stored_value_comes_back_as_it_was_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
