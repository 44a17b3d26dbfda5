// SPDX-License-Identifier: MIT
#include "access/authorization.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "http/parameter.h"

/* The token68 at the front: at least one of its characters, then any number of "=". */
static size_t token68_length(struct span s)
{
    size_t n = 0;

    while (n < s.len && (ascii_is(s.ptr[n], ASCII_ALPHA | ASCII_DIGIT) ||
                         (s.ptr[n] && strchr("-._~+/", s.ptr[n]))))
        n++;
    while (n && n < s.len && s.ptr[n] == '=')
        n++;
    return n;
}

/* Takes a quoted string off the front; the reason why there is none, or NULL. */
static const char *take_quoted(struct span *rest, struct span *ret)
{
    size_t n = 1;

    while (n < rest->len && rest->ptr[n] != '"') {
        if (rest->ptr[n] == '\\')
            n++;
        if (n < rest->len && !ascii_is(rest->ptr[n], ASCII_FIELD_VCHAR)) {
            *rest = span_from(*rest, n);
            return "a control character is in a quoted string";
        }
        n++;
    }
    if (n >= rest->len) {
        *rest = span_from(*rest, rest->len);
        return "a quoted string has no end";
    }
    *ret = span_of(rest->ptr + 1, n - 1);
    *rest = span_from(*rest, n + 1);
    return NULL;
}

static struct span skip_blanks(struct span s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = span_from(s, 1);
    return s;
}

/* auth-param = token BWS "=" BWS ( token / quoted-string ); NULL, or why it is none. */
static const char *take_parameter(struct span *rest, struct authorization_parameter *ret)
{
    const char *why = NULL;

    ret->quoted = false;
    ret->name = token_take(rest);
    if (ret->name.len == 0)
        return "the name of a parameter is expected here";
    *rest = skip_blanks(*rest);
    if (rest->len == 0 || rest->ptr[0] != '=')
        return "the \"=\" of a parameter is expected here";
    *rest = skip_blanks(span_from(*rest, 1));
    if (rest->len && rest->ptr[0] == '"') {
        ret->quoted = true;
        why = take_quoted(rest, &ret->value);
    } else {
        ret->value = token_take(rest);
        if (ret->value.len == 0)
            return "the value of a parameter is expected here, a token or a quoted string";
    }
    if (why)
        return why;
    *rest = skip_blanks(*rest);
    if (rest->len && rest->ptr[0] != ',')
        return "a comma is expected here, between two parameters";
    return NULL;
}

/* Members of a list may be empty (RFC 9110 §5.6.1.2). */
static struct span skip_commas(struct span s)
{
    while (s.len && (s.ptr[0] == ',' || s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = span_from(s, 1);
    return s;
}

bool authorization_next(struct span *rest, struct authorization_parameter *ret)
{
    *rest = skip_commas(*rest);
    return rest->len && !take_parameter(rest, ret);
}

static int check_parameters(struct span value, struct span parameters, struct fault *ret_fault)
{
    struct span rest = parameters, names[LIMIT_AUTH_PARAMETERS];
    struct authorization_parameter p;
    size_t count = 0;

    for (rest = skip_commas(rest); rest.len; rest = skip_commas(rest)) {
        size_t at = (size_t)(rest.ptr - value.ptr);
        const char *why = take_parameter(&rest, &p);

        if (why)
            return fault_set(ret_fault, 0, value.len - rest.len, "%s", why);
        for (size_t i = 0; i < count; i++)
            if (span_eq_nocase(names[i], p.name)) // RFC 9110 §11.2
                return fault_set(ret_fault, 0, at, "a parameter comes twice");
        if (count == LIMIT_AUTH_PARAMETERS)
            return fault_set(ret_fault, 0, at, "there are more than %d parameters",
                             LIMIT_AUTH_PARAMETERS);
        names[count++] = p.name;
    }
    return 0;
}

int authorization_parse(struct span value, struct authorization *ret, struct fault *ret_fault)
{
    struct span rest = value, name = token_take(&rest), content;
    struct authorization a = {.scheme = AUTHORIZATION_OTHER, .name = name};
    int error;

    if (name.len == 0)
        return fault_set(ret_fault, 0, 0, "the name of a scheme is expected here");
    if (rest.len && rest.ptr[0] != ' ')
        return fault_set(ret_fault, 0, name.len, "a space is expected behind the scheme");
    if (span_eq_nocase(name, SPAN("Basic")))
        a.scheme = AUTHORIZATION_BASIC;
    else if (span_eq_nocase(name, SPAN("Bearer")))
        a.scheme = AUTHORIZATION_BEARER;
    while (rest.len && rest.ptr[0] == ' ')
        rest = span_from(rest, 1);
    content = rest;
    while (content.len &&
           (content.ptr[content.len - 1] == ' ' || content.ptr[content.len - 1] == '\t'))
        content.len--;
    a.at = value.len - rest.len;
    if (content.len && token68_length(content) == content.len) {
        a.token = content;
    } else if (content.len) {
        // These two have a token68: whatever is no such is the place of the fault.
        if (a.scheme != AUTHORIZATION_OTHER)
            return fault_set(ret_fault, 0, a.at + token68_length(content),
                             "the credentials of %s are one word of letters, digits and -._~+/ "
                             "that may end in =; this byte is none of it",
                             a.scheme == AUTHORIZATION_BASIC ? "Basic" : "Bearer");
        error = check_parameters(span_first(value, a.at + content.len), content, ret_fault);
        if (error < 0)
            return error;
        a.parameters = content;
    }
    *ret = a;
    return 0;
}

int authorization_read_basic(const struct authorization *a, char *memory, size_t size,
                             struct basic_credentials *ret, struct fault *ret_fault)
{
    struct span text = {memory, 0};
    size_t fault, length, colon;

    if (a->scheme != AUTHORIZATION_BASIC || a->token.len == 0)
        return fault_set(ret_fault, 0, a->at, "the credentials of Basic are missing");
    if (size > LIMIT_BASIC_CREDENTIALS)
        size = LIMIT_BASIC_CREDENTIALS;
    if (a->token.len > size / 3 * 4)
        return fault_set(ret_fault, 0, a->at + size / 3 * 4,
                         "the credentials of Basic are longer than anybody's are");
    if (!base64_decode(a->token, BASE64_PADDED, (unsigned char *)memory, size, &length, &fault))
        return fault_set(ret_fault, 0, a->at + fault,
                         "the credentials of Basic are not base64 from here on");
    text.len = length;
    colon = span_find(text, ':');
    if (colon == text.len)
        return fault_set(ret_fault, 0, a->at, "no colon is between user and password");
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)memory[i] < ' ' || memory[i] == 0x7f)
            return fault_set(ret_fault, 0, a->at + i / 3 * 4, // the group that has it
                             "a control character is in the user's name or the password");
    if (!utf8_is_valid(text))
        return fault_set(ret_fault, 0, a->at, "the user's name or the password is not UTF-8");
    ret->user = span_first(text, colon);
    ret->password = span_from(text, colon + 1);
    return 0;
}

int authorization_read_bearer(const struct authorization *a, struct span *ret,
                              struct fault *ret_fault)
{
    if (a->scheme != AUTHORIZATION_BEARER || a->token.len == 0)
        return fault_set(ret_fault, 0, a->at, "the token of Bearer is missing");
    *ret = a->token;
    return 0;
}
