// SPDX-License-Identifier: MIT
/* Input: eight bytes of clock, then the text. What is read as a date can be written and read again.
 */
#include "http/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t now, t, again;
    char out[DATE_LENGTH];

    if (size < sizeof now)
        return 0;
    memcpy(&now, data, sizeof now);
    date_format(now, out);
    if (!date_parse(span_of(out, DATE_LENGTH), now, &again) ||
        (now >= DATE_FIRST && now <= DATE_LAST && again != now))
        abort();
    if (!date_parse(span_of((const char *)data + sizeof now, size - sizeof now), now, &t))
        return 0;
    if (t < DATE_FIRST || t > DATE_LAST + 1) // one more by second 60
        abort();
    date_format(t, out);
    if (!date_parse(span_of(out, DATE_LENGTH), now, &again) || (t <= DATE_LAST && again != t))
        abort();
    return 0;
}
