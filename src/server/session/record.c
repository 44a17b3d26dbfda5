// SPDX-License-Identifier: MIT
#include "server/session/record.h"

#include "base/ascii.h"

void request_id_print(uint64_t id, char out[REQUEST_ID_LENGTH])
{
    ascii_write_hex_u64(id, out);
}

struct span ending_name(enum ending ending)
{
    static const struct span names[] = {
        [ENDING_COMPLETE] = SPAN_INIT(""),
        [ENDING_CLIENT_GONE] = SPAN_INIT("client-gone"),
        [ENDING_SEND_TIMEOUT] = SPAN_INIT("send-timeout"),
        [ENDING_BODY_FAILED] = SPAN_INIT("body-failed"),
        [ENDING_FAULT] = SPAN_INIT("fault"),
    };

    return names[ending];
}
