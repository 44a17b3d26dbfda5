// SPDX-License-Identifier: MIT
#include "access/challenge.h"

static const char *const error_names[] = {
    [CHALLENGE_INVALID_REQUEST] = "invalid_request",
    [CHALLENGE_INVALID_TOKEN] = "invalid_token",
    [CHALLENGE_INSUFFICIENT_SCOPE] = "insufficient_scope",
};

/* A realm may hold any text; the others neither '"' nor '\' nor what is not ASCII (RFC 6750 §3). */
static void add_quoted(struct buf *b, const char *name, struct span text, bool any)
{
    buf_add_str(b, name);
    buf_add(b, SPAN("=\""));
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool special = c == '"' || c == '\\';

        if (special && any)
            buf_add_char(b, '\\');
        if (c < ' ' || c == 0x7f || (!any && (special || c > 0x7f)))
            c = ' ';
        buf_add_char(b, (char)c);
    }
    buf_add_char(b, '"');
}

void challenge_add(struct buf *b, const struct challenge *c)
{
    if (c->bearer) {
        buf_add(b, SPAN("Bearer "));
        add_quoted(b, "realm", c->realm, true);
        if (c->error != CHALLENGE_NONE) {
            add_quoted(b, ", error", span_from_str(error_names[c->error]), false);
            if (c->description.len)
                add_quoted(b, ", error_description", c->description, false);
        }
        if (c->scope.len)
            add_quoted(b, ", scope", c->scope, false);
    }
    if (c->basic) {
        buf_add_str(b, c->bearer ? ", Basic " : "Basic ");
        add_quoted(b, "realm", c->realm, true);
        buf_add(b, SPAN(", charset=\"UTF-8\""));
    }
}
