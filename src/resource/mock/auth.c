// SPDX-License-Identifier: MIT
#include "http/structured.h"
#include "resource/mock/text.h"

enum { CREDENTIALS = 1024 }; // bytes of user and password

/* The credentials behind the scheme, or ptr NULL: RFC 9110 §11.4. */
static struct span credentials(const struct mock_state *s, struct span scheme)
{
    struct span value = message_field(&s->x->request, FIELD_authorization);
    struct span name = span_take_until(&value, ' ');

    return span_eq_nocase(name, scheme) ? span_trim(value) : (struct span){NULL, 0};
}

/* RFC 7617 §2. */
static bool is_basic(const struct mock_state *s)
{
    uint8_t decoded[CREDENTIALS];
    size_t length = 0;
    struct span pair, user;

    if (!structured_decode_bytes(credentials(s, SPAN("Basic")), decoded, sizeof decoded, &length))
        return false;
    pair = span_of((const char *)decoded, length);
    user = span_first(pair, span_find(pair, ':'));
    return user.len < pair.len && span_eq(user, s->recipe.first) &&
           span_eq(span_from(pair, user.len + 1), s->recipe.second);
}

bool mock_is_authorized(const struct mock_state *s)
{
    struct span token;

    if (s->recipe.path == MOCK_basic_auth)
        return is_basic(s);
    token = credentials(s, SPAN("Bearer"));
    return token.len && (!s->recipe.first.ptr || span_eq(token, s->recipe.first));
}
