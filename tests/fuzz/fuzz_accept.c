// SPDX-License-Identifier: MIT
/* The input is the value of Accept, of Accept-Encoding, and of Content-Type. */
#include "http/accept.h"
#include "http/media_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct span types[] = {
        SPAN_INIT("text/html; charset=utf-8"),
        SPAN_INIT("application/json"),
        SPAN_INIT("text/plain;a=\"b\\\"c\";d=e"),
    };
    static const struct span codings[] = {SPAN_INIT("br"), SPAN_INIT("gzip"), SPAN_INIT("zstd")};
    struct span value = {(const char *)data, size}, members = value, member;
    struct media_type m;
    int chosen = accept_choose_type(value, types, 3);

    if (chosen < -1 || chosen > 2)
        abort();
    chosen = accept_choose_coding(value, codings, 3);
    if (chosen < -1 || chosen > 2 ||
        (chosen >= 0 && accept_coding_quality(value, codings[chosen]) == 0))
        abort();
    if (media_type_parse(value, &m) && !media_type_is(&m, m.essence))
        abort();
    while (list_take(&members, &member)) // what the client offers chooses itself
        if (media_type_parse(member, &m) && accept_choose_type(SPAN("*/*"), &member, 1) != 0)
            abort();
    return 0;
}
