// SPDX-License-Identifier: MIT
#include "registry/status.h"

const struct status_info status_table[] = {
#define STATUS(code, reason, section, cacheable, retry, must, should, meaning)                     \
    {code, SPAN_INIT(reason), section, cacheable, retry, must, should, meaning},
#include "registry/status.def"
#undef STATUS
};
const size_t status_count = sizeof status_table / sizeof *status_table;

const struct status_info *status_from_code(int code)
{
    size_t low = 0, high = status_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (status_table[middle].code == code)
            return &status_table[middle];
        if (status_table[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct span status_line(int code)
{
    switch (code) {
#define STATUS(code, reason, section, cacheable, retry, must, should, meaning)                     \
    case code:                                                                                     \
        return SPAN("HTTP/1.1 " #code " " reason "\r\n");
#include "registry/status.def"
#undef STATUS
    }
    return SPAN("");
}
