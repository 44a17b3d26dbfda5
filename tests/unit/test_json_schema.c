// SPDX-License-Identifier: MIT
#include "base/buf.h"
#include "base/error.h"
#include "http/json.h"
#include "http/json_schema.h"
#include "unit.h"

static struct json_schema *compile(struct span text)
{
    struct json_schema_fault fault = {0};
    struct json_schema *s;

    if (json_schema_compile(text, NULL, &s, &fault) < 0)
        fail_msg("%.*s: %s: %s", SPAN_ARG(span_first(text, 100)), fault.place, fault.message);
    return s;
}

/* The verdict, with what is told as lines "instance | schema | keyword | expected | found". */
static int check_text(const struct json_schema *s, struct span text, struct buf *told, bool *more)
{
    struct arena arena;
    struct json_violations v = {.arena = &arena};
    struct json_fault fault;
    json_t *value;
    int r;

    if (json_read(text, NULL, &value, &fault) < 0)
        fail_msg("%.*s: %s", SPAN_ARG(span_first(text, 100)), fault.message);
    assert_int_equal(arena_init(&arena, 4096), 0);
    r = json_schema_check(s, value, &v);
    assert_int_equal(r, json_schema_check(s, value, NULL));
    assert_true((r == 0) == (v.count > 0) || r < 0);
    for (size_t i = 0; told && r == 0 && i < v.count; i++) {
        struct json_violation *w = &v.list[i];

        buf_addf(told, "%.*s | %.*s | %.*s | %.*s | %.*s\n", SPAN_ARG(w->instance),
                 SPAN_ARG(w->schema), SPAN_ARG(w->keyword), SPAN_ARG(w->expected),
                 SPAN_ARG(w->found));
    }
    if (more)
        *more = v.has_more;
    json_decref(value);
    arena_done(&arena);
    return r;
}

static void expect_told(const char *schema, const char *value, const char *expected)
{
    struct json_schema *s = compile(span_from_str(schema));
    struct buf told = {0};

    assert_int_equal(check_text(s, span_from_str(value), &told, NULL), 0);
    buf_add_char(&told, '\0');
    assert_string_equal(told.ptr, expected);
    buf_done(&told);
    json_schema_free(s);
}

static void a_violation_tells_where_and_what(void **state)
{
    static const char *const cases[][3] = {
        {"{\"type\":\"string\"}", "5", " | /type | type | a string | the number 5\n"},
        {"{\"type\":[\"null\",\"integer\"]}", "1.5",
         " | /type | type | null or a whole number | the number 1.5\n"},
        {"{\"properties\":{\"a/b\":{\"minimum\":3}}}", "{\"a/b\":2}",
         "/a~1b | /properties/a~1b/minimum | minimum | a number of at least 3 | the number 2\n"},
        {"{\"items\":{\"enum\":[1,\"x\",null]}}", "[1,\"y\"]",
         "/1 | /items/enum | enum | 1, \"x\" or null | the string \"y\"\n"},
        {"{\"required\":[\"a\",\"b\",\"c\"]}", "{\"b\":1}",
         " | /required | required | a member \"a\" | no such member\n"
         " | /required | required | a member \"c\" | no such member\n"},
        {"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}",
         " | /dependentRequired | dependentRequired | a member \"b\", as there is \"a\" | "
         "no such member\n"},
        {"{\"properties\":{\"a\":true},\"additionalProperties\":false}", "{\"a\":1,\"b\":2}",
         "/b | /additionalProperties | additionalProperties | no member of this name | "
         "the number 2\n"},
        {"{\"allOf\":[{\"properties\":{\"a\":true}}],\"unevaluatedProperties\":false}",
         "{\"a\":1,\"b\":[]}",
         "/b | /unevaluatedProperties | unevaluatedProperties | no member of this name | "
         "an empty array\n"},
        {"{\"prefixItems\":[true],\"items\":false}", "[1,2]",
         "/1 | /items | items | no such item | the number 2\n"},
        {"false", "1", " |  |  | nothing, as the schema is false | the number 1\n"},
        {"{\"maxLength\":2}", "\"\xc3\xa9\xc3\xa9\xc3\xa9\"",
         " | /maxLength | maxLength | at most 2 characters | 3 characters\n"},
        {"{\"uniqueItems\":true}", "[3,1,2,1.0]",
         " | /uniqueItems | uniqueItems | items that all differ | that items 1 and 3 are equal\n"},
        {"{\"contains\":{\"type\":\"null\"},\"maxContains\":1}", "[null,null]",
         " | /contains | contains | 1 to 1 that fit the schema of \"contains\" | 2 such items\n"},
        {"{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\"}]}", "1",
         " | /anyOf | anyOf | a value that fits at least one of 2 schemas | the number 1\n"},
        {"{\"oneOf\":[{\"type\":\"number\"},{\"minimum\":0},false]}", "1",
         " | /oneOf | oneOf | a value that fits exactly one of 3 schemas | the number 1, which "
         "fits "
         "2 of them\n"},
        {"{\"not\":{\"type\":\"null\"}}", "null",
         " | /not | not | a value that does not fit the schema of \"not\" | null\n"},
        {"{\"propertyNames\":{\"pattern\":\"^[a-z]+$\"}}", "{\"A\":1}",
         "/A | /propertyNames/pattern | pattern | a string that matches \"^[a-z]+$\" | "
         "the name \"A\"\n"},
        {"{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{\"multipleOf\":0.01}}}", "0.005",
         " | /$defs/x/multipleOf | multipleOf | a multiple of 0.01 | the number 0.005\n"},
        {"{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]},\"else\":false}",
         "{\"a\":1}", " | /then/required | required | a member \"b\" | no such member\n"},
        {"{\"const\":{\"a\":1}}", "[]",
         " | /const | const | an object with 1 member | an empty array\n"},
        {"{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}", "{\"maxItems\":-1}",
         "/maxItems | https://json-schema.org/draft/2020-12/meta/validation#/$defs/"
         "nonNegativeInteger/minimum | minimum | a number of at least 0 | the number -1\n"},
        {"{\"type\":\"array\",\"maxItems\":1,\"items\":{\"type\":\"string\"}}", "[1,2]",
         " | /maxItems | maxItems | at most 1 item | 2 items\n"
         "/0 | /items/type | type | a string | the number 1\n"
         "/1 | /items/type | type | a string | the number 2\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_told(cases[i][0], cases[i][1], cases[i][2]);
}

static void a_schema_that_cannot_be_held_to_is_refused(void **state)
{
    static const char *const cases[][3] = {
        {"[]", "", "a schema is to be an object, true or false"},
        {"{\"properties\":{\"a\":1}}", "/properties/a",
         "a schema is to be an object, true or false"},
        {"{\"minLength\":-1}", "/minLength", "minLength is to be a whole number of at least 0"},
        {"{\"maxItems\":1.5}", "/maxItems", "maxItems is to be a whole number of at least 0"},
        {"{\"multipleOf\":0}", "/multipleOf", "multipleOf is to be a number above 0"},
        {"{\"allOf\":[]}", "/allOf", "allOf is to be an array of at least one schema"},
        {"{\"required\":[\"a\",1]}", "/required",
         "required is to be an array of strings that differ"},
        {"{\"required\":[\"a\",\"a\"]}", "/required", "required has the same name twice"},
        {"{\"items\":[{}]}", "/items", "items is to be a schema"},
        {"{\"$defs\":{\"a\":{\"type\":\"text\"}}}", "/$defs/a/type",
         "type is to be one of \"null\", \"boolean\", \"object\", \"array\", \"number\", "
         "\"integer\" "
         "and \"string\", or an array of them that differ"},
        {"{\"anyOf\":[true,{\"pattern\":\"a(\"}]}", "/anyOf/1/pattern",
         "the regular expression cannot be used: a ( has no )"},
        {"{\"patternProperties\":{\"[\":true}}", "/patternProperties/[",
         "the regular expression cannot be used: a [ has no ]"},
        {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "/$schema",
         "the dialect is not known; expected https://json-schema.org/draft/2020-12/schema"},
        {"{\"$ref\":\"#/$defs/a\"}", "/$ref",
         "the reference \"#/$defs/a\" leads nowhere: there is nothing at that place"},
        {"{\"not\":{\"$ref\":\"#a\"}}", "/not/$ref",
         "the reference \"#a\" leads nowhere: there is no such anchor"},
        {"{\"$ref\":\"http://example.org/x\"}", "/$ref",
         "the reference \"http://example.org/x\" leads nowhere: no document with this URI is "
         "known, "
         "and none is fetched"},
        {"{\"$ref\":\"#/a~2\"}", "/$ref",
         "the reference \"#/a~2\" leads nowhere: in a JSON Pointer ~ is written as ~0"},
        {"{\"$ref\":\"#/required/0\",\"required\":[\"a\"]}", "/required/0",
         "a schema is to be an object, true or false"},
        {"{\"$id\":\"a#b\"}", "/$id", "$id is to have no fragment; expected $anchor in its place"},
        {"{\"$defs\":{\"a\":{\"$id\":\"x\"},\"b\":{\"$id\":\"x\"}}}", "/$defs/b/$id",
         "there is another subschema with this $id"},
        {"{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$anchor\":\"x\"}}}", "/$defs/b/$anchor",
         "there is another subschema with this anchor"},
        {"{\"$anchor\":\"1a\"}", "/$anchor",
         "$anchor is to be a name: a letter or _, then letters, digits, - . _"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_schema_fault fault = {0};
        struct json_schema *s;

        assert_int_equal(json_schema_compile(span_from_str(cases[i][0]), NULL, &s, &fault),
                         -CANDOR_E_MEANING);
        assert_string_equal(fault.message, cases[i][2]);
        assert_string_equal(fault.place, cases[i][1]);
    }
}

static void a_schema_that_leads_back_to_itself_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {"{\"$ref\":\"#\"}", "/$ref"},
        {"{\"allOf\":[{\"$ref\":\"#/$defs/"
         "a\"}],\"$defs\":{\"a\":{\"anyOf\":[true,{\"$ref\":\"#\"}]}}}",
         "/$defs/a/anyOf/1/$ref"},
        {"{\"items\":{\"not\":{\"$ref\":\"#/items\"}}}", "/items/not/$ref"},
        {"{\"if\":true,\"else\":{\"$ref\":\"#\"}}", "/else/$ref"},
        {"{\"dependentSchemas\":{\"a\":true,\"b\":{\"oneOf\":[{\"$ref\":\"#\"}]}}}",
         "/dependentSchemas/b/oneOf/0/$ref"},
    };
    // Where each turn is about a part of the value it ends.
    static const char *const fine[] = {
        "{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"items\":{\"allOf\":[{\"$ref\":\"#\"}]}}",
        "{\"allOf\":[{\"$ref\":\"#/$defs/a\"},{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":true}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_schema_fault fault = {0};
        struct json_schema *s;

        assert_int_equal(json_schema_compile(span_from_str(cases[i][0]), NULL, &s, &fault),
                         -CANDOR_E_MEANING);
        assert_string_equal(fault.place, cases[i][1]);
        assert_string_equal(fault.message,
                            "it leads back to where it came from with the same value, "
                            "without end");
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        json_schema_free(compile(span_from_str(fine[i])));
}

static void a_schema_that_is_no_json_is_refused_with_its_line(void **state)
{
    struct json_schema_fault fault = {0};
    struct json_schema *s;

    (void)state;
    assert_int_equal(json_schema_compile(SPAN("{\n  \"a\": }"), NULL, &s, &fault),
                     -CANDOR_E_SYNTAX);
    assert_string_equal(fault.message, "line 2, column 8 (byte 9): expected a value; found \"}\"");
}

static void documents_are_found_by_their_uri(void **state)
{
    const struct json_schema_document documents[] = {
        {SPAN("http://example.org/int"), SPAN("{\"type\":\"integer\"}")},
        {SPAN("http://example.org/bad"), SPAN("{\"items\":{\"minimum\":true}}")},
        {SPAN("http://example.org/broken"), SPAN("{")},
        {SPAN("http://example.org/meta"),
         SPAN("{\"$schema\":\"http://example.org/meta\",\"$vocabulary\":{\"urn:x\":true}}")},
    };
    struct json_schema_options options = {
        .base = SPAN("http://example.org/dir/main"), .documents = documents, .document_count = 4};
    struct json_schema_fault fault = {0};
    struct json_schema *s;
    struct buf told = {0};

    (void)state;
    assert_int_equal(json_schema_compile(SPAN("{\"$ref\":\"../int\"}"), &options, &s, &fault), 0);
    assert_int_equal(check_text(s, SPAN("1.5"), &told, NULL), 0);
    assert_true(span_eq(buf_span(&told), SPAN(" | http://example.org/int#/type | type | a whole "
                                              "number | the number 1.5\n")));
    json_schema_free(s);
    buf_done(&told);
    assert_int_equal(json_schema_compile(SPAN("{\"$ref\":\"/bad\"}"), &options, &s, &fault),
                     -CANDOR_E_MEANING);
    assert_string_equal(fault.place, "http://example.org/bad#/items/minimum");
    assert_int_equal(json_schema_compile(SPAN("{\"$ref\":\"/broken\"}"), &options, &s, &fault),
                     -CANDOR_E_SYNTAX);
    assert_string_equal(fault.place, "http://example.org/broken");
    assert_int_equal(json_schema_compile(SPAN("{\"$schema\":\"http://example.org/meta\"}"),
                                         &options, &s, &fault),
                     -CANDOR_E_MEANING);
    assert_string_equal(fault.message,
                        "its metaschema requires the vocabulary urn:x, which is not known");
}

static void formats_assert_only_where_that_is_asked_for(void **state)
{
    struct json_schema_options options = {.asserts_formats = true};
    struct span text = SPAN("{\"format\":\"ipv4\"}");
    struct json_schema_fault fault;
    struct json_schema *s = compile(text);
    struct buf told = {0};

    (void)state;
    assert_int_equal(check_text(s, SPAN("\"x\""), NULL, NULL), 1);
    json_schema_free(s);
    assert_int_equal(json_schema_compile(text, &options, &s, &fault), 0);
    assert_int_equal(check_text(s, SPAN("7"), NULL, NULL), 1);
    assert_int_equal(check_text(s, SPAN("\"x\""), &told, NULL), 0);
    assert_true(span_eq(buf_span(&told), SPAN(" | /format | format | an IPv4 address, such as "
                                              "192.0.2.1 | the string \"x\"\n")));
    json_schema_free(s);
    buf_done(&told);
}

static void so_many_violations_are_told_and_no_more(void **state)
{
    struct json_schema *s = compile(SPAN("{\"items\":{\"type\":\"string\"}}"));
    struct buf text = {0}, told = {0};
    bool more;

    (void)state;
    buf_add_char(&text, '[');
    for (int i = 0; i < LIMIT_JSON_VIOLATIONS; i++)
        buf_add_str(&text, i ? ",1" : "1");
    buf_add_char(&text, ']');
    assert_int_equal(check_text(s, buf_span(&text), &told, &more), 0);
    assert_false(more);
    text.len--;
    buf_add_str(&text, ",1,1,1]");
    assert_int_equal(check_text(s, buf_span(&text), &told, &more), 0);
    assert_true(more);
    buf_done(&text);
    buf_done(&told);
    json_schema_free(s);
}

static void a_long_pointer_is_cut(void **state)
{
    struct json_schema *s = compile(SPAN("{\"additionalProperties\":{\"type\":\"null\"}}"));
    struct buf text = {0}, told = {0};

    (void)state;
    buf_add_str(&text, "{\"");
    for (int i = 0; i < LIMIT_JSON_POINTER; i++)
        buf_add_str(&text, "\xc3\xa9");
    buf_add_str(&text, "\":1}");
    assert_int_equal(check_text(s, buf_span(&text), &told, NULL), 0);
    assert_in_range(span_find(buf_span(&told), ' '), LIMIT_JSON_POINTER - 1, LIMIT_JSON_POINTER);
    assert_true(span_ends(span_first(buf_span(&told), span_find(buf_span(&told), ' ')),
                          SPAN("\xc3\xa9...")));
    buf_done(&text);
    buf_done(&told);
    json_schema_free(s);
}

/* ---- What is too costly */

static void add_times(struct buf *b, const char *text, size_t count)
{
    while (count--)
        buf_add_str(b, text);
}

static void a_schema_without_end_is_too_costly(void **state)
{
    static const char *const schemas[] = {
        "{\"$dynamicAnchor\":\"a\",\"$dynamicRef\":\"#a\"}",
        "{\"$dynamicAnchor\":\"a\",\"not\":{\"$dynamicRef\":\"#a\"}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        struct json_schema *s = compile(span_from_str(schemas[i]));

        assert_int_equal(check_text(s, SPAN("{}"), NULL, NULL), -CANDOR_E_LIMIT);
        json_schema_free(s);
    }
}

/* Two ways at each of forty levels, and no short one. */
static void a_schema_that_doubles_its_work_is_too_costly(void **state)
{
    struct buf text = {0};
    struct json_schema *s;

    (void)state;
    buf_add_str(&text, "{\"$defs\":{\"l40\":{\"type\":\"null\"}");
    for (int i = 0; i < 40; i++)
        buf_addf(&text,
                 ",\"l%d\":{\"anyOf\":[{\"$ref\":\"#/$defs/l%d\"},{\"$ref\":\"#/$defs/l%d\"}]}", i,
                 i + 1, i + 1);
    buf_add_str(&text, "},\"$ref\":\"#/$defs/l0\"}");
    s = compile(buf_span(&text));
    assert_int_equal(check_text(s, SPAN("null"), NULL, NULL), 1);
    assert_int_equal(check_text(s, SPAN("1"), NULL, NULL), -CANDOR_E_LIMIT);
    json_schema_free(s);
    buf_done(&text);
}

static void recursion_with_a_value_that_ends_is_fine(void **state)
{
    struct json_schema *s =
        compile(SPAN("{\"type\":\"array\",\"items\":{\"$ref\":\"#\"},\"unevaluatedItems\":false}"));
    struct buf text = {0};

    (void)state;
    add_times(&text, "[", LIMIT_JSON_DEPTH);
    add_times(&text, "]", LIMIT_JSON_DEPTH);
    assert_int_equal(check_text(s, buf_span(&text), NULL, NULL), 1);
    json_schema_free(s);
    buf_done(&text);
}

static void large_values_are_checked_in_steps_that_grow_with_them(void **state)
{
    struct json_schema *s =
        compile(SPAN("{\"uniqueItems\":true,\"items\":{\"uniqueItems\":true}}"));
    struct json_schema *unevaluated = compile(
        SPAN("{\"anyOf\":[{\"properties\":{\"k1\":true}},{\"patternProperties\":{\"^k\":true}"
             "}],\"unevaluatedProperties\":false}"));
    struct buf text = {0};

    (void)state;
    buf_add_char(&text, '[');
    for (int i = 0; i < 100000; i++)
        buf_addf(&text, "%s%d", i ? "," : "", i);
    buf_add_char(&text, ']');
    assert_int_equal(check_text(s, buf_span(&text), NULL, NULL), 1);
    text.len--;
    buf_add_str(&text, ",77777]");
    assert_int_equal(check_text(s, buf_span(&text), NULL, NULL), 0);
    json_schema_free(s);
    buf_clear(&text);
    buf_add_char(&text, '{');
    for (int i = 0; i < 10000; i++)
        buf_addf(&text, "%s\"k%d\":1", i ? "," : "", i);
    buf_add_char(&text, '}');
    assert_int_equal(check_text(unevaluated, buf_span(&text), NULL, NULL), 1);
    text.len--;
    buf_add_str(&text, ",\"x\":1}");
    assert_int_equal(check_text(unevaluated, buf_span(&text), NULL, NULL), 0);
    json_schema_free(unevaluated);
    buf_done(&text);
}

/* A regular expression counts as well. */
static void a_costly_pattern_is_too_costly(void **state)
{
    struct json_schema *s = compile(SPAN("{\"pattern\":\"^(([a-z])+.)+[A-Z]([a-z])+$\"}"));

    (void)state;
    assert_int_equal(check_text(s, SPAN("\"aB\""), NULL, NULL), 0);
    assert_int_equal(
        check_text(s, SPAN("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""), NULL, NULL),
        -CANDOR_E_LIMIT);
    json_schema_free(s);
}

static void expect_limit(struct buf *text, const char *message)
{
    struct json_schema_fault fault = {0};
    struct json_schema *s;

    assert_int_equal(json_schema_compile(buf_span(text), NULL, &s, &fault), -CANDOR_E_LIMIT);
    assert_string_equal(fault.message, message);
    buf_done(text);
}

static void a_schema_is_bounded_in_subschemas_patterns_and_memory(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    struct buf text = {0};

    (void)state;
    buf_add_str(&text, "{\"allOf\":[true");
    add_times(&text, ",true", LIMIT_JSON_SCHEMA_NODES);
    buf_add_str(&text, "]}");
    expect_limit(&text, "there are more than 20000 subschemas");
    buf_add_str(&text, "{\"allOf\":[true");
    add_times(&text, ",{\"pattern\":\"a\"}", LIMIT_JSON_PATTERNS + 1);
    buf_add_str(&text, "]}");
    expect_limit(&text, "there are more than 1000 regular expressions");
    buf_add_str(&text, "{\"required\":[\"\"");
    for (int i = 0; i < 165000; i++)
        buf_addf(&text, ",\"%c%c%c\"", letters[i % 62], letters[i / 62 % 62], letters[i / 3844]);
    buf_add_str(&text, "]}");
    expect_limit(&text, "the schema takes more than 24 MiB of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_violation_tells_where_and_what),
        cmocka_unit_test(a_schema_that_cannot_be_held_to_is_refused),
        cmocka_unit_test(a_schema_that_leads_back_to_itself_is_refused),
        cmocka_unit_test(a_schema_that_is_no_json_is_refused_with_its_line),
        cmocka_unit_test(documents_are_found_by_their_uri),
        cmocka_unit_test(formats_assert_only_where_that_is_asked_for),
        cmocka_unit_test(so_many_violations_are_told_and_no_more),
        cmocka_unit_test(a_long_pointer_is_cut),
        cmocka_unit_test(a_schema_without_end_is_too_costly),
        cmocka_unit_test(a_schema_that_doubles_its_work_is_too_costly),
        cmocka_unit_test(recursion_with_a_value_that_ends_is_fine),
        cmocka_unit_test(large_values_are_checked_in_steps_that_grow_with_them),
        cmocka_unit_test(a_costly_pattern_is_too_costly),
        cmocka_unit_test(a_schema_is_bounded_in_subschemas_patterns_and_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
