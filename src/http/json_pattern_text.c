// SPDX-License-Identifier: MIT
#include "http/json_pattern_text.h"

#include "base/ascii.h"
#include "base/utf8.h"

/* White space and line ends of ECMA-262 are more than PCRE2's \s; inside a class. */
#define SPACES "\\s\\x{feff}\\p{Z}"
#define NO_SPACES                                                                                  \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-"     \
    "\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{d7ff}"        \
    "\\x{e000}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

struct reader {
    struct span text;
    size_t at;
    struct buf *out;
};

/* The long names of general categories, as Unicode's PropertyValueAliases has them. */
static const struct {
    const char *name, *category;
} categories[] = {
    {"Letter", "L"},
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
};

static char peek(const struct reader *r, size_t ahead)
{
    return r->at + ahead < r->text.len ? r->text.ptr[r->at + ahead] : '\0';
}

static void add_code(struct reader *r, uint32_t code)
{
    buf_addf(r->out, "\\x{%x}", (unsigned)code);
}

/* So many hexadecimal digits at an offset; -1: there are not. */
static int32_t hex_at(const struct reader *r, size_t at, size_t count)
{
    int32_t value = 0;

    if (at > r->text.len || r->text.len - at < count)
        return -1;
    for (size_t i = at; i < at + count; i++) {
        int digit = ascii_hex_value(r->text.ptr[i]);

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Behind \u. */
static const char *read_unicode(struct reader *r)
{
    int32_t unit, low;
    size_t end;

    if (peek(r, 0) == '{') {
        end = r->at + span_find(span_from(r->text, r->at), '}');
        unit = end - r->at > 1 && end - r->at < 9 ? hex_at(r, r->at + 1, end - r->at - 1) : -1;
        if (unit < 0 || unit > 0x10ffff || end == r->text.len)
            return "\\u{...} does not name a character";
        r->at = end + 1;
    } else {
        unit = hex_at(r, r->at, 4);
        if (unit < 0)
            return "behind \\u there are not four hexadecimal digits";
        r->at += 4;
        if (unit >= 0xd800 && unit < 0xdc00 && peek(r, 0) == '\\' && peek(r, 1) == 'u') {
            low = hex_at(r, r->at + 2, 4);
            if (low >= 0xdc00 && low < 0xe000) {
                unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                r->at += 6;
            }
        }
    }
    if (unit >= 0xd800 && unit < 0xe000)
        return "\\u names half of a surrogate pair";
    add_code(r, (uint32_t)unit);
    return NULL;
}

/* Behind \p or \P, which is `letter`. */
static const char *read_property(struct reader *r, char letter)
{
    struct span rest = span_from(r->text, r->at), name;
    size_t end = span_find(rest, '}');
    bool is_category = true;

    if (peek(r, 0) != '{' || end == rest.len)
        return "\\p is to be followed by a property in { }";
    name = span_of(rest.ptr + 1, end - 1);
    r->at += end + 1;
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is(name.ptr[i], ASCII_ALPHA | ASCII_DIGIT) && !strchr("_=", name.ptr[i]))
            return "\\p{...} does not name a property";
    if (span_starts(name, SPAN("General_Category=")) || span_starts(name, SPAN("gc=")))
        name = span_from(name, span_find(name, '=') + 1);
    else
        is_category = span_find(name, '=') == name.len;
    for (size_t i = 0; is_category && i < sizeof categories / sizeof *categories; i++)
        if (span_eq(name, span_from_str(categories[i].name)))
            name = span_from_str(categories[i].category);
    buf_addf(r->out, "\\%c{%.*s}", letter, SPAN_ARG(name));
    return NULL;
}

/* An escape that means one character; r is behind the backslash. */
static const char *read_character(struct reader *r)
{
    static const char letters[] = "tnvfr", values[] = "\t\n\v\f\r";
    char c = peek(r, 0);
    const char *found;
    int32_t code;

    r->at++;
    if (c && (found = strchr(letters, c))) {
        add_code(r, (uint32_t)values[found - letters]);
    } else if (c == 'c' && ascii_is(peek(r, 0), ASCII_ALPHA)) {
        add_code(r, peek(r, 0) & 0x1f);
        r->at++;
    } else if (c == 'x') {
        code = hex_at(r, r->at, 2);
        if (code < 0)
            return "behind \\x there are not two hexadecimal digits";
        add_code(r, (uint32_t)code);
        r->at += 2;
    } else if (c == 'u') {
        return read_unicode(r);
    } else if (c == '0' && !ascii_is(peek(r, 0), ASCII_DIGIT)) {
        add_code(r, 0);
    } else if (ascii_is(c, ASCII_ALPHA | ASCII_DIGIT) || r->at > r->text.len) {
        return r->at > r->text.len ? "it ends with a backslash"
                                   : "a backslash stands before a letter or digit that has no "
                                     "meaning behind one in ECMA-262";
    } else {
        if ((unsigned char)c < 0x80)
            buf_add_char(r->out, '\\');
        buf_add_char(r->out, c);
    }
    return NULL;
}

/* A class as an escape, such as \d; r is behind the backslash. False: it is none. */
static bool read_class_escape(struct reader *r, bool in_class, const char **ret_fault)
{
    char c = peek(r, 0);

    *ret_fault = NULL;
    if (!c || !strchr("dDwWsSpP", c))
        return false;
    r->at++;
    if (c == 'p' || c == 'P')
        *ret_fault = read_property(r, c);
    else if (c == 's' || c == 'S')
        buf_addf(r->out, "%s%s%s", in_class ? "" : "[", c == 's' ? SPACES : NO_SPACES,
                 in_class ? "" : "]");
    else
        buf_addf(r->out, "\\%c", c);
    return true;
}

static const char *read_escape(struct reader *r)
{
    const char *fault;
    char c = peek(r, 0);
    size_t end;

    if (read_class_escape(r, false, &fault))
        return fault;
    if (c == 'b' || c == 'B') {
        buf_addf(r->out, "\\%c", c);
        r->at++;
        return NULL;
    }
    if (c >= '1' && c <= '9') {
        for (end = r->at; end < r->text.len && ascii_is(r->text.ptr[end], ASCII_DIGIT); end++) {
        }
        buf_addf(r->out, "\\g{%.*s}", (int)(end - r->at), r->text.ptr + r->at);
        r->at = end;
        return NULL;
    }
    if (c == 'k' && peek(r, 1) == '<') {
        buf_add(r->out, SPAN("\\k<"));
        r->at += 2;
        return NULL;
    }
    return read_character(r);
}

/* From behind "[" to behind "]". */
static const char *read_class(struct reader *r)
{
    const char *fault;
    char c;

    buf_add_char(r->out, '[');
    if (peek(r, 0) == '^') {
        buf_add_char(r->out, '^');
        r->at++;
    }
    while (r->at < r->text.len) {
        c = r->text.ptr[r->at++];
        if (c == ']') {
            buf_add_char(r->out, ']');
            return NULL;
        }
        if (c == '-' && peek(r, 0) == '\\' && peek(r, 1) && strchr("dDwWsSpP", peek(r, 1))) {
            buf_add(r->out, SPAN("\\-"));
        } else if (c == '\\' && read_class_escape(r, true, &fault)) {
            if (fault)
                return fault;
            if (peek(r, 0) == '-') { // stands for itself, as it cannot begin a range there
                buf_add(r->out, SPAN("\\-"));
                r->at++;
            }
        } else if (c == '\\' && peek(r, 0) == 'b') {
            add_code(r, '\b');
            r->at++;
        } else if (c == '\\') {
            fault = read_character(r);
            if (fault)
                return fault;
        } else {
            if (c == '[')
                buf_add_char(r->out, '\\');
            buf_add_char(r->out, c);
        }
    }
    return "a [ has no ]";
}

/* Behind "(": what follows a question mark. */
static const char *read_group(struct reader *r)
{
    static const struct span kinds[] = {SPAN_INIT("?:"),  SPAN_INIT("?="),  SPAN_INIT("?!"),
                                        SPAN_INIT("?<="), SPAN_INIT("?<!"), SPAN_INIT("?<")};
    struct span rest = span_from(r->text, r->at);

    buf_add_char(r->out, '(');
    if (peek(r, 0) == '*')
        return "a * stands where there is nothing to repeat";
    if (peek(r, 0) != '?')
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (span_starts(rest, kinds[i])) {
            buf_add(r->out, kinds[i]);
            r->at += kinds[i].len;
            return NULL;
        }
    return "ECMA-262 knows no such group";
}

/* The length of a quantifier in braces at the front, with both; 0: it is none. */
static size_t braces_length(struct span s)
{
    size_t i = 1, digits;

    while (i < s.len && ascii_is(s.ptr[i], ASCII_DIGIT))
        i++;
    digits = i - 1;
    if (i < s.len && s.ptr[i] == ',')
        i++;
    while (i < s.len && ascii_is(s.ptr[i], ASCII_DIGIT))
        i++;
    return digits && i < s.len && s.ptr[i] == '}' ? i + 1 : 0;
}

/* Whatever repeats; c was taken. */
static const char *read_quantifier(struct reader *r, char c)
{
    size_t n;

    if (c == '{') {
        n = braces_length(span_from(r->text, r->at - 1));
        if (n == 0) {
            buf_add(r->out, SPAN("\\{"));
            return NULL;
        }
        buf_add(r->out, span_of(r->text.ptr + r->at - 1, n));
        r->at += n - 1;
    } else {
        buf_add_char(r->out, c);
    }
    if (peek(r, 0) == '+' || peek(r, 0) == '*')
        return "a quantifier stands behind another one";
    if (peek(r, 0) == '?') {
        buf_add_char(r->out, '?');
        r->at++;
    }
    return NULL;
}

const char *json_pattern_translate(struct span text, struct buf *out)
{
    struct reader r = {.text = text, .out = out};
    const char *fault = NULL;
    size_t depth = 0;

    while (!fault && r.at < text.len) {
        char c = text.ptr[r.at++];

        if (c == '\\')
            fault = read_escape(&r);
        else if (c == '[')
            fault = read_class(&r);
        else if (c == '(' && ++depth)
            fault = read_group(&r);
        else if (c == ')' && depth-- == 0)
            return "a ) has no (";
        else if (c == '*' || c == '+' || c == '?' || c == '{')
            fault = read_quantifier(&r, c);
        else if (c == '.')
            buf_add(out, SPAN("[^\\n\\r\\x{2028}\\x{2029}]"));
        else if (c == '}' || c == ']')
            buf_addf(out, "\\%c", c);
        else
            buf_add_char(out, c);
    }
    return fault ? fault : depth ? "a ( has no )" : NULL;
}
