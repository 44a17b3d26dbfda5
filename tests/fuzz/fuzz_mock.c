// SPDX-License-Identifier: MIT
/* Input: a byte that is even for an address that asks for a made-up answer, else for the frames of
 * a WebSocket; then that, whose first "?" parts path and query. */
#include "base/ascii.h"
#include "resource/mock/recipe.h"
#include "resource/mock/websocket.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fields(const struct mock_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!fields[i].name.len || mock_field_is_reserved(fields[i].name))
            abort();
        for (size_t j = 0; j < fields[i].value.len; j++)
            if (!ascii_is(fields[i].value.ptr[j], ASCII_FIELD_VCHAR))
                abort(); // it would end the line
    }
}

static void read_address(struct span text)
{
    struct span path = span_take_until(&text, '?');
    char *room = malloc(text.len + 1); // of its very size, so that a byte more is seen
    struct mock_recipe r;
    struct mock_complaint c;

    if (!room)
        return;
    if (mock_recipe_parse(path, text, room, &r, &c)) {
        check_fields(r.fields, r.field_count);
        check_fields(r.trailers, r.trailer_count);
        if (r.delay < 0 || r.body > LIMIT_MOCK_BODY || r.size > LIMIT_MOCK_BODY ||
            r.chance > MOCK_CERTAIN || r.count > LIMIT_MOCK_COUNT)
            abort();
    } else if (!c.text[0] || c.offset > (c.is_in_query ? text.len : path.len)) {
        abort();
    }
    free(room);
}

static void read_frames(struct span in)
{
    struct websocket w = {0};
    enum websocket_event event;

    while ((event = websocket_read(&w, &in)) == WEBSOCKET_ANSWER)
        if (w.out.len < 2 || w.out.len > LIMIT_MOCK_FRAME + WEBSOCKET_HEAD)
            abort();
    if (event == WEBSOCKET_MORE && in.len)
        abort();
    websocket_done(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_from(span_of((const char *)data, size), 1);

    if (size && data[0] % 2)
        read_frames(text);
    else if (size)
        read_address(text);
    return 0;
}
