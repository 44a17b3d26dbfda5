// SPDX-License-Identifier: MIT
/* The input is the value of Authorization. */
#include "access/authorization.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span value = {(const char *)data, size}, rest, token;
    char memory[LIMIT_BASIC_CREDENTIALS];
    struct authorization_parameter p;
    struct basic_credentials c;
    struct authorization a;
    struct fault f = {.at = 0};

    if (authorization_parse(value, &a, &f) < 0) {
        if (f.at > size || f.reason[0] == '\0')
            abort();
        return 0;
    }
    rest = a.parameters;
    while (authorization_next(&rest, &p))
        if (p.name.len == 0)
            abort();
    if (rest.len)
        abort(); // what was taken can be read to its end
    if (authorization_read_basic(&a, memory, sizeof memory, &c, &f) == 0) {
        if (span_find(c.user, ':') != c.user.len || span_find(c.password, '\0') != c.password.len)
            abort();
    } else if (f.at > size) {
        abort();
    }
    if (authorization_read_bearer(&a, &token, &f) == 0 && token.len == 0)
        abort();
    return 0;
}
